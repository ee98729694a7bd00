//! What the engine's thread is told, and what it does in turn.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc;
use std::sync::{Mutex, OnceLock, Weak};

use serde_json::Value;
use tokio::sync::{Notify, oneshot};

use super::activities::GiveBack;
use super::error::{ApiError, Fault};
use super::turn::Turn;
use crate::{CloudEvent, EventSink};

/// Something that reads or changes the store, inside a transaction.
///
/// An operation that ends with [`Fault::Api`] must not have changed anything: its transaction, which
/// it shares with others, is committed all the same. `run` may be called again after a failure of the
/// store, with everything rolled back.
pub(crate) trait Operation: Send {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault>;
}

/// Where an operation's answer goes.
pub(crate) type Reply = oneshot::Sender<Result<Value, ApiError>>;

/// An operation and who waits for it. Those that nobody waits for (timers, answers of calls) are tried
/// again until the store takes them.
pub(crate) struct Item {
    pub(crate) operation: Box<dyn Operation>,
    pub(crate) reply: Option<Reply>,
}

/// A task within the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskKey {
    /// The execution's row.
    pub execution: i64,
    /// The task's number within the execution.
    pub task: u64,
}

/// A long poll that waits for a task.
pub(crate) struct Waiter {
    pub(crate) activity: String,
    pub(crate) offer: oneshot::Sender<Result<Offer, ApiError>>,
}

/// A queued task on its way to a poller. Unless it is accepted, dropping it gives the task back, so a
/// poller may vanish at any moment.
pub(crate) struct Offer {
    task: TaskKey,
    engine: Option<mpsc::Sender<Message>>,
}

impl Offer {
    pub(crate) fn new(task: TaskKey, engine: mpsc::Sender<Message>) -> Self {
        Self {
            task,
            engine: Some(engine),
        }
    }

    pub(crate) fn task(&self) -> TaskKey {
        self.task
    }

    /// The task is durably started: it does not go back.
    pub(crate) fn accept(mut self) {
        self.engine = None;
    }
}

impl Drop for Offer {
    fn drop(&mut self) {
        if let Some(engine) = self.engine.take() {
            let operation = Box::new(GiveBack { task: self.task });
            // Without an engine there is no queue to go back to; the store still has the task.
            let _ = engine.send(Message::Run(Item {
                operation,
                reply: None,
            }));
        }
    }
}

/// A message to the engine's thread.
pub(crate) enum Message {
    /// Something for the next transaction.
    Run(Item),
    /// A poller begins to wait.
    Wait(Waiter),
    /// Commit what is there and end.
    Close(Option<oneshot::Sender<()>>),
}

/// What other threads may look at without asking the engine's.
#[derive(Default)]
pub(crate) struct Shared {
    /// Executions that run.
    pub(crate) running: AtomicUsize,
    /// Tasks in the queues, by activity ARN.
    pub(crate) backlog: Mutex<BTreeMap<String, usize>>,
    /// Told whenever there are new events in the outbox.
    pub(crate) events: Notify,
    /// Who is told of events, once there is somebody. Not kept alive from here: it may hold the engine.
    pub(crate) audience: OnceLock<Weak<dyn EventSink>>,
}

impl Shared {
    /// Whether an event has to be stored for its delivery. Before anybody listens, every one has to be.
    pub(crate) fn wants(&self, event: &CloudEvent) -> bool {
        let audience = self.audience.get().and_then(Weak::upgrade);
        audience.is_none_or(|audience| audience.wants(event))
    }
}
