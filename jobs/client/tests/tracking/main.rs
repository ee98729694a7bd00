//! Tracking against a local cloud in this process: what is found, what is said, and how much is asked.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod cloud;
mod scale;

use std::time::Duration;

use cloud::{batch, names, start};
use tokio_util::sync::CancellationToken;
use whiteboarder_jobs::download::{Destination, download};
use whiteboarder_jobs::submit::{Manifest, SameAs, SubmitOptions, run};
use whiteboarder_jobs::track::{FollowOptions, ItemState, Waiting, follow, snapshot};
use whiteboarder_jobs::{Progress, Reporter, runs};

#[tokio::test(flavor = "multi_thread")]
async fn the_histories_that_are_read_grow_with_the_items_and_not_with_the_looks() {
    let running = start(true, 4).await;
    let batch = batch(&running, &names(60)).await;
    running.counts.clear();
    let (reporter, mut events) = Reporter::channel();
    let cancel = CancellationToken::new();
    let options = SubmitOptions::default();
    let status = run(&running.target, &batch, &options, &reporter, &cancel)
        .await
        .unwrap();
    assert_eq!(status.count(ItemState::Cleaned), 60);
    let mut looks = 0;
    let mut cleaned = 0;
    while let Ok(event) = events.try_recv() {
        looks += usize::from(matches!(event, Progress::Polled { .. }));
        cleaned += usize::from(matches!(event, Progress::Cleaned { .. }));
    }
    assert_eq!(cleaned, 60, "each once");
    let read = running.counts.of("GetExecutionHistory");
    assert!(read >= 60, "{read}");
    assert!(read <= 60 * 9, "{read} histories in {looks} looks");
    assert_eq!(running.counts.of("ListExecutions"), 0, "all left records");
    assert_eq!(running.counts.of("DescribeExecution"), 0);
    let lists = running.counts.of("ListObjectsV2");
    assert!(lists <= looks * 4 + 5, "{lists} lists in {looks} looks");
    running.cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_that_left_no_record_is_found_and_told() {
    let running = start(true, 0).await;
    let names = ["a.png", "unrecorded.png"].map(str::to_owned);
    let batch = batch(&running, &names).await;
    let options = SubmitOptions {
        follow: FollowOptions {
            no_execution_after: Some(Duration::from_secs(2)),
            ..FollowOptions::default()
        },
        ..SubmitOptions::default()
    };
    let (reporter, cancel) = (Reporter::silent(), CancellationToken::new());
    let status = run(&running.target, &batch, &options, &reporter, &cancel)
        .await
        .unwrap();
    let states: Vec<_> = status.items.iter().map(|item| item.state).collect();
    assert_eq!(states, [ItemState::Cleaned, ItemState::Failed]);
    let item = &status.items[1];
    assert_eq!(item.error.as_deref(), Some("S3.AccessDenied"));
    assert_eq!(item.message.as_deref(), Some("Register may not write"));
    let described = running.counts.of("DescribeExecution");
    assert_eq!(described, 1, "the one with a record is known");
    running.cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_is_missing_is_told_once_for_all() {
    let running = start(false, 0).await;
    let batch = batch(&running, &names(12)).await;
    let options = SubmitOptions {
        follow: FollowOptions {
            no_execution_after: Some(Duration::from_secs(1)),
            ..FollowOptions::default()
        },
        ..SubmitOptions::default()
    };
    let (reporter, mut events) = Reporter::channel();
    let cancel = CancellationToken::new();
    let mut told = Vec::new();
    let mut stuck = 0;
    let mut looks_after = 0;
    let watching = async {
        while let Some(event) = events.recv().await {
            match event {
                Progress::Waiting {
                    waiting,
                    items,
                    first,
                    advice,
                    ..
                } => told.push((waiting, items, first, advice)),
                Progress::Stuck { .. } => stuck += 1,
                Progress::Polled { .. } if stuck == 12 => looks_after += 1,
                _ => {}
            }
            if looks_after == 4 {
                cancel.cancel();
                break;
            }
        }
    };
    let following = run(&running.target, &batch, &options, &reporter, &cancel);
    let (ended, ()) = tokio::join!(following, watching);
    assert!(ended.is_err(), "nothing has begun");
    assert_eq!(told.len(), 1, "{told:?}");
    let (waiting, items, first, advice) = &told[0];
    assert_eq!((*waiting, *items), (Waiting::Execution, 12));
    assert_eq!(first.len(), "00000.png".len());
    assert_eq!(
        advice,
        "check the event rule (EventBridge) of bucket `wb-local`"
    );
    running.cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_that_another_batch_does_is_followed_and_fetched_there() {
    let running = start(true, 0).await;
    let target = &running.target;
    let first = batch(&running, &names(2)).await;
    let (reporter, cancel) = (Reporter::silent(), CancellationToken::new());
    let options = SubmitOptions::default();
    run(target, &first, &options, &reporter, &cancel)
        .await
        .unwrap();

    let mut items = first.manifest.items.clone();
    items.truncate(1);
    let home = SameAs {
        batch: first.id().to_owned(),
        name: items[0].name.clone(),
    };
    items[0].name = "again.png".to_owned();
    items[0].same_as = Some(home.clone());
    let second = Manifest {
        batch: "01SECOND".to_owned(),
        items,
        ..first.manifest.clone()
    };
    let text = serde_json::to_vec(&second).unwrap();
    let put = target.s3().put_object().bucket("wb-local");
    let put = put.key("batches/01SECOND.json").body(text.into());
    put.send().await.unwrap();

    let options = FollowOptions::default();
    let status = follow(target, &second, &options, &reporter, &cancel)
        .await
        .unwrap();
    let item = &status.items[0];
    assert_eq!((item.state, item.executions.len()), (ItemState::Cleaned, 1));
    assert_eq!(item.same_as, Some(home.clone()));
    let key = format!("cleaned/{}/{}.png", home.batch, home.name);
    assert_eq!(item.output.as_deref(), Some(key.as_str()));
    let folder = Destination::Folder(running.folder.path().join("out"));
    let fetched = download(target, &status, &folder, &[], &reporter, &cancel)
        .await
        .unwrap();
    // The pretended result has no sha256; that it was this object is what counts.
    assert!(fetched.failed[0].1.starts_with(&key), "{fetched:?}");

    let stopped = runs::stop(target, "01SECOND", None, &reporter, &cancel)
        .await
        .unwrap();
    let alone = format!("shared with batch {}, left alone", home.batch);
    assert_eq!(stopped.skipped, [("again.png".to_owned(), alone)]);

    runs::delete(target, first.id(), &reporter, &cancel)
        .await
        .unwrap();
    let lost = snapshot(target, &second).await.unwrap();
    assert_eq!(lost.items[0].state, ItemState::Failed);
    let gone = format!(
        "its result was deleted with batch {}: submit it again",
        home.batch
    );
    assert_eq!(lost.items[0].message, Some(gone));
    running.cloud.stop(false).await;
}
