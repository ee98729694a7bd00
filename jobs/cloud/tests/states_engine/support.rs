//! An engine on a temporary store, with services that do what the test says.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use local_cloud::states::{ApiError, CallContext, Engine, EngineSettings, Integrations, TaskError};
use local_cloud::{CloudEvent, DeliveryError, Durability, EventSink, Rehearsal};
use serde_json::{Value, json};
use states_language::{Resource, TaskRequest};
use tempfile::TempDir;

pub const ROLE: &str = "arn:aws:iam::000000000000:role/test";

/// Long enough for a loaded machine; nothing is ever asserted to be quick.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A Lambda whose functions are named for what they do: `echo`, `keep`, `fail`, `hang`, `panic`,
/// `fail-until-N` (fails N times for each execution).
#[derive(Default)]
pub struct Services {
    /// Calls by execution name.
    pub calls: Mutex<BTreeMap<String, usize>>,
    /// Task tokens that `keep` was given.
    pub tokens: Mutex<Vec<String>>,
    /// Calls that were dropped before they had an answer.
    pub dropped: Arc<Mutex<usize>>,
}

impl Services {
    pub fn calls_of(&self, execution: &str) -> usize {
        self.calls
            .lock()
            .unwrap()
            .get(execution)
            .copied()
            .unwrap_or(0)
    }

    pub fn dropped(&self) -> usize {
        *self.dropped.lock().unwrap()
    }
}

struct CountDrop(Arc<Mutex<usize>>);

impl Drop for CountDrop {
    fn drop(&mut self) {
        *self.0.lock().unwrap() += 1;
    }
}

#[async_trait]
impl Integrations for Services {
    fn supports(&self, resource: &Resource) -> bool {
        resource.resource_type() == "lambda"
            && ["invoke", "invoke.waitForTaskToken"].contains(&resource.resource().as_str())
    }

    async fn call(
        &self,
        request: &TaskRequest,
        context: &CallContext,
    ) -> Result<String, TaskError> {
        let name = context.execution_arn.rsplit(':').next().unwrap().to_owned();
        let made = {
            let mut calls = self.calls.lock().unwrap();
            let calls = calls.entry(name).or_default();
            *calls += 1;
            *calls
        };
        let parameters: Value = serde_json::from_str(&request.input).unwrap();
        let fail = || TaskError {
            error: "Broken".into(),
            cause: format!("call {made}"),
        };
        match parameters["FunctionName"].as_str().unwrap() {
            "echo" => {
                Ok(json!({ "Payload": parameters["Payload"], "StatusCode": 200 }).to_string())
            }
            "keep" => {
                let token = text(&parameters["Payload"]["token"]);
                self.tokens.lock().unwrap().push(token);
                Ok(json!({ "StatusCode": 200 }).to_string())
            }
            "fail" => Err(fail()),
            "hang" => {
                let _guard = CountDrop(Arc::clone(&self.dropped));
                std::future::pending().await
            }
            "panic" => panic!("a bug in an integration"),
            name => {
                let until: usize = name.strip_prefix("fail-until-").unwrap().parse().unwrap();
                if made <= until {
                    Err(fail())
                } else {
                    Ok("{}".to_owned())
                }
            }
        }
    }
}

pub struct Bench {
    pub engine: Arc<Engine>,
    pub services: Arc<Services>,
    folder: TempDir,
}

pub fn open_at(path: &Path, services: &Arc<Services>) -> Arc<Engine> {
    open_keeping(path, services, None)
}

/// An engine that keeps ended executions so long.
pub fn open_keeping(path: &Path, services: &Arc<Services>, keep: Option<Duration>) -> Arc<Engine> {
    open_with(path, services, keep, Rehearsal::default())
}

fn open_with(
    path: &Path,
    services: &Arc<Services>,
    keep: Option<Duration>,
    rehearsal: Rehearsal,
) -> Arc<Engine> {
    let settings = EngineSettings {
        region: "us-east-1".into(),
        account: "000000000000".into(),
        durability: Durability::Normal,
        keep,
        rehearsal,
    };
    Engine::open(
        path,
        settings,
        Arc::clone(services) as Arc<dyn Integrations>,
    )
    .unwrap()
}

