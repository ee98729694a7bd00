//! Start and end.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use local_cloud::{Cloud, CloudError, Rule, Stack, StateMachineConfig, Target};
use serde_json::json;

use crate::support::{self, Running, config, eventually, put};

fn machine(state: &str) -> Stack {
    let definition = json!({"StartAt": state, "States": {state: {"Type": "Pass", "End": true}}});
    Stack {
        buckets: vec!["boards".to_owned()],
        activities: vec!["a".to_owned()],
        state_machines: vec![StateMachineConfig {
            name: "flow".to_owned(),
            definition: definition.to_string(),
        }],
        ..Stack::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clouds_never_share_a_folder() {
    let running = Running::new(Stack::default()).await;
    let root = running.folder.path();
    let second = Cloud::start(config(root, Stack::default()))
        .await
        .err()
        .unwrap();
    assert!(
        matches!(second, CloudError::AlreadyRunning { .. }),
        "{second:?}"
    );
    assert!(second.to_string().contains(root.to_str().unwrap()));
    running.cloud.stop(false).await;
    let third = Cloud::start(config(root, Stack::default())).await.unwrap();
    third.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_named() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path(), Stack::default());
    config.port = Some(port);
    let refused = Cloud::start(config.clone()).await.err().unwrap();
    assert!(
        matches!(refused, CloudError::PortTaken { port: named } if named == port),
        "{refused:?}"
    );
    // The failed start has let go of the folder.
    drop(taken);
    let cloud = Cloud::start(config).await.unwrap();
    assert_eq!(cloud.address().port(), port);
    assert!(cloud.address().ip().is_loopback());
    cloud.stop(false).await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_written_is_named() {
    // Not even root may make a folder there.
    let root = std::path::Path::new("/sys/kernel/local-cloud");
    let refused = Cloud::start(config(root, Stack::default()))
        .await
        .err()
        .unwrap();
    assert!(
        matches!(refused, CloudError::NoPermission { .. }),
        "{refused:?}"
    );
    assert!(
        refused.to_string().contains("/sys/kernel/local-cloud"),
        "{refused}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_data_is_for_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("cloud");
    let cloud = Cloud::start(config(&root, machine("One"))).await.unwrap();
    put(
        &support::s3(cloud.address(), support::ACCESS, support::SECRET),
        "key",
        "text",
    )
    .await;
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&root), 0o700);
    for entry in std::fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode(&path), expected, "{}", path.display());
    }
    cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stack_is_made_once_and_follows_its_definition() {
    let running = Running::new(machine("One")).await;
    let describe = async |sfn: aws_sdk_sfn::Client| {
        let described = sfn
            .describe_state_machine()
            .state_machine_arn(support::MACHINE_ARN);
        described.send().await.unwrap()
    };
    put(&running.s3(), "key", "text").await;
    let first = describe(running.sfn()).await;
    running.cloud.stop(false).await;

    let root = running.folder.path();
    let cloud = Cloud::start(config(root, machine("One"))).await.unwrap();
    let same = describe(support::sfn(
        cloud.address(),
        support::ACCESS,
        support::SECRET,
    ))
    .await;
    assert_eq!(same.creation_date, first.creation_date);
    assert_eq!(same.revision_id, first.revision_id);
    let s3 = support::s3(cloud.address(), support::ACCESS, support::SECRET);
    assert_eq!(support::keys(&s3, "boards", "").await, ["key"]);
    cloud.stop(false).await;

    let cloud = Cloud::start(config(root, machine("Two"))).await.unwrap();
    let other = describe(support::sfn(
        cloud.address(),
        support::ACCESS,
        support::SECRET,
    ))
    .await;
    assert_eq!(other.creation_date, first.creation_date);
    assert!(other.definition.contains("Two"));
    cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_stack_is_refused_with_the_part_that_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let rule = Stack {
        rules: vec![Rule {
            name: "odd".to_owned(),
            pattern: json!({"detail": "text"}),
            target: Target::Function {
                name: "f".to_owned(),
            },
        }],
        ..Stack::default()
    };
    let refused = Cloud::start(config(folder.path(), rule))
        .await
        .err()
        .unwrap();
    let said = refused.to_string();
    assert!(
        said.contains("rule odd") && said.contains("/detail"),
        "{said}"
    );

    let mut lost = machine("One");
    lost.rules.push(Rule {
        name: "lost".to_owned(),
        pattern: json!({"source": ["aws.s3"]}),
        target: Target::StateMachine {
            name: "flaw".to_owned(),
        },
    });
    let refused = Cloud::start(config(folder.path(), lost))
        .await
        .err()
        .unwrap();
    let said = refused.to_string();
    assert!(
        said.contains("rule lost") && said.contains("flaw"),
        "{said}"
    );

    let mut bad = machine("One");
    bad.state_machines[0].definition = json!({"StartAt": "No", "States": {}}).to_string();
    let refused = Cloud::start(config(folder.path(), bad))
        .await
        .err()
        .unwrap();
    assert!(matches!(refused, CloudError::Stack { .. }), "{refused:?}");
    assert!(
        refused.to_string().contains("state machine flow"),
        "{refused}"
    );

    let mut foreign = machine("One");
    foreign.state_machines[0].definition = json!({"StartAt": "S", "States": {"S": {
        "Type": "Task", "Resource": "arn:aws:states:::batch:submitJob", "Parameters": {}, "End": true,
    }}})
    .to_string();
    let refused = Cloud::start(config(folder.path(), foreign))
        .await
        .err()
        .unwrap();
    assert!(refused.to_string().contains("batch"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_cloud_ends_by_itself_even_while_a_worker_polls() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path(), machine("One"));
    config.idle_after = Some(Duration::from_secs(2));
    let began = Instant::now();
    let cloud = Cloud::start(config).await.unwrap();
    let sfn = support::sfn(cloud.address(), support::ACCESS, support::SECRET);
    let s3 = support::s3(cloud.address(), support::ACCESS, support::SECRET);
    let arn = "arn:aws:states:us-east-1:000000000000:activity:a";
    let poll = tokio::spawn(sfn.get_activity_task().activity_arn(arn).send());
    tokio::time::sleep(Duration::from_secs(1)).await;
    put(&s3, "used", "at one second").await;
    tokio::time::timeout(Duration::from_secs(20), cloud.wait())
        .await
        .unwrap();
    let lived = began.elapsed();
    assert!(
        lived >= Duration::from_millis(2900),
        "the clock starts at the last use: {lived:?}"
    );
    poll.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drained_cloud_lets_invocations_end_and_keeps_what_they_said() {
    let stack = || {
        let mut stack = machine("One");
        stack.functions = vec![support::function("measure", 1)];
        let sleep = json!({"action": "sleep", "ms": 1500});
        stack.state_machines[0].definition = json!({"StartAt": "S", "States": {"S": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "measure", "Payload": sleep},
            "End": true,
        }}})
        .to_string();
        stack
    };
    let running = Running::new(stack()).await;
    let sfn = running.sfn();
    let mut started = Vec::new();
    for _ in 0..2 {
        let start = sfn
            .start_execution()
            .state_machine_arn(support::MACHINE_ARN);
        started.push(start.send().await.unwrap().execution_arn);
    }
    let client = local_cloud::control::Client::new(
        running.cloud.address(),
        support::ACCESS,
        support::SECRET,
    );
    eventually("one invocation runs", async || {
        (client.status().await.unwrap().running_invocations == 1).then_some(())
    })
    .await;
    running.cloud.stop(true).await;

    // The first has its result without another invocation, the second is invoked by the next cloud.
    let cloud = Cloud::start(config(running.folder.path(), stack()))
        .await
        .unwrap();
    let sfn = support::sfn(cloud.address(), support::ACCESS, support::SECRET);
    let mut lambda_starts = 0;
    for arn in started {
        eventually("the execution succeeds", async || {
            let described = sfn
                .describe_execution()
                .execution_arn(&arn)
                .send()
                .await
                .unwrap();
            (described.status.as_str() == "SUCCEEDED").then_some(())
        })
        .await;
        let history = sfn
            .get_execution_history()
            .execution_arn(&arn)
            .send()
            .await
            .unwrap();
        lambda_starts += history
            .events
            .iter()
            .filter(|event| event.r#type.as_str() == "TaskStarted")
            .count();
    }
    assert!(lambda_starts >= 2);
    cloud.stop(false).await;
}
