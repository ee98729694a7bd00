//! The SQS API as its SDK sees it.

use std::time::Duration;

use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry,
    MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName,
    SendMessageBatchRequestEntry,
};

use crate::clients::says_well;
use crate::stand::{
    Running, code, counts, create, create_with_dead_letters, eventually, receipts, receive, send,
    sqs_of,
};

#[tokio::test(flavor = "multi_thread")]
async fn queues_are_made_found_set_and_deleted() {
    let running = Running::new().await;
    let sqs = running.sqs();
    let visibility = QueueAttributeName::VisibilityTimeout;
    let url = create(&sqs, "jobs", &[(visibility.clone(), "60")]).await;
    assert!(url.ends_with("/000000000000/jobs"), "{url}");
    assert_eq!(
        create(&sqs, "jobs", &[]).await,
        url,
        "the same again changes nothing"
    );
    let other = sqs
        .create_queue()
        .queue_name("jobs")
        .attributes(visibility.clone(), "61");
    assert_eq!(code(other.send().await), "QueueAlreadyExists");
    let found = sqs.get_queue_url().queue_name("jobs").send().await.unwrap();
    assert_eq!(found.queue_url.as_deref(), Some(url.as_str()));

    create(&sqs, "other", &[]).await;
    let listed = sqs.list_queues().send().await.unwrap().queue_urls.unwrap();
    assert_eq!(listed.len(), 2);
    let listed = sqs
        .list_queues()
        .queue_name_prefix("jo")
        .send()
        .await
        .unwrap();
    assert_eq!(listed.queue_urls(), [url.as_str()]);
    let page = sqs.list_queues().max_results(1).send().await.unwrap();
    let next = sqs
        .list_queues()
        .max_results(1)
        .set_next_token(page.next_token);
    assert!(next.send().await.unwrap().queue_urls()[0].ends_with("/other"));

    let set = sqs
        .set_queue_attributes()
        .queue_url(&url)
        .attributes(visibility.clone(), "5");
    set.send().await.unwrap();
    let told = sqs
        .get_queue_attributes()
        .queue_url(&url)
        .attribute_names(visibility.clone())
        .attribute_names(QueueAttributeName::QueueArn)
        .send()
        .await
        .unwrap()
        .attributes
        .unwrap();
    assert_eq!(told.len(), 2, "what was asked for: {told:?}");
    assert_eq!(told[&visibility], "5");
    assert_eq!(
        told[&QueueAttributeName::QueueArn],
        "arn:aws:sqs:us-east-1:000000000000:jobs"
    );

    sqs.tag_queue()
        .queue_url(&url)
        .tags("team", "a")
        .send()
        .await
        .unwrap();
    let tags = sqs.list_queue_tags().queue_url(&url).send().await.unwrap();
    assert_eq!(tags.tags.unwrap()["team"], "a");

    sqs.delete_queue().queue_url(&url).send().await.unwrap();
    let gone = sqs.get_queue_url().queue_name("jobs").send().await;
    assert_eq!(code(gone), "AWS.SimpleQueueService.NonExistentQueue");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_hidden_while_somebody_has_it() {
    let running = Running::new().await;
    let sqs = running.sqs();
    let url = create(&sqs, "jobs", &[]).await;
    let text = MessageAttributeValue::builder()
        .data_type("String")
        .string_value("x");
    let bytes = MessageAttributeValue::builder()
        .data_type("Binary")
        .binary_value(Blob::new([1, 2, 3]));
    let sent = sqs
        .send_message()
        .queue_url(&url)
        .message_body("hello")
        .message_attributes("a", text.build().unwrap())
        .message_attributes("b", bytes.build().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(
        sent.md5_of_message_body.as_deref(),
        Some("5d41402abc4b2a76b9719d911017c592")
    );
    let received = receive(&sqs, &url, 0).await;
    let [message] = received.as_slice() else {
        panic!("{received:?}")
    };
    assert_eq!(message.body.as_deref(), Some("hello"));
    assert_eq!(message.message_id, sent.message_id);
    assert_eq!(
        message.md5_of_message_attributes,
        sent.md5_of_message_attributes
    );
    let attributes = message.message_attributes.as_ref().unwrap();
    assert_eq!(
        attributes["b"].binary_value.as_ref().unwrap().as_ref(),
        [1, 2, 3]
    );
    assert_eq!(receipts(message), 1);
    assert!(receive(&sqs, &url, 0).await.is_empty(), "hidden");
    assert_eq!(counts(&sqs, &url).await, [0, 1, 0]);

    let handle = message.receipt_handle.as_ref().unwrap();
    let show = |seconds| {
        sqs.change_message_visibility()
            .queue_url(&url)
            .receipt_handle(handle)
            .visibility_timeout(seconds)
            .send()
    };
    show(0).await.unwrap();
    assert_eq!(
        code(show(10).await),
        "AWS.SimpleQueueService.MessageNotInflight"
    );
    let again = receive(&sqs, &url, 0).await;
    assert_eq!(receipts(&again[0]), 2);
    assert_eq!(
        code(show(10).await),
        "InvalidParameterValue",
        "another has it now"
    );
    let delete = |handle: &str| {
        sqs.delete_message()
            .queue_url(&url)
            .receipt_handle(handle)
            .send()
    };
    delete(handle).await.unwrap();
    assert_eq!(
        counts(&sqs, &url).await,
        [0, 1, 0],
        "too late: another has it"
    );
    delete(again[0].receipt_handle.as_ref().unwrap())
        .await
        .unwrap();
    assert_eq!(counts(&sqs, &url).await, [0, 0, 0]);
    assert_eq!(code(delete("nonsense").await), "ReceiptHandleIsInvalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_waits_for_what_arrives_is_delayed_or_comes_back() {
    let running = Running::new().await;
    let sqs = running.sqs();
    let url = create(
        &sqs,
        "jobs",
        &[(QueueAttributeName::VisibilityTimeout, "1")],
    )
    .await;
    let waiting = tokio::spawn({
        let (sqs, url) = (sqs.clone(), url.clone());
        async move { receive(&sqs, &url, 20).await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    send(&sqs, &url, "arrives").await;
    assert_eq!(waiting.await.unwrap().len(), 1);
    let back = receive(&sqs, &url, 20).await;
    assert_eq!(receipts(&back[0]), 2, "not deleted in time");
    let delete = sqs.delete_message().queue_url(&url);
    let delete = delete.set_receipt_handle(back[0].receipt_handle.clone());
    delete.send().await.unwrap();

    let delayed = sqs.send_message().queue_url(&url).message_body("later");
    delayed.delay_seconds(1).send().await.unwrap();
    assert_eq!(counts(&sqs, &url).await, [0, 0, 1]);
    assert!(receive(&sqs, &url, 0).await.is_empty());
    assert_eq!(
        receive(&sqs, &url, 20).await[0].body.as_deref(),
        Some("later")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_received_too_often_is_a_dead_letter() {
    let running = Running::new().await;
    let sqs = running.sqs();
    let (url, dead) = create_with_dead_letters(&sqs, "jobs", 2).await;
    let id = send(&sqs, &url, "poison").await;
    for _ in 0..2 {
        let received = receive(&sqs, &url, 0).await;
        let back = sqs
            .change_message_visibility()
            .queue_url(&url)
            .set_receipt_handle(received[0].receipt_handle.clone())
            .visibility_timeout(0);
        back.send().await.unwrap();
    }
    assert!(receive(&sqs, &url, 0).await.is_empty());
    let letters = receive(&sqs, &dead, 0).await;
    assert_eq!(letters[0].message_id.as_deref(), Some(id.as_str()));
    assert_eq!(
        letters[0].attributes.as_ref().unwrap()
            [&MessageSystemAttributeName::DeadLetterQueueSourceArn],
        "arn:aws:sqs:us-east-1:000000000000:jobs"
    );
    let sources = sqs.list_dead_letter_source_queues().queue_url(&dead);
    assert_eq!(sources.send().await.unwrap().queue_urls(), [url]);
    let policy = r#"{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:none", "maxReceiveCount": 1}"#;
    let nowhere = sqs
        .create_queue()
        .queue_name("x")
        .attributes(QueueAttributeName::RedrivePolicy, policy);
    assert_eq!(code(nowhere.send().await), "InvalidParameterValue");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_entry_of_a_batch_has_an_end_of_its_own() {
    let running = Running::new().await;
    let sqs = running.sqs();
    let url = create(&sqs, "jobs", &[]).await;
    let entry = |id: &str, body: &str| {
        SendMessageBatchRequestEntry::builder()
            .id(id)
            .message_body(body)
            .build()
            .unwrap()
    };
    let sent = sqs
        .send_message_batch()
        .queue_url(&url)
        .entries(entry("good", "1"))
        .entries(entry("bad", "\u{1}"))
        .entries(entry("better", "2"))
        .send()
        .await
        .unwrap();
    let ids: Vec<&str> = sent
        .successful
        .iter()
        .map(|entry| entry.id.as_str())
        .collect();
    assert_eq!(ids, ["good", "better"]);
    assert_eq!((sent.failed.len(), sent.failed[0].id.as_str()), (1, "bad"));
    assert_eq!(sent.failed[0].code, "InvalidMessageContents");
    assert!(sent.failed[0].sender_fault);

    let received = receive(&sqs, &url, 0).await;
    assert_eq!(received.len(), 2);
    let handle = |number: usize| received[number].receipt_handle.clone().unwrap();
    let change = |id: &str, handle: String| {
        ChangeMessageVisibilityBatchRequestEntry::builder()
            .id(id)
            .receipt_handle(handle)
            .visibility_timeout(0)
            .build()
            .unwrap()
    };
    let changed = sqs
        .change_message_visibility_batch()
        .queue_url(&url)
        .entries(change("0", handle(0)))
        .entries(change("x", "nonsense".to_owned()))
        .send()
        .await
        .unwrap();
    assert_eq!((changed.successful.len(), changed.failed.len()), (1, 1));
    assert_eq!(counts(&sqs, &url).await, [1, 1, 0]);
    let delete = |id: &str, handle: String| {
        DeleteMessageBatchRequestEntry::builder()
            .id(id)
            .receipt_handle(handle)
            .build()
            .unwrap()
    };
    let deleted = sqs
        .delete_message_batch()
        .queue_url(&url)
        .entries(delete("0", handle(0)))
        .entries(delete("1", handle(1)))
        .send()
        .await
        .unwrap();
    assert_eq!(deleted.successful.len(), 2);
    assert_eq!(counts(&sqs, &url).await, [0, 0, 0]);

    let twice = sqs
        .send_message_batch()
        .queue_url(&url)
        .entries(entry("a", "1"))
        .entries(entry("a", "2"));
    assert_eq!(
        code(twice.send().await),
        "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"
    );
    send(&sqs, &url, "left").await;
    sqs.purge_queue().queue_url(&url).send().await.unwrap();
    assert_eq!(counts(&sqs, &url).await, [0, 0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn queues_and_messages_outlive_the_cloud() {
    let running = Running::new().await;
    let sqs = running.sqs();
    let url = create(&sqs, "jobs", &[]).await;
    send(&sqs, &url, "kept").await;
    send(&sqs, &url, "in flight").await;
    let received = sqs.receive_message().queue_url(&url).send().await.unwrap();
    let handle = received.messages()[0].receipt_handle.clone();
    let running = running.again().await;
    // The URL has the old port in it: its path is what counts.
    let sqs = running.sqs();
    assert_eq!(counts(&sqs, &url).await, [1, 1, 0]);
    let delete = sqs
        .delete_message()
        .queue_url(&url)
        .set_receipt_handle(handle);
    delete.send().await.unwrap();
    assert_eq!(counts(&sqs, &url).await, [1, 0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused_by_its_name() {
    let running = Running::new().await;
    let sqs = running.sqs();
    let url = create(&sqs, "jobs", &[]).await;
    let named = |name: &str| sqs.create_queue().queue_name(name).send();
    assert_eq!(code(named("no spaces").await), "InvalidParameterValue");
    let fifo = sqs
        .create_queue()
        .queue_name("f")
        .attributes(QueueAttributeName::FifoQueue, "true");
    assert_eq!(code(fifo.send().await), "InvalidParameterValue");
    let empty = sqs.send_message().queue_url(&url).message_body("");
    assert_eq!(code(empty.send().await), "MissingParameter");
    let large = sqs.send_message().queue_url(&url);
    let large = large.message_body("x".repeat(1_048_577));
    assert_eq!(code(large.send().await), "InvalidParameterValue");
    let many = sqs
        .receive_message()
        .queue_url(&url)
        .max_number_of_messages(11);
    assert_eq!(code(many.send().await), "InvalidParameterValue");
    let elsewhere = sqs
        .receive_message()
        .queue_url("http://x/123456789012/jobs");
    assert_eq!(
        code(elsewhere.send().await),
        "AWS.SimpleQueueService.NonExistentQueue"
    );
    let stranger = sqs_of(&running.endpoint(), "another secret");
    let refused = stranger.list_queues().send().await;
    assert_eq!(code(refused), "InvalidSignatureException");
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_finds_what_it_expects() {
    says_well("queues.py", &Running::new().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_gives_up_its_poll_receives_nothing() {
    let running = Running::new().await;
    let sqs = running.sqs();
    let url = create(&sqs, "jobs", &[]).await;
    let waiting = tokio::spawn({
        let (sqs, url) = (sqs.clone(), url.clone());
        async move { receive(&sqs, &url, 20).await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    waiting.abort();
    let _ = waiting.await;
    // The server hears of it when it hears of it.
    tokio::time::sleep(Duration::from_millis(200)).await;
    send(&sqs, &url, "for others").await;
    let received = eventually("the message", async || receive(&sqs, &url, 0).await.pop()).await;
    assert_eq!(receipts(&received), 1);
}
