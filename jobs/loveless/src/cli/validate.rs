//! `loveless validate`.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use states_language::Definition;

use super::{EXIT_FAILED, EXIT_OK};

const EXAMPLES: &str = "\
Examples:
  loveless validate machine.asl.json
  loveless validate machines/*.asl.json

Each finding is one line on standard output, FILE:LINE:COLUMN first. The exit code is 0 when every \
file is a definition that the local interpreter can run, 1 when one is not, 2 when one cannot be \
read.";

/// Check state machine definitions (Amazon States Language)
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(after_help = EXAMPLES)]
pub struct ValidateArguments {
    /// Files with one definition each
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// Checks each file and prints what was found; the number is the exit code.
///
/// # Errors
///
/// A file that cannot be read, or a standard output that cannot be written.
pub fn validate(arguments: &ValidateArguments) -> anyhow::Result<u8> {
    let mut stdout = std::io::stdout().lock();
    let mut code = EXIT_OK;
    for file in &arguments.files {
        let name = file.display();
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
        if let Err(invalid) = Definition::parse(&text) {
            code = EXIT_FAILED;
            for found in &invalid.diagnostics {
                writeln!(stdout, "{name}:{}:{}: {found}", found.line, found.column)
                    .context("cannot print")?;
            }
        }
    }
    Ok(code)
}
