//! What is handed in for a task: the function's outcome within the limits of Step Functions, with
//! the names and words that it shows for a Lambda task. One `Retry` and `Catch` fits both.

use bytes::Bytes;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::function::FunctionError;
use crate::runtime_api::answer::document;
use crate::source::Answers;

/// Largest result of a task, in bytes of UTF-8.
pub const OUTPUT_LIMIT: usize = 262_144;
/// Longest cause of a failure, in bytes of UTF-8.
pub const CAUSE_LIMIT: usize = 32_768;
/// Longest name of an error, in bytes of UTF-8.
pub const ERROR_LIMIT: usize = 256;

/// The name of the failure that is handed in when a worker had to stop before the work was done:
/// at the end of its drain, or for a task that came while it stopped. The work itself is not to
/// blame; have `Retry` catch it.
pub const STOPPED: &str = "Loveless.WorkerStopped";

/// The answer to a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The result, JSON of at most [`OUTPUT_LIMIT`] bytes.
    Success(Bytes),
    /// A failure within [`ERROR_LIMIT`] and [`CAUSE_LIMIT`].
    Failure { error: String, cause: String },
}

impl Verdict {
    /// The verdict on what the function did, for a source that takes answers of this kind.
    pub fn on(result: Result<Bytes, FunctionError>, takes: Answers) -> Verdict {
        match result {
            Ok(output) if takes == Answers::Any => Verdict::Success(output),
            Ok(output) if output.len() > OUTPUT_LIMIT => Verdict::failure(
                "States.DataLimitExceeded",
                &format!(
                    "The task returned a result with a size exceeding the maximum number of bytes \
                     service limit: {} bytes, the limit is {OUTPUT_LIMIT}.",
                    output.len()
                ),
            ),
            Ok(output) => match not_json(&output) {
                None => Verdict::Success(output),
                Some(reason) => Verdict::failure(
                    "Runtime.InvalidOutput",
                    &format!("The function's result is not JSON: {reason}"),
                ),
            },
            Err(FunctionError { error_type, body }) => Verdict::Failure {
                error: cut(&error_type, ERROR_LIMIT),
                cause: cause(&body),
            },
        }
    }

    /// The worker stopped before the work was done.
    pub fn stopped() -> Verdict {
        let cause = document(STOPPED, "the worker stopped before the work was done");
        Verdict::failure(STOPPED, &String::from_utf8_lossy(&cause))
    }

    fn failure(error: &str, cause: &str) -> Verdict {
        Verdict::Failure {
            error: cut(error, ERROR_LIMIT),
            cause: cut(cause, CAUSE_LIMIT),
        }
    }

    /// What to hand in instead when the source refused this as such; nothing when a failure was
    /// refused, because there is nothing less to say.
    pub fn refused(&self, code: &str, message: &str) -> Option<Verdict> {
        match self {
            Verdict::Success(_) => Some(Verdict::failure(
                "Runtime.InvalidOutput",
                &format!("The task's result was refused: {code}: {message}"),
            )),
            Verdict::Failure { .. } => None,
        }
    }
}

/// Why the bytes are not one JSON text; nothing when they are.
fn not_json(bytes: &[u8]) -> Option<String> {
    match std::str::from_utf8(bytes) {
        Ok(text) => serde_json::from_str::<IgnoredAny>(text)
            .err()
            .map(|error| error.to_string()),
        Err(error) => Some(error.to_string()),
    }
}

/// The error document as text, within the limit: without its stack trace when it is too long,
/// because then it is still JSON; only then cut anywhere.
fn cause(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    if text.len() > CAUSE_LIMIT
        && let Ok(Value::Object(mut fields)) = serde_json::from_slice(body)
    {
        fields.retain(|key, _| !matches!(key.as_str(), "stackTrace" | "trace"));
        return cut(&Value::Object(fields).to_string(), CAUSE_LIMIT);
    }
    cut(&text, CAUSE_LIMIT)
}

/// The longest start of the text that fits and ends between two characters.
fn cut(text: &str, limit: usize) -> String {
    text[..text.floor_char_boundary(limit)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn step_functions(result: Result<Bytes, FunctionError>) -> Verdict {
        Verdict::on(result, Answers::StepFunctions)
    }

    fn failed(error_type: &str, body: String) -> (String, String) {
        let error = FunctionError {
            error_type: error_type.into(),
            body: body.into(),
        };
        match step_functions(Err(error)) {
            Verdict::Failure { error, cause } => (error, cause),
            Verdict::Success(_) => panic!("a failure became a success"),
        }
    }

    fn name(verdict: Verdict) -> String {
        match verdict {
            Verdict::Failure { error, .. } => error,
            Verdict::Success(_) => "success".into(),
        }
    }

    #[test]
    fn the_largest_result_passes_and_one_byte_more_does_not() {
        let json = |length: usize| Bytes::from(format!("\"{}\"", "x".repeat(length - 2)));
        assert_eq!(name(step_functions(Ok(json(OUTPUT_LIMIT)))), "success");
        assert_eq!(
            name(step_functions(Ok(json(OUTPUT_LIMIT + 1)))),
            "States.DataLimitExceeded"
        );
    }

    #[test]
    fn a_result_that_is_not_json_is_a_failure() {
        for bad in ["", "hello", "{\"a\":", "{} {}", "\"\u{1}\""] {
            assert_eq!(
                name(step_functions(Ok(bad.into()))),
                "Runtime.InvalidOutput",
                "{bad:?}"
            );
        }
        let not_text = Bytes::from_static(b"\"\xff\"");
        assert_eq!(name(step_functions(Ok(not_text))), "Runtime.InvalidOutput");
        for good in ["null", " 1 ", "[]", "\"é\""] {
            assert_eq!(name(step_functions(Ok(good.into()))), "success", "{good:?}");
        }
    }

    #[test]
    fn a_failure_keeps_its_document() {
        let body =
            json!({"errorType": "Mine", "errorMessage": "m", "stackTrace": ["a"]}).to_string();
        assert_eq!(failed("Mine", body.clone()), ("Mine".into(), body));
    }

    #[test]
    fn a_long_cause_loses_its_stack_trace_first() {
        let frames = vec!["x".repeat(100); 1000];
        let body = json!({"errorType": "T", "errorMessage": "m", "stackTrace": frames}).to_string();
        let (_, cause) = failed("T", body);
        assert_eq!(cause, r#"{"errorType":"T","errorMessage":"m"}"#);
    }

    #[test]
    fn what_is_still_too_long_is_cut_between_characters() {
        // Two bytes a character, and an odd number before them.
        let body = json!({"errorMessage": "é".repeat(40_000)}).to_string();
        let (error, cause) = failed(&"é".repeat(200), body);
        assert_eq!(error.len(), ERROR_LIMIT);
        assert!(cause.len() == CAUSE_LIMIT || cause.len() == CAUSE_LIMIT - 1);
        assert!(cause.ends_with('é'));
    }

    #[test]
    fn a_refused_result_becomes_a_failure_and_a_refused_failure_nothing() {
        let success = step_functions(Ok("1".into()));
        let instead = success.refused("InvalidOutput", "too large").unwrap();
        assert_eq!(name(instead.clone()), "Runtime.InvalidOutput");
        assert_eq!(instead.refused("InvalidOutput", "still"), None);
    }

    #[test]
    fn a_queue_takes_results_of_any_size_and_shape() {
        for output in [Bytes::from("no JSON"), vec![b'1'; OUTPUT_LIMIT + 1].into()] {
            assert_eq!(
                Verdict::on(Ok(output.clone()), Answers::Any),
                Verdict::Success(output)
            );
        }
    }
}
