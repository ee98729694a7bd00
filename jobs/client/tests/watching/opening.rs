//! The open execution.

use serde_json::json;
use whiteboarder_jobs::track::ExecutionStatus;
use whiteboarder_jobs::watch::Order;

use super::cloud::start;
use super::world::{Watching, create, execute, pass, succeed, with_activity};

/// A machine whose history has four events for each of so many rounds.
fn rounds(count: usize) -> serde_json::Value {
    json!({"StartAt": "Zero", "States": {
        "Zero": {"Type": "Pass", "Result": 0, "ResultPath": "$.n", "Next": "Count"},
        "Count": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "Enough"},
        "Enough": {"Type": "Choice", "Default": "Count", "Choices": [
            {"Variable": "$.n", "NumericGreaterThanEquals": count, "Next": "Done"}]},
        "Done": {"Type": "Succeed"},
    }})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_history_opens_in_portions_and_whole() {
    let running = start(false, 0).await;
    let target = &running.target;
    create(target, "long", rounds(1_400)).await;
    let arn = execute(target, "long", 1).await.remove(0);
    let mut watching = Watching::of(target, "long");
    watching.until_known(1).await;
    watching.feed.order(Order::Open(Some(arn.clone())));
    watching
        .until("it is whole", |it| {
            it.opened.last().is_some_and(|opened| opened.complete)
        })
        .await;
    let first = &watching.opened[0];
    assert!(!first.complete && first.events.len() <= 1_000);
    let last = watching.opened.last().unwrap();
    assert!(last.events.len() > 5_000);
    let ids = last.events.iter().map(|event| event.id);
    assert!(
        ids.eq(1..=last.events.len() as u64),
        "oldest first, each once"
    );
    assert_eq!(last.owners.len(), last.events.len());
    assert_eq!(last.view.status, ExecutionStatus::Succeeded);
    let steps = last.view.steps.len();
    assert!(last.owners.iter().flatten().all(|&owner| owner < steps));
    assert_eq!(last.input.as_deref(), Some(r#"{"n": 1}"#));
    assert!(last.output.as_deref().unwrap().contains("1400"));
    assert_eq!(last.definition, None, "it is the machine's present one");
    running.cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_is_followed_while_it_is_open() {
    let running = start(false, 0).await;
    let target = &running.target;
    let activity = with_activity(target, "work").await;
    let arn = execute(target, "work", 1).await.remove(0);
    let mut watching = Watching::of(target, "work");
    watching.feed.order(Order::Open(Some(arn.clone())));
    watching
        .until("it is open", |it| {
            it.opened.last().is_some_and(|opened| opened.complete)
        })
        .await;
    let events = watching.opened.last().unwrap().events.len();
    assert_eq!(watching.opened.last().unwrap().output, None);
    succeed(target, &activity).await;
    watching
        .until("its end", |it| {
            let opened = it.opened.last().unwrap();
            opened.view.status == ExecutionStatus::Succeeded && opened.events.len() > events
        })
        .await;
    assert_eq!(
        watching.opened.last().unwrap().output.as_deref(),
        Some("{}")
    );
    watching.until_known(1).await;
    running.cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_of_an_older_definition_comes_with_it() {
    let running = start(false, 0).await;
    let target = &running.target;
    create(target, "short", pass()).await;
    let arn = execute(target, "short", 1).await.remove(0);
    let machine = target
        .profile()
        .state_machine_arn
        .replace("whiteboarder", "short");
    let update = target
        .sfn()
        .update_state_machine()
        .state_machine_arn(machine);
    let newer = pass().to_string().replace("Only", "Other");
    update.definition(newer).send().await.unwrap();
    let mut watching = Watching::of(target, "short");
    watching.until_known(1).await;
    watching.feed.order(Order::Open(Some(arn)));
    watching
        .until("its definition", |it| {
            let definition = it
                .opened
                .last()
                .and_then(|opened| opened.definition.clone());
            definition.is_some_and(|definition| definition.contains("Only"))
        })
        .await;
    running.cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_cannot_be_opened_and_is_a_sentence() {
    let running = start(false, 0).await;
    let target = &running.target;
    create(target, "short", pass()).await;
    let arn = execute(target, "short", 1).await.remove(0);
    let mut watching = Watching::of(target, "short");
    watching.feed.order(Order::Open(Some(format!("{arn}x"))));
    watching
        .until("it is told", |it| !it.not_opened.is_empty())
        .await;
    assert_eq!(
        watching.not_opened,
        ["there is no such execution (any more)"]
    );
    watching.until_known(1).await;
    running.cloud.stop(false).await;
}
