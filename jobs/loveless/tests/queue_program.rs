//! `loveless worker --queue`: the real program on an SQS API that is just real enough. What a real one does is tested
//! with the local cloud.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod function;
mod service;

use std::process::{Child, Stdio};

use function::eventually;
use rustix::process::Signal;
use serde_json::{Value, json};
use service::{Service, loveless, signal};

const QUEUE: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs";

#[test]
#[ignore = "is the function that the other tests start"]
fn function_process() {
    function::serve();
}

fn worker(endpoint: &str, arguments: &[&str]) -> Child {
    let all = [
        &["worker", "--heartbeat", "50ms", "--drain", "300ms"],
        arguments,
    ]
    .concat();
    loveless(&all)
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("LOVELESS_QUEUE", QUEUE)
        .env_remove("AWS_REGION")
        .env_remove("AWS_DEFAULT_REGION")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

async fn ended(mut child: Child) -> Option<i32> {
    tokio::task::spawn_blocking(move || child.wait().unwrap().code())
        .await
        .unwrap()
}

/// What was said of a message in a batch call: the entry with its handle.
async fn entry(service: &Service, operation: &str, handle: &str) -> Value {
    eventually(operation, || {
        service.called(operation).iter().find_map(|call| {
            assert_eq!(call["QueueUrl"], QUEUE);
            let entries = call["Entries"].as_array().unwrap();
            let found = entries
                .iter()
                .find(|entry| entry["ReceiptHandle"] == handle);
            found.cloned()
        })
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_records_is_deleted_when_it_is_done() {
    let (service, endpoint) = Service::start().await;
    service.add("slow", json!({"n": 1}));
    let child = worker(&endpoint, &["--batch", "5", "--visibility", "90s"]);
    entry(&service, "DeleteMessageBatch", "slow").await;
    let poll = service.called("ReceiveMessage").swap_remove(0);
    assert_eq!(poll["MaxNumberOfMessages"], 5);
    assert_eq!(
        (&poll["WaitTimeSeconds"], &poll["VisibilityTimeout"]),
        (&json!(20), &json!(90))
    );
    signal(child.id(), Signal::TERM);
    assert_eq!(ended(child).await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bare_body_that_fails_is_visible_again_after_its_pause() {
    let (service, endpoint) = Service::start().await;
    service.add("bad", json!({"do": "error"}));
    service.add("crash", json!({"do": "exit", "code": 3}));
    service.add("good", json!({"do": "echo"}));
    let child = worker(&endpoint, &["--event", "raw", "--retry-pause", "2s"]);
    entry(&service, "DeleteMessageBatch", "good").await;
    for handle in ["bad", "crash"] {
        let back = entry(&service, "ChangeMessageVisibilityBatch", handle).await;
        assert_eq!(
            back["VisibilityTimeout"], 8,
            "the third receipt: twice doubled"
        );
    }
    signal(child.id(), Signal::TERM);
    assert_eq!(ended(child).await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_it_works_it_extends_and_when_it_stops_it_gives_back_at_once() {
    let (service, endpoint) = Service::start().await;
    service.add("endless", json!({"do": "hang"}));
    let child = worker(&endpoint, &["--event", "raw", "--visibility", "40s"]);
    let extended = entry(&service, "ChangeMessageVisibilityBatch", "endless").await;
    assert_eq!(extended["VisibilityTimeout"], 40);
    signal(child.id(), Signal::TERM);
    assert_eq!(ended(child).await, Some(0));
    let last = service
        .called("ChangeMessageVisibilityBatch")
        .pop()
        .unwrap();
    assert_eq!(last["Entries"][0]["VisibilityTimeout"], 0);
}
