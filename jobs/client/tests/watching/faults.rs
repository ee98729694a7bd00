//! When the target is slow to anger, gone, or says no.

use std::time::Duration;

use fault_proxy::{Fault, FaultKind, FaultProxy, Rule};
use whiteboarder_jobs::watch::Health;

use super::cloud::{Running, start};
use super::world::{Watching, by, create, execute, pass};

async fn short(count: usize) -> Running {
    let running = start(false, 0).await;
    create(&running.target, "short", pass()).await;
    execute(&running.target, "short", count).await;
    running
}

fn proxy(running: &Running, rules: Vec<Rule>) -> FaultProxy {
    let proxy = FaultProxy::to(format!("http://{}", running.cloud.address()));
    rules
        .into_iter()
        .fold(proxy, fault_proxy::Builder::rule)
        .start()
        .unwrap()
}

fn on(action: &str, fault: Fault) -> Rule {
    Rule::new(fault).header_contains("x-amz-target", action)
}

fn is_throttled(health: &Health) -> bool {
    matches!(
        health,
        Health::Live {
            throttled: true,
            ..
        }
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn throttling_slows_everything_down_and_nothing_is_lost() {
    let running = short(130).await;
    let rules = vec![
        on("ListExecutions", Fault::Throttle).skip(1).times(2),
        on("GetExecutionHistory", Fault::Throttle)
            .skip(20)
            .times(10),
    ];
    let proxy = proxy(&running, rules);
    let target = by(&running.target, proxy.endpoint()).await;
    let mut watching = Watching::of(&target, "short");
    watching.until_listed().await;
    watching.until_known(130).await;
    assert!(watching.health.iter().any(is_throttled));
    assert_eq!(proxy.counts().of(FaultKind::Throttle), 12);
    watching.health.clear();
    watching
        .until("it has recovered", |it| {
            it.health.last().is_some_and(|health| !is_throttled(health))
        })
        .await;
    running.cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_gone_is_told_and_found_again() {
    let running = short(5).await;
    let proxy = proxy(&running, vec![Rule::new(Fault::Reset)]);
    proxy.calm();
    let target = by(&running.target, proxy.endpoint()).await;
    let mut watching = Watching::of(&target, "short");
    watching.until_known(5).await;
    proxy.resume();
    watching.health.clear();
    let offline = |health: &Health| matches!(health, Health::Offline { next_ms: 1.., .. });
    watching
        .until("it is gone", |it| {
            it.health.iter().filter(|health| offline(health)).count() >= 2
        })
        .await;
    let pauses: Vec<u64> = watching
        .health
        .iter()
        .filter_map(|health| match health {
            Health::Offline { next_ms, .. } => Some(*next_ms),
            _ => None,
        })
        .collect();
    assert!(pauses.windows(2).all(|two| two[0] < two[1]), "{pauses:?}");
    assert_eq!(watching.runs.len(), 5, "what is on screen stays");
    proxy.calm();
    watching
        .until("it is back", |it| {
            matches!(it.health.last(), Some(Health::Live { .. }))
        })
        .await;
    running.cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_not_there_yet_is_waited_for() {
    let running = short(5).await;
    let proxy = proxy(&running, vec![Rule::new(Fault::Reset)]);
    let target = by(&running.target, proxy.endpoint()).await;
    let mut watching = Watching::of(&target, "short");
    watching
        .until("nobody is there", |it| {
            matches!(it.health.last(), Some(Health::Offline { .. }))
        })
        .await;
    assert!(watching.machine.is_none());
    proxy.calm();
    watching.until_known(5).await;
    running.cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_permission_is_named_once_while_the_rest_goes_on() {
    let running = short(30).await;
    let denied = Fault::error_code(400, "AccessDeniedException", "not authorized");
    let proxy = proxy(&running, vec![on("GetExecutionHistory", denied)]);
    let target = by(&running.target, proxy.endpoint()).await;
    let mut watching = Watching::of(&target, "short");
    watching.until_listed().await;
    watching
        .until("it is denied", |it| {
            it.health
                .iter()
                .any(|health| matches!(health, Health::Denied { .. }))
        })
        .await;
    watching.during(Duration::from_secs(2)).await;
    let denied: Vec<_> = watching
        .health
        .iter()
        .filter_map(|health| match health {
            Health::Denied { action, why } => Some((action.as_str(), why.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(denied.len(), 1, "{denied:?}");
    assert_eq!(denied[0].0, "states:GetExecutionHistory");
    assert!(
        denied[0]
            .1
            .starts_with("access denied: states:GetExecutionHistory")
    );
    assert_eq!(watching.runs.len(), 30);
    assert!(matches!(watching.health.last(), Some(Health::Live { .. })));
    let asked = watching.feed.calls().history;
    assert!(asked <= 8, "{asked}: it is left alone for a while");
    running.cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_look_at_the_machine_sees_its_executions_all_the_same() {
    let running = short(3).await;
    let denied = Fault::error_code(400, "AccessDeniedException", "not authorized");
    let proxy = proxy(&running, vec![on("DescribeStateMachine", denied)]);
    let target = by(&running.target, proxy.endpoint()).await;
    let mut watching = Watching::of(&target, "short");
    watching.until_known(3).await;
    let machine = watching.machine.as_ref().unwrap();
    assert_eq!(
        (machine.name.as_str(), machine.definition.as_str()),
        ("short", "")
    );
    running.cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_credentials_and_unknown_machines_are_a_sentence() {
    let running = short(3).await;
    let expired = proxy(&running, vec![Rule::new(Fault::Expired)]);
    let target = by(&running.target, expired.endpoint()).await;
    let mut watching = Watching::of(&target, "short");
    let failed = |it: &Watching| matches!(it.health.last(), Some(Health::Failed { .. }));
    watching.until("it is told", failed).await;
    let Some(Health::Failed { why, hint }) = watching.health.last() else {
        unreachable!();
    };
    assert!(why.ends_with("have expired") && hint.is_some(), "{why}");
    expired.calm();
    watching.until_known(3).await;

    let mut nowhere = Watching::of(&running.target, "nowhere");
    nowhere.until("it is told", failed).await;
    let Some(Health::Failed { why, .. }) = nowhere.health.last() else {
        unreachable!();
    };
    assert!(why.starts_with("there is no state machine arn:"), "{why}");
    running.cloud.stop(false).await;
}
