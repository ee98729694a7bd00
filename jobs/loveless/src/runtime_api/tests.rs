//! The API as clients see it, byte for byte over a socket.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::exchange::{Event, Outcome};
use super::{Identity, RESPONSE_LIMIT, RuntimeApi};

struct Answered {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answered {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

async fn exchange_bytes(api: &RuntimeApi, request: &[u8]) -> Answered {
    let mut stream = TcpStream::connect(api.address()).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await.unwrap();
    let end = all
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .unwrap();
    let head = String::from_utf8(all[..end].to_vec()).unwrap();
    let status = head[9..12].parse().unwrap();
    Answered {
        status,
        head,
        body: all[end + 4..].to_vec(),
    }
}

async fn call(api: &RuntimeApi, line: &str, headers: &[&str], body: &[u8]) -> Answered {
    let headers = [headers, &[""]].concat().join("\r\n");
    let head = format!(
        "{line} HTTP/1.1\r\nHost: api\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    let mut request = head.into_bytes();
    request.extend_from_slice(body);
    exchange_bytes(api, &request).await
}

async fn api() -> RuntimeApi {
    RuntimeApi::start(Identity {
        name: "resize".into(),
        handler: "app.handler".into(),
        account: "123456789012".into(),
    })
    .await
    .unwrap()
}

fn dispatch(api: &RuntimeApi, id: &str) -> tokio::sync::oneshot::Receiver<Outcome> {
    api.exchange().dispatch(Event {
        request_id: id.into(),
        deadline_ms: 1_234_567_890_123,
        arn: "arn:aws:lambda:us-east-1:123456789012:function:resize".into(),
        trace_id: Some("Root=1-5759e988-bd862e3fe1be46a994272793".into()),
        client_context: Some(r#"{"custom":{"name":"Zoë"}}"#.into()),
        payload: Bytes::from_static(b"{\"a\": 1}"),
    })
}

/// Dispatches an event and has it fetched.
async fn begun(api: &RuntimeApi, id: &str) -> tokio::sync::oneshot::Receiver<Outcome> {
    let outcome = dispatch(api, id);
    let next = call(api, "GET /2018-06-01/runtime/invocation/next", &[], b"").await;
    assert_eq!(next.status, 200);
    outcome
}

const RESPONSE: &str = "POST /2018-06-01/runtime/invocation/id-1/response";
const ERROR: &str = "POST /2018-06-01/runtime/invocation/id-1/error";

#[tokio::test]
async fn next_brings_the_event_with_all_its_headers() {
    let api = api().await;
    let _outcome = dispatch(&api, "id-1");
    let next = call(&api, "GET /2018-06-01/runtime/invocation/next", &[], b"").await;
    assert_eq!(next.status, 200);
    assert_eq!(next.body, b"{\"a\": 1}", "the event's bytes as they are");
    for (name, value) in [
        ("Lambda-Runtime-Aws-Request-Id", "id-1"),
        ("Lambda-Runtime-Deadline-Ms", "1234567890123"),
        (
            "Lambda-Runtime-Invoked-Function-Arn",
            "arn:aws:lambda:us-east-1:123456789012:function:resize",
        ),
        (
            "Lambda-Runtime-Trace-Id",
            "Root=1-5759e988-bd862e3fe1be46a994272793",
        ),
        (
            "Lambda-Runtime-Client-Context",
            r#"{"custom":{"name":"Zoë"}}"#,
        ),
        ("Content-Type", "application/json"),
    ] {
        assert_eq!(next.header(name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn next_is_held_open_until_there_is_an_event() {
    let api = api().await;
    let early = call(&api, "GET /2018-06-01/runtime/invocation/next", &[], b"");
    tokio::pin!(early);
    assert!(
        tokio::time::timeout(Duration::from_millis(50), &mut early)
            .await
            .is_err()
    );
    let _outcome = dispatch(&api, "id-1");
    assert_eq!(
        early.await.header("lambda-runtime-aws-request-id"),
        Some("id-1")
    );
}

#[tokio::test]
async fn a_result_is_taken_once() {
    let api = api().await;
    let outcome = begun(&api, "id-1").await;
    // The body looks like an error; the path says that it is none.
    let body = br#"{"errorType":"Looks","errorMessage":"like one"}"#;
    let first = call(&api, RESPONSE, &[], body).await;
    assert_eq!((first.status, first.json()), (202, json!({"status": "OK"})));
    let second = call(&api, ERROR, &[], b"{}").await;
    assert_eq!(
        (second.status, &second.json()["errorType"]),
        (400, &json!("InvalidRequestID"))
    );
    assert_eq!(outcome.await.unwrap(), Ok(Bytes::from_static(body)));
}

#[tokio::test]
async fn an_error_is_told_by_its_path() {
    let api = api().await;
    let outcome = begun(&api, "id-1").await;
    let body = br#"{"errorMessage":"m","errorType":"Mine"}"#;
    assert_eq!(call(&api, ERROR, &[], body).await.status, 202);
    let error = outcome.await.unwrap().unwrap_err();
    assert_eq!(
        (error.error_type.as_str(), &error.body[..]),
        ("Mine", &body[..])
    );
}

#[tokio::test]
async fn the_largest_result_passes_and_one_byte_more_does_not() {
    let api = api().await;
    let outcome = begun(&api, "id-1").await;
    assert_eq!(
        call(&api, RESPONSE, &[], &vec![b'1'; RESPONSE_LIMIT])
            .await
            .status,
        202
    );
    assert_eq!(outcome.await.unwrap().unwrap().len(), 6_291_556);

    let outcome = begun(&api, "id-1").await;
    let refused = call(&api, RESPONSE, &[], &vec![b'1'; RESPONSE_LIMIT + 1]).await;
    assert_eq!(refused.status, 413);
    assert_eq!(refused.json()["errorType"], "RequestEntityTooLarge");
    let error = outcome.await.unwrap().unwrap_err();
    assert_eq!(error.error_type, "Function.ResponseSizeTooLarge");
    let body: Value = serde_json::from_slice(&error.body).unwrap();
    assert_eq!(
        body["errorMessage"],
        "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
    );
}

#[tokio::test]
async fn streams_are_put_together_and_their_trailers_can_tell_of_a_failure() {
    let api = api().await;
    let head = format!(
        "{RESPONSE} HTTP/1.1\r\nHost: api\r\nConnection: close\r\n\
         Lambda-Runtime-Function-Response-Mode: streaming\r\n\
         Transfer-Encoding: chunked\r\nTrailer: Lambda-Runtime-Function-Error-Type\r\n\r\n"
    );
    let outcome = begun(&api, "id-1").await;
    let whole = format!("{head}3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    assert_eq!(exchange_bytes(&api, whole.as_bytes()).await.status, 202);
    assert_eq!(outcome.await.unwrap(), Ok(Bytes::from_static(b"abcde")));

    let outcome = begun(&api, "id-1").await;
    let broken =
        format!("{head}3\r\nabc\r\n0\r\nLambda-Runtime-Function-Error-Type: Runtime.Broke\r\n\r\n");
    exchange_bytes(&api, broken.as_bytes()).await;
    assert_eq!(
        outcome.await.unwrap().unwrap_err().error_type,
        "Runtime.Broke"
    );
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_a_failure() {
    let api = api().await;
    let outcome = begun(&api, "id-1").await;
    let mut stream = TcpStream::connect(api.address()).await.unwrap();
    let part = format!("{RESPONSE} HTTP/1.1\r\nHost: api\r\nContent-Length: 100\r\n\r\nonly this");
    stream.write_all(part.as_bytes()).await.unwrap();
    drop(stream);
    assert_eq!(
        outcome.await.unwrap().unwrap_err().error_type,
        "Runtime.TruncatedResponse"
    );
}

#[tokio::test]
async fn init_errors_are_taken_before_the_first_next_only() {
    let api = api().await;
    let path = "POST /2018-06-01/runtime/init/error";
    let body = br#"{"errorMessage":"no module","errorType":"Runtime.ImportModuleError"}"#;
    assert_eq!(call(&api, path, &[], body).await.status, 202);
    let failure = api.exchange().init_failure().unwrap();
    assert_eq!(failure.error_type, "Runtime.ImportModuleError");

    let late = self::api().await;
    let _outcome = begun(&late, "id-1").await;
    let refused = call(&late, path, &[], body).await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.json()["errorType"], "InvalidStateTransition");
}

#[tokio::test]
async fn extensions_register_and_wait_for_their_events() {
    let api = api().await;
    let registered = call(
        &api,
        "POST /2020-01-01/extension/register",
        &[
            "Lambda-Extension-Name: side",
            "Lambda-Extension-Accept-Feature: accountId",
        ],
        br#"{"events":["INVOKE","SHUTDOWN"]}"#,
    )
    .await;
    assert_eq!(registered.status, 200);
    assert_eq!(
        registered.json(),
        json!({"functionName": "resize", "functionVersion": "$LATEST", "handler": "app.handler",
               "accountId": "123456789012"})
    );
    let identifier = registered.header("Lambda-Extension-Identifier").unwrap();
    let identifier = format!("Lambda-Extension-Identifier: {identifier}");
    let next = "GET /2020-01-01/extension/event/next";

    let _outcome = dispatch(&api, "id-1");
    let told = call(&api, next, &[&identifier], b"").await;
    assert!(told.header("Lambda-Extension-Event-Identifier").is_some());
    assert_eq!(told.json()["eventType"], "INVOKE");
    assert_eq!(told.json()["requestId"], "id-1");
    assert_eq!(api.exchange().shut_down("spindown", 5), 1);
    let told = call(&api, next, &[&identifier], b"").await;
    let end = json!({"eventType": "SHUTDOWN", "shutdownReason": "spindown", "deadlineMs": 5});
    assert_eq!(told.json(), end);

    let exit = "POST /2020-01-01/extension/exit/error";
    assert_eq!(call(&api, exit, &[&identifier], b"{}").await.status, 202);
    for (headers, error) in [
        (&[][..], "Extension.MissingExtensionIdentifier"),
        (
            &["Lambda-Extension-Identifier: nobody"][..],
            "Extension.UnknownExtensionIdentifier",
        ),
    ] {
        let refused = call(&api, next, headers, b"").await;
        assert_eq!(
            (refused.status, &refused.json()["errorType"]),
            (403, &json!(error))
        );
    }
}

#[tokio::test]
async fn the_rest_of_the_api_is_there_or_says_that_it_is_not() {
    let api = api().await;
    for (line, status) in [
        ("GET /ping", 200),
        ("PUT /2022-07-01/telemetry", 202),
        ("PUT /2020-08-15/logs", 202),
        ("GET /2018-06-01/runtime/restore/next", 404),
        ("POST /2018-06-01/runtime/invocation/unknown/response", 400),
    ] {
        assert_eq!(call(&api, line, &[], b"").await.status, status, "{line}");
    }
}
