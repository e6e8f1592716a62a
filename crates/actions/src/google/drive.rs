//! Drive API v3: the files that the user sees, in their own drive and in shared ones.

use super::hosts::Api;
use crate::{
    ActionContext, ActionError, ApiClient, ApiRequest, Endpoints, Provider, Speaker,
    files::{Content, Drive, File, Kind, MimeTypes, NewFile},
};
use bytes::{BufMut as _, Bytes, BytesMut};
use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

/// What is asked of a file.
const FIELDS: &str =
    "id,name,mimeType,modifiedTime,size,webViewLink,shortcutDetails(targetId,targetMimeType)";
/// Pages that are read: Drive may send short and even empty ones before the last.
const MOST_PAGES: usize = 4;
/// Words of a name that are looked for; the rest only narrows.
const MOST_WORDS: usize = 8;
const NO_FOLDER: &str = "mimeType != 'application/vnd.google-apps.folder' and trashed = false";

/// Opens a speaker's Google Drive.
pub(crate) fn open_drive(
    context: &ActionContext,
    speaker: &Speaker,
) -> Result<Box<dyn Drive>, ActionError> {
    Ok(Box::new(GoogleDrive {
        client: context.client(speaker, Provider::GoogleDrive)?,
        endpoints: context.services.endpoints.clone(),
    }))
}

/// What one user sees in Google Drive.
#[derive(Debug)]
struct GoogleDrive {
    client: ApiClient,
    endpoints: Endpoints,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default)]
    files: Vec<Item>,
    next_page_token: Option<String>,
}

/// <https://developers.google.com/workspace/drive/api/reference/rest/v3/files>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    mime_type: String,
    modified_time: Option<Timestamp>,
    /// An int64, which JSON of Google's writes as a text.
    size: Option<String>,
    web_view_link: Option<String>,
    shortcut_details: Option<Shortcut>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shortcut {
    target_id: Option<String>,
    target_mime_type: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Ids {
    ids: Vec<String>,
}

impl From<Item> for File {
    fn from(item: Item) -> Self {
        let mut file = Self {
            id: item.id,
            drive: None,
            name: item.name,
            mime_type: item.mime_type,
            modified: item.modified_time,
            size: item.size.and_then(|size| size.parse().ok()),
            link: item.web_view_link,
        };
        // A shortcut stands for what it leads to.
        if let Some(Shortcut {
            target_id: Some(id),
            target_mime_type: Some(mime_type),
        }) = item.shortcut_details
        {
            file = Self {
                id,
                mime_type,
                size: None,
                ..file
            };
        }
        file
    }
}

/// A text as a query holds it.
/// <https://developers.google.com/workspace/drive/api/guides/ref-search-terms>
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// The condition that a file is of a kind.
fn is_kind(kind: Kind) -> String {
    match kind.mime_types() {
        MimeTypes::Beginning(start) => format!("mimeType contains {}", quoted(start)),
        MimeTypes::Any(types) => {
            let each = types
                .iter()
                .map(|one| format!("mimeType = {}", quoted(one)));
            format!("({})", each.collect::<Vec<_>>().join(" or "))
        }
    }
}

impl GoogleDrive {
    fn url(&self, segments: &[&str]) -> Url {
        let mut path = vec!["files"];
        path.extend(segments);
        Api::Drive.url(&self.endpoints, &path)
    }

    /// The first files of a query.
    async fn list(
        &self,
        query: &str,
        order: Option<&str>,
        limit: usize,
    ) -> Result<Vec<File>, ActionError> {
        let mut files = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut request = ApiRequest::get(self.url(&[]))
                .query("q", query)
                .query("fields", format!("nextPageToken,files({FIELDS})"))
                .query("pageSize", limit.clamp(1, 100).to_string())
                .query("corpora", "user")
                .query("supportsAllDrives", "true")
                .query("includeItemsFromAllDrives", "true");
            if let Some(order) = order {
                request = request.query("orderBy", order);
            }
            if let Some(token) = &token {
                request = request.query("pageToken", token);
            }
            let page: Page = self.client.json(request).await?;
            files.extend(page.files.into_iter().map(File::from));
            token = page.next_page_token;
            if token.is_none() || files.len() >= limit {
                break;
            }
        }
        files.truncate(limit);
        Ok(files)
    }
}

/// As what a document of Google's own is exported; none for what has content.
fn exported(file: &File) -> Result<Option<&'static str>, ActionError> {
    let Some(own) = file.mime_type.strip_prefix("application/vnd.google-apps.") else {
        return Ok(None);
    };
    match own {
        "document" | "presentation" => Ok(Some("text/plain")),
        "spreadsheet" => Ok(Some("text/csv")),
        other => Err(ActionError::Unreadable(format!(
            "“{}” is a {other} of Google's, which has no text that I could read.",
            file.name
        ))),
    }
}

