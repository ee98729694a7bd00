//! Reading a request's body with a limit.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};

/// How much of a body that is too large is read away, so that the client gets to read the answer.
const DISCARD: usize = 64 << 20;

/// Why there is no body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// It is larger than the limit.
    TooLarge,
    /// The client went away, or sent nonsense.
    Broken,
}

/// Reads a body away, if it is not huge.
pub(crate) async fn discard(body: Incoming) {
    let _ = read(body, 0).await;
}

/// Reads a whole body of at most `limit` bytes.
pub(crate) async fn read(mut body: Incoming, limit: usize) -> Result<Bytes, BodyError> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let mut read = BytesMut::with_capacity(announced.min(limit));
    let mut discarded = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else {
            continue;
        };
        if discarded == 0 && read.len() + data.len() <= limit {
            read.extend_from_slice(&data);
            continue;
        }
        discarded += data.len();
        if discarded > DISCARD {
            break;
        }
    }
    if discarded > 0 {
        return Err(BodyError::TooLarge);
    }
    Ok(read.freeze())
}
