//! Where the sound lies: a folder, or S3.

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream::BoxStream};
use object_store::{
    GetOptions, ObjectStore, ObjectStoreExt as _, PutMultipartOptions, WriteMultipart,
    aws::AmazonS3Builder, local::LocalFileSystem, path::Path, prefix::PrefixStore,
};
use std::{fmt, ops::Range, sync::Arc};

/// Parts in which a file is sent to the store; S3 takes none smaller than 5 MiB.
const PART_BYTES: usize = 5 * 1024 * 1024;
/// Parts on their way at once: the memory that one file takes.
const PARTS_AT_ONCE: usize = 2;

/// Why the store of recordings failed. Messages hold no credentials.
#[derive(Debug, thiserror::Error)]
pub enum RecordingsError {
    /// The address is neither a folder nor `s3://bucket/prefix`.
    #[error("not a folder, and not s3://bucket/prefix: {0}")]
    BadUrl(String),
    /// The store said no, or was not there.
    #[error("the store of recordings: {0}")]
    Store(#[from] object_store::Error),
    /// The folder cannot be made.
    #[error("the folder of recordings: {0}")]
    Folder(#[from] std::io::Error),
    /// More came than a recording may have.
    #[error("the recording is larger than {0} bytes")]
    TooLarge(u64),
    /// It broke off.
    #[error("the recording broke off: {0}")]
    BrokeOff(String),
}

/// The files of recordings. Cheap to clone.
#[derive(Clone)]
pub struct RecordingFiles(Arc<dyn ObjectStore>);

impl fmt::Debug for RecordingFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordingFiles({})", self.0)
    }
}

/// A file, or a part of it.
pub(crate) struct Sound {
    /// Of the whole file.
    pub(crate) bytes: u64,
    /// Which part comes.
    pub(crate) range: Range<u64>,
    pub(crate) stream: BoxStream<'static, object_store::Result<Bytes>>,
}

impl RecordingFiles {
    /// A folder, which is made if it is not there.
    pub fn folder(folder: &std::path::Path) -> Result<Self, RecordingsError> {
        std::fs::create_dir_all(folder)?;
        let files = LocalFileSystem::new_with_prefix(folder)?.with_automatic_cleanup(true);
        Ok(Self(Arc::new(files)))
    }

    /// `s3://bucket/prefix`; the options are named as AWS names its variables (`AWS_ACCESS_KEY_ID`, `AWS_REGION`,
    /// `AWS_ENDPOINT_URL`, …).
    pub fn s3(
        url: &str,
        options: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, RecordingsError> {
        let bad = || RecordingsError::BadUrl(url.to_owned());
        let place = url.strip_prefix("s3://").ok_or_else(bad)?;
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        if bucket.is_empty() {
            return Err(bad());
        }
        let mut builder = AmazonS3Builder::new().with_bucket_name(bucket);
        for (name, value) in options {
            if let Ok(key) = name.to_ascii_lowercase().parse() {
                builder = builder.with_config(key, value);
            }
        }
        let files = PrefixStore::new(builder.build()?, prefix.trim_matches('/'));
        Ok(Self(Arc::new(files)))
    }

    /// Keeps a file as it comes, never more of it in memory than a few parts. Nothing is kept of one that breaks off
    /// or is larger than `most_bytes`. Returns its size.
    pub(crate) async fn put<E: fmt::Display>(
        &self,
        key: &str,
        most_bytes: u64,
        sound: impl Stream<Item = Result<Bytes, E>>,
    ) -> Result<u64, RecordingsError> {
        let upload = self
            .0
            .put_multipart_opts(&Path::from(key), PutMultipartOptions::default())
            .await?;
        let mut writer = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
        let mut bytes = 0;
        let mut sound = std::pin::pin!(sound);
        while let Some(chunk) = sound.next().await {
            let problem = match chunk {
                Ok(chunk) => {
                    bytes += chunk.len() as u64;
                    if bytes <= most_bytes {
                        writer.wait_for_capacity(PARTS_AT_ONCE).await?;
                        writer.put(chunk);
                        continue;
                    }
                    RecordingsError::TooLarge(most_bytes)
                }
                Err(error) => RecordingsError::BrokeOff(error.to_string()),
            };
            // What could not be taken back is swept up by the store's own rules for unfinished uploads.
            let _ = writer.abort().await;
            return Err(problem);
        }
        writer.finish().await?;
        Ok(bytes)
    }

    /// Reads a file, or a part of it; `None` when it is not there.
    pub(crate) async fn get(
        &self,
        key: &str,
        range: Option<Range<u64>>,
    ) -> Result<Option<Sound>, RecordingsError> {
        let options = GetOptions {
            range: range.map(Into::into),
            ..GetOptions::default()
        };
        match self.0.get_opts(&Path::from(key), options).await {
            Ok(found) => Ok(Some(Sound {
                bytes: found.meta.size,
                range: found.range.clone(),
                stream: found.into_stream(),
            })),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes a file; one that is not there is deleted.
    pub(crate) async fn delete(&self, key: &str) -> Result<(), RecordingsError> {
        match self.0.delete(&Path::from(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    type Chunk = Result<Bytes, &'static str>;

    fn chunks(count: usize) -> impl Stream<Item = Chunk> {
        stream::iter((0..count).map(|_| Ok(Bytes::from_static(&[7; 1_000]))))
    }

    #[tokio::test]
    async fn a_file_comes_back_whole_and_in_parts() {
        let folder = tempfile::tempdir().unwrap();
        let files = RecordingFiles::folder(&folder.path().join("made")).unwrap();
        assert_eq!(
            files.put("1/RE1.wav", 10_000, chunks(10)).await.unwrap(),
            10_000
        );
        let whole = files.get("1/RE1.wav", None).await.unwrap().unwrap();
        assert_eq!((whole.bytes, whole.range), (10_000, 0..10_000));
        let part = files
            .get("1/RE1.wav", Some(9_000..99_000))
            .await
            .unwrap()
            .unwrap();
        assert_eq!((part.bytes, part.range), (10_000, 9_000..10_000));
        assert_eq!(
            part.stream
                .map(|chunk| chunk.unwrap().len())
                .fold(0, |a, b| async move { a + b })
                .await,
            1_000
        );
        files.delete("1/RE1.wav").await.unwrap();
        files.delete("1/RE1.wav").await.unwrap();
        assert!(files.get("1/RE1.wav", None).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn of_what_is_too_large_or_breaks_off_nothing_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let files = RecordingFiles::folder(folder.path()).unwrap();
        let large = files.put("a", 9_999, chunks(10)).await;
        assert!(
            matches!(large, Err(RecordingsError::TooLarge(9_999))),
            "{large:?}"
        );
        let broken = stream::iter([Ok(Bytes::from_static(b"x")), Err("gone")]);
        let broken: Result<u64, _> = files.put("a", 10, broken).await;
        assert!(
            matches!(broken, Err(RecordingsError::BrokeOff(_))),
            "{broken:?}"
        );
        assert!(files.get("a", None).await.unwrap().is_none());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn s3_needs_a_bucket() {
        let options = [("AWS_REGION".to_owned(), "eu-central-1".to_owned())];
        assert!(RecordingFiles::s3("s3://bucket/casp", options.clone()).is_ok());
        assert!(RecordingFiles::s3("s3:///x", options.clone()).is_err());
        assert!(RecordingFiles::s3("gs://bucket", options).is_err());
    }
}
