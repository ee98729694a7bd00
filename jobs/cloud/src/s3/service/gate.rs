//! What stands before `s3s`: the parts of the protocol that it leaves out or gets wrong.
//!
//! - Signature Version 2 in a header is refused, as AWS does. In a presigned URL it is taken: boto3 and version 1 of the
//!   AWS CLI make such URLs for us-east-1 unless they are told otherwise.
//! - `HEAD` with a range is answered 206.
//! - The list of keys of `DeleteObjects` is digested, so that the operation can compare it with its checksum.
//! - A refused request's body is read to its end: a client that is still sending sees the answer, not a closed
//!   connection.
//! - A client that sent `Expect: 100-continue` and got its answer at once gets a new connection. botocore would
//!   take the next answer on the old one for that of this request.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Frame, Incoming, SizeHint};
use s3s::service::S3Service;
use s3s::{Body, HttpError};

use super::answer::request_id;
use super::parameters::names;
use crate::s3::checksum::{Digests, Hasher};
use crate::s3::receive::discard;

/// How long a refused request's body is read.
const PATIENCE: Duration = Duration::from_secs(30);
/// The list of keys of a `DeleteObjects`: a thousand keys of 1 KiB, in XML, with room to spare.
const MAX_KEYS_BODY: usize = 20 << 20;

/// The S3 service, for hyper. Clones share the store.
#[derive(Clone)]
pub struct Service {
    inner: S3Service,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Service").finish_non_exhaustive()
    }
}

/// The digests of a body that was read before the operation, among the request's extensions.
#[derive(Clone)]
pub(super) struct ReadBody(pub(super) Arc<Digests>);

impl Service {
    pub(super) fn new(inner: S3Service) -> Self {
        Self { inner }
    }

    /// Answers a request. An error means that the connection cannot go on.
    pub async fn call(&self, request: Request<Incoming>) -> Result<Response<Body>, HttpError> {
        let is_head = request.method() == Method::HEAD;
        let expects = request.headers().contains_key(header::EXPECT);
        let (head, body) = request.into_parts();
        let body = Lent::new(body);
        let mut answer = if is_signature_2(&head.headers) {
            Refusal::signature_2().answer()
        } else if is_deletion(&head.method, &head.uri) {
            match read_keys(Request::from_parts(head, body.clone())).await {
                Ok(request) => self.inner.call(request).await?,
                Err(refusal) => refusal.answer(),
            }
        } else {
            let request = Request::from_parts(head, Body::http_body(body.clone()));
            self.inner.call(request).await?
        };
        // Nobody has asked for the body, and the client waits to be asked: it need not send it.
        let unsent = expects && !body.was_read();
        if answer.status().as_u16() >= 400 && !unsent {
            let rest = discard(Some(Body::http_body(body)));
            let _ = tokio::time::timeout(PATIENCE, rest).await;
        }
        let has_range = answer.headers().contains_key(header::CONTENT_RANGE);
        if is_head && has_range && answer.status() == StatusCode::OK {
            *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
        }
        let headers = answer.headers_mut();
        if unsent {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if !headers.contains_key("x-amz-request-id")
            && let Ok(id) = HeaderValue::from_str(&request_id())
        {
            headers.insert("x-amz-request-id", id);
        }
        Ok(answer)
    }
}

impl hyper::service::Service<Request<Incoming>> for Service {
    type Response = Response<Body>;
    type Error = HttpError;
    type Future = BoxFuture<'static, Result<Response<Body>, HttpError>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move { Service::call(&service, request).await })
    }
}

/// A request's body that remains ours when the operation drops it.
#[derive(Clone)]
struct Lent(Arc<Shared>);

struct Shared {
    body: Mutex<Incoming>,
    /// Somebody has asked for it, and so the client for "100 Continue".
    read: AtomicBool,
}

impl Lent {
    fn new(body: Incoming) -> Self {
        Self(Arc::new(Shared {
            body: Mutex::new(body),
            read: AtomicBool::new(false),
        }))
    }

    /// An empty body has never to be asked for.
    fn was_read(&self) -> bool {
        self.0.read.load(Ordering::Relaxed)
    }

    fn body(&self) -> MutexGuard<'_, Incoming> {
        self.0.body.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl hyper::body::Body for Lent {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let mut body = self.body();
        if !body.is_end_stream() {
            self.0.read.store(true, Ordering::Relaxed);
        }
        Pin::new(&mut *body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body().size_hint()
    }
}

/// An answer that `s3s` is not asked for.
struct Refusal {
    code: &'static str,
    message: String,
}

impl Refusal {
    fn signature_2() -> Self {
        let message = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.";
        Self {
            code: "InvalidRequest",
            message: message.to_owned(),
        }
    }

    fn answer(&self) -> Response<Body> {
        let escaped = self.message.replace('&', "&amp;").replace('<', "&lt;");
        let (code, id) = (self.code, request_id());
        let xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>{escaped}</Message><RequestId>{id}</RequestId></Error>"
        );
        let mut answer = Response::new(Body::from(xml));
        *answer.status_mut() = StatusCode::BAD_REQUEST;
        let headers = answer.headers_mut();
        let xml = HeaderValue::from_static("application/xml");
        headers.insert(header::CONTENT_TYPE, xml);
        if let Ok(id) = HeaderValue::from_str(&id) {
            headers.insert("x-amz-request-id", id);
        }
        answer
    }
}

fn is_signature_2(headers: &HeaderMap) -> bool {
    let authorization = headers.get(header::AUTHORIZATION);
    authorization.is_some_and(|value| value.as_bytes().starts_with(b"AWS "))
}

fn is_deletion(method: &Method, uri: &Uri) -> bool {
    *method == Method::POST && names(uri).any(|name| name == "delete")
}

/// Reads the list of keys and notes its digests.
async fn read_keys(request: Request<Lent>) -> Result<Request<Body>, Refusal> {
    let (mut head, body) = request.into_parts();
    let streamed = head
        .headers
        .get("x-amz-content-sha256")
        .is_some_and(|sum| sum.as_bytes().starts_with(b"STREAMING-"));
    if streamed {
        // In signed chunks, and their checksum a trailer: what came is not what was meant.
        return Ok(Request::from_parts(head, Body::http_body(body)));
    }
    let bytes = Limited::new(body, MAX_KEYS_BODY).collect().await;
    let bytes = bytes.map_err(|error| Refusal {
        code: "MalformedXML",
        message: format!("the list of keys could not be read: {error}"),
    })?;
    let bytes = bytes.to_bytes();
    let mut hasher = Hasher::new(true);
    hasher.update(&bytes);
    head.extensions.insert(ReadBody(Arc::new(hasher.finish())));
    Ok(Request::from_parts(head, Body::from(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signature_version_2_is_recognised_in_the_header() {
        let refused = |value: &'static str| {
            let value = HeaderValue::from_static(value);
            is_signature_2(&HeaderMap::from_iter([(header::AUTHORIZATION, value)]))
        };
        assert!(refused("AWS AKIA:signature"));
        assert!(!refused("AWS4-HMAC-SHA256 Credential=x"));
        assert!(!is_signature_2(&HeaderMap::new()));
    }
}
