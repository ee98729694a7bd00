//! What holds for every history, also for a part of one.

use proptest::prelude::*;
use serde_json::Value;
use whiteboarder_jobs::track::history::{ExecutionStatus, ExecutionView, Fold, fold};
use whiteboarder_jobs::watch::Digest;

use super::{all, events};

/// Nothing goes on after the end of an execution.
fn check_end(view: &ExecutionView) -> Result<(), TestCaseError> {
    let ended = view.status != ExecutionStatus::Running;
    let open = view.steps.iter().find(|step| ended && step.is_open());
    prop_assert_eq!(open, None);
    Ok(())
}

/// What is true of any history, whole or not, and of what no service would write.
fn check(view: &ExecutionView) -> Result<(), TestCaseError> {
    for (index, step) in view.steps.iter().enumerate() {
        let before = |other: Option<usize>| other.is_none_or(|other| other < index);
        prop_assert!(before(step.within) && before(step.after));
        if let Some(after) = step.after {
            let after = &view.steps[after];
            prop_assert_eq!(
                (after.within, after.iteration),
                (step.within, step.iteration)
            );
        }
        prop_assert_eq!(step.end.is_some(), step.ended_ms.is_some());
        let around = step.within.map(|within| &view.steps[within]);
        let orphan = step.is_open() && around.is_some_and(|around| !around.is_open());
        prop_assert!(
            !orphan,
            "{} goes on without what it is inside of",
            step.name
        );
    }
    let digest = Digest::of(view);
    let text = serde_json::to_string(&digest).unwrap();
    let back: Digest = serde_json::from_str(&text).unwrap();
    prop_assert_eq!(back, digest);
    Ok(())
}

#[test]
fn every_kind_of_history_is_here() {
    assert!(all().len() >= 25, "{:?}", all());
}

#[test]
fn every_state_that_succeeded_was_left() {
    for name in all() {
        let view = fold(&name, &events(&name));
        if view.status == ExecutionStatus::Succeeded {
            let last = view.steps.iter().rfind(|step| step.within.is_none());
            assert!(last.unwrap().exited_ms.is_some(), "{name}");
        }
        check(&view).unwrap();
        check_end(&view).unwrap();
    }
}

#[test]
fn the_longest_history_folds_in_one_go_and_into_one_visit_per_state() {
    let items = 4_000_u64;
    let mut events: Vec<Value> = Vec::new();
    let mut add = |kind: &str, previous: u64, key: &str, details: Value| -> u64 {
        let id = events.len() as u64 + 1;
        events.push(
            serde_json::json!({"id": id, "previousEventId": previous, "type": kind,
            "timestamp": 1_700_000_000.0, format!("{key}EventDetails"): details}),
        );
        id
    };
    let name = serde_json::json!({"name": "Each"});
    add(
        "ExecutionStarted",
        0,
        "executionStarted",
        serde_json::json!({}),
    );
    add("MapStateEntered", 0, "stateEntered", name);
    let started = serde_json::json!({"length": items});
    let map = add("MapStateStarted", 2, "mapStateStarted", started);
    let item = |index| serde_json::json!({"name": "Each", "index": index});
    let iterations: Vec<u64> = (0..items)
        .map(|index| {
            add(
                "MapIterationStarted",
                map,
                "mapIterationStarted",
                item(index),
            )
        })
        .collect();
    let rest = serde_json::json!({"name": "Rest"});
    let mut waits: Vec<u64> = Vec::new();
    for iteration in iterations {
        waits.push(add(
            "WaitStateEntered",
            iteration,
            "stateEntered",
            rest.clone(),
        ));
    }
    let first = waits[0];
    add("MapIterationFailed", first, "mapIterationFailed", item(0));
    for index in 1..items {
        add("WaitStateAborted", first, "none", Value::Null);
        add(
            "MapIterationAborted",
            first,
            "mapIterationAborted",
            item(index),
        );
    }
    let failed = add("MapStateFailed", first, "none", Value::Null);
    let error = serde_json::json!({"error": "X"});
    add("ExecutionFailed", failed, "executionFailed", error);
    let events: Vec<_> = events
        .iter()
        .filter_map(whiteboarder_jobs::track::event::Event::from_api)
        .collect();
    let view = fold("e", &events);
    assert_eq!(view.steps.len() as u64, items + 1);
    check(&view).unwrap();
}

proptest! {
    #[test]
    fn any_beginning_folds_and_portions_make_the_same(which in any::<prop::sample::Index>(),
        end in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>(), back in 0..5_usize) {
        let names = all();
        let name = which.get(&names);
        let mut events = events(name);
        events.truncate(end.index(events.len() + 1));
        let whole = fold(name, &events);
        check(&whole)?;
        check_end(&whole)?;
        let cut = cut.index(events.len() + 1);
        let mut portions = Fold::new(name);
        for event in &events[..cut] {
            portions.apply(event);
        }
        check(portions.view_ref())?;
        for event in &events[cut.saturating_sub(back)..] {
            portions.apply(event);
        }
        prop_assert_eq!(portions.view(), whole.clone());
        prop_assert_eq!(portions.into_view(), whole);
    }

    #[test]
    fn histories_with_holes_and_wrong_causes_fold(which in any::<prop::sample::Index>(),
        holes in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        causes in prop::collection::vec((any::<prop::sample::Index>(), 0..40_u64), 0..6)) {
        let names = all();
        let name = which.get(&names);
        let mut events = events(name);
        for (at, cause) in causes {
            let at = at.index(events.len());
            events[at].previous = cause;
        }
        for hole in holes {
            if !events.is_empty() {
                events.remove(hole.index(events.len()));
            }
        }
        check(&fold(name, &events))?;
    }
}
