//! Acts for one slot: actions of the state machine become processes, calls and timers; their ends
//! become events.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::WorkerSummary;
use super::machine::{Action, Ended, Event, Pause, Slot, State, step};
use super::verdict::Verdict;
use crate::function::{FunctionSpec, Invocation};
use crate::process::{self, is_crash};
use crate::source::{SourceError, Task, TaskSource};
use crate::status::{Phase, Poll, TaskEnd, WorkerStatus};

/// A poll that comes back empty sooner than this was not held open.
const QUICK: Duration = Duration::from_millis(500);

/// What a slot works with.
pub(super) struct Surroundings {
    pub number: usize,
    pub worker: String,
    pub heartbeat: Duration,
    pub drain: Duration,
    pub once: bool,
    pub spec: Arc<FunctionSpec>,
    pub source: Arc<dyn TaskSource>,
    pub stop: CancellationToken,
    pub status: Arc<WorkerStatus>,
}

/// The place of the function's process travels with the operation that uses it, so that giving up
/// the operation kills the process.
type Ending = (Event, Option<process::Slot>);
type Operation = Pin<Box<dyn Future<Output = Ending> + Send>>;
type Beat = Pin<Box<dyn Future<Output = Event> + Send>>;

struct Driver {
    around: Surroundings,
    place: Option<process::Slot>,
    main: Option<Operation>,
    beat: Option<Beat>,
    /// When the drain is over, once it has begun; taken when it has been told.
    drained: Option<Beat>,
    /// When the task in hand came or had its last heartbeat.
    last_beat: Instant,
    summary: WorkerSummary,
}

/// Runs a slot to its end.
pub(super) async fn drive(around: Surroundings) -> WorkerSummary {
    let mut driver = Driver {
        around,
        place: None,
        main: None,
        beat: None,
        drained: None,
        last_beat: Instant::now(),
        summary: WorkerSummary::default(),
    };
    let mut slot = Slot {
        once: driver.around.once,
        ..Slot::new()
    };
    let mut event = Event::Start;
    loop {
        driver.tell(&event);
        driver.note(&event);
        let actions;
        (slot, actions) = step(slot, event);
        let (number, phase) = (driver.around.number, phase(&slot.state));
        driver.around.status.slot_is(number, phase);
        for action in actions {
            if action == Action::Finish {
                if let Some(place) = driver.place.take() {
                    place.end().await;
                }
                return driver.summary;
            }
            driver.act(action);
        }
        event = driver.next(slot.draining).await;
    }
}

impl Driver {
    async fn next(&mut self, draining: bool) -> Event {
        tokio::select! {
            biased;
            () = self.around.stop.cancelled(), if !draining => {
                let limit = self.around.drain;
                self.drained = Some(Box::pin(async move {
                    tokio::time::sleep(limit).await;
                    Event::DrainOver
                }));
                Event::Stop
            }
            event = end_of(&mut self.drained) => event,
            // Before the main operation: when the task is gone, its answer need not be tried.
            event = end_of(&mut self.beat) => event,
            (event, place) = end_of(&mut self.main) => {
                if place.is_some() {
                    self.place = place;
                }
                event
            }
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Prepare => self.main = Some(self.prepare()),
            Action::Poll => self.main = Some(self.poll()),
            Action::Work(task) => self.main = Some(self.work(task)),
            Action::Answer { token, verdict } => self.main = Some(self.answer(token, verdict)),
            Action::Rest(time) => {
                let time = jittered(time);
                self.main = Some(Box::pin(async move {
                    tokio::time::sleep(time).await;
                    (Event::Rested, None)
                }));
            }
            Action::Beat { token, pause } => self.beat = Some(self.beat(token, pause)),
            Action::StopBeating => self.beat = None,
            Action::Abandon => self.main = None,
            Action::Count(ended) => self.count(ended),
            // Handled by the loop.
            Action::Finish => {}
        }
    }

    fn take_place(&mut self) -> process::Slot {
        self.place
            .take()
            .unwrap_or_else(|| process::Slot::new(self.around.spec.clone()))
    }

    fn prepare(&mut self) -> Operation {
        let mut place = self.take_place();
        let name = format!("{}-{}-init", self.around.worker, self.around.number);
        Box::pin(async move {
            match place.prepare(&name).await {
                Ok(()) => (Event::Prepared, Some(place)),
                Err(_) => (Event::PrepareFailed, Some(place)),
            }
        })
    }

    fn poll(&self) -> Operation {
        let (source, status) = (self.around.source.clone(), self.around.status.clone());
        Box::pin(async move {
            let began = Instant::now();
            let event = match source.poll().await {
                Ok(Some(task)) => Event::TaskCame(task),
                Ok(None) => Event::NoTask {
                    quickly: began.elapsed() < QUICK,
                },
                Err(error) if status.is_turned_away_by(&error) => Event::TurnedAway(error),
                Err(error) => Event::PollFailed(error),
            };
            (event, None)
        })
    }

    fn work(&mut self, task: Task) -> Operation {
        let mut place = self.take_place();
        let takes = self.around.source.answers();
        let status = self.around.status.clone();
        Box::pin(async move {
            let completed = place.invoke(Invocation::new(task.input)).await;
            status.invoked(&completed);
            let crashed = completed
                .result
                .as_ref()
                .is_err_and(|error| is_crash(&error.error_type));
            let verdict = Verdict::on(completed.result, takes);
            (Event::WorkDone { verdict, crashed }, Some(place))
        })
    }

