//! Everything that the dashboard asks of the target, in a task of its own.
//!
//! The task owns what is known and waits for orders, answers and its clock; every call is a task beside it, so
//! that no order waits for an answer. `ask` makes the calls within the account's token buckets (`gate`: and when the target lets it), `listing`
//! says which page of which list comes next, `table` which history, `records` which item an execution works
//! on, `open` reads the open execution, `health` says how it goes; `engine` brings them together.

mod ask;
mod count;
mod engine;
mod gate;
mod health;
mod jobs;
mod listing;
mod open;
mod pictures;
mod read;
mod records;
mod table;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::{CancellationToken, DropGuard};

pub(crate) use ask::{Asker, Call};
pub use count::Calls;
pub(crate) use pictures::result_key;

use super::message::{News, Order};
use crate::profile::{Profile, Target};
use count::Counters;
use engine::Engine;

/// What to watch, and how eagerly.
#[derive(Clone, Debug, Default)]
pub struct FeedOptions {
    /// Name or ARN of the state machine; `None`: the profile's own.
    pub machine: Option<String>,
    /// Only executions of this batch (its whole id).
    pub batch: Option<String>,
    /// Folder where finished executions are remembered; `None`: they are not.
    pub cache: Option<PathBuf>,
    /// Shortest pause between two looks at the list; `None`: 300 ms on loopback, 2 s elsewhere.
    pub fastest: Option<Duration>,
    /// Longest pause while nothing changes; `None`: 2 s on loopback, 10 s elsewhere.
    pub slowest: Option<Duration>,
}

impl FeedOptions {
    fn fastest(&self, loopback: bool) -> Duration {
        let usual = Duration::from_millis(if loopback { 300 } else { 2_000 });
        self.fastest.unwrap_or(usual)
    }

    fn slowest(&self, loopback: bool) -> Duration {
        let usual = Duration::from_secs(if loopback { 2 } else { 10 });
        self.slowest.unwrap_or(usual)
    }

    /// ARN of the machine.
    fn machine_arn(&self, profile: &Profile) -> String {
        let own = &profile.state_machine_arn;
        match &self.machine {
            None => own.clone(),
            Some(arn) if arn.starts_with("arn:") => arn.clone(),
            Some(name) => {
                let (start, _) = own.rsplit_once(':').unwrap_or((own, ""));
                format!("{start}:{name}")
            }
        }
    }
}

/// A feed that runs. It ends when this is dropped.
#[derive(Debug)]
pub struct Feed {
    orders: UnboundedSender<Order>,
    counters: Arc<Counters>,
    _cancel: DropGuard,
}

impl Feed {
    /// Tells the feed what is wanted.
    pub fn order(&self, order: Order) {
        // A feed that has ended needs no orders.
        let _ = self.orders.send(order);
    }

    /// Where orders can be sent from elsewhere.
    #[must_use]
    pub fn orders(&self) -> UnboundedSender<Order> {
        self.orders.clone()
    }

    /// How many calls it has made.
    #[must_use]
    pub fn calls(&self) -> Calls {
        self.counters.now()
    }
}

/// Starts a feed in the present runtime. What it finds comes through the channel; the machine comes first.
#[must_use]
pub fn start(target: Target, options: FeedOptions) -> (Feed, UnboundedReceiver<News>) {
    let (orders, ordered) = unbounded_channel();
    let (tell, news) = unbounded_channel();
    let counters = Arc::new(Counters::default());
    let cancel = CancellationToken::new();
    let ask = Asker::new(target, Arc::clone(&counters));
    let engine = Engine::new(ask, options, tell);
    let ended = cancel.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = ended.cancelled() => {}
            () = engine.run(ordered) => {}
        }
    });
    let feed = Feed {
        orders,
        counters,
        _cancel: cancel.drop_guard(),
    };
    (feed, news)
}
