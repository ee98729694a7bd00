//! What the AWS JSON services have in common: reading a request.

use http::request::Parts;
use http::{Request, StatusCode};
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::body::{self, BodyError};
use super::{Answer, Front, json};

/// Reads a signed request of a service; what is wrong with it otherwise, as an answer.
pub(super) async fn read(
    front: &Front,
    service: &str,
    limit: usize,
    request: Request<Incoming>,
) -> Result<(Parts, Value), Answer> {
    let (head, body) = request.into_parts();
    let body = match body::read(body, limit).await {
        Ok(body) => body,
        Err(BodyError::TooLarge) => {
            return Err(json::error(
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestEntityTooLargeException",
                "Request size exceeded the limit",
            ));
        }
        Err(BodyError::Broken) => return Err(json::plain(StatusCode::BAD_REQUEST)),
    };
    if let Err(refused) = front.authenticate(&head, &body, service) {
        let (code, words) = (refused.code(), refused.to_string());
        return Err(json::error(StatusCode::BAD_REQUEST, code, &words));
    }
    match serde_json::from_slice::<Value>(&body) {
        Ok(input @ Value::Object(_)) => Ok((head, input)),
        Ok(_) => Err(serialization(
            "Start of structure or map found where not expected.",
        )),
        Err(_) if body.is_empty() => Ok((head, json!({}))),
        Err(error) => Err(serialization(&error.to_string())),
    }
}

fn serialization(message: &str) -> Answer {
    json::error(StatusCode::BAD_REQUEST, "SerializationException", message)
}
