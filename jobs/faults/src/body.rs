//! Bodies on their way through the proxy: cut, damaged, held back. Each holds one frame at most.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;

use crate::ledger::Shot;
use crate::wire::{Cut, Ending};

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// A body of any make.
pub(crate) type Passing = UnsyncBoxBody<Bytes, BoxError>;

/// What happens where a body is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CutMode {
    /// A request's body: it fails towards the upstream, and the client is reset at once.
    Upload,
    /// A response's body: the client is reset when it has been sent so far.
    Reset,
    /// A response's body: the client's connection is closed when it has been sent so far.
    Close,
}

/// Ends a body before its end.
pub(crate) struct CutBody {
    inner: Passing,
    left: u64,
    mode: CutMode,
    ending: Arc<Ending>,
    shot: Shot,
    /// What passed before has been flushed.
    flushed: bool,
}

impl CutBody {
    pub(crate) fn new(
        inner: Passing,
        after: u64,
        mode: CutMode,
        ending: Arc<Ending>,
        shot: Shot,
    ) -> CutBody {
        CutBody {
            inner,
            left: after,
            mode,
            ending,
            shot,
            flushed: false,
        }
    }

    fn cut(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.mode == CutMode::Upload && !self.flushed {
            // A failing body discards what is buffered, the request's head even; a pending one has it flushed.
            self.flushed = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.shot.hit();
        match self.mode {
            CutMode::Upload => return Poll::Ready(Some(Err(self.ending.reset_now().into()))),
            CutMode::Reset => self.ending.reset_when_flushed(),
            CutMode::Close => self.ending.close_when_flushed(),
        }
        // The connection flushes after it has asked for a frame in vain, which ends it: nothing wakes this again.
        Poll::Pending
    }
}

impl Body for CutBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.left == 0 || self.flushed {
            return self.cut(cx);
        }
        let frame = match ready!(Pin::new(&mut self.inner).poll_frame(cx)) {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            None => return self.cut(cx),
        };
        match frame.into_data() {
            Ok(mut data) => {
                data.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
                self.left -= data.len() as u64;
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            // Trailers: the body would be whole with them.
            Err(_) => self.cut(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        false
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Damages one byte of a body.
pub(crate) struct DamagedBody {
    inner: Passing,
    /// Bytes until the damage; `None` behind it.
    left: Option<u64>,
    shot: Shot,
}

impl DamagedBody {
    pub(crate) fn new(inner: Passing, at: u64, shot: Shot) -> DamagedBody {
        DamagedBody {
            inner,
            left: Some(at),
            shot,
        }
    }

    fn damage(&mut self, data: Bytes) -> Bytes {
        let Some(left) = self.left else {
            return data;
        };
        let length = data.len() as u64;
        if left >= length {
            self.left = Some(left - length);
            return data;
        }
        self.left = None;
        self.shot.hit();
        let mut damaged = data.to_vec();
        damaged[left as usize] ^= 1;
        damaged.into()
    }
}

impl Body for DamagedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(|data| self.damage(data)))))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Keeps something until the body has come to its end or nobody wants it any more.
pub(crate) struct KeptBody<T> {
    inner: Passing,
    _kept: T,
}

impl<T> KeptBody<T> {
    pub(crate) fn new(inner: Passing, kept: T) -> KeptBody<T> {
        KeptBody { inner, _kept: kept }
    }
}

impl<T: Unpin> Body for KeptBody<T> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Pin::new(&mut self.inner).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Holds a body back until the upstream says `100 Continue` (`true`) or answers (dropped): a client that
/// waits to be asked for its body is asked by the upstream, not by the proxy.
pub(crate) struct AwaitedBody {
    inner: Passing,
    go: Option<Pin<Box<dyn Future<Output = bool> + Send>>>,
}

impl AwaitedBody {
    pub(crate) fn new(
        inner: Passing,
        go: impl Future<Output = bool> + Send + 'static,
    ) -> AwaitedBody {
        AwaitedBody {
            inner,
            go: Some(Box::pin(go)),
        }
    }
}

impl Body for AwaitedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(go) = &mut self.go {
            if !ready!(go.as_mut().poll(cx)) {
                return Poll::Ready(Some(Err(Cut.into())));
            }
            self.go = None;
        }
        Pin::new(&mut self.inner).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
