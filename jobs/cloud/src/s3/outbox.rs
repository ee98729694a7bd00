//! "Object Created" events: written with the object, handed to the sink until it takes them.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt as _};
use rusqlite::{Connection, params};
use time::format_description::FormatItem;
use time::macros::format_description;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::error::StoreError;
use super::store::{ObjectStore, StoreSettings, blocking};
use crate::events::{CloudEvent, DeliveryError, EventSink};

/// Deliveries under way at the same time.
const IN_FLIGHT: usize = 8;
/// Events in memory.
const WINDOW: usize = 256;
/// The first pause after a failure; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause.
const LAST_PAUSE: Duration = Duration::from_secs(30);

const SECONDS: &[FormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

/// An object came into being.
pub(super) struct Created<'a> {
    pub bucket: &'a str,
    pub key: &'a str,
    pub size: u64,
    pub etag: &'a str,
    /// Grows with every write.
    pub sequencer: i64,
    pub request_id: &'a str,
    /// `PutObject`, `CopyObject` or `CompleteMultipartUpload`.
    pub reason: &'static str,
}

/// Writes the event of a new object, in the transaction that makes the object.
pub(super) fn add(
    transaction: &Connection,
    settings: &StoreSettings,
    created: &Created<'_>,
) -> Result<(), StoreError> {
    let event = event(settings, created);
    // What belongs together in order: the writes of one key.
    let subject = [created.bucket.as_bytes(), b"/", created.key.as_bytes()].concat();
    transaction
        .prepare_cached("INSERT INTO outbox (subject, event) VALUES (?1, ?2)")?
        .execute(params![subject, serde_json::to_string(&event)?])?;
    Ok(())
}

fn event(settings: &StoreSettings, created: &Created<'_>) -> CloudEvent {
    let now = time::OffsetDateTime::now_utc();
    CloudEvent {
        version: "0".to_owned(),
        id: Uuid::new_v4().to_string(),
        detail_type: "Object Created".to_owned(),
        source: "aws.s3".to_owned(),
        account: settings.account.clone(),
        time: now.format(SECONDS).unwrap_or_default(),
        region: settings.region.clone(),
        resources: vec![format!("arn:aws:s3:::{}", created.bucket)],
        detail: serde_json::json!({
            "version": "0",
            "event-version": "1.0",
            "bucket": { "name": created.bucket },
            "object": {
                "key": created.key,
                "size": created.size,
                "etag": created.etag,
                "sequencer": format!("{:016X}", created.sequencer),
            },
            "request-id": created.request_id,
            "requester": settings.account,
            "source-ip-address": "127.0.0.1",
            "reason": created.reason,
        }),
    }
}

/// An event that waits.
struct Waiting {
    id: i64,
    subject: Vec<u8>,
    event: Arc<CloudEvent>,
    failures: u32,
    /// Not before.
    due: Instant,
}

type Delivery = BoxFuture<'static, (Waiting, Result<(), DeliveryError>)>;

/// See [`ObjectStore::deliver_events`].
pub(super) async fn deliver(
    store: Arc<ObjectStore>,
    sink: Arc<dyn EventSink>,
    stop: CancellationToken,
) {
    let mut waiting: VecDeque<Waiting> = VecDeque::new();
    let mut under_way: HashMap<Vec<u8>, i64> = HashMap::new();
    let mut deliveries: FuturesUnordered<Delivery> = FuturesUnordered::new();
    let mut newest = 0;
    let mut load_again = Instant::now();
    loop {
        let now = Instant::now();
        if now >= load_again && waiting.len() + deliveries.len() < WINDOW {
            // A write rings after its commit, so either this finds its event or the bell rings again.
            match load(&store, newest, WINDOW - waiting.len() - deliveries.len()).await {
                Ok(events) => {
                    newest = events.last().map_or(newest, |event| event.id);
                    waiting.extend(events);
                }
                Err(error) => {
                    tracing::error!(error = error.chain(), "could not read the outbox");
                    load_again = now + Duration::from_secs(1);
                }
            }
        }
        begin(&mut waiting, &mut under_way, &mut deliveries, &sink);
        let next_due = waiting
            .iter()
            .map(|event| event.due)
            .filter(|due| *due > now)
            .min();
        let wake = if load_again > now {
            Some(load_again)
        } else {
            None
        };
        let wake = wake.into_iter().chain(next_due).min();
        tokio::select! {
            () = stop.cancelled() => return,
            () = store.events.notified() => {}
            () = sleep_until(wake), if wake.is_some() => {}
            Some((event, result)) = deliveries.next(), if !deliveries.is_empty() => {
                under_way.remove(&event.subject);
                match result {
                    Ok(()) => remove(&store, event.id).await,
                    Err(error) => retry_later(&mut waiting, event, &error),
                }
            }
        }
    }
}

