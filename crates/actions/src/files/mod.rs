//! Files: what Google Drive and OneDrive have in common, and the actions on them.

mod desk;
mod find;
mod kind;
mod name;
mod reading;
mod recent;
mod search;
mod summarize;
mod summary;
mod upload;
mod view;

pub(crate) use desk::DriveDesk;
pub use kind::Kind;
pub(crate) use kind::MimeTypes;

use crate::{Action, ActionError, typed::Typed};
use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A file; no folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct File {
    /// The provider's id.
    pub id: String,
    /// The drive it is in, where the id alone does not tell.
    pub drive: Option<String>,
    /// Name.
    pub name: String,
    /// MIME type as the provider has it.
    pub mime_type: String,
    /// When it was changed last.
    pub modified: Option<Timestamp>,
    /// Bytes, where it has a size.
    pub size: Option<u64>,
    /// Where a browser shows it.
    pub link: Option<String>,
}

/// The content of a file. Documents of the provider's own are exported as text.
#[derive(Debug, Clone)]
pub struct Content {
    /// MIME type of `bytes`.
    pub mime_type: String,
    /// At most [`MAX_CONTENT`].
    pub bytes: Bytes,
}

/// A file to be made.
#[derive(Debug, Clone)]
pub struct NewFile {
    /// Its name, which no other file of the top folder has.
    pub name: String,
    /// What [`Drive::new_id`] gave.
    pub id: Option<String>,
    /// MIME type.
    pub mime_type: String,
    /// What is in it; at most [`MAX_UPLOAD`].
    pub bytes: Bytes,
}

/// The largest file that is read.
pub const MAX_CONTENT: usize = 10 * 1024 * 1024;
/// The largest file that is made: Google takes 5 MB in one request, Microsoft 4 MB in some clouds.
pub const MAX_UPLOAD: usize = 4 * 1000 * 1000;

/// A drive of one user.
#[async_trait::async_trait]
pub trait Drive: Send + Sync + std::fmt::Debug {
    /// Files whose name may hold these words, the newest first.
    async fn find(&self, name: &str, limit: usize) -> Result<Vec<File>, ActionError>;
    /// Files whose text or name holds these words, where there are any, of this kind, the likeliest first.
    async fn search(
        &self,
        words: &str,
        kind: Option<Kind>,
        limit: usize,
    ) -> Result<Vec<File>, ActionError>;
    /// The files changed or opened last.
    async fn recent(&self, limit: usize) -> Result<Vec<File>, ActionError>;
    /// What is in it.
    async fn content(&self, file: &File) -> Result<Content, ActionError>;
    /// Whether the top folder has something of this name.
    async fn has(&self, name: &str) -> Result<bool, ActionError>;
    /// An id for a file to be made, where the provider knows a repetition by it.
    async fn new_id(&self) -> Result<Option<String>, ActionError>;
    /// Makes a file in the top folder; a second time, with the same name, id and content, gives the file of the first.
    async fn upload(&self, file: &NewFile) -> Result<File, ActionError>;
}

/// The actions on a provider's drives.
pub(crate) fn actions(desk: &DriveDesk) -> Vec<Arc<dyn Action>> {
    vec![
        Arc::new(Typed::new(find::Find(desk.clone()))),
        Arc::new(Typed::new(search::Search(desk.clone()))),
        Arc::new(Typed::new(recent::Recent(desk.clone()))),
        Arc::new(Typed::new(summarize::Summarize(desk.clone()))),
        Arc::new(Typed::new(upload::Upload(desk.clone()))),
    ]
}
