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
mod tests {
    use super::*;
    use bytes::Bytes;

    const GONE: SourceError = SourceError::TaskGone;
    const THROTTLED: SourceError = SourceError::Throttled;

    fn token() -> String {
        "t".into()
    }
    fn task() -> Task {
        Task {
            token: token(),
            input: Bytes::from_static(b"{}"),
        }
    }
    fn success() -> Verdict {
        Verdict::Success(Bytes::from_static(b"1"))
    }
    fn failure() -> Verdict {
        Verdict::Failure {
            error: "E".into(),
            cause: "c".into(),
        }
    }
    fn unreachable() -> SourceError {
        SourceError::Unreachable("down".into())
    }
    fn rejected() -> SourceError {
        SourceError::Rejected {
            code: "InvalidOutput".into(),
            message: "m".into(),
        }
    }
    fn working() -> State {
        State::Working { token: token() }
    }
    fn answering(verdict: Verdict, attempt: u32) -> State {
        State::Answering {
            token: token(),
            verdict,
            attempt,
        }
    }
    fn later(verdict: Verdict, attempt: u32) -> State {
        State::AnswerLater {
            token: token(),
            verdict,
            attempt,
        }
    }
    fn done(verdict: Verdict, crashed: bool) -> Event {
        Event::WorkDone { verdict, crashed }
    }
    fn hand_in(verdict: Verdict) -> Action {
        Action::Answer {
            token: token(),
            verdict,
        }
    }
    fn beat(pause: Pause) -> Action {
        Action::Beat {
            token: token(),
            pause,
        }
    }
    fn at(state: State) -> Slot {
        Slot {
            state,
            ..Slot::new()
        }
    }
    fn draining(state: State) -> Slot {
        Slot {
            draining: true,
            ..at(state)
        }
    }

    /// (where, what happens, where to, what is done), one row for each edge.
    #[test]
    #[allow(clippy::too_many_lines, reason = "one table")]
    fn every_edge() {
        use Action::{Abandon, Count, Finish, Poll, Prepare, Rest, StopBeating, Work};
        let refused = success().refused("InvalidOutput", "m").unwrap();
        let second = Duration::from_secs(1);
        let rows = [
            // The ordinary round: a process first, then a task, then the answer.
            (
                at(State::New),
                Event::Start,
                State::Preparing,
                vec![Prepare],
            ),
            (
                at(State::Preparing),
                Event::Prepared,
                State::Polling,
                vec![Poll],
            ),
            (
                at(State::Polling),
                Event::TaskCame(task()),
                working(),
                vec![beat(Pause::Regular), Work(task())],
            ),
            (
                at(State::Polling),
                Event::NoTask { quickly: false },
                State::Preparing,
                vec![Prepare],
            ),
            (
                at(working()),
                done(success(), false),
                answering(success(), 1),
                vec![hand_in(success())],
            ),
            (
                at(answering(success(), 1)),
                Event::AnswerAccepted,
                State::Preparing,
                vec![StopBeating, Count(Ended::Succeeded), Prepare],
            ),
            (
                at(answering(failure(), 1)),
                Event::AnswerAccepted,
                State::Preparing,
                vec![StopBeating, Count(Ended::Failed), Prepare],
            ),
            // An ill function or source is left alone for a while.
            (
                at(State::Preparing),
                Event::PrepareFailed,
                State::Resting,
                vec![Rest(back_off(1))],
            ),
            (
                at(State::Polling),
                Event::PollFailed(unreachable()),
                State::Resting,
                vec![Rest(back_off(1))],
            ),
            (
                at(State::Polling),
                Event::NoTask { quickly: true },
                State::Resting,
                vec![Rest(second)],
            ),
            (
                at(State::Resting),
                Event::Rested,
                State::Preparing,
                vec![Prepare],
            ),
            // Heartbeats go on while there is a task, sooner after a failed one.
            (
                at(working()),
                Event::HeartbeatSent,
                working(),
                vec![beat(Pause::Regular)],
            ),
            (
                at(working()),
                Event::HeartbeatFailed(THROTTLED),
                working(),
                vec![beat(Pause::Short)],
            ),
            (
                at(answering(success(), 1)),
                Event::HeartbeatSent,
                answering(success(), 1),
                vec![beat(Pause::Regular)],
            ),
            (
                draining(later(success(), 3)),
                Event::HeartbeatFailed(unreachable()),
                later(success(), 3),
                vec![beat(Pause::Short)],
            ),
            // Nobody waits any more: the work is killed, the slot is free.
            (
                at(working()),
                Event::HeartbeatFailed(GONE),
                State::Preparing,
                vec![Abandon, StopBeating, Count(Ended::Gone), Prepare],
            ),
            (
                at(later(success(), 2)),
                Event::HeartbeatFailed(GONE),
                State::Preparing,
                vec![Abandon, StopBeating, Count(Ended::Gone), Prepare],
            ),
            (
                at(answering(success(), 2)),
                Event::AnswerFailed(GONE),
                State::Preparing,
                vec![StopBeating, Count(Ended::Gone), Prepare],
            ),
            // The answer is tried again, unless it was refused for what it is.
            (
                at(answering(success(), 1)),
                Event::AnswerFailed(THROTTLED),
                later(success(), 1),
                vec![Rest(back_off(1))],
            ),
            (
                at(answering(success(), 99)),
                Event::AnswerFailed(unreachable()),
                later(success(), 99),
                vec![Rest(back_off(99))],
            ),
            (
                at(later(success(), 1)),
                Event::Rested,
                answering(success(), 2),
                vec![hand_in(success())],
            ),
            (
                at(answering(success(), 1)),
                Event::AnswerFailed(rejected()),
                answering(refused.clone(), 1),
                vec![hand_in(refused)],
            ),
            (
                at(answering(failure(), 1)),
                Event::AnswerFailed(rejected()),
                State::Preparing,
                vec![StopBeating, Count(Ended::Undelivered), Prepare],
            ),
            // A stop ends what holds no task, and lets finish what does.
            (
                at(State::Polling),
                Event::Stop,
                State::Stopped,
                vec![Abandon, Finish],
            ),
            (
                at(State::Preparing),
                Event::Stop,
                State::Stopped,
                vec![Abandon, Finish],
            ),
            (
                at(State::Resting),
                Event::Stop,
                State::Stopped,
                vec![Abandon, Finish],
            ),
            (at(working()), Event::Stop, working(), vec![]),
            (
                draining(answering(success(), 1)),
                Event::AnswerAccepted,
                State::Stopped,
                vec![StopBeating, Count(Ended::Succeeded), Finish],
            ),
            (
                draining(working()),
                Event::HeartbeatFailed(GONE),
                State::Stopped,
                vec![Abandon, StopBeating, Count(Ended::Gone), Finish],
            ),
            (
                draining(answering(success(), LAST_ATTEMPT_WHEN_DRAINING)),
                Event::AnswerFailed(unreachable()),
                State::Stopped,
                vec![StopBeating, Count(Ended::Undelivered), Finish],
            ),
            // What comes too late changes nothing.
            (
                at(State::Preparing),
                Event::HeartbeatSent,
                State::Preparing,
                vec![],
            ),
            (
                at(State::Polling),
                done(success(), false),
                State::Polling,
                vec![],
            ),
            (
                at(State::Stopped),
                Event::TaskCame(task()),
                State::Stopped,
                vec![],
            ),
        ];
        for (slot, event, state, actions) in rows {
            let row = format!("{slot:?} + {event:?}");
            let (after, done) = step(slot, event);
            assert_eq!(after.state, state, "{row}");
            assert_eq!(done, actions, "{row}");
        }
    }

