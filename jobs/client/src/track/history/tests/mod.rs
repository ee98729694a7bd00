//! Histories as Step Functions writes them: types, order and `previousEventId` follow AWS's own
//! recordings; only names and payloads are ours.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, clippy::float_cmp)]

mod ours;
mod soup;

use serde_json::{Value, json};

use super::*;
use crate::track::Place;

/// Writes a history line by line: ids count, and each event follows the one before.
struct Writer {
    events: Vec<Value>,
    planned: &'static str,
}

const ACTIVITY: &str = "arn:aws:states:us-east-1:000000000000:activity:whiteboarder-clean";

impl Writer {
    fn started() -> Self {
        let mut writer = Self {
            events: Vec::new(),
            planned: "lambda",
        };
        writer.add(
            "ExecutionStarted",
            "executionStarted",
            json!({"input": "{}"}),
        );
        writer
    }

    fn add(&mut self, kind: &str, details: &str, value: Value) -> &mut Self {
        let id = self.events.len() as u64 + 1;
        let previous = if kind.ends_with("StateEntered") && id == 2 {
            0
        } else {
            id - 1
        };
        self.events.push(json!({
            "id": id, "previousEventId": previous, "type": kind,
            "timestamp": 1_700_000_000.0 + id as f64,
            format!("{details}EventDetails"): value,
        }));
        self
    }

    fn enter(&mut self, kind: &str, name: &str) -> &mut Self {
        self.add(
            &format!("{kind}StateEntered"),
            "stateEntered",
            json!({"name": name}),
        )
    }

    fn exit(&mut self, kind: &str, name: &str, output: &Value) -> &mut Self {
        let details = json!({"name": name, "output": output.to_string()});
        self.add(&format!("{kind}StateExited"), "stateExited", details)
    }

    fn lambda(&mut self, action: &str) -> &mut Self {
        let parameters = json!({"FunctionName": "f", "Payload": {"action": action}}).to_string();
        let resource = json!({"resourceType": "lambda", "resource": "invoke"});
        let mut scheduled = resource.clone();
        scheduled["parameters"] = parameters.into();
        self.add("TaskScheduled", "taskScheduled", scheduled);
        self.add("TaskStarted", "taskStarted", resource)
    }

    fn lambda_fails(&mut self, error: &str, message: &str) -> &mut Self {
        let cause = json!({"errorType": error, "errorMessage": message}).to_string();
        let details =
            json!({"resourceType": "lambda", "resource": "invoke", "error": error, "cause": cause});
        self.add("TaskFailed", "taskFailed", details)
    }

    fn activity(&mut self) -> &mut Self {
        let details = json!({"resource": ACTIVITY, "input": "{}", "heartbeatInSeconds": 20});
        self.add("ActivityScheduled", "activityScheduled", details)
    }

    fn taken_by(&mut self, worker: &str) -> &mut Self {
        self.add(
            "ActivityStarted",
            "activityStarted",
            json!({"workerName": worker}),
        )
    }

    /// Register and Plan, as every execution of our machine begins.
    fn planned(place: &'static str) -> Self {
        let mut writer = Self::started();
        writer.planned = place;
        writer.enter("Task", "Register");
        let resource = json!({"resourceType": "aws-sdk:s3", "resource": "putObject"});
        writer.add("TaskScheduled", "taskScheduled", resource.clone());
        writer.add("TaskStarted", "taskStarted", resource.clone());
        writer.add("TaskSucceeded", "taskSucceeded", resource);
        writer.exit("Task", "Register", &json!({}));
        writer.enter("Task", "Plan").lambda("plan");
        writer.add("TaskSucceeded", "taskSucceeded", json!({"output": "{}"}));
        writer.exit("Task", "Plan", &document(place));
        writer
            .enter("Choice", "Place")
            .exit("Choice", "Place", &document(place));
        writer
    }

    fn succeeds(&mut self, state: &str, kind: &str, place: &str) -> &mut Self {
        let mut output = document(self.planned);
        output["result"] = json!({"place": place, "width": 4, "seconds": {"total": 1.5},
            "output": {"key": "cleaned/b/a.jpg.png", "bytes": 9, "sha256": "aa"}});
        self.add(
            &format!("{kind}Succeeded"),
            "activitySucceeded",
            json!({"output": "{}"}),
        );
        self.exit("Task", state, &output);
        self.enter("Succeed", "Done")
            .exit("Succeed", "Done", &output);
        let details = json!({"output": output.to_string()});
        self.add("ExecutionSucceeded", "executionSucceeded", details)
    }

    fn parsed(&self) -> Vec<Event> {
        self.events
            .iter()
            .map(|event| Event::from_api(event).unwrap())
            .collect()
    }

    fn view(&self) -> ExecutionView {
        fold("e", &self.parsed())
    }
}

fn document(place: &str) -> Value {
    json!({"detail": {}, "plan": {"place": place, "wished": "auto", "why": "fits",
        "predicted": {"seconds": 2.0, "memory_mb": 300}, "limits": {"memory_mb": 1769}}})
}
