//! From the outbox to the rules.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::engine::Engine;
use super::error::Fault;
use super::message::Operation;
use super::store;
use super::turn::Turn;
use crate::{CloudEvent, EventSink};

/// Deliveries under way at the same time.
const CONCURRENCY: usize = 8;

/// How many events that were refused may wait in memory for their next attempt. With more, the events
/// behind them wait in the store.
const WAITING: usize = 1_000;

/// Back-off after the first refusal; doubles up to [`LONGEST_DELAY`].
const FIRST_DELAY: Duration = Duration::from_millis(100);

/// The longest time between two attempts.
const LONGEST_DELAY: Duration = Duration::from_secs(30);

struct Letter {
    id: i64,
    event: CloudEvent,
    attempts: u32,
}

/// Delivers until `stop` is cancelled. Every event is tried for as long as it takes; one that is refused
/// does not hold up the others.
pub(crate) async fn deliver(engine: &Engine, sink: &dyn EventSink, stop: &CancellationToken) {
    let mut last_read = 0;
    let mut waiting: BTreeMap<(Instant, i64), Letter> = BTreeMap::new();
    let mut under_way = FuturesUnordered::new();
    loop {
        // Registered before looking, so that an event between looking and waiting is not missed.
        let announced = engine.shared().events.notified();
        tokio::pin!(announced);
        announced.as_mut().enable();

        let mut more = false;
        while under_way.len() < CONCURRENCY
            && first_due(&waiting).is_some_and(|at| at <= Instant::now())
        {
            let Some((_, letter)) = waiting.pop_first() else {
                break;
            };
            under_way.push(hand_over(engine, sink, letter));
        }
        let room = CONCURRENCY.saturating_sub(under_way.len());
        if room > 0 && waiting.len() < WAITING {
            match read(engine, last_read, room).await {
                Ok(letters) => {
                    more = letters.len() == room;
                    for letter in letters {
                        last_read = letter.id;
                        under_way.push(hand_over(engine, sink, letter));
                    }
                }
                Err(reason) => {
                    tracing::warn!(%reason, "cannot read the outbox");
                    tokio::select! {
                        () = stop.cancelled() => return,
                        () = tokio::time::sleep(LONGEST_DELAY.min(Duration::from_secs(1))) => continue,
                    }
                }
            }
        }
        if more && under_way.len() < CONCURRENCY {
            continue;
        }
        let retry = first_due(&waiting).filter(|_| under_way.len() < CONCURRENCY);
        tokio::select! {
            () = stop.cancelled() => return,
            () = &mut announced, if !more => {}
            Some(refused) = under_way.next(), if !under_way.is_empty() => {
                if let Some(letter) = refused {
                    waiting.insert((Instant::now() + delay(letter.attempts), letter.id), letter);
                }
            }
            () = sleep_until(retry.unwrap_or_else(Instant::now)), if retry.is_some() => {}
        }
    }
}

fn first_due(waiting: &BTreeMap<(Instant, i64), Letter>) -> Option<Instant> {
    waiting.keys().next().map(|(at, _)| *at)
}

fn delay(attempts: u32) -> Duration {
    FIRST_DELAY
        .saturating_mul(1 << attempts.saturating_sub(1).min(16))
        .min(LONGEST_DELAY)
}

/// Gives the letter back when it was not accepted.
async fn hand_over(engine: &Engine, sink: &dyn EventSink, mut letter: Letter) -> Option<Letter> {
    let reason = match sink.deliver(&letter.event).await {
        // When the store does not take note, the event is delivered again: at least once.
        Ok(()) => match engine.run(Box::new(Delivered { id: letter.id })).await {
            Ok(_) => return None,
            Err(error) => error.to_string(),
        },
        Err(error) => error.to_string(),
    };
    letter.attempts += 1;
    tracing::debug!(event = %letter.event.id, attempts = letter.attempts, %reason, "not delivered");
    Some(letter)
}

async fn read(engine: &Engine, after: i64, limit: usize) -> Result<Vec<Letter>, String> {
    let rows = engine
        .run(Box::new(Undelivered {
            after,
            limit: limit as i64,
        }))
        .await;
    let rows: Vec<(i64, CloudEvent)> = rows
        .map_err(|error| error.to_string())
        .and_then(|rows| serde_json::from_value(rows).map_err(|error| error.to_string()))?;
    Ok(rows
        .into_iter()
        .map(|(id, event)| Letter {
            id,
            event,
            attempts: 0,
        })
        .collect())
}

struct Undelivered {
    after: i64,
    limit: i64,
}

impl Operation for Undelivered {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let rows = store::outbox::page(turn.store, self.after, self.limit)?;
        let rows = rows.into_iter().map(|(id, text)| {
            // Written by us a moment ago; one that does not read back can never be delivered.
            json!([id, serde_json::from_str::<Value>(&text).unwrap_or_default()])
        });
        Ok(rows.collect())
    }
}

struct Delivered {
    id: i64,
}

impl Operation for Delivered {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        store::outbox::remove(turn.store, self.id)?;
        Ok(Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_back_off_grows_and_stops_growing() {
        assert_eq!(delay(1), FIRST_DELAY);
        assert!(delay(2) > delay(1));
        assert_eq!(delay(1_000), LONGEST_DELAY);
    }
}
