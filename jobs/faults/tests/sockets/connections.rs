//! Faults of the connection: resets, bodies that break off, silence.

use std::time::Duration;

use fault_proxy::{Fault, FaultKind, Rule};
use tokio::io::AsyncReadExt;

use crate::upstream::pattern;
use crate::wire::{Client, get, put, until, with_rule};

#[tokio::test]
async fn a_reset_comes_before_the_upstream_is_asked() {
    let (upstream, proxy) = with_rule(Rule::new(Fault::Reset)).await;
    let heard = put(proxy.address(), "/a", &pattern(100_000)).await;
    assert!(heard.is_reset() && heard.head.is_empty(), "{heard:?}");
    assert!(upstream.asked().is_empty());
    assert_eq!(proxy.counts().of(FaultKind::Reset), 1);
}

#[tokio::test]
async fn after_the_request_the_upstream_has_done_it_and_the_client_never_hears() {
    let (upstream, proxy) = with_rule(Rule::new(Fault::ResetAfterRequest).method("PUT")).await;
    let heard = put(proxy.address(), "/a", b"precious").await;
    assert!(heard.is_reset() && heard.head.is_empty(), "{heard:?}");
    let asked = upstream.asked();
    assert_eq!(
        (asked.len(), asked[0].body.as_slice()),
        (1, &b"precious"[..])
    );
    assert!(asked[0].whole);
    assert_eq!(proxy.counts().of(FaultKind::ResetAfterRequest), 1);
}

#[tokio::test]
async fn in_an_upload_the_upstream_sees_a_body_that_breaks_off() {
    let rule = Rule::new(Fault::ResetInUpload { after: Some(1000) });
    let (upstream, proxy) = with_rule(rule).await;
    let sent = pattern(200_000);
    let heard = put(proxy.address(), "/a", &sent).await;
    assert!(heard.is_reset() && heard.head.is_empty(), "{heard:?}");
    let asked = &upstream.until_asked(1).await[0];
    assert!(!asked.whole && asked.body.len() <= 1000);
    assert_eq!(asked.body, sent[..asked.body.len()]);
    assert_eq!(proxy.counts().of(FaultKind::ResetInUpload), 1);
    assert_eq!(proxy.counts().upstream_failures, 0);

    // One that is no longer than that passes.
    assert_eq!(
        put(proxy.address(), "/a", &sent[..1000]).await.status(),
        200
    );
    assert_eq!(proxy.counts().total(), 1);
}

#[tokio::test]
async fn a_chunked_upload_is_never_whole_either() {
    let rule = Rule::new(Fault::ResetInUpload { after: Some(1000) });
    let (upstream, proxy) = with_rule(rule).await;
    let mut client = Client::connect(proxy.address()).await;
    client
        .send("PUT /a HTTP/1.1\r\nhost: any\r\ntransfer-encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n")
        .await;
    assert!(client.hear().await.is_reset());
    assert!(!upstream.until_asked(1).await[0].whole);
    assert_eq!(proxy.counts().of(FaultKind::ResetInUpload), 1);
}

#[tokio::test]
async fn in_a_response_so_many_bytes_come_and_then_a_reset() {
    let rule = Rule::new(Fault::ResetInResponse { after: Some(1000) });
    let (_upstream, proxy) = with_rule(rule).await;
    let heard = get(proxy.address(), "/bytes/5000").await;
    assert_eq!(heard.status(), 200);
    assert_eq!(heard.header("content-length").as_deref(), Some("5000"));
    assert_eq!(heard.body, pattern(5000)[..1000]);
    assert!(heard.is_reset(), "{heard:?}");

    // At least the last byte is withheld, and a response that has none is withheld whole.
    let heard = get(proxy.address(), "/bytes/10").await;
    assert!(heard.is_reset() && heard.body.len() == 9, "{heard:?}");
    let heard = get(proxy.address(), "/empty").await;
    assert!(heard.is_reset() && heard.head.is_empty(), "{heard:?}");
    assert_eq!(proxy.counts().of(FaultKind::ResetInResponse), 3);
}

#[tokio::test]
async fn a_truncated_response_ends_early_and_in_good_order() {
    let (_upstream, proxy) = with_rule(Rule::new(Fault::Truncate { after: None })).await;
    let heard = get(proxy.address(), "/bytes/5000").await;
    assert_eq!(heard.header("content-length").as_deref(), Some("5000"));
    assert_eq!(heard.body, pattern(5000)[..2500], "half of it");
    assert!(heard.is_closed_in_good_order(), "{heard:?}");
    let heard = get(proxy.address(), "/empty").await;
    assert!(
        heard.is_closed_in_good_order() && heard.head.is_empty(),
        "{heard:?}"
    );
    assert_eq!(proxy.counts().of(FaultKind::Truncate), 2);

    let long = Rule::new(Fault::Truncate {
        after: Some(1_000_000),
    });
    let (_upstream, proxy) = with_rule(long).await;
    let heard = get(proxy.address(), "/chunked/250").await;
    assert!(heard.is_closed_in_good_order());
    assert!(heard.text().starts_with("64\r\n"), "chunks as they were");
    assert!(!heard.text().ends_with("0\r\n\r\n"), "without their end");
    assert_eq!(proxy.counts().of(FaultKind::Truncate), 1);
}

#[tokio::test]
async fn silence_lasts_until_the_client_or_the_proxy_ends_it() {
    let (upstream, proxy) = with_rule(Rule::new(Fault::Hang).method("PUT")).await;
    let mut waiting = Client::connect(proxy.address()).await;
    let request = "PUT /a HTTP/1.1\r\nhost: any\r\ncontent-length: 4\r\n\r\nbody";
    waiting.send(request).await;
    let mut gone = Client::connect(proxy.address()).await;
    gone.send(request).await;
    until(|| proxy.counts().of(FaultKind::Hang) == 2).await;
    drop(gone);

    // Others are answered meanwhile.
    assert_eq!(get(proxy.address(), "/bytes/1").await.status(), 200);
    let mut byte = [0; 1];
    let heard = tokio::time::timeout(Duration::from_millis(200), waiting.0.read(&mut byte)).await;
    assert!(heard.is_err(), "not a byte, and no end: {heard:?}");
    assert_eq!(upstream.asked().len(), 1, "only the other was passed on");

    assert_eq!(proxy.stop().of(FaultKind::Hang), 2);
    assert_ne!(waiting.0.read(&mut byte).await.ok(), Some(1));
}

#[tokio::test]
async fn a_slow_request_waits_alone_and_a_slow_body_is_whole() {
    let fault = Fault::latency(Duration::from_hours(1));
    let (upstream, proxy) = with_rule(Rule::new(fault).path("/slow")).await;
    let mut waiting = Client::connect(proxy.address()).await;
    waiting
        .send("GET /slow HTTP/1.1\r\nhost: any\r\n\r\n")
        .await;
    until(|| proxy.counts().of(FaultKind::Slow) == 1).await;
    assert_eq!(get(proxy.address(), "/bytes/1").await.status(), 200);
    assert_eq!(upstream.asked().len(), 1);

    let fault = Fault::Slow {
        latency: Duration::from_millis(1),
        rate: std::num::NonZeroU64::new(100_000),
    };
    let (upstream, proxy) = with_rule(Rule::new(fault)).await;
    let sent = pattern(20_000);
    assert_eq!(put(proxy.address(), "/echo", &sent).await.body, sent);
    assert!(upstream.asked()[0].whole);
    assert_eq!(proxy.counts().of(FaultKind::Slow), 1);
}
