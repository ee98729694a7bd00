//! The SQS API: AWS JSON 1.0 in front of the queues.

use std::sync::Arc;
use std::time::Duration;

use http::{Request, StatusCode};
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::{Answer, Front, aws_json, json};
use crate::sqs::SqsError;

/// What operations' targets begin with.
pub(super) const TARGET: &str = "AmazonSQS.";

/// A batch may have 1 MiB of text; escaped as a JSON string it can be several times that.
const MAX_BODY: usize = 8 << 20;

/// Answers a request whose `X-Amz-Target` begins with [`TARGET`].
pub(super) async fn answer(front: Arc<Front>, target: &str, request: Request<Incoming>) -> Answer {
    let operation = target.strip_prefix(TARGET).unwrap_or_default().to_owned();
    // Idle workers poll for ever; that is not use.
    let polls = operation == "ReceiveMessage";
    let _busy = (!polls).then(|| front.activity.request());
    let input = match aws_json::read(&front, "sqs", MAX_BODY, request).await {
        Ok((_, input)) => input,
        Err(refusal) => return refusal,
    };
    if polls {
        return poll(&front, input).await;
    }
    // In a task of its own: a client that goes away must not stop an operation half-way.
    let queues = Arc::clone(&front.queues);
    let done = tokio::spawn(async move { queues.request(&operation, input).await });
    match done.await {
        Ok(output) => output_of(output),
        Err(_) => json::error(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure", ""),
    }
}

/// A long poll. It lives in the connection's own future: a client that goes away receives nothing.
async fn poll(front: &Front, input: Value) -> Answer {
    if !front.drain.is_cancelled() {
        tokio::select! {
            received = front.queues.request("ReceiveMessage", input) => {
                let any = received.as_ref().is_ok_and(|answer| answer.get("Messages").is_some());
                front.activity.touch_if(any);
                return output_of(received);
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

fn output_of(output: Result<Value, SqsError>) -> Answer {
    let error = match output {
        Ok(output) => return json::answer(StatusCode::OK, json::JSON_1_0, json::text(&output)),
        Err(error) => error,
    };
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
    let code = format!("com.amazonaws.sqs#{}", error.code);
    let mut answer = json::error(status, &code, &error.message);
    let fault = if error.is_senders() {
        "Sender"
    } else {
        "Receiver"
    };
    let query = format!("{};{fault}", error.query_code);
    json::set(answer.headers_mut(), "x-amzn-query-error", &query);
    json::set(answer.headers_mut(), "x-amzn-errortype", &error.code);
    answer
}
