//! One slot of a worker as a pure state machine: (slot, event) → (slot, actions).
//!
//! No clock, no process, no network: the driver (`driver`) turns actions into those and their
//! ends into events. At any time at most one *main* operation is under way (preparing a process,
//! polling, working, answering, resting) and at most one heartbeat; every state knows which.
//!
//! | state | main operation | heartbeat | leaves when |
//! |---|---|---|---|
//! | `Preparing` | a process starts | no | it waits for an event, or failed to |
//! | `Polling` | a poll is held open | no | a task, nothing, or an error came |
//! | `Working` | the function works | yes | it is done, or the task is gone |
//! | `Answering` | the answer is sent | yes | it is accepted, refused, or the task is gone |
//! | `Resting` | time passes | no | it has passed |
//! | `Stopped` | none | no | never |

use std::time::Duration;

use super::verdict::Verdict;
use crate::source::{SourceError, Task};

/// While draining, an answer that cannot be delivered is given up after this many attempts
/// (about two minutes): whoever asked for the stop will not wait for ever.
const LAST_ATTEMPT_WHEN_DRAINING: u32 = 12;

/// The rest after a poll that ended at once with nothing, although polls should be held open.
const QUICK_POLL_REST: Duration = Duration::from_secs(1);

/// What a slot is at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// Not begun.
    New,
    /// Gets a process ready, because only a free process may take a task.
    Preparing,
    /// Asks for a task.
    Polling,
    /// The function works on the task with this token.
    Working { token: String },
    /// Hands in the answer, for the `attempt`th time.
    Answering {
        token: String,
        verdict: Verdict,
        attempt: u32,
    },
    /// Between two attempts to hand in the answer.
    AnswerLater {
        token: String,
        verdict: Verdict,
        attempt: u32,
    },
    /// Leaves an ill function or source alone for a while.
    Resting,
    /// The end.
    Stopped,
}

/// One slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    pub state: State,
    /// No more tasks: finish what there is and stop.
    pub draining: bool,
    /// Crashes and failed starts in a row.
    pub crashes: u32,
    /// Failed polls in a row.
    pub failed_polls: u32,
    /// Failed heartbeats in a row.
    pub failed_heartbeats: u32,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// The slot begins.
    Start,
    /// A process waits for an event.
    Prepared,
    /// No process could be started.
    PrepareFailed,
    /// The poll brought a task.
    TaskCame(Task),
    /// The poll brought nothing; `quickly` when it was not held open.
    NoTask { quickly: bool },
    /// The poll failed.
    PollFailed(SourceError),
    /// The function is done; `crashed` when its process ended by itself.
    WorkDone { verdict: Verdict, crashed: bool },
    /// The answer was accepted.
    AnswerAccepted,
    /// The answer was not accepted.
    AnswerFailed(SourceError),
    /// The heartbeat was sent.
    HeartbeatSent,
    /// The heartbeat was not sent.
    HeartbeatFailed(SourceError),
    /// The rest is over.
    Rested,
    /// No more tasks.
    Stop,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// Start a process, unless one is warm.
    Prepare,
    /// Ask for a task.
    Poll,
    /// Drop the main operation: the poll is given up, the work is killed, the answer not sent.
    Abandon,
    /// Give the task to the function.
    Work(Task),
    /// Hand in an answer.
    Answer { token: String, verdict: Verdict },
    /// Send a heartbeat when one is due.
    Beat { token: String, pause: Pause },
    /// No more heartbeats.
    StopBeating,
    /// Let time pass.
    Rest(Duration),
    /// For the summary and the log.
    Count(Ended),
    /// The slot is done.
    Finish,
}

/// How long until the next heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pause {
    /// As configured.
    Regular,
    /// Sooner: the last one failed. A quarter of the configured time.
    Short,
}

/// How a task ended, for the count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    Succeeded,
    Failed,
    /// Nobody waits for it any more.
    Gone,
    /// Its answer was refused for good, or given up while draining.
    Undelivered,
}

impl Slot {
    /// A slot that has not begun.
    pub fn new() -> Slot {
        Slot {
            state: State::New,
            draining: false,
            crashes: 0,
            failed_polls: 0,
            failed_heartbeats: 0,
        }
    }
}

/// The rest after the `n`th failure in a row: 0.2 s, doubled each time, 30 s at most.
pub(crate) fn back_off(n: u32) -> Duration {
    match n {
        0 => Duration::ZERO,
        n => Duration::from_millis(200 << (n - 1).min(8)).min(Duration::from_secs(30)),
    }
}

/// One step. An event that does not fit the state changes nothing: it is the late end of an
/// operation that was given up.
pub(crate) fn step(mut slot: Slot, event: Event) -> (Slot, Vec<Action>) {
    let actions = slot.advance(event);
    (slot, actions)
}

