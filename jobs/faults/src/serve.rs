//! Accepts connections and decides about each request: answered here, passed on, or neither.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use http::uri::Authority;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use time::OffsetDateTime;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::answer::{Protocol, answer};
use crate::body::Passing;
use crate::fault::Fault;
use crate::forward::{awaits_continue, forward, length, swallow};
use crate::ledger::Ledger;
use crate::plan::Facts;
use crate::wire::{Cut, Ending, Wire};

/// How long the rest of a body is taken from a client that was answered before it had sent it.
const LINGER: Duration = Duration::from_secs(5);
/// Idle connections to the upstream are given up before most servers do, so that none is used while it closes.
const IDLE: Duration = Duration::from_secs(5);

/// What all connections share.
pub(crate) struct Front {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) upstream: Authority,
    pub(crate) client: Client<HttpConnector, Passing>,
}

impl Front {
    pub(crate) fn new(ledger: Arc<Ledger>, upstream: Authority) -> Front {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .http1_preserve_header_case(true)
            // The client's Host is part of its signature.
            .set_host(false)
            .build(connector);
        Front {
            ledger,
            upstream,
            client,
        }
    }
}

/// Accepts connections until `stop`, then drops them all.
pub(crate) async fn serve(listener: TcpListener, front: Arc<Front>, stop: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            () = stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                connections.spawn(connection(stream, Arc::clone(&front)));
            }
            // Out of file descriptors, most likely: give connections a moment to end.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn connection(stream: TcpStream, front: Arc<Front>) {
    let _ = stream.set_nodelay(true);
    let ending = Arc::new(Ending::default());
    let wire = Wire::new(stream, Arc::clone(&ending));
    let service = service_fn(move |request| {
        let (front, ending) = (Arc::clone(&front), Arc::clone(&ending));
        async move { exchange(&front, &ending, request).await }
    });
    // An error here is a client that went away, an upstream that broke off, or a fault.
    let _ = hyper::server::conn::http1::Builder::new()
        .preserve_header_case(true)
        .auto_date_header(false)
        .serve_connection(TokioIo::new(wire), service)
        .await;
}

/// Answers a request; `Cut` ends the connection without an answer.
async fn exchange(
    front: &Front,
    ending: &Arc<Ending>,
    request: Request<Incoming>,
) -> Result<Response<Passing>, Cut> {
    let length = length(request.body());
    let facts = Facts {
        method: request.method().as_str(),
        path: request.uri().path(),
        query: request.uri().query(),
        headers: request.headers(),
        body: length,
    };
    let (number, shot) = front.ledger.arrived(&facts);
    let Some(mut shot) = shot else {
        return forward(front, ending, number, request, None).await;
    };
    let protocol = Protocol::of(request.uri().path(), request.headers());
    let content_type = request.headers().get(CONTENT_TYPE);
    let now = OffsetDateTime::now_utc();
    if let Some(answer) = answer(&shot.fault, protocol, content_type, now, number) {
        shot.hit();
        return Ok(refuse(request, answer).await);
    }
    match &shot.fault {
        Fault::Reset => {
            shot.hit();
            Err(ending.reset_now())
        }
        Fault::Hang => {
            shot.hit();
            // With its body taken, the connection notices when the client goes away, and drops this.
            swallow(request.into_body()).await;
            std::future::pending().await
        }
        _ => forward(front, ending, number, request, Some(shot)).await,
    }
}

/// Gives an answer of our own.
async fn refuse(request: Request<Incoming>, answer: Response<Bytes>) -> Response<Passing> {
    let mut answer = answer.map(|body| Full::new(body).map_err(Infallible::into).boxed_unsync());
    if awaits_continue(&request) {
        // Such a client is answered before it sends its body. Whoever sends it unasked must not be reset before
        // the answer is read, so the rest is taken. Everything runs on one thread, and the answer's head is written
        // before another task runs: the body is not asked for with `100 Continue` any more.
        let connection = answer.headers_mut();
        connection.insert(CONNECTION, HeaderValue::from_static("close"));
        tokio::spawn(tokio::time::timeout(LINGER, swallow(request.into_body())));
    } else {
        swallow(request.into_body()).await;
    }
    answer
}
