//! Failures inside an execution: the names of the language, and which of them can be caught.

use serde_json::{Value, json};

/// Matches every error but the terminal ones.
pub(crate) const ALL: &str = "States.ALL";
/// Matches every error but time-outs and the terminal ones.
pub(crate) const TASK_FAILED: &str = "States.TaskFailed";
pub(crate) const TIMEOUT: &str = "States.Timeout";
pub(crate) const HEARTBEAT_TIMEOUT: &str = "States.HeartbeatTimeout";
pub(crate) const RUNTIME: &str = "States.Runtime";
pub(crate) const DATA_LIMIT_EXCEEDED: &str = "States.DataLimitExceeded";
pub(crate) const RESULT_PATH_MATCH_FAILURE: &str = "States.ResultPathMatchFailure";
pub(crate) const INTRINSIC_FAILURE: &str = "States.IntrinsicFailure";
pub(crate) const NO_CHOICE_MATCHED: &str = "States.NoChoiceMatched";
pub(crate) const QUERY_EVALUATION_ERROR: &str = "States.QueryEvaluationError";

/// What went wrong while fields of a state were evaluated, before anybody knows which state it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) error: &'static str,
    pub(crate) message: String,
    /// The field whose expression could not be evaluated, in `JSONata`: the history tells of it with
    /// an event of its own.
    pub(crate) field: Option<String>,
}

impl Problem {
    pub(crate) fn new(error: &'static str, message: impl Into<String>) -> Problem {
        Problem {
            error,
            message: message.into(),
            field: None,
        }
    }

    /// An expression in `JSONata`, and what is wrong with it or with its value.
    pub(crate) fn query(expression: &str, field: &str, what: &str) -> Problem {
        let message = format!(
            "The JSONata expression '{expression}' specified for the field '{field}' {what}"
        );
        Problem {
            field: Some(field.to_owned()),
            ..Problem::new(QUERY_EVALUATION_ERROR, message)
        }
    }

    pub(crate) fn runtime(message: impl Into<String>) -> Problem {
        Problem::new(RUNTIME, message)
    }

    pub(crate) fn intrinsic(message: impl Into<String>) -> Problem {
        Problem::new(INTRINSIC_FAILURE, message)
    }

    /// A path in a payload template, `ErrorPath` or `CausePath` that leads nowhere.
    ///
    /// The specification calls this `States.ParameterPathFailure`; executions recorded on the
    /// service show `States.Runtime` with this text, and what it shows cannot be caught.
    pub(crate) fn not_found(path: &str, field: &str, input: &Value) -> Problem {
        Problem::runtime(format!(
            "The JSONPath '{path}' specified for the field '{field}' could not be found in the \
             input '{input}'"
        ))
    }
}

/// An error that a state ends with, unless a retrier or catcher takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) error: Option<String>,
    pub(crate) cause: Option<String>,
    /// A missed heartbeat: it is shown as `States.Timeout` and answers to both names.
    heartbeat: bool,
    /// Raised by the task's answer, not by the interpreter.
    from_task: bool,
    /// Nothing can go on after it: it ends the execution at once, whatever is around it.
    pub(crate) last: bool,
}

impl Failure {
    /// What a task, or a Fail state, ended with.
    pub(crate) fn reported(error: Option<String>, cause: Option<String>) -> Failure {
        Failure {
            error,
            cause,
            heartbeat: false,
            from_task: true,
            last: false,
        }
    }

    /// The task's time is up.
    pub(crate) fn timeout() -> Failure {
        Failure::reported(Some(TIMEOUT.to_owned()), None)
    }

    /// The task gave no sign of life in time.
    pub(crate) fn heartbeat() -> Failure {
        Failure {
            heartbeat: true,
            ..Failure::timeout()
        }
    }

    /// A result above the limit; `resource` as the service names it there.
    pub(crate) fn result_too_large(resource: &str) -> Failure {
        let cause = format!(
            "The state/task '{resource}' returned a result with a size exceeding the maximum \
             number of bytes service limit."
        );
        Failure::reported(Some(DATA_LIMIT_EXCEEDED.to_owned()), Some(cause))
    }

