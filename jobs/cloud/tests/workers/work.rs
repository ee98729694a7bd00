//! Workers on a queue of the local cloud, and many tasks at a time.

use aws_sdk_sfn::types::ExecutionStatus;
use aws_sdk_sqs::types::QueueAttributeName;
use local_cloud::Stack;
use serde_json::{Value, json};

use crate::roles::Process;
use crate::stand::{
    Running, counts, create, create_with_dead_letters, eventually, receipts, receive, send,
};

async fn emptied(sqs: &aws_sdk_sqs::Client, queue: &str) {
    eventually("an empty queue", async || {
        (counts(sqs, queue).await == [0, 0, 0]).then_some(())
    })
    .await;
}

/// How often the function was called, by the event's id.
fn calls(path: &str, id: &str) -> usize {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().filter(|line| *line == id).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_done_once_and_deleted() {
    let running = Running::new().await;
    let sqs = running.sqs();
    let queue = create(&sqs, "jobs", &[]).await;
    let trace = running.folder.path().join("trace");
    let trace = trace.to_str().unwrap();
    for id in ["a", "b", "c"] {
        let event = json!({"do": "echo", "value": 1, "id": id, "trace": trace});
        send(&sqs, &queue, &event.to_string()).await;
    }
    let worker = Process::worker(&running.endpoint(), &[("QUEUE_URL", &queue)]);
    emptied(&sqs, &queue).await;
    for id in ["a", "b", "c"] {
        assert_eq!(calls(trace, id), 1, "{id}");
    }
    worker.terminate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_outlasts_the_visibility_keeps_its_message() {
    let running = Running::new().await;
    let sqs = running.sqs();
    let queue = create(&sqs, "jobs", &[]).await;
    let trace = running.folder.path().join("trace");
    let trace = trace.to_str().unwrap();
    // Three times as long as the worker hides its messages.
    let event = json!({"do": "sleep", "ms": 6000, "id": "long", "trace": trace});
    send(&sqs, &queue, &event.to_string()).await;
    let _worker = Process::worker(
        &running.endpoint(),
        &[("QUEUE_URL", &queue), ("SLOTS", "2")],
    );
    emptied(&sqs, &queue).await;
    assert_eq!(calls(trace, "long"), 1, "no other slot got it meanwhile");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_batch_only_what_failed_comes_back_until_it_is_a_dead_letter() {
    let running = Running::new().await;
    let sqs = running.sqs();
    let (queue, dead) = create_with_dead_letters(&sqs, "jobs", 2).await;
    let trace = running.folder.path().join("trace");
    let trace = trace.to_str().unwrap();
    for (id, act) in [("good", "echo"), ("bad", "fail"), ("better", "echo")] {
        let event = json!({"do": act, "id": id, "trace": trace});
        send(&sqs, &queue, &event.to_string()).await;
    }
    let _worker = Process::worker(
        &running.endpoint(),
        &[("QUEUE_URL", &queue), ("BATCH", "10")],
    );
    emptied(&sqs, &queue).await;
    let letters = receive(&sqs, &dead, 20).await;
    let body: Value = serde_json::from_str(letters[0].body.as_ref().unwrap()).unwrap();
    assert_eq!((letters.len(), &body["id"]), (1, &json!("bad")));
    assert_eq!(calls(trace, "good"), 1);
    assert_eq!(calls(trace, "better"), 1);
    assert_eq!(calls(trace, "bad"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_ends_as_a_dead_letter_and_stops_nobody() {
    let running = Running::new().await;
    let sqs = running.sqs();
    let (queue, dead) = create_with_dead_letters(&sqs, "jobs", 2).await;
    for event in [
        json!({"do": "exit", "code": 3}),
        json!({"do": "kill"}),
        json!({"do": "hang"}),
        json!("not what it expects"),
    ] {
        send(&sqs, &queue, &event.to_string()).await;
    }
    send(&sqs, &queue, "{no JSON").await;
    let trace = running.folder.path().join("trace");
    let trace = trace.to_str().unwrap();
    let good = json!({"do": "echo", "id": "good", "trace": trace});
    send(&sqs, &queue, &good.to_string()).await;
    let variables = [
        ("QUEUE_URL", queue.as_str()),
        ("TIMEOUT", "1"),
        ("SLOTS", "2"),
    ];
    let _worker = Process::worker(&running.endpoint(), &variables);
    emptied(&sqs, &queue).await;
    assert_eq!(calls(trace, "good"), 1);
    assert_eq!(counts(&sqs, &dead).await, [5, 0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_stops_gives_its_message_back_at_once() {
    let running = Running::new().await;
    let sqs = running.sqs();
    let hidden_long = [(QueueAttributeName::VisibilityTimeout, "3600")];
    let queue = create(&sqs, "jobs", &hidden_long).await;
    send(&sqs, &queue, &json!({"do": "hang"}).to_string()).await;
    let worker = Process::worker(&running.endpoint(), &[("QUEUE_URL", &queue)]);
    eventually("the message at work", async || {
        (counts(&sqs, &queue).await == [0, 1, 0]).then_some(())
    })
    .await;
    worker.terminate().await;
    let back = receive(&sqs, &queue, 0).await;
    assert_eq!(receipts(&back[0]), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_message_of_a_killed_worker_is_done_by_another() {
    let running = Running::new().await;
    let sqs = running.sqs();
    let queue = create(&sqs, "jobs", &[]).await;
    let trace = running.folder.path().join("trace");
    let trace = trace.to_str().unwrap();
    let event = json!({"do": "sleep", "ms": 1500, "id": "kept", "trace": trace});
    send(&sqs, &queue, &event.to_string()).await;
    let variables = [("QUEUE_URL", queue.as_str())];
    let mut first = Process::worker(&running.endpoint(), &variables);
    eventually("a first call", async || {
        (calls(trace, "kept") == 1).then_some(())
    })
    .await;
    first.kill();
    let _second = Process::worker(&running.endpoint(), &variables);
    emptied(&sqs, &queue).await;
    assert_eq!(calls(trace, "kept"), 2);
}

/// A missed heartbeat would fail its execution: nothing is tried again here.
#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_tasks_at_a_time_miss_no_heartbeat() {
    const ACTIVITY: &str = "arn:aws:states:us-east-1:000000000000:activity:work";
    let running = Running::with(Stack {
        activities: vec!["work".to_owned()],
        ..Stack::default()
    })
    .await;
    let sfn = running.sfn();
    let definition = json!({"StartAt": "Work", "States": {"Work": {
        "Type": "Task", "Resource": ACTIVITY, "TimeoutSeconds": 100, "HeartbeatSeconds": 4, "End": true,
    }}});
    let machine = sfn
        .create_state_machine()
        .name("flow")
        .definition(definition.to_string())
        .role_arn("arn:aws:iam::000000000000:role/none")
        .send()
        .await
        .unwrap()
        .state_machine_arn;
    let mut started = Vec::new();
    for task in 0..64 {
        let event = json!({"do": "sleep", "ms": 6000, "value": task});
        let execution = sfn
            .start_execution()
            .state_machine_arn(&machine)
            .input(event.to_string());
        started.push(execution.send().await.unwrap().execution_arn);
    }
    let variables = [("ACTIVITY_ARN", ACTIVITY), ("SLOTS", "64")];
    let _worker = Process::worker(&running.endpoint(), &variables);
    for (task, arn) in started.iter().enumerate() {
        let ended = eventually("an end", async || {
            let told = sfn.describe_execution().execution_arn(arn);
            let told = told.send().await.unwrap();
            (told.status != ExecutionStatus::Running).then_some(told)
        })
        .await;
        assert_eq!(ended.output, Some(task.to_string()), "{ended:?}");
    }
}
