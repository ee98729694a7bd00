//! The state engine through its public surface: `Engine::request` with scripted services.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod activities;
mod api;
mod crash;
mod executions;
mod express;
mod inside;
mod lists;
mod map_runs;
mod mocks;
mod nested;
mod recovery;
mod support;
mod test_state;
mod time_scale;
mod tokens;
mod versions;