impl Bench {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let services = Arc::new(Services::default());
        let engine = open_at(&folder.path().join("states.db"), &services);
        Self {
            engine,
            services,
            folder,
        }
    }

    /// One whose machines run without their services.
    pub fn rehearsing(rehearsal: Rehearsal) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let services = Arc::new(Services::default());
        let path = folder.path().join("states.db");
        let engine = open_with(&path, &services, None, rehearsal);
        Self {
            engine,
            services,
            folder,
        }
    }

    /// Ends the engine and opens the store again, to rehearse so.
    pub async fn reopen_rehearsing(&mut self, rehearsal: Rehearsal) {
        self.engine.close().await;
        self.engine = open_with(&self.path(), &self.services, None, rehearsal);
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("states.db")
    }

    /// Ends the engine and opens the store again.
    pub async fn reopen(&mut self) {
        self.engine.close().await;
        self.engine = open_at(&self.path(), &self.services);
    }

    /// The same with an engine that keeps ended executions so long.
    pub async fn reopen_keeping(&mut self, keep: Duration) {
        self.engine.close().await;
        self.engine = open_keeping(&self.path(), &self.services, Some(keep));
    }

    pub async fn ok(&self, operation: &str, body: Value) -> Value {
        match self.engine.request(operation, body.clone()).await {
            Ok(answer) => answer,
            Err(error) => panic!("{operation} {body}: {error}"),
        }
    }

    pub async fn refused(&self, operation: &str, body: Value) -> ApiError {
        match self.engine.request(operation, body.clone()).await {
            Ok(answer) => panic!("{operation} {body} was not refused: {answer}"),
            Err(error) => error,
        }
    }

    /// Makes a machine; gives its ARN.
    pub async fn machine(&self, name: &str, definition: &Value) -> String {
        let body = json!({ "name": name, "definition": definition.to_string(), "roleArn": ROLE });
        text(&self.ok("CreateStateMachine", body).await["stateMachineArn"])
    }

    /// Starts an execution; gives its ARN.
    pub async fn start(&self, machine: &str, name: &str, input: &Value) -> String {
        let body = json!({ "stateMachineArn": machine, "name": name, "input": input.to_string() });
        text(&self.ok("StartExecution", body).await["executionArn"])
    }

    pub async fn describe(&self, execution: &str) -> Value {
        self.ok("DescribeExecution", json!({ "executionArn": execution }))
            .await
    }

    /// Waits until the execution has ended; gives its description.
    pub async fn ended(&self, execution: &str) -> Value {
        eventually(|| async {
            let described = self.describe(execution).await;
            (described["status"] != "RUNNING").then_some(described)
        })
        .await
    }

    pub async fn events(&self, execution: &str) -> Vec<Value> {
        let body = json!({ "executionArn": execution, "maxResults": 1000 });
        self.ok("GetExecutionHistory", body).await["events"]
            .as_array()
            .unwrap()
            .clone()
    }

    pub async fn event_types(&self, execution: &str) -> Vec<String> {
        self.events(execution)
            .await
            .iter()
            .map(|event| text(&event["type"]))
            .collect()
    }

    pub async fn poll(&self, activity: &str, worker: &str) -> Value {
        self.ok(
            "GetActivityTask",
            json!({ "activityArn": activity, "workerName": worker }),
        )
        .await
    }
}

pub fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("not a text: {value}"))
        .to_owned()
}

/// Tries until there is something.
pub async fn eventually<T, F: Future<Output = Option<T>>>(mut attempt: impl FnMut() -> F) -> T {
    let attempts = async {
        loop {
            if let Some(found) = attempt().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, attempts)
        .await
        .expect("it never happened")
}

/// One Task state that calls a function with the whole input as payload.
pub fn lambda(function: &str) -> Value {
    json!({
        "StartAt": "Call",
        "States": { "Call": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": { "FunctionName": function, "Payload.$": "$" },
            "End": true,
        } },
    })
}

/// One Task state for workers, with these fields added to it.
pub fn activity(arn: &str, fields: &Value) -> Value {
    let mut state = json!({ "Type": "Task", "Resource": arn, "End": true });
    state
        .as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    json!({ "StartAt": "Work", "States": { "Work": state } })
}

/// One Wait state.
pub fn wait(seconds: u64) -> Value {
    let state = json!({ "Type": "Wait", "Seconds": seconds, "End": true });
    json!({ "StartAt": "Wait", "States": { "Wait": state } })
}

/// Collects events; refuses the first so many deliveries.
#[derive(Default)]
pub struct Sink {
    pub events: Mutex<Vec<CloudEvent>>,
    pub refusals: Mutex<usize>,
}

impl Sink {
    pub fn refusing(times: usize) -> Self {
        Self {
            refusals: Mutex::new(times),
            ..Self::default()
        }
    }

    /// Name and status of what has been delivered.
    pub fn told(&self) -> Vec<(String, String)> {
        let events = self.events.lock().unwrap();
        events
            .iter()
            .map(|e| (text(&e.detail["name"]), text(&e.detail["status"])))
            .collect()
    }
}

#[async_trait]
impl EventSink for Sink {
    async fn deliver(&self, event: &CloudEvent) -> Result<(), DeliveryError> {
        let mut refusals = self.refusals.lock().unwrap();
        if *refusals > 0 {
            *refusals -= 1;
            return Err(DeliveryError {
                rule: "rule".into(),
                target: "target".into(),
                reason: "not now".into(),
            });
        }
        self.events.lock().unwrap().push(event.clone());
        Ok(())
    }
}
