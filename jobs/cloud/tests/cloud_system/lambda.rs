//! The Invoke API and the Lambda lane behind it.

use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use http::Response;
use local_cloud::Stack;
use local_cloud::control::Client;
use serde_json::{Value, json};

use crate::support::{ACCESS, Running, SECRET, eventually, function, json_of, keys, send, signed};

fn stack() -> Stack {
    Stack {
        buckets: vec!["notes".to_owned()],
        functions: vec![function("measure", 1)],
        ..Stack::default()
    }
}

async fn invoke(
    address: SocketAddr,
    name: &str,
    headers: &[(&str, &str)],
    payload: &Value,
) -> Response<Bytes> {
    let path = format!("/2015-03-31/functions/{name}/invocations");
    let payload = payload.to_string();
    send(
        address,
        signed(address, "lambda", "POST", &path, headers, payload),
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invocation_answers_with_the_functions_result() {
    let running = Running::new(stack()).await;
    let address = running.cloud.address();
    let event = json!({"action": "echo", "value": {"n": 1}});
    for name in [
        "measure",
        "measure%3A%24LATEST",
        "arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Ameasure",
        "000000000000%3Afunction%3Ameasure",
    ] {
        let answer = invoke(address, name, &[], &event).await;
        assert_eq!(answer.status(), 200, "{name}: {answer:?}");
        assert_eq!(json_of(&answer), json!({"n": 1}));
        assert_eq!(answer.headers()["x-amz-executed-version"], "$LATEST");
        assert!(!answer.headers().contains_key("x-amz-function-error"));
    }
    let endpoint = json!({"action": "environment", "name": "AWS_ENDPOINT_URL"});
    let answer = invoke(address, "measure", &[], &endpoint).await;
    assert_eq!(json_of(&answer), json!(format!("http://{address}")));
    running.cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_functions_own_failure_is_a_success_of_the_call() {
    let running = Running::new(stack()).await;
    let address = running.cloud.address();
    let event = json!({"action": "fail", "error": "ImageCorrupt"});
    let answer = invoke(address, "measure", &[("x-amz-log-type", "Tail")], &event).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["x-amz-function-error"], "Unhandled");
    assert_eq!(json_of(&answer)["errorType"], "ImageCorrupt");
    let log = answer.headers()["x-amz-log-result"].as_bytes();
    let log = base64::engine::general_purpose::STANDARD
        .decode(log)
        .unwrap();
    assert!(String::from_utf8_lossy(&log).contains("REPORT RequestId:"));
    running.cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_invoked_is_refused_by_name() {
    let running = Running::new(stack()).await;
    let address = running.cloud.address();
    let event = json!({"action": "echo"});
    let code = |answer: &Response<Bytes>| {
        let code = answer.headers()["x-amzn-errortype"].to_str().unwrap();
        (answer.status().as_u16(), code.to_owned())
    };
    let answer = invoke(address, "none", &[], &event).await;
    assert_eq!(code(&answer), (404, "ResourceNotFoundException".to_owned()));
    let message = json_of(&answer)["Message"].to_string();
    assert!(
        message.contains("Function not found: arn:aws:lambda:us-east-1:000000000000:function:none")
    );

    let answer = invoke(address, "measure%3A7", &[], &event).await;
    assert_eq!(code(&answer).0, 404);

    let path = "/2015-03-31/functions/measure/invocations";
    let answer = send(address, signed(address, "lambda", "POST", path, &[], "{")).await;
    assert_eq!(
        code(&answer),
        (400, "InvalidRequestContentException".to_owned())
    );

    let large = vec![b' '; 6_291_457];
    let answer = send(address, signed(address, "lambda", "POST", path, &[], large)).await;
    assert_eq!(code(&answer), (413, "RequestTooLargeException".to_owned()));

    let kind = [("x-amz-invocation-type", "Sometimes")];
    let answer = invoke(address, "measure", &kind, &event).await;
    assert_eq!(
        code(&answer),
        (400, "InvalidParameterValueException".to_owned())
    );

    let dry = [("x-amz-invocation-type", "DryRun")];
    assert_eq!(invoke(address, "measure", &dry, &event).await.status(), 204);
    running.cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_beyond_the_concurrency_is_throttled() {
    let running = Running::new(stack()).await;
    let address = running.cloud.address();
    let long = tokio::spawn(async move {
        invoke(
            address,
            "measure",
            &[],
            &json!({"action": "sleep", "ms": 3000}),
        )
        .await
    });
    let client = Client::new(address, ACCESS, SECRET);
    eventually("the long call runs", async || {
        (client.status().await.unwrap().running_invocations == 1).then_some(())
    })
    .await;
    let throttled = invoke(address, "measure", &[], &json!({"action": "echo"})).await;
    assert_eq!(throttled.status(), 429);
    assert_eq!(
        throttled.headers()["x-amzn-errortype"],
        "TooManyRequestsException"
    );
    assert_eq!(json_of(&long.await.unwrap()), "slept");
    let answer = invoke(
        address,
        "measure",
        &[],
        &json!({"action": "echo", "value": 1}),
    )
    .await;
    assert_eq!(json_of(&answer), 1);
    running.cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_asynchronous_invocation_is_tried_again_and_survives_a_stop() {
    let running = Running::new(stack()).await;
    let address = running.cloud.address();
    let kind = [("x-amz-invocation-type", "Event")];
    let event = json!({"action": "third-time", "name": "try-"});
    assert_eq!(
        invoke(address, "measure", &kind, &event).await.status(),
        202
    );
    let s3 = running.s3();
    eventually("the first try", async || {
        (!keys(&s3, "notes", "try-").await.is_empty()).then_some(())
    })
    .await;
    running.cloud.stop(false).await;

    let config = crate::support::config(running.folder.path(), stack());
    let cloud = local_cloud::Cloud::start(config).await.unwrap();
    let running = Running {
        cloud,
        folder: running.folder,
    };
    let s3 = running.s3();
    eventually("the third try", async || {
        (keys(&s3, "notes", "try-").await.len() >= 3).then_some(())
    })
    .await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(
        keys(&s3, "notes", "try-").await.len(),
        3,
        "a success is not tried again"
    );
    running.cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_functions_are_listed_and_described() {
    let mut stack = stack();
    stack.functions = ["c", "a", "b"].map(|name| function(name, 1)).into();
    let running = Running::new(stack).await;
    let address = running.cloud.address();
    let get = async |path: &str| {
        let request = signed(address, "lambda", "GET", path, &[], String::new());
        send(address, request).await
    };
    let page = json_of(&get("/2015-03-31/functions?MaxItems=2").await);
    assert_eq!(page["Functions"][0]["FunctionName"], "a");
    assert_eq!(page["Functions"][1]["FunctionName"], "b");
    assert_eq!(page["NextMarker"], "b");
    let page = json_of(&get("/2015-03-31/functions?Marker=b&MaxItems=2").await);
    assert_eq!(page["Functions"].as_array().unwrap().len(), 1);
    assert!(page.get("NextMarker").is_none());
    let one = json_of(&get("/2015-03-31/functions/a/configuration").await);
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:a";
    assert_eq!(
        (&one["FunctionArn"], &one["State"]),
        (&json!(arn), &json!("Active"))
    );
    let same = json_of(&get("/2015-03-31/functions/a").await);
    assert_eq!(same["Configuration"], one);
    for (path, status, code) in [
        (
            "/2015-03-31/functions/none",
            404,
            "ResourceNotFoundException",
        ),
        (
            "/2015-03-31/functions?MaxItems=0",
            400,
            "InvalidParameterValueException",
        ),
        (
            "/2015-03-31/functions/a/policy",
            404,
            "UnknownOperationException",
        ),
        (
            "/2016-08-19/account-settings",
            404,
            "UnknownOperationException",
        ),
    ] {
        let answer = get(path).await;
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(answer.headers()["x-amzn-errortype"], code, "{path}");
    }
    running.cloud.stop(false).await;
}
