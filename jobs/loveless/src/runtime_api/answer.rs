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
pub(super) fn response(headers: &HeaderMap, posted: Posted) -> Outcome {
    let Posted { body, trailers } = posted;
    if trailers.contains_key(ERROR_TYPE) || trailers.contains_key(ERROR_BODY) {
        return Err(broken_stream(&trailers));
    }
    match trailers_in_body(headers, &body) {
        Some(trailers) => Err(broken_stream(&trailers)),
        None => Ok(body),
    }
}

fn broken_stream(trailers: &HeaderMap) -> FunctionError {
    let told = trailers
        .get(ERROR_BODY)
        .and_then(|value| BASE64_STANDARD.decode(value.as_bytes()).ok())
        .unwrap_or_default();
    error(trailers, Bytes::from(told))
}

/// `lambda_runtime` (1.5 and before) announces the two trailers and then writes them as the last
/// piece of the *body*, with their names spelled as here.
fn trailers_in_body(headers: &HeaderMap, body: &[u8]) -> Option<HeaderMap> {
    const TYPE: &str = "Lambda-Runtime-Function-Error-Type: ";
    const BODY: &str = "Lambda-Runtime-Function-Error-Body: ";
    let announced = headers.get_all(header::TRAILER).iter().any(|value| {
        let names = value.to_str().unwrap_or_default().split(',');
        names
            .map(str::trim)
            .any(|name| name.eq_ignore_ascii_case(ERROR_TYPE))
    });
    if !announced || !body.ends_with(b"\r\n") {
        return None;
    }
    // Longer errors than this are none that the client writes.
    let tail = &body[body.len().saturating_sub(1 << 16)..];
    let start = tail
        .windows(TYPE.len())
        .rposition(|window| window == TYPE.as_bytes())?;
    let text = std::str::from_utf8(&tail[start..]).ok()?;
    let (error_type, rest) = text.strip_prefix(TYPE)?.split_once("\r\n")?;
    let encoded = rest.strip_prefix(BODY)?.strip_suffix("\r\n")?;
    let mut trailers = HeaderMap::new();
    trailers.insert(ERROR_TYPE, error_type.parse().ok()?);
    trailers.insert(ERROR_BODY, encoded.parse().ok()?);
    Some(trailers)
}

/// The failure that an `/error` or `/init/error` tells of. Its name is the body's `errorType`,
/// else the header, else `Runtime.Unknown`.
pub(super) fn error(headers: &HeaderMap, body: Bytes) -> FunctionError {
    error_by(ERROR_TYPE, headers, body)
}

/// The same for what an extension posts about itself.
pub(super) fn extension_error(headers: &HeaderMap, body: Bytes) -> FunctionError {
    error_by("lambda-extension-function-error-type", headers, body)
}

fn error_by(type_header: &str, headers: &HeaderMap, body: Bytes) -> FunctionError {
    let header = headers
        .get(type_header)
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
        assert_eq!(response(&HeaderMap::new(), posted), Ok(body));
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
        let failure = response(&HeaderMap::new(), posted).unwrap_err();
        assert_eq!(failure.error_type, "Broke");
        assert_eq!(
            failure.body,
            r#"{"errorType":"Broke","errorMessage":"half way"}"#
        );
    }

    #[test]
    fn trailers_at_the_end_of_a_body_count_when_they_were_announced() {
        let announced = headers(&[("trailer", "Lambda-Runtime-Function-Error-Type")]);
        let end = "Lambda-Runtime-Function-Error-Type: Runtime.StreamError\r\n\
                   Lambda-Runtime-Function-Error-Body: aXQgYnJva2U=\r\n";
        let posted = |text: &str| Posted {
            body: Bytes::from(text.to_owned()),
            trailers: HeaderMap::new(),
        };
        let failure = response(&announced, posted(&format!("half{end}"))).unwrap_err();
        assert_eq!(failure.error_type, "Runtime.StreamError");
        let body: Value = serde_json::from_slice(&failure.body).unwrap();
        assert_eq!(body["errorMessage"], "it broke");
        assert!(response(&HeaderMap::new(), posted(&format!("half{end}"))).is_ok());
        for whole in [
            String::new(),
            format!("{end}more"),
            end.replace("Body", "Bodies"),
        ] {
            assert!(response(&announced, posted(&whole)).is_ok(), "{whole}");
        }
    }
}
