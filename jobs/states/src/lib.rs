//! Amazon States Language: parser, validator with positions, and a pure interpreter.

mod definition;
mod event;
mod execution;
mod history;
mod interpreter;
mod payload;
mod resource;
mod time;

pub use definition::{Definition, Diagnostic, InvalidDefinition, Severity};
pub use event::{Command, Event, Moment, Step};
pub use execution::{Execution, ExecutionInfo, Status, TaskId, TaskRequest, TimerId};
pub use history::{HistoryEvent, MAX_EVENTS};
pub use interpreter::step;
pub use payload::{MAX_BYTES, MAX_DEPTH, PayloadError};
pub use resource::{Pattern, Resource};
pub use time::Timestamp;
