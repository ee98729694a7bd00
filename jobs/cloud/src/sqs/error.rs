//! Errors as clients see them: a name of the JSON protocol, and the older one that SDKs still show.

use std::fmt::Display;

/// An error of an operation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub(crate) struct SqsError {
    /// HTTP status.
    pub(crate) status: u16,
    /// The name in the JSON protocol, without its namespace.
    pub(crate) code: String,
    /// The name in the query protocol, which goes into the header `x-amzn-query-error`.
    pub(crate) query_code: String,
    /// The words.
    pub(crate) message: String,
}

/// Names that differ between the protocols.
const OLD_NAMES: [(&str, &str); 8] = [
    (
        "QueueDoesNotExist",
        "AWS.SimpleQueueService.NonExistentQueue",
    ),
    ("QueueNameExists", "QueueAlreadyExists"),
    (
        "MessageNotInflight",
        "AWS.SimpleQueueService.MessageNotInflight",
    ),
    (
        "EmptyBatchRequest",
        "AWS.SimpleQueueService.EmptyBatchRequest",
    ),
    (
        "TooManyEntriesInBatchRequest",
        "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
    ),
    (
        "BatchEntryIdsNotDistinct",
        "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
    ),
    (
        "BatchRequestTooLong",
        "AWS.SimpleQueueService.BatchRequestTooLong",
    ),
    (
        "InvalidBatchEntryId",
        "AWS.SimpleQueueService.InvalidBatchEntryId",
    ),
];

impl SqsError {
    /// The caller's mistake, under this name.
    pub(super) fn of_sender(code: &str, message: impl Into<String>) -> Self {
        let old = OLD_NAMES.iter().find(|(name, _)| *name == code);
        Self {
            status: 400,
            code: code.to_owned(),
            query_code: old.map_or(code, |(_, old)| old).to_owned(),
            message: message.into(),
        }
    }

    pub(super) fn no_queue() -> Self {
        Self::of_sender("QueueDoesNotExist", "The specified queue does not exist.")
    }

    /// A parameter's value that makes no sense.
    pub(super) fn parameter(name: &str, value: impl Display, reason: &str) -> Self {
        let message = format!("Value {value} for parameter {name} is invalid. Reason: {reason}");
        Self::of_sender("InvalidParameterValue", message)
    }

    /// A parameter that has to be there.
    pub(super) fn missing(name: &str) -> Self {
        let message = format!("The request must contain the parameter {name}.");
        Self::of_sender("MissingParameter", message)
    }

    pub(super) fn unknown_operation(operation: &str) -> Self {
        let message = format!("The local cloud's SQS has no operation {operation}");
        Self::of_sender("UnknownOperationException", message)
    }

    pub(super) fn unreadable(error: &serde_json::Error) -> Self {
        Self::of_sender("SerializationException", error.to_string())
    }

    pub(super) fn internal(error: impl Display) -> Self {
        tracing::error!(%error, "SQS could not answer");
        Self {
            status: 500,
            code: "InternalError".to_owned(),
            query_code: "InternalError".to_owned(),
            message: "We encountered an internal error. Please try again.".to_owned(),
        }
    }

    /// Whether the caller is to blame.
    pub(crate) fn is_senders(&self) -> bool {
        self.status < 500
    }
}

impl From<rusqlite::Error> for SqsError {
    fn from(error: rusqlite::Error) -> Self {
        Self::internal(error)
    }
}
