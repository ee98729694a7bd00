//! Lambda's API (version 2015-03-31): `Invoke`, and what there is to invoke.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, Request, StatusCode};
use hyper::body::Incoming;
use loveless::{Completed, Invocation};
use serde_json::{Value, json};

use super::body::{self, BodyError};
use super::{Answer, Front, json};
use crate::lanes::LaneError;
use crate::lanes::lambda::{MAX_ASYNC_PAYLOAD, MAX_PAYLOAD, event_or_empty};

const SERVICE: &str = "lambda";
const VERSION: &str = "$LATEST";
/// Bytes of the client context before base64, as Lambda limits it.
const MAX_CONTEXT: usize = 3_583;

/// An error of the Invoke API.
struct Refused {
    status: StatusCode,
    code: &'static str,
    message: String,
    reason: Option<&'static str>,
}

impl Refused {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            reason: None,
        }
    }

    fn answer(self) -> Answer {
        let fault = if self.status.is_server_error() {
            "Service"
        } else {
            "User"
        };
        let mut body = json!({"Type": fault, "message": self.message, "Message": self.message});
        if let Some(reason) = self.reason {
            body["Reason"] = reason.into();
        }
        let mut answer = json::answer(self.status, json::JSON, json::text(&body));
        json::set(answer.headers_mut(), "x-amzn-errortype", self.code);
        answer
    }
}

impl From<LaneError> for Refused {
    fn from(error: LaneError) -> Self {
        let message = error.to_string();
        match error {
            LaneError::NotFound { .. } => {
                Self::new(StatusCode::NOT_FOUND, "ResourceNotFoundException", message)
            }
            LaneError::Throttled => Self {
                reason: Some("ReservedFunctionConcurrentInvocationLimitExceeded"),
                ..Self::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "TooManyRequestsException",
                    message,
                )
            },
        }
    }
}

/// Answers a request for Lambda.
pub(super) async fn answer(front: Arc<Front>, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let payload = match body::read(body, MAX_PAYLOAD).await {
        Ok(payload) => payload,
        Err(BodyError::TooLarge) => {
            let message = format!(
                "Request must be smaller than {MAX_PAYLOAD} bytes for the InvokeFunction operation"
            );
            return too_large(message).answer();
        }
        Err(BodyError::Broken) => return json::plain(StatusCode::BAD_REQUEST),
    };
    if let Err(refused) = front.authenticate(&head, &payload, SERVICE) {
        let message = refused.to_string();
        return Refused::new(StatusCode::FORBIDDEN, refused.code(), message).answer();
    }
    let answer = match operation(&head) {
        Some(Operation::Invoke(reference)) => invoke(front, &head, payload, &reference).await,
        Some(Operation::List) => list(&front, &head),
        Some(Operation::Get(reference)) => get(&front, &reference)
            .map(|configuration| ok(&json!({ "Configuration": configuration }))),
        Some(Operation::GetConfiguration(reference)) => {
            get(&front, &reference).map(|configuration| ok(&configuration))
        }
        None => {
            let message = "The local cloud's Lambda has the operations Invoke, ListFunctions, GetFunction and GetFunctionConfiguration; functions cannot be made or changed here";
            let code = "UnknownOperationException";
            Err(Refused::new(StatusCode::NOT_FOUND, code, message))
        }
    };
    answer.unwrap_or_else(Refused::answer)
}

/// What is asked of Lambda. References are names, partial or full ARNs.
#[derive(Debug, PartialEq, Eq)]
enum Operation {
    Invoke(String),
    List,
    Get(String),
    GetConfiguration(String),
}

fn operation(head: &Parts) -> Option<Operation> {
    let path = head.uri.path().strip_prefix("/2015-03-31/functions")?;
    let Some(path) = path.strip_prefix('/').filter(|path| !path.is_empty()) else {
        let lists = path.is_empty() || path == "/";
        return (lists && head.method == Method::GET).then_some(Operation::List);
    };
    let (name, what) = path.split_once('/').unwrap_or((path, ""));
    let reference = reference(name, head)?;
    match (&head.method, what) {
        (&Method::POST, "invocations") => Some(Operation::Invoke(reference)),
        (&Method::GET, "") => Some(Operation::Get(reference)),
        (&Method::GET, "configuration") => Some(Operation::GetConfiguration(reference)),
        _ => None,
    }
}

