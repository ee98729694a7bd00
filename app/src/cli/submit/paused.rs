//! What is told of a submit that did not come to its end.

use std::path::Path;

use whiteboarder_jobs::JobsError;

use super::SubmitArgs;
use crate::error::{Exit, Failure};
use crate::term::text;

/// Ctrl-C, with how to go on; other errors as they are.
pub(super) fn paused(
    error: anyhow::Error,
    args: &SubmitArgs,
    batch: &str,
    (uploaded, total): (usize, usize),
) -> anyhow::Error {
    let resume = match &args.output {
        Some(output) => format!(
            "`whiteboarder submit --resume {batch} -o {}` goes on where it stopped",
            text::path(Path::new(output))
        ),
        None => format!("`whiteboarder submit --resume {batch}` goes on where it stopped"),
    };
    match error.downcast_ref::<JobsError>() {
        Some(JobsError::Cancelled) => {
            let sentence = if uploaded < total {
                format!("{uploaded} of {} uploaded", text::count(total, "picture"))
            } else {
                "all is uploaded and goes on without us".to_owned()
            };
            Failure::interrupted(sentence).hint(resume).into()
        }
        Some(JobsError::Expired { .. }) => Failure::target(error.to_string())
            .hint(format!("log in again; {resume}"))
            .into(),
        Some(service @ JobsError::Service { .. }) if let Some(first) = service.hint() => {
            Failure::target(error.to_string())
                .hint(format!("{first}; {resume}"))
                .into()
        }
        Some(full) if full.is_no_room() => {
            let first = full.hint().unwrap_or_default();
            Failure::usage(error.to_string())
                .exit(Exit::SomeFailed)
                .hint(format!("{first}; {resume}"))
                .into()
        }
        Some(away) if away.is_transient() => Failure::target(error.to_string()).hint(resume).into(),
        _ => error,
    }
}
