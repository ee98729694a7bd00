//! Paths, methods, headers and status codes of the Runtime and Extensions APIs.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::answer::{self, Unreadable};
use super::exchange::{Event, Exchange, Misstep};
use crate::function::FunctionError;

type Answer = Response<Full<Bytes>>;

const EXTENSION_IDENTIFIER: &str = "lambda-extension-identifier";

/// How long an exit has to show itself after a connection broke in the middle of an answer. The
/// exit is the better reason; without one the broken answer is.
const EXIT_GRACE: Duration = Duration::from_millis(250);

/// Answers one request of a function or extension.
pub(super) async fn answer(exchange: Arc<Exchange>, request: Request<Incoming>) -> Answer {
    let method = request.method().clone();
    let path = request.uri().path().trim_matches('/').to_owned();
    let segments: Vec<&str> = path.split('/').collect();
    match (&method, segments.as_slice()) {
        (&Method::GET, ["2018-06-01", "runtime", "invocation", "next"]) => {
            match exchange.next().await {
                Ok(event) => next(event),
                Err(misstep) => refuse(misstep),
            }
        }
        (
            &Method::POST,
            [
                "2018-06-01",
                "runtime",
                "invocation",
                id,
                end @ ("response" | "error"),
            ],
        ) => {
            let (id, is_error) = ((*id).to_owned(), *end == "error");
            // In a task of its own: when the connection breaks in mid-body, the server drops this
            // handler, but the broken answer must still be accounted for.
            let posted = tokio::spawn(outcome(exchange, id, is_error, request));
            posted
                .await
                .unwrap_or_else(|_| problem(500, "InternalError", "the host failed"))
        }
        (&Method::POST, ["2018-06-01", "runtime", "init", "error"]) => {
            init_error(&exchange, request).await
        }
        (&Method::GET, ["ping"] | ["2018-06-01", "ping"]) => text(StatusCode::OK, "pong"),
        (&Method::POST, ["2020-01-01", "extension", "register"]) => {
            register(&exchange, request).await
        }
        (&Method::GET, ["2020-01-01", "extension", "event", "next"]) => {
            extension_next(&exchange, request.headers()).await
        }
        (&Method::POST, ["2020-01-01", "extension", end @ ("init" | "exit"), "error"]) => {
            extension_error(&exchange, *end == "init", request).await
        }
        // What the emulator says, so that code which wants telemetry does without instead of dying.
        (&Method::PUT, ["2020-08-15", "logs"]) => not_supported("Logs API is not supported"),
        (&Method::PUT, ["2022-07-01", "telemetry"]) => {
            not_supported("Telemetry API is not supported")
        }
        _ => problem(404, "NotFound", &format!("no such call: {method} /{path}")),
    }
}

fn next(event: Event) -> Answer {
    let deadline = event.deadline_ms.to_string();
    let named = [
        (
            "lambda-runtime-aws-request-id",
            Some(event.request_id.as_str()),
        ),
        ("lambda-runtime-deadline-ms", Some(deadline.as_str())),
        (
            "lambda-runtime-invoked-function-arn",
            Some(event.arn.as_str()),
        ),
        ("lambda-runtime-trace-id", event.trace_id.as_deref()),
        (
            "lambda-runtime-client-context",
            event.client_context.as_deref(),
        ),
        ("content-type", Some("application/json")),
    ];
    let mut answer = Response::new(Full::new(event.payload));
    for (name, value) in named {
        let Some(value) = value.filter(|value| !value.is_empty()) else {
            continue;
        };
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            answer
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        } else {
            tracing::warn!(header = name, "left out: its value does not fit a header");
        }
    }
    answer
}

async fn outcome(
    exchange: Arc<Exchange>,
    id: String,
    is_error: bool,
    request: Request<Incoming>,
) -> Answer {
    if let Err(misstep) = exchange.awaits_answer(&id) {
        return refuse(misstep);
    }
    let (head, body) = request.into_parts();
    if let Some(mode) = head.headers.get("lambda-runtime-function-response-mode")
        && !is_error
        && mode != "streaming"
    {
        return problem(
            400,
            "InvalidFunctionResponseMode",
            "the response mode is not `streaming`",
        );
    }
    let settled = match answer::read(body).await {
        Ok(posted) if is_error => {
            exchange.settle(&id, Err(answer::error(&head.headers, posted.body)))
        }
        Ok(posted) => exchange.settle(&id, answer::response(&head.headers, posted)),
        Err(Unreadable::TooLarge) => {
            exchange.settle(&id, Err(answer::too_large()));
            let message = format!(
                "Exceeded maximum allowed payload size ({} bytes).",
                super::RESPONSE_LIMIT
            );
            return problem(413, "RequestEntityTooLarge", &message);
        }
        Err(Unreadable::Truncated) => {
            tokio::time::sleep(EXIT_GRACE).await;
            let name = "Runtime.TruncatedResponse";
            let body = answer::document(name, "the function's answer broke off");
            exchange.settle(
                &id,
                Err(FunctionError {
                    error_type: name.to_owned(),
                    body,
                }),
            );
            return problem(400, "TruncatedRequest", "the body broke off");
        }
    };
    if settled {
        accepted()
    } else {
        refuse(Misstep::InvalidRequestId)
    }
}

