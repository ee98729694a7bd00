//! The whole cloud, from outside: SDK clients and plain HTTP in front, real processes behind.
//!
//! Functions, workers and a second cloud are this same test program, started again as [`roles::role`].

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr
)]

mod flow;
mod front;
mod lambda;
mod lifecycle;
mod rehearsal;
mod roles;
mod support;
