//! A body that passes at a rate.

use std::num::NonZeroU64;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use crate::body::{BoxError, Passing};

/// Lets a body pass at a rate.
pub(crate) struct PacedBody {
    inner: Passing,
    rate: NonZeroU64,
    /// Of a frame, what must wait.
    rest: Bytes,
    sleep: Pin<Box<Sleep>>,
}

/// A frame's slices are what passes in this time, so that the rate holds within a frame too.
const SLICES_PER_SECOND: u64 = 20;

impl PacedBody {
    pub(crate) fn new(inner: Passing, rate: NonZeroU64) -> PacedBody {
        PacedBody {
            inner,
            rate,
            rest: Bytes::new(),
            sleep: Box::pin(tokio::time::sleep(Duration::ZERO)),
        }
    }
}

impl Body for PacedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.rest.is_empty() {
            let frame = match ready!(Pin::new(&mut self.inner).poll_frame(cx)) {
                Some(Ok(frame)) => frame,
                other => return Poll::Ready(other),
            };
            match frame.into_data() {
                Ok(data) => self.rest = data,
                Err(frame) => return Poll::Ready(Some(Ok(frame))),
            }
        }
        ready!(self.sleep.as_mut().poll(cx));
        let slice = (self.rate.get() / SLICES_PER_SECOND).max(1);
        let slice = usize::try_from(slice).unwrap_or(usize::MAX);
        let length = self.rest.len().min(slice);
        let data = self.rest.split_to(length);
        let pause = Duration::from_secs_f64(data.len() as f64 / self.rate.get() as f64);
        self.sleep.as_mut().reset(Instant::now() + pause);
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        let mut hint = self.inner.size_hint();
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper + rest);
        }
        hint.set_lower(hint.lower() + rest);
        hint
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt, Full};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_paced_body_is_whole_and_takes_its_length_over_its_rate() {
        let sent: Vec<u8> = (0..1000u32).map(|number| number as u8).collect();
        let inner = Full::new(Bytes::from(sent.clone()));
        let inner = inner.map_err(|never| match never {}).boxed_unsync();
        let rate = NonZeroU64::new(100).unwrap();
        let start = Instant::now();
        let mut body = PacedBody::new(inner, rate);
        assert_eq!(body.size_hint().exact(), Some(1000));
        let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(first.len(), 5, "a twentieth of a second's worth");
        assert_eq!(body.size_hint().exact(), Some(995));
        assert!(!body.is_end_stream());
        let rest = body.collect().await.unwrap().to_bytes();
        assert_eq!([first, rest].concat(), sent);
        // Virtual time: 199 pauses of 50 ms, to the timer's millisecond.
        let taken = start.elapsed().as_millis();
        assert!((9_950..=10_150).contains(&taken), "{taken} ms");
    }
}
