//! The state engine through its public surface: `Engine::request` with scripted services.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod activities;
mod api;
mod crash;
mod executions;
mod lists;
mod recovery;
mod support;
