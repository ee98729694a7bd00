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
