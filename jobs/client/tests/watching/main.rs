//! The dashboard's feed against a local cloud in this process: what it finds, what it asks for, and how often.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod acting;
#[allow(dead_code, reason = "shared with the tests of tracking")]
#[path = "../tracking/cloud.rs"]
mod cloud;
mod faults;
mod opening;
mod world;

use std::time::{Duration, Instant};

use cloud::{batch, start};
use tokio_util::sync::CancellationToken;
use whiteboarder_jobs::Reporter;
use whiteboarder_jobs::submit::{SubmitOptions, run};
use whiteboarder_jobs::track::ExecutionStatus;
use whiteboarder_jobs::watch::{FeedOptions, Kind, Order};
use world::{Watching, as_if_far, by, create, execute, of, pass, succeed, with_activity};

#[tokio::test(flavor = "multi_thread")]
async fn the_list_comes_page_by_page_and_every_history_is_asked_for_once() {
    let running = start(false, 0).await;
    create(&running.target, "short", pass()).await;
    execute(&running.target, "short", 230).await;
    running.counts.clear();
    let mut watching = Watching::of(&running.target, "short");
    watching.until_listed().await;
    assert_eq!(watching.listed.first(), Some(&(100, false)));
    assert_eq!(watching.listed.last(), Some(&(230, true)));
    watching.until_known(230).await;
    assert_eq!(running.counts.of("GetExecutionHistory"), 230);
    assert_eq!(watching.feed.calls().history, 230);
    assert_eq!(
        watching.feed.calls().list,
        running.counts.of("ListExecutions") as u64,
        "what is counted is what was sent"
    );
    let machine = watching.machine.as_ref().unwrap();
    assert!(!machine.ours && machine.console.is_none() && machine.definition.contains("Only"));
    let run = watching.runs.values().next().unwrap();
    assert_eq!(run.status, ExecutionStatus::Succeeded);
    assert_eq!(run.subject, None);
    running.cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_that_ends_is_noticed_and_what_it_did_is_read_on_while_it_runs() {
    let running = start(false, 0).await;
    let target = &running.target;
    let activity = with_activity(target, "work").await;
    let mut watching = Watching::of(target, "work");
    watching.until_listed().await;
    let arn = execute(target, "work", 1).await.remove(0);
    watching.feed.order(Order::Visible(vec![arn.clone()]));
    watching
        .until("it is in its second state", |it| {
            let digest = it.runs.get(&arn).and_then(|run| run.digest.as_ref());
            digest.is_some_and(|digest| digest.state.as_deref() == Some("Work"))
        })
        .await;
    succeed(target, &activity).await;
    watching.until_known(1).await;
    let run = &watching.runs[&arn];
    let digest = run.digest.as_ref().unwrap();
    assert_eq!(run.status, ExecutionStatus::Succeeded);
    assert_eq!(
        (digest.workers.as_slice(), &digest.state),
        (["bench/1".to_owned()].as_slice(), &None)
    );
    assert_eq!(digest.kinds, [Kind::Worker]);
    running.cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_below_the_first_page_is_noticed_when_it_ends() {
    let running = start(false, 0).await;
    let target = &running.target;
    let activity = with_activity(target, "work").await;
    let old = execute(target, "work", 1).await.remove(0);
    let mut watching = Watching::of(target, "work");
    watching.until_listed().await;
    for index in 0..130 {
        let start = target.sfn().start_execution();
        let machine = target
            .profile()
            .state_machine_arn
            .replace("whiteboarder", "work");
        let start = start
            .state_machine_arn(machine)
            .name(format!("later{index}"));
        start.send().await.unwrap();
    }
    watching
        .until("all are there", |it| it.runs.len() == 131)
        .await;
    // The queue is in the order of arrival.
    succeed(target, &activity).await;
    watching
        .until("the oldest has ended", |it| {
            it.runs[&old].status == ExecutionStatus::Succeeded
        })
        .await;
    running.cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_time_no_finished_execution_is_asked_for() {
    let running = start(false, 0).await;
    let target = &running.target;
    create(target, "short", pass()).await;
    execute(target, "short", 120).await;
    let folder = running.folder.path().join("cache");
    let options = || FeedOptions {
        cache: Some(folder.clone()),
        ..of("short")
    };
    let mut first = Watching::start(target, options());
    first.until_known(120).await;
    let known = first.runs.clone();
    drop(first);
    // The feed that was dropped writes what it has learnt when its task ends.
    let file = || std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap();
    let lines = || {
        std::fs::read_to_string(file().path())
            .unwrap()
            .lines()
            .count()
    };
    while lines() < 121 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    running.counts.clear();
    let mut second = Watching::start(target, options());
    second.until_known(120).await;
    assert_eq!(second.runs, known);
    assert_eq!(running.counts.of("GetExecutionHistory"), 0);

    let text = std::fs::read_to_string(file().path()).unwrap();
    drop(second);
    std::fs::write(file().path(), &text[..text.len() - 30]).unwrap();
    let mut third = Watching::start(target, options());
    third.until_known(120).await;
    assert_eq!(third.runs, known);
    assert_eq!(
        third.feed.calls().history,
        1,
        "a line that broke off costs that line"
    );
    running.cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn executions_have_the_items_of_their_records_and_those_without_one_of_their_input() {
    let running = start(true, 0).await;
    let target = &running.target;
    let all = ["a.png", "b.png", "unrecorded.png"].map(str::to_owned);
    let first = batch(&running, &all).await;
    let (reporter, cancel) = (Reporter::silent(), CancellationToken::new());
    let options = SubmitOptions::default();
    let follow = whiteboarder_jobs::track::FollowOptions {
        no_execution_after: Some(Duration::from_secs(1)),
        ..options.follow.clone()
    };
    let options = SubmitOptions { follow, ..options };
    run(target, &first, &options, &reporter, &cancel)
        .await
        .unwrap();
    let mut watching = Watching::start(target, FeedOptions::default());
    watching.until_known(3).await;
    watching
        .until("every item is known", |it| {
            let mut names: Vec<_> = it
                .runs
                .values()
                .filter_map(|run| run.subject.clone())
                .collect();
            names.sort_by(|a, b| a.name.cmp(&b.name));
            let names: Vec<_> = names.iter().map(|subject| subject.name.as_str()).collect();
            names == ["a.png", "b.png", "unrecorded.png"]
        })
        .await;
    assert!(watching.machine.as_ref().unwrap().ours);

    let cleaned = watching
        .runs
        .values()
        .find(|run| run.subject.as_ref().unwrap().name == "a.png");
    let arn = cleaned.unwrap().arn.clone();
    watching.feed.order(Order::Pictures(arn));
    watching
        .until("pictures", |it| !it.pictures.is_empty())
        .await;
    let (before, after) = watching.pictures.pop().unwrap();
    assert!(before.unwrap().starts_with(b"\x89PNG") && after.is_some());

    let other = FeedOptions {
        batch: Some("01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned()),
        ..FeedOptions::default()
    };
    let mut none = Watching::start(target, other);
    none.until_listed().await;
    let own = FeedOptions {
        batch: Some(first.id().to_owned()),
        ..FeedOptions::default()
    };
    let mut own = Watching::start(target, own);
    own.until_known(3).await;
    none.during(Duration::from_millis(500)).await;
    assert!(
        none.runs.is_empty(),
        "another batch's executions are not shown"
    );
    running.cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_of_others_needs_no_bucket() {
    let running = start(false, 0).await;
    create(&running.target, "short", pass()).await;
    execute(&running.target, "short", 3).await;
    let endpoint = running.target.profile().endpoint.clone().unwrap();
    let target = by(&running.target, endpoint).await;
    let profile = whiteboarder_jobs::Profile {
        bucket: "nobody-has-it".to_owned(),
        ..(*target.profile()).clone()
    };
    let target = whiteboarder_jobs::Target::unchecked(profile).await;
    running.counts.clear();
    let arn = target
        .profile()
        .state_machine_arn
        .replace("whiteboarder", "short");
    let mut watching = Watching::of(&target, &arn);
    watching.until_known(3).await;
    assert_eq!(watching.feed.calls().objects, 0);
    assert_eq!(running.counts.of("ListObjectsV2"), 0);
    running.cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_feed_asks_for_nothing_until_it_is_told_to() {
    let running = start(false, 0).await;
    let target = &running.target;
    with_activity(target, "work").await;
    execute(target, "work", 2).await;
    let mut watching = Watching::of(target, "work");
    watching
        .until("both are read", |it| {
            it.runs.len() == 2 && it.runs.values().all(|run| run.digest.is_some())
        })
        .await;
    watching.feed.order(Order::Pause(true));
    watching.during(Duration::from_millis(400)).await;
    running.counts.clear();
    watching.during(Duration::from_millis(1_500)).await;
    assert_eq!(running.counts.of("ListExecutions"), 0);
    assert_eq!(running.counts.of("GetExecutionHistory"), 0);
    execute_more(target).await;
    watching.feed.order(Order::Refresh);
    watching.until("the third", |it| it.runs.len() == 3).await;
    watching.during(Duration::from_millis(400)).await;
    let lists = running.counts.of("ListExecutions");
    assert!(lists <= 2, "one look: {lists}");
    running.cloud.stop(false).await;
}

async fn execute_more(target: &whiteboarder_jobs::Target) {
    let machine = target
        .profile()
        .state_machine_arn
        .replace("whiteboarder", "work");
    let start = target.sfn().start_execution().state_machine_arn(machine);
    start.name("one-more").send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_stay_within_what_we_take_of_an_account_idle_and_busy() {
    let running = start(false, 0).await;
    let target = &running.target;
    with_activity(target, "work").await;
    let arns = execute(target, "work", 40).await;
    create(target, "short", pass()).await;
    execute(target, "short", 260).await;
    let far = as_if_far(target).await;

    running.counts.clear();
    let began = Instant::now();
    let mut busy = Watching::of(&far, "work");
    busy.until_listed().await;
    busy.feed.order(Order::Visible(arns));
    busy.during(Duration::from_secs(6)).await;
    let seconds = began.elapsed().as_secs_f64();
    let (lists, histories) = (
        running.counts.of("ListExecutions") as f64,
        running.counts.of("GetExecutionHistory") as f64,
    );
    // Not even what is left of the bucket's burst is used up for what is looked at again.
    assert!(lists <= 2.0 + seconds, "{lists} lists in {seconds} s");
    assert!(
        histories <= 40.0 + 20.0 * seconds,
        "{histories} histories in {seconds} s"
    );
    assert!(histories >= 40.0);
    drop(busy);

    running.counts.clear();
    let began = Instant::now();
    let mut idle = Watching::of(&far, "short");
    idle.until_listed().await;
    idle.during(Duration::from_secs(4)).await;
    let seconds = began.elapsed().as_secs_f64();
    let histories = running.counts.of("GetExecutionHistory") as f64;
    assert!(
        histories <= 200.0 + 10.0 * seconds,
        "{histories} in {seconds} s"
    );
    idle.until_known(260).await;
    running.counts.clear();
    let began = Instant::now();
    idle.during(Duration::from_secs(6)).await;
    let seconds = began.elapsed().as_secs_f64();
    let lists = running.counts.of("ListExecutions") as f64;
    assert!(lists <= 2.0 + seconds / 2.0, "{lists} lists in {seconds} s");
    assert_eq!(running.counts.of("GetExecutionHistory"), 0);
    assert_eq!(running.counts.of("DescribeExecution"), 0);
    running.cloud.stop(false).await;
}
