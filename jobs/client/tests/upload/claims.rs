//! The same content with the same recipe is sent and cleaned once, whoever submits it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use whiteboarder_jobs::submit::{Batch, CreateOptions, SameAs, SubmitOptions, load_manifest};
use whiteboarder_jobs::{JobsError, Progress, Reporter, names};

use crate::world::{Fault, World, noise, send, sent};

fn same(batch: &str, name: &str) -> SameAs {
    SameAs {
        batch: batch.to_owned(),
        name: name.to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_submit_of_a_folder_sends_nothing() {
    let world = World::start().await;
    for seed in 0..5 {
        world.file(&format!("{seed}.jpg"), &noise(3_000, seed));
    }
    let target = world.target().await;
    let first = world.create(&target).await;
    assert_eq!(sent(&target, &first).await.sent, 5);

    let second = world.create(&target).await;
    for item in &second.manifest.items {
        assert_eq!(item.same_as, Some(same(first.id(), &item.name)));
    }
    assert_eq!(second.bytes_to_send(), 0);
    let stored = load_manifest(&target, second.id()).await.unwrap();
    assert_eq!(stored, second.manifest);
    world.forget_requests();
    let options = SubmitOptions::default();
    let (done, told) = send(&target, &second, &options, &CancellationToken::new()).await;
    let done = done.unwrap();
    assert_eq!((done.sent, done.already, done.same), (0, 5, 5));
    assert_eq!(world.requests(&["PUT"]), 0);
    let told_same = told
        .iter()
        .filter(|event| matches!(event, Progress::Same { batch, .. } if batch == first.id()));
    assert_eq!(told_same.count(), 5);

    let again = CreateOptions {
        skip_unchanged: false,
        ..CreateOptions::default()
    };
    let third = world.create_with(&target, &again).await;
    assert_eq!(sent(&target, &third).await.sent, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_submit_that_is_interrupted_while_it_claims_can_be_gone_on_with() {
    let world = World::start().await;
    for seed in 0..3 {
        world.file(&format!("{seed}.jpg"), &noise(3_000, seed));
    }
    let target = world.target().await;
    let options = CreateOptions::default();
    let mut batch = world.begin(&target, &options).await;

    let cancel = CancellationToken::new();
    let interrupt = cancel.clone();
    world.faults(move |request| {
        if request.contains("claims") {
            interrupt.cancel();
            return Fault::Hang;
        }
        Fault::None
    });
    let claimed = batch
        .claim(&target, &options, &Reporter::silent(), &cancel)
        .await;
    assert!(matches!(claimed, Err(JobsError::Cancelled)), "{claimed:?}");
    world.faults(|_| Fault::None);

    let (silent, never) = (Reporter::silent(), CancellationToken::new());
    let elsewhere = Batch::resume(&target, batch.id(), None, &silent, &never)
        .await
        .unwrap();
    assert_eq!(elsewhere.manifest, batch.manifest);
    batch
        .claim(&target, &options, &silent, &never)
        .await
        .unwrap();
    assert_eq!(sent(&target, &batch).await.sent, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_submits_at_the_same_time_do_the_work_once() {
    let world = World::start().await;
    let files = 40;
    for seed in 0..files {
        world.file(&format!("{seed}.jpg"), &noise(20_000, seed));
    }
    let (here, there) = (world.target().await, world.target().await);
    let (one, other) = tokio::join!(world.create(&here), world.create(&there));
    let own = |batch: &Batch| -> BTreeSet<String> {
        let items = batch.manifest.items.iter();
        items
            .filter(|item| item.same_as.is_none())
            .map(|item| item.name.clone())
            .collect()
    };
    let (ones, others) = (own(&one), own(&other));
    assert!(ones.is_disjoint(&others));
    assert_eq!(ones.len() + others.len(), files as usize);
    let (first, second) = tokio::join!(sent(&here, &one), sent(&there, &other));
    assert_eq!(first.failed.len() + second.failed.len(), 0);
    assert_eq!(first.sent + second.sent, files as usize);
    assert_eq!(world.keys("inbox/").await.len(), files as usize);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_content_twice_in_a_batch_is_sent_once() {
    let world = World::start().await;
    for name in ["a.jpg", "b.jpg", "c.jpg"] {
        world.file(name, &noise(3_000, 1));
    }
    let target = world.target().await;
    let batch = world.create(&target).await;
    let homes: Vec<_> = batch.manifest.items.iter().map(|i| &i.same_as).collect();
    let of_first = Some(same(batch.id(), "a.jpg"));
    assert_eq!(homes, [&None, &of_first, &of_first]);
    let done = sent(&target, &batch).await;
    assert_eq!((done.sent, done.already, done.same), (1, 2, 2));
    assert_eq!(world.keys("inbox/").await.len(), 1);

    // When that one file is gone, another that is the same does as well.
    let other = world.create(&world.target().await).await;
    assert!(other.manifest.items.iter().all(|i| i.same_as == of_first));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_original_that_its_batch_never_sent_is_sent_to_it_by_the_next() {
    let world = World::start().await;
    world.file("a.jpg", &noise(3_000, 1));
    world.file("b.jpg", &noise(17 << 20, 2));
    let target = world.target().await;
    let died = world.create(&target).await;
    let next = world.create(&target).await;
    let done = sent(&target, &next).await;
    assert_eq!((done.sent, done.same), (2, 2));
    let keys = world.keys("inbox/").await;
    let of_first = |name| names::inbox_key(died.id(), name);
    assert_eq!(keys, [of_first("a.jpg"), of_first("b.jpg")]);
    // The one that died finds them.
    let died = world.resume(&target, died.id()).await;
    let done = sent(&target, &died).await;
    assert_eq!((done.sent, done.already), (0, 2));
}

/// What is known of the other's work is listed while that goes on: it is sent, runs, and leaves the inbox.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_that_goes_on_while_it_is_looked_at_is_not_taken_for_dead() {
    for (held, goes_on) in [("prefix=runs", "begins"), ("prefix=inbox", "ends")] {
        let world = World::start().await;
        world.file("a.jpg", &noise(2_000, 1));
        let target = world.target().await;
        let first = world.create(&target).await;
        let id = first.id();
        let inbox = names::inbox_key(id, "a.jpg");
        let run = format!("{}a.jpg/execution", names::runs_prefix(id));
        if goes_on == "ends" {
            world.put(&inbox, b"jpg", None).await;
            world.put(&run, b"{}", None).await;
        }

        let (gate, is_held) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (holds, tells) = (Arc::clone(&gate), Arc::clone(&is_held));
        let mut was_held = false;
        world.faults(move |request| {
            let lists = request.contains("list-type=2") && request.contains(held);
            if lists && !std::mem::replace(&mut was_held, true) {
                tells.notify_one();
                return Fault::Hold(Arc::clone(&holds));
            }
            Fault::None
        });
        let go_on = async {
            is_held.notified().await;
            // Whatever else is asked at the same time is answered meanwhile.
            tokio::time::sleep(Duration::from_millis(300)).await;
            if goes_on == "begins" {
                world.put(&inbox, b"jpg", None).await;
                world.put(&run, b"{}", None).await;
            } else {
                world
                    .put(&names::cleaned_key(id, "a.jpg"), b"png", None)
                    .await;
                world.delete(&inbox).await;
            }
            gate.notify_one();
        };
        let (next, ()) = tokio::join!(world.create(&target), go_on);
        let home = &next.manifest.items[0].same_as;
        assert_eq!(*home, Some(same(id, "a.jpg")), "it {goes_on}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_that_is_dead_is_taken_over() {
    let world = World::start().await;
    for name in ["done", "failed", "gone", "waits"] {
        world.file(
            &format!("{name}.jpg"),
            &noise(2_000, name.len() as u64 * 7 + 1),
        );
    }
    world.file("gone.jpg", &noise(2_000, 99));
    let target = world.target().await;
    let first = world.create(&target).await;
    sent(&target, &first).await;
    let id = first.id();
    world
        .put(&names::cleaned_key(id, "done.jpg"), b"png", None)
        .await;
    world
        .put(&names::failed_key(id, "failed.jpg"), b"{}", None)
        .await;
    let run = format!("{}gone.jpg/execution", names::runs_prefix(id));
    world.put(&run, b"{}", None).await;
    world.delete(&names::inbox_key(id, "gone.jpg")).await;

    let next = world.create(&target).await;
    let homes: Vec<_> = next
        .manifest
        .items
        .iter()
        .map(|item| (item.name.as_str(), item.same_as.is_some()))
        .collect();
    assert_eq!(
        homes,
        [
            ("done.jpg", true),
            ("failed.jpg", false),
            ("gone.jpg", false),
            ("waits.jpg", true)
        ]
    );
    assert_eq!(sent(&target, &next).await.sent, 2);
    // And from now on the second batch is the one that does it.
    let third = world.create(&target).await;
    let failed = &third.manifest.items[1];
    assert_eq!(failed.same_as, Some(same(next.id(), "failed.jpg")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_whose_batch_is_gone_counts_for_nothing() {
    let world = World::start().await;
    world.file("a.jpg", &noise(2_000, 1));
    let target = world.target().await;
    let first = world.create(&target).await;
    let shares = world.create(&target).await;
    assert_eq!(
        shares.manifest.items[0].same_as,
        Some(same(first.id(), "a.jpg"))
    );
    world.delete(&names::manifest_key(first.id())).await;

    // Who relied on it does it now, when it goes on, and says so to everybody else.
    let resumed = world.resume(&target, shares.id()).await;
    assert_eq!(resumed.manifest.items[0].same_as, None);
    let stored = load_manifest(&target, shares.id()).await.unwrap();
    assert_eq!(stored, resumed.manifest);
    assert_eq!(sent(&target, &resumed).await.sent, 1);
    let next = world.create(&target).await;
    assert_eq!(
        next.manifest.items[0].same_as,
        Some(same(shares.id(), "a.jpg"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_deleted_in_between_an_item_names_the_one_that_does_the_work() {
    let world = World::start().await;
    world.file("a.jpg", &noise(2_000, 1));
    world.file("double.jpg", &noise(2_000, 1));
    let target = world.target().await;
    let first = world.create(&target).await;
    let second = world.create(&target).await;
    let third = world.create(&target).await;
    let homes = |batch: &Batch| -> Vec<_> {
        let items = batch.manifest.items.iter();
        items.map(|item| item.same_as.clone()).collect()
    };
    // Not the second, which does nothing itself.
    let of_first = Some(same(first.id(), "a.jpg"));
    assert_eq!(homes(&third), [of_first.clone(), of_first]);

    // The second does it from now on, and whoever comes back or comes anew names it, however long they were away.
    world.delete(&names::manifest_key(first.id())).await;
    let second = world.resume(&target, second.id()).await;
    let of_second = Some(same(second.id(), "a.jpg"));
    assert_eq!(homes(&second), [None, of_second.clone()]);
    let third = world.resume(&target, third.id()).await;
    assert_eq!(homes(&third), [of_second.clone(), of_second.clone()]);
    let fourth = world.create(&target).await;
    assert_eq!(homes(&fourth), [of_second.clone(), of_second]);
    let stored = load_manifest(&target, third.id()).await.unwrap();
    assert_eq!(stored, third.manifest);

    // A result is found there at once, not by way of others.
    sent(&target, &second).await;
    world
        .put(&names::cleaned_key(second.id(), "a.jpg"), b"png", None)
        .await;
    let status = whiteboarder_jobs::track::snapshot(&target, &fourth.manifest);
    for item in status.await.unwrap().items {
        let wanted = names::cleaned_key(second.id(), "a.jpg");
        assert_eq!(item.output, Some(wanted), "{}", item.name);
    }
}
