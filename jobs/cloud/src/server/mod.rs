//! The HTTP front: one port on loopback for every service.
//!
//! | request | goes to |
//! |---|---|
//! | `X-Amz-Target: AWSStepFunctions.<Operation>` | the Step Functions engine |
//! | `X-Amz-Target: AmazonSQS.<Operation>` | the queues |
//! | `/2015-03-31/functions/…`, or signed for `lambda` | the Lambda lane |
//! | `/_local/…` | this cloud's own control |
//! | signed for a service that is not here | an error that says so |
//! | everything else | S3, which checks its signatures itself |

mod activity;
mod aws_json;
mod body;
mod control;
mod elsewhere;
mod json;
mod lambda_api;
mod sqs_api;
mod states_api;

use std::convert::Infallible;
use std::sync::Arc;

use http::{HeaderMap, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use time::OffsetDateTime;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::lanes::{AsyncQueue, LambdaLane};
use crate::sigv4::{self, Key, SignatureError};
use crate::sqs::Queues;
use crate::states::Engine;

pub(crate) use activity::Activity;
pub(crate) use control::Control;

/// Every answer's body.
pub(crate) type Body = s3s::Body;
/// Every answer.
pub(crate) type Answer = Response<Body>;

/// How long open connections may take to end their last answer when the server stops.
const LAST_ANSWERS: std::time::Duration = std::time::Duration::from_secs(2);

/// What the front hands requests to.
pub(crate) struct Front {
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
    pub(crate) s3: crate::s3::Service,
    pub(crate) engine: Arc<Engine>,
    pub(crate) lambda: Arc<LambdaLane>,
    pub(crate) queue: Arc<AsyncQueue>,
    pub(crate) queues: Arc<Queues>,
    pub(crate) control: Control,
    pub(crate) activity: Arc<Activity>,
    /// Cancelled when this cloud starts nothing new any more.
    pub(crate) drain: CancellationToken,
    /// Cancelled when it ends at once.
    pub(crate) stop: CancellationToken,
}

impl Front {
    /// Checks who sent a request that S3 does not see.
    pub(crate) fn authenticate(
        &self,
        head: &http::request::Parts,
        body: &[u8],
        service: &str,
    ) -> Result<(), SignatureError> {
        let key = Key {
            access: &self.access_key,
            secret: &self.secret_key,
        };
        sigv4::verify(head, body, key, service, OffsetDateTime::now_utc())
    }
}

/// Accepts connections until `stop`.
pub(crate) async fn serve(listener: TcpListener, front: Arc<Front>, stop: CancellationToken) {
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            () = stop.cancelled() => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection = connection(stream, Arc::clone(&front));
                connections.spawn(graceful.watch(connection));
            }
            Err(error) => {
                // Out of file descriptors, most likely: give connections a moment to end.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    // Long polls have been answered; a transfer that takes longer is cut off.
    let _ = tokio::time::timeout(LAST_ANSWERS, graceful.shutdown()).await;
    connections.shutdown().await;
}

fn connection(
    stream: TcpStream,
    front: Arc<Front>,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> {
    // Small answers go out at once.
    let _ = stream.set_nodelay(true);
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(
            TokioIo::new(stream),
            service_fn(move |request| {
                let front = Arc::clone(&front);
                async move { Ok::<_, Infallible>(dispatch(front, request).await) }
            }),
        )
}

/// Sends a request to its service. Dropping this future (the client went away) ends a long poll and an S3 transfer;
/// operations of the engine and invocations go on.
async fn dispatch(front: Arc<Front>, request: Request<Incoming>) -> Answer {
    let service = elsewhere::service(request.headers());
    if let Some(service) = service.filter(|service| !elsewhere::is_here(service)) {
        let answer = elsewhere::answer(service, request.headers());
        body::discard(request.into_body()).await;
        return answer;
    }
    let for_lambda = service == Some("lambda");
    let path = request.uri().path();
    if let Some(target) = target(request.headers()) {
        if target.starts_with(sqs_api::TARGET) {
            return sqs_api::answer(front, &target, request).await;
        }
        return states_api::answer(front, &target, request).await;
    }
    if service == Some("sqs") {
        // The query protocol, which SDKs have given up.
        let message = "The local cloud's SQS speaks AWS JSON 1.0 only: use an SDK of 2024 or later";
        let answer = json::error(StatusCode::BAD_REQUEST, "UnsupportedOperation", message);
        body::discard(request.into_body()).await;
        return answer;
    }
    if for_lambda || path.starts_with("/2015-03-31/functions/") {
        let _busy = front.activity.request();
        return lambda_api::answer(Arc::clone(&front), request).await;
    }
    if path.starts_with("/_local/") {
        return control::answer(&front, request).await;
    }
    let _busy = front.activity.request();
    match front.s3.call(request).await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::error!(?error, "S3 could not answer");
            json::plain(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

fn target(headers: &HeaderMap) -> Option<String> {
    let target = headers.get("x-amz-target")?;
    Some(String::from_utf8_lossy(target.as_bytes()).into_owned())
}
