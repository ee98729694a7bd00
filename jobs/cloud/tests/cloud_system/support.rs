//! Clients, stacks and patience.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_sfn::types::ExecutionStatus;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use local_cloud::sigv4::{self, Key};
use local_cloud::{
    Cloud, CloudConfig, Durability, FunctionConfig, Rehearsal, Rule, Stack, StateMachineConfig,
    Target, WorkerGroup,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use time::OffsetDateTime;
use tokio::net::TcpStream;

use crate::roles;

pub const ACCESS: &str = "AKIDLOCAL";
pub const SECRET: &str = "a secret of this test";
pub const REGION: &str = "us-east-1";
pub const MACHINE_ARN: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:flow";
pub const ACTIVITY_ARN: &str = "arn:aws:states:us-east-1:000000000000:activity:measure";

pub const SDK_VARIABLES: [&str; 5] = [
    "AWS_ENDPOINT_URL",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
];

/// Nothing here takes that long, unless it never ends.
const PATIENCE: Duration = Duration::from_mins(1);

/// A cloud and the folder that it lives in.
pub struct Running {
    pub cloud: Cloud,
    pub folder: TempDir,
}

impl Running {
    pub async fn new(stack: Stack) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cloud = Cloud::start(config(folder.path(), stack)).await.unwrap();
        Self { cloud, folder }
    }

    pub fn s3(&self) -> aws_sdk_s3::Client {
        s3(self.cloud.address(), ACCESS, SECRET)
    }

    pub fn sfn(&self) -> aws_sdk_sfn::Client {
        sfn(self.cloud.address(), ACCESS, SECRET)
    }
}

pub fn config(root: &Path, stack: Stack) -> CloudConfig {
    CloudConfig {
        root: root.to_owned(),
        port: None,
        access_key: ACCESS.to_owned(),
        secret_key: SECRET.to_owned(),
        region: REGION.to_owned(),
        account: "000000000000".to_owned(),
        build: "test 1".to_owned(),
        idle_after: None,
        durability: Durability::Normal,
        keep: None,
        rehearsal: Rehearsal::default(),
        stack,
    }
}

pub fn function(name: &str, concurrency: usize) -> FunctionConfig {
    let (command, env) = roles::command("function");
    FunctionConfig {
        name: name.to_owned(),
        command,
        env,
        memory_mb: 1024,
        timeout_s: 30,
        concurrency,
    }
}

/// An object below `in/` starts the machine `flow`; what it does is in the key's first word after that:
/// `lambda`, `activity` or `fail`. Ends that are no success go to the function `record`.
pub fn full_stack() -> Stack {
    let (command, mut env) = roles::command("worker");
    env.insert("ACTIVITY_ARN".to_owned(), "{activity_arn}".to_owned());
    Stack {
        buckets: vec!["boards".to_owned(), "notes".to_owned()],
        functions: vec![function("measure", 2), function("record", 1)],
        activities: vec!["measure".to_owned()],
        workers: vec![WorkerGroup {
            activity: "measure".to_owned(),
            command,
            count: 1,
            env,
        }],
        state_machines: vec![StateMachineConfig {
            name: "flow".to_owned(),
            definition: flow().to_string(),
        }],
        rules: vec![
            Rule {
                name: "arrived".to_owned(),
                pattern: json!({
                    "source": ["aws.s3"],
                    "detail-type": ["Object Created"],
                    "detail": {"object": {"key": [{"prefix": "in/"}]}},
                }),
                target: Target::StateMachine {
                    name: "flow".to_owned(),
                },
            },
            Rule {
                name: "ended".to_owned(),
                pattern: json!({
                    "source": ["aws.states"],
                    "detail": {"status": ["FAILED", "TIMED_OUT", "ABORTED"]},
                }),
                target: Target::Function {
                    name: "record".to_owned(),
                },
            },
        ],
        ..Stack::default()
    }
}

