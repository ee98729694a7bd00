//! Step Functions: the durable host of the interpreter in `states-language`.

mod engine;
mod error;
mod integrations;

pub use engine::{Engine, EngineSettings};
pub use error::{ApiError, EngineError, StoreError};
pub use integrations::{CallContext, Integrations, TaskError};
