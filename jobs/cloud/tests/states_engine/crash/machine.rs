//! The machines that run while the engine is killed, and what each execution of theirs must give.

use local_cloud::states::Engine;
use serde_json::{Value, json};

/// What whoever has a token answers with.
pub const ANSWER: i64 = 7;

/// Every so many executions one runs a distributed Map.
const SPREADS: u64 = 6;

/// What exists in the engine.
pub struct Machines {
    pub activity: String,
    /// Passes, a Wait, and Parallel over an activity, an inline Map, a token and a call that fails at first.
    pub work: String,
    /// A distributed Map, whose children are executions.
    pub spread: String,
}

impl Machines {
    pub async fn ensure(engine: &Engine) -> Self {
        let activity = engine.ensure_activity("a").await.unwrap();
        let work = work(&activity).to_string();
        let spread = spread().to_string();
        Self {
            work: engine.ensure_state_machine("work", &work).await.unwrap(),
            spread: engine
                .ensure_state_machine("spread", &spread)
                .await
                .unwrap(),
            activity,
        }
    }

    /// Which one this execution runs.
    pub fn of(&self, number: u64) -> &str {
        if number % SPREADS == SPREADS - 1 {
            &self.spread
        } else {
            &self.work
        }
    }
}

/// The input of an execution of this name.
pub fn input(name: &str, number: u64) -> Value {
    json!({ "name": name, "n": number, "rest": number % 3, "items": [number, number + 1, number + 2] })
}

/// What an execution of the machine `work` with this input gives, given what the activity said.
pub fn worked(input: &Value, activity: &Value) -> Value {
    let n = input["n"].as_i64().unwrap();
    json!({
        "name": input["name"],
        "sum": n + 3,
        "parts": [activity, doubled(input), ANSWER, "in the end"],
    })
}

/// What an execution of the machine `spread` with this input gives.
pub fn spreads(input: &Value) -> Value {
    doubled(input)
}

fn doubled(input: &Value) -> Value {
    let items = input["items"].as_array().unwrap();
    let doubled = items.iter().map(|item| item.as_i64().unwrap() * 2);
    doubled.collect::<Vec<_>>().into()
}

/// Adds one to `n`.
fn add(next: &str) -> Value {
    json!({
        "Type": "Pass",
        "Parameters": {
            "name.$": "$.name", "rest.$": "$.rest", "items.$": "$.items", "n.$": "States.MathAdd($.n, 1)",
        },
        "Next": next,
    })
}

fn double() -> Value {
    json!({
        "StartAt": "Double",
        "States": { "Double": {
            "Type": "Pass",
            "Parameters": { "twice.$": "States.MathAdd($, $)" },
            "OutputPath": "$.twice",
            "End": true,
        } },
    })
}

fn always_again() -> Value {
    json!([{ "ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "BackoffRate": 1.0, "MaxAttempts": 500 }])
}

fn one(name: &str, state: &Value) -> Value {
    json!({ "StartAt": name, "States": { name: state } })
}

fn work(activity: &str) -> Value {
    let mut inside = double();
    inside["ProcessorConfig"] = json!({ "Mode": "INLINE" });
    json!({
        "StartAt": "One",
        "States": {
            "One": add("Two"),
            "Two": add("Three"),
            "Three": add("Rest"),
            "Rest": { "Type": "Wait", "SecondsPath": "$.rest", "Next": "All" },
            "All": {
                "Type": "Parallel",
                "Branches": [
                    one("Work", &json!({
                        "Type": "Task",
                        "Resource": activity,
                        "HeartbeatSeconds": 2,
                        "TimeoutSeconds": 600,
                        "Retry": always_again(),
                        "End": true,
                    })),
                    one("Each", &json!({
                        "Type": "Map",
                        "ItemsPath": "$.items",
                        "MaxConcurrency": 2,
                        "ItemProcessor": inside,
                        "End": true,
                    })),
                    one("Ask", &json!({
                        "Type": "Task",
                        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
                        "Parameters": { "FunctionName": "keep", "Payload": { "token.$": "$$.Task.Token" } },
                        "HeartbeatSeconds": 3,
                        "TimeoutSeconds": 600,
                        "Retry": always_again(),
                        "End": true,
                    })),
                    one("Try", &json!({
                        "Type": "Task",
                        "Resource": "arn:aws:states:::lambda:invoke",
                        "Parameters": { "FunctionName": "fail-until-2" },
                        "Retry": always_again(),
                        "ResultSelector": { "said": "in the end" },
                        "OutputPath": "$.said",
                        "End": true,
                    })),
                ],
                "ResultPath": "$.parts",
                "Next": "Done",
            },
            "Done": {
                "Type": "Pass",
                "Parameters": { "name.$": "$.name", "sum.$": "$.n", "parts.$": "$.parts" },
                "End": true,
            },
        },
    })
}

fn spread() -> Value {
    let mut child = double();
    child["ProcessorConfig"] = json!({ "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" });
    one(
        "Spread",
        &json!({ "Type": "Map", "ItemsPath": "$.items", "ItemProcessor": child, "End": true }),
    )
}
