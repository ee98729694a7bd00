//! `loveless validate`.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use serde_json::json;
use states_language::{Definition, Severity};

use super::{EXIT_FAILED, EXIT_OK};

const EXAMPLES: &str = "\
Examples:
  loveless validate machine.asl.json
  loveless validate machines/*.asl.json

  loveless validate --json machine.asl.json

Each finding is one line on standard output, FILE:LINE:COLUMN first and its path in the document \
last; a warning says so. A definition with warnings can be used. The exit code is 0 when every \
file is a definition that the local interpreter can run, 1 when one is not, 2 when one cannot be \
read.";

/// Check state machine definitions (Amazon States Language)
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(after_help = EXAMPLES)]
pub struct ValidateArguments {
    /// Files with one definition each
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// One JSON object a line: file, line, column, severity, code, message, location
    #[arg(long)]
    pub json: bool,
}

/// Checks each file and prints errors and warnings; the number is the exit code.
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
        let findings = match Definition::parse(&text) {
            Ok(definition) => definition.warnings().to_vec(),
            Err(invalid) => {
                code = EXIT_FAILED;
                invalid.diagnostics
            }
        };
        for found in findings {
            let (line, column) = (found.line, found.column);
            if arguments.json {
                let object = json!({
                    "file": name.to_string(),
                    "line": line,
                    "column": column,
                    "severity": found.severity.as_str(),
                    "code": found.code,
                    "message": found.message,
                    "location": found.location,
                });
                writeln!(stdout, "{object}").context("cannot print")?;
            } else {
                let kind = match found.severity {
                    Severity::Error => "",
                    Severity::Warning => "warning: ",
                };
                writeln!(stdout, "{name}:{line}:{column}: {kind}{found}")
                    .context("cannot print")?;
            }
        }
    }
    Ok(code)
}
