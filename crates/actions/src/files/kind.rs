//! What kind of file it is, in words that people use.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Written with a word processor.
    Document,
    /// A table.
    Spreadsheet,
    /// Slides.
    Presentation,
    /// PDF.
    Pdf,
    /// A picture.
    Image,
    /// Sound.
    Audio,
    /// Moving pictures.
    Video,
}

const DOCUMENTS: &[&str] = &[
    "application/vnd.google-apps.document",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/msword",
    "application/vnd.oasis.opendocument.text",
    "text/plain",
    "text/markdown",
];
const SPREADSHEETS: &[&str] = &[
    "application/vnd.google-apps.spreadsheet",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.ms-excel",
    "application/vnd.oasis.opendocument.spreadsheet",
    "text/csv",
];
const PRESENTATIONS: &[&str] = &[
    "application/vnd.google-apps.presentation",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.ms-powerpoint",
    "application/vnd.oasis.opendocument.presentation",
];

/// MIME types by which a kind is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MimeTypes {
    /// One of these.
    Any(&'static [&'static str]),
    /// All that begin so.
    Beginning(&'static str),
}

impl Kind {
    const ALL: [Self; 7] = [
        Self::Document,
        Self::Spreadsheet,
        Self::Presentation,
        Self::Pdf,
        Self::Image,
        Self::Audio,
        Self::Video,
    ];

    /// Its MIME types.
    pub(crate) fn mime_types(self) -> MimeTypes {
        match self {
            Self::Document => MimeTypes::Any(DOCUMENTS),
            Self::Spreadsheet => MimeTypes::Any(SPREADSHEETS),
            Self::Presentation => MimeTypes::Any(PRESENTATIONS),
            Self::Pdf => MimeTypes::Any(&["application/pdf"]),
            Self::Image => MimeTypes::Beginning("image/"),
            Self::Audio => MimeTypes::Beginning("audio/"),
            Self::Video => MimeTypes::Beginning("video/"),
        }
    }

    /// The kind of a MIME type.
    pub(crate) fn of(mime_type: &str) -> Option<Self> {
        let has = |kind: &Self| match kind.mime_types() {
            MimeTypes::Any(types) => types.contains(&mime_type),
            MimeTypes::Beginning(start) => mime_type.starts_with(start),
        };
        Self::ALL.into_iter().find(has)
    }

    /// The kind that a word means without doubt: "PDFs", but not "documents", which may be any.
    pub(crate) fn said(word: &str) -> Option<Self> {
        Some(match word.to_lowercase().as_str() {
            "pdf" | "pdfs" => Self::Pdf,
            "spreadsheet" | "spreadsheets" | "excel" => Self::Spreadsheet,
            "presentation" | "presentations" | "slides" | "powerpoint" => Self::Presentation,
            "image" | "images" | "picture" | "pictures" | "photo" | "photos" => Self::Image,
            "video" | "videos" => Self::Video,
            _ => return None,
        })
    }

    /// What it is called.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Spreadsheet => "spreadsheet",
            Self::Presentation => "presentation",
            Self::Pdf => "PDF",
            Self::Image => "picture",
            Self::Audio => "recording",
            Self::Video => "video",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_known_by_type_and_by_word() {
        for (mime_type, expected) in [
            ("application/pdf", Some(Kind::Pdf)),
            ("application/vnd.google-apps.document", Some(Kind::Document)),
            ("text/csv", Some(Kind::Spreadsheet)),
            ("image/png", Some(Kind::Image)),
            ("application/zip", None),
        ] {
            assert_eq!(Kind::of(mime_type), expected, "{mime_type}");
        }
        assert_eq!(Kind::said("PDFs"), Some(Kind::Pdf));
        assert_eq!(Kind::said("documents"), None);
    }
}
