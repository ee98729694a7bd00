//! Events in no order that makes sense.

use proptest::prelude::*;

use super::*;

fn any_event() -> impl Strategy<Value = Event> {
    let kinds = prop::sample::select(vec![
        "ExecutionStarted",
        "TaskStateEntered",
        "ChoiceStateEntered",
        "TaskStateExited",
        "TaskScheduled",
        "TaskStarted",
        "TaskSucceeded",
        "TaskFailed",
        "ActivityScheduled",
        "ActivityStarted",
        "ActivityTimedOut",
        "ExecutionFailed",
        "ExecutionRedriven",
        "ExecutionAborted",
        "ParallelStateEntered",
        "ParallelStateStarted",
        "ParallelStateSucceeded",
        "ParallelStateFailed",
        "ParallelStateExited",
        "ParallelStateAborted",
        "MapStateEntered",
        "MapStateStarted",
        "MapIterationStarted",
        "MapIterationFailed",
        "MapIterationAborted",
        "MapStateFailed",
        "MapStateExited",
        "MapRunStarted",
        "MapRunFailed",
        "TaskStateAborted",
        "FailStateEntered",
        "EvaluationFailed",
        "SomethingNew",
    ]);
    let name = prop::option::of(prop::sample::select(vec![
        "Plan",
        "CleanOnLambda",
        "CleanOnEcs",
    ]));
    (0..60_u64, 0..60_u64, kinds, name, any::<bool>()).prop_map(|(id, previous, kind, name, l)| {
        Event {
            id,
            previous,
            kind: kind.to_owned(),
            name: name.map(str::to_owned),
            state: name.map(str::to_owned),
            iteration: l.then_some(previous as u32 % 3),
            resource_type: l.then(|| "lambda".to_owned()),
            resource: Some(if l { "invoke" } else { "putObject" }.to_owned()),
            output: Some("{\"plan\":{\"place\":\"ecs\"}}".to_owned()),
            ..Event::default()
        }
    })
}

proptest! {
    #[test]
    fn any_history_folds_and_pages_may_overlap(
        mut events in prop::collection::vec(any_event(), 0..60), cut in 0..60_usize, back in 0..9_usize,
    ) {
        events.sort_by_key(|event| event.id);
        events.dedup_by_key(|event| event.id);
        let whole = fold("e", &events);
        let cut = cut.min(events.len());
        let mut paged = Fold::new("e");
        events[..cut].iter().for_each(|event| paged.apply(event));
        let _ = paged.view();
        events[cut.saturating_sub(back)..].iter().for_each(|event| paged.apply(event));
        prop_assert_eq!(&paged.view(), &whole);
        let scheduled = events.iter().filter(|event| event.kind.ends_with("Scheduled")).count();
        prop_assert!(whole.attempts as usize <= scheduled);
        prop_assert!(whole.places.windows(2).all(|pair| pair[0] != pair[1]));
        prop_assert!(whole.places.len() < 2 || whole.moved || whole.plan.is_none());
    }
}