fn ok(body: &Value) -> Answer {
    json::answer(StatusCode::OK, json::JSON, json::text(body))
}

/// `ListFunctions`: by name, a page at a time where one is asked for.
fn list(front: &Front, head: &Parts) -> Result<Answer, Refused> {
    let marker = parameter(head, "Marker").unwrap_or_default();
    let limit = match parameter(head, "MaxItems") {
        None => usize::MAX,
        Some(limit) => limit.parse().ok().filter(|limit| *limit > 0).ok_or_else(|| {
            let message = format!(
                "1 validation error detected: Value '{limit}' at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1"
            );
            let code = "InvalidParameterValueException";
            Refused::new(StatusCode::BAD_REQUEST, code, message)
        })?,
    };
    let mut names = front.lambda.names().filter(|name| **name > *marker);
    let page: Vec<&str> = names.by_ref().take(limit).collect();
    let more = names.next().is_some();
    let functions: Result<Vec<Value>, LaneError> = page
        .iter()
        .map(|name| front.lambda.configuration(name))
        .collect();
    let next = page.last().filter(|_| more);
    let mut body = json!({ "Functions": functions? });
    if let Some(next) = next {
        body["NextMarker"] = (*next).into();
    }
    Ok(ok(&body))
}

fn get(front: &Front, reference: &str) -> Result<Value, Refused> {
    let name = front.lambda.resolve(reference)?;
    Ok(front.lambda.configuration(&name)?)
}

async fn invoke(
    front: Arc<Front>,
    head: &Parts,
    payload: Bytes,
    reference: &str,
) -> Result<Answer, Refused> {
    let name = front.lambda.resolve(reference)?;
    let payload = event_or_empty(payload);
    if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(&payload) {
        let message = format!("Could not parse request body into json: {error}");
        let code = "InvalidRequestContentException";
        return Err(Refused::new(StatusCode::BAD_REQUEST, code, message));
    }
    match text(&head.headers, "x-amz-invocation-type").unwrap_or("RequestResponse") {
        "DryRun" => Ok(json::plain(StatusCode::NO_CONTENT)),
        "Event" => accept(&front, name, payload).await,
        "RequestResponse" => run(front, name, &head.headers, payload).await,
        other => Err(Refused::new(
            StatusCode::BAD_REQUEST,
            "InvalidParameterValueException",
            format!(
                "1 validation error detected: Value '{other}' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]"
            ),
        )),
    }
}

/// Stores the invocation, then answers 202.
async fn accept(front: &Front, name: String, payload: Bytes) -> Result<Answer, Refused> {
    if payload.len() > MAX_ASYNC_PAYLOAD {
        return Err(too_large(format!(
            "{} byte payload is too large for the Event invocation type (limit {MAX_ASYNC_PAYLOAD} bytes)",
            payload.len()
        )));
    }
    let mut answer = json::plain(StatusCode::ACCEPTED);
    let id = uuid::Uuid::new_v4().to_string();
    json::set(answer.headers_mut(), "x-amzn-requestid", &id);
    let stored = front.queue.push(id, name, payload).await;
    stored.map_err(|error| {
        let message = error.to_string();
        Refused::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "ServiceException",
            message,
        )
    })?;
    Ok(answer)
}

async fn run(
    front: Arc<Front>,
    name: String,
    headers: &HeaderMap,
    payload: Bytes,
) -> Result<Answer, Refused> {
    let mut invocation = Invocation::new(payload);
    invocation.trace_id = text(headers, "x-amzn-trace-id").map(str::to_owned);
    invocation.client_context = client_context(headers)?;
    let id = invocation.request_id.clone();
    let tail = text(headers, "x-amz-log-type") == Some("Tail");
    if front.drain.is_cancelled() {
        return Err(LaneError::Throttled.into());
    }
    // In a task of its own: as on AWS the function goes on when its caller goes away.
    let task = tokio::spawn(async move { front.lambda.invoke_now(&name, invocation).await });
    let completed = task.await.map_err(|_| {
        let message = "The invocation was lost";
        Refused::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "ServiceException",
            message,
        )
    })??;
    Ok(answer_of(completed, &id, tail))
}

