//! What can go wrong between this machine and a target, in one sentence each.

mod sdk;
mod words;

use std::io::ErrorKind as Io;
use std::path::PathBuf;

use sdk::{SKEWED, THROTTLES, TRANSIENT};
pub(crate) use sdk::{UNREADABLE, from_sdk};
pub use words::in_words;

use crate::submit::ScanError;

/// Whose fault an error is; programs map this to their exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// What was asked for makes no sense: a wrong path, an unknown batch.
    Usage,
    /// The target cannot be reached or does not let us in.
    Target,
    /// This machine: a file that cannot be read or written.
    Local,
    /// Somebody asked to stop.
    Cancelled,
}

/// Every failure of this crate. `Display` is one sentence; [`JobsError::hint`] says what to do.
#[derive(Debug, thiserror::Error)]
pub enum JobsError {
    /// Nothing answers at the endpoint, or the connection broke.
    #[error("cannot reach {target}: {reason}")]
    Unreachable {
        /// The endpoint URL, or `AWS (<region>)`.
        target: String,
        /// For example `connection refused`.
        reason: String,
    },
    /// The credentials are valid but do not allow this.
    #[error("access denied: {operation} on {resource}")]
    AccessDenied {
        /// The operation, as the API calls it (`s3:PutObject`).
        operation: String,
        /// Bucket, key or ARN.
        resource: String,
    },
    /// Nobody has said who is asking.
    #[error("there are no credentials for {target}")]
    NoCredentials {
        /// The endpoint URL, or `AWS (<region>)`.
        target: String,
    },
    /// The credentials are wrong or expired.
    #[error("the credentials for {target} were not accepted: {reason}")]
    Credentials {
        /// The endpoint URL, or `AWS (<region>)`.
        target: String,
        /// What the target or the credentials chain said.
        reason: String,
    },
    /// The credentials were valid once.
    #[error("the credentials for {target} have expired")]
    Expired {
        /// The endpoint URL, or `AWS (<region>)`.
        target: String,
    },
    /// The profile's bucket is not there.
    #[error("there is no bucket `{bucket}` at {target}")]
    NoSuchBucket {
        /// The bucket.
        bucket: String,
        /// The endpoint URL, or `AWS (<region>)`.
        target: String,
    },
    /// The profile's state machine is not there.
    #[error("there is no state machine {arn}")]
    NoSuchStateMachine {
        /// Its ARN.
        arn: String,
    },
    /// No manifest with this id.
    #[error("there is no batch `{batch}` in bucket `{bucket}`")]
    NoSuchBatch {
        /// As it was asked for.
        batch: String,
        /// The bucket.
        bucket: String,
    },
    /// More than one batch begins like this.
    #[error("`{batch}` is the beginning of {count} batches")]
    AmbiguousBatch {
        /// As it was asked for.
        batch: String,
        /// How many begin so.
        count: usize,
    },
    /// The batch exists, but this item is not part of it.
    #[error("batch `{batch}` has no item `{name}`")]
    NoSuchItem {
        /// The batch.
        batch: String,
        /// As it was asked for.
        name: String,
    },
    /// Executions that were told to stop have not ended.
    #[error("{count} of the items of batch `{batch}` still run although they were stopped")]
    StillRunning {
        /// The batch.
        batch: String,
        /// How many items.
        count: usize,
    },
    /// Other batches have items whose results are this batch's.
    #[error("batch `{batch}` has results that {} of batch {} {}", if *.items == 1 { "an item" } else { "items" }, .by.join(", "), if *.items == 1 { "shares" } else { "share" })]
    Shared {
        /// The batch.
        batch: String,
        /// The batches that share its results, oldest first.
        by: Vec<String>,
        /// How many of their items do.
        items: usize,
    },
    /// Where an original should go there is something else.
    #[error("{key} is there already, and it is not this picture")]
    Occupied {
        /// The object's key.
        key: String,
    },
    /// A manifest that this version cannot read.
    #[error("the manifest of batch `{batch}` cannot be read: {reason}")]
    BadManifest {
        /// The batch.
        batch: String,
        /// What is wrong with it.
        reason: String,
    },
    /// What [`Batch::remember`](crate::submit::Batch::remember) noted cannot be read.
    #[error("the note {path} cannot be read: {reason}")]
    BadNote {
        /// The note.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Files and folders could not be turned into items.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// The recipe's differences do not fit into an object's metadata (2 KB in all).
    #[error("the recipe's differences from the defaults take {bytes} bytes; at most {limit} fit")]
    RecipeTooLarge {
        /// What it takes.
        bytes: usize,
        /// What fits.
        limit: usize,
    },
    /// A local file or folder.
    #[error("{path}: {}", in_words(.source))]
    Io {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A result cannot be written where it should go.
    #[error("cannot write {path}: {}", in_words(.source))]
    Write {
        /// Where it should have gone.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// An upload cannot go on without the file that it was begun with.
    #[error("{item}: this file, as it was submitted, is needed to go on with its upload")]
    SourceMissing {
        /// The item.
        item: String,
    },
    /// A file is no longer what it was when the batch was planned.
    #[error("{path} has changed since the batch was planned")]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// What arrived is not what was stored.
    #[error("{what} was damaged on the way: sha256 is {found}, should be {expected}")]
    Damaged {
        /// The object or file.
        what: String,
        /// Hexadecimal.
        found: String,
        /// Hexadecimal.
        expected: String,
    },
    /// A result would overwrite a picture that was submitted, or leave the chosen folder.
    #[error("refusing to write {path}: {reason}")]
    Refused {
        /// Where it would have gone.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Any other answer of a service.
    #[error("{operation} failed: {code}: {message}")]
    Service {
        /// The operation, as the API calls it (`states:RedriveExecution`).
        operation: String,
        /// The service's error code.
        code: String,
        /// The service's words.
        message: String,
    },
    /// The cancellation token fired.
    #[error("stopped on request")]
    Cancelled,
}

impl JobsError {
    /// Whose fault it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unreachable { .. }
            | Self::AccessDenied { .. }
            | Self::NoCredentials { .. }
            | Self::Credentials { .. }
            | Self::Expired { .. }
            | Self::NoSuchBucket { .. }
            | Self::NoSuchStateMachine { .. }
            | Self::BadManifest { .. }
            | Self::Occupied { .. }
            | Self::StillRunning { .. }
            | Self::Damaged { .. }
            | Self::Service { .. } => ErrorKind::Target,
            Self::NoSuchBatch { .. }
            | Self::AmbiguousBatch { .. }
            | Self::NoSuchItem { .. }
            | Self::Shared { .. }
            | Self::Scan(_)
            | Self::RecipeTooLarge { .. }
            | Self::Refused { .. } => ErrorKind::Usage,
            Self::Io { .. }
            | Self::Write { .. }
            | Self::SourceMissing { .. }
            | Self::Changed { .. }
            | Self::BadNote { .. } => ErrorKind::Local,
            Self::Cancelled => ErrorKind::Cancelled,
        }
    }

    /// What to try next, one sentence, where there is something to say.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Unreachable { .. } => Some(
                "start the local cloud with `whiteboarder local start`, or check the profile's \
                 endpoint and the network",
            ),
            Self::AccessDenied { .. } => {
                Some("the profile's credentials need this permission on this resource")
            }
            Self::NoCredentials { .. } => Some(
                "log in with the AWS CLI, name an `aws_profile` in the profile, or set AWS_ACCESS_KEY_ID and \
                 AWS_SECRET_ACCESS_KEY",
            ),
            Self::Credentials { .. } => {
                Some("log in again, or name other credentials in the profile")
            }
            Self::Expired { .. } => Some(
                "log in again; what was begun goes on with `whiteboarder submit --resume BATCH`",
            ),
            Self::Shared { .. } => Some("delete those batches first"),
            Self::Occupied { .. } => Some("submit the pictures again, as a new batch"),
            Self::Service { code, .. } if code == SKEWED => Some("set the clock of this machine"),
            Self::NoSuchBucket { .. } | Self::NoSuchStateMachine { .. } => {
                Some("check the profile's bucket and region, and that the stack is deployed")
            }
            Self::NoSuchBatch { .. } | Self::AmbiguousBatch { .. } => {
                Some("`whiteboarder runs list` names the batches")
            }
            Self::NoSuchItem { .. } => Some("`whiteboarder runs show BATCH` names its items"),
            Self::StillRunning { .. } => Some("try again a little later; nothing was deleted"),
            Self::Changed { .. } => Some("submit it again"),
            Self::SourceMissing { .. } => {
                Some("name it with `whiteboarder submit --resume BATCH PATH`")
            }
            Self::Write { source, .. } => match source.kind() {
                Io::StorageFull | Io::QuotaExceeded => {
                    Some("make room there, or choose another place with -o")
                }
                Io::PermissionDenied | Io::ReadOnlyFilesystem => {
                    Some("choose a place that you may write to")
                }
                _ => None,
            },
            Self::BadManifest { .. } => {
                Some("it may have been written by a newer version of whiteboarder")
            }
            Self::BadNote { .. } => Some(
                "it only says where the pictures of the batch were: remove it, and name them with \
                 `whiteboarder submit --resume BATCH PATH`",
            ),
            Self::Scan(error) => error.hint(),
            _ => None,
        }
    }

    /// Whether the same call may succeed a little later without anybody doing anything else
    /// than bringing the target back.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Service { code, .. } => {
                THROTTLES.contains(&code.as_str()) || TRANSIENT.contains(&code.as_str())
            }
            _ => false,
        }
    }

    /// Whether the target asks for fewer requests, or cannot keep up with those it gets.
    #[must_use]
    pub(crate) fn is_overload(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Service { code, .. } => {
                THROTTLES.contains(&code.as_str()) || code == "RequestTimeout"
            }
            _ => false,
        }
    }

    /// Whether the target finds this machine's clock wrong.
    pub(crate) fn is_skew(&self) -> bool {
        self.code() == Some(SKEWED)
    }

    /// The service's error code, where it is one that has no variant of its own.
    pub(crate) fn code(&self) -> Option<&str> {
        match self {
            Self::Service { code, .. } => Some(code),
            _ => None,
        }
    }

    /// Whether nothing at all can be written to where this should have gone.
    #[must_use]
    pub fn is_no_room(&self) -> bool {
        match self {
            Self::Write { source, .. } => matches!(
                source.kind(),
                Io::StorageFull | Io::QuotaExceeded | Io::ReadOnlyFilesystem
            ),
            _ => false,
        }
    }

    pub(crate) fn io(path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::Io {
            path: path.into(),
            source,
        }
    }
}
