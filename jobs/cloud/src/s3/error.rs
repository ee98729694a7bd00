//! What can go wrong in the store.

/// Why the store refused or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no bucket of this name.
    #[error("the bucket {bucket} does not exist")]
    NoSuchBucket {
        /// The name asked for.
        bucket: String,
    },
}

impl StoreError {
    /// The S3 error code, for example `NoSuchBucket`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSuchBucket { .. } => "NoSuchBucket",
        }
    }
}
