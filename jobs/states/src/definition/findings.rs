//! Findings about a definition: collected all at once, each with its place.

use std::fmt;

use super::position::{NotJson, line_and_column};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The definition cannot be used.
    Error,
    /// The definition can be used.
    Warning,
}

impl Severity {
    /// The API's word: `ERROR` or `WARNING`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "ERROR",
            Severity::Warning => "WARNING",
        }
    }
}

/// One finding about a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The API's code, for example `SCHEMA_VALIDATION_FAILED`.
    pub code: String,
    /// What is wrong, in words; the API's own where they are known.
    pub message: String,
    /// Where in the document, for example `/States/A/Next`. Empty when it concerns the whole
    /// machine, or when there is no document.
    pub location: String,
    /// The line in the text, from 1.
    pub line: u32,
    /// The column in that line in characters, from 1.
    pub column: u32,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The service writes "null" for a finding without a location.
        let location = if self.location.is_empty() {
            "null"
        } else {
            &self.location
        };
        write!(formatter, "{}: {} at {location}", self.code, self.message)
    }
}

/// A definition that cannot be used, with everything that was found.
///
/// It is shown as the API does: the findings with their code and location, joined by commas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidDefinition {
    /// The findings, in the order of the text; never empty.
    pub diagnostics: Vec<Diagnostic>,
}

impl fmt::Display for InvalidDefinition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, diagnostic) in self.diagnostics.iter().enumerate() {
            if position > 0 {
                formatter.write_str(", ")?;
            }
            diagnostic.fmt(formatter)?;
        }
        Ok(())
    }
}

impl std::error::Error for InvalidDefinition {}

/// The codes that the API uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    InvalidJson,
    Schema,
    MissingTarget,
    MissingEnd,
    DuplicateName,
}

impl Code {
    fn as_str(self) -> &'static str {
        match self {
            Code::InvalidJson => "INVALID_JSON_DESCRIPTION",
            Code::Schema => "SCHEMA_VALIDATION_FAILED",
            Code::MissingTarget => "MISSING_TRANSITION_TARGET",
            Code::MissingEnd => "MISSING_END_STATE",
            Code::DuplicateName => "DUPLICATE_STATE_NAME",
        }
    }
}

/// Collects findings.
pub(super) struct Findings<'t> {
    text: &'t str,
    /// Each with the offset by which it is sorted.
    found: Vec<(usize, Diagnostic)>,
    warned: Vec<(usize, Diagnostic)>,
}

impl<'t> Findings<'t> {
    pub(super) fn new(text: &'t str) -> Findings<'t> {
        Findings {
            text,
            found: Vec::new(),
            warned: Vec::new(),
        }
    }

    /// Adds a warning: the definition can be used all the same.
    pub(super) fn warn(
        &mut self,
        code: &str,
        location: &str,
        offset: usize,
        message: impl Into<String>,
    ) {
        let (line, column) = line_and_column(self.text, offset);
        let diagnostic = Diagnostic {
            severity: Severity::Warning,
            code: code.to_owned(),
            message: message.into(),
            location: location.to_owned(),
            line,
            column,
        };
        self.warned.push((offset, diagnostic));
    }

    /// The warnings in the order of the text.
    pub(super) fn into_warnings(mut self) -> Vec<Diagnostic> {
        self.warned.sort_by_key(|(order, _)| *order);
        let warned = self.warned.into_iter();
        warned.map(|(_, diagnostic)| diagnostic).collect()
    }

    /// Adds an error. The root of the document has the location `""`, shown as `/`.
    pub(super) fn add(
        &mut self,
        code: Code,
        location: &str,
        offset: usize,
        message: impl Into<String>,
    ) {
        let (line, column) = line_and_column(self.text, offset);
        let location = match (location, code) {
            ("", Code::MissingEnd) => String::new(),
            ("", _) => "/".to_owned(),
            (location, _) => location.to_owned(),
        };
        // What concerns the whole machine comes last, as the service has it.
        let order = if location.is_empty() {
            usize::MAX
        } else {
            offset
        };
        self.found.push((
            order,
            Diagnostic {
                severity: Severity::Error,
                code: code.as_str().to_owned(),
                message: message.into(),
                location,
                line,
                column,
            },
        ));
    }

    /// Adds a schema error, the most frequent kind.
    pub(super) fn schema(&mut self, location: &str, offset: usize, message: impl Into<String>) {
        self.add(Code::Schema, location, offset, message);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The findings in the order of the text; those of one place in the order they were found.
    pub(super) fn into_error(mut self) -> InvalidDefinition {
        self.found.sort_by_key(|(order, _)| *order);
        let diagnostics = self
            .found
            .into_iter()
            .map(|(_, diagnostic)| diagnostic)
            .collect();
        InvalidDefinition { diagnostics }
    }
}

/// The one finding about a text that is not JSON.
pub(super) fn not_json(error: &NotJson) -> InvalidDefinition {
    let diagnostic = Diagnostic {
        severity: Severity::Error,
        code: Code::InvalidJson.as_str().to_owned(),
        message: format!("Invalid JSON description: {}", error.message),
        location: String::new(),
        line: error.line,
        column: error.column,
    };
    InvalidDefinition {
        diagnostics: vec![diagnostic],
    }
}
