//! Runs an unmodified Lambda function behind any queue of work.
//!
//! A Lambda function is a process that asks a *Runtime API* for events over HTTP. This crate is
//! the other side of that API, for one machine:
//!
//! - [`FunctionPool`] runs a function as Lambda would: warm processes, one invocation at a time
//!   each, memory and time limits enforced, failures under Lambda's names;
//! - [`run_worker`] takes tasks from a [`TaskSource`] (Step Functions activities with the feature
//!   `activity`, SQS with the feature `sqs`), has the function do them, and hands in the answers,
//!   with heartbeats;
//! - the program `loveless` (feature `cli`) is both on a command line.
//!
//! It knows nothing of what functions do. Where to start reading: `runtime_api::exchange`, the
//! state between a function and its supervisor; then `process`, one process from start to end;
//! then `worker::machine`, the rules of a worker as a table.
//!
//! ```
//! use std::time::Duration;
//! use loveless::{FunctionPool, FunctionSpec, Invocation};
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
//! # runtime.block_on(async {
//! let spec = FunctionSpec {
//!     name: "broken".into(),
//!     command: vec!["false".into()],
//!     env: Default::default(),
//!     memory_mb: 128,
//!     timeout: Duration::from_secs(3),
//!     region: "us-east-1".into(),
//!     arn: "arn:aws:lambda:us-east-1:000000000000:function:broken".into(),
//!     extensions: None,
//! };
//! let completed = FunctionPool::new(spec, 1).invoke(Invocation::new("{}")).await.unwrap();
//! assert_eq!(completed.result.unwrap_err().error_type, "Runtime.ExitError");
//! # });
//! ```

#[cfg(feature = "cli")]
pub mod cli;
pub mod function;
pub mod pool;
mod process;
mod runtime_api;
pub mod source;
pub mod status;
pub mod worker;

pub use function::{Completed, FunctionError, FunctionSpec, Invocation, Report};
pub use pool::{FunctionPool, Throttled};
pub use process::{Child, Output};
pub use runtime_api::RESPONSE_LIMIT;
#[cfg(feature = "activity")]
pub use source::activity::{ActivitySource, TaskTokens};
#[cfg(feature = "sqs")]
pub use source::sqs::SqsSource;
pub use source::{Answers, SourceError, Task, TaskSource};
pub use status::WorkerStatus;
pub use worker::{STOPPED, WorkerSettings, WorkerSummary, run_watched_worker, run_worker};
