//! Streamed answers of the real client: put together, and failed when the stream breaks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod function;

use function::spec;
use lambda_runtime::streaming::{Body, Response, channel};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use loveless::{FunctionPool, Invocation};
use serde_json::{Value, json};

/// Not a test: the function that the tests below start, which answers with a stream.
#[test]
#[ignore = "is the function that the other tests start"]
fn function_process() {
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime
        .block_on(lambda_runtime::run(service_fn(stream)))
        .unwrap();
}

async fn stream(event: LambdaEvent<Value>) -> Result<Response<Body>, Error> {
    let pieces = event.payload["pieces"].as_u64().unwrap();
    let breaks = event.payload["breaks"].as_bool().unwrap_or_default();
    let exits = event.payload["exits"].as_bool().unwrap_or_default();
    let (mut sender, body) = channel();
    tokio::spawn(async move {
        for piece in 0..pieces {
            let text = format!("piece {piece}\n");
            sender.send_data(text.into()).await.unwrap();
        }
        if breaks {
            sender.abort();
        } else if exits {
            std::process::exit(3);
        }
    });
    Ok(Response::from(body))
}

async fn invoke(event: Value) -> Result<Vec<u8>, (String, String)> {
    let pool = FunctionPool::new(spec(), 1);
    let completed = pool
        .invoke(Invocation::new(event.to_string()))
        .await
        .unwrap();
    match completed.result {
        Ok(answer) => Ok(answer.to_vec()),
        Err(error) => {
            let document: Value = serde_json::from_slice(&error.body).unwrap();
            let message = document["errorMessage"].as_str().unwrap_or_default();
            Err((error.error_type, message.to_owned()))
        }
    }
}

/// What the client puts before a stream: a JSON prelude and eight zero bytes.
fn after_prelude(answer: &[u8]) -> &[u8] {
    let zeros = answer.windows(8).position(|window| window == [0; 8]);
    zeros.map_or(answer, |start| &answer[start + 8..])
}

#[tokio::test]
async fn a_stream_is_put_together() {
    let answer = invoke(json!({"pieces": 1000})).await.unwrap();
    let text = String::from_utf8(after_prelude(&answer).to_vec()).unwrap();
    assert_eq!(text.lines().count(), 1000);
    assert!(text.starts_with("piece 0\n") && text.ends_with("piece 999\n"));
}

#[tokio::test]
async fn a_stream_that_breaks_is_a_failure_and_no_short_result() {
    let (name, message) = invoke(json!({"pieces": 10, "breaks": true}))
        .await
        .unwrap_err();
    assert_eq!(name, "Runtime.StreamError");
    assert!(message.contains("aborted"), "{message}");
}

#[tokio::test]
async fn a_process_that_exits_in_its_stream_has_exited() {
    let (name, message) = invoke(json!({"pieces": 10, "exits": true}))
        .await
        .unwrap_err();
    assert_eq!(name, "Runtime.ExitError");
    assert!(message.contains("exit status 3"), "{message}");
}
