//! The engine's thread: the only one that touches the database.
//!
//! It waits for messages and timers, runs everything that is there in one transaction (so that a
//! thousand small requests cost one commit), and after the commit answers, arms timers, makes calls and
//! offers tasks. What happens after the commit can always be derived from the store again.

use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::Connection;
use serde_json::Value;
use states_language::{Event, TimerId, Timestamp};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::cache::Cache;
use super::calls::Calls;
use super::error::{ApiError, EngineError, Fault, StoreError};
use super::map_runs::GoOn;
use super::message::{Item, Message, Operation, Reply, Shared};
use super::queues::Queues;
use super::store;
use super::sweep::Sweep;
use super::timers::Timers;
use super::turn::{Effect, Host, Turn};
use crate::Durability;

/// Operations in one transaction at most.
const MAX_BATCH: usize = 256;

/// Executions that are taken up in one transaction when the engine opens.
const RECOVERED_AT_ONCE: usize = 500;

/// The longest sleep while a timer is armed. Timers are moments of the wall clock, sleeps are not: a
/// clock that was set, or a machine that slept, is noticed after this time.
const LONGEST_SLEEP: Duration = Duration::from_secs(10);

/// How often a cloud that runs on looks for executions that have been kept long enough.
const SWEEP_EVERY_MS: i64 = 3_600_000;

/// How long an operation without a caller waits before it is tried again when the store fails.
const RETRY_MS: i64 = 1_000;

/// Opens the store, takes up what runs, and starts the thread.
pub(crate) fn start(
    path: &Path,
    durability: Durability,
    keep: Option<Duration>,
    host: Host,
    runtime: Handle,
    shared: Arc<Shared>,
) -> Result<mpsc::Sender<Message>, EngineError> {
    let connection = store::schema::open(path, durability)?;
    let (sender, receiver) = mpsc::channel();
    let mut worker = Worker {
        connection,
        calls: Calls::new(runtime, Arc::clone(&host.integrations), sender.clone()),
        host,
        shared,
        sender: sender.clone(),
        cache: Cache::default(),
        timers: Timers::default(),
        queues: Queues::default(),
        awaited: HashMap::new(),
        retries: VecDeque::new(),
        sweeping: false,
        keep_ms: keep.map(|keep| i64::try_from(keep.as_millis()).unwrap_or(i64::MAX)),
        next_sweep: keep.map(|_| 0),
        last_now: 0,
    };
    worker.recover().map_err(|source| EngineError::Store {
        path: path.to_owned(),
        source,
    })?;
    std::thread::Builder::new()
        .name("states-engine".to_owned())
        .spawn(move || worker.run(&receiver))
        .map_err(EngineError::Thread)?;
    Ok(sender)
}

struct Worker {
    connection: Connection,
    host: Host,
    shared: Arc<Shared>,
    sender: mpsc::Sender<Message>,
    cache: Cache,
    timers: Timers,
    calls: Calls,
    queues: Queues,
    /// Express executions whose end somebody waits for.
    awaited: HashMap<i64, Arc<Mutex<Option<oneshot::Sender<Value>>>>>,
    /// Operations without a caller that the store did not take, and when to try again.
    retries: VecDeque<(i64, Item)>,
    /// Whether deleted machines or expired executions may be left to remove.
    sweeping: bool,
    /// How long an ended execution is kept.
    keep_ms: Option<i64>,
    /// When to look for expired executions next.
    next_sweep: Option<i64>,
    last_now: i64,
}

/// What one transaction gave.
type Outcome = (Vec<Result<Value, ApiError>>, Vec<Effect>);

impl Worker {
    fn run(mut self, receiver: &mpsc::Receiver<Message>) {
        loop {
            let mut items = Vec::new();
            let mut closing = None;
            let mut message = self.next_message(receiver);
            while let Some(received) = message.take() {
                match received {
                    Message::Run(item) => items.push(item),
                    Message::Wait(waiter) => self.queues.wait(waiter),
                    Message::Close(told) => {
                        closing = Some(told);
                        break;
                    }
                }
                if items.len() < MAX_BATCH {
                    message = receiver.try_recv().ok();
                }
            }
            self.add_due(&mut items);
            if !items.is_empty() {
                self.transact(items);
            }
            self.queues.serve(&self.sender, &self.shared);
            if let Some(told) = closing {
                self.close(told);
                return;
            }
        }
    }

