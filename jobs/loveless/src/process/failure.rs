//! How a process can fail an invocation, and what the caller is told: Lambda's names and words.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use crate::function::FunctionError;
use crate::runtime_api::answer::document;

/// A failure that is the process's, not an answer of the function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The command could not be started.
    NoEntrypoint { program: String, reason: String },
    /// The process ended without an answer.
    Exit(ExitStatus),
    /// The process took longer than it may.
    TimedOut { limit: Duration },
    /// The process took more memory than it may.
    OutOfMemory,
    /// An extension could not be started, or ended.
    Extension {
        error_type: &'static str,
        message: String,
    },
    /// The function said itself that its start failed.
    Posted(FunctionError),
    /// The supervisor lost the invocation: a defect, but one with a name.
    Lost,
}

impl Failure {
    /// What the caller sees.
    pub fn into_error(self, request_id: &str) -> FunctionError {
        let (error_type, message) = match self {
            Failure::Posted(error) => return error,
            Failure::NoEntrypoint { program, reason } => (
                "Runtime.InvalidEntrypoint",
                format!("RequestId: {request_id} Error: cannot start `{program}`: {reason}"),
            ),
            Failure::Exit(status) => (
                "Runtime.ExitError",
                format!("RequestId: {request_id} Error: {}", exit_words(status)),
            ),
            Failure::TimedOut { limit } => (
                "Sandbox.Timedout",
                format!(
                    "RequestId: {request_id} Error: Task timed out after {:.2} seconds",
                    limit.as_secs_f64()
                ),
            ),
            Failure::OutOfMemory => (
                "Runtime.OutOfMemory",
                format!("RequestId: {request_id} Error: Runtime exited with error: signal: killed"),
            ),
            Failure::Extension {
                error_type,
                message,
            } => (
                error_type,
                format!("RequestId: {request_id} Error: {message}"),
            ),
            Failure::Lost => (
                "Runtime.Unknown",
                format!("RequestId: {request_id} Error: no outcome"),
            ),
        };
        FunctionError {
            error_type: error_type.to_owned(),
            body: document(error_type, &message),
        }
    }
}

/// Whether a failure of this name says that the process is ill, rather than the task too big.
pub(crate) fn is_crash(error_type: &str) -> bool {
    matches!(
        error_type,
        "Runtime.ExitError"
            | "Runtime.InvalidEntrypoint"
            | "Extension.Crash"
            | "Extension.LaunchError"
    )
}

fn exit_words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(0), _) => "Runtime exited without providing a reason".to_owned(),
        (Some(code), _) => format!("Runtime exited with error: exit status {code}"),
        (None, Some(signal)) => format!("Runtime exited with error: signal: {}", name(signal)),
        (None, None) => "Runtime exited with error: unknown".to_owned(),
    }
}

/// Signals by the words that Lambda (a Go program) has for them.
fn name(signal: i32) -> String {
    use rustix::process::Signal;
    let names = [
        (Signal::HUP, "hangup"),
        (Signal::INT, "interrupt"),
        (Signal::QUIT, "quit"),
        (Signal::ILL, "illegal instruction"),
        (Signal::TRAP, "trace/breakpoint trap"),
        (Signal::ABORT, "aborted"),
        (Signal::BUS, "bus error"),
        (Signal::FPE, "floating point exception"),
        (Signal::KILL, "killed"),
        (Signal::USR1, "user defined signal 1"),
        (Signal::SEGV, "segmentation fault"),
        (Signal::USR2, "user defined signal 2"),
        (Signal::PIPE, "broken pipe"),
        (Signal::ALARM, "alarm clock"),
        (Signal::TERM, "terminated"),
    ];
    names
        .iter()
        .find(|(known, _)| known.as_raw() == signal)
        .map_or_else(
            || format!("signal {signal}"),
            |(_, name)| (*name).to_owned(),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_have_lambdas_names_and_words() {
        let exit = |code: i32| Failure::Exit(ExitStatus::from_raw(code << 8));
        let signal = |signal: i32| Failure::Exit(ExitStatus::from_raw(signal));
        let three = Duration::from_secs(3);
        for (failure, error_type, message) in [
            (
                exit(3),
                "Runtime.ExitError",
                "Runtime exited with error: exit status 3",
            ),
            (
                exit(0),
                "Runtime.ExitError",
                "Runtime exited without providing a reason",
            ),
            (
                signal(9),
                "Runtime.ExitError",
                "Runtime exited with error: signal: killed",
            ),
            (
                signal(6),
                "Runtime.ExitError",
                "Runtime exited with error: signal: aborted",
            ),
            (
                Failure::TimedOut { limit: three },
                "Sandbox.Timedout",
                "Task timed out after 3.00 seconds",
            ),
            (
                Failure::OutOfMemory,
                "Runtime.OutOfMemory",
                "Runtime exited with error: signal: killed",
            ),
        ] {
            let error = failure.into_error("the-id");
            let body: serde_json::Value = serde_json::from_slice(&error.body).unwrap();
            assert_eq!(error.error_type, error_type);
            assert_eq!(body["errorType"], error_type);
            assert_eq!(
                body["errorMessage"],
                format!("RequestId: the-id Error: {message}")
            );
        }
    }
}
