//! What the details of an execution are drawn from: pure functions of data, theme and size.
//!
//! [`graph`] is the machine with what became of each state, [`timeline`] when each state worked and waited,
//! [`events`] the history, [`json`] a payload that folds, [`facts`] and [`why`] what there is to say in words.
//! None of them reads a clock or asks anybody; all give lines that are no wider than asked.

pub mod events;
pub mod facts;
pub mod graph;
pub mod json;
pub mod phase;
pub mod row;
pub mod timeline;
pub mod why;

#[cfg(test)]
pub mod tests;
