//! What is not meddled with passes untouched.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use fault_proxy::{Event, Fault, FaultKind, FaultProxy, Plan, Rule};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::upstream::{Upstream, pattern};
use crate::wire::{Client, get, put, until};

#[tokio::test]
async fn requests_and_responses_pass_to_the_letter() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let proxy = FaultProxy::to(endpoint).start().unwrap();
    let mut client = Client::connect(proxy.address()).await;
    let asked = "POST /a%2Fb/+~c//d%20?x=%2F&y&X-Amz-Signature=00 HTTP/1.1\r\nHost: bucket.example:4566\r\n\
                 X-Amz-Meta-Name: one\r\nauthorization: AWS4-HMAC-SHA256 Credential=x\r\n\
                 Content-Length: 4\r\n\r\nbody";
    client.send(asked).await;
    let (mut upstream, _) = listener.accept().await.unwrap();
    let mut received = vec![0; asked.len()];
    upstream.read_exact(&mut received).await.unwrap();
    assert_eq!(String::from_utf8(received).unwrap(), asked);

    let answered =
        "HTTP/1.1 200 OK\r\nx-amz-Request-Id: 7\r\nETag: \"e\"\r\ncontent-length: 2\r\n\r\nok";
    upstream.write_all(answered.as_bytes()).await.unwrap();
    let heard = client.hear().await;
    assert_eq!(format!("{}\r\n\r\n{}", heard.head, heard.text()), answered);
}

#[tokio::test]
async fn a_connection_serves_many_requests() {
    let upstream = Upstream::start().await;
    let proxy = FaultProxy::to(upstream.endpoint()).start().unwrap();
    let mut client = Client::connect(proxy.address()).await;
    for length in [0, 1, 100_000] {
        let head = format!("PUT /echo HTTP/1.1\r\nhost: any\r\ncontent-length: {length}\r\n\r\n");
        client
            .send([head.into_bytes(), pattern(length)].concat())
            .await;
        let heard = client.hear().await;
        assert_eq!((heard.body, heard.end), (pattern(length), None));
    }
    client
        .send("HEAD /bytes/9 HTTP/1.1\r\nhost: any\r\nconnection: close\r\n\r\n")
        .await;
    let heard = client.hear().await;
    assert_eq!(heard.header("content-length").as_deref(), Some("9"));
    assert!(heard.is_closed_in_good_order() && heard.body.is_empty());
    let counts = proxy.counts();
    assert_eq!((counts.requests, counts.total()), (4, 0));
}

#[tokio::test]
async fn bodies_stream_in_both_directions() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let proxy = FaultProxy::to(endpoint).start().unwrap();
    let mut client = TcpStream::connect(proxy.address()).await.unwrap();
    let head = "PUT / HTTP/1.1\r\nhost: any\r\ncontent-length: 8\r\n\r\n";
    client
        .write_all(format!("{head}half").as_bytes())
        .await
        .unwrap();
    // Each half arrives before the other is sent.
    let (mut upstream, _) = listener.accept().await.unwrap();
    let mut received = vec![0; head.len() + 4];
    upstream.read_exact(&mut received).await.unwrap();
    client.write_all(b"rest").await.unwrap();
    upstream.read_exact(&mut received[..4]).await.unwrap();
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n";
    upstream
        .write_all(format!("{head}half").as_bytes())
        .await
        .unwrap();
    let mut received = vec![0; head.len() + 4];
    client.read_exact(&mut received).await.unwrap();
    upstream.write_all(b"rest").await.unwrap();
    client.read_exact(&mut received[..4]).await.unwrap();
    assert_eq!(&received[..4], b"rest");
}

#[tokio::test]
async fn an_upload_that_the_upstream_does_not_read_is_not_gathered() {
    const LENGTH: usize = 256 << 20;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let proxy = FaultProxy::to(endpoint).start().unwrap();
    let mut client = TcpStream::connect(proxy.address()).await.unwrap();
    let head = format!("PUT / HTTP/1.1\r\nhost: any\r\ncontent-length: {LENGTH}\r\n\r\n");
    client.write_all(head.as_bytes()).await.unwrap();
    let _upstream = listener.accept().await.unwrap();
    let (megabyte, mut sent) = (vec![0; 1 << 20], 0);
    while sent < LENGTH {
        let written = client.write(&megabyte);
        match tokio::time::timeout(Duration::from_secs(1), written).await {
            Ok(written) => sent += written.unwrap(),
            Err(_) => break,
        }
    }
    assert!(sent < LENGTH / 2, "{sent} bytes were taken");
}

