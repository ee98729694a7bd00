//! Every edge of a slot's state machine, as a table.

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
fn once(state: State) -> Slot {
    Slot {
        once: true,
        ..at(state)
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
        // Where nobody lets it in, it does not stay.
        (
            at(State::Polling),
            Event::TurnedAway(rejected()),
            State::Stopped,
            vec![Finish],
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
        // A heartbeat that finds nothing may have come after the answer: the answer's fate decides.
        (
            at(answering(success(), 1)),
            Event::HeartbeatFailed(GONE),
            answering(success(), 1),
            vec![StopBeating],
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
        (at(State::Polling), Event::Stop, State::Polling, vec![]),
        (
            draining(State::Polling),
            Event::NoTask { quickly: false },
            State::Stopped,
            vec![Finish],
        ),
        (
            draining(State::Polling),
            Event::PollFailed(unreachable()),
            State::Stopped,
            vec![Finish],
        ),
        // What still comes is handed back at once, with a name that `Retry` catches.
        (
            draining(State::Polling),
            Event::TaskCame(task()),
            answering(Verdict::stopped(), 1),
            vec![beat(Pause::Regular), hand_in(Verdict::stopped())],
        ),
        (
            draining(State::Polling),
            Event::DrainOver,
            State::Stopped,
            vec![Abandon, Finish],
        ),
        (
            draining(working()),
            Event::DrainOver,
            answering(Verdict::stopped(), 1),
            vec![Abandon, hand_in(Verdict::stopped())],
        ),
        (
            draining(answering(success(), 1)),
            Event::DrainOver,
            answering(success(), 1),
            vec![],
        ),
        (
            draining(later(success(), 2)),
            Event::DrainOver,
            later(success(), 2),
            vec![],
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
        // One task and no more.
        (once(State::New), Event::Start, State::Polling, vec![Poll]),
        (
            once(answering(success(), 1)),
            Event::AnswerAccepted,
            State::Stopped,
            vec![StopBeating, Count(Ended::Succeeded), Finish],
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
        Event::DrainOver,
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
                // Except when nobody takes heartbeats any more, and the answer is on its way.
                let pointless = *event == Event::HeartbeatFailed(GONE)
                    && matches!(after.state, State::Answering { .. });
                let beats = !actions.contains(&Action::StopBeating);
                assert_eq!(beats, holds && !pointless, "{row}");
                let counted = actions
                    .iter()
                    .any(|action| matches!(action, Action::Count(_)));
                assert_eq!(!counted, holds, "{row}");
            }
        }
    }
}
