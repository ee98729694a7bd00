//! What was acknowledged is not sent twice, and nothing wrong ever arrives.

use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumType};
use tokio_util::sync::CancellationToken;
use whiteboarder_jobs::submit::SubmitOptions;
use whiteboarder_jobs::{JobsError, Progress, names, stack};

use crate::world::{Fault, World, noise, send, sent};

const MIB: usize = 1024 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_file_that_was_interrupted_goes_on_with_its_missing_parts_on_another_machine() {
    let world = World::start().await;
    let large = noise(41 * MIB + 17, 1);
    world.file("large.jpg", &large);
    let target = world.target().await;
    let batch = world.create(&target).await;

    let cancel = CancellationToken::new();
    let (token, parts) = (cancel.clone(), AtomicUsize::new(0));
    world.faults(move |request| {
        if !request.contains("partNumber=") || parts.fetch_add(1, Ordering::SeqCst) < 3 {
            return Fault::None;
        }
        token.cancel();
        Fault::Hang
    });
    // One after the other, so that three are there.
    let options = SubmitOptions {
        concurrency: 1,
        ..SubmitOptions::default()
    };
    let (stopped, _) = send(&target, &batch, &options, &cancel).await;
    assert!(matches!(stopped, Err(JobsError::Cancelled)), "{stopped:?}");
    assert_eq!(world.unfinished().await.len(), 1, "it stays for later");

    world.faults(|_| Fault::None);
    world.forget_requests();
    let elsewhere = world.target().await;
    let batch = world.resume(&elsewhere, batch.id()).await;
    let options = SubmitOptions::default();
    let (done, told) = send(&elsewhere, &batch, &options, &CancellationToken::new()).await;
    assert_eq!(done.unwrap().sent, 1);
    assert_eq!(world.requests(&["PUT", "partNumber="]), 3, "of six parts");
    assert_eq!(world.requests(&["POST", "?uploads"]), 0);
    assert!(world.get(&names::inbox_key(batch.id(), "large.jpg")).await == large);
    assert_eq!(world.unfinished().await, []);
    let first = told.iter().find_map(|event| match event {
        Progress::UploadProgress { sent, .. } => Some(*sent),
        _ => None,
    });
    assert!(first >= Some(24 * MIB as u64), "{first:?} is told at once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_that_hold_something_else_are_sent_again() {
    let world = World::start().await;
    let large = noise(30 * MIB, 2);
    world.file("large.jpg", &large);
    let target = world.target().await;
    let batch = world.create(&target).await;
    let key = names::inbox_key(batch.id(), "large.jpg");
    let s3 = target.s3();
    let begin = s3
        .create_multipart_upload()
        .bucket(stack::LOCAL_BUCKET)
        .key(&key)
        .checksum_algorithm(ChecksumAlgorithm::Crc64Nvme)
        .checksum_type(ChecksumType::FullObject);
    let begun = begin.send().await.unwrap();
    let id = begun.upload_id().unwrap();
    // The second is right, the first is of the right size only, the third too short.
    let wrong = noise(8 * MIB, 3);
    for (number, bytes) in [
        (1, wrong.as_slice()),
        (2, &large[8 * MIB..16 * MIB]),
        (3, &large[16 * MIB..22 * MIB]),
    ] {
        let part = s3.upload_part().bucket(stack::LOCAL_BUCKET).key(&key);
        let part = part.upload_id(id).part_number(number);
        let part = part.checksum_algorithm(ChecksumAlgorithm::Crc64Nvme);
        part.body(bytes.to_vec().into()).send().await.unwrap();
    }
    world.forget_requests();
    assert_eq!(sent(&target, &batch).await.sent, 1);
    assert_eq!(world.requests(&["PUT", "partNumber=2&"]), 0);
    assert_eq!(world.requests(&["PUT", "partNumber="]), 3, "of four");
    assert!(world.get(&key).await == large);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_keeps_no_crc_is_asked_for_the_md5_of_its_parts() {
    let world = World::start().await;
    let large = noise(20 * MIB, 2);
    world.file("large.jpg", &large);
    let target = world.target().await;
    let batch = world.create(&target).await;
    let key = names::inbox_key(batch.id(), "large.jpg");
    let s3 = target.s3();
    let begin = s3.create_multipart_upload().bucket(stack::LOCAL_BUCKET);
    let begun = begin.key(&key).send().await.unwrap();
    let wrong = noise(8 * MIB, 3);
    for (number, bytes) in [(1, &large[..8 * MIB]), (2, wrong.as_slice())] {
        let part = s3.upload_part().bucket(stack::LOCAL_BUCKET).key(&key);
        let part = part.upload_id(begun.upload_id().unwrap());
        let part = part.part_number(number).body(bytes.to_vec().into());
        part.send().await.unwrap();
    }
    world.forget_requests();
    world.faults(|request| {
        let lists = request.starts_with("GET") && request.contains("uploadId=");
        if lists {
            Fault::WithoutCrc64
        } else {
            Fault::None
        }
    });
    assert_eq!(sent(&target, &batch).await.sent, 1);
    assert_eq!(world.requests(&["PUT", "partNumber=1&"]), 0);
    assert_eq!(world.requests(&["PUT", "partNumber="]), 2, "of three");
    assert!(world.get(&key).await == large);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_somebody_aborts_meanwhile_is_begun_anew() {
    let world = World::start().await;
    let large = noise(20 * MIB, 4);
    world.file("large.jpg", &large);
    let target = world.target().await;
    let batch = world.create(&target).await;
    let mut refused = false;
    world.faults(move |request| {
        if request.starts_with("POST") && request.contains("uploadId=") && !refused {
            refused = true;
            return Fault::Refuse(404, "NoSuchUpload");
        }
        Fault::None
    });
    assert_eq!(sent(&target, &batch).await.sent, 1);
    let key = names::inbox_key(batch.id(), "large.jpg");
    assert!(world.get(&key).await == large);
    assert_eq!(world.unfinished().await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_leads_to_one_object_and_a_retry_that_finds_it() {
    let world = World::start().await;
    world.file("small.jpg", &noise(1_000, 5));
    world.file("large.jpg", &noise(17 * MIB, 6));
    let target = world.target().await;
    let batch = world.create(&target).await;
    let (mut put, mut completed) = (false, false);
    world.faults(move |request| {
        let small = request.starts_with("PUT") && request.contains("small.jpg");
        let complete = request.starts_with("POST") && request.contains("uploadId=");
        let lose = (small && !put) || (complete && !completed);
        put |= small;
        completed |= complete;
        if lose { Fault::Lose } else { Fault::None }
    });
    let options = SubmitOptions::default();
    let (done, told) = send(&target, &batch, &options, &CancellationToken::new()).await;
    let done = done.unwrap();
    assert_eq!((done.sent + done.already, done.failed.len()), (2, 0));
    let retried = |event: &&Progress| matches!(event, Progress::UploadRetry { item, .. } if item == "small.jpg");
    assert_eq!(told.iter().filter(retried).count(), 1);
    assert_eq!(world.keys("inbox/").await.len(), 2);
    assert_eq!(world.unfinished().await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn something_else_in_an_originals_place_is_an_error_and_stays() {
    let world = World::start().await;
    world.file("a.jpg", &noise(1_000, 7));
    let target = world.target().await;
    let batch = world.create(&target).await;
    let key = names::inbox_key(batch.id(), "a.jpg");
    world.put(&key, b"something else", Some("abc")).await;
    let done = sent(&target, &batch).await;
    assert_eq!(
        done.failed["a.jpg"],
        format!("{key} is there already, and it is not this picture")
    );
    assert_eq!(world.get(&key).await, b"something else");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_changes_after_it_was_planned_never_arrives() {
    let world = World::start().await;
    let mut large = noise(20 * MIB, 8);
    world.file("small.jpg", &noise(1_000, 9));
    world.file("large.jpg", &large);
    let target = world.target().await;
    let batch = world.create(&target).await;
    world.file("small.jpg", &noise(1_000, 10));
    // One bit, in the last part.
    large[19 * MIB] ^= 1;
    world.file("large.jpg", &large);
    let done = sent(&target, &batch).await;
    assert_eq!(done.failed.len(), 2);
    for error in done.failed.values() {
        assert!(
            error.ends_with("has changed since the batch was planned"),
            "{error}"
        );
    }
    assert_eq!(world.keys("inbox/").await, Vec::<String>::new());
}
