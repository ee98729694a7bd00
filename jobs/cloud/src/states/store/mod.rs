//! The database: one file of queries per subject. Nothing here knows the API or the interpreter's rules.

pub(crate) mod activities;
pub(crate) mod executions;
pub(crate) mod history;
pub(crate) mod machines;
pub(crate) mod map_runs;
pub(crate) mod mocks;
pub(crate) mod nested;
pub(crate) mod outbox;
pub(crate) mod schema;
pub(crate) mod tags;
pub(crate) mod tasks;
pub(crate) mod versions;
