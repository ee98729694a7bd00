//! A machine without its services and without waiting, through the SDK and the whole cloud.

use std::path::Path;

use aws_sdk_sfn::types::HistoryEventType;
use local_cloud::{Cloud, CloudConfig, Mocks, Rehearsal, Stack, TimeScale};
use serde_json::json;

use crate::support::{self, ACCESS, SECRET, eventually, sfn};

const ROLE: &str = "arn:aws:iam::000000000000:role/test";

#[tokio::test(flavor = "multi_thread")]
async fn a_test_case_is_started_by_its_name_behind_the_arn() {
    let mocks = json!({
        "StateMachines": { "orders": { "TestCases": { "Busy": { "Charge": "Later" } } } },
        "MockedResponses": { "Later": {
            "0-1": { "Throw": { "Error": "Glue.ConcurrentRunsExceededException" } },
            "2": { "Return": { "JobRunState": "SUCCEEDED" } },
        } },
    });
    let folder = tempfile::tempdir().unwrap();
    let config = CloudConfig {
        rehearsal: Rehearsal {
            mocks: Some(Mocks::parse(&mocks.to_string(), Path::new("mocks.json")).unwrap()),
            time_scale: TimeScale::new(0.0).unwrap(),
        },
        ..support::config(folder.path(), Stack::default())
    };
    let cloud = Cloud::start(config).await.unwrap();
    let client = sfn(cloud.address(), ACCESS, SECRET);
    // A service that the cloud does not have, tried again after an hour, then a day's wait.
    let definition = json!({ "StartAt": "Charge", "States": {
        "Charge": {
            "Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync",
            "Parameters": { "JobName": "charge" },
            "Retry": [{ "ErrorEquals": ["States.ALL"], "IntervalSeconds": 3600 }],
            "Next": "Rest",
        },
        "Rest": { "Type": "Wait", "Seconds": 86_400, "End": true },
    } });
    let made = client
        .create_state_machine()
        .name("orders")
        .definition(definition.to_string())
        .role_arn(ROLE)
        .send()
        .await
        .unwrap();
    let started = client
        .start_execution()
        .state_machine_arn(format!("{}#Busy", made.state_machine_arn()))
        .send()
        .await
        .unwrap();
    let described = eventually("the execution ends", async || {
        let described = client
            .describe_execution()
            .execution_arn(started.execution_arn())
            .send()
            .await
            .unwrap();
        described.stop_date().is_some().then_some(described)
    })
    .await;
    assert_eq!(described.output(), Some(r#"{"JobRunState":"SUCCEEDED"}"#));
    assert_eq!(described.state_machine_arn(), made.state_machine_arn());
    let history = client
        .get_execution_history()
        .execution_arn(started.execution_arn())
        .send()
        .await
        .unwrap();
    let count = |kind: HistoryEventType| {
        let events = history.events().iter();
        events.filter(|event| *event.r#type() == kind).count()
    };
    assert_eq!(count(HistoryEventType::TaskScheduled), 3);
    assert_eq!(count(HistoryEventType::TaskFailed), 2);
    assert_eq!(count(HistoryEventType::TaskSubmitted), 1);
    cloud.stop(false).await;
}
