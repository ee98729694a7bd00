//! Watching the executions of a state machine, whoever started them: what the dashboard shows.
//!
//! [`run`] is what is known of one execution, [`graph`] what its machine looks like, [`query`] which
//! executions somebody wants to see, [`totals`] what they add up to; these are pure. [`feed`] asks the
//! target, within the account's token buckets and what is on screen first, and keeps finished executions in
//! a [`cache`]; [`act`] stops, redrives and starts them.

pub mod act;
pub mod cache;
mod digest;
pub mod feed;
pub mod graph;
pub mod message;
pub mod query;
pub mod run;
pub mod totals;
mod usage;

pub use feed::{Calls, Feed, FeedOptions, start};
pub use message::{Acted, Action, Health, Machine, News, Opened, Order, Refused};
pub use run::{Digest, Kind, LaneWork, Run, Subject, Usage};
pub use totals::Totals;
