//! Upload bodies that tell how far they are.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::progress::{Progress, Reporter};

/// How much is handed over at once.
const FRAME: usize = 64 * 1024;
/// How often progress is told.
const EVERY: Duration = Duration::from_millis(50);

/// Counts one item's bytes, over all its parts.
#[derive(Debug)]
pub(super) struct Counter {
    item: String,
    total: u64,
    sent: AtomicU64,
    reporter: Reporter,
    told: Mutex<Option<Instant>>,
}

impl Counter {
    pub(super) fn new(item: &str, total: u64, reporter: &Reporter) -> Arc<Self> {
        Arc::new(Self {
            item: item.to_owned(),
            total,
            sent: AtomicU64::new(0),
            reporter: reporter.clone(),
            told: Mutex::new(None),
        })
    }

    /// Bytes that are there without being sent now: parts of an earlier try.
    pub(super) fn there_already(&self, bytes: u64) {
        self.sent.fetch_add(bytes, Ordering::Relaxed);
        self.tell();
    }

    /// Begins anew.
    pub(super) fn reset(&self) {
        self.sent.store(0, Ordering::Relaxed);
    }

    fn tell(&self) {
        let mut told = self
            .told
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        // Read under the lock: what is told only falls when something is taken back.
        let sent = self.sent.load(Ordering::Relaxed);
        if sent < self.total && told.is_some_and(|last| last.elapsed() < EVERY) {
            return;
        }
        *told = Some(Instant::now());
        self.reporter.tell(Progress::UploadProgress {
            item: self.item.clone(),
            sent,
            bytes: self.total,
        });
    }
}

/// One try to send some bytes of an item. What was not acknowledged is taken back from the item's count
/// when it is dropped.
#[derive(Debug)]
pub(super) struct Attempt {
    counter: Arc<Counter>,
    sent: Arc<AtomicU64>,
    acknowledged: bool,
}

impl Attempt {
    pub(super) fn new(counter: &Arc<Counter>) -> Self {
        Self {
            counter: Arc::clone(counter),
            sent: Arc::default(),
            acknowledged: false,
        }
    }

    /// A body that is sent once.
    pub(super) fn body(&self, bytes: Bytes) -> ByteStream {
        ByteStream::new(SdkBody::from_body_1_x(Counted {
            rest: bytes,
            sent: Arc::clone(&self.sent),
            counter: Arc::clone(&self.counter),
        }))
    }

    /// Waits for the answer as long as bytes move; none when none did for `quiet`.
    pub(super) async fn watched<T>(
        &self,
        quiet: Duration,
        answer: impl Future<Output = T>,
    ) -> Option<T> {
        let mut answer = std::pin::pin!(answer);
        let mut seen = self.sent.load(Ordering::Relaxed);
        loop {
            if let Ok(done) = tokio::time::timeout(quiet, &mut answer).await {
                return Some(done);
            }
            let now = self.sent.load(Ordering::Relaxed);
            if now == seen {
                return None;
            }
            seen = now;
        }
    }

    pub(super) fn acknowledged(mut self) {
        self.acknowledged = true;
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if !self.acknowledged {
            let sent = self.sent.swap(0, Ordering::Relaxed);
            let take = |all: u64| Some(all.saturating_sub(sent));
            let order = Ordering::Relaxed;
            let _ = self.counter.sent.fetch_update(order, order, take);
        }
    }
}

struct Counted {
    rest: Bytes,
    sent: Arc<AtomicU64>,
    counter: Arc<Counter>,
}

impl Body for Counted {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let take = self.rest.len().min(FRAME);
        let frame = self.rest.split_to(take);
        self.sent.fetch_add(take as u64, Ordering::Relaxed);
        self.counter.sent.fetch_add(take as u64, Ordering::Relaxed);
        self.counter.tell();
        Poll::Ready(Some(Ok(Frame::data(frame))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
