//! The program as people use it: the real binary, each test with a home of its own and, where it needs one, a
//! local cloud of its own that ends with the test.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr
)]

mod batch;
mod cli_background;
mod cli_clean;
mod cli_config;
mod cli_local;
mod cli_misc;
mod cli_recipe;
mod cli_runs;
mod cli_studio;
mod cli_submit;
mod errors;
mod faults;
mod support;
mod typed;
mod upgrade;