#[tokio::test]
async fn an_upstream_that_fails_by_itself_is_a_reset_and_no_fault_of_the_plan() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let told = Arc::new(Mutex::new(Vec::new()));
    let telling = Arc::clone(&told);
    let proxy = FaultProxy::to(format!("http://{address}"))
        .rule(Rule::new(Fault::ResetAfterRequest).times(1))
        .on_event(move |event| telling.lock().unwrap().push(event.clone()))
        .start()
        .unwrap();
    assert!(get(proxy.address(), "/a").await.is_reset());
    let counts = proxy.counts();
    assert_eq!((counts.upstream_failures, counts.total()), (1, 0));
    let told = told.lock().unwrap();
    assert!(
        matches!(&told[..], [Event::UpstreamFailed { request: 1, reason }] if reason.contains("refused")),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_client_that_breaks_off_is_no_failure_of_the_upstream() {
    let upstream = Upstream::start().await;
    let proxy = FaultProxy::to(upstream.endpoint()).start().unwrap();
    let mut client = Client::connect(proxy.address()).await;
    client
        .send("PUT /a HTTP/1.1\r\nhost: any\r\ncontent-length: 9\r\n\r\nbody")
        .await;
    until(|| proxy.counts().requests == 1).await;
    drop(client);
    assert!(!upstream.until_asked(1).await[0].whole);
    assert_eq!(proxy.counts().upstream_failures, 0);
}

#[tokio::test]
async fn calm_lets_everything_pass_and_the_plan_stands_still() {
    let upstream = Upstream::start().await;
    let proxy = FaultProxy::to(upstream.endpoint())
        .rule(Rule::new(Fault::Throttle).nth(2))
        .calm()
        .start()
        .unwrap();
    let address = proxy.address();
    assert!(proxy.is_calm());
    for _ in 0..3 {
        assert_eq!(get(address, "/bytes/1").await.status(), 200);
    }
    proxy.resume();
    assert_eq!(get(address, "/bytes/1").await.status(), 200);
    proxy.calm();
    assert_eq!(get(address, "/bytes/1").await.status(), 200);
    proxy.resume();
    assert_eq!(
        get(address, "/bytes/1").await.status(),
        503,
        "the second that counts"
    );
    let counts = proxy.counts();
    assert_eq!((counts.requests, counts.total()), (6, 1));
}

#[tokio::test]
async fn what_happened_is_told_in_the_order_of_the_plan() {
    let upstream = Upstream::start().await;
    let plan: Plan = "seed = 1\n[[rule]]\nfault = \"throttle\"\nmethod = \"PUT\"\n[[rule]]\nfault = \"reset\"\nnth = 3"
        .parse()
        .unwrap();
    let proxy = FaultProxy::to(upstream.endpoint())
        .plan(plan)
        .start()
        .unwrap();
    get(proxy.address(), "/a").await;
    put(proxy.address(), "/b?X-Amz-Signature=secret", b"").await;
    get(proxy.address(), "/c").await;
    let told: Vec<_> = proxy.injections().iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "request 2: throttle, PUT /b (rule 1)",
            "request 3: reset, GET /c (rule 2)"
        ]
    );
    let counts = proxy.stop();
    assert_eq!(
        counts.to_string(),
        "requests 3, faults 2: throttle 1, reset 1"
    );
    assert_eq!(counts.of(FaultKind::Hang), 0);
}

#[test]
fn it_needs_no_runtime_and_stops_when_dropped() {
    let proxy = FaultProxy::to("http://127.0.0.1:1").start().unwrap();
    let address = proxy.address();
    assert!(std::net::TcpStream::connect(address).is_ok());
    drop(proxy);
    assert!(std::net::TcpStream::connect(address).is_err());
}
