//! Service calls that are under way.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, mpsc};

use futures::FutureExt;
use serde_json::Value;
use states_language::{Event, TaskId, TaskRequest};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;

use super::error::Fault;
use super::integrations::{CallContext, Integrations, Started, TaskError};
use super::message::{Item, Message, Operation, TaskKey};
use super::turn::{Effect, Turn};

/// Calls that run at the same time; the others wait for their turn.
const MAX_CALLS: usize = 256;

/// The calls that have no answer yet. Dropping it aborts them all.
pub(crate) struct Calls {
    runtime: Handle,
    integrations: Arc<dyn Integrations>,
    engine: mpsc::Sender<Message>,
    turns: Arc<Semaphore>,
    running: BTreeMap<TaskKey, AbortHandle>,
}

impl Calls {
    pub(crate) fn new(
        runtime: Handle,
        integrations: Arc<dyn Integrations>,
        engine: mpsc::Sender<Message>,
    ) -> Self {
        let turns = Arc::new(Semaphore::new(MAX_CALLS));
        Self {
            runtime,
            integrations,
            engine,
            turns,
            running: BTreeMap::new(),
        }
    }

    /// Makes a call; its answer comes as a message to the engine.
    pub(crate) fn start(&mut self, execution: i64, request: TaskRequest, mut context: CallContext) {
        let task = TaskKey {
            execution,
            task: request.task.0,
        };
        let (integrations, turns) = (Arc::clone(&self.integrations), Arc::clone(&self.turns));
        let engine = self.engine.clone();
        let queues = integrations.queues(&request.resource);
        if queues {
            let engine = engine.clone();
            context.started = Started::new(move || {
                let operation = Box::new(Began { task });
                // An engine that has ended makes the call again when it is opened.
                let _ = engine.send(Message::Run(Item {
                    operation,
                    reply: None,
                }));
            });
        }
        let call = async move {
            // The semaphore is never closed. Calls that queue somewhere else do not keep others waiting here.
            let _turn = if queues {
                None
            } else {
                turns.acquire().await.ok()
            };
            let call = AssertUnwindSafe(integrations.call(&request, &context)).catch_unwind();
            let result = call.await.unwrap_or_else(|_| {
                Err(TaskError {
                    error: "States.Runtime".to_owned(),
                    cause: format!(
                        "The integration {}:{} panicked",
                        request.resource.resource_type(),
                        request.resource.resource()
                    ),
                })
            });
            let operation = Box::new(Answered { task, result });
            // An engine that has ended makes the call again when it is opened.
            let _ = engine.send(Message::Run(Item {
                operation,
                reply: None,
            }));
        };
        let handle = self.runtime.spawn(call).abort_handle();
        if let Some(former) = self.running.insert(task, handle) {
            former.abort();
        }
    }

    /// Drops a call whose answer matters no more.
    pub(crate) fn abort(&mut self, task: TaskKey) {
        if let Some(call) = self.running.remove(&task) {
            call.abort();
        }
    }

    /// Drops all calls of an execution.
    pub(crate) fn abort_all(&mut self, execution: i64) {
        let all = TaskKey { execution, task: 0 }..=TaskKey {
            execution,
            task: u64::MAX,
        };
        let tasks: Vec<TaskKey> = self.running.range(all).map(|(task, _)| *task).collect();
        for task in tasks {
            self.abort(task);
        }
    }
}

impl Drop for Calls {
    fn drop(&mut self) {
        for call in self.running.values() {
            call.abort();
        }
    }
}

/// A call's work has begun.
struct Began {
    task: TaskKey,
}

impl Operation for Began {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let event = Event::TaskStarted {
            task: TaskId(self.task.task),
            worker_name: None,
        };
        turn.advance(self.task.execution, event)?;
        Ok(Value::Null)
    }
}

/// A service has answered.
struct Answered {
    task: TaskKey,
    result: Result<String, TaskError>,
}

impl Operation for Answered {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let task = TaskId(self.task.task);
        let event = match &self.result {
            Ok(output) => Event::TaskSucceeded {
                task,
                output: output.clone(),
            },
            Err(TaskError { error, cause }) => Event::TaskFailed {
                task,
                error: Some(error.clone()),
                cause: Some(cause.clone()),
            },
        };
        turn.advance(self.task.execution, event)?;
        turn.after(Effect::Abort { task: self.task });
        Ok(Value::Null)
    }
}
