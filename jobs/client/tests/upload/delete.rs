//! A deletion takes everything of a batch, and nothing that others rely on.

use tokio_util::sync::CancellationToken;
use whiteboarder_jobs::{JobsError, Reporter, names, runs, stack};

use crate::world::{World, noise, sent};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_whose_results_others_share_is_not_deleted_before_them() {
    let world = World::start().await;
    world.file("a.jpg", &noise(2_000, 1));
    world.file("b.jpg", &noise(2_000, 2));
    let target = world.target().await;
    let first = world.create(&target).await;
    sent(&target, &first).await;
    let second = world.create(&target).await;
    let (silent, cancel) = (Reporter::silent(), CancellationToken::new());

    let refused = runs::delete(&target, first.id(), &silent, &cancel).await;
    match refused.unwrap_err() {
        JobsError::Shared { by, items, .. } => {
            assert_eq!((by, items), (vec![second.id().to_owned()], 2));
        }
        other => panic!("{other}"),
    }
    assert_eq!(world.keys("inbox/").await.len(), 2);

    for batch in [second.id(), first.id()] {
        runs::delete(&target, batch, &silent, &cancel)
            .await
            .unwrap();
    }
    assert_eq!(world.keys("").await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unfinished_uploads_go_with_their_batch() {
    let world = World::start().await;
    world.file("a.jpg", &noise(2_000, 1));
    let target = world.target().await;
    let batch = world.create(&target).await;
    let key = names::inbox_key(batch.id(), "a.jpg");
    let begin = target.s3().create_multipart_upload().key(key);
    begin.bucket(stack::LOCAL_BUCKET).send().await.unwrap();
    assert_eq!(world.unfinished().await.len(), 1);
    let (silent, cancel) = (Reporter::silent(), CancellationToken::new());
    runs::delete(&target, batch.id(), &silent, &cancel)
        .await
        .unwrap();
    assert_eq!(world.unfinished().await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_announced_is_what_is_deleted_claims_and_notes_too() {
    let world = World::start().await;
    world.file("a.jpg", &noise(2_000, 1));
    world.file("b.jpg", &noise(3_000, 2));
    let target = world.target().await;
    let first = world.create(&target).await;
    sent(&target, &first).await;
    world.file("c.jpg", &noise(4_000, 3));
    let second = world.create(&target).await;
    sent(&target, &second).await;
    let (silent, cancel) = (Reporter::silent(), CancellationToken::new());
    let all = sizes(&world).await;

    // One original, its claim, the note with the first batch, and the manifest.
    let extent = runs::extent(&target, second.id()).await.unwrap();
    assert_eq!(extent.objects, 4);
    let deleted = runs::delete(&target, second.id(), &silent, &cancel).await;
    let deleted = deleted.unwrap();
    assert_eq!(
        (deleted.objects, deleted.bytes),
        (extent.objects, extent.bytes)
    );
    let left = sizes(&world).await;
    assert_eq!(all.len() - left.len(), extent.objects);
    assert_eq!(
        all.iter().sum::<u64>() - left.iter().sum::<u64>(),
        extent.bytes
    );

    // Two originals, their claims, and the manifest: that is all that there is.
    let extent = runs::extent(&target, first.id()).await.unwrap();
    assert_eq!((extent.objects, left.len()), (5, 5));
    assert_eq!(extent.bytes, left.iter().sum::<u64>());
}

/// The size of every object that there is.
async fn sizes(world: &World) -> Vec<u64> {
    let list = world.target().await.s3().list_objects_v2();
    let listed = list.bucket(stack::LOCAL_BUCKET).send().await.unwrap();
    let sizes = listed
        .contents()
        .iter()
        .map(|object| object.size().unwrap());
    sizes.map(i64::unsigned_abs).collect()
}
