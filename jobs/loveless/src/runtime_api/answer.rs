//! What a function posts: results, and errors in the several shapes that real clients send.

use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use serde_json::{Map, Value, json};

use super::RESPONSE_LIMIT;
use super::exchange::Outcome;
use crate::function::FunctionError;

const ERROR_TYPE: &str = "lambda-runtime-function-error-type";
const ERROR_BODY: &str = "lambda-runtime-function-error-body";
const CAUSE_JSON: &str = "application/vnd.aws.lambda.error.cause+json";

/// A body that could not be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// More than [`RESPONSE_LIMIT`] bytes.
    TooLarge,
    /// The connection broke before the end.
    Truncated,
}

/// A whole body with its trailers.
#[derive(Debug)]
pub(super) struct Posted {
    pub body: Bytes,
    pub trailers: HeaderMap,
}

/// Reads a body, chunked or not. Past the limit it goes on reading for a while without keeping
/// anything, because a client that is still sending does not listen for a 413.
pub(super) async fn read(mut body: Incoming) -> Result<Posted, Unreadable> {
    let expected = body.size_hint().lower().min(RESPONSE_LIMIT as u64) as usize;
    let mut whole = BytesMut::with_capacity(expected);
    let mut trailers = HeaderMap::new();
    let mut length = 0usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Unreadable::Truncated)?;
        match frame.into_data() {
            Ok(data) => {
                length += data.len();
                if length <= RESPONSE_LIMIT {
                    whole.extend_from_slice(&data);
                } else if length > 16 * RESPONSE_LIMIT {
                    break;
                } else {
                    whole = BytesMut::new();
                }
            }
            Err(frame) => {
                if let Ok(more) = frame.into_trailers() {
                    trailers.extend(more);
                }
            }
        }
    }
    if length > RESPONSE_LIMIT {
        return Err(Unreadable::TooLarge);
    }
    Ok(Posted {
        body: whole.freeze(),
        trailers,
    })
}

/// The outcome of a `/response`: the bytes as they are, unless a stream says in its trailers that
/// it broke. Whether the body *looks* like an error plays no part.
pub(super) fn response(posted: Posted) -> Outcome {
    let Posted { body, trailers } = posted;
    if !trailers.contains_key(ERROR_TYPE) && !trailers.contains_key(ERROR_BODY) {
        return Ok(body);
    }
    let told = trailers
        .get(ERROR_BODY)
        .and_then(|value| BASE64_STANDARD.decode(value.as_bytes()).ok())
        .unwrap_or_default();
    Err(error(&trailers, Bytes::from(told)))
}

/// The failure that an `/error` or `/init/error` tells of. Its name is the body's `errorType`,
/// else the header, else `Runtime.Unknown`.
pub(super) fn error(headers: &HeaderMap, body: Bytes) -> FunctionError {
    let header = headers
        .get(ERROR_TYPE)
        .and_then(|value| value.to_str().ok())
        .filter(|name| !name.is_empty());
    let Ok(Value::Object(mut fields)) = serde_json::from_slice::<Value>(&body) else {
        // Not JSON, or not an object: callers are promised an error document, so make one.
        let error_type = header.unwrap_or("Runtime.Unknown");
        let message = String::from_utf8_lossy(&body);
        return FunctionError {
            error_type: error_type.to_owned(),
            body: document(error_type, &message),
        };
    };
    let named = fields
        .get("errorType")
        .and_then(Value::as_str)
        .filter(|name| !name.is_empty());
    let error_type = named.or(header).unwrap_or("Runtime.Unknown").to_owned();
    let is_cause = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(CAUSE_JSON.as_bytes()));
    let body = if is_cause {
        fields.retain(|key, _| matches!(key.as_str(), "errorMessage" | "errorType" | "stackTrace"));
        to_bytes(fields)
    } else {
        body
    };
    FunctionError { error_type, body }
}

/// `Function.ResponseSizeTooLarge`, as the caller sees it.
pub(super) fn too_large() -> FunctionError {
    let name = "Function.ResponseSizeTooLarge";
    let message = format!(
        "Response payload size exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes)."
    );
    FunctionError {
        error_type: name.to_owned(),
        body: document(name, &message),
    }
}

/// An error document with these two fields.
pub(crate) fn document(error_type: &str, message: &str) -> Bytes {
    Bytes::from(json!({"errorType": error_type, "errorMessage": message}).to_string())
}

fn to_bytes(fields: Map<String, Value>) -> Bytes {
    Bytes::from(Value::Object(fields).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    http::HeaderName::from_static(name),
                    http::HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn the_name_is_the_bodys_then_the_headers_then_unknown() {
        let header = headers(&[(ERROR_TYPE, "Runtime.Header")]);
        let named = Bytes::from_static(br#"{"errorType":"Mine","errorMessage":"m"}"#);
        let nameless = Bytes::from_static(br#"{"errorMessage":"m"}"#);
        assert_eq!(error(&header, named.clone()).error_type, "Mine");
        assert_eq!(
            error(&header, named.clone()).body,
            named,
            "the body stays as it was"
        );
        assert_eq!(
            error(&header, nameless.clone()).error_type,
            "Runtime.Header"
        );
        assert_eq!(
            error(&HeaderMap::new(), nameless).error_type,
            "Runtime.Unknown"
        );
    }

    #[test]
    fn an_error_that_is_not_json_becomes_a_document() {
        let failure = error(&HeaderMap::new(), Bytes::from_static(b"it \"broke\""));
        let body: Value = serde_json::from_slice(&failure.body).unwrap();
        assert_eq!(
            body,
            json!({"errorType": "Runtime.Unknown", "errorMessage": "it \"broke\""})
        );
    }

    #[test]
    fn of_a_cause_document_only_the_error_is_kept() {
        let cause = headers(&[("content-type", CAUSE_JSON)]);
        let body = Bytes::from_static(
            br#"{"errorType":"A","errorMessage":"m","stackTrace":["s"],"errorCause":{"big":1}}"#,
        );
        let kept: Value = serde_json::from_slice(&error(&cause, body).body).unwrap();
        assert_eq!(
            kept,
            json!({"errorType": "A", "errorMessage": "m", "stackTrace": ["s"]})
        );
    }

    #[test]
    fn a_result_that_looks_like_an_error_is_a_result() {
        let body = Bytes::from_static(br#"{"errorType":"NotReally"}"#);
        let posted = Posted {
            body: body.clone(),
            trailers: HeaderMap::new(),
        };
        assert_eq!(response(posted), Ok(body));
    }

    #[test]
    fn a_stream_that_broke_says_so_in_its_trailers() {
        // base64 of {"errorType":"Broke","errorMessage":"half way"}
        let trailers = headers(&[(
            ERROR_BODY,
            "eyJlcnJvclR5cGUiOiJCcm9rZSIsImVycm9yTWVzc2FnZSI6ImhhbGYgd2F5In0=",
        )]);
        let posted = Posted {
            body: Bytes::from_static(b"half"),
            trailers,
        };
        let failure = response(posted).unwrap_err();
        assert_eq!(failure.error_type, "Broke");
        assert_eq!(
            failure.body,
            r#"{"errorType":"Broke","errorMessage":"half way"}"#
        );
    }
}
