//! The forms of a database's address.

use crate::StoreError;
use std::path::{Path, PathBuf};

/// Where the data lies, as the driver wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DatabaseUrl {
    /// A file; `url` is what sqlx takes.
    SqliteFile {
        /// The file, absolute.
        path: PathBuf,
        /// `sqlite://…?mode=rwc`
        url: String,
    },
    /// In memory: gone with its one connection.
    SqliteMemory,
    /// A PostgreSQL server.
    Postgres {
        /// `postgres://…`
        url: String,
    },
}

impl DatabaseUrl {
    /// Reads an address. `folder` is what relative SQLite paths are relative to.
    ///
    /// The paths after `sqlite:` follow two customs at once: `sqlite:///./x.db`, `sqlite:///../x.db` and
    /// `sqlite:///x.db` are relative (SQLAlchemy's), `sqlite:////a/x.db` and `sqlite:///a/x.db` are absolute (the
    /// second one as SQLite's own URIs have it), `sqlite:x.db` and `sqlite://x.db` are relative. A driver's name
    /// after the scheme (`postgresql+asyncpg:`) is passed over. Paths are taken letter by letter, not decoded.
    pub(crate) fn parse(text: &str, folder: &Path) -> Result<Self, StoreError> {
        let bad = || StoreError::BadUrl("unknown scheme".into());
        let (scheme, rest) = text.trim().split_once(':').ok_or_else(bad)?;
        let scheme = scheme.split('+').next().unwrap_or_default();
        match scheme.to_ascii_lowercase().as_str() {
            "sqlite" => Self::sqlite(rest, folder),
            "postgres" | "postgresql" => Ok(Self::Postgres {
                url: format!("postgres:{rest}"),
            }),
            _ => Err(bad()),
        }
    }

    fn sqlite(rest: &str, folder: &Path) -> Result<Self, StoreError> {
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        if path.trim_start_matches('/') == ":memory:" || path.chars().all(|c| c == '/') {
            return Ok(Self::SqliteMemory);
        }
        if query.split('&').any(|pair| pair == "mode=memory") {
            return Ok(Self::SqliteMemory);
        }
        let path = path.strip_prefix("//").unwrap_or(path);
        let path = match path.strip_prefix('/') {
            Some(absolute) if absolute.starts_with('/') => absolute,
            Some(relative)
                if relative.starts_with("./")
                    || relative.starts_with("../")
                    || !relative.contains('/') =>
            {
                relative
            }
            _ => path,
        };
        let path = folder.join(path.strip_prefix("./").unwrap_or(path));
        let Some(text) = path.to_str() else {
            return Err(StoreError::BadUrl("the path is not UTF-8".into()));
        };
        let mut url = format!("sqlite://{}", percent_encoded(text));
        url.push('?');
        if !query.is_empty() {
            url.push_str(query);
            url.push('&');
        }
        if !query.contains("mode=") {
            url.push_str("mode=rwc");
        }
        let url = url.trim_end_matches(['&', '?']).to_owned();
        Ok(Self::SqliteFile { path, url })
    }
}

fn percent_encoded(path: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sqlite_url(text: &str) -> String {
        match DatabaseUrl::parse(text, Path::new("/home/casp")).unwrap() {
            DatabaseUrl::SqliteFile { url, .. } => url,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn relative_and_absolute_files_in_both_customs() {
        for relative in [
            "sqlite:///./sql_app.db",
            "sqlite:///sql_app.db",
            "sqlite:sql_app.db",
            "sqlite://sql_app.db",
            "sqlite+aiosqlite:///./sql_app.db",
        ] {
            assert_eq!(
                sqlite_url(relative),
                "sqlite:///home/casp/sql_app.db?mode=rwc",
                "{relative}"
            );
        }
        for absolute in [
            "sqlite:////data/casp.db",
            "sqlite:///data/casp.db",
            "sqlite:/data/casp.db",
        ] {
            assert_eq!(
                sqlite_url(absolute),
                "sqlite:///data/casp.db?mode=rwc",
                "{absolute}"
            );
        }
    }

    #[test]
    fn a_mode_that_is_given_is_kept_and_odd_letters_are_escaped() {
        assert_eq!(
            sqlite_url("sqlite:///data/a b.db?mode=ro"),
            "sqlite:///data/a%20b.db?mode=ro"
        );
    }

    #[test]
    fn memory_has_several_names() {
        for text in [
            "sqlite::memory:",
            "sqlite://:memory:",
            "sqlite://",
            "sqlite://x?mode=memory",
        ] {
            assert_eq!(
                DatabaseUrl::parse(text, Path::new("/")).unwrap(),
                DatabaseUrl::SqliteMemory,
                "{text}"
            );
        }
    }

    #[test]
    fn postgres_with_and_without_a_driver_name() {
        for text in [
            "postgres://u:p@h/d",
            "postgresql://u:p@h/d",
            "postgresql+asyncpg://u:p@h/d",
        ] {
            assert_eq!(
                DatabaseUrl::parse(text, Path::new("/")).unwrap(),
                DatabaseUrl::Postgres {
                    url: "postgres://u:p@h/d".into()
                },
                "{text}"
            );
        }
    }

    #[test]
    fn other_databases_are_refused_without_repeating_the_password() {
        let error = DatabaseUrl::parse("mysql://root:secret@h/d", Path::new("/")).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
        assert!(DatabaseUrl::parse("nonsense", Path::new("/")).is_err());
    }
}
