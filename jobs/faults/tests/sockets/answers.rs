//! Faults that are answers: the upstream is not asked.

use fault_proxy::{Fault, FaultKind, Rule};

use crate::wire::{Client, get, put, with_rule};

const START_EXECUTION: &str = "POST / HTTP/1.1\r\nhost: any\r\nx-amz-target: AWSStepFunctions.StartExecution\r\n\
                               content-type: application/x-amz-json-1.1\r\ncontent-length: 2\r\n\r\n{}";

#[tokio::test]
async fn throttled_requests_are_told_so_in_the_protocol_they_speak() {
    let (upstream, proxy) = with_rule(Rule::new(Fault::Throttle)).await;
    let heard = put(proxy.address(), "/bucket/key", b"body").await;
    assert_eq!(heard.status(), 503);
    assert!(heard.text().contains("<Code>SlowDown</Code>"), "{heard:?}");

    let mut client = Client::connect(proxy.address()).await;
    client.send(START_EXECUTION).await;
    let heard = client.hear().await;
    assert_eq!(heard.status(), 400);
    assert!(
        heard.text().contains("\"__type\":\"ThrottlingException\""),
        "{heard:?}"
    );
    let content_type = heard.header("content-type");
    assert_eq!(content_type.as_deref(), Some("application/x-amz-json-1.1"));

    assert!(upstream.asked().is_empty());
    assert_eq!(proxy.counts().of(FaultKind::Throttle), 2);
    assert_eq!(proxy.counts().requests, 2);
}

#[tokio::test]
async fn errors_have_the_status_the_name_and_the_text_that_were_asked_for() {
    let denied = Fault::error_code(403, "AccessDenied", "No entry");
    let (upstream, proxy) = with_rule(Rule::new(denied)).await;
    let heard = get(proxy.address(), "/bucket/key").await;
    assert_eq!(heard.status(), 403);
    let told = "<Code>AccessDenied</Code><Message>No entry</Message>";
    assert!(heard.text().contains(told), "{heard:?}");
    assert!(upstream.asked().is_empty());

    let (_upstream, proxy) = with_rule(Rule::new(Fault::error(502))).await;
    let heard = get(proxy.address(), "/bucket/key").await;
    assert_eq!(heard.status(), 502);
    assert_eq!(heard.header("content-type").as_deref(), Some("text/html"));
    assert!(
        heard.text().contains("<h1>502 Bad Gateway</h1>"),
        "{heard:?}"
    );
    assert_eq!(proxy.counts().of(FaultKind::Error), 1);
}

#[tokio::test]
async fn a_clock_that_differs_and_credentials_that_expired_are_told() {
    let (upstream, proxy) = with_rule(Rule::new(Fault::Skew { ahead: 3600 })).await;
    let heard = get(proxy.address(), "/bucket/key").await;
    assert_eq!(heard.status(), 403);
    assert!(
        heard.text().contains("<Code>RequestTimeTooSkewed</Code>"),
        "{heard:?}"
    );
    assert!(heard.text().contains("<ServerTime>") && heard.header("date").is_some());
    assert!(upstream.asked().is_empty());
    assert_eq!(proxy.counts().of(FaultKind::Skew), 1);

    let (upstream, proxy) = with_rule(Rule::new(Fault::Expired)).await;
    let heard = get(proxy.address(), "/bucket/key").await;
    assert_eq!(heard.status(), 400);
    assert!(
        heard.text().contains("<Code>ExpiredToken</Code>"),
        "{heard:?}"
    );
    assert!(upstream.asked().is_empty());
    assert_eq!(proxy.counts().of(FaultKind::Expired), 1);
}

#[tokio::test]
async fn a_connection_is_used_on_after_an_answer_to_an_upload() {
    let (upstream, proxy) = with_rule(Rule::new(Fault::Throttle).times(1)).await;
    let mut client = Client::connect(proxy.address()).await;
    for status in [503, 200] {
        client
            .send("PUT /a HTTP/1.1\r\nhost: any\r\ncontent-length: 4\r\n\r\nbody")
            .await;
        let heard = client.hear().await;
        assert_eq!((heard.status(), heard.end), (status, None));
    }
    assert_eq!(upstream.asked().len(), 1);
}

#[tokio::test]
async fn the_answer_to_a_head_request_has_no_body() {
    let (_upstream, proxy) = with_rule(Rule::new(Fault::Throttle).method("HEAD")).await;
    let mut client = Client::connect(proxy.address()).await;
    client
        .send("HEAD /a HTTP/1.1\r\nhost: any\r\nconnection: close\r\n\r\n")
        .await;
    let heard = client.hear().await;
    assert_eq!(heard.status(), 503);
    assert!(heard.body.is_empty() && heard.is_closed_in_good_order());
}