    fn answer(&self, token: String, verdict: Verdict) -> Operation {
        let source = self.around.source.clone();
        Box::pin(async move {
            let answered = match verdict {
                Verdict::Success(output) => source.succeed(&token, output).await,
                Verdict::Failure { error, cause } => source.fail(&token, &error, &cause).await,
            };
            let event = match answered {
                Ok(()) => Event::AnswerAccepted,
                Err(error) => Event::AnswerFailed(error),
            };
            (event, None)
        })
    }

    fn beat(&self, token: String, pause: Pause) -> Beat {
        let source = self.around.source.clone();
        let regular = self.around.heartbeat;
        let pause = match pause {
            Pause::Regular => regular,
            Pause::Short => jittered(regular / 4),
        };
        Box::pin(async move {
            tokio::time::sleep(pause).await;
            // A heartbeat that hangs must not stand in the way of the next.
            let patience = regular.max(Duration::from_secs(5));
            let sent = tokio::time::timeout(patience, source.heartbeat(&token)).await;
            match sent {
                Ok(Ok(())) => Event::HeartbeatSent,
                Ok(Err(error)) => Event::HeartbeatFailed(error),
                Err(_) => Event::HeartbeatFailed(SourceError::Unreachable("no answer".into())),
            }
        })
    }

    fn count(&mut self, ended: Ended) {
        let count = match ended {
            Ended::Succeeded => &mut self.summary.succeeded,
            Ended::Failed => &mut self.summary.failed,
            Ended::Gone => &mut self.summary.gone,
            Ended::Undelivered => &mut self.summary.undelivered,
        };
        *count += 1;
        self.around.status.task_ended(match ended {
            Ended::Succeeded => TaskEnd::Succeeded,
            Ended::Failed => TaskEnd::Failed,
            Ended::Gone => TaskEnd::Gone,
            Ended::Undelivered => TaskEnd::Undelivered,
        });
        let (worker, slot) = (&self.around.worker, self.around.number);
        match ended {
            Ended::Succeeded | Ended::Failed => tracing::info!(worker, slot, ?ended, "task ended"),
            Ended::Gone | Ended::Undelivered => tracing::warn!(worker, slot, ?ended, "task ended"),
        }
    }

    /// Counts what a watcher would want to know.
    fn note(&mut self, event: &Event) {
        let status = &self.around.status;
        match event {
            Event::Prepared => status.prepared(true),
            Event::PrepareFailed => status.prepared(false),
            Event::TaskCame(_) => {
                status.polled(Poll::Task);
                self.last_beat = Instant::now();
            }
            Event::NoTask { .. } => status.polled(Poll::Nothing),
            Event::PollFailed(_) => status.polled(Poll::Failed),
            Event::TurnedAway(error) => {
                status.turned_away(error);
                // What lets one slot in and another one not is not to be relied on: all of them or none.
                self.around.stop.cancel();
            }
            Event::HeartbeatSent => {
                let now = Instant::now();
                status.beat(true, now - self.last_beat);
                self.last_beat = now;
            }
            Event::HeartbeatFailed(_) => status.beat(false, Duration::ZERO),
            Event::AnswerFailed(_) => status.answer_failed(),
            Event::Stop => status.drains(),
            _ => {}
        }
    }

    /// Says in the log what a person would want to know.
    fn tell(&self, event: &Event) {
        let (worker, slot) = (&self.around.worker, self.around.number);
        match event {
            Event::TaskCame(task) => {
                tracing::info!(worker, slot, bytes = task.input.len(), "task came");
            }
            Event::PollFailed(error @ SourceError::Rejected { .. }) => {
                tracing::error!(worker, slot, %error, "cannot ask for tasks");
            }
            Event::PollFailed(error) => {
                tracing::warn!(worker, slot, %error, "cannot ask for tasks");
            }
            Event::TurnedAway(error) => tracing::warn!(worker, slot, %error, "turned away"),
            Event::PrepareFailed => {
                tracing::error!(
                    worker,
                    slot,
                    "the function does not start; no task is taken"
                );
            }
            Event::AnswerFailed(error) => {
                tracing::warn!(worker, slot, %error, "the answer was not accepted");
            }
            Event::HeartbeatFailed(error) => {
                tracing::warn!(worker, slot, %error, "heartbeat failed");
            }
            Event::Stop => tracing::info!(worker, slot, "stopping"),
            Event::DrainOver => tracing::warn!(worker, slot, "the time for draining is over"),
            _ => {}
        }
    }
}

fn phase(state: &State) -> Phase {
    match state {
        State::New | State::Preparing => Phase::Starting,
        State::Polling => Phase::Polling,
        State::Working { .. } => Phase::Working,
        State::Answering { .. } | State::AnswerLater { .. } => Phase::Answering,
        State::Resting => Phase::Resting,
        State::Stopped => Phase::Ended,
    }
}

/// The end of the operation under way; never when there is none.
async fn end_of<T>(operation: &mut Option<Pin<Box<dyn Future<Output = T> + Send>>>) -> T {
    match operation {
        Some(running) => {
            let ended = running.as_mut().await;
            *operation = None;
            ended
        }
        None => std::future::pending().await,
    }
}

/// Three to five quarters of the time, so that slots which failed together do not return together.
fn jittered(time: Duration) -> Duration {
    let random = u32::from(uuid::Uuid::new_v4().as_bytes()[0]);
    time * 3 / 4 + time * random / 512
}