/// `multipart/related` (RFC 2387): what is told of the file, then the file.
fn related(metadata: &Value, file: &NewFile, boundary: &str) -> Bytes {
    let mut body = BytesMut::with_capacity(file.bytes.len() + 512);
    let head = format!(
        "--{boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{metadata}\r\n\
         --{boundary}\r\nContent-Type: {}\r\n\r\n",
        file.mime_type
    );
    body.put(head.as_bytes());
    body.put(file.bytes.clone());
    body.put(format!("\r\n--{boundary}--\r\n").as_bytes());
    body.freeze()
}

#[async_trait::async_trait]
impl Drive for GoogleDrive {
    async fn find(&self, name: &str, limit: usize) -> Result<Vec<File>, ActionError> {
        // In names, Google looks for what words begin with.
        let words = name.split_whitespace().take(MOST_WORDS);
        let each: Vec<String> = words
            .map(|word| format!("name contains {} and ", quoted(word)))
            .collect();
        let query = format!("{}{NO_FOLDER}", each.concat());
        self.list(&query, Some("modifiedTime desc"), limit).await
    }

    async fn search(
        &self,
        words: &str,
        kind: Option<Kind>,
        limit: usize,
    ) -> Result<Vec<File>, ActionError> {
        let kind = kind
            .map(|kind| format!("{} and ", is_kind(kind)))
            .unwrap_or_default();
        // Quotation marks would make a phrase of it.
        let words = words.replace('"', " ");
        if words.trim().is_empty() {
            let query = format!("{kind}{NO_FOLDER}");
            return self.list(&query, Some("modifiedTime desc"), limit).await;
        }
        let query = format!(
            "fullText contains {} and {kind}{NO_FOLDER}",
            quoted(words.trim())
        );
        // By relevance; Google refuses any other order of a search in texts.
        self.list(&query, None, limit).await
    }

    async fn recent(&self, limit: usize) -> Result<Vec<File>, ActionError> {
        self.list(NO_FOLDER, Some("recency desc"), limit).await
    }

    async fn content(&self, file: &File) -> Result<Content, ActionError> {
        let exported = exported(file)?;
        let request = match exported {
            Some(mime_type) => {
                ApiRequest::get(self.url(&[&file.id, "export"])).query("mimeType", mime_type)
            }
            None => ApiRequest::get(self.url(&[&file.id]))
                .query("alt", "media")
                .query("supportsAllDrives", "true"),
        };
        Ok(Content {
            mime_type: exported.unwrap_or(&file.mime_type).to_owned(),
            bytes: self.client.bytes(request).await?,
        })
    }

    async fn has(&self, name: &str) -> Result<bool, ActionError> {
        let query = format!(
            "name = {} and 'root' in parents and trashed = false",
            quoted(name)
        );
        let found = self.list(&query, None, 1).await?;
        Ok(!found.is_empty())
    }

    async fn new_id(&self) -> Result<Option<String>, ActionError> {
        let request = ApiRequest::get(self.url(&["generateIds"]))
            .query("count", "1")
            .query("space", "drive")
            .query("type", "files");
        let ids: Ids = self.client.json(request).await?;
        Ok(ids.ids.into_iter().next())
    }

    async fn upload(&self, file: &NewFile) -> Result<File, ActionError> {
        let mut metadata = json!({"name": file.name, "mimeType": file.mime_type});
        if let Some(id) = &file.id {
            metadata["id"] = json!(id);
        }
        // Found in no file, by its length.
        let boundary = uuid::Uuid::new_v4().simple().to_string();
        let url = Api::DriveUpload.url(&self.endpoints, &["files"]);
        let mut request = ApiRequest::new(Method::POST, url)
            .query("uploadType", "multipart")
            .query("fields", FIELDS)
            .body(
                &format!("multipart/related; boundary={boundary}"),
                related(&metadata, file, &boundary),
            );
        if file.id.is_some() {
            // The id makes a repetition harmless.
            request = request.repeatable();
        }
        let made: Item = match (self.client.json(request).await, &file.id) {
            // An earlier attempt has made it.
            (Err(ActionError::Refused { status: 409, .. }), Some(id)) => {
                let request = ApiRequest::get(self.url(&[id])).query("fields", FIELDS);
                self.client.json(request).await?
            }
            (made, _) => made?,
        };
        Ok(made.into())
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_text_cannot_leave_its_quotes() {
        for (text, expected) in [
            ("budget", "'budget'"),
            ("Valentine's Day", r"'Valentine\'s Day'"),
            (r"a\' or name != '", r"'a\\\' or name != \''"),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }
}
