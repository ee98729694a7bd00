//! Talks to a running cloud: who are you, and please stop.
//!
//! For programs that find a cloud again by its port and credentials. Requests are signed like all others.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio::net::TcpStream;

use crate::sigv4::{self, Key};

/// The service name in the credential scope.
pub const SERVICE: &str = "local-cloud";
/// A cloud on loopback that needs longer is no cloud.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a running cloud tells of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The build, as in [`CloudConfig::build`](crate::CloudConfig::build).
    pub build: String,
    /// The process.
    pub pid: u32,
    /// Seconds since the start.
    pub uptime_seconds: u64,
    /// Executions that have not ended.
    pub running_executions: usize,
    /// Invocations of the Lambda lane that run right now.
    pub running_invocations: usize,
    /// Bytes that the data takes on disk.
    pub bytes_on_disk: u64,
}

/// Why a cloud could not be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// Nothing listens there.
    #[error("no local cloud answers on {address}")]
    Unreachable {
        /// Where it should be.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Something listens that does not talk as a cloud does.
    #[error("what answers on {address} is not a local cloud: {reason}")]
    Strange {
        /// Where it is.
        address: SocketAddr,
        /// What it did.
        reason: String,
    },
    /// It is a cloud and refuses these credentials or this request.
    #[error("the local cloud on {address} refuses: {message}")]
    Refused {
        /// Where it is.
        address: SocketAddr,
        /// Its answer.
        message: String,
    },
}

/// A running cloud, as seen from outside.
#[derive(Clone)]
pub struct Client {
    address: SocketAddr,
    access_key: String,
    secret_key: String,
}

impl Client {
    /// A client of the cloud at this address. Does not connect yet.
    #[must_use]
    pub fn new(address: SocketAddr, access_key: &str, secret_key: &str) -> Self {
        Self {
            address,
            access_key: access_key.to_owned(),
            secret_key: secret_key.to_owned(),
        }
    }

    /// Asks who is there.
    pub async fn status(&self) -> Result<Status, ControlError> {
        let answer = self
            .call(Method::GET, "/_local/status", Bytes::new())
            .await?;
        serde_json::from_slice(&answer).map_err(|error| self.strange(&error))
    }

    /// Asks it to stop; with `drain` after what runs has ended, within limits. Answers before it has stopped.
    pub async fn stop(&self, drain: bool) -> Result<(), ControlError> {
        let body = serde_json::json!({"drain": drain}).to_string();
        self.call(Method::POST, "/_local/stop", body.into()).await?;
        Ok(())
    }

    async fn call(&self, method: Method, path: &str, body: Bytes) -> Result<Bytes, ControlError> {
        match tokio::time::timeout(PATIENCE, self.exchange(method, path, body)).await {
            Ok(answer) => answer,
            Err(_) => Err(self.strange(&"it does not answer")),
        }
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<Bytes, ControlError> {
        let stream = TcpStream::connect(self.address).await;
        let stream = stream.map_err(|source| ControlError::Unreachable {
            address: self.address,
            source,
        })?;
        let request = self.signed(method, path, &body)?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| self.strange(&error))?;
        let connection = tokio::spawn(connection);
        let answer = sender.send_request(request).await;
        let answer = answer.map_err(|error| self.strange(&error))?;
        let status = answer.status();
        let body = answer.into_body().collect().await;
        let body = body.map_err(|error| self.strange(&error))?.to_bytes();
        connection.abort();
        match status {
            StatusCode::OK | StatusCode::ACCEPTED => Ok(body),
            StatusCode::FORBIDDEN => Err(ControlError::Refused {
                address: self.address,
                message: message(&body),
            }),
            other => Err(self.strange(&format!("{other} {}", message(&body)))),
        }
    }

    fn signed(
        &self,
        method: Method,
        path: &str,
        body: &Bytes,
    ) -> Result<Request<Full<Bytes>>, ControlError> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", self.address.to_string())
            .header("x-amz-date", sigv4::stamp(OffsetDateTime::now_utc()))
            .body(Full::new(body.clone()))
            .map_err(|error| self.strange(&error))?;
        let (mut head, full) = request.into_parts();
        let key = Key {
            access: &self.access_key,
            secret: &self.secret_key,
        };
        let signature = sigv4::authorization(&head, body, key, "local", SERVICE)
            .and_then(|value| value.parse().ok())
            .ok_or_else(|| self.strange(&"the credentials cannot be sent in a header"))?;
        head.headers.insert(http::header::AUTHORIZATION, signature);
        Ok(Request::from_parts(head, full))
    }

    fn strange(&self, reason: &dyn std::fmt::Display) -> ControlError {
        ControlError::Strange {
            address: self.address,
            reason: reason.to_string(),
        }
    }
}

fn message(body: &[u8]) -> String {
    let json: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    json.as_ref()
        .and_then(|json| json.get("message"))
        .and_then(serde_json::Value::as_str)
        .map_or_else(|| String::from_utf8_lossy(body).into_owned(), str::to_owned)
}
