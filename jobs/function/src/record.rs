//! Write down why an item failed, where people look for it.

use std::collections::HashMap;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

use crate::error::FunctionError;
use crate::event::{Ended, parse_key};
use crate::objects::Objects;

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recorded {
    /// Whether anything was written.
    pub recorded: bool,
    /// `failed/<batch>/<name>.json`.
    pub key: String,
}

/// `failed/<batch>/<name>.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Failure<'a> {
    execution: &'a str,
    status: &'a str,
    error: Option<&'a str>,
    cause: Option<&'a str>,
    message: String,
    time: &'a str,
}

/// Writes `failed/…` and nothing else, unless the item was cleaned after this execution began:
/// events come late and in any order, and a success wins.
pub async fn record(objects: &impl Objects, ended: &Ended) -> Result<Recorded, FunctionError> {
    let (batch, name) = parse_key(&ended.key)?;
    let key = format!("failed/{batch}/{name}.json");
    let cleaned = objects
        .head(&ended.bucket, &format!("cleaned/{batch}/{name}.png"))
        .await?;
    // S3 keeps whole seconds: a result of the same second counts as newer.
    if cleaned.is_some_and(|result| result.modified_ms / 1000 >= ended.started_ms / 1000) {
        return Ok(Recorded {
            recorded: false,
            key,
        });
    }
    let failure = Failure {
        execution: &ended.execution,
        status: &ended.status,
        error: ended.error.as_deref(),
        cause: ended.cause.as_deref(),
        message: sentence(ended),
        time: &ended.time,
    };
    let text = serde_json::to_vec(&failure)
        .map_err(|error| FunctionError::InvalidEvent(error.to_string()))?;
    let body = Bytes::from(text);
    objects
        .put(
            &ended.bucket,
            &key,
            body,
            "application/json",
            HashMap::new(),
        )
        .await?;
    Ok(Recorded {
        recorded: true,
        key,
    })
}

/// The words for people: a function's error is JSON with an `errorMessage`, others are plain text.
fn sentence(ended: &Ended) -> String {
    let cause = ended.cause.as_deref().unwrap_or_default();
    let json = serde_json::from_str::<Value>(cause).ok();
    let inner = json
        .as_ref()
        .and_then(|json| json.get("errorMessage")?.as_str());
    match (
        inner.unwrap_or(cause),
        ended.error.as_deref(),
        ended.status.as_str(),
    ) {
        ("", _, "TIMED_OUT") => "it took longer than allowed".to_owned(),
        ("", _, "ABORTED") => "it was stopped".to_owned(),
        ("", Some(error), _) => error.to_owned(),
        ("", None, _) => "it failed without a reason given".to_owned(),
        (text, _, _) => text.to_owned(),
    }
}
