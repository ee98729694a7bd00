//! What the engine's tasks bring back.

use super::listing::Ask;
use super::open::Answer;
use super::pictures::Pictures;
use super::read::Read;
use super::records;
use crate::error::JobsError;
use crate::track::calls::{Described, ListedExecution};
use crate::watch::cache::Cache;

/// A page of executions, and where the next begins.
pub(super) type Page = (Vec<ListedExecution>, Option<String>);

/// What a task brings back.
pub(super) enum Outcome {
    /// What is on disk.
    Cache(Box<Cache>),
    /// Name, definition and whether it is EXPRESS.
    Machine(Result<(String, String, bool), JobsError>),
    /// A page of a list.
    Page(Ask, Result<Page, JobsError>),
    /// What became of one that runs no more.
    Described(usize, Result<Box<Described>, JobsError>),
    /// A page of run records.
    Records(records::Page),
    /// A history.
    Read(Box<Read>),
    /// Something of the open execution.
    Open(Answer),
    /// An item's pictures.
    Pictures(Box<Pictures>),
    /// An order to act was carried out.
    Acted,
}
