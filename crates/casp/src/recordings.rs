//! Where recordings lie: the folder or bucket of `RECORDINGS_URL`.

use anyhow::Context;
use casp_control_api::RecordingFiles;
use std::path::Path;

/// Opens it; without a setting, a folder `recordings` beside the data. AWS's own variables say how S3 is reached.
pub(crate) fn open(url: Option<&str>, data_dir: &Path) -> anyhow::Result<RecordingFiles> {
    let files = match url {
        Some(url) if url.starts_with("s3://") => {
            let options = std::env::vars().filter(|(name, _)| name.starts_with("AWS_"));
            RecordingFiles::s3(url, options)
        }
        Some(url) if url.contains("://") && !url.starts_with("file://") => {
            anyhow::bail!("RECORDINGS_URL: neither a folder nor s3://bucket/prefix")
        }
        Some(folder) => {
            let folder = folder.strip_prefix("file://").unwrap_or(folder);
            RecordingFiles::folder(Path::new(folder))
        }
        None => RecordingFiles::folder(&data_dir.join("recordings")),
    };
    files.context("RECORDINGS_URL")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_or_a_bucket_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        assert!(open(None, folder.path()).is_ok());
        assert!(folder.path().join("recordings").is_dir());
        let named = format!("file://{}/calls", folder.path().display());
        assert!(open(Some(&named), folder.path()).is_ok());
        assert!(folder.path().join("calls").is_dir());
        assert!(open(Some("s3://calls/casp"), folder.path()).is_ok());
        assert!(open(Some("gs://calls"), folder.path()).is_err());
    }
}
