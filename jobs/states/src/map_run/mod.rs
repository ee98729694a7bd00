//! Distributed Map: a run whose iterations are executions of their own.
//!
//! The execution that contains the Map state says once what is to be done ([`MapRunRequest`]) and then
//! waits, as for a task. Everything in between is not its business and does not make it any larger:
//!
//! 1. the host fetches what an [`ItemReader`] names, and [`Items`] reads it;
//! 2. [`MapRunRequest::children`] makes the children's inputs;
//! 3. [`MapRun`] says which children begin, and when the run is over;
//! 4. [`MapRunRequest::results`] makes the state's result, and the files of a [`ResultWriter`].
//!
//! All of it is as pure as the interpreter; the host keeps the run and its children.

mod children;
mod items;
mod progress;
mod request;
mod results;

pub use children::Child;
pub use items::{Inventory, Items};
pub use progress::{MapRun, MapRunCounts, MapRunStatus, Verdict};
pub(crate) use request::SavedScope;
pub use request::{BatchLimits, ItemReader, ItemSource, MapRunRequest, ResultWriter};
pub use results::{ResultFile, ResultRecord, Written};

use crate::error::Problem;

/// Why a run cannot begin or end: what the state fails with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}: {cause}")]
pub struct MapRunError {
    /// The error's name, for example `States.ItemReaderFailed`.
    pub error: String,
    /// What went wrong, in words.
    pub cause: String,
}

impl MapRunError {
    /// The items cannot be read.
    #[must_use]
    pub fn reader(cause: impl Into<String>) -> MapRunError {
        MapRunError {
            error: "States.ItemReaderFailed".to_owned(),
            cause: cause.into(),
        }
    }

    /// The results cannot be written.
    #[must_use]
    pub fn writer(cause: impl Into<String>) -> MapRunError {
        MapRunError {
            error: "States.ResultWriterFailed".to_owned(),
            cause: cause.into(),
        }
    }

    fn limit(cause: impl Into<String>) -> MapRunError {
        MapRunError {
            error: crate::error::DATA_LIMIT_EXCEEDED.to_owned(),
            cause: cause.into(),
        }
    }
}

impl From<Problem> for MapRunError {
    fn from(problem: Problem) -> MapRunError {
        MapRunError {
            error: problem.error.to_owned(),
            cause: problem.message,
        }
    }
}
