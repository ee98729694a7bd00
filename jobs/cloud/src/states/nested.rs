//! Executions that Task states start: `arn:aws:states:::states:startExecution`, which the engine serves by
//! itself, in the transaction of the step that asks for it.

use serde_json::{Map, Value, json};
use states_language::{Event, Execution, Pattern, Resource, Status, TaskId, TaskRequest};

use super::api::start::{Start, start};
use super::error::{Fault, StoreError};
use super::message::TaskKey;
use super::store;
use super::store::nested::Parent;
use super::turn::Turn;

/// Whether a resource is served here.
pub(crate) fn starts_execution(resource: &Resource) -> Option<Pattern> {
    match resource {
        Resource::Service {
            service,
            action,
            pattern,
            sdk: false,
        } if service == "states" && action == "startExecution" => Some(*pattern),
        _ => None,
    }
}

impl Turn<'_> {
    /// Starts the execution that a task asks for; gives what happens to the task at once.
    pub(super) fn start_nested(
        &mut self,
        key: TaskKey,
        request: &TaskRequest,
        pattern: Pattern,
    ) -> Result<Vec<Event>, Fault> {
        let task = TaskId(key.task);
        let mut events = vec![Event::TaskStarted {
            task,
            worker_name: None,
        }];
        let parameters: Map<String, Value> =
            serde_json::from_str(&request.input).unwrap_or_default();
        let text = |name: &str| {
            parameters
                .get(name)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let input = match parameters.get("Input") {
            None => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(value) => Some(value.to_string()),
        };
        let begun = start(
            self,
            Start {
                machine: &text("StateMachineArn").unwrap_or_default(),
                name: text("Name"),
                input: input.as_deref().unwrap_or("{}"),
                trace_header: text("TraceHeader").as_deref(),
            },
        );
        let begun = match begun {
            Ok(begun) => begun,
            Err(Fault::Api(refused)) => {
                events.push(Event::TaskFailed {
                    task,
                    error: Some(format!("StepFunctions.{}Exception", refused.code)),
                    cause: Some(format!(
                        "{} (Service: Sfn, Status Code: 400)",
                        refused.message
                    )),
                });
                return Ok(events);
            }
            Err(fault) => return Err(fault),
        };
        let output = json!({ "ExecutionArn": begun.arn, "StartDate": begun.started }).to_string();
        match pattern {
            Pattern::RequestResponse => events.push(Event::TaskSucceeded { task, output }),
            Pattern::WaitForTaskToken => events.push(Event::TaskSubmitted { task, output }),
            Pattern::Sync | Pattern::Sync2 => {
                events.push(Event::TaskSubmitted { task, output });
                let parent = Parent {
                    task: key,
                    json: pattern == Pattern::Sync2,
                };
                if begun.is_new {
                    store::nested::insert(self.store, begun.id, parent)?;
                } else {
                    let cause = format!("Execution Already Exists: '{}'", begun.arn);
                    events.push(Event::TaskFailed {
                        task,
                        error: Some("StepFunctions.ExecutionAlreadyExistsException".to_owned()),
                        cause: Some(cause),
                    });
                }
            }
        }
        Ok(events)
    }

    /// An execution has ended: whoever waits for it hears of it.
    pub(super) fn tell_parent(&mut self, id: i64, execution: &Execution) -> Result<(), Fault> {
        let Some(parent) = store::nested::parent(self.store, id)? else {
            return Ok(());
        };
        let description = description(execution, parent.json).to_string();
        let task = TaskId(parent.task.task);
        let event = if execution.status() == Status::Succeeded {
            Event::TaskSucceeded {
                task,
                output: description,
            }
        } else {
            Event::TaskFailed {
                task,
                error: Some("States.TaskFailed".to_owned()),
                cause: Some(description),
            }
        };
        self.advance(parent.task.execution, event)?;
        Ok(())
    }

    /// Nobody waits any more: the execution that a task started is stopped with it.
    pub(super) fn stop_nested(&mut self, key: TaskKey) -> Result<(), Fault> {
        let Some(child) = store::nested::child(self.store, key)? else {
            return Ok(());
        };
        let running = store::executions::summary_of(self.store, child)?
            .ok_or_else(|| StoreError::Missing(format!("execution {child}")))?
            .is_running();
        if running {
            let cause = "The execution that started it does not wait for it any more".to_owned();
            let event = Event::Stopped {
                error: None,
                cause: Some(cause),
            };
            self.advance(child, event)?;
        }
        Ok(())
    }
}

/// What `DescribeExecution` says, in the names that integrations use.
fn description(execution: &Execution, json: bool) -> Value {
    let data = |text: &str| {
        let parsed = json.then(|| serde_json::from_str(text).ok()).flatten();
        parsed.unwrap_or_else(|| Value::from(text))
    };
    let info = execution.info();
    let mut described = Map::new();
    let mut add = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            described.insert(key.to_owned(), value);
        }
    };
    let included = || Some(json!({ "Included": true }));
    add("Cause", execution.cause().map(Value::from));
    add("Error", execution.error().map(Value::from));
    add("ExecutionArn", Some(info.arn.as_str().into()));
    add("Input", Some(data(execution.input())));
    add("InputDetails", included());
    add("Name", Some(info.name.as_str().into()));
    add("Output", execution.output().map(data));
    add("OutputDetails", execution.output().and_then(|_| included()));
    add("RedriveCount", Some(execution.redrive_count().into()));
    add("StartDate", execution.start_date().map(|at| at.0.into()));
    add(
        "StateMachineArn",
        Some(info.state_machine_arn.as_str().into()),
    );
    add("Status", Some(execution.status().as_str().into()));
    add("StopDate", execution.stop_date().map(|at| at.0.into()));
    Value::Object(described)
}
