//! The program, and a Step Functions API (and S3) that is just real enough for it.
#![allow(dead_code)]

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::function;

pub const ARN: &str = "arn:aws:states:eu-west-1:123456789012:activity:resize";

pub fn loveless(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loveless"));
    command.args(arguments).arg("--").args(function::command());
    command
        .env_remove("AWS_LAMBDA_RUNTIME_API")
        .stdin(Stdio::null());
    command
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What the worker calls, and what it is told.
#[derive(Default)]
pub struct Service {
    pub tasks: Mutex<VecDeque<(String, Value)>>,
    pub calls: Mutex<Vec<(String, Value)>>,
    /// Answers for the next calls of `SendTaskSuccess`: status and error name.
    pub faults: Mutex<VecDeque<(u16, &'static str)>>,
    /// Why polls are refused, while they are.
    pub refusal: Mutex<Option<&'static str>>,
    /// Who called: the access key of each call.
    pub keys: Mutex<Vec<String>>,
    /// What S3 has, by path.
    pub objects: Mutex<BTreeMap<String, String>>,
}

impl Service {
    pub async fn start() -> (Arc<Service>, String) {
        let service = Arc::new(Service::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let serving = service.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let service = serving.clone();
                let answer = hyper::service::service_fn(move |request| {
                    let service = service.clone();
                    async move { Ok::<_, Infallible>(service.answer(request).await) }
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), answer),
                );
            }
        });
        (service, endpoint)
    }

    pub fn add(&self, token: &str, event: Value) {
        self.tasks
            .lock()
            .unwrap()
            .push_back((token.to_owned(), event));
    }

    pub fn called(&self, operation: &str) -> Vec<Value> {
        let calls = self.calls.lock().unwrap();
        calls
            .iter()
            .filter(|(name, _)| name == operation)
            .map(|(_, body)| body.clone())
            .collect()
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
        if !request.headers().contains_key("x-amz-target") {
            let found = self
                .objects
                .lock()
                .unwrap()
                .get(request.uri().path())
                .cloned();
            let status = if found.is_some() { 200 } else { 404 };
            let missing = "<Error><Code>NoSuchKey</Code><Message>not here</Message></Error>";
            let body = found.unwrap_or_else(|| missing.to_owned());
            return Response::builder()
                .status(status)
                .body(Full::new(body.into()))
                .unwrap();
        }
        let key = header("authorization");
        let key = key
            .split_once("Credential=")
            .unwrap()
            .1
            .split('/')
            .next()
            .unwrap();
        self.keys.lock().unwrap().push(key.to_owned());
        let target = header("x-amz-target");
        let (service, operation) = target.split_once('.').unwrap();
        let operation = operation.to_owned();
        let service = if service == "AmazonSQS" {
            "sqs"
        } else {
            "states"
        };
        let scope = format!("/eu-west-1/{service}/aws4_request");
        assert!(header("authorization").contains(&scope));
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap();
        self.calls
            .lock()
            .unwrap()
            .push((operation.clone(), body.clone()));
        let (status, answer) = match operation.as_str() {
            "GetActivityTask" | "ReceiveMessage" if self.refuses().is_some() => (
                400,
                json!({"__type": self.refuses(), "message": "not for you"}),
            ),
            "GetActivityTask" => (200, self.task().await),
            "ReceiveMessage" => (200, self.message().await),
            "DeleteMessageBatch" | "ChangeMessageVisibilityBatch" => {
                let entries = body["Entries"].as_array().unwrap().iter();
                let done: Vec<Value> = entries.map(|entry| json!({"Id": entry["Id"]})).collect();
                (200, json!({"Successful": done}))
            }
            "SendTaskSuccess" => match self.faults.lock().unwrap().pop_front() {
                Some((status, name)) => (status, json!({"__type": name, "message": "a fault"})),
                None => (200, json!({})),
            },
            _ => (200, json!({})),
        };
        Response::builder()
            .status(status)
            .header("content-type", "application/x-amz-json-1.0")
            .body(Full::new(answer.to_string().into()))
            .unwrap()
    }

    fn refuses(&self) -> Option<&'static str> {
        *self.refusal.lock().unwrap()
    }

    /// The same for a queue: the token is the message's id and receipt handle.
    async fn message(&self) -> Value {
        let task = self.task().await;
        if task["taskToken"].is_null() {
            return json!({});
        }
        json!({"Messages": [{
            "MessageId": task["taskToken"],
            "ReceiptHandle": task["taskToken"],
            "Body": task["input"],
            "MD5OfBody": "not looked at",
            "Attributes": {"ApproximateReceiveCount": "3"},
        }]})
    }

    /// Held open for a while, then an answer with null fields, as the real service does it.
    async fn task(&self) -> Value {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(2) {
            if let Some((token, event)) = self.tasks.lock().unwrap().pop_front() {
                return json!({"taskToken": token, "input": event.to_string()});
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        json!({"taskToken": null, "input": null})
    }
}

pub fn worker(endpoint: &str, arguments: &[&str]) -> Command {
    let mut all = vec!["worker", "--activity", ARN, "--heartbeat", "50ms"];
    all.extend(arguments);
    let mut command = loveless(&all);
    command
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("STAGE", "test")
        .env("LOVELESS_WORKER_NAME", "the-worker")
        .env_remove("AWS_REGION")
        .env_remove("AWS_DEFAULT_REGION")
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

pub fn signal(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid as i32).unwrap(), signal).unwrap();
}