    /// Waits for a message, or for the next thing that is due by itself.
    fn next_message(&mut self, receiver: &mpsc::Receiver<Message>) -> Option<Message> {
        if self.sweeping {
            return receiver.try_recv().ok();
        }
        let retry = self.retries.front().map(|(at, _)| *at);
        let due = [self.timers.first(), retry, self.next_sweep];
        let Some(due) = due.into_iter().flatten().min() else {
            // The thread holds a sender itself, so this does not end before a message comes.
            return receiver.recv().ok();
        };
        let wait = due.saturating_sub(self.now().0).max(0) as u64;
        let wait = Duration::from_millis(wait).min(LONGEST_SLEEP);
        // An error is the end of the wait: no message has come.
        receiver.recv_timeout(wait).ok()
    }

    /// Adds timers that fire now, operations to try again, and a piece of the sweeping.
    fn add_due(&mut self, items: &mut Vec<Item>) {
        let now = self.now().0;
        let mut add = |operation: Box<dyn Operation>| {
            items.push(Item {
                operation,
                reply: None,
            });
        };
        for _ in 0..MAX_BATCH {
            let Some((execution, timer)) = self.timers.pop_due(now) else {
                break;
            };
            add(Box::new(Fire { execution, timer }));
        }
        if self.next_sweep.is_some_and(|at| at <= now) {
            self.next_sweep = Some(now + SWEEP_EVERY_MS);
            self.sweeping = true;
        }
        if std::mem::take(&mut self.sweeping) {
            add(Box::new(Sweep {
                expired: self.keep_ms.map(|keep| now.saturating_sub(keep)),
            }));
        }
        while self.retries.front().is_some_and(|(at, _)| *at <= now) {
            items.extend(self.retries.pop_front().map(|(_, item)| item));
        }
    }

    /// Runs operations in one transaction, then acts and answers. When the store fails, each gets a
    /// transaction of its own, so that only those fail that have to.
    fn transact(&mut self, items: Vec<Item>) {
        match self.attempt(&items) {
            Ok((answers, effects)) => {
                self.act(effects);
                // Pollers are served first: who hears of a start finds its task in the queue.
                self.queues.serve(&self.sender, &self.shared);
                for (item, answer) in items.into_iter().zip(answers) {
                    reply(item.reply, answer);
                }
                self.cache.trim();
            }
            Err(_) if items.len() > 1 => {
                for item in items {
                    self.transact(vec![item]);
                }
            }
            Err(error) => items
                .into_iter()
                .for_each(|item| self.give_up(item, &error)),
        }
    }

    fn give_up(&mut self, item: Item, error: &StoreError) {
        tracing::error!(%error, "an operation failed");
        if item.reply.is_some() {
            reply(item.reply, Err(ApiError::internal(error)));
        } else if matches!(error, StoreError::Sqlite(_)) {
            // A timer or an answer must not be lost: the disk may have room again soon.
            let at = self.now().0 + RETRY_MS;
            self.retries.push_back((at, item));
        }
    }

    fn attempt(&mut self, items: &[Item]) -> Result<Outcome, StoreError> {
        let now = self.now();
        let mut effects = Vec::new();
        let result = self.attempt_at(items, now, &mut effects);
        if result.is_err() {
            self.cache.clear();
            if !self.connection.is_autocommit() {
                // When even this fails, the next BEGIN does too, and says why.
                let _ = self.connection.execute_batch("ROLLBACK");
            }
        }
        result.map(|answers| (answers, effects))
    }

    fn attempt_at(
        &mut self,
        items: &[Item],
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) -> Result<Vec<Result<Value, ApiError>>, StoreError> {
        self.connection.execute_batch("BEGIN")?;
        let mut answers = Vec::with_capacity(items.len());
        for item in items {
            let mut turn = Turn::new(&self.connection, &self.host, now, &mut self.cache, effects);
            match item.operation.run(&mut turn) {
                Ok(answer) => answers.push(Ok(answer)),
                Err(Fault::Api(error)) => answers.push(Err(error)),
                Err(Fault::Store(error)) => return Err(error),
            }
        }
        self.cache.flush(&self.connection)?;
        self.connection.execute_batch("COMMIT")?;
        Ok(answers)
    }