fn answer_of(completed: Completed, id: &str, tail: bool) -> Answer {
    let failed = completed.result.is_err();
    let body = match completed.result {
        Ok(body) => body,
        Err(error) => error.body,
    };
    let mut answer = json::answer(StatusCode::OK, json::JSON, body);
    let headers = answer.headers_mut();
    json::set(headers, "x-amzn-requestid", id);
    json::set(headers, "x-amz-executed-version", VERSION);
    if failed {
        json::set(headers, "x-amz-function-error", "Unhandled");
    }
    if tail {
        json::set(
            headers,
            "x-amz-log-result",
            &STANDARD.encode(&completed.log_tail),
        );
    }
    answer
}

/// The function's name or ARN, with the qualifier where one is given apart.
fn reference(name: &str, head: &Parts) -> Option<String> {
    let mut reference = decode(name).filter(|name| !name.is_empty())?;
    let qualifier = parameter(head, "Qualifier");
    if let Some(qualifier) = qualifier.filter(|qualifier| !qualifier.is_empty()) {
        reference.push(':');
        reference.push_str(&qualifier);
    }
    Some(reference)
}

fn parameter(head: &Parts, name: &str) -> Option<String> {
    let mut pairs = head.uri.query().unwrap_or_default().split('&');
    pairs.find_map(|pair| decode(pair.strip_prefix(name)?.strip_prefix('=')?))
}

fn decode(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at_checked(2)?;
        bytes.extend(hex::decode(code).ok()?);
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

fn client_context(headers: &HeaderMap) -> Result<Option<String>, Refused> {
    let Some(encoded) = text(headers, "x-amz-client-context") else {
        return Ok(None);
    };
    STANDARD
        .decode(encoded)
        .ok()
        .filter(|context| context.len() <= MAX_CONTEXT)
        .and_then(|context| String::from_utf8(context).ok())
        .map(Some)
        .ok_or_else(|| {
            let message = "Client context must be a valid Base64-encoded JSON object.";
            Refused::new(
                StatusCode::BAD_REQUEST,
                "InvalidRequestContentException",
                message,
            )
        })
}

fn too_large(message: String) -> Refused {
    Refused::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "RequestTooLargeException",
        message,
    )
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operation_is_found_in_every_form_of_the_path() {
        let invoke = |reference: &str| Some(Operation::Invoke(reference.to_owned()));
        let table = [
            ("/2015-03-31/functions/f/invocations", invoke("f")),
            (
                "/2015-03-31/functions/f/invocations?Qualifier=%24LATEST",
                invoke("f:$LATEST"),
            ),
            (
                "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af/invocations",
                invoke("arn:aws:lambda:us-east-1:000000000000:function:f"),
            ),
            ("/2015-03-31/functions/f%2/invocations", None),
            ("/2015-03-31/functions//invocations", None),
            ("/2015-03-31/functions/f/configuration", None),
            (
                "/2021-11-15/functions/f/response-streaming-invocations",
                None,
            ),
        ];
        for (target, expected) in table {
            let request = Request::post(target).body(()).unwrap();
            let head = request.into_parts().0;
            assert_eq!(operation(&head), expected, "{target}");
        }
        let table = [
            ("/2015-03-31/functions", Some(Operation::List)),
            ("/2015-03-31/functions/", Some(Operation::List)),
            ("/2015-03-31/functions?Marker=a", Some(Operation::List)),
            (
                "/2015-03-31/functions/f",
                Some(Operation::Get("f".to_owned())),
            ),
            (
                "/2015-03-31/functions/f/configuration",
                Some(Operation::GetConfiguration("f".to_owned())),
            ),
            ("/2015-03-31/functions/f/invocations", None),
            ("/2015-03-31/functions/f/policy", None),
            ("/2015-03-31/functionsx", None),
        ];
        for (target, expected) in table {
            let head = Request::get(target).body(()).unwrap().into_parts().0;
            assert_eq!(operation(&head), expected, "{target}");
        }
    }
}
