//! `Expect: 100-continue`: the upstream asks for the body, or does not.

use fault_proxy::{Fault, FaultProxy, Rule};

use crate::upstream::{Upstream, pattern};
use crate::wire::{Client, with_rule};

fn head(path: &str, length: usize) -> String {
    format!(
        "PUT {path} HTTP/1.1\r\nhost: any\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n\r\n"
    )
}

#[tokio::test]
async fn a_client_that_waits_is_asked_when_the_upstream_asks() {
    let upstream = Upstream::start().await;
    let proxy = FaultProxy::to(upstream.endpoint()).start().unwrap();
    let mut client = Client::connect(proxy.address()).await;
    for _ in 0..2 {
        client.send(head("/echo", 4)).await;
        assert_eq!(client.hear().await.head, "HTTP/1.1 100 Continue");
        client.send("body").await;
        assert_eq!(client.hear().await.body, b"body");
    }
    assert_eq!(upstream.asked()[0].headers["expect"], "100-continue");
}

#[tokio::test]
async fn a_client_is_not_asked_for_a_body_that_the_upstream_refuses() {
    let upstream = Upstream::start().await;
    let proxy = FaultProxy::to(upstream.endpoint()).start().unwrap();
    let mut client = Client::connect(proxy.address()).await;
    client.send(head("/refuse", 1000)).await;
    let heard = client.hear().await;
    assert_eq!(
        (heard.status(), heard.body.as_slice()),
        (403, &b"refused"[..])
    );
    assert_eq!(proxy.counts().upstream_failures, 0);
}

#[tokio::test]
async fn an_injected_answer_comes_without_asking_for_the_body() {
    let (upstream, proxy) = with_rule(Rule::new(Fault::Throttle)).await;
    let mut client = Client::connect(proxy.address()).await;
    client.send(head("/a", 1000)).await;
    let heard = client.hear().await;
    assert_eq!(heard.status(), 503);
    assert_eq!(heard.header("connection").as_deref(), Some("close"));
    assert!(upstream.asked().is_empty());
}

#[tokio::test]
async fn an_injected_answer_is_heard_by_a_client_that_did_not_wait() {
    let (_upstream, proxy) = with_rule(Rule::new(Fault::Throttle)).await;
    let mut client = Client::connect(proxy.address()).await;
    client.send(head("/a", 3_000_000)).await;
    client.send(pattern(3_000_000)).await;
    let heard = client.hear().await;
    assert_eq!((heard.status(), heard.end), (503, None));
    assert_eq!(client.end().await, Ok(()), "closed in good order");
}
