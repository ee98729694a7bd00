//! FIFO queues: their order, their locks, what they take for a repetition, and workers on them.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName};
use serde_json::json;

use crate::clients::says_well;
use crate::roles::Process;
use crate::stand::{ACCOUNT, REGION, Running, code, counts, create, eventually, receive};

async fn create_fifo(sqs: &Client, name: &str, more: &[(QueueAttributeName, &str)]) -> String {
    let fifo = (QueueAttributeName::FifoQueue, "true");
    create(sqs, name, &[&[fifo], more].concat()).await
}

async fn put(sqs: &Client, queue: &str, group: &str, body: &str) -> String {
    let sent = sqs
        .send_message()
        .queue_url(queue)
        .message_group_id(group)
        .message_deduplication_id(uuid::Uuid::new_v4().to_string())
        .message_body(body);
    sent.send().await.unwrap().sequence_number.unwrap()
}

fn bodies(messages: &[Message]) -> Vec<&str> {
    messages.iter().filter_map(Message::body).collect()
}

async fn delete(sqs: &Client, queue: &str, message: &Message) {
    let call = sqs.delete_message().queue_url(queue);
    let call = call.set_receipt_handle(message.receipt_handle.clone());
    call.send().await.unwrap();
}

async fn show(sqs: &Client, queue: &str, message: &Message) {
    let call = sqs.change_message_visibility().queue_url(queue);
    let call = call.set_receipt_handle(message.receipt_handle.clone());
    call.visibility_timeout(0).send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_keeps_its_order_and_is_locked_while_some_of_it_is_in_flight() {
    let running = Running::new().await;
    let sqs = running.sqs();
    let url = create_fifo(&sqs, "jobs.fifo", &[]).await;
    for (group, body) in [("a", "a1"), ("b", "b1"), ("a", "a2"), ("b", "b2")] {
        put(&sqs, &url, group, body).await;
    }
    let one = || async {
        let received = sqs.receive_message().queue_url(&url).send().await.unwrap();
        received.messages.unwrap_or_default()
    };
    let first = one().await;
    assert_eq!(bodies(&first), ["a1"]);
    let other = one().await;
    assert_eq!(bodies(&other), ["b1"], "another group is free");
    assert!(one().await.is_empty(), "both are locked");

    // What comes back comes before what stands behind it.
    show(&sqs, &url, &first[0]).await;
    let again = one().await;
    assert_eq!(bodies(&again), ["a1"]);
    delete(&sqs, &url, &again[0]).await;
    delete(&sqs, &url, &other[0]).await;
    put(&sqs, &url, "a", "a3").await;
    let rest = receive(&sqs, &url, 0).await;
    assert_eq!(
        bodies(&rest),
        ["a2", "a3", "b2"],
        "as many of a group as there are"
    );

    // Of several in flight the last one locks as well as the first.
    put(&sqs, &url, "a", "a4").await;
    delete(&sqs, &url, &rest[0]).await;
    assert!(receive(&sqs, &url, 0).await.is_empty());
    delete(&sqs, &url, &rest[1]).await;
    assert_eq!(bodies(&receive(&sqs, &url, 0).await), ["a4"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_is_answered_when_the_lock_goes() {
    let running = Running::new().await;
    let sqs = running.sqs();
    let short = [(QueueAttributeName::VisibilityTimeout, "1")];
    let url = create_fifo(&sqs, "jobs.fifo", &short).await;
    put(&sqs, &url, "a", "a1").await;
    let first = receive(&sqs, &url, 0).await;
    put(&sqs, &url, "a", "a2").await;
    // Its time-out passes during the poll: both are free, in their order.
    let back = receive(&sqs, &url, 20).await;
    assert_eq!(bodies(&back), ["a1", "a2"]);
    let too_late = sqs.delete_message().queue_url(&url);
    let too_late = too_late.set_receipt_handle(first[0].receipt_handle.clone());
    assert_eq!(
        code(too_late.send().await),
        "InvalidParameterValue",
        "it is in other hands now"
    );
    let waiting = tokio::spawn({
        let (sqs, url) = (sqs.clone(), url.clone());
        async move { receive(&sqs, &url, 20).await }
    });
    for message in &back {
        delete(&sqs, &url, message).await;
    }
    put(&sqs, &url, "a", "a3").await;
    assert_eq!(bodies(&waiting.await.unwrap()), ["a3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delay_of_the_queue_holds_up_what_stands_behind_it() {
    let running = Running::new().await;
    let sqs = running.sqs();
    let delayed = [(QueueAttributeName::DelaySeconds, "1")];
    let url = create_fifo(&sqs, "jobs.fifo", &delayed).await;
    put(&sqs, &url, "a", "a1").await;
    let none = [(QueueAttributeName::DelaySeconds, "0")];
    let set = sqs.set_queue_attributes().queue_url(&url);
    let set = set.attributes(none[0].0.clone(), none[0].1);
    set.send().await.unwrap();
    put(&sqs, &url, "a", "a2").await;
    put(&sqs, &url, "b", "b1").await;
    assert_eq!(bodies(&receive(&sqs, &url, 0).await), ["b1"]);
    assert_eq!(bodies(&receive(&sqs, &url, 20).await), ["a1", "a2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repetition_is_no_message_even_after_the_first_is_deleted() {
    let running = Running::new().await;
    let sqs = running.sqs();
    let by_content = [(QueueAttributeName::ContentBasedDeduplication, "true")];
    let url = create_fifo(&sqs, "jobs.fifo", &by_content).await;
    let send = |group: &'static str, body: &'static str, id: Option<&'static str>| {
        let call = sqs.send_message().queue_url(&url).message_body(body);
        let call = call.message_group_id(group);
        call.set_message_deduplication_id(id.map(str::to_owned))
            .send()
    };
    let first = send("a", "same", None).await.unwrap();
    let second = send("b", "same", None).await.unwrap();
    assert_eq!(
        (&first.message_id, &first.sequence_number),
        (&second.message_id, &second.sequence_number)
    );
    let received = receive(&sqs, &url, 0).await;
    assert_eq!(received.len(), 1);
    let told = received[0].attributes.as_ref().unwrap();
    assert_eq!(told[&MessageSystemAttributeName::MessageGroupId], "a");
    assert_eq!(
        told[&MessageSystemAttributeName::SequenceNumber],
        first.sequence_number.unwrap()
    );
    delete(&sqs, &url, &received[0]).await;
    send("a", "same", None).await.unwrap();
    assert_eq!(counts(&sqs, &url).await, [0, 0, 0]);

    // An id of its own makes it another message; the id, not the body, is compared.
    send("a", "same", Some("1")).await.unwrap();
    send("a", "other", Some("1")).await.unwrap();
    assert_eq!(bodies(&receive(&sqs, &url, 0).await), ["same"]);

    let by_group = [
        (QueueAttributeName::DeduplicationScope, "messageGroup"),
        (QueueAttributeName::FifoThroughputLimit, "perMessageGroupId"),
    ];
    let other = create_fifo(&sqs, "by-group.fifo", &by_group).await;
    for group in ["a", "b", "a"] {
        let call = sqs.send_message().queue_url(&other).message_body("x");
        let call = call.message_group_id(group).message_deduplication_id("1");
        call.send().await.unwrap();
    }
    assert_eq!(counts(&sqs, &other).await, [2, 0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_fifo_queue_must_not_have_is_refused_by_its_name() {
    let running = Running::new().await;
    let sqs = running.sqs();
    let url = create_fifo(&sqs, "jobs.fifo", &[]).await;
    let standard = create(&sqs, "jobs", &[]).await;
    let message = |url: &str| sqs.send_message().queue_url(url).message_body("x");
    assert_eq!(code(message(&url).send().await), "MissingParameter");
    let invalid = "InvalidParameterValue";
    for call in [
        message(&url).message_group_id("a"),
        message(&url)
            .message_group_id("a b")
            .message_deduplication_id("1"),
        message(&url)
            .message_group_id("a")
            .message_deduplication_id("é"),
        message(&url)
            .message_group_id("a")
            .message_deduplication_id("1")
            .delay_seconds(1),
        message(&standard).message_deduplication_id("1"),
    ] {
        let said = format!("{call:?}");
        assert_eq!(code(call.send().await), invalid, "{said}");
    }
    assert_eq!(counts(&sqs, &url).await, [0, 0, 0]);
    for name in ["other.fifo", "a.b.fifo"] {
        let named = sqs.create_queue().queue_name(name).send().await;
        assert_eq!(code(named), invalid, "{name}");
    }
    let policy = json!({
        "deadLetterTargetArn": format!("arn:aws:sqs:{REGION}:{ACCOUNT}:jobs"),
        "maxReceiveCount": 1,
    });
    let mixed = sqs
        .set_queue_attributes()
        .queue_url(&url)
        .attributes(QueueAttributeName::RedrivePolicy, policy.to_string());
    assert_eq!(
        code(mixed.send().await),
        invalid,
        "dead letters of another kind"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn order_and_locks_outlive_the_cloud() {
    let running = Running::new().await;
    let sqs = running.sqs();
    let url = create_fifo(&sqs, "jobs.fifo", &[]).await;
    let first = put(&sqs, &url, "a", "a1").await;
    let second = put(&sqs, &url, "a", "a2").await;
    assert!(first < second);
    let taken = receive(&sqs, &url, 0).await;
    delete(&sqs, &url, &taken[0]).await;
    put(&sqs, &url, "a", "a3").await;
    let running = running.again().await;
    let sqs = running.sqs();
    assert!(receive(&sqs, &url, 0).await.is_empty());
    show(&sqs, &url, &taken[1]).await;
    assert_eq!(bodies(&receive(&sqs, &url, 0).await), ["a2", "a3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_finds_its_fifo_queues() {
    says_well("fifo.py", &Running::new().await).await;
}

fn done(path: &str) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

async fn emptied(sqs: &Client, queue: &str) {
    eventually("an empty queue", async || {
        (counts(sqs, queue).await == [0, 0, 0]).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slots_do_groups_side_by_side_and_each_in_its_order() {
    let running = Running::new().await;
    let sqs = running.sqs();
    let url = create_fifo(&sqs, "jobs.fifo", &[]).await;
    let trace = running.folder.path().join("trace");
    let trace = trace.to_str().unwrap();
    for number in 0..5 {
        for group in ["a", "b", "c"] {
            let event =
                json!({"do": "sleep", "ms": 50, "id": format!("{group}{number}"), "trace": trace});
            put(&sqs, &url, group, &event.to_string()).await;
        }
    }
    let variables = [("QUEUE_URL", url.as_str()), ("SLOTS", "4")];
    let _worker = Process::worker(&running.endpoint(), &variables);
    emptied(&sqs, &url).await;
    let done = done(trace);
    assert_eq!(done.len(), 15);
    for group in ["a", "b", "c"] {
        let of: Vec<&String> = done.iter().filter(|id| id.starts_with(group)).collect();
        assert!(of.is_sorted(), "{of:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_group_is_done_for_good_before_what_failed_in_front_of_it() {
    let running = Running::new().await;
    let sqs = running.sqs();
    let url = create_fifo(&sqs, "jobs.fifo", &[]).await;
    let trace = running.folder.path().join("trace");
    let trace = trace.to_str().unwrap();
    for (group, id, act) in [
        ("a", "a1", "echo"),
        ("a", "a2", "fail once"),
        ("a", "a3", "echo"),
        ("b", "b1", "echo"),
    ] {
        let event = json!({"do": act, "id": id, "trace": trace});
        put(&sqs, &url, group, &event.to_string()).await;
    }
    let variables = [("QUEUE_URL", url.as_str()), ("BATCH", "10")];
    let _worker = Process::worker(&running.endpoint(), &variables);
    emptied(&sqs, &url).await;
    let done = done(trace);
    let count = |id: &str| done.iter().filter(|one| *one == id).count();
    // The function went on behind its failure; that does not count.
    assert_eq!(
        [count("a1"), count("a2"), count("a3"), count("b1")],
        [1, 2, 2, 1],
        "{done:?}"
    );
    assert!(
        done.ends_with(&["a2".to_owned(), "a3".to_owned()]),
        "{done:?}"
    );
}