/// Begins deliveries in order: of each key the oldest event, when it is due and none is under way.
fn begin(
    waiting: &mut VecDeque<Waiting>,
    under_way: &mut HashMap<Vec<u8>, i64>,
    deliveries: &mut FuturesUnordered<Delivery>,
    sink: &Arc<dyn EventSink>,
) {
    let now = Instant::now();
    let mut held: HashSet<Vec<u8>> = HashSet::new();
    let mut index = 0;
    while deliveries.len() < IN_FLIGHT
        && let Some(event) = waiting.get(index)
    {
        let free = !under_way.contains_key(&event.subject) && !held.contains(&event.subject);
        if !(free && event.due <= now) {
            held.insert(event.subject.clone());
            index += 1;
            continue;
        }
        if let Some(event) = waiting.remove(index) {
            under_way.insert(event.subject.clone(), event.id);
            let sink = Arc::clone(sink);
            deliveries.push(Box::pin(async move {
                let result = sink.deliver(&event.event).await;
                (event, result)
            }));
        }
    }
}

/// Puts an event back in its place in the order, with a pause.
fn retry_later(waiting: &mut VecDeque<Waiting>, mut event: Waiting, error: &DeliveryError) {
    let pause = FIRST_PAUSE
        .saturating_mul(1 << event.failures.min(16))
        .min(LAST_PAUSE);
    event.failures += 1;
    tracing::warn!(%error, failures = event.failures, ?pause, "an event will be delivered again");
    event.due = Instant::now() + pause;
    let place = waiting.partition_point(|other| other.id < event.id);
    waiting.insert(place, event);
}

async fn sleep_until(wake: Option<Instant>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(wake).await,
        None => std::future::pending().await,
    }
}

async fn load(
    store: &Arc<ObjectStore>,
    after: i64,
    limit: usize,
) -> Result<Vec<Waiting>, StoreError> {
    let store = Arc::clone(store);
    blocking(move || {
        store.index.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, subject, event FROM outbox WHERE id > ?1 ORDER BY id LIMIT ?2",
            )?;
            let mut rows = statement.query(params![after, limit as i64])?;
            let mut events = Vec::new();
            while let Some(row) = rows.next()? {
                let event: String = row.get(2)?;
                events.push(Waiting {
                    id: row.get(0)?,
                    subject: row.get(1)?,
                    event: Arc::new(serde_json::from_str(&event)?),
                    failures: 0,
                    due: Instant::now(),
                });
            }
            Ok(events)
        })
    })
    .await
}

/// Forgets a delivered event. When that fails it is delivered again after the next start, under its id.
async fn remove(store: &Arc<ObjectStore>, id: i64) {
    let store = Arc::clone(store);
    let removed = blocking(move || {
        store.index.write(|transaction| {
            transaction
                .prepare_cached("DELETE FROM outbox WHERE id = ?1")?
                .execute([id])?;
            Ok(())
        })
    });
    if let Err(error) = removed.await {
        tracing::error!(error = error.chain(), "could not remove a delivered event");
    }
}
