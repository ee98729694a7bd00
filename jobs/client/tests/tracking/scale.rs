//! `SCALE=100,1000,10000 cargo test --release -p whiteboarder-jobs --test tracking scale -- --ignored --nocapture`

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use tokio_util::sync::CancellationToken;
use whiteboarder_jobs::Reporter;
use whiteboarder_jobs::submit::{SubmitOptions, run};
use whiteboarder_jobs::track::{ItemState, snapshot};

use super::cloud::{batch, names, start};

fn cpu() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// What the client itself takes: it runs on this thread, the cloud and the proxy on others. Hashing
/// files and reading them goes to a pool of threads and is not counted.
#[test]
#[ignore = "measures; takes minutes"]
fn scale() {
    let sizes = std::env::var("SCALE").unwrap_or_else(|_| "100,1000".to_owned());
    let mut report = String::new();
    for size in sizes.split(',').map(|size| size.parse::<usize>().unwrap()) {
        let servers = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let running = servers.block_on(start(true, 0));
        let client = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let batch = client.block_on(batch(&running, &names(size)));
        running.counts.clear();
        let (reporter, mut events) = Reporter::channel();
        let cancel = CancellationToken::new();
        let options = SubmitOptions::default();
        let (from, began) = (cpu(), Instant::now());
        // On its own connections: those of the cloud's runtime belong to its threads.
        let status = client
            .block_on(run(&running.target, &batch, &options, &reporter, &cancel))
            .unwrap();
        let (followed, took) = (cpu().saturating_sub(from), began.elapsed());
        assert_eq!(status.count(ItemState::Cleaned), size);
        let mut told = 0;
        while events.try_recv().is_ok() {
            told += 1;
        }
        let histories = running.counts.of("GetExecutionHistory");
        let lists = running.counts.of("ListObjectsV2");
        let from = cpu();
        let again = client.block_on(snapshot(&running.target, &batch.manifest));
        let looked = cpu().saturating_sub(from);
        assert_eq!(again.unwrap().count(ItemState::Cleaned), size);
        let per = |time: Duration| time.as_secs_f64() * 1000.0 / size as f64;
        writeln!(
            report,
            "{size:>6} items: submit and follow {:.2} ms of CPU per item ({:.1} s in all), one whole look {:.2} ms; \
             per item {:.2} histories, {:.2} lists, {:.1} events",
            per(followed),
            took.as_secs_f64(),
            per(looked),
            histories as f64 / size as f64,
            lists as f64 / size as f64,
            told as f64 / size as f64,
        )
        .unwrap();
        servers.block_on(running.cloud.stop(false));
    }
    std::io::stderr().write_all(report.as_bytes()).unwrap();
}
