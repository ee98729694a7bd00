use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use local_cloud::events::{CloudEvent, DeliveryError, EventSink};
use local_cloud::s3::{ObjectStore, StoreSettings};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::server::{BUCKET, Server};

/// Fails the first `failures` deliveries of each event, then passes it on.
struct Sink {
    failures: usize,
    failed: Mutex<HashMap<String, usize>>,
    deliveries: AtomicUsize,
    events: mpsc::UnboundedSender<CloudEvent>,
}

#[async_trait]
impl EventSink for Sink {
    async fn deliver(&self, event: &CloudEvent) -> Result<(), DeliveryError> {
        self.deliveries.fetch_add(1, Ordering::Relaxed);
        let failed = {
            let mut failed = self.failed.lock().unwrap();
            let failed = failed.entry(event.id.clone()).or_default();
            *failed += 1;
            *failed
        };
        // Later events would overtake if they could.
        tokio::time::sleep(Duration::from_millis(failed as u64 % 3)).await;
        if failed <= self.failures {
            let (rule, target) = ("rule".to_owned(), "target".to_owned());
            return Err(DeliveryError {
                rule,
                target,
                reason: "not yet".to_owned(),
            });
        }
        let _ = self.events.send(event.clone());
        Ok(())
    }
}

fn deliver(
    store: &Arc<ObjectStore>,
    failures: usize,
) -> (
    Arc<Sink>,
    mpsc::UnboundedReceiver<CloudEvent>,
    CancellationToken,
) {
    let (events, received) = mpsc::unbounded_channel();
    let sink = Sink {
        failures,
        failed: Mutex::default(),
        deliveries: AtomicUsize::new(0),
        events,
    };
    let (sink, stop) = (Arc::new(sink), CancellationToken::new());
    let sink_too: Arc<dyn EventSink> = Arc::clone(&sink) as _;
    tokio::spawn(Arc::clone(store).deliver_events(sink_too, stop.clone()));
    (sink, received, stop)
}

async fn next(events: &mut mpsc::UnboundedReceiver<CloudEvent>) -> CloudEvent {
    tokio::time::timeout(Duration::from_secs(20), events.recv())
        .await
        .unwrap()
        .unwrap()
}

#[tokio::test]
async fn each_way_to_make_an_object_has_its_event() {
    let server = Server::start().await;
    let s3 = server.client();
    let (_, mut events, stop) = deliver(&server.store, 0);
    let put = s3
        .put_object()
        .bucket(BUCKET)
        .key("inbox/ü +.png")
        .body(b"hello".to_vec().into());
    put.send().await.unwrap();
    let event = next(&mut events).await;
    assert_eq!(event.version, "0");
    assert_eq!(event.id.len(), 36);
    assert_eq!(
        (event.source.as_str(), event.detail_type.as_str()),
        ("aws.s3", "Object Created")
    );
    assert_eq!(
        (event.account.as_str(), event.region.as_str()),
        ("000000000000", "us-east-1")
    );
    assert_eq!(event.time.len(), "2026-11-21T12:00:00Z".len());
    assert_eq!(event.resources, ["arn:aws:s3:::boards"]);
    let detail = &event.detail;
    assert_eq!(detail["version"], "0");
    assert_eq!(detail["bucket"]["name"], BUCKET);
    assert_eq!(detail["object"]["key"], "inbox/ü +.png", "the key as it is");
    assert_eq!(detail["object"]["size"], 5);
    assert_eq!(detail["object"]["etag"], "5d41402abc4b2a76b9719d911017c592");
    assert_eq!(detail["requester"], "000000000000");
    assert_eq!(detail["request-id"].as_str().unwrap().len(), 16);
    assert_eq!(detail["source-ip-address"], "127.0.0.1");
    assert_eq!(detail["reason"], "PutObject");
    let first = u64::from_str_radix(detail["object"]["sequencer"].as_str().unwrap(), 16).unwrap();

    let copy = s3
        .copy_object()
        .bucket(BUCKET)
        .key("copy")
        .copy_source("boards/inbox/%C3%BC%20%2B.png");
    copy.send().await.unwrap();
    let event = next(&mut events).await;
    assert_eq!(
        (&event.detail["reason"], &event.detail["object"]["key"]),
        (&"CopyObject".into(), &"copy".into())
    );
    let second = event.detail["object"]["sequencer"].as_str().unwrap();
    assert!(u64::from_str_radix(second, 16).unwrap() > first);

    let begun = s3
        .create_multipart_upload()
        .bucket(BUCKET)
        .key("parts")
        .send()
        .await
        .unwrap();
    let id = begun.upload_id().unwrap();
    let part = s3
        .upload_part()
        .bucket(BUCKET)
        .key("parts")
        .upload_id(id)
        .part_number(1);
    let part = part.body(b"part".to_vec().into()).send().await.unwrap();
    let part = CompletedPart::builder()
        .part_number(1)
        .e_tag(part.e_tag().unwrap())
        .build();
    let parts = CompletedMultipartUpload::builder().parts(part).build();
    let complete = s3
        .complete_multipart_upload()
        .bucket(BUCKET)
        .key("parts")
        .upload_id(id);
    complete.multipart_upload(parts).send().await.unwrap();
    let event = next(&mut events).await;
    assert_eq!(event.detail["reason"], "CompleteMultipartUpload");
    assert_eq!(event.detail["object"]["size"], 4);
    assert!(
        event.detail["object"]["etag"]
            .as_str()
            .unwrap()
            .ends_with("-1")
    );

    let refused = s3
        .put_object()
        .bucket(BUCKET)
        .key("copy")
        .if_none_match("*")
        .send()
        .await;
    assert!(refused.is_err());
    s3.delete_object()
        .bucket(BUCKET)
        .key("copy")
        .send()
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(
        events.try_recv().is_err(),
        "what makes no object has no event"
    );
    stop.cancel();
}

