//! Test cases of a mock file: machines that run without their services.

use std::path::Path;

use local_cloud::Rehearsal;
use local_cloud::states::Mocks;
use serde_json::{Value, json};

use super::support::*;

fn rehearsal(document: &Value) -> Rehearsal {
    let mocks = Mocks::parse(&document.to_string(), Path::new("mocks.json")).unwrap();
    Rehearsal {
        mocks: Some(mocks),
        ..Rehearsal::default()
    }
}

/// Test cases of the machine `m`, and the mocked responses that they name.
fn of_machine(cases: &Value, responses: &Value) -> Rehearsal {
    rehearsal(&json!({
        "StateMachines": { "m": { "TestCases": cases } },
        "MockedResponses": responses,
    }))
}

/// One Task state with every parameter that some resource needs.
fn task(resource: &str) -> Value {
    let mut parameters = json!({
        "FunctionName": "f", "QueueUrl": "q", "MessageBody": "b", "TopicArn": "t", "Message": "m", "Entries": [],
        "StateMachineArn": "s", "TaskDefinition": "d", "JobName": "n", "JobDefinition": "j", "JobQueue": "q",
    });
    if resource.ends_with("waitForTaskToken") {
        parameters["Payload"] = json!({ "token.$": "$$.Task.Token" });
    }
    json!({ "StartAt": "Work", "States": { "Work": {
        "Type": "Task", "Resource": resource, "Parameters": parameters, "End": true } } })
}

/// Starts a test case; gives the execution's ARN.
async fn start(bench: &Bench, machine: &str, case: &str, name: &str) -> String {
    bench
        .start(&format!("{machine}#{case}"), name, &json!({ "n": 1 }))
        .await
}

fn output(described: &Value) -> Value {
    assert_eq!(described["status"], "SUCCEEDED", "{described}");
    serde_json::from_str(&text(&described["output"])).unwrap()
}

const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:nobody";
const ACTIVITY: &str = "arn:aws:states:us-east-1:000000000000:activity:nobody";

/// The types of an execution's events between entering the only state and leaving it.
async fn inner(bench: &Bench, execution: &str) -> Vec<String> {
    let types = bench.event_types(execution).await;
    let last = types.len() - 1;
    let end = if types[last] == "ExecutionSucceeded" {
        last - 1
    } else {
        last
    };
    types[2..end].to_vec()
}

