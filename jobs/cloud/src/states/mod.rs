//! Step Functions: the durable host of the interpreter in `states-language`, and its JSON API.
//!
//! ```text
//!  request ──► api::parse ──► Operation ──► engine's thread ── one transaction ──► store (SQLite)
//!                                              │ commit            │ step: states_language
//!  answer ◄────────────────────────────────────┤
//!  timers, calls, queues, outbox ◄─────────────┘ only after the commit
//! ```
//!
//! Everything that was answered is stored, and everything that is done after a commit is derived from
//! the store again when the engine opens. So SIGKILL at any moment loses nothing; service calls and
//! events may happen twice.
//!
//! Start reading at [`Engine`], then `worker_loop` (the thread) and `turn` (one transaction). The
//! operations are in `api`, the queries in `store`; what lives only in memory is `timers`, `calls`,
//! `queues` and `cache`. `mocks` answers tasks in place of their services.

mod activities;
mod api;
mod arn;
mod cache;
mod calls;
mod delivery;
mod engine;
mod error;
mod events;
mod integrations;
mod map_runs;
mod message;
mod mocks;
mod nested;
mod queues;
mod store;
mod sweep;
mod timers;
mod tokens;
mod turn;
mod worker_loop;

pub use engine::{Engine, EngineSettings};
pub use error::{ApiError, EngineError, StoreError};
pub use integrations::{CallContext, Integrations, Started, TaskError};
pub use message::TaskKey;
pub use mocks::{Mocks, MocksError};
pub(crate) use store::schema::VERSION as STORE_VERSION;
