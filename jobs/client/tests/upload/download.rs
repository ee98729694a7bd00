//! Results on disk: whole, or not there.

use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;
use whiteboarder_jobs::download::{Destination, DownloadSummary, download};
use whiteboarder_jobs::track::snapshot;
use whiteboarder_jobs::{JobsError, Progress, Reporter, Target, names};

use crate::world::{Fault, World, noise, sent};

/// A world with a batch of one picture whose result is there, and a function that downloads it.
struct Done {
    world: World,
    target: Target,
    status: whiteboarder_jobs::track::BatchStatus,
    result: Vec<u8>,
}

impl Done {
    async fn new() -> Self {
        let world = World::start().await;
        world.file("a.jpg", &noise(2_000, 1));
        let target = world.target().await;
        let batch = world.create(&target).await;
        sent(&target, &batch).await;
        let result = noise(300_000, 2);
        let sha256 = hex::encode(Sha256::digest(&result));
        let key = names::cleaned_key(batch.id(), "a.jpg");
        world.put(&key, &result, Some(&sha256)).await;
        let status = snapshot(&target, &batch.manifest).await.unwrap();
        world.forget_requests();
        Self {
            world,
            target,
            status,
            result,
        }
    }

    fn out(&self) -> std::path::PathBuf {
        self.world.folder.path().join("out")
    }

    async fn fetch(&self) -> (Result<DownloadSummary, JobsError>, Vec<Progress>) {
        let (reporter, mut events) = Reporter::channel();
        let into = Destination::Folder(self.out());
        let cancel = CancellationToken::new();
        let done = download(&self.target, &self.status, &into, &[], &reporter, &cancel).await;
        drop(reporter);
        let mut told = Vec::new();
        while let Some(event) = events.recv().await {
            told.push(event);
        }
        (done, told)
    }

    fn gets(&self) -> usize {
        self.world.requests(&["GET", "/cleaned/", "x-id=GetObject"])
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_that_is_there_is_not_fetched_again_and_one_that_differs_is() {
    let done = Done::new().await;
    done.fetch().await.0.unwrap();
    let file = done.out().join("a.jpg.png");
    assert!(std::fs::read(&file).unwrap() == done.result);
    assert_eq!(done.gets(), 1);
    let (again, told) = done.fetch().await;
    assert_eq!(again.unwrap().written.len(), 1);
    assert!(matches!(
        told[0],
        Progress::Downloaded { already: true, .. }
    ));
    assert_eq!(done.gets(), 1);

    let mut damaged = done.result.clone();
    damaged[1_000] ^= 1;
    std::fs::write(&file, damaged).unwrap();
    done.fetch().await.0.unwrap();
    assert!(std::fs::read(&file).unwrap() == done.result);
    assert_eq!(done.gets(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_breaks_off_is_fetched_again_and_leaves_nothing() {
    let done = Done::new().await;
    let mut left = 2;
    done.world.faults(move |request| {
        if request.contains("/cleaned/") && left > 0 {
            left -= 1;
            return Fault::CutShort;
        }
        Fault::None
    });
    let (fetched, told) = done.fetch().await;
    assert_eq!(fetched.unwrap().written.len(), 1);
    let retried = |event: &&Progress| matches!(event, Progress::DownloadRetry { .. });
    assert_eq!(told.iter().filter(retried).count(), 2, "{told:#?}");
    let files: Vec<_> = std::fs::read_dir(done.out()).unwrap().collect();
    assert_eq!(files.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_that_is_not_what_its_metadata_says_is_refused() {
    let done = Done::new().await;
    let key = done.status.items[0].output.clone().unwrap();
    done.world.put(&key, b"other", Some(&"0".repeat(64))).await;
    let (fetched, _) = done.fetch().await;
    let fetched = fetched.unwrap();
    assert!(
        fetched.failed[0].1.contains("was damaged on the way"),
        "{fetched:?}"
    );
    assert_eq!(std::fs::read_dir(done.out()).unwrap().count(), 0);
}
