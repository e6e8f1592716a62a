//! What a file is, by its first bytes, its type and its name.

use super::{Unreadable, limits::Limits, office, pdf, plain};

/// A format that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Pdf,
    /// Word and PowerPoint since 2007.
    Office,
    /// Compound files: Office before 2007, and Office since then with a password (MS-OFFCRYPTO §2.3).
    Compound,
    Html,
    /// Text, CSV, Markdown and the like.
    Plain,
}

/// <https://learn.microsoft.com/openspecs/windows_protocols/ms-cfb> §2.2
const COMPOUND: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
const OFFICE: &[&str] = &[
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
];
/// Texts whose type does not say so.
const TEXTS: &[&str] = &[
    "application/json",
    "application/xml",
    "application/yaml",
    "application/x-yaml",
    "application/toml",
    "application/sql",
    "application/javascript",
];

impl Format {
    pub(super) fn of(mime_type: &str, name: &str, bytes: &[u8]) -> Option<Self> {
        let essence = mime_type.split(';').next().unwrap_or_default().trim();
        let said = Self::of_type(&essence.to_ascii_lowercase());
        let named = || {
            let guessed = mime_guess::from_path(name).first()?;
            Self::of_type(guessed.essence_str())
        };
        if bytes.starts_with(b"%PDF-") {
            Some(Self::Pdf)
        } else if bytes.starts_with(COMPOUND) {
            Some(Self::Compound)
        } else {
            said.or_else(named)
        }
    }

    fn of_type(mime_type: &str) -> Option<Self> {
        if mime_type == "application/pdf" {
            Some(Self::Pdf)
        } else if OFFICE.contains(&mime_type) {
            Some(Self::Office)
        } else if matches!(mime_type, "text/html" | "application/xhtml+xml") {
            Some(Self::Html)
        } else if mime_type.starts_with("text/")
            || TEXTS.contains(&mime_type)
            || mime_type.ends_with("+json")
        {
            Some(Self::Plain)
        } else {
            None
        }
    }

    pub(super) fn read(self, bytes: &[u8], limits: &Limits) -> Result<String, Unreadable> {
        match self {
            Self::Pdf => pdf::text(bytes, limits),
            Self::Office => office::text(bytes, limits),
            Self::Compound => Err(Unreadable::Protected),
            Self::Html => plain::html(bytes, limits),
            Self::Plain => plain::text(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_known_by_content_then_type_then_name() {
        for (mime_type, name, bytes, expected) in [
            ("text/plain", "a.txt", &b"%PDF-1.7"[..], Some(Format::Pdf)),
            ("text/csv; charset=utf-8", "a", b"a,b", Some(Format::Plain)),
            ("TEXT/HTML", "a", b"<p>", Some(Format::Html)),
            (
                "application/octet-stream",
                "notes.md",
                b"# Hi",
                Some(Format::Plain),
            ),
            (
                "application/octet-stream",
                "a.docx",
                b"PK",
                Some(Format::Office),
            ),
            (OFFICE[0], "a", COMPOUND, Some(Format::Compound)),
            ("image/png", "a.png", b"\x89PNG", None),
            ("application/zip", "a.zip", b"PK", None),
        ] {
            assert_eq!(
                Format::of(mime_type, name, bytes),
                expected,
                "{mime_type} {name}"
            );
        }
    }
}