async fn init_error(exchange: &Exchange, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let Ok(posted) = answer::read(body).await else {
        return problem(400, "InvalidRequest", "the body is too large or broke off");
    };
    match exchange.fail_init(answer::error(&head.headers, posted.body)) {
        Ok(()) => accepted(),
        Err(misstep) => refuse(misstep),
    }
}

async fn register(exchange: &Exchange, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let Some(name) = header("lambda-extension-name").filter(|name| !name.is_empty()) else {
        return problem(
            400,
            "Extension.InvalidExtensionName",
            "Lambda-Extension-Name is missing",
        );
    };
    let body = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .unwrap_or_default();
    let wanted: Value = serde_json::from_slice(&body).unwrap_or_default();
    let events: Vec<String> = wanted["events"]
        .as_array()
        .map(|events| {
            events
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect()
        })
        .unwrap_or_default();
    let identifier = exchange.register_extension(name, &events);
    let mut told = json!({
        "functionName": exchange.identity.name,
        "functionVersion": "$LATEST",
        "handler": exchange.identity.handler,
    });
    if header("lambda-extension-accept-feature").is_some_and(|asked| asked.contains("accountId")) {
        told["accountId"] = json!(exchange.identity.account);
    }
    let mut answer = json_answer(StatusCode::OK, &told);
    if let Ok(value) = HeaderValue::from_str(&identifier) {
        answer.headers_mut().insert(EXTENSION_IDENTIFIER, value);
    }
    answer
}

async fn extension_next(exchange: &Exchange, headers: &HeaderMap) -> Answer {
    let identifier = match known_extension(exchange, headers) {
        Ok(identifier) => identifier,
        Err(stranger) => return turn_away(stranger),
    };
    match exchange.next_extension_event(identifier).await {
        Some(event) => {
            let mut answer = json_answer(StatusCode::OK, &event);
            let id = uuid::Uuid::new_v4().to_string();
            if let Ok(value) = HeaderValue::from_str(&id) {
                answer
                    .headers_mut()
                    .insert("lambda-extension-event-identifier", value);
            }
            answer
        }
        None => turn_away(Stranger::Unknown),
    }
}

async fn extension_error(exchange: &Exchange, is_init: bool, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    if let Err(stranger) = known_extension(exchange, &head.headers) {
        return turn_away(stranger);
    }
    let Ok(posted) = answer::read(body).await else {
        return problem(400, "InvalidRequest", "the body is too large or broke off");
    };
    let error = answer::extension_error(&head.headers, posted.body);
    tracing::warn!(%error, "an extension failed");
    if is_init {
        exchange.fail_extension(error);
    }
    accepted()
}

/// A caller that is not a registered extension.
#[derive(Debug, Clone, Copy)]
enum Stranger {
    Nameless,
    Unknown,
}

fn known_extension<'h>(exchange: &Exchange, headers: &'h HeaderMap) -> Result<&'h str, Stranger> {
    let identifier = headers
        .get(EXTENSION_IDENTIFIER)
        .and_then(|value| value.to_str().ok())
        .ok_or(Stranger::Nameless)?;
    if exchange.knows_extension(identifier) {
        Ok(identifier)
    } else {
        Err(Stranger::Unknown)
    }
}

fn turn_away(stranger: Stranger) -> Answer {
    match stranger {
        Stranger::Nameless => problem(
            403,
            "Extension.MissingExtensionIdentifier",
            "Lambda-Extension-Identifier is missing",
        ),
        Stranger::Unknown => problem(
            403,
            "Extension.UnknownExtensionIdentifier",
            "no extension has this identifier",
        ),
    }
}

fn refuse(misstep: Misstep) -> Answer {
    match misstep {
        Misstep::InvalidRequestId => problem(400, "InvalidRequestID", "Invalid request ID"),
        Misstep::InvalidStateTransition => problem(
            403,
            "InvalidStateTransition",
            "this call does not fit the function's state",
        ),
    }
}

fn accepted() -> Answer {
    json_answer(StatusCode::ACCEPTED, &json!({"status": "OK"}))
}

fn not_supported(message: &str) -> Answer {
    let told = json!({"errorType": "NotSupported", "errorMessage": message});
    json_answer(StatusCode::ACCEPTED, &told)
}

fn problem(status: u16, error_type: &str, message: &str) -> Answer {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    json_answer(
        status,
        &json!({"errorMessage": message, "errorType": error_type}),
    )
}

fn json_answer(status: StatusCode, value: &Value) -> Answer {
    let mut answer = text(status, &value.to_string());
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

fn text(status: StatusCode, body: &str) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body.to_owned())));
    *answer.status_mut() = status;
    answer
}
