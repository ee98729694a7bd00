//! The program on a terminal: the real binary in a pseudo-terminal that answers its questions, or does not.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr
)]

#[path = "../fake_terminal/mod.rs"]
mod fake_terminal;

mod batch;
mod commands;
mod docs;
mod fake;
mod leaving;
mod overlay;
mod screen;
mod show;
mod studio;
mod support;
mod tour;
mod watch;
