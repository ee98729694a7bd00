//! The client's connection, and how it can be made to end.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// How a connection ends. Shared between the connection and whoever decides about it.
#[derive(Debug, Default)]
pub(crate) struct Ending(AtomicU8);

const RESET: u8 = 1;
const NOW: u8 = 2;
const WHEN_FLUSHED: u8 = 4;

/// The connection is being cut on purpose.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("cut by the fault proxy")]
pub(crate) struct Cut;

impl Ending {
    /// The connection ends with a TCP reset, and nothing more is written.
    pub(crate) fn reset_now(&self) -> Cut {
        self.0.fetch_or(RESET | NOW, Ordering::SeqCst);
        Cut
    }

    /// The connection ends with a TCP reset when all that was written is on its way.
    pub(crate) fn reset_when_flushed(&self) {
        self.0.fetch_or(RESET | WHEN_FLUSHED, Ordering::SeqCst);
    }

    /// The connection is closed in good order when all that was written is on its way.
    pub(crate) fn close_when_flushed(&self) {
        self.0.fetch_or(WHEN_FLUSHED, Ordering::SeqCst);
    }

    pub(crate) fn is_now(&self) -> bool {
        self.has(NOW)
    }

    fn has(&self, flag: u8) -> bool {
        self.0.load(Ordering::SeqCst) & flag != 0
    }

    fn check(&self) -> io::Result<()> {
        if self.is_now() {
            return Err(io::Error::new(io::ErrorKind::ConnectionAborted, Cut));
        }
        Ok(())
    }
}

/// A TCP stream that ends as its [`Ending`] says.
pub(crate) struct Wire {
    stream: TcpStream,
    ending: Arc<Ending>,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, ending: Arc<Ending>) -> Wire {
        Wire { stream, ending }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.ending.has(RESET) {
            // Without lingering, closing sends RST. A socket that has gone already needs none.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.ending.check()?;
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.ending.check()?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    /// Called when the buffers above are empty: here the connection ends, if it is to.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        if self.ending.has(WHEN_FLUSHED) {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::ConnectionAborted, Cut)));
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.ending.has(RESET) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.ending.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
