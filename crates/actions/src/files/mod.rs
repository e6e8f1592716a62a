//! Files: what Google Drive and OneDrive have in common, and the actions on it.

use crate::ActionError;
use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;

/// A file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct File {
    /// The provider's id.
    pub id: String,
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

/// The largest file that is read.
pub const MAX_CONTENT: usize = 10 * 1024 * 1024;

/// A drive of one user.
#[async_trait::async_trait]
pub trait Drive: Send + Sync + std::fmt::Debug {
    /// Files whose name holds these words, the newest first.
    async fn find(&self, name: &str, limit: usize) -> Result<Vec<File>, ActionError>;
    /// Files whose text or name holds these words.
    async fn search(&self, words: &str, limit: usize) -> Result<Vec<File>, ActionError>;
    /// The files changed or opened last.
    async fn recent(&self, limit: usize) -> Result<Vec<File>, ActionError>;
    /// What is in it.
    async fn content(&self, file: &File) -> Result<Content, ActionError>;
    /// Makes a file in the top folder.
    async fn upload(&self, name: &str, mime_type: &str, bytes: Bytes) -> Result<File, ActionError>;
}
