//! What passes is tried again and told; what does not is one sentence.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use whiteboarder_jobs::submit::SubmitOptions;
use whiteboarder_jobs::{JobsError, Progress};

use crate::world::{Fault, World, noise, send, sent};

/// Refuses the first originals with each of these, then none.
fn in_turn(mut answers: Vec<Fault>) -> impl FnMut(&str) -> Fault + Send {
    answers.reverse();
    move |request| {
        if request.starts_with("PUT") && request.contains("/inbox/") {
            return answers.pop().unwrap_or(Fault::None);
        }
        Fault::None
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_passes_is_tried_again_until_it_has() {
    let world = World::start().await;
    for seed in 0..4 {
        world.file(&format!("{seed}.jpg"), &noise(5_000, seed));
    }
    let target = world.target().await;
    let batch = world.create(&target).await;
    world.faults(in_turn(vec![
        Fault::Refuse(503, "SlowDown"),
        Fault::Refuse(500, "InternalError"),
        Fault::Refuse(502, ""),
        Fault::Lose,
        Fault::Hang,
        Fault::Refuse(400, "BadDigest"),
        Fault::Refuse(400, "XAmzContentChecksumMismatch"),
        Fault::Refuse(403, "RequestTimeTooSkewed"),
        Fault::CutShort,
    ]));
    let options = SubmitOptions {
        quiet: Duration::from_millis(300),
        ..SubmitOptions::default()
    };
    let (done, told) = send(&target, &batch, &options, &CancellationToken::new()).await;
    let done = done.unwrap();
    assert_eq!(
        (done.sent + done.already, done.failed.len()),
        (4, 0),
        "{done:?}"
    );
    let reasons: Vec<_> = told
        .iter()
        .filter_map(|event| match event {
            Progress::UploadRetry { reason, .. } => Some(reason.as_str()),
            _ => None,
        })
        .collect();
    assert!(reasons.len() >= 8, "{reasons:#?}");
    for wanted in [
        "SlowDown",
        "InternalError",
        "BadDigest",
        "no answer for 0.3 s",
    ] {
        assert!(reasons.iter().any(|r| r.contains(wanted)), "{reasons:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_permission_is_named_at_once() {
    let world = World::start().await;
    for seed in 0..30 {
        world.file(&format!("{seed}.jpg"), &noise(500, seed));
    }
    world.file("large.jpg", &noise(17 << 20, 100));
    let target = world.target().await;
    let batch = world.create(&target).await;
    let cancel = CancellationToken::new();
    for (which, permission) in [
        ("/inbox/", "s3:PutObject"),
        ("?uploads&", "s3:ListBucketMultipartUploads"),
        ("list-type=2", "s3:ListBucket"),
    ] {
        world.faults(move |request| {
            let put = which != "/inbox/" || request.starts_with("PUT");
            if put && request.contains(which) {
                return Fault::Refuse(403, "AccessDenied");
            }
            Fault::None
        });
        world.forget_requests();
        let (done, _) = send(&target, &batch, &SubmitOptions::default(), &cancel).await;
        let error = done.unwrap_err();
        assert!(matches!(error, JobsError::AccessDenied { .. }), "{error}");
        let sentence = error.to_string();
        let wanted = format!("access denied: {permission} on ");
        assert!(sentence.starts_with(&wanted), "{sentence}");
        assert!(world.requests(&["PUT"]) <= 8, "the others are not tried");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expired_credentials_say_so_and_it_goes_on_with_new_ones() {
    let world = World::start().await;
    for seed in 0..10 {
        world.file(&format!("{seed}.jpg"), &noise(500, seed));
    }
    let target = world.target().await;
    let batch = world.create(&target).await;
    let mut left = 5;
    world.faults(move |request| {
        if !request.starts_with("PUT") {
            return Fault::None;
        }
        left -= 1;
        if left < 0 {
            return Fault::Refuse(400, "ExpiredToken");
        }
        Fault::None
    });
    let (options, cancel) = (SubmitOptions::default(), CancellationToken::new());
    let (done, _) = send(&target, &batch, &options, &cancel).await;
    let error = done.unwrap_err();
    assert!(error.to_string().ends_with(" have expired"), "{error}");
    assert!(error.hint().unwrap().contains("--resume"));

    world.faults(|_| Fault::None);
    let again = world.target().await;
    let batch = world.resume(&again, batch.id()).await;
    let done = sent(&again, &batch).await;
    assert_eq!((done.sent, done.already), (5, 5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_nothing_gets_through_patience_ends_for_all_together() {
    let world = World::start().await;
    for seed in 0..50 {
        world.file(&format!("{seed}.jpg"), &noise(500, seed));
    }
    let target = world.target().await;
    let batch = world.create(&target).await;
    world.faults(in_turn(
        (0..10_000)
            .map(|_| Fault::Refuse(503, "SlowDown"))
            .collect(),
    ));
    let options = SubmitOptions {
        patience: Duration::from_millis(100),
        ..SubmitOptions::default()
    };
    world.forget_requests();
    let (done, _) = send(&target, &batch, &options, &CancellationToken::new()).await;
    assert!(matches!(done, Err(JobsError::Service { .. })), "{done:?}");
    assert!(world.requests(&["PUT"]) < 100);
}