    /// Raised by the interpreter.
    pub(crate) fn internal(error: &str, cause: String) -> Failure {
        let (error, cause) = (Some(error.to_owned()), Some(cause));
        Failure {
            error,
            cause,
            heartbeat: false,
            from_task: false,
            last: false,
        }
    }

    /// Raised by the interpreter, and the end of the execution whatever is around it.
    pub(crate) fn last(cause: String) -> Failure {
        Failure {
            last: true,
            ..Failure::internal(RUNTIME, cause)
        }
    }

    /// A problem, told with the state in which it occurred.
    pub(crate) fn in_state(problem: &Problem, state: &str, entered_event: u64) -> Failure {
        let cause = format!(
            "An error occurred while executing the state '{state}' (entered at the event id \
             #{entered_event}). {}",
            problem.message
        );
        Failure::internal(problem.error, cause)
    }

    /// Whether an `ErrorEquals` list takes this failure.
    pub(crate) fn matches(&self, names: &[String]) -> bool {
        let error = self.error.as_deref();
        // Recorded: nothing takes States.Runtime. States.DataLimitExceeded is terminal by the
        // documentation, but a task's too large *result* is taken by wildcards all the same.
        if error == Some(RUNTIME) {
            return false;
        }
        let terminal = error == Some(DATA_LIMIT_EXCEEDED) && !self.from_task;
        names.iter().any(|name| match name.as_str() {
            ALL => !terminal,
            TASK_FAILED => !terminal && error != Some(TIMEOUT),
            HEARTBEAT_TIMEOUT => self.heartbeat || error == Some(HEARTBEAT_TIMEOUT),
            name => error == Some(name),
        })
    }

    /// What a catcher hands on: always both keys, null where nothing was said.
    pub(crate) fn output(&self) -> Value {
        json!({ "Error": self.error, "Cause": self.cause })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_wildcards_take_what_the_language_says() {
        let custom = Failure::reported(Some("Custom".to_owned()), None);
        let nameless = Failure::reported(None, None);
        let runtime = Failure::internal(RUNTIME, String::new());
        let large_result = Failure::result_too_large("lambda");
        let large_input = Failure::internal(DATA_LIMIT_EXCEEDED, String::new());
        let table = [
            (&custom, true, true),
            (&nameless, true, true),
            (&Failure::timeout(), true, false),
            (&Failure::heartbeat(), true, false),
            (&runtime, false, false),
            (&large_result, true, true),
            (&large_input, false, false),
        ];
        for (failure, all, task_failed) in table {
            assert_eq!(
                failure.matches(&names(&[ALL])),
                all,
                "States.ALL and {failure:?}"
            );
            assert_eq!(
                failure.matches(&names(&[TASK_FAILED])),
                task_failed,
                "{failure:?}"
            );
        }
    }

    #[test]
    fn a_missed_heartbeat_answers_to_both_names_and_a_timeout_to_one() {
        assert!(Failure::heartbeat().matches(&names(&[HEARTBEAT_TIMEOUT])));
        assert!(Failure::heartbeat().matches(&names(&[TIMEOUT])));
        assert!(Failure::timeout().matches(&names(&[TIMEOUT])));
        assert!(!Failure::timeout().matches(&names(&[HEARTBEAT_TIMEOUT])));
    }

    #[test]
    fn names_match_exactly() {
        let failure = Failure::reported(Some("ImageCorrupt".to_owned()), None);
        assert!(failure.matches(&names(&["Other", "ImageCorrupt"])));
        assert!(!failure.matches(&names(&["Image", "imagecorrupt", "ImageCorrupt "])));
        assert!(!Failure::internal(RUNTIME, String::new()).matches(&names(&[RUNTIME])));
    }

    #[test]
    fn an_error_output_has_both_keys() {
        let output = Failure::reported(None, None).output();
        assert_eq!(output.to_string(), r#"{"Error":null,"Cause":null}"#);
    }
}
