//! `ecs:runTask` with real processes: what states ask of it, and what becomes of a task when its execution is stopped
//! or its cloud dies.

use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_sdk_sfn::types::HistoryEvent;
use local_cloud::{Cloud, Stack, TaskDefinition};
use serde_json::{Value, json};

use crate::roles;
use crate::stand::{Running, config, eventually, sfn};

const FIRE: &str = "arn:aws:states:::ecs:runTask";
const SYNC: &str = "arn:aws:states:::ecs:runTask.sync";
const TOKEN: &str = "arn:aws:states:::ecs:runTask.waitForTaskToken";

/// The family `shell` runs a script, `nothing` a program that is not there, and `one` what a token is for.
fn stack() -> Stack {
    let definition = |family: &str, entry_point: &[&str]| TaskDefinition {
        family: family.to_owned(),
        container: "main".to_owned(),
        entry_point: entry_point.iter().map(|&word| word.to_owned()).collect(),
        command: Vec::new(),
        env: [("PLACE".to_owned(), "of the definition".to_owned())].into(),
        concurrency: 2,
        stop_timeout: Duration::from_secs(1),
    };
    let (command, env) = roles::command("run-task");
    Stack {
        clusters: vec!["work".to_owned()],
        task_definitions: vec![
            definition("shell", &["/bin/sh", "-c"]),
            definition("nothing", &["/no/such/program"]),
            TaskDefinition {
                env,
                ..definition(
                    "one",
                    &command.iter().map(String::as_str).collect::<Vec<_>>(),
                )
            },
        ],
        ..Stack::default()
    }
}

/// A state that runs this script, with more fields.
fn shell(resource: &str, script: &str, fields: &Value) -> Value {
    let parameters = json!({
        "Cluster": "work",
        "TaskDefinition": "shell",
        "LaunchType": "FARGATE",
        "Overrides": { "ContainerOverrides": [{ "Name": "main", "Command": [script] }] },
    });
    let mut state =
        json!({ "Type": "Task", "Resource": resource, "Parameters": parameters, "End": true });
    let state_fields = state.as_object_mut().unwrap();
    state_fields.extend(fields.as_object().unwrap().clone());
    json!({ "StartAt": "Run", "States": { "Run": state } })
}

/// Makes a machine of this definition and starts it.
async fn start(sfn: &aws_sdk_sfn::Client, definition: &Value, input: &Value) -> String {
    let machine = sfn
        .create_state_machine()
        .name(format!("m{}", uuid::Uuid::new_v4().simple()))
        .definition(definition.to_string())
        .role_arn("arn:aws:iam::000000000000:role/none")
        .send()
        .await
        .unwrap();
    let execution = sfn
        .start_execution()
        .state_machine_arn(machine.state_machine_arn)
        .input(input.to_string());
    execution.send().await.unwrap().execution_arn
}

/// Status, and the output or `[error, cause]`.
async fn ended(sfn: &aws_sdk_sfn::Client, execution: &str) -> (String, Value) {
    eventually("an end", async || {
        let told = sfn.describe_execution().execution_arn(execution);
        let told = told.send().await.unwrap();
        let status = told.status.as_str().to_owned();
        let result = match told.output {
            Some(output) => parsed(&output),
            None => json!([told.error, told.cause.as_deref().map(parsed)]),
        };
        (status != "RUNNING").then_some((status, result))
    })
    .await
}

/// JSON, or the text itself.
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

async fn history(sfn: &aws_sdk_sfn::Client, execution: &str) -> Vec<HistoryEvent> {
    let history = sfn.get_execution_history().execution_arn(execution);
    history.send().await.unwrap().events
}

