//! What the function is asked.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::error::FunctionError;

/// Where a picture runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// A Lambda function.
    Lambda,
    /// A worker on ECS, or anywhere else.
    Ecs,
}

impl Place {
    /// `lambda` or `ecs`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lambda => "lambda",
            Self::Ecs => "ecs",
        }
    }
}

/// An event.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Where should this picture be cleaned?
    Plan(PlanRequest),
    /// Clean it.
    Clean(CleanRequest),
    /// An execution ended.
    Record(Ended),
}

/// `{"action":"plan",…}`
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct PlanRequest {
    /// The bucket.
    pub bucket: String,
    /// `inbox/<batch>/<name>`.
    pub key: String,
    /// What the Lambda that would clean it has.
    pub limits: Limits,
}

/// What the cleaning Lambda has. Numbers, or texts of numbers: substitutions into a JSON file can
/// only be texts.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct Limits {
    /// Memory in MB.
    #[serde(deserialize_with = "number")]
    pub memory_mb: f64,
    /// Time-out in seconds.
    #[serde(deserialize_with = "number")]
    pub timeout_s: f64,
}

/// `{"action":"clean",…}`
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct CleanRequest {
    /// The bucket.
    pub bucket: String,
    /// `inbox/<batch>/<name>`.
    pub key: String,
    /// The lane that this runs in; the state machine knows, the function cannot.
    pub place: Place,
}

/// An execution that ended, from EventBridge's "Step Functions Execution Status Change".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// When, RFC 3339.
    pub time: String,
    /// ARN of the execution.
    pub execution: String,
    /// `FAILED`, `TIMED_OUT` or `ABORTED`.
    pub status: String,
    /// Milliseconds since the epoch when the execution started.
    pub started_ms: i64,
    /// The bucket.
    pub bucket: String,
    /// `inbox/<batch>/<name>`.
    pub key: String,
    /// Error name.
    pub error: Option<String>,
    /// Its cause.
    pub cause: Option<String>,
}

impl Request {
    /// Reads an event; unknown fields are ignored.
    pub fn parse(event: &Value) -> Result<Self, FunctionError> {
        let invalid = |error: serde_json::Error| FunctionError::InvalidEvent(error.to_string());
        match event.get("action").and_then(Value::as_str) {
            Some("plan") => PlanRequest::deserialize(event)
                .map(Self::Plan)
                .map_err(invalid),
            Some("clean") => CleanRequest::deserialize(event)
                .map(Self::Clean)
                .map_err(invalid),
            Some(other) => Err(FunctionError::InvalidEvent(format!(
                "`{other}` is no action of this function"
            ))),
            None => ended(event).map(Self::Record),
        }
    }
}

fn ended(event: &Value) -> Result<Ended, FunctionError> {
    let missing = |what: &str| FunctionError::InvalidEvent(format!("it has no {what}"));
    let kind = event
        .get("detail-type")
        .and_then(Value::as_str)
        .ok_or_else(|| missing("action"))?;
    if kind != "Step Functions Execution Status Change" {
        return Err(FunctionError::InvalidEvent(format!(
            "it is of type `{kind}`"
        )));
    }
    let detail = event.get("detail").ok_or_else(|| missing("detail"))?;
    let text = |name: &str| detail.get(name).and_then(Value::as_str).map(str::to_owned);
    // The input is JSON as a text, and left out only beyond 248 KB: ours is an S3 event, small.
    let input = text("input").ok_or_else(|| missing("input"))?;
    let input: Value = serde_json::from_str(&input)
        .map_err(|error| FunctionError::InvalidEvent(format!("its input is not JSON: {error}")))?;
    let of_input = |pointer: &str| {
        input
            .pointer(pointer)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    Ok(Ended {
        time: event
            .get("time")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        execution: text("executionArn").ok_or_else(|| missing("executionArn"))?,
        status: text("status").ok_or_else(|| missing("status"))?,
        started_ms: detail.get("startDate").and_then(Value::as_i64).unwrap_or(0),
        bucket: of_input("/detail/bucket/name").ok_or_else(|| missing("bucket in its input"))?,
        key: of_input("/detail/object/key").ok_or_else(|| missing("key in its input"))?,
        error: text("error"),
        cause: text("cause"),
    })
}

/// Batch and name of an inbox key.
pub fn parse_key(key: &str) -> Result<(&str, &str), FunctionError> {
    key.strip_prefix("inbox/")
        .and_then(|rest| rest.split_once('/'))
        .filter(|(batch, name)| !batch.is_empty() && !name.is_empty())
        .ok_or_else(|| FunctionError::InvalidEvent(format!("`{key}` is not inbox/<batch>/<name>")))
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    use serde::de::Error;
    let number = match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number
        .filter(|number| number.is_finite() && *number > 0.0)
        .ok_or_else(|| D::Error::custom("a limit is no positive number"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn limits_may_be_texts() {
        for (memory, timeout) in [(json!(256), json!(60)), (json!("256"), json!("60"))] {
            let event = json!({"action": "plan", "bucket": "b", "key": "inbox/1/a.jpg",
                "execution": "e", "limits": {"memory_mb": memory, "timeout_s": timeout}});
            let Request::Plan(plan) = Request::parse(&event).unwrap() else {
                unreachable!()
            };
            assert_eq!(
                plan.limits,
                Limits {
                    memory_mb: 256.0,
                    timeout_s: 60.0
                }
            );
        }
    }

    #[test]
    fn events_that_are_none_of_ours_say_so() {
        for (event, words) in [
            (json!({}), "it has no action"),
            (json!({"action": "dance"}), "`dance` is no action"),
            (
                json!({"detail-type": "Object Created"}),
                "it is of type `Object Created`",
            ),
            (
                json!({"action": "clean", "bucket": "b", "key": "k", "place": "moon"}),
                "`moon`",
            ),
            (
                json!({"action": "plan", "bucket": "b", "key": "k",
                    "limits": {"memory_mb": "${LambdaMemoryMb}", "timeout_s": 1}}),
                "a limit is no positive number",
            ),
        ] {
            let error = Request::parse(&event).unwrap_err();
            assert_eq!(error.name(), "InvalidEvent");
            assert!(error.to_string().contains(words), "{error}");
        }
    }

    #[test]
    fn keys_are_batch_and_name() {
        assert_eq!(parse_key("inbox/b/mo/a.jpg").unwrap(), ("b", "mo/a.jpg"));
        for key in ["inbox/b", "inbox//a", "inbox/b/", "cleaned/b/a", ""] {
            assert_eq!(parse_key(key).unwrap_err().name(), "InvalidEvent", "{key}");
        }
    }
}
