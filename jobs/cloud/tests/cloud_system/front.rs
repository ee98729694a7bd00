//! Who may ask, and in what form the answers come.

use std::time::Duration;

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_sfn::error::DisplayErrorContext;
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use local_cloud::Stack;
use local_cloud::control::{Client, ControlError};
use serde_json::{Value, json};

use crate::support::{ACCESS, Running, SECRET, eventually, json_of, s3, send, sfn, signed};

fn stack() -> Stack {
    Stack {
        buckets: vec!["boards".to_owned()],
        activities: vec!["wait".to_owned()],
        ..Stack::default()
    }
}

fn poll() -> String {
    json!({"activityArn": "arn:aws:states:us-east-1:000000000000:activity:wait"}).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_a_signature_is_refused_by_every_service() {
    let running = Running::new(stack()).await;
    let address = running.cloud.address();
    for (method, path, target, status, code) in [
        (
            "POST",
            "/",
            Some("AWSStepFunctions.ListStateMachines"),
            400,
            "MissingAuthenticationTokenException",
        ),
        (
            "POST",
            "/2015-03-31/functions/f/invocations",
            None,
            403,
            "MissingAuthenticationTokenException",
        ),
        (
            "GET",
            "/_local/status",
            None,
            403,
            "MissingAuthenticationTokenException",
        ),
        (
            "POST",
            "/_local/stop",
            None,
            403,
            "MissingAuthenticationTokenException",
        ),
        ("GET", "/boards", None, 403, "AccessDenied"),
        ("PUT", "/boards/key", None, 403, "AccessDenied"),
    ] {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "x");
        if let Some(target) = target {
            request = request.header("x-amz-target", target);
        }
        let answer = send(address, request.body(Full::new(Bytes::new())).unwrap()).await;
        assert_eq!(answer.status(), status, "{method} {path}");
        let body = String::from_utf8_lossy(answer.body());
        let header = answer.headers().get("x-amzn-errortype");
        let named = header.map_or(body.as_ref(), |header| header.to_str().unwrap());
        assert!(named.contains(code), "{method} {path}: {body}");
    }
    running.cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_or_key_is_refused_as_on_aws() {
    let running = Running::new(stack()).await;
    let address = running.cloud.address();
    for (access, secret, states_code, s3_code) in [
        (
            ACCESS,
            "wrong",
            "InvalidSignatureException",
            "SignatureDoesNotMatch",
        ),
        (
            "AKIDWRONG",
            SECRET,
            "UnrecognizedClientException",
            "InvalidAccessKeyId",
        ),
    ] {
        let refused = sfn(address, access, secret)
            .list_state_machines()
            .send()
            .await;
        let refused = refused.unwrap_err();
        assert_eq!(
            refused.code(),
            Some(states_code),
            "{}",
            DisplayErrorContext(&refused)
        );
        let refused = s3(address, access, secret)
            .list_objects_v2()
            .bucket("boards")
            .send()
            .await;
        let refused = refused.unwrap_err();
        assert_eq!(
            refused.code(),
            Some(s3_code),
            "{}",
            DisplayErrorContext(&refused)
        );
        let refused = Client::new(address, access, secret)
            .status()
            .await
            .unwrap_err();
        assert!(
            matches!(refused, ControlError::Refused { .. }),
            "{refused:?}"
        );
    }
    // The same requests with the right ones.
    running.sfn().list_state_machines().send().await.unwrap();
    running
        .s3()
        .list_objects_v2()
        .bucket("boards")
        .send()
        .await
        .unwrap();
    running.cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_the_states_api_have_their_names_in_every_place() {
    let running = Running::new(stack()).await;
    let address = running.cloud.address();
    for (target, body, code) in [
        (
            "AWSStepFunctions.NoSuchThing",
            "{}",
            "UnknownOperationException",
        ),
        ("AmazonSSM.GetParameter", "{}", "UnknownOperationException"),
        (
            "AWSStepFunctions.ListStateMachines",
            "{",
            "SerializationException",
        ),
        (
            "AWSStepFunctions.ListStateMachines",
            "[]",
            "SerializationException",
        ),
        (
            "AWSStepFunctions.DescribeStateMachine",
            r#"{"stateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:none"}"#,
            "StateMachineDoesNotExist",
        ),
    ] {
        let headers = [
            ("x-amz-target", target),
            ("content-type", "application/x-amz-json-1.0"),
        ];
        let answer = send(
            address,
            signed(address, "states", "POST", "/", &headers, body),
        )
        .await;
        assert_eq!(answer.status(), 400, "{target}");
        assert_eq!(json_of(&answer)["__type"], code, "{target}");
        assert_eq!(answer.headers()["x-amzn-errortype"], code);
        assert_eq!(
            answer.headers()["content-type"],
            "application/x-amz-json-1.0"
        );
        assert!(answer.headers().contains_key("x-amzn-requestid"));
    }
    let headers = [("x-amz-target", "AWSStepFunctions.ListActivities")];
    let answer = send(
        address,
        signed(address, "states", "POST", "/", &headers, "{}"),
    )
    .await;
    assert_eq!(answer.status(), 200);
    assert_eq!(json_of(&answer)["activities"][0]["name"], "wait");
    running.cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_beyond_the_limit_gets_an_answer_and_not_a_broken_connection() {
    let running = Running::new(stack()).await;
    let address = running.cloud.address();
    let headers = [("x-amz-target", "AWSStepFunctions.ListActivities")];
    let body = vec![b' '; 9 << 20];
    let answer = send(
        address,
        signed(address, "states", "POST", "/", &headers, body),
    )
    .await;
    assert_eq!(answer.status(), 413);
    running.cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_hangs_up_while_it_polls_loses_no_task() {
    let mut stack = stack();
    let definition = json!({"StartAt": "W", "States": {"W": {
        "Type": "Task",
        "Resource": "arn:aws:states:us-east-1:000000000000:activity:wait",
        "TimeoutSeconds": 60,
        "End": true,
    }}});
    stack.state_machines.push(local_cloud::StateMachineConfig {
        name: "waits".to_owned(),
        definition: definition.to_string(),
    });
    let running = Running::new(stack).await;
    let address = running.cloud.address();
    let target = [("x-amz-target", "AWSStepFunctions.GetActivityTask")];
    for _ in 0..3 {
        let poll = send(
            address,
            signed(address, "states", "POST", "/", &target, poll()),
        );
        let gone = tokio::time::timeout(Duration::from_millis(300), poll).await;
        assert!(gone.is_err(), "there is no task yet");
    }
    let sfn = running.sfn();
    let arn = "arn:aws:states:us-east-1:000000000000:stateMachine:waits";
    sfn.start_execution()
        .state_machine_arn(arn)
        .input("{\"n\":1}")
        .send()
        .await
        .unwrap();
    let poll = send(
        address,
        signed(address, "states", "POST", "/", &target, poll()),
    );
    let answer = tokio::time::timeout(Duration::from_secs(10), poll).await;
    let task = json_of(&answer.expect("the task is for the poller that is still there"));
    assert_eq!(task["input"], "{\"n\":1}");
    let token = task["taskToken"].as_str().unwrap();
    sfn.send_task_success()
        .task_token(token)
        .output("2")
        .send()
        .await
        .unwrap();
    eventually("the execution ends", async || {
        let status = Client::new(address, ACCESS, SECRET).status().await.unwrap();
        (status.running_executions == 0).then_some(())
    })
    .await;
    running.cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cloud_tells_who_it_is_and_stops_when_asked() {
    let running = Running::new(stack()).await;
    let client = Client::new(running.cloud.address(), ACCESS, SECRET);
    let status = client.status().await.unwrap();
    assert_eq!(status.build, "test 1");
    assert_eq!(status.pid, std::process::id());
    assert_eq!(status.running_executions, 0);
    assert!(status.bytes_on_disk > 0);

    let address = running.cloud.address();
    let odd = send(
        address,
        signed(address, "local-cloud", "GET", "/_local/else", &[], ""),
    )
    .await;
    assert_eq!(odd.status(), 404);

    client.stop(true).await.unwrap();
    tokio::time::timeout(Duration::from_secs(10), running.cloud.wait())
        .await
        .unwrap();
    let gone = client.status().await.unwrap_err();
    assert!(matches!(gone, ControlError::Unreachable { .. }), "{gone:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_a_cloud_is_told_apart() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let nonsense = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
        tokio::io::AsyncWriteExt::write_all(&mut stream, nonsense)
            .await
            .unwrap();
        std::future::pending::<Value>().await
    });
    let strange = Client::new(address, ACCESS, SECRET)
        .status()
        .await
        .unwrap_err();
    assert!(
        matches!(strange, ControlError::Strange { .. }),
        "{strange:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_not_here_is_named() {
    let running = Running::new(stack()).await;
    let address = running.cloud.address();
    let target = [(
        "x-amz-target",
        "AmazonEC2ContainerServiceV20141113.ListClusters",
    )];
    let message = "The local cloud has no service ecs: it has s3, states, lambda and sqs";
    let request = signed(address, "ecs", "POST", "/", &target, "{}".to_owned());
    let answer = send(address, request).await;
    assert_eq!(answer.status(), 501);
    assert_eq!(json_of(&answer)["message"], message);
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = "Action=GetCallerIdentity&Version=2011-06-15".to_owned();
    let answer = send(address, signed(address, "sts", "POST", "/", &form, body)).await;
    let text = String::from_utf8_lossy(answer.body());
    assert_eq!(answer.status(), 501);
    assert!(text.contains("has no service sts"), "{text}");
    running.cloud.stop(false).await;
}
