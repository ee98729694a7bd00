//! Errors with names: the name is the contract, the text is for people.

use lambda_runtime::Diagnostic;
use whiteboarder_core::clean::CleanError;
use whiteboarder_core::image::ImageError;
use whiteboarder_core::recipe::RecipeError;

use crate::objects::StorageError;

/// Why an event was not answered with a result.
#[derive(Debug, thiserror::Error)]
pub enum FunctionError {
    /// Something is wrong with the picture.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The file is larger than what is downloaded at all.
    #[error("the file has {bytes} bytes, and the limit is {limit}")]
    FileTooLarge {
        /// Its size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// The file is not what its sender said it is.
    #[error("the file was damaged on its way to the bucket: its sha256 is {found}, not {expected}")]
    Damaged {
        /// Hexadecimal.
        found: String,
        /// Hexadecimal.
        expected: String,
    },
    /// The recipe in the object's metadata cannot be read.
    #[error("the recipe cannot be used: {0}")]
    Recipe(#[from] RecipeError),
    /// The result cannot be made in the shape or format that is wished for.
    #[error(transparent)]
    Result(CleanError),
    /// The original is not there (any more).
    #[error("there is no object {key} in bucket {bucket}")]
    ObjectMissing {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
    },
    /// The storage does not let us.
    #[error("access denied: {0}")]
    StorageDenied(String),
    /// The storage failed; the same call may succeed later.
    #[error("the storage failed: {0}")]
    StorageFault(String),
    /// The event is none of ours.
    #[error("this event cannot be handled: {0}")]
    InvalidEvent(String),
    /// The machine could not run the work: no threads, or the work panicked.
    #[error("the work could not be run: {0}")]
    Machine(String),
}

impl FunctionError {
    /// The `errorType` that callers see; the state machine names those that it retries.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Image(error) => error.name(),
            Self::FileTooLarge { .. } => "ImageTooLarge",
            Self::Damaged { .. } => "ImageCorrupt",
            Self::Recipe(_) => "RecipeInvalid",
            Self::Result(error) => error.name(),
            Self::ObjectMissing { .. } => "ObjectMissing",
            Self::StorageDenied(_) => "StorageDenied",
            Self::StorageFault(_) => "StorageFault",
            Self::InvalidEvent(_) => "InvalidEvent",
            Self::Machine(_) => "MachineFault",
        }
    }
}

impl From<FunctionError> for Diagnostic {
    fn from(error: FunctionError) -> Self {
        Self {
            error_type: error.name().to_owned(),
            error_message: error.to_string(),
        }
    }
}

impl From<CleanError> for FunctionError {
    fn from(error: CleanError) -> Self {
        match error {
            CleanError::Image(error) => Self::Image(error),
            CleanError::Recipe(error) => Self::Recipe(error),
            other => Self::Result(other),
        }
    }
}

impl From<StorageError> for FunctionError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Denied(what) => Self::StorageDenied(what),
            StorageError::Fault(what) => Self::StorageFault(what),
            StorageError::TooLarge { bytes, limit } => Self::FileTooLarge { bytes, limit },
        }
    }
}
