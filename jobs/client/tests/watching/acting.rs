//! Orders to act.

use whiteboarder_jobs::track::{ExecutionStatus, execution_view};
use whiteboarder_jobs::watch::act::redrive_keeps;
use whiteboarder_jobs::watch::{Action, Run};

use super::cloud::start;
use super::world::{Watching, execute, fail, succeed, with_activity};

#[tokio::test(flavor = "multi_thread")]
async fn executions_are_stopped_redriven_and_started_again_and_refusals_have_reasons() {
    let running = start(false, 0).await;
    let target = &running.target;
    let activity = with_activity(target, "work").await;
    let arns = execute(target, "work", 3).await;
    let [first, second, third] = [&arns[0], &arns[1], &arns[2]].map(String::as_str);
    let mut watching = Watching::of(target, "work");
    watching.until("all run", |it| it.runs.len() == 3).await;
    fail(target, &activity).await;
    succeed(target, &activity).await;
    let ended = |it: &Watching, arn: &str| it.runs[arn].status != ExecutionStatus::Running;
    watching
        .until("two have ended", |it| ended(it, first) && ended(it, second))
        .await;

    let gone = format!("{first}x");
    let stopped = watching.act(Action::Stop, &[third, second, &gone]).await;
    assert_eq!((stopped.of, stopped.done), (3, vec![third.to_owned()]));
    let whys: Vec<_> = stopped
        .refused
        .iter()
        .map(|refused| refused.why.as_str())
        .collect();
    assert_eq!(whys[0], "it has ended already");
    assert!(whys[1].starts_with("Execution Does Not Exist"), "{whys:?}");
    watching
        .until("it is stopped", |it| {
            let run = &it.runs[third];
            let error = run.digest.as_ref().and_then(|digest| digest.error.clone());
            run.status == ExecutionStatus::Aborted && error.as_deref() == Some("Stopped")
        })
        .await;

    let view = execution_view(target, first).await.unwrap();
    assert_eq!(redrive_keeps(&view), ["Before"]);
    watching
        .until("its failure is read", |it| {
            let digest = it.runs[first].digest.as_ref();
            digest.is_some_and(|digest| digest.error.as_deref() == Some("Broken"))
        })
        .await;
    let redriven = watching.act(Action::Redrive, &[first, second]).await;
    assert_eq!(redriven.done, [first]);
    assert!(redriven.refused[0].why.starts_with("it succeeded"));
    watching
        .until("it runs again", |it| {
            it.runs[first].status == ExecutionStatus::Running
        })
        .await;
    succeed(target, &activity).await;
    let good = |run: &Run| {
        let error = run.digest.as_ref().and_then(|digest| digest.error.clone());
        run.status == ExecutionStatus::Succeeded && run.redrives == 1 && error.is_none()
    };
    watching
        .until("it was read again", |it| good(&it.runs[first]))
        .await;

    let again = watching.act(Action::StartAgain, &[third]).await;
    let new = again.done[0].clone();
    assert!(new != third && again.refused.is_empty());
    watching
        .until("the new one", |it| it.runs.contains_key(&new))
        .await;
    let input = target.sfn().describe_execution().execution_arn(&new);
    assert_eq!(input.send().await.unwrap().input(), Some(r#"{"n": 1}"#));

    let folder = running.folder.path().join("out");
    let none = watching.act(Action::Download(folder), &[third]).await;
    assert_eq!(none.refused[0].why, "it works on no picture of a batch");
    running.cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_told_of_by_the_handful() {
    let running = start(false, 0).await;
    let target = &running.target;
    with_activity(target, "work").await;
    let arns = execute(target, "work", 25).await;
    let mut watching = Watching::of(target, "work");
    watching.until("all run", |it| it.runs.len() == 25).await;
    let arns: Vec<&str> = arns.iter().map(String::as_str).collect();
    let all = watching.act(Action::Stop, &arns).await;
    assert_eq!(all.done.len(), 25);
    let told: Vec<_> = watching
        .acted
        .iter()
        .map(|acted| (acted.done.len(), acted.complete))
        .collect();
    assert_eq!(told, [(10, false), (20, false)]);
    watching.until_known(25).await;
    running.cloud.stop(false).await;
}
