//! What a function is, what it is given, and what comes back.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;

/// How to run a function: its command and its limits, as Lambda's configuration would say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionSpec {
    /// The function's name, as its own code sees it in `AWS_LAMBDA_FUNCTION_NAME`.
    pub name: String,
    /// Program and arguments. The program is looked up in `PATH` when it has no slash.
    pub command: Vec<String>,
    /// Added to the minimal environment that every function gets; wins over it, except for the
    /// names that belong to the platform (`AWS_LAMBDA_RUNTIME_API` and its like).
    pub env: BTreeMap<String, String>,
    /// Memory limit in MB (2^20 bytes). 0 means no limit.
    pub memory_mb: u32,
    /// Time limit of one invocation.
    pub timeout: Duration,
    /// Goes into `AWS_REGION` and `AWS_DEFAULT_REGION`, unless `env` has them.
    pub region: String,
    /// The ARN under which the function sees itself invoked.
    pub arn: String,
    /// The folder whose programs are started beside each process as its extensions:
    /// `/opt/extensions`, by custom. `None` starts none.
    pub extensions: Option<PathBuf>,
}

/// One event for a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// Id of the invocation: a UUID by custom; it appears in logs and in error messages.
    pub request_id: String,
    /// The event, passed on as it is; should be JSON.
    pub payload: Bytes,
    /// X-Ray trace header, when there is one.
    pub trace_id: Option<String>,
    /// The caller's client context as plain JSON text.
    pub client_context: Option<String>,
}

impl Invocation {
    /// An invocation with a fresh random id and nothing but its payload.
    #[must_use]
    pub fn new(payload: impl Into<Bytes>) -> Invocation {
        Invocation {
            request_id: uuid::Uuid::new_v4().to_string(),
            payload: payload.into(),
            trace_id: None,
            client_context: None,
        }
    }
}

/// The end of one invocation, good or bad.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completed {
    /// What the function answered, or how it failed.
    pub result: Result<Bytes, FunctionError>,
    /// Time and memory.
    pub report: Report,
    /// The end of what was logged for this invocation, at most 4 KiB.
    pub log_tail: Vec<u8>,
}

/// A failed invocation as Lambda would show it to the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error_type}: {}", String::from_utf8_lossy(body))]
pub struct FunctionError {
    /// `Sandbox.Timedout`, `Runtime.OutOfMemory`, `Runtime.ExitError`, …, or the function's own
    /// `errorType`.
    pub error_type: String,
    /// The error JSON (`errorType`, `errorMessage`, often `stackTrace`).
    pub body: Bytes,
}

/// What one invocation cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// From the moment the event was given to the function to its answer or end.
    pub duration: Duration,
    /// How long the process took to start and ask for its first event; only on a cold start.
    pub init_duration: Option<Duration>,
    /// Highest resident memory seen, in MB (2^20 bytes), rounded up.
    pub max_memory_mb: u32,
}
