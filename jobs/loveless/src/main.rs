//! The `loveless` program; everything is in [`loveless::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    loveless::cli::main()
}
