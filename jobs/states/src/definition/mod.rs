//! A state machine's definition: what the text says, checked and ready to run.

use crate::resource::Resource;

/// A checked state machine.
#[derive(Clone, Debug)]
pub struct Definition {
    start_at: String,
    timeout_seconds: Option<u64>,
}

impl Definition {
    /// Reads and checks a definition.
    pub fn parse(_text: &str) -> Result<Definition, InvalidDefinition> {
        Err(InvalidDefinition {
            diagnostics: Vec::new(),
        })
    }

    /// The first state.
    #[must_use]
    pub fn start_at(&self) -> &str {
        &self.start_at
    }

    /// The machine's time-out in seconds.
    #[must_use]
    pub fn timeout_seconds(&self) -> Option<u64> {
        self.timeout_seconds
    }

    /// Every Task state with what it calls, in the order of the text.
    #[must_use]
    pub fn resources(&self) -> Vec<(String, Resource)> {
        Vec::new()
    }
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The definition cannot be used.
    Error,
    /// The definition can be used.
    Warning,
}

/// One finding about a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The API's code, for example `SCHEMA_VALIDATION_FAILED`.
    pub code: String,
    /// What is wrong, in words.
    pub message: String,
    /// Where in the document, for example `/States/A/Next`.
    pub location: String,
    /// The line in the text, from 1.
    pub line: u32,
    /// The column in that line in characters, from 1.
    pub column: u32,
}

/// A definition that cannot be used, with everything that was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid")]
pub struct InvalidDefinition {
    /// The findings, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}