/// Types with the event that each follows from.
fn sequence(history: &[HistoryEvent]) -> Vec<(&str, i64)> {
    history
        .iter()
        .map(|event| (event.r#type.as_str(), event.previous_event_id))
        .collect()
}

async fn file(path: &Path) -> String {
    eventually("a file", async || {
        std::fs::read_to_string(path)
            .ok()
            .filter(|text| text.ends_with('\n'))
    })
    .await
}

/// A script that says which process it is, in this file, with a child in its group, and does not end by itself.
fn endless(path: &Path) -> String {
    let path = path.display();
    format!("sleep 1000 & echo $! $$ > {path}.half; mv {path}.half {path}; wait")
}

async fn gone(pids: &str) {
    eventually("the end of the processes", async || {
        pids.split_whitespace()
            .all(|pid| !Path::new("/proc").join(pid).exists() || is_zombie(pid))
            .then_some(())
    })
    .await;
}

fn is_zombie(pid: &str) -> bool {
    let stat = std::fs::read_to_string(PathBuf::from("/proc").join(pid).join("stat"));
    stat.is_ok_and(|stat| stat.contains(") Z "))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_is_waited_for_is_told_of_as_aws_does() {
    let running = Running::with(stack()).await;
    let sfn = running.sfn();
    let said = running.folder.path().join("said");
    let script = format!("echo $PLACE, $WORD, $AWS_REGION > {}", said.display());
    let mut definition = shell(SYNC, &script, &json!({}));
    definition["States"]["Run"]["Parameters"]["Overrides"]["ContainerOverrides"][0]["Environment"] =
        json!([{ "Name": "WORD", "Value.$": "$.word" }]);
    let execution = start(&sfn, &definition, &json!({ "word": "hello" })).await;
    let (status, task) = ended(&sfn, &execution).await;
    assert_eq!(status, "SUCCEEDED", "{task}");
    assert_eq!(file(&said).await, "of the definition, hello, us-east-1\n");

    let history = history(&sfn, &execution).await;
    assert_eq!(
        sequence(&history),
        [
            ("ExecutionStarted", 0),
            ("TaskStateEntered", 0),
            ("TaskScheduled", 2),
            ("TaskStarted", 3),
            ("TaskSubmitted", 4),
            ("TaskSucceeded", 5),
            ("TaskStateExited", 6),
            ("ExecutionSucceeded", 7),
        ]
    );
    let scheduled = history[2].task_scheduled_event_details().unwrap();
    assert_eq!(
        (scheduled.resource_type(), scheduled.resource()),
        ("ecs", "runTask.sync")
    );
    let parameters = parsed(scheduled.parameters());
    assert_eq!(parameters["StartedBy"], "AWS Step Functions");
    let submitted = history[4].task_submitted_event_details().unwrap();
    let answer = parsed(submitted.output().unwrap());
    assert_eq!(answer["Failures"], json!([]));
    assert_eq!(answer["SdkHttpMetadata"]["HttpStatusCode"], 200);
    let begun = &answer["Tasks"][0];
    assert_eq!(begun["LastStatus"], "PROVISIONING");
    for (name, value) in [
        (
            "ClusterArn",
            "arn:aws:ecs:us-east-1:000000000000:cluster/work",
        ),
        ("Group", "family:shell"),
        ("LaunchType", "FARGATE"),
        ("StartedBy", "AWS Step Functions"),
        (
            "TaskDefinitionArn",
            "arn:aws:ecs:us-east-1:000000000000:task-definition/shell:1",
        ),
    ] {
        assert_eq!(begun[name], value);
        assert_eq!(task[name], value);
    }
    assert_eq!(begun["TaskArn"], task["TaskArn"]);
    assert_eq!(
        task["Overrides"]["ContainerOverrides"][0]["Command"],
        json!([script])
    );
    assert_eq!(task["LastStatus"], "STOPPED");
    assert_eq!(task["StopCode"], "EssentialContainerExited");
    assert_eq!(task["StoppedReason"], "Essential container in task exited");
    assert_eq!(task["Containers"][0]["ExitCode"], 0);
    assert_eq!(task["Containers"][0]["Name"], "main");
    assert!(task["StoppedAt"].as_i64() >= task["StartedAt"].as_i64());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_fails_or_cannot_start_fails_its_state_with_itself_as_cause() {
    let running = Running::with(stack()).await;
    let sfn = running.sfn();
    let seen = running.folder.path().join("seen");
    let script = format!("echo x >> {}; exit 3", seen.display());
    let retried = json!({ "Retry": [{
        "ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 1, "MaxAttempts": 1,
    }] });
    let execution = start(&sfn, &shell(SYNC, &script, &retried), &json!({})).await;
    let (status, failure) = ended(&sfn, &execution).await;
    assert_eq!(
        (status.as_str(), &failure[0]),
        ("FAILED", &json!("States.TaskFailed"))
    );
    assert_eq!(failure[1]["StopCode"], "EssentialContainerExited");
    assert_eq!(failure[1]["Containers"][0]["ExitCode"], 3);
    assert_eq!(std::fs::read_to_string(&seen).unwrap(), "x\nx\n");
    let told = history(&sfn, &execution).await;
    let types: Vec<&str> = told.iter().map(|event| event.r#type.as_str()).collect();
    let attempt = [
        "TaskScheduled",
        "TaskStarted",
        "TaskSubmitted",
        "TaskFailed",
    ];
    assert_eq!(types[2..10], [attempt, attempt].concat());

    let mut nothing = shell(SYNC, "", &json!({}));
    nothing["States"]["Run"]["Parameters"]["TaskDefinition"] = "nothing".into();
    let execution = start(&sfn, &nothing, &json!({})).await;
    let (_, failure) = ended(&sfn, &execution).await;
    assert_eq!(failure[1]["StopCode"], "TaskFailedToStart");
    let reason = failure[1]["StoppedReason"].as_str().unwrap();
    assert!(reason.contains("/no/such/program"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_service_refuses_can_be_caught_by_its_name() {
    let running = Running::with(stack()).await;
    let sfn = running.sfn();
    for (field, value, name) in [
        ("Cluster", json!("none"), "ECS.ClusterNotFoundException"),
        (
            "TaskDefinition",
            json!("none"),
            "ECS.InvalidParameterException",
        ),
    ] {
        let caught = json!({ "Catch": [{ "ErrorEquals": [name], "Next": "Caught" }] });
        let mut definition = shell(SYNC, "true", &caught);
        definition["States"]["Run"]["Parameters"][field] = value;
        definition["States"]["Caught"] = json!({ "Type": "Pass", "End": true });
        let execution = start(&sfn, &definition, &json!({})).await;
        let (status, output) = ended(&sfn, &execution).await;
        assert_eq!(
            (status.as_str(), &output["Error"]),
            ("SUCCEEDED", &json!(name))
        );
    }
    let mut number = shell(FIRE, "true", &json!({}));
    number["States"]["Run"]["Parameters"]["Cluster"] = 5.into();
    let execution = start(&sfn, &number, &json!({})).await;
    let (_, failure) = ended(&sfn, &execution).await;
    assert_eq!(failure[0], "States.Runtime", "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_does_not_wait_leaves_its_task_behind() {
    let running = Running::with(stack()).await;
    let sfn = running.sfn();
    let (go, said) = (
        running.folder.path().join("go"),
        running.folder.path().join("said"),
    );
    let script = format!(
        "while [ ! -e {} ]; do sleep 0.05; done; echo done > {}",
        go.display(),
        said.display()
    );
    let execution = start(&sfn, &shell(FIRE, &script, &json!({})), &json!({})).await;
    let (status, output) = ended(&sfn, &execution).await;
    assert_eq!(
        (status.as_str(), &output["Failures"]),
        ("SUCCEEDED", &json!([]))
    );
    assert_eq!(output["Tasks"][0]["LastStatus"], "PROVISIONING");
    let history = history(&sfn, &execution).await;
    let types: Vec<&str> = history.iter().map(|event| event.r#type.as_str()).collect();
    assert_eq!(
        types[2..5],
        ["TaskScheduled", "TaskStarted", "TaskSucceeded"]
    );
    std::fs::write(&go, "").unwrap();
    assert_eq!(file(&said).await, "done\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_answers_by_its_token_as_loveless_does() {
    let running = Running::with(stack()).await;
    let sfn = running.sfn();
    for (event, expected) in [
        (
            json!({ "do": "echo", "value": [1, 2] }),
            ("SUCCEEDED", json!([1, 2])),
        ),
        (json!({ "do": "fail" }), ("FAILED", json!("AsYouWish"))),
    ] {
        let definition = json!({ "QueryLanguage": "JSONata", "StartAt": "Run", "States": { "Run": {
            "Type": "Task",
            "Resource": TOKEN,
            "TimeoutSeconds": 100,
            "HeartbeatSeconds": 20,
            "Arguments": {
                "TaskDefinition": "arn:aws:ecs:us-east-1:000000000000:task-definition/one:1",
                "Overrides": { "ContainerOverrides": [{ "Name": "main", "Environment": [
                    { "Name": "TASK_TOKEN", "Value": "{% $states.context.Task.Token %}" },
                    { "Name": "TASK_INPUT", "Value": "{% $string($states.input) %}" },
                ] }] },
            },
            "End": true,
        } } });
        let execution = start(&sfn, &definition, &event).await;
        let (status, result) = ended(&sfn, &execution).await;
        let result = if status == "FAILED" {
            result[0].clone()
        } else {
            result
        };
        assert_eq!((status.as_str(), result), expected);
        let history = history(&sfn, &execution).await;
        let types: Vec<&str> = history.iter().map(|event| event.r#type.as_str()).collect();
        assert_eq!(
            types[2..5],
            ["TaskScheduled", "TaskStarted", "TaskSubmitted"]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_nobody_waits_for_any_more_is_killed_with_its_group() {
    let running = Running::with(stack()).await;
    let sfn = running.sfn();
    let path = running.folder.path().join("pids");
    let execution = start(&sfn, &shell(SYNC, &endless(&path), &json!({})), &json!({})).await;
    let pids = file(&path).await;
    let stop = sfn.stop_execution().execution_arn(&execution);
    stop.send().await.unwrap();
    gone(&pids).await;

    std::fs::remove_file(&path).unwrap();
    // It does not obey, so it is killed.
    let script = format!("trap '' TERM; {}", endless(&path));
    let limited = json!({ "TimeoutSeconds": 2 });
    let execution = start(&sfn, &shell(SYNC, &script, &limited), &json!({})).await;
    let pids = file(&path).await;
    let (status, failure) = ended(&sfn, &execution).await;
    assert_eq!(
        (status.as_str(), &failure[0]),
        ("FAILED", &json!("States.Timeout"))
    );
    gone(&pids).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_tasks_run_than_there_are_places() {
    let running = Running::with(stack()).await;
    let sfn = running.sfn();
    let folder = running.folder.path().display();
    // Each takes one of two chairs; a third would find none.
    let script = format!(
        "mkdir {folder}/a 2>&- && c=a || {{ mkdir {folder}/b && c=b; }} || exit 1; sleep 0.2; rmdir {folder}/$c"
    );
    let mut started = Vec::new();
    for _ in 0..6 {
        started.push(start(&sfn, &shell(SYNC, &script, &json!({})), &json!({})).await);
    }
    for execution in started {
        let (status, task) = ended(&sfn, &execution).await;
        assert_eq!(status, "SUCCEEDED", "{task}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_that_died_with_their_cloud_are_told_of_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let started = async || {
        Cloud::start(config(folder.path(), None, stack()))
            .await
            .unwrap()
    };
    let client = |cloud: &Cloud| sfn(&format!("http://{}", cloud.address()));
    let cloud = started().await;
    let (once, twice) = (folder.path().join("once"), folder.path().join("twice"));
    let lost = shell(SYNC, &endless(&once), &json!({}));
    let lost = start(&client(&cloud), &lost, &json!({})).await;
    // The second time it ends at once.
    let script = format!("[ -e {} ] || {{ {}; }}", twice.display(), endless(&twice));
    let retried =
        json!({ "Retry": [{ "ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 1 }] });
    let retried = shell(SYNC, &script, &retried);
    let retried = start(&client(&cloud), &retried, &json!({})).await;
    let pids = format!("{} {}", file(&once).await, file(&twice).await);
    cloud.stop(false).await;
    gone(&pids).await;

    let cloud = started().await;
    let sfn = client(&cloud);
    let (status, failure) = ended(&sfn, &lost).await;
    assert_eq!(
        (status.as_str(), &failure[0]),
        ("FAILED", &json!("States.TaskFailed"))
    );
    assert_eq!(failure[1]["StopCode"], "TerminationNotice", "{failure}");
    assert_eq!(failure[1]["LastStatus"], "STOPPED");
    assert!(failure[1]["StartedAt"].is_i64(), "{failure}");
    let told = history(&sfn, &lost).await;
    let types: Vec<&str> = told.iter().map(|event| event.r#type.as_str()).collect();
    assert_eq!(
        types[4..],
        ["TaskSubmitted", "TaskFailed", "ExecutionFailed"]
    );
    let (status, task) = ended(&sfn, &retried).await;
    assert_eq!(status, "SUCCEEDED", "{task}");
    cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cloud_that_drains_lets_its_tasks_end() {
    let folder = tempfile::tempdir().unwrap();
    let cloud = Cloud::start(config(folder.path(), None, stack()))
        .await
        .unwrap();
    let (begun, said) = (folder.path().join("begun"), folder.path().join("said"));
    let script = format!(
        "echo x > {}; sleep 1; echo done > {}",
        begun.display(),
        said.display()
    );
    let client = sfn(&format!("http://{}", cloud.address()));
    let execution = start(&client, &shell(SYNC, &script, &json!({})), &json!({})).await;
    file(&begun).await;
    cloud.stop(true).await;
    assert_eq!(std::fs::read_to_string(&said).unwrap(), "done\n");

    let cloud = Cloud::start(config(folder.path(), None, stack()))
        .await
        .unwrap();
    let client = sfn(&format!("http://{}", cloud.address()));
    let (status, task) = ended(&client, &execution).await;
    assert_eq!(status, "SUCCEEDED", "{task}");
    cloud.stop(false).await;
}