impl Slot {
    fn advance(&mut self, event: Event) -> Vec<Action> {
        match (std::mem::replace(&mut self.state, State::Stopped), event) {
            (State::New, Event::Start) | (State::Resting, Event::Rested) => self.prepare(),

            (State::Preparing, Event::Prepared) => {
                self.state = State::Polling;
                vec![Action::Poll]
            }
            (State::Preparing, Event::PrepareFailed) => {
                self.crashes += 1;
                self.rest(back_off(self.crashes))
            }

            (State::Polling, Event::TaskCame(task)) => {
                self.failed_polls = 0;
                self.failed_heartbeats = 0;
                let token = task.token.clone();
                self.state = State::Working {
                    token: token.clone(),
                };
                vec![
                    Action::Beat {
                        token,
                        pause: Pause::Regular,
                    },
                    Action::Work(task),
                ]
            }
            (State::Polling, Event::NoTask { quickly }) => {
                self.failed_polls = 0;
                if quickly {
                    self.rest(QUICK_POLL_REST)
                } else {
                    self.prepare()
                }
            }
            (State::Polling, Event::PollFailed(_)) => {
                self.failed_polls += 1;
                self.rest(back_off(self.failed_polls))
            }

            (State::Working { token }, Event::WorkDone { verdict, crashed }) => {
                self.crashes = if crashed { self.crashes + 1 } else { 0 };
                self.answer(token, verdict, 1)
            }
            (State::Answering { verdict, .. }, Event::AnswerAccepted) => {
                self.next_task(match verdict {
                    Verdict::Success(_) => Ended::Succeeded,
                    Verdict::Failure { .. } => Ended::Failed,
                })
            }
            (
                State::Answering {
                    token,
                    verdict,
                    attempt,
                },
                Event::AnswerFailed(error),
            ) => self.answer_failed(token, verdict, attempt, error),
            (
                State::AnswerLater {
                    token,
                    verdict,
                    attempt,
                },
                Event::Rested,
            ) => self.answer(token, verdict, attempt + 1),

            // Heartbeats go on in the three states that hold a task.
            (
                State::Working { .. } | State::Answering { .. } | State::AnswerLater { .. },
                Event::HeartbeatFailed(SourceError::TaskGone),
            ) => {
                let mut actions = vec![Action::Abandon];
                actions.extend(self.next_task(Ended::Gone));
                actions
            }
            (
                state @ (State::Working { .. }
                | State::Answering { .. }
                | State::AnswerLater { .. }),
                event @ (Event::HeartbeatSent | Event::HeartbeatFailed(_)),
            ) => {
                let sent = event == Event::HeartbeatSent;
                self.failed_heartbeats = if sent { 0 } else { self.failed_heartbeats + 1 };
                let pause = if sent { Pause::Regular } else { Pause::Short };
                let beat = token_of(&state).map(|token| Action::Beat {
                    token: token.to_owned(),
                    pause,
                });
                self.state = state;
                beat.into_iter().collect()
            }

            (state, Event::Stop) => self.stop(state),

            (state, _) => {
                self.state = state;
                Vec::new()
            }
        }
    }

    /// Ends what holds no task at once, and lets the rest finish.
    fn stop(&mut self, state: State) -> Vec<Action> {
        self.draining = true;
        if token_of(&state).is_none() {
            self.state = State::Stopped;
            vec![Action::Abandon, Action::Finish]
        } else {
            self.state = state;
            Vec::new()
        }
    }

    fn prepare(&mut self) -> Vec<Action> {
        self.state = State::Preparing;
        vec![Action::Prepare]
    }

    fn rest(&mut self, time: Duration) -> Vec<Action> {
        self.state = State::Resting;
        vec![Action::Rest(time)]
    }

    fn answer(&mut self, token: String, verdict: Verdict, attempt: u32) -> Vec<Action> {
        let action = Action::Answer {
            token: token.clone(),
            verdict: verdict.clone(),
        };
        self.state = State::Answering {
            token,
            verdict,
            attempt,
        };
        vec![action]
    }

    fn answer_failed(
        &mut self,
        token: String,
        verdict: Verdict,
        attempt: u32,
        error: SourceError,
    ) -> Vec<Action> {
        match error {
            // After a first attempt whose answer was lost this is what its success looks like.
            SourceError::TaskGone => self.next_task(Ended::Gone),
            SourceError::Rejected { code, message } => match verdict.refused(&code, &message) {
                // Not as a result, then: as a failure that says why.
                Some(failure) => self.answer(token, failure, 1),
                None => self.next_task(Ended::Undelivered),
            },
            SourceError::Throttled | SourceError::Unreachable(_) => {
                if self.draining && attempt >= LAST_ATTEMPT_WHEN_DRAINING {
                    return self.next_task(Ended::Undelivered);
                }
                self.state = State::AnswerLater {
                    token,
                    verdict,
                    attempt,
                };
                vec![Action::Rest(back_off(attempt))]
            }
        }
    }

    /// The task is over, one way or the other.
    fn next_task(&mut self, ended: Ended) -> Vec<Action> {
        let mut actions = vec![Action::StopBeating, Action::Count(ended)];
        actions.extend(if self.draining {
            self.state = State::Stopped;
            vec![Action::Finish]
        } else if self.crashes > 0 {
            self.rest(back_off(self.crashes))
        } else {
            self.prepare()
        });
        actions
    }
}

/// The token of the task that is held in this state, if one is.
fn token_of(state: &State) -> Option<&str> {
    match state {
        State::Working { token }
        | State::Answering { token, .. }
        | State::AnswerLater { token, .. } => Some(token),
        State::New | State::Preparing | State::Polling | State::Resting | State::Stopped => None,
    }
}

#[cfg(test)]
mod tests;
