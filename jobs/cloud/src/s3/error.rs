//! What can go wrong in the store, and the S3 error that a client sees for it.

use std::io;
use std::path::{Path, PathBuf};

/// Why the store refused or failed. [`code`](Self::code) is what S3 calls it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no bucket of this name.
    #[error("the bucket {bucket} does not exist")]
    NoSuchBucket {
        /// The name asked for.
        bucket: String,
    },
    /// The bucket exists already, and it is yours.
    #[error("the bucket {bucket} exists already and is yours")]
    BucketAlreadyOwnedByYou {
        /// The name.
        bucket: String,
    },
    /// A bucket must be empty to be deleted.
    #[error("the bucket {bucket} is not empty")]
    BucketNotEmpty {
        /// The name.
        bucket: String,
    },
    /// Not 3 to 63 of lower case letters, digits, `.` and `-`.
    #[error("`{bucket}` is not a valid bucket name")]
    InvalidBucketName {
        /// The name.
        bucket: String,
    },
    /// There is no object of this key.
    #[error("the key {key} does not exist")]
    NoSuchKey {
        /// The key asked for.
        key: String,
    },
    /// The multipart upload was completed, aborted or never begun.
    #[error("the multipart upload {upload} does not exist; it may have been completed or aborted")]
    NoSuchUpload {
        /// The upload's id.
        upload: String,
    },
    /// Buckets have no versions here.
    #[error("the version {version} does not exist")]
    NoSuchVersion {
        /// The version asked for.
        version: String,
    },
    /// A key has 1 to 1,024 bytes.
    #[error("a key has at most 1024 bytes, this one {bytes}")]
    KeyTooLong {
        /// Its length in bytes.
        bytes: usize,
    },
    /// User metadata: 2,048 bytes of names and values together.
    #[error("user metadata may have 2048 bytes, this has {bytes}")]
    MetadataTooLarge {
        /// Bytes of all names and values.
        bytes: usize,
    },
    /// The body is not what its checksum says.
    #[error("the {algorithm} you specified did not match the calculated checksum")]
    BadDigest {
        /// `Content-MD5` or the algorithm.
        algorithm: &'static str,
    },
    /// A checksum header that is no checksum.
    #[error("the value of {header} is invalid")]
    InvalidDigest {
        /// The header.
        header: &'static str,
    },
    /// A condition of the request does not hold.
    #[error("the condition {condition} does not hold")]
    PreconditionFailed {
        /// The header that states it.
        condition: &'static str,
    },
    /// The object is the one that the client has already.
    #[error("not modified")]
    NotModified {
        /// The object's entity tag, without quotes.
        etag: String,
    },
    /// No byte of the object is in the range.
    #[error("the requested range is not satisfiable: the object has {size} bytes")]
    InvalidRange {
        /// The object's size in bytes.
        size: u64,
    },
    /// A part that was never uploaded, or with another entity tag.
    #[error("part {number} was not uploaded, or its entity tag or checksum is another one")]
    InvalidPart {
        /// The part's number.
        number: i32,
    },
    /// Parts are listed in ascending order.
    #[error("the list of parts is not in ascending order")]
    InvalidPartOrder,
    /// All parts but the last have at least 5 MiB.
    #[error("part {number} has {size} bytes; all but the last need at least 5242880")]
    EntityTooSmall {
        /// The part's number.
        number: i32,
        /// Its bytes.
        size: u64,
    },
    /// More than 5 GiB in one request.
    #[error("the body has {size} bytes; at most 5368709120 are allowed in one request")]
    EntityTooLarge {
        /// Bytes announced or received.
        size: u64,
    },
    /// The body ended before its announced length.
    #[error("the body should have {expected} bytes and had {received}")]
    IncompleteBody {
        /// The announced length.
        expected: u64,
        /// What came.
        received: u64,
    },
    /// The body is not what `x-amz-content-sha256` says.
    #[error("the body does not match x-amz-content-sha256")]
    ContentSha256Mismatch,
    /// A chunk of the body is signed with another key.
    #[error("a chunk of the body has another signature")]
    ChunkSignatureMismatch,
    /// The trailer that the request announced did not come.
    #[error("the request announced the trailer {header}, which did not come")]
    MissingTrailer {
        /// The header's name.
        header: &'static str,
    },
    /// The body could not be read to its end.
    #[error("the body could not be read")]
    Body {
        /// What the connection said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A parameter is outside what is allowed.
    #[error("{message}")]
    InvalidArgument {
        /// What is wrong.
        message: String,
    },
    /// Parameters contradict each other or the state.
    #[error("{message}")]
    InvalidRequest {
        /// What is wrong.
        message: String,
    },
    /// The XML lacks something.
    #[error("{message}")]
    MalformedXml {
        /// What is wrong.
        message: String,
    },
    /// The bucket or the caller belongs to somebody else.
    #[error("access denied: {message}")]
    AccessDenied {
        /// What is wrong.
        message: String,
    },
    /// This store has one region.
    #[error("the location constraint {constraint} is not this region, {region}")]
    IllegalLocationConstraint {
        /// What the request asked for.
        constraint: String,
        /// Where the store is.
        region: String,
    },
    /// A part of S3 that this store does not have.
    #[error("{feature} is not implemented by the local S3")]
    NotImplemented {
        /// What was asked for.
        feature: String,
    },
    /// Another process (or another part of this one) has the folder open.
    #[error("the store in {} is open elsewhere", root.display())]
    InUse {
        /// The store's folder.
        root: PathBuf,
    },
    /// The index was written by a newer build.
    #[error("{} has schema version {found}; this build knows {known}", path.display())]
    NewerSchema {
        /// The index.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// A file of the store is missing or shorter than the index says.
    #[error("{} is damaged: {found} bytes instead of {expected}", path.display())]
    DamagedBody {
        /// The file.
        path: PathBuf,
        /// Its bytes, 0 when it is missing.
        found: u64,
        /// What the index says.
        expected: u64,
    },
    /// A file operation failed; a full disk ends here.
    #[error("could not read or write {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The index failed; a full disk ends here too.
    #[error("the index of objects failed")]
    Index(#[from] rusqlite::Error),
    /// A stored value cannot be read.
    #[error("the index of objects holds a value that cannot be read")]
    Stored(#[from] serde_json::Error),
    /// The runtime is shutting down.
    #[error("the store is shutting down")]
    Stopped,
}

impl StoreError {
    /// For `map_err`: an I/O error with its file.
    pub(super) fn io(path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self::Io { path, source }
    }

    pub(super) fn argument(message: impl Into<String>) -> Self {
        Self::InvalidArgument {
            message: message.into(),
        }
    }

    pub(super) fn request(message: impl Into<String>) -> Self {
        Self::InvalidRequest {
            message: message.into(),
        }
    }

    /// The S3 error code, for example `NoSuchBucket`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSuchBucket { .. } => "NoSuchBucket",
            Self::BucketAlreadyOwnedByYou { .. } => "BucketAlreadyOwnedByYou",
            Self::BucketNotEmpty { .. } => "BucketNotEmpty",
            Self::InvalidBucketName { .. } => "InvalidBucketName",
            Self::NoSuchKey { .. } => "NoSuchKey",
            Self::NoSuchUpload { .. } => "NoSuchUpload",
            Self::NoSuchVersion { .. } => "NoSuchVersion",
            Self::KeyTooLong { .. } => "KeyTooLongError",
            Self::MetadataTooLarge { .. } => "MetadataTooLarge",
            Self::BadDigest { .. } => "BadDigest",
            Self::InvalidDigest {
                header: "Content-MD5",
            } => "InvalidDigest",
            Self::InvalidDigest { .. } | Self::InvalidRequest { .. } => "InvalidRequest",
            Self::PreconditionFailed { .. } => "PreconditionFailed",
            Self::NotModified { .. } => "NotModified",
            Self::InvalidRange { .. } => "InvalidRange",
            Self::InvalidPart { .. } => "InvalidPart",
            Self::InvalidPartOrder => "InvalidPartOrder",
            Self::EntityTooSmall { .. } => "EntityTooSmall",
            Self::EntityTooLarge { .. } => "EntityTooLarge",
            Self::IncompleteBody { .. } => "IncompleteBody",
            Self::ContentSha256Mismatch => "XAmzContentSHA256Mismatch",
            Self::ChunkSignatureMismatch => "SignatureDoesNotMatch",
            Self::MissingTrailer { .. } => "MalformedTrailerError",
            Self::Body { .. } => "RequestTimeout",
            Self::InvalidArgument { .. } => "InvalidArgument",
            Self::MalformedXml { .. } => "MalformedXML",
            Self::AccessDenied { .. } => "AccessDenied",
            Self::IllegalLocationConstraint { .. } => "IllegalLocationConstraintException",
            Self::NotImplemented { .. } => "NotImplemented",
            Self::Stopped => "ServiceUnavailable",
            _ if self.is_disk_full() => "InsufficientStorage",
            Self::InUse { .. }
            | Self::NewerSchema { .. }
            | Self::DamagedBody { .. }
            | Self::Io { .. }
            | Self::Index(_)
            | Self::Stored(_) => "InternalError",
        }
    }

    /// S3 has no code for this. With 507 clients do not try again, and the user reads the sentence now.
    fn is_disk_full(&self) -> bool {
        use io::ErrorKind::{QuotaExceeded, StorageFull};
        match self {
            Self::Io { source, .. } => matches!(source.kind(), StorageFull | QuotaExceeded),
            Self::Index(error) => error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull),
            _ => false,
        }
    }

    /// The HTTP status that S3 answers with.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self.code() {
            "NotModified" => 304,
            "AccessDenied" | "SignatureDoesNotMatch" => 403,
            "NoSuchBucket" | "NoSuchKey" | "NoSuchUpload" | "NoSuchVersion" => 404,
            "BucketAlreadyOwnedByYou" | "BucketNotEmpty" => 409,
            "PreconditionFailed" => 412,
            "InvalidRange" => 416,
            "InternalError" => 500,
            "NotImplemented" => 501,
            "ServiceUnavailable" => 503,
            "InsufficientStorage" => 507,
            _ => 400,
        }
    }

    /// The message with its causes, in one line.
    pub(super) fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_in_one_sentence_and_not_tried_again() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        let error = StoreError::io("/data/incoming/x")(full);
        assert_eq!((error.code(), error.status()), ("InsufficientStorage", 507));
        assert_eq!(
            error.chain(),
            "could not read or write /data/incoming/x: no storage space"
        );
        let other = StoreError::io("/data")(io::ErrorKind::PermissionDenied.into());
        assert_eq!((other.code(), other.status()), ("InternalError", 500));
    }
}
