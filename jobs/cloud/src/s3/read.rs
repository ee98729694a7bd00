//! Bodies on their way out: pieces of files, read as the connection takes them.

use std::collections::VecDeque;
use std::fs::File;
use std::ops::Range;
use std::pin::Pin as StdPin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures::Stream;
use s3s::stream::{ByteStream, RemainingLength};
use tokio::task::JoinHandle;

use super::blobs::{Blobs, Pin, Sha256, read_at};
use super::error::StoreError;
use super::rows::Segment;

/// Bytes read at once; two such pieces are in memory for one reader.
const PIECE: u64 = 256 * 1024;

/// Bytes of a body that are still to be read. At most one file is open.
pub(super) struct Span {
    pieces: VecDeque<Piece>,
    open: Option<File>,
}

struct Piece {
    name: Sha256,
    size: u64,
    range: Range<u64>,
}

impl Span {
    /// These bytes of a body that is made of these segments.
    pub(super) fn new(segments: &[Segment], range: Range<u64>) -> Self {
        let mut pieces = VecDeque::new();
        let mut offset = 0;
        for segment in segments {
            let size = segment.digests.size;
            let start = range.start.saturating_sub(offset).min(size);
            let end = range.end.saturating_sub(offset).min(size);
            if start < end {
                pieces.push_back(Piece {
                    name: segment.digests.sha256,
                    size,
                    range: start..end,
                });
            }
            offset += size;
        }
        Self { pieces, open: None }
    }

    fn remaining(&self) -> u64 {
        self.pieces
            .iter()
            .map(|piece| piece.range.end - piece.range.start)
            .sum()
    }

    /// The next bytes, `None` at the end. Blocks.
    pub(super) fn read(&mut self, blobs: &Blobs) -> Result<Option<Bytes>, StoreError> {
        let Some(piece) = self.pieces.front_mut() else {
            return Ok(None);
        };
        let path = || blobs.path(&piece.name);
        let file = match self.open.take() {
            Some(file) => file,
            None => blobs.open_file(&piece.name, piece.size)?.ok_or_else(|| {
                StoreError::DamagedBody {
                    path: path(),
                    found: 0,
                    expected: piece.size,
                }
            })?,
        };
        let length = (piece.range.end - piece.range.start).min(PIECE);
        let bytes = read_at(&file, piece.range.start, length as usize).map_err(|source| {
            StoreError::Io {
                path: path(),
                source,
            }
        })?;
        piece.range.start += length;
        if piece.range.is_empty() {
            self.pieces.pop_front();
        } else {
            self.open = Some(file);
        }
        Ok(Some(bytes.into()))
    }
}

type Reading = JoinHandle<Result<(Option<Bytes>, Span), StoreError>>;

/// The body of a response. Reads one piece ahead.
pub(super) struct Body {
    blobs: Arc<Blobs>,
    remaining: u64,
    reading: Option<Reading>,
    _pin: Pin,
}

impl Body {
    pub(super) fn new(blobs: Arc<Blobs>, pin: Pin, span: Span) -> Self {
        let remaining = span.remaining();
        let mut body = Self {
            blobs,
            remaining,
            reading: None,
            _pin: pin,
        };
        body.read_ahead(span);
        body
    }

    fn read_ahead(&mut self, mut span: Span) {
        if span.pieces.is_empty() {
            return;
        }
        let blobs = Arc::clone(&self.blobs);
        self.reading = Some(tokio::task::spawn_blocking(move || {
            let bytes = span.read(&blobs)?;
            Ok((bytes, span))
        }));
    }
}

impl Stream for Body {
    type Item = Result<Bytes, Box<dyn std::error::Error + Send + Sync>>;

