#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use whiteboarder_core::recipe::Recipe;

use super::*;

fn manifest() -> Manifest {
    Manifest {
        version: 1,
        batch: "b".into(),
        created: String::new(),
        wish: Wish::Auto,
        recipe: Recipe::default(),
        recipe_hash: String::new(),
        algorithm: 1,
        items: vec![ManifestItem {
            name: "a.jpg".into(),
            bytes: 5,
            sha256: String::new(),
            width: None,
            height: None,
            predicted: Some(Place::Lambda),
            same_as: None,
        }],
    }
}

fn execution(name: &str, status: ExecutionStatus, start: i64, stop: Option<i64>) -> ExecutionView {
    ExecutionView {
        name: name.into(),
        status,
        started_ms: Some(start),
        stopped_ms: stop,
        attempts: 1,
        error: (status == Failed).then(|| "ImageCorrupt".into()),
        cause: Some(r#"{"errorType":"ImageCorrupt","errorMessage":"it ends early"}"#.into()),
        ..ExecutionView::default()
    }
}

fn outcome(executions: &[ExecutionView], cleaned: bool, uploaded: bool) -> ItemStatus {
    let manifest = manifest();
    item_status(&Facts {
        manifest: &manifest,
        item: &manifest.items[0],
        executions,
        cleaned,
        failed: None,
        uploaded_ms: uploaded.then_some(50),
        upload_error: None,
        home_gone: false,
        now_ms: 10_000,
    })
}

use ExecutionStatus::{Aborted, Failed, Running, Succeeded, TimedOut};

#[test]
fn a_success_wins_over_whatever_else_happened() {
    let runs = [
        execution("1", Failed, 100, Some(900)),
        execution("2", Succeeded, 200, Some(800)),
        execution("3", Running, 300, None),
        execution("4", Succeeded, 50, Some(2_000)),
    ];
    let item = outcome(&runs, false, true);
    assert_eq!(item.state, ItemState::Cleaned);
    assert_eq!(
        item.seconds,
        Some(0.75),
        "from the first start to the first success"
    );
    assert_eq!(item.output.as_deref(), Some("cleaned/b/a.jpg.png"));
    assert_eq!((item.error, item.message), (None, None));
    assert_eq!(item.executions, ["4", "1", "2", "3"]);
    assert_eq!(item.attempts, 4);
}

#[test]
fn what_runs_is_not_given_up_because_of_an_older_failure() {
    let runs = [
        execution("1", Failed, 100, Some(900)),
        execution("2", Running, 1_000, None),
    ];
    assert_eq!(outcome(&runs, false, true).state, ItemState::Running);
    let mut queued = runs;
    queued[1].waiting_for_worker_since_ms = Some(1_500);
    let item = outcome(&queued, false, true);
    assert_eq!(
        (item.state, item.waiting),
        (ItemState::Queued, Some(Waiting::Worker))
    );
    assert_eq!(item.waiting_since_ms, Some(1_500));
}

#[test]
fn a_failure_says_why_in_words() {
    let item = outcome(&[execution("1", Failed, 100, Some(900))], false, true);
    assert_eq!(item.state, ItemState::Failed);
    assert_eq!(item.error.as_deref(), Some("ImageCorrupt"));
    assert_eq!(item.message.as_deref(), Some("it ends early"));
    let stopped = outcome(&[execution("1", Aborted, 100, Some(900))], false, true);
    assert_eq!(stopped.state, ItemState::Stopped);
    let late = outcome(&[execution("1", TimedOut, 100, Some(900))], false, true);
    assert_eq!(late.state, ItemState::Failed);
}

#[test]
fn without_executions_the_objects_tell() {
    assert_eq!(outcome(&[], false, false).waiting, Some(Waiting::Upload));
    let stored = outcome(&[], false, true);
    assert_eq!(
        (stored.state, stored.waiting),
        (ItemState::Queued, Some(Waiting::Execution))
    );
    assert_eq!(
        stored.planned,
        Some(Place::Lambda),
        "the sender's guess until Plan speaks"
    );
    assert_eq!(
        outcome(&[], true, true).state,
        ItemState::Cleaned,
        "histories expire"
    );
}

#[test]
fn a_result_that_outlived_its_execution_counts() {
    let lost = [execution("1", Failed, 100, Some(900))];
    assert_eq!(outcome(&lost, true, true).state, ItemState::Cleaned);
    let running = [execution("1", Running, 100, None)];
    assert_eq!(outcome(&running, true, true).state, ItemState::Running);
}

#[test]
fn another_batch_s_work_counts_as_long_as_that_batch_is_there() {
    let mut manifest = manifest();
    manifest.items[0].same_as = Some(SameAs {
        batch: "earlier".into(),
        name: "x.jpg".into(),
    });
    let of = |cleaned, home_gone| {
        item_status(&Facts {
            manifest: &manifest,
            item: &manifest.items[0],
            executions: &[],
            cleaned,
            failed: None,
            uploaded_ms: None,
            upload_error: None,
            home_gone,
            now_ms: 10_000,
        })
    };
    let done = of(true, false);
    assert_eq!(done.output.as_deref(), Some("cleaned/earlier/x.jpg.png"));
    assert_eq!((done.batch.as_str(), done.name.as_str()), ("b", "a.jpg"));
    assert_eq!(done.same_as, manifest.items[0].same_as);
    assert_eq!(of(true, true).state, ItemState::Cleaned);
    let lost = of(false, true);
    assert_eq!(lost.state, ItemState::Failed);
    assert_eq!(
        lost.message.as_deref(),
        Some("its result was deleted with batch earlier: submit it again")
    );
}

#[test]
fn causes_become_sentences() {
    for (error, cause, words) in [
        (Some("X"), Some(r#"{"errorMessage":"m"}"#), "m"),
        (Some("X"), Some("plain"), "plain"),
        (Some("X"), None, "X"),
        (
            Some("States.Timeout"),
            Some(""),
            "it took longer than allowed",
        ),
        (None, None, "stopped without a reason given"),
    ] {
        assert_eq!(sentence(error, cause), words);
    }
}

proptest! {
    #[test]
    fn the_order_of_executions_does_not_matter(
        kinds in prop::collection::vec((0..5_usize, 0..1_000_i64, 0..1_000_i64), 1..6),
        cleaned in any::<bool>(), turn in 0..6_usize,
    ) {
        let mut runs: Vec<_> = kinds.iter().enumerate().map(|(index, (kind, start, took))| {
            let status = [Succeeded, Running, Failed, Aborted, TimedOut][*kind];
            // Distinct ends: AWS orders by them, too.
            let stop = (status != Running).then_some((start + took) * 10 + index as i64);
            execution(&index.to_string(), status, *start, stop)
        }).collect();
        let straight = outcome(&runs, cleaned, true);
        let turn = turn % runs.len();
        runs.rotate_left(turn);
        prop_assert_eq!(&outcome(&runs, cleaned, true), &straight);
        let any = |status| runs.iter().any(|run| run.status == status);
        if any(Succeeded) { prop_assert_eq!(straight.state, ItemState::Cleaned); }
        prop_assert_eq!(straight.state.is_settled(), any(Succeeded) || !any(Running));
    }
}
