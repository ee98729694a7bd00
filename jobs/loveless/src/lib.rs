//! Runs an unmodified Lambda function behind any queue of work.

pub mod function;
pub mod pool;
mod process;
pub mod runtime_api;
pub mod source;
pub mod worker;

pub use function::{Completed, FunctionError, FunctionSpec, Invocation, Report};
pub use pool::{FunctionPool, Throttled};
pub use process::{Child, Output};
#[cfg(feature = "activity")]
pub use source::activity::ActivitySource;
pub use source::{SourceError, Task, TaskSource};
pub use worker::{WorkerSettings, WorkerSummary, run_worker};
#[cfg(feature = "cli")]
pub mod cli;
