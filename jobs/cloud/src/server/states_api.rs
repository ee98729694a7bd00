//! The Step Functions API: AWS JSON 1.0 in front of the engine.

use std::sync::Arc;
use std::time::Duration;

use http::{Request, StatusCode};
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::{Answer, Front, aws_json, json};
use crate::states::ApiError;

/// The service's limit is 1 MB of text; escaped as a JSON string it can be several times that.
const MAX_BODY: usize = 8 << 20;
const SERVICE: &str = "states";

/// Answers a request with an `X-Amz-Target`.
pub(super) async fn answer(front: Arc<Front>, target: &str, request: Request<Incoming>) -> Answer {
    let operation = target.strip_prefix("AWSStepFunctions.");
    // Idle workers poll for ever; that is not use.
    let polls = operation == Some("GetActivityTask");
    let _busy = (!polls).then(|| front.activity.request());

    let input = match aws_json::read(&front, SERVICE, MAX_BODY, request).await {
        Ok((_, input)) => input,
        Err(refusal) => return refusal,
    };
    let Some(operation) = operation.map(str::to_owned) else {
        return json::error(StatusCode::BAD_REQUEST, "UnknownOperationException", "");
    };
    if polls {
        return poll(&front, input).await;
    }
    // In a task of its own: a client that goes away must not stop an operation half-way.
    let engine = Arc::clone(&front.engine);
    let done = tokio::spawn(async move { engine.request(&operation, input).await });
    match done.await {
        Ok(output) => output_of(output),
        Err(_) => json::error(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure", ""),
    }
}

/// A long poll. It lives in the connection's own future: when the worker goes away it is dropped, and the engine
/// gives the task to another one.
async fn poll(front: &Front, input: Value) -> Answer {
    if !front.drain.is_cancelled() {
        let task = front.engine.request("GetActivityTask", input);
        tokio::select! {
            task = task => {
                front.activity.touch_if(task.as_ref().is_ok_and(has_token));
                return output_of(task);
            }
            () = front.drain.cancelled() => {}
        }
    }
    // No new work while the cloud drains. Workers that it does not own should not poll in a frenzy.
    tokio::select! {
        () = tokio::time::sleep(Duration::from_secs(1)) => {}
        () = front.stop.cancelled() => {}
    }
    output_of(Ok(json!({})))
}

fn has_token(task: &Value) -> bool {
    task.get("taskToken").is_some_and(|token| !token.is_null())
}

fn output_of(output: Result<Value, ApiError>) -> Answer {
    match output {
        Ok(output) => json::answer(StatusCode::OK, json::JSON_1_0, json::text(&output)),
        Err(error) => {
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
            json::error(status, &error.code, &error.message)
        }
    }
}