fn flow() -> Value {
    let measure = json!({
        "action": "measure",
        "bucket.$": "$.detail.bucket.name",
        "key.$": "$.detail.object.key",
        "ms": 300,
    });
    json!({
        "StartAt": "Register",
        "States": {
            "Register": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:s3:putObject",
                "Parameters": {
                    "Bucket.$": "$.detail.bucket.name",
                    "Key.$": "States.Format('runs/{}/{}', $.detail.object.key, $$.Execution.Name)",
                    "Body": {"execution.$": "$$.Execution.Id"},
                    "ContentType": "application/json",
                },
                "ResultPath": null,
                "Next": "Place",
            },
            "Place": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.detail.object.key", "StringMatches": "in/activity*", "Next": "OnActivity"},
                    {"Variable": "$.detail.object.key", "StringMatches": "in/fail*", "Next": "Fails"},
                ],
                "Default": "OnLambda",
            },
            "OnLambda": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": {"FunctionName": "measure", "Payload": measure},
                "OutputPath": "$.Payload",
                "End": true,
            },
            "OnActivity": {
                "Type": "Task",
                "Resource": ACTIVITY_ARN,
                "Parameters": measure,
                "TimeoutSeconds": 60,
                "HeartbeatSeconds": 5,
                "Retry": [{"ErrorEquals": ["States.Timeout", "States.HeartbeatTimeout"], "MaxAttempts": 3}],
                "End": true,
            },
            "Fails": {
                "Type": "Task",
                "Resource": "arn:aws:lambda:us-east-1:000000000000:function:measure",
                "Parameters": {"action": "fail", "error": "ImageCorrupt"},
                "End": true,
            },
        },
    })
}

fn http_client() -> aws_sdk_s3::config::SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_http()
}

pub fn s3(address: SocketAddr, access: &str, secret: &str) -> aws_sdk_s3::Client {
    s3_at(&format!("http://{address}"), access, secret)
}

pub fn s3_from_environment() -> aws_sdk_s3::Client {
    let variable = |name: &str| std::env::var(name).unwrap();
    s3_at(
        &variable("AWS_ENDPOINT_URL"),
        &variable("AWS_ACCESS_KEY_ID"),
        &variable("AWS_SECRET_ACCESS_KEY"),
    )
}

fn s3_at(endpoint: &str, access: &str, secret: &str) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version_latest()
        .endpoint_url(endpoint)
        .region(aws_sdk_s3::config::Region::new(REGION))
        .credentials_provider(Credentials::from_keys(access, secret, None))
        .force_path_style(true)
        .http_client(http_client())
        .build();
    aws_sdk_s3::Client::from_conf(config)
}

pub fn sfn(address: SocketAddr, access: &str, secret: &str) -> aws_sdk_sfn::Client {
    let config = aws_sdk_sfn::Config::builder()
        .behavior_version_latest()
        .endpoint_url(format!("http://{address}"))
        .region(aws_sdk_sfn::config::Region::new(REGION))
        .credentials_provider(Credentials::from_keys(access, secret, None))
        .http_client(http_client())
        .build();
    aws_sdk_sfn::Client::from_conf(config)
}

pub async fn put(s3: &aws_sdk_s3::Client, key: &str, body: &str) {
    let body = ByteStream::from(body.as_bytes().to_vec());
    s3.put_object()
        .bucket("boards")
        .key(key)
        .body(body)
        .send()
        .await
        .unwrap();
}

pub async fn keys(s3: &aws_sdk_s3::Client, bucket: &str, prefix: &str) -> Vec<String> {
    let mut pages = s3
        .list_objects_v2()
        .bucket(bucket)
        .prefix(prefix)
        .into_paginator()
        .send();
    let mut keys = Vec::new();
    while let Some(page) = pages.next().await {
        let objects = page.unwrap().contents.unwrap_or_default();
        keys.extend(objects.into_iter().filter_map(|object| object.key));
    }
    keys
}

/// Asks again until there is an answer.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("in vain: {what}");
}

/// The executions of the machine `flow` that have this status.
pub async fn executions(sfn: &aws_sdk_sfn::Client, status: ExecutionStatus) -> Vec<String> {
    let listed = sfn
        .list_executions()
        .state_machine_arn(MACHINE_ARN)
        .status_filter(status)
        .max_results(1000)
        .send()
        .await
        .unwrap();
    listed
        .executions
        .into_iter()
        .map(|execution| execution.execution_arn)
        .collect()
}

/// Sends a request as it is and reads the whole answer.
pub async fn send(address: SocketAddr, request: Request<Full<Bytes>>) -> Response<Bytes> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let answer = sender.send_request(request).await.unwrap();
    let (head, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    connection.abort();
    Response::from_parts(head, body)
}

/// A request to a service of ours, signed.
pub fn signed(
    address: SocketAddr,
    service: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Request<Full<Bytes>> {
    let body = body.into();
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", address.to_string())
        .header("x-amz-date", sigv4::stamp(OffsetDateTime::now_utc()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (mut head, ()) = request.body(()).unwrap().into_parts();
    let key = Key {
        access: ACCESS,
        secret: SECRET,
    };
    let signature = sigv4::authorization(&head, &body, key, REGION, service).unwrap();
    head.headers
        .insert("authorization", signature.parse().unwrap());
    Request::from_parts(head, Full::new(body))
}

pub fn json_of(answer: &Response<Bytes>) -> Value {
    serde_json::from_slice(answer.body()).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
}
