//! Upload bodies that tell how far they are.

use std::pin::Pin;
use std::sync::Arc;
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
    reporter: Reporter,
    told: std::sync::Mutex<Option<Instant>>,
}

impl Counter {
    pub(super) fn new(item: &str, total: u64, reporter: &Reporter) -> Arc<Self> {
        Arc::new(Self {
            item: item.to_owned(),
            total,
            reporter: reporter.clone(),
            told: std::sync::Mutex::new(None),
        })
    }

    fn tell(&self, sent: u64) {
        let mut told = self
            .told
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if sent < self.total && told.is_some_and(|last| last.elapsed() < EVERY) {
            return;
        }
        *told = Some(Instant::now());
        let item = self.item.clone();
        self.reporter.tell(Progress::UploadProgress {
            item,
            sent,
            bytes: self.total,
        });
    }
}

/// A body over bytes in memory that starts at `offset` of its item. The SDK may take it again for
/// a retry, and progress then falls back to the offset.
pub(super) fn counted(bytes: Bytes, offset: u64, counter: &Arc<Counter>) -> ByteStream {
    let counter = Arc::clone(counter);
    ByteStream::new(SdkBody::retryable(move || {
        SdkBody::from_body_1_x(Counted {
            rest: bytes.clone(),
            sent: offset,
            counter: Arc::clone(&counter),
        })
    }))
}

struct Counted {
    rest: Bytes,
    sent: u64,
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
        self.sent += take as u64;
        self.counter.tell(self.sent);
        Poll::Ready(Some(Ok(Frame::data(frame))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