#[tokio::test]
async fn any_resource_gets_its_answer_with_the_history_that_the_service_leaves() {
    let cases = json!({ "well": { "Work": "fine" }, "ill": { "Work": "broken" } });
    let responses = json!({
        "fine": { "0": { "Return": { "answer": [1, null, "é"] } } },
        "broken": { "0": { "Throw": { "Error": "Broken", "Cause": "it fell" } } },
    });
    let of_function = ["LambdaFunctionScheduled", "LambdaFunctionStarted"];
    let of_activity = ["ActivityScheduled", "ActivityStarted"];
    let of_call = ["TaskScheduled", "TaskStarted"];
    let of_job = ["TaskScheduled", "TaskStarted", "TaskSubmitted"];
    let table: [(&str, &[&str], &str); 12] = [
        (FUNCTION, &of_function, "LambdaFunction"),
        (ACTIVITY, &of_activity, "Activity"),
        ("arn:aws:states:::lambda:invoke", &of_call, "Task"),
        (
            "arn:aws:states:::lambda:invoke.waitForTaskToken",
            &of_job,
            "Task",
        ),
        ("arn:aws:states:::sqs:sendMessage", &of_call, "Task"),
        ("arn:aws:states:::sns:publish", &of_call, "Task"),
        ("arn:aws:states:::events:putEvents", &of_call, "Task"),
        ("arn:aws:states:::aws-sdk:s3:getObject", &of_call, "Task"),
        (
            "arn:aws:states:::aws-sdk:dynamodb:getItem",
            &of_call,
            "Task",
        ),
        ("arn:aws:states:::ecs:runTask.sync", &of_job, "Task"),
        (
            "arn:aws:states:::states:startExecution.sync:2",
            &of_job,
            "Task",
        ),
        ("arn:aws:states:::batch:submitJob.sync", &of_job, "Task"),
    ];
    let bench = Bench::rehearsing(of_machine(&cases, &responses));
    for (number, (resource, begins, family)) in table.into_iter().enumerate() {
        let machine = "arn:aws:states:us-east-1:000000000000:stateMachine:m";
        let definition = task(resource).to_string();
        if number == 0 {
            bench.machine("m", &task(resource)).await;
        } else {
            let body = json!({ "stateMachineArn": machine, "definition": definition });
            bench.ok("UpdateStateMachine", body).await;
        }
        let execution = start(&bench, machine, "well", &format!("well-{number}")).await;
        let answer = output(&bench.ended(&execution).await);
        assert_eq!(answer, json!({ "answer": [1, null, "é"] }), "{resource}");
        let mut expected: Vec<String> = begins.iter().map(ToString::to_string).collect();
        expected.push(format!("{family}Succeeded"));
        assert_eq!(inner(&bench, &execution).await, expected, "{resource}");

        let execution = start(&bench, machine, "ill", &format!("ill-{number}")).await;
        let described = bench.ended(&execution).await;
        assert_eq!(described["status"], "FAILED", "{resource}");
        assert_eq!(
            (&described["error"], &described["cause"]),
            (&json!("Broken"), &json!("it fell"))
        );
        expected.pop();
        expected.push(format!("{family}Failed"));
        assert_eq!(inner(&bench, &execution).await, expected, "{resource}");
    }
    assert_eq!(bench.services.calls.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn a_refused_call_has_submitted_nothing() {
    let refused = json!({ "0": { "Throw": { "Error": "ECS.InvalidParameterException" } } });
    let rehearsal = of_machine(
        &json!({ "refused": { "Work": "no" } }),
        &json!({ "no": refused }),
    );
    let bench = Bench::rehearsing(rehearsal);
    let machine = bench
        .machine("m", &task("arn:aws:states:::ecs:runTask.sync"))
        .await;
    let execution = start(&bench, &machine, "refused", "e").await;
    bench.ended(&execution).await;
    assert_eq!(
        inner(&bench, &execution).await,
        ["TaskScheduled", "TaskStarted", "TaskFailed"]
    );
}

/// A Map whose items are mocked calls that are tried again.
fn map_with_retry(processor: &Value) -> Value {
    json!({ "StartAt": "Each", "States": { "Each": {
        "Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 1, "End": true,
        "ItemProcessor": {
            "ProcessorConfig": processor,
            "StartAt": "Call",
            "States": { "Call": {
                "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": { "FunctionName": "nobody" }, "OutputPath": "$.Payload",
                "Retry": [{ "ErrorEquals": ["Boom"], "IntervalSeconds": 1, "MaxDelaySeconds": 2 }],
                "End": true } } } } } })
}

fn sequence() -> Rehearsal {
    of_machine(
        &json!({ "case": { "Call": "sequence" } }),
        &json!({ "sequence": {
            "0": { "Throw": { "Error": "Boom", "Cause": "first" } },
            "1": { "Return": { "Payload": "one" } },
            "2-9": { "Return": { "Payload": "more" } },
        } }),
    )
}

#[tokio::test]
async fn calls_are_counted_over_retries_iterations_and_restarts() {
    let mut bench = Bench::rehearsing(sequence());
    let machine = bench
        .machine("m", &map_with_retry(&json!({ "Mode": "INLINE" })))
        .await;
    let items = json!({ "items": [1, 2, 3] });
    let execution = bench.start(&format!("{machine}#case"), "e", &items).await;
    // The first call has failed and waits for its retry.
    bench.reopen_rehearsing(sequence()).await;
    let answer = output(&bench.ended(&execution).await);
    assert_eq!(answer, json!(["one", "more", "more"]));
}

#[tokio::test]
async fn children_of_a_distributed_map_count_with_the_execution_that_was_started() {
    let bench = Bench::rehearsing(sequence());
    let distributed = json!({ "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" });
    let machine = bench.machine("m", &map_with_retry(&distributed)).await;
    let items = json!({ "items": [1, 2, 3] });
    let execution = bench.start(&format!("{machine}#case"), "e", &items).await;
    let answer = output(&bench.ended(&execution).await);
    assert_eq!(answer, json!(["one", "more", "more"]));
}

#[tokio::test]
async fn a_call_without_an_answer_fails_the_execution_for_good() {
    let rehearsal = of_machine(
        &json!({ "short": { "Work": "once" } }),
        &json!({ "once": { "0": { "Throw": { "Error": "E" } } } }),
    );
    let bench = Bench::rehearsing(rehearsal);
    let mut definition = task(FUNCTION);
    let all = json!([{ "ErrorEquals": ["States.ALL"], "IntervalSeconds": 1 }]);
    definition["States"]["Work"]["Retry"] = all;
    let machine = bench.machine("m", &definition).await;
    let execution = start(&bench, &machine, "short", "e").await;
    let described = bench.ended(&execution).await;
    assert_eq!(described["error"], "States.Runtime");
    assert_eq!(
        described["cause"],
        "The mocked response 'once' has no answer for call 1 of the state 'Work'"
    );
}

#[tokio::test]
async fn states_that_a_test_case_leaves_out_call_their_services() {
    let rehearsal = of_machine(
        &json!({ "half": { "First": "mocked" } }),
        &json!({ "mocked": { "0": { "Return": { "from": "the file" } } } }),
    );
    let bench = Bench::rehearsing(rehearsal);
    let mut definition = lambda("echo");
    definition["StartAt"] = json!("First");
    definition["States"]["First"] = json!({
        "Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync", "Next": "Call" });
    let machine = bench.machine("m", &definition).await;
    let execution = start(&bench, &machine, "half", "e").await;
    let answer = output(&bench.ended(&execution).await);
    assert_eq!(answer["Payload"], json!({ "from": "the file" }));
    assert_eq!(bench.services.calls_of("e"), 1);

    // Without the test case the other one is called, and there is nobody to call.
    let execution = bench.start(&machine, "alone", &json!({})).await;
    let described = bench.ended(&execution).await;
    assert_eq!(
        (&described["error"], &described["cause"]),
        (
            &json!("States.Runtime"),
            &json!(
                "The resource 'arn:aws:states:::glue:startJobRun.sync' is not supported by this cloud"
            )
        )
    );
}

#[tokio::test]
async fn a_machine_may_name_any_resource_only_where_a_test_case_answers() {
    let rehearsal = of_machine(
        &json!({ "case": { "Work": "r" } }),
        &json!({ "r": { "0": { "Return": 1 } } }),
    );
    let bench = Bench::rehearsing(rehearsal);
    let definition = task("arn:aws:states:::glue:startJobRun");
    bench.machine("m", &definition).await;
    let body = json!({ "name": "other", "definition": definition.to_string(), "roleArn": ROLE });
    let refused = bench.refused("CreateStateMachine", body).await;
    assert_eq!(refused.code, "InvalidDefinition");
}

#[tokio::test]
async fn a_test_case_that_does_not_fit_is_refused_before_anything_runs() {
    let rehearsal = of_machine(
        &json!({ "well": { "Work": "r" }, "typo": { "Wrok": "r" } }),
        &json!({ "r": { "0-9": { "Return": 1 } } }),
    );
    let mut bench = Bench::rehearsing(rehearsal);
    let machine = bench.machine("m", &task(FUNCTION)).await;
    let started = |case: &str| json!({ "stateMachineArn": format!("{machine}#{case}") });
    for (case, message) in [
        (
            "none",
            "The mock file has no test case 'none' of the state machine 'm': it has typo, well",
        ),
        (
            "typo",
            "The test case 'typo' of the mock file answers for 'Wrok', which is no Task state of the state machine \
             'm'",
        ),
    ] {
        let refused = bench.refused("StartExecution", started(case)).await;
        assert_eq!(
            (refused.code.as_str(), refused.message.as_str()),
            ("InvalidName", message)
        );
    }
    // Where there is no mock file, the ARN is what it is on AWS: that of no machine.
    bench.reopen().await;
    let refused = bench.refused("StartExecution", started("well")).await;
    assert_eq!(refused.code, "StateMachineDoesNotExist");
}

#[tokio::test]
async fn an_execution_of_a_test_case_never_calls_a_service_in_its_place() {
    let with = |response: &Value| {
        of_machine(
            &json!({ "case": { "Call": "r" } }),
            &json!({ "r": response }),
        )
    };
    let mut bench = Bench::rehearsing(with(&json!({ "0": { "Throw": { "Error": "Later" } } })));
    let mut definition = lambda("echo");
    definition["States"]["Call"]["Retry"] =
        json!([{ "ErrorEquals": ["Later"], "IntervalSeconds": 1 }]);
    let machine = bench.machine("m", &definition).await;
    let execution = start(&bench, &machine, "case", "e").await;
    // The cloud is started again without the file.
    bench.reopen().await;
    let described = bench.ended(&execution).await;
    assert_eq!(
        described["cause"],
        "The mock file has no test case 'case' of the state machine 'm'"
    );
    assert_eq!(bench.services.calls_of("e"), 0);
}

#[tokio::test]
async fn versions_express_machines_and_nested_executions_take_test_cases_too() {
    let document = json!({
        "StateMachines": {
            "m": { "TestCases": { "case": { "Work": "r" } } },
            "parent": { "TestCases": { "none": {} } },
        },
        "MockedResponses": { "r": { "0": { "Return": "mocked" } } },
    });
    let bench = Bench::rehearsing(rehearsal(&document));
    let machine = bench.machine("m", &task(FUNCTION)).await;
    let version = bench
        .ok(
            "PublishStateMachineVersion",
            json!({ "stateMachineArn": machine }),
        )
        .await;
    let version = text(&version["stateMachineVersionArn"]);
    let execution = start(&bench, &version, "case", "version").await;
    let described = bench.ended(&execution).await;
    assert_eq!(output(&described), "mocked");
    // What is told of it knows nothing of the test case.
    assert_eq!(described["stateMachineVersionArn"], version);
    assert_eq!(described["stateMachineArn"], machine);

    let nested = json!({ "StartAt": "Start", "States": { "Start": {
        "Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": { "StateMachineArn": format!("{machine}#case"), "Input": { "n": 1 } },
        "OutputPath": "$.Output", "End": true } } });
    let parent = bench.machine("parent", &nested).await;
    let execution = start(&bench, &parent, "none", "nested").await;
    assert_eq!(output(&bench.ended(&execution).await), "mocked");
}

#[tokio::test]
async fn a_synchronous_execution_takes_a_test_case() {
    let rehearsal = of_machine(
        &json!({ "case": { "Work": "r" } }),
        &json!({ "r": { "0": { "Return": "mocked" } } }),
    );
    let bench = Bench::rehearsing(rehearsal);
    let definition = task(FUNCTION).to_string();
    let body = json!({ "name": "m", "type": "EXPRESS", "definition": definition, "roleArn": ROLE });
    let machine = text(&bench.ok("CreateStateMachine", body).await["stateMachineArn"]);
    let body = json!({ "stateMachineArn": format!("{machine}#case"), "input": "{}" });
    let answer = bench.ok("StartSyncExecution", body).await;
    assert_eq!(output(&answer), "mocked");
}

#[tokio::test]
async fn a_loop_of_mocked_calls_goes_on_to_the_historys_limit_and_no_further() {
    let rehearsal = of_machine(
        &json!({ "case": { "Again": "r" } }),
        &json!({ "r": { "0-99999": { "Return": {} } } }),
    );
    let bench = Bench::rehearsing(rehearsal);
    let definition = json!({ "StartAt": "Again", "States": {
        "Again": { "Type": "Task", "Resource": FUNCTION, "Next": "Round" },
        "Round": { "Type": "Choice", "Default": "Again", "Choices": [
            { "Variable": "$.enough", "IsPresent": true, "Next": "Enough" }] },
        "Enough": { "Type": "Succeed" } } });
    let machine = bench.machine("m", &definition).await;
    let execution = start(&bench, &machine, "case", "e").await;
    let described = bench.ended(&execution).await;
    assert_eq!(described["status"], "FAILED");
}
