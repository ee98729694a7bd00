//! A client that costs little: one kept HTTP connection, requests signed by our own signer.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use local_cloud::sigv4::{self, Key};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::net::TcpStream;

pub const ACCESS: &str = "AKIDLOAD";
pub const SECRET: &str = "secret";
pub const REGION: &str = "us-east-1";
const ROLE: &str = "arn:aws:iam::000000000000:role/load";

/// Whom to measure.
#[derive(Clone, Debug)]
pub struct Target {
    pub address: SocketAddr,
    /// Whether tasks can be taken and answered there.
    pub has_activities: bool,
}

impl Target {
    /// A server of moto, told to execute state machines instead of only storing them.
    pub async fn foreign(url: &str) -> Target {
        let host = url.trim_start_matches("http://").trim_end_matches('/');
        let address = tokio::net::lookup_host(host)
            .await
            .expect("an address")
            .next()
            .expect("an address");
        let target = Target {
            address,
            has_activities: false,
        };
        let settings = json!({ "stepfunctions": { "execute_state_machine": true } });
        let mut connection = Connection::open(&target).await;
        let request = Request::post("/moto-api/config")
            .header("host", address.to_string())
            .body(Full::new(Bytes::from(settings.to_string())))
            .unwrap();
        let answer = connection.sender.send_request(request).await.unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
        target
    }
}

async fn connect(address: SocketAddr) -> SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    sender
}

/// A connection that is kept, as long as the server keeps it.
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    address: SocketAddr,
}

impl Connection {
    pub async fn open(target: &Target) -> Connection {
        Connection {
            sender: connect(target.address).await,
            address: target.address,
        }
    }

    /// An operation of Step Functions that succeeds.
    pub async fn call(&mut self, operation: &str, body: &Value) -> Value {
        let (status, answer) = self.try_call(operation, body).await;
        assert_eq!(status, StatusCode::OK, "{operation}: {answer}");
        answer
    }

    /// An operation of Step Functions.
    pub async fn try_call(&mut self, operation: &str, body: &Value) -> (StatusCode, Value) {
        let body = Bytes::from(body.to_string());
        let request = Request::post("/")
            .header("host", self.address.to_string())
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-date", sigv4::stamp(OffsetDateTime::now_utc()))
            .header("x-amz-target", format!("AWSStepFunctions.{operation}"))
            .body(())
            .unwrap();
        let (mut head, ()) = request.into_parts();
        let key = Key {
            access: ACCESS,
            secret: SECRET,
        };
        let signature = sigv4::authorization(&head, &body, key, REGION, "states").unwrap();
        head.headers
            .insert("authorization", signature.parse().unwrap());
        let request = Request::from_parts(head, Full::new(body));
        // moto's server ends every connection after its answer.
        if self.sender.ready().await.is_err() {
            self.sender = connect(self.address).await;
        }
        let answer = self.sender.send_request(request).await.unwrap();
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    /// Makes a machine; gives its ARN.
    pub async fn machine(&mut self, name: &str, definition: &Value) -> String {
        let body = json!({ "name": name, "definition": definition.to_string(), "roleArn": ROLE });
        let answer = self.call("CreateStateMachine", &body).await;
        answer["stateMachineArn"].as_str().unwrap().to_owned()
    }

    /// Starts an execution and asks until it has succeeded.
    pub async fn execute(&mut self, machine: &str, input: &str) {
        /// moto's server takes executions without a name for one and the same.
        static STARTED: AtomicUsize = AtomicUsize::new(0);
        let name = format!("load-{}", STARTED.fetch_add(1, Ordering::Relaxed));
        let body = json!({ "stateMachineArn": machine, "input": input, "name": name });
        let started = self.call("StartExecution", &body).await;
        let body = json!({ "executionArn": started["executionArn"] });
        loop {
            let described = self.call("DescribeExecution", &body).await;
            match described["status"].as_str().unwrap() {
                "SUCCEEDED" => return,
                "RUNNING" => {}
                other => panic!("{other}: {described}"),
            }
        }
    }
}
