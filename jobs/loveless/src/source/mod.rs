//! Where tasks come from and where their answers go.

#[cfg(feature = "activity")]
pub mod activity;
#[cfg(any(feature = "activity", feature = "sqs"))]
pub(crate) mod aws;
#[cfg(feature = "cli")]
pub(crate) mod one;
#[cfg(feature = "sqs")]
pub mod sqs;

use bytes::Bytes;

/// One piece of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// What names the task in every later call about it.
    pub token: String,
    /// The event for the function.
    pub input: Bytes,
}

/// Why a call to the source failed; the worker acts differently on each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// Nobody waits for the task any more (`TaskTimedOut`, `TaskDoesNotExist`, `InvalidToken`):
    /// the work is to be killed.
    #[error("the task is gone")]
    TaskGone,
    /// Too many calls: the same call later may succeed.
    #[error("the source asks to slow down")]
    Throttled,
    /// No connection, no answer in time, or a fault of the service (5xx): try again.
    #[error("the source cannot be reached: {0}")]
    Unreachable(String),
    /// There is nothing to say who calls.
    #[error(
        "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, or a role ({0})"
    )]
    NoCredentials(String),
    /// The source understood and said no; the same call will fail again.
    #[error("the source refused: {code}: {message}")]
    Rejected {
        /// The source's name for the error.
        code: String,
        /// The source's words.
        message: String,
    },
}

/// What a source takes as the result of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// JSON within Step Functions' limits; what is not becomes a failure.
    StepFunctions,
    /// Whatever the function answered.
    Any,
}

/// A queue of work: Step Functions activities, or SQS.
#[async_trait::async_trait]
pub trait TaskSource: Send + Sync {
    /// Waits for a task for as long as the source likes; `None` when there was none.
    async fn poll(&self) -> Result<Option<Task>, SourceError>;
    /// Says that the task is still being worked on.
    async fn heartbeat(&self, token: &str) -> Result<(), SourceError>;
    /// Ends the task with its result.
    async fn succeed(&self, token: &str, output: Bytes) -> Result<(), SourceError>;
    /// Ends the task with a failure.
    async fn fail(&self, token: &str, error: &str, cause: &str) -> Result<(), SourceError>;
    /// What [`succeed`](TaskSource::succeed) takes.
    fn answers(&self) -> Answers {
        Answers::StepFunctions
    }
}
