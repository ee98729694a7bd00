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
//! | `Answering` | the answer is sent | yes | it is accepted or refused |
//! | `AnswerLater` | time passes until the next attempt | yes | it has passed, or the task is gone |
//! | `Resting` | time passes | no | it has passed |
//! | `Stopped` | none | no | never |
//!
//! A stop does not cut an open poll: a service that has not noticed yet would hand a task to
//! nobody. The poll goes on to its end, and a task that it still brings is handed back at once.
//! When the time for draining is over, polls are given up and work is killed, with a failure
//! named [`STOPPED`](super::STOPPED) that tells `Retry` to have it done elsewhere.

mod parts;

pub(crate) use parts::{Action, Ended, Event, Pause, Slot, State};

use std::time::Duration;

use super::verdict::Verdict;
use crate::source::{SourceError, Task};

/// While draining, an answer that cannot be delivered is given up after this many attempts
/// (about two minutes): whoever asked for the stop will not wait for ever.
const LAST_ATTEMPT_WHEN_DRAINING: u32 = 12;

/// The rest after a poll that ended at once with nothing, although polls should be held open.
const QUICK_POLL_REST: Duration = Duration::from_secs(1);

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
            (State::New, Event::Start) if self.once => self.poll(),
            (State::New, Event::Start) | (State::Resting, Event::Rested) => self.prepare(),

            (State::Preparing, Event::Prepared) => self.poll(),
            (State::Preparing, Event::PrepareFailed) => {
                self.crashes += 1;
                self.rest(back_off(self.crashes))
            }

            (State::Polling, Event::TaskCame(task)) => self.task_came(task),
            (State::Polling, Event::NoTask { .. } | Event::PollFailed(_)) if self.draining => {
                self.state = State::Stopped;
                vec![Action::Finish]
            }
            (State::Polling, Event::NoTask { quickly }) => {
                self.failed_polls = 0;
                if quickly {
                    self.rest(QUICK_POLL_REST)
                } else {
                    self.prepare()
                }
            }
            (State::Polling, Event::TurnedAway(_)) => {
                self.state = State::Stopped;
                vec![Action::Finish]
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
                state @ (State::Working { .. }
                | State::Answering { .. }
                | State::AnswerLater { .. }),
                event @ (Event::HeartbeatSent | Event::HeartbeatFailed(_)),
            ) => self.beat_ended(state, &event),

            (state, Event::Stop) => self.stop(state),

            (State::Working { token }, Event::DrainOver) => {
                let mut actions = vec![Action::Abandon];
                actions.extend(self.answer(token, Verdict::stopped(), 1));
                actions
            }
            (State::Polling, Event::DrainOver) => {
                self.state = State::Stopped;
                vec![Action::Abandon, Action::Finish]
            }

            (state, _) => {
                self.state = state;
                Vec::new()
            }
        }
    }

    fn task_came(&mut self, task: Task) -> Vec<Action> {
        self.failed_polls = 0;
        self.failed_heartbeats = 0;
        let mut actions = vec![Action::Beat {
            token: task.token.clone(),
            pause: Pause::Regular,
        }];
        if self.draining {
            actions.extend(self.answer(task.token, Verdict::stopped(), 1));
        } else {
            self.state = State::Working {
                token: task.token.clone(),
            };
            actions.push(Action::Work(task));
        }
        actions
    }

    fn beat_ended(&mut self, state: State, event: &Event) -> Vec<Action> {
        let gone = *event == Event::HeartbeatFailed(SourceError::TaskGone);
        if gone && matches!(state, State::Answering { .. }) {
            // Gone perhaps because this very answer arrived: what becomes of it will tell.
            self.state = state;
            return vec![Action::StopBeating];
        }
        if gone {
            let mut actions = vec![Action::Abandon];
            actions.extend(self.next_task(Ended::Gone));
            return actions;
        }
        let sent = *event == Event::HeartbeatSent;
        self.failed_heartbeats = if sent { 0 } else { self.failed_heartbeats + 1 };
        let pause = if sent { Pause::Regular } else { Pause::Short };
        let beat = token_of(&state).map(|token| Action::Beat {
            token: token.to_owned(),
            pause,
        });
        self.state = state;
        beat.into_iter().collect()
    }

    /// Ends at once what neither holds a task nor could be handed one, and lets the rest finish.
    fn stop(&mut self, state: State) -> Vec<Action> {
        self.draining = true;
        if token_of(&state).is_none() && state != State::Polling {
            self.state = State::Stopped;
            vec![Action::Abandon, Action::Finish]
        } else {
            self.state = state;
            Vec::new()
        }
    }

    fn poll(&mut self) -> Vec<Action> {
        self.state = State::Polling;
        vec![Action::Poll]
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
            // Credentials come back by themselves, as a service does.
            SourceError::Throttled
            | SourceError::Unreachable(_)
            | SourceError::NoCredentials(_) => {
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
        actions.extend(if self.draining || self.once {
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
