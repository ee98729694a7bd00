//! The one place that turns an error into a sentence, a hint and an exit code.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::process::ExitCode;

use whiteboarder_core::recipe::RecipeError;
pub use whiteboarder_jobs::in_words as system;
use whiteboarder_jobs::{ErrorKind as JobsKind, JobsError};

use crate::term::glyph::Style;
use crate::term::{Terminal, log, text};
use crate::ui::toast::Kind;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All well.
    Success,
    /// Some items failed; the others are done.
    SomeFailed,
    /// What was asked for makes no sense, or this machine cannot do it: nothing was done.
    Usage,
    /// The target cannot be reached or used.
    Target,
    /// Somebody pressed Ctrl-C.
    Interrupted,
}

impl Exit {
    /// The process's exit code.
    pub fn code(self) -> u8 {
        match self {
            Exit::Success => 0,
            Exit::SomeFailed => 1,
            Exit::Usage => 2,
            Exit::Target => 3,
            Exit::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

/// An error with its sentence ready: what this crate's own code fails with.
#[derive(Debug)]
pub struct Failure {
    sentence: String,
    hint: Option<String>,
    exit: Exit,
}

impl Failure {
    /// Wrong usage.
    pub fn usage(sentence: impl Into<String>) -> Failure {
        Failure {
            sentence: sentence.into(),
            hint: None,
            exit: Exit::Usage,
        }
    }

    /// A target that cannot be reached or used.
    pub fn target(sentence: impl Into<String>) -> Failure {
        Failure {
            sentence: sentence.into(),
            hint: None,
            exit: Exit::Target,
        }
    }

    /// Ended by Ctrl-C; the sentence says how to go on.
    pub fn interrupted(sentence: impl Into<String>) -> Failure {
        Failure {
            sentence: sentence.into(),
            hint: None,
            exit: Exit::Interrupted,
        }
    }

    /// What to try next.
    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = Some(hint.into());
        self
    }

    /// Ends with another code than the constructor's.
    pub fn exit(mut self, exit: Exit) -> Failure {
        self.exit = exit;
        self
    }

    /// A file or folder that the system refused, in words. `doing` is what was tried: `read`,
    /// `write`.
    pub fn file(doing: &str, path: &Path, error: &io::Error) -> Failure {
        let failure = Failure::usage(format!(
            "cannot {doing} {}: {}",
            text::path(path),
            system(error)
        ));
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                failure.hint("make room there, or choose another place with -o")
            }
            ErrorKind::PermissionDenied if doing == "write" => {
                failure.hint("choose a place that you may write to")
            }
            _ => failure,
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.sentence)
    }
}

impl Error for Failure {}

/// What a person is told about an error.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    sentence: String,
    hint: Option<String>,
    exit: Exit,
}

/// Finds the error's cause and chooses the words.
fn tell(error: &anyhow::Error) -> Told {
    for cause in error.chain() {
        if let Some(failure) = cause.downcast_ref::<Failure>() {
            return Told {
                sentence: failure.sentence.clone(),
                hint: failure.hint.clone(),
                exit: failure.exit,
            };
        }
        if let Some(jobs) = cause.downcast_ref::<JobsError>() {
            return Told {
                sentence: sentence_of_jobs(jobs),
                hint: jobs.hint().map(str::to_owned),
                exit: match jobs.kind() {
                    // As when cleaning here: what was written before stays.
                    JobsKind::Local if jobs.is_no_room() => Exit::SomeFailed,
                    JobsKind::Usage | JobsKind::Local => Exit::Usage,
                    JobsKind::Target => Exit::Target,
                    JobsKind::Cancelled => Exit::Interrupted,
                },
            };
        }
        if cause.downcast_ref::<RecipeError>().is_some() {
            return Told {
                sentence: format!("{error:#}"),
                hint: None,
                exit: Exit::Usage,
            };
        }
    }
    Told {
        sentence: unexpected(error),
        hint: None,
        exit: Exit::Usage,
    }
}

/// An error that nobody has put into words. What is written without a path is standard output.
fn unexpected(error: &anyhow::Error) -> String {
    match error.downcast_ref::<io::Error>() {
        Some(io) if matches!(io.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
            format!("cannot write the output: {}", system(io))
        }
        Some(io) => system(io),
        None => format!("{error:#}"),
    }
}

fn sentence_of_jobs(error: &JobsError) -> String {
    match error {
        JobsError::Io { path, source } => format!("{}: {}", text::path(path), system(source)),
        JobsError::Write { path, source } => Failure::file("write", path, source).to_string(),
        other => text::safe(&other.to_string()),
    }
}

/// Whether the error is only that nobody reads our output any more.
fn broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|io| io.kind() == ErrorKind::BrokenPipe)
    })
}

/// Tells a person what went wrong, on standard error, and says how to end.
pub fn report(error: &anyhow::Error, terminal: &Terminal) -> Exit {
    if broken_pipe(error) {
        return Exit::Success;
    }
    let told = tell(error);
    let (word, style) = match told.exit {
        Exit::Interrupted => ("interrupted:", Style::Notable),
        _ => ("error:", Style::Bad),
    };
    terminal.complain(&format!(
        "{} {}",
        style.paint(word, terminal.color_err),
        told.sentence
    ));
    if let Some(hint) = &told.hint {
        terminal.complain(&format!(
            "{} {hint}",
            Style::Faint.paint(" hint:", terminal.color_err)
        ));
    }
    if terminal.verbose > 0 {
        for cause in error
            .chain()
            .filter(|cause| cause.to_string() != told.sentence)
        {
            terminal.complain(&format!("  because: {cause}"));
        }
    }
    told.exit
}

/// An error on one line, with what to do about it, for a screen. The log keeps the whole chain of it.
pub fn sentence(error: &anyhow::Error) -> String {
    let mut words = format!("{error:#}");
    let mut more: Vec<String> = error
        .chain()
        .skip(1)
        .map(|cause| format!("because: {cause}"))
        .collect();
    let failure = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<Failure>());
    if let Some(hint) = failure.and_then(|failure| failure.hint.as_ref()) {
        more.push(format!("hint: {hint}"));
    }
    if let Some(hint) = error.downcast_ref::<JobsError>().and_then(JobsError::hint) {
        words += "; ";
        words += hint;
        more.push(format!("hint: {hint}"));
    }
    let words = text::safe(&words);
    log::keep(Kind::Failed, &words, &more);
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn a_closed_pipe_is_success_however_deep_it_is() {
        let error = anyhow::Error::from(io::Error::from(ErrorKind::BrokenPipe)).context("writing");
        assert!(broken_pipe(&error));
    }

    #[test]
    fn a_full_disk_is_told_with_its_path_and_without_numbers() {
        let error = io::Error::from_raw_os_error(28);
        let failure = Failure::file("write", Path::new("out/board.jpg.png"), &error);
        assert_eq!(
            failure.to_string(),
            "cannot write out/board.jpg.png: the disk is full"
        );
        assert!(failure.hint.is_some());
    }

    #[test]
    fn a_failure_keeps_its_exit_code_under_context() {
        let result: anyhow::Result<()> = Err(Failure::target("cannot reach X").into());
        let told = tell(&result.context("while submitting").unwrap_err());
        assert_eq!(
            (told.sentence.as_str(), told.exit),
            ("cannot reach X", Exit::Target)
        );
    }

    #[test]
    fn targets_that_cannot_be_reached_end_with_three() {
        let error = JobsError::Unreachable {
            target: "http://127.0.0.1:1".to_owned(),
            reason: "connection refused".to_owned(),
        };
        assert_eq!(tell(&error.into()).exit, Exit::Target);
    }
}
