//! The three paths over HTTP.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

use super::{WorkerStatus, page};

/// A client that does not get its request out in this time is let go.
const HEAD_LIMIT: Duration = Duration::from_secs(5);

/// Answers `GET /health`, `/ready` (200 or 503) and `/metrics` for ever; dropping the future ends
/// it.
pub async fn serve(listener: TcpListener, status: Arc<WorkerStatus>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, most likely: leave others time to close some.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let status = status.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let answer = answer(&status, &request);
                async { Ok::<_, Infallible>(answer) }
            });
            // A connection that breaks is its client's affair.
            let _ = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_LIMIT)
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

fn answer(status: &WorkerStatus, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let state = |well: bool, yes: &str, no: &str| {
        if well {
            (StatusCode::OK, format!("{yes}\n"))
        } else {
            (StatusCode::SERVICE_UNAVAILABLE, format!("{no}\n"))
        }
    };
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let (code, body) = match request.uri().path() {
        "/health" if reads => state(status.is_healthy(), "alive", "all slots have ended"),
        "/ready" if reads => state(status.is_ready(), "ready", "not ready"),
        "/metrics" if reads => (StatusCode::OK, page::of(status)),
        "/health" | "/ready" | "/metrics" => {
            (StatusCode::METHOD_NOT_ALLOWED, "GET only\n".to_owned())
        }
        _ => (StatusCode::NOT_FOUND, "no such page\n".to_owned()),
    };
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = code;
    answer.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"),
    );
    answer
}