    fn poll_next(
        mut self: StdPin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Self::Item>> {
        let Some(reading) = &mut self.reading else {
            return Poll::Ready(None);
        };
        let read = ready!(StdPin::new(reading).poll(context));
        self.reading = None;
        match read.unwrap_or(Err(StoreError::Stopped)) {
            Ok((Some(bytes), span)) => {
                self.remaining = self.remaining.saturating_sub(bytes.len() as u64);
                self.read_ahead(span);
                Poll::Ready(Some(Ok(bytes)))
            }
            Ok((None, _)) => Poll::Ready(None),
            Err(error) => {
                tracing::error!(error = error.chain(), "could not read a body");
                Poll::Ready(Some(Err(Box::new(error))))
            }
        }
    }
}

impl ByteStream for Body {
    fn remaining_length(&self) -> RemainingLength {
        RemainingLength::new_exact(self.remaining as usize)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use futures::TryStreamExt as _;

    use super::*;
    use crate::s3::checksum::Expected;
    use crate::s3::conditions::WriteConditions;
    use crate::s3::multipart::{CompleteRequest, ListedPart, UploadAddress, UploadRequest};
    use crate::s3::receive::Spooled;
    use crate::s3::store::{ObjectStore, StoreSettings};

    /// An object of two files.
    fn in_two_parts(store: &Arc<ObjectStore>, parts: [Bytes; 2]) {
        let (bucket, key) = ("boards".to_owned(), "k".to_owned());
        let request = UploadRequest {
            bucket: bucket.clone(),
            key: key.clone(),
            headers: crate::s3::headers::Headers::default(),
            metadata: [].into(),
            algorithm: None,
            cover: None,
        };
        let upload = store.begin_upload(&request).unwrap().id;
        let address = UploadAddress {
            bucket,
            key,
            upload,
        };
        let mut listed = Vec::new();
        for (number, part) in (1..).zip(parts) {
            let body = Spooled::whole(&store.blobs, part);
            let part = store
                .put_part(&address, number, body, &Expected::default())
                .unwrap();
            listed.push(ListedPart {
                number,
                etag: part.digests.etag(),
                checksum: None,
            });
        }
        let request = CompleteRequest {
            address,
            parts: listed,
            conditions: WriteConditions::default(),
            checksum: None,
            cover: None,
            size: None,
            request_id: String::new(),
        };
        store.complete_upload(&request).unwrap();
    }

    #[tokio::test]
    async fn a_body_that_is_being_read_outlives_its_object() {
        let folder = tempfile::tempdir().unwrap();
        let store = ObjectStore::open(folder.path(), StoreSettings::default()).unwrap();
        store.create_bucket("boards").unwrap();
        let parts = [
            Bytes::from(vec![1; 5 * 1024 * 1024]),
            Bytes::from(vec![2; 1000]),
        ];
        in_two_parts(&store, parts.clone());
        let object = store.open_object("boards", "k").unwrap();
        let names: Vec<_> = object
            .segments
            .iter()
            .map(|part| part.digests.sha256)
            .collect();
        let body = object.stream(&store, 0..5 * 1024 * 1024 + 1000);
        store
            .delete("boards", "k", &WriteConditions::default())
            .unwrap();
        // The second file was not open yet when the object went.
        assert!(names.iter().all(|name| store.blobs.path(name).exists()));
        let read: Vec<Bytes> = body.try_collect().await.unwrap();
        assert!(read.concat() == parts.concat());
        store
            .delete("boards", "nothing", &WriteConditions::default())
            .unwrap();
        assert!(!names.iter().any(|name| store.blobs.path(name).exists()));
    }

    #[tokio::test]
    async fn a_damaged_body_is_an_error_and_never_short() {
        let folder = tempfile::tempdir().unwrap();
        let store = ObjectStore::open(folder.path(), StoreSettings::default()).unwrap();
        store.create_bucket("boards").unwrap();
        store
            .put_object("boards", "k", "whole".into(), None, [].into())
            .await
            .unwrap();
        let object = store.open_object("boards", "k").unwrap();
        let path = store.blobs.path(&object.segments[0].digests.sha256);
        std::fs::write(path, "who").unwrap();
        let read: Result<Vec<Bytes>, _> = object.stream(&store, 0..5).try_collect().await;
        let error = read.unwrap_err();
        let damaged = error.downcast_ref::<StoreError>();
        assert!(matches!(
            damaged,
            Some(StoreError::DamagedBody {
                found: 3,
                expected: 5,
                ..
            })
        ));
    }
}
