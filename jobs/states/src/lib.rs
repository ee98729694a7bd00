//! Amazon States Language: parser, validator with positions, and a *pure* interpreter.
//!
//! A [`Definition`] is read from its text once; every mistake in it is found at once, each with its
//! place. An [`Execution`] then goes from [`step`] to [`step`]: an [`Event`] comes in with its
//! [`Moment`], the next execution comes out together with [`Command`]s for the host and the
//! [`HistoryEvent`]s that `GetExecutionHistory` shows. There is no clock, no randomness and no I/O
//! in here: the host brings the first two and does the third, and whoever repeats the events gets
//! the same result to the last byte.
//!
//! ```
//! use states_language::{Definition, Event, Execution, ExecutionInfo, Moment, Timestamp, step};
//!
//! let text = r#"{
//!     "StartAt": "Greet",
//!     "States": {
//!         "Greet": {
//!             "Type": "Pass",
//!             "Parameters": { "text.$": "States.Format('Hello, {}!', $.name)" },
//!             "End": true
//!         }
//!     }
//! }"#;
//! let definition = Definition::parse(text)?;
//! let execution = Execution::new(ExecutionInfo::default(), r#"{"name": "Ada"}"#)?;
//! let moment = Moment { now: Timestamp(1_700_000_000_000), seed: 1 };
//! let step = step(&definition, execution, Event::Started, moment);
//! assert_eq!(step.execution.output(), Some(r#"{"text":"Hello, Ada!"}"#));
//! assert_eq!(step.history.len(), 4);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Both query languages (`JSONPath` and `JSONata`) and all kinds of states are there. What is not is
//! refused by name when the definition is read.
//!
//! Where to start reading: `event` for the words between host and interpreter, `interpreter` for
//! what they do, `thread` for what a Parallel or Map is while it runs, `map_run` for distributed Maps,
//! `definition` for how a text becomes states, `path`, `intrinsic` and `jsonata` for expressions.

mod choice;
mod definition;
mod error;
mod event;
mod execution;
mod filters;
mod history;
mod interpreter;
mod intrinsic;
mod jsonata;
mod map_run;
mod path;
mod payload;
mod random;
mod resource;
mod retry;
mod scale;
mod scope;
mod stored;
mod template;
mod test_state;
mod thread;
mod time;

pub use definition::{ActivityClock, Definition, Diagnostic, InvalidDefinition, Severity};
pub use event::{Command, Event, Moment, Step};
pub use execution::{Execution, ExecutionInfo, Status, TaskId, TaskRequest, TimerId};
pub use history::{Details, HistoryEvent, MAX_EVENTS};
pub use interpreter::step;
pub use map_run::{
    BatchLimits, Child, Inventory, ItemReader, ItemSource, Items, MapRun, MapRunCounts,
    MapRunError, MapRunRequest, MapRunStatus, ResultFile, ResultRecord, ResultWriter, Verdict,
    Written,
};
pub use payload::{MAX_BYTES, MAX_DEPTH, PayloadError};
pub use resource::{Pattern, Resource};
pub use scale::{InvalidScale, TimeScale};
pub use test_state::{Outcome, StateTest, TestStatus, Tested, TestedError, test_state};
pub use time::Timestamp;
