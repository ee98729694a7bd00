//! "Step Functions Execution Status Change", as EventBridge gets it.

use serde_json::json;
use states_language::{Execution, Status, Timestamp};

use super::arn::Home;
use crate::CloudEvent;

/// Input and output are left out of an event when they have more bytes than this together.
const MAX_DATA_BYTES: usize = 248 * 1024;

/// The event for an execution that now has this status. `RUNNING` may be told of an execution that has
/// already gone further: what belongs to its end is left out then.
pub(crate) fn status_change(
    home: &Home,
    execution: &Execution,
    status: Status,
    now: Timestamp,
) -> CloudEvent {
    let ended = status != Status::Running;
    let info = execution.info();
    let input = execution.input();
    let output = execution.output().filter(|_| ended);
    let included = input.len() + output.map_or(0, str::len) <= MAX_DATA_BYTES;
    let millis = |moment: Option<Timestamp>| moment.map(|moment| moment.0);
    let detail = json!({
        "executionArn": info.arn,
        "stateMachineArn": info.state_machine_arn,
        "name": info.name,
        "status": status.as_str(),
        "startDate": millis(execution.start_date()),
        "stopDate": millis(execution.stop_date().filter(|_| ended)),
        "input": included.then_some(input),
        "output": output.filter(|_| included),
        "stateMachineVersionArn": null,
        "stateMachineAliasArn": null,
        "redriveCount": execution.redrive_count(),
        "redriveDate": millis(execution.redrive_date()),
        "inputDetails": { "included": included },
        "outputDetails": output.map(|_| json!({ "included": included })),
        "error": execution.error().filter(|_| ended),
        "cause": execution.cause().filter(|_| ended),
    });
    CloudEvent {
        version: "0".to_owned(),
        id: uuid::Uuid::new_v4().to_string(),
        detail_type: "Step Functions Execution Status Change".to_owned(),
        source: "aws.states".to_owned(),
        account: home.account.clone(),
        time: to_the_second(now),
        region: home.region.clone(),
        resources: vec![info.arn.clone()],
        detail,
    }
}

fn to_the_second(moment: Timestamp) -> String {
    let iso = moment.to_iso();
    match iso.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => iso,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_times_have_no_fraction() {
        assert_eq!(
            to_the_second(Timestamp(1_700_000_000_123)),
            "2023-11-14T22:13:20Z"
        );
    }
}