    #[test]
    fn crashes_in_a_row_make_longer_rests_and_a_good_end_forgets_them() {
        let mut slot = at(working());
        let mut rests = Vec::new();
        for _ in 0..3 {
            slot = step(slot, done(failure(), true)).0;
            let (after, actions) = step(slot, Event::AnswerAccepted);
            assert_eq!(after.state, State::Resting);
            rests.push(actions.last().unwrap().clone());
            slot = Slot {
                state: working(),
                ..after
            };
        }
        assert_eq!(rests, [1, 2, 3].map(|n| Action::Rest(back_off(n))));
        slot = step(slot, done(success(), false)).0;
        assert_eq!(step(slot, Event::AnswerAccepted).0.state, State::Preparing);
    }

    #[test]
    fn the_rest_grows_to_half_a_minute_and_no_further() {
        assert_eq!(back_off(0), Duration::ZERO);
        assert_eq!(back_off(1), Duration::from_millis(200));
        assert_eq!(back_off(2), Duration::from_millis(400));
        assert!((1..100).all(|n| back_off(n) <= back_off(n + 1)));
        assert_eq!(back_off(u32::MAX), Duration::from_secs(30));
    }

    #[test]
    fn whatever_happens_a_held_task_has_its_heartbeat() {
        // Every state that holds a task, every event: either the state still holds it and no
        // action stops the heartbeat, or it is counted as ended and the heartbeat is stopped.
        let holding = [
            working(),
            answering(success(), 1),
            answering(failure(), 12),
            later(success(), 5),
        ];
        let events = [
            Event::Start,
            Event::Prepared,
            Event::PrepareFailed,
            Event::TaskCame(task()),
            Event::NoTask { quickly: true },
            Event::PollFailed(THROTTLED),
            done(success(), false),
            done(failure(), true),
            Event::AnswerAccepted,
            Event::AnswerFailed(GONE),
            Event::AnswerFailed(THROTTLED),
            Event::AnswerFailed(rejected()),
            Event::HeartbeatSent,
            Event::HeartbeatFailed(GONE),
            Event::HeartbeatFailed(unreachable()),
            Event::Rested,
            Event::Stop,
        ];
        for state in holding {
            for event in &events {
                for drains in [false, true] {
                    let slot = Slot {
                        draining: drains,
                        ..at(state.clone())
                    };
                    let (after, actions) = step(slot, event.clone());
                    let holds = token_of(&after.state).is_some();
                    let row = format!("{state:?} + {event:?}");
                    assert_eq!(!actions.contains(&Action::StopBeating), holds, "{row}");
                    let counted = actions
                        .iter()
                        .any(|action| matches!(action, Action::Count(_)));
                    assert_eq!(!counted, holds, "{row}");
                }
            }
        }
    }
}
