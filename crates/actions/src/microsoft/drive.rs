//! OneDrive: the user's drive, and what others share with them.

use super::graph::Graph;
use crate::{
    ActionContext, ActionError, ApiRequest, Provider, Speaker,
    files::{Content, Drive, File, Kind, NewFile},
};
use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;
use url::Url;

const FIELDS: &str =
    "id,name,size,lastModifiedDateTime,webUrl,file,folder,package,parentReference,remoteItem";
/// Items on a page.
const PAGE: &str = "50";

/// Opens a speaker's OneDrive.
pub(crate) fn open_drive(
    context: &ActionContext,
    speaker: &Speaker,
) -> Result<Box<dyn Drive>, ActionError> {
    Ok(Box::new(OneDrive {
        graph: Graph::new(context, speaker, Provider::OneDrive)?,
    }))
}

/// The drive of one user.
#[derive(Debug)]
struct OneDrive {
    graph: Graph,
}

#[derive(Debug, Deserialize)]
struct Page {
    value: Vec<Item>,
}

/// <https://learn.microsoft.com/graph/api/resources/driveitem>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    id: String,
    #[serde(default)]
    name: String,
    size: Option<u64>,
    last_modified_date_time: Option<Timestamp>,
    web_url: Option<String>,
    file: Option<FileFacet>,
    parent_reference: Option<Parent>,
    /// What is in another drive stands for what is there.
    #[serde(rename = "remoteItem")]
    elsewhere: Option<Box<Self>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct FileFacet {
    mime_type: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parent {
    drive_id: Option<String>,
}

impl Item {
    /// The file; none for folders, notebooks and the like.
    fn file(self) -> Option<File> {
        if let Some(there) = self.elsewhere {
            let there = there.file()?;
            return Some(File {
                name: if self.name.is_empty() {
                    there.name
                } else {
                    self.name
                },
                modified: there.modified.or(self.last_modified_date_time),
                link: there.link.or(self.web_url),
                ..there
            });
        }
        Some(File {
            mime_type: self.file?.mime_type.unwrap_or_default(),
            id: self.id,
            drive: self.parent_reference.and_then(|parent| parent.drive_id),
            name: self.name,
            modified: self.last_modified_date_time,
            size: self.size,
            link: self.web_url,
        })
    }
}

/// Words as a search holds them: quotes doubled, as OData wants it, and no signs that would end the path.
fn searched(words: &str) -> String {
    let kept = |letter: char| {
        if letter.is_alphanumeric() || "'.-_&@,".contains(letter) {
            letter
        } else {
            ' '
        }
    };
    let words: String = words.chars().map(kept).collect();
    let words: Vec<&str> = words.split_whitespace().collect();
    format!("search(q='{}')", words.join(" ").replace('\'', "''"))
}

impl OneDrive {
    /// The files of a collection, page by page.
    async fn files(&self, url: Url, order: Option<&str>) -> Result<Vec<File>, ActionError> {
        let items: Vec<Item> = self
            .graph
            .all(url, |url| {
                if url.query().is_some() {
                    return ApiRequest::get(url);
                }
                let request = ApiRequest::get(url)
                    .query("$select", FIELDS)
                    .query("$top", PAGE);
                match order {
                    Some(order) => request.query("$orderby", order),
                    None => request,
                }
            })
            .await?;
        Ok(items.into_iter().filter_map(Item::file).collect())
    }

    async fn searched(&self, words: &str) -> Result<Vec<File>, ActionError> {
        let search = searched(words);
        let url = self.graph.url(&["me", "drive", "root", &search]);
        self.files(url, None).await
    }

    /// The top folder's files, the last changed first.
    async fn top(&self) -> Result<Vec<File>, ActionError> {
        let url = self.graph.url(&["me", "drive", "root", "children"]);
        let mut files = self.files(url, Some("lastModifiedDateTime desc")).await?;
        newest_first(&mut files);
        Ok(files)
    }

    /// The item of a name in the top folder.
    async fn named(&self, name: &str) -> Result<Option<Item>, ActionError> {
        let url = self.graph.url(&["me", "drive", "root:", name]);
        let request = ApiRequest::get(url).query("$select", FIELDS);
        match self.graph.json(request).await {
            Ok(item) => Ok(Some(item)),
            Err(ActionError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn newest_first(files: &mut [File]) {
    files.sort_by_key(|file| std::cmp::Reverse(file.modified));
}

#[async_trait::async_trait]
impl Drive for OneDrive {
    async fn find(&self, name: &str, limit: usize) -> Result<Vec<File>, ActionError> {
        // Graph searches texts, too, and knows no order; whose name does not fit is left out by who asks.
        let mut files = self.searched(name).await?;
        newest_first(&mut files);
        files.truncate(limit);
        Ok(files)
    }

    async fn search(
        &self,
        words: &str,
        kind: Option<Kind>,
        limit: usize,
    ) -> Result<Vec<File>, ActionError> {
        let words = match (words.trim(), kind) {
            ("", Some(kind)) => kind.label(),
            (words, _) => words,
        };
        let mut files = self.searched(words).await?;
        files.retain(|file| kind.is_none() || Kind::of(&file.mime_type) == kind);
        files.truncate(limit);
        Ok(files)
    }

    async fn recent(&self, limit: usize) -> Result<Vec<File>, ActionError> {
        // Microsoft has announced that it stops telling, after November 2026, and not what takes its place.
        let request = ApiRequest::get(self.graph.url(&["me", "drive", "recent"]));
        let told = match self.graph.json::<Page>(request).await {
            Ok(page) => page.value.into_iter().filter_map(Item::file).collect(),
            Err(ActionError::NotFound(_) | ActionError::Refused { .. }) => Vec::new(),
            Err(error) => return Err(error),
        };
        let mut files: Vec<File> = if told.is_empty() {
            self.top().await?
        } else {
            told
        };
        files.truncate(limit);
        Ok(files)
    }

    async fn content(&self, file: &File) -> Result<Content, ActionError> {
        let url = match &file.drive {
            Some(drive) => self
                .graph
                .url(&["drives", drive, "items", &file.id, "content"]),
            None => self
                .graph
                .url(&["me", "drive", "items", &file.id, "content"]),
        };
        Ok(Content {
            mime_type: file.mime_type.clone(),
            bytes: self.graph.download(ApiRequest::get(url)).await?,
        })
    }

    async fn has(&self, name: &str) -> Result<bool, ActionError> {
        Ok(self.named(name).await?.is_some())
    }

    async fn new_id(&self) -> Result<Option<String>, ActionError> {
        // A repetition is known by the name.
        Ok(None)
    }

    async fn upload(&self, file: &NewFile) -> Result<File, ActionError> {
        let unread = || ActionError::BadAnswer(self.graph.provider());
        let name = format!("{}:", file.name);
        let url = self.graph.url(&["me", "drive", "root:", &name, "content"]);
        let request = ApiRequest::new(Method::PUT, url)
            .query("@microsoft.graph.conflictBehavior", "fail")
            .body(&file.mime_type, file.bytes.clone());
        match self.graph.json::<Item>(request).await {
            Err(ActionError::Refused { status: 409, .. }) => {}
            made => return made?.file().ok_or_else(unread),
        }
        // An earlier attempt has made it, or somebody else something of that name.
        let there = self.named(&file.name).await?.and_then(Item::file);
        if let Some(there) = there
            && there.size == Some(file.bytes.len() as u64)
            && self.content(&there).await?.bytes == file.bytes
        {
            return Ok(there);
        }
        Err(ActionError::Ask(format!(
            "There is a file called “{}” in your OneDrive by now. What should I call the new one?",
            file.name
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::searched;

    #[test]
    fn words_cannot_leave_the_search() {
        for (words, expected) in [
            ("budget 2026", "search(q='budget 2026')"),
            ("Ann's notes", "search(q='Ann''s notes')"),
            ("a/b?c#d%2F')/children", "search(q='a b c d 2F'' children')"),
        ] {
            assert_eq!(searched(words), expected);
        }
    }
}