    /// Does what the committed transaction asked for.
    fn act(&mut self, effects: Vec<Effect>) {
        // An execution may have ended in the transaction in which somebody began to wait for it.
        for effect in &effects {
            if let Effect::Await { execution, end } = effect {
                self.awaited.insert(*execution, Arc::clone(end));
            }
        }
        for effect in effects {
            match effect {
                Effect::Await { .. } => {}
                Effect::Tell { execution, answer } => {
                    let end = self.awaited.remove(&execution);
                    let end = end
                        .and_then(|end| end.lock().unwrap_or_else(PoisonError::into_inner).take());
                    if let Some(end) = end {
                        // A caller that has gone has lost nothing but the answer.
                        let _ = end.send(*answer);
                    }
                }
                Effect::Arm {
                    execution,
                    timer,
                    at,
                } => self.timers.arm(execution, timer, at),
                Effect::Disarm { execution, timer } => self.timers.disarm(execution, timer),
                Effect::Call {
                    request,
                    context,
                    submitted,
                } => self.calls.start(request, *context, submitted),
                Effect::Abort { task } => self.calls.abort(task),
                Effect::Queue {
                    activity,
                    place,
                    task,
                } => self.queues.push(activity, place, task),
                Effect::Unqueue { activity, place } => self.queues.remove(&activity, place),
                Effect::Began => {
                    self.shared.running.fetch_add(1, Ordering::AcqRel);
                }
                Effect::Ended { execution } => {
                    self.timers.disarm_all(execution);
                    self.calls.abort_all(execution);
                    self.shared.running.fetch_sub(1, Ordering::AcqRel);
                }
                Effect::Begin { execution } => self.later(Box::new(Begin { execution })),
                Effect::GoOn { run } => self.later(Box::new(GoOn { run })),
                Effect::Errand { run, errand } => self.calls.run_errand(run, errand),
                Effect::Announce => self.shared.events.notify_waiters(),
                Effect::Sweep => self.sweeping = true,
            }
        }
    }

    /// Has an operation run in a transaction of its own.
    fn later(&self, operation: Box<dyn Operation>) {
        // It is our own channel: it is open as long as we are here.
        let _ = self.sender.send(Message::Run(Item {
            operation,
            reply: None,
        }));
    }

    /// Takes up every running execution. One that cannot be read is left alone and told of: the others
    /// must not suffer.
    fn recover(&mut self) -> Result<(), StoreError> {
        let running = store::executions::running(&self.connection)?;
        for some in running.chunks(RECOVERED_AT_ONCE) {
            let now = self.now();
            let mut effects = Vec::new();
            for id in some {
                let mut turn = Turn::new(
                    &self.connection,
                    &self.host,
                    now,
                    &mut self.cache,
                    &mut effects,
                );
                match turn.resume(*id) {
                    Ok(()) => {}
                    Err(Fault::Store(StoreError::Sqlite(error))) => return Err(error.into()),
                    Err(Fault::Store(error)) => {
                        tracing::error!(execution = id, %error, "cannot go on with an execution");
                    }
                    Err(Fault::Api(error)) => {
                        tracing::error!(execution = id, %error, "cannot go on with an execution");
                    }
                }
            }
            self.act(effects);
            self.cache.trim();
        }
        for run in store::map_runs::open(&self.connection)? {
            self.later(Box::new(GoOn { run }));
        }
        store::machines::release_ended(&self.connection)?;
        self.sweeping = store::machines::find_deleted(&self.connection)?.is_some();
        self.queues.serve(&self.sender, &self.shared);
        Ok(())
    }

    fn close(self, told: Option<oneshot::Sender<()>>) {
        let Worker {
            connection,
            calls,
            queues,
            ..
        } = self;
        drop(calls);
        drop(queues);
        // Leaves one file behind instead of three; the store is whole without it as well.
        if let Err((_, error)) = connection.close() {
            tracing::warn!(%error, "closing the state store");
        }
        if let Some(told) = told {
            // Nobody needs to wait for the end.
            let _ = told.send(());
        }
    }

    /// The wall clock, except that it never runs backwards while the engine lives.
    fn now(&mut self) -> Timestamp {
        let clock = SystemTime::now().duration_since(UNIX_EPOCH);
        let clock = clock.map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        });
        self.last_now = self.last_now.max(clock);
        Timestamp(self.last_now)
    }
}

fn reply(reply: Option<Reply>, answer: Result<Value, ApiError>) {
    match (reply, answer) {
        (Some(reply), answer) => {
            // A caller that has gone has lost nothing but the answer.
            let _ = reply.send(answer);
        }
        (None, Err(error)) => tracing::warn!(%error, "an operation without a caller was refused"),
        (None, Ok(_)) => {}
    }
}

/// An execution that another one started begins.
struct Begin {
    execution: i64,
}

impl Operation for Begin {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        turn.advance(self.execution, Event::Started)?;
        Ok(Value::Null)
    }
}

/// A timer's moment has come.
struct Fire {
    execution: i64,
    timer: u64,
}

impl Operation for Fire {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        turn.advance(
            self.execution,
            Event::TimerFired {
                timer: TimerId(self.timer),
            },
        )?;
        Ok(Value::Null)
    }
}
