//! Answers in AWS JSON 1.0 and their errors.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use super::{Answer, Body};

/// The content type of the Step Functions API.
pub(crate) const JSON_1_0: &str = "application/x-amz-json-1.0";
/// The content type of Lambda and of the control paths.
pub(crate) const JSON: &str = "application/json";

/// An answer with a body and a fresh request id.
pub(crate) fn answer(status: StatusCode, content_type: &'static str, body: Bytes) -> Answer {
    let mut answer = Response::new(Body::from(body));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    set(
        headers,
        "x-amzn-requestid",
        &uuid::Uuid::new_v4().to_string(),
    );
    answer
}

/// An answer that is only a status.
pub(crate) fn plain(status: StatusCode) -> Answer {
    answer(status, JSON, Bytes::new())
}

/// An error of a JSON 1.0 service.
pub(crate) fn error(status: StatusCode, code: &str, message: &str) -> Answer {
    let body = json!({"__type": code, "message": message, "Message": message});
    let mut answer = answer(status, JSON_1_0, text(&body));
    set(answer.headers_mut(), "x-amzn-errortype", code);
    answer
}

/// A value as JSON text.
pub(crate) fn text(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}

/// Sets a header unless the value has characters that headers cannot have.
pub(crate) fn set(headers: &mut http::HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}
