//! Request bodies: from the connection to a temporary file, a bounded piece in memory at a time.

use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, StreamExt as _};

use super::blobs::{Blobs, Incoming, Received};
use super::checksum::Expected;
use super::error::StoreError;
use super::store::blocking;

/// Bytes gathered before they go to the disk. Bodies up to here need one trip to a blocking thread.
const BATCH: usize = 512 * 1024;
/// Bytes of a refused body that are still read.
const MAX_DISCARD: usize = 256 * 1024 * 1024;
/// One request's body at most.
pub(super) const MAX_BODY: u64 = 5 * 1024 * 1024 * 1024;

type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// A body that was read to its end; its last batch is still in memory.
pub(super) struct Spooled {
    blobs: Arc<Blobs>,
    incoming: Option<Incoming>,
    last: Vec<Bytes>,
    with_sha1: bool,
}

/// Reads a body. While one batch is hashed and written, the next is read.
pub(super) async fn spool(
    blobs: &Arc<Blobs>,
    mut body: impl Stream<Item = Result<Bytes, BodyError>> + Unpin,
    with_sha1: bool,
) -> Result<Spooled, StoreError> {
    let mut incoming = None;
    let mut received = 0;
    let mut batch = Vec::new();
    let mut batched = 0;
    let mut writing: Option<tokio::task::JoinHandle<Result<Incoming, StoreError>>> = None;
    while let Some(bytes) = body.next().await {
        let bytes = bytes.map_err(body_error)?;
        received += bytes.len() as u64;
        if received > MAX_BODY {
            return Err(StoreError::EntityTooLarge { size: received });
        }
        batched += bytes.len();
        batch.push(bytes);
        if batched >= BATCH {
            if let Some(writing) = writing.take() {
                incoming = Some(writing.await.map_err(|_| StoreError::Stopped)??);
            }
            let (blobs, batch, incoming) = (
                Arc::clone(blobs),
                std::mem::take(&mut batch),
                incoming.take(),
            );
            batched = 0;
            writing = Some(tokio::task::spawn_blocking(move || {
                write_batch(&blobs, incoming, &batch, with_sha1)
            }));
        }
    }
    if let Some(writing) = writing {
        incoming = Some(writing.await.map_err(|_| StoreError::Stopped)??);
    }
    Ok(Spooled {
        blobs: Arc::clone(blobs),
        incoming,
        last: batch,
        with_sha1,
    })
}

/// Reads a body (if it is not huge) and throws it away: a client that is still sending would not see the
/// answer, only a closed connection.
pub(super) async fn discard(body: Option<impl Stream<Item = Result<Bytes, BodyError>> + Unpin>) {
    let Some(mut body) = body else { return };
    let mut discarded = 0;
    while let Some(Ok(bytes)) = body.next().await {
        discarded += bytes.len();
        if discarded > MAX_DISCARD {
            return;
        }
    }
}

fn write_batch(
    blobs: &Blobs,
    incoming: Option<Incoming>,
    batch: &[Bytes],
    with_sha1: bool,
) -> Result<Incoming, StoreError> {
    let mut incoming = match incoming {
        Some(incoming) => incoming,
        None => blobs.receive(with_sha1)?,
    };
    for bytes in batch {
        incoming.write(bytes)?;
    }
    Ok(incoming)
}

impl Spooled {
    /// A body that is in memory.
    pub(super) fn whole(blobs: &Arc<Blobs>, body: Bytes) -> Self {
        Self {
            blobs: Arc::clone(blobs),
            incoming: None,
            last: vec![body],
            with_sha1: false,
        }
    }

    /// Writes the rest, checks the whole and syncs it. Blocks.
    pub(super) fn finish(self, expected: &Expected) -> Result<Received, StoreError> {
        write_batch(&self.blobs, self.incoming, &self.last, self.with_sha1)?.finish(expected)
    }

    /// Gives the temporary file up on a blocking thread.
    pub(super) async fn forget(self) {
        let _ = blocking(move || {
            drop(self);
            Ok(())
        })
        .await;
    }
}

/// What a broken body means. The streams that check signatures keep their error types to themselves, so
/// their words have to do; a test over the wire holds them.
fn body_error(error: BodyError) -> StoreError {
    let text = error.to_string();
    if text.contains("Sha256Mismatch") {
        StoreError::ContentSha256Mismatch
    } else if text.contains("SignatureMismatch") {
        StoreError::ChunkSignatureMismatch
    } else if text.contains("FormatError") {
        StoreError::request("the body is not encoded as aws-chunked")
    } else {
        StoreError::Body { source: error }
    }
}
