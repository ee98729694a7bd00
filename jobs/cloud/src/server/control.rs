//! The cloud's own paths: `GET /_local/status` and `POST /_local/stop`, signed for the service `local-cloud`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::body::{self, BodyError};
use super::{Answer, Front, json};
use crate::control::{SERVICE, Status};
use crate::s3::ObjectStore;

const MAX_BODY: usize = 64 << 10;

/// What the control paths tell and do.
pub(crate) struct Control {
    pub(crate) build: String,
    pub(crate) started: Instant,
    pub(crate) root: PathBuf,
    pub(crate) store: Arc<ObjectStore>,
    /// Takes the wish to stop, and whether to drain first.
    pub(crate) stop: mpsc::UnboundedSender<bool>,
}

#[derive(Default, Deserialize)]
struct Stop {
    #[serde(default)]
    drain: bool,
}

/// Answers a request below `/_local/`.
pub(super) async fn answer(front: &Front, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let body = match body::read(body, MAX_BODY).await {
        Ok(body) => body,
        Err(BodyError::TooLarge) => return json::plain(StatusCode::PAYLOAD_TOO_LARGE),
        Err(BodyError::Broken) => return json::plain(StatusCode::BAD_REQUEST),
    };
    if let Err(refused) = front.authenticate(&head, &body, SERVICE) {
        return json::error(StatusCode::FORBIDDEN, refused.code(), &refused.to_string());
    }
    match (&head.method, head.uri.path()) {
        (&Method::GET, "/_local/status") => {
            let status = status(front).await;
            let body = serde_json::to_value(status).unwrap_or(Value::Null);
            json::answer(StatusCode::OK, json::JSON, json::text(&body))
        }
        (&Method::POST, "/_local/stop") => {
            let wish = if body.is_empty() {
                Ok(Stop::default())
            } else {
                serde_json::from_slice(&body)
            };
            match wish {
                Ok(Stop { drain }) => {
                    // Nobody listens any more when the stop is already under way.
                    let _ = front.control.stop.send(drain);
                    let body = json!({"stopping": true, "drain": drain});
                    json::answer(StatusCode::ACCEPTED, json::JSON, json::text(&body))
                }
                Err(error) => {
                    let code = "SerializationException";
                    json::error(StatusCode::BAD_REQUEST, code, &error.to_string())
                }
            }
        }
        _ => json::error(StatusCode::NOT_FOUND, "UnknownOperationException", ""),
    }
}

async fn status(front: &Front) -> Status {
    let root = front.control.root.clone();
    let store = Arc::clone(&front.control.store);
    let bytes_on_disk = tokio::task::spawn_blocking(move || {
        let objects = store.size_on_disk().unwrap_or_default();
        objects + files_of(&root)
    });
    Status {
        build: front.control.build.clone(),
        pid: std::process::id(),
        uptime_seconds: front.control.started.elapsed().as_secs(),
        running_executions: front.engine.running(),
        running_invocations: front.lambda.running(),
        bytes_on_disk: bytes_on_disk.await.unwrap_or_default(),
    }
}

/// Bytes of the files directly in the data directory: the databases of the other services.
fn files_of(root: &std::path::Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(root) else {
        return 0;
    };
    entries
        .flatten()
        .filter_map(|entry| entry.metadata().ok())
        .filter(std::fs::Metadata::is_file)
        .map(|metadata| metadata.len())
        .sum()
}