#[tokio::test]
async fn an_event_that_fails_is_delivered_again_in_the_order_of_its_key() {
    let server = Server::start().await;
    let (sink, mut events, stop) = deliver(&server.store, 2);
    for round in 0..3 {
        for key in ["a", "b", "c"] {
            let body = format!("{round}").into();
            server
                .store
                .put_object(BUCKET, key, body, None, [].into())
                .await
                .unwrap();
        }
    }
    let mut last: HashMap<String, String> = HashMap::new();
    for _ in 0..9 {
        let event = next(&mut events).await;
        let object = &event.detail["object"];
        let key = object["key"].as_str().unwrap().to_owned();
        let sequencer = object["sequencer"].as_str().unwrap().to_owned();
        assert!(
            last.get(&key).is_none_or(|last| *last < sequencer),
            "{key} in order"
        );
        last.insert(key, sequencer);
    }
    assert_eq!(
        sink.deliveries.load(Ordering::Relaxed),
        27,
        "each two failures and a success"
    );
    stop.cancel();
}

#[tokio::test]
async fn an_event_arrives_within_milliseconds() {
    let server = Server::start().await;
    let (_, mut events, stop) = deliver(&server.store, 0);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut fastest = Duration::MAX;
    for number in 0..5 {
        let key = format!("{number}");
        server
            .store
            .put_object(BUCKET, &key, "v".into(), None, [].into())
            .await
            .unwrap();
        let put = Instant::now();
        next(&mut events).await;
        fastest = fastest.min(put.elapsed());
    }
    // Nothing polls: a loop that did, ten times a second, would not be this fast five times out of five.
    assert!(fastest < Duration::from_millis(50), "{fastest:?}");
    stop.cancel();
}

#[tokio::test]
async fn an_undelivered_event_waits_for_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let store = ObjectStore::open(folder.path(), StoreSettings::default()).unwrap();
    store.create_bucket(BUCKET).unwrap();
    store
        .put_object(BUCKET, "k", "v".into(), None, [].into())
        .await
        .unwrap();
    let (sink, _events, stop) = deliver(&store, usize::MAX);
    while sink.deliveries.load(Ordering::Relaxed) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stop.cancel();
    let store = reopened(folder.path(), store).await;
    let (_, mut events, stop) = deliver(&store, 0);
    assert_eq!(next(&mut events).await.detail["object"]["key"], "k");
    // It is gone once it was delivered: a third start has nothing to tell.
    let mut patience = 200;
    while store_has_events(folder.path()) && patience > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        patience -= 1;
    }
    stop.cancel();
    let store = reopened(folder.path(), store).await;
    let (_, mut events, stop) = deliver(&store, 0);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(events.try_recv().is_err());
    stop.cancel();
}

/// Opens the folder again as soon as the loop has let go of it.
async fn reopened(folder: &std::path::Path, store: Arc<ObjectStore>) -> Arc<ObjectStore> {
    drop(store);
    for _ in 0..400 {
        if let Ok(store) = ObjectStore::open(folder, StoreSettings::default()) {
            return store;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the store stays open");
}

fn store_has_events(folder: &std::path::Path) -> bool {
    let index = rusqlite::Connection::open(folder.join("objects.db")).unwrap();
    let count: i64 = index
        .query_row("SELECT count(*) FROM outbox", [], |row| row.get(0))
        .unwrap();
    count > 0
}
