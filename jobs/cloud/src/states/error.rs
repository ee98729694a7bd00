//! What can go wrong: for the caller of an operation, and for the store below it.

use std::path::PathBuf;

/// An answer of the Step Functions API that is not a success, in its wire form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    /// The name in `__type`, for example `StateMachineDoesNotExist`.
    pub code: String,
    /// The text in `message`, in the service's own words where they are known.
    pub message: String,
}

impl ApiError {
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
        }
    }

    /// The HTTP status that goes with this error: 500 for our own faults, else 400.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self.code.as_str() {
            "InternalFailure" => 500,
            "ServiceUnavailable" => 503,
            _ => 400,
        }
    }

    /// The engine has ended or is about to; the request may be sent again to the next one.
    pub(crate) fn closed() -> Self {
        Self::new("ServiceUnavailable", "The engine is closing")
    }

    /// Something that the service never tells its caller about.
    pub(crate) fn internal(cause: &dyn std::fmt::Display) -> Self {
        Self::new("InternalFailure", cause.to_string())
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", message)
    }

    pub(crate) fn invalid_arn(detail: &str) -> Self {
        Self::new("InvalidArn", format!("Invalid Arn: '{detail}'"))
    }

    pub(crate) fn invalid_name(name: &str) -> Self {
        Self::new("InvalidName", format!("Invalid Name: '{name}'"))
    }

    pub(crate) fn invalid_definition(detail: &dyn std::fmt::Display) -> Self {
        Self::new(
            "InvalidDefinition",
            format!("Invalid State Machine Definition: '{detail}'"),
        )
    }

    pub(crate) fn invalid_token() -> Self {
        Self::new("InvalidToken", "Invalid Token: 'Invalid token'")
    }

    pub(crate) fn task_timed_out() -> Self {
        Self::new(
            "TaskTimedOut",
            "Task Timed Out: 'Provided task does not exist anymore'",
        )
    }

    pub(crate) fn machine_missing(arn: &str) -> Self {
        Self::new(
            "StateMachineDoesNotExist",
            format!("State Machine Does Not Exist: '{arn}'"),
        )
    }

    pub(crate) fn machine_deleting(arn: &str) -> Self {
        Self::new(
            "StateMachineDeleting",
            format!("State Machine is being deleted: '{arn}'"),
        )
    }

    pub(crate) fn type_not_supported() -> Self {
        Self::new(
            "StateMachineTypeNotSupported",
            "This operation is not supported by this type of state machine",
        )
    }

    pub(crate) fn execution_missing(arn: &str) -> Self {
        Self::new(
            "ExecutionDoesNotExist",
            format!("Execution Does Not Exist: '{arn}'"),
        )
    }

    pub(crate) fn activity_missing(arn: &str) -> Self {
        Self::new(
            "ActivityDoesNotExist",
            format!("Activity Does Not Exist: '{arn}'"),
        )
    }
}

/// Why the engine could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The database refused.
    #[error("cannot use the state store {path}")]
    Store {
        /// The database file.
        path: PathBuf,
        /// What the database said.
        #[source]
        source: StoreError,
    },
    /// The database was written by a newer build of this program.
    #[error("the state store {path} has version {found}, newer than this build's {known}")]
    Newer {
        /// The database file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that this build can read.
        known: i64,
    },
    /// The engine runs its calls on the caller's Tokio runtime, and there is none.
    #[error("the engine must be opened inside a Tokio runtime")]
    NoRuntime,
    /// The system gave no thread.
    #[error("cannot start the engine's thread")]
    Thread(#[source] std::io::Error),
}

/// Why the store could not do its work. Never the fault of a request.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// `SQLite` says no: a full disk, a damaged file, no permission.
    #[error("the state store failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A stored document does not read back.
    #[error("the state store holds an unreadable {what}: {source}")]
    Unreadable {
        /// Which document, for example `execution 17`.
        what: String,
        /// Where reading it stopped.
        #[source]
        source: serde_json::Error,
    },
    /// A stored definition is not valid for this build.
    #[error("revision {revision} of a state machine is not valid any more: {reason}")]
    Definition {
        /// Its row.
        revision: i64,
        /// What the parser said.
        reason: String,
    },
    /// A row that another row names is missing.
    #[error("the state store lacks {0}")]
    Missing(String),
}

/// How an operation ends early: with an answer, or because the store failed and the transaction has to
/// be undone.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The caller's answer. Nothing was changed.
    Api(ApiError),
    /// The transaction must be rolled back.
    Store(StoreError),
}

impl From<ApiError> for Fault {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(StoreError::Sqlite(error))
    }
}
