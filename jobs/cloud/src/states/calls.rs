//! Service calls that are under way.

use std::collections::BTreeMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, mpsc};

use futures::FutureExt;
use serde_json::Value;
use states_language::{Event, ItemSource, Items, Resource, TaskId, TaskRequest};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;

use super::error::Fault;
use super::integrations::{CallContext, Integrations, Started, TaskError};
use super::map_runs::{Errand, Fetched, ResultsWritten};
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

    /// Makes a call; its answer comes as a message to the engine. Of a job whose submission has been answered already,
    /// only the end is waited for.
    pub(crate) fn start(
        &mut self,
        request: TaskRequest,
        mut context: CallContext,
        submitted: bool,
    ) {
        let task = context.task;
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
            // An engine that has ended makes the call again when it is opened.
            let tell = |result, stage| {
                let operation = Box::new(Answered {
                    task,
                    result,
                    stage,
                });
                let _ = engine.send(Message::Run(Item {
                    operation,
                    reply: None,
                }));
            };
            let waits = matches!(
                request.resource,
                Resource::Service { pattern, .. } if pattern.waits()
            );
            let follows = waits && integrations.follows(&request.resource);
            if !submitted {
                // The semaphore is never closed. Calls that queue somewhere else do not keep others waiting here.
                let turn = if queues {
                    None
                } else {
                    turns.acquire().await.ok()
                };
                let result = unpanicked(&request, integrations.call(&request, &context)).await;
                drop(turn);
                let stage = match (waits, follows && result.is_ok()) {
                    (false, _) => Stage::Done,
                    (true, false) => Stage::Submitted,
                    (true, true) => Stage::Followed,
                };
                tell(result, stage);
                if stage != Stage::Followed {
                    return;
                }
            }
            let outcome = unpanicked(&request, integrations.outcome(&request, &context));
            tell(outcome.await, Stage::Done);
        };
        let handle = self.runtime.spawn(call).abort_handle();
        if let Some(former) = self.running.insert(task, handle) {
            former.abort();
        }
    }

    /// Fetches a map run's items or writes its results; what came of it is a message to the engine.
    pub(crate) fn run_errand(&self, run: i64, errand: Errand) {
        let integrations = Arc::clone(&self.integrations);
        let engine = self.engine.clone();
        self.runtime.spawn(async move {
            let operation: Box<dyn Operation> = match errand {
                Errand::Read(request) => {
                    let items = match &request.source {
                        ItemSource::Read(reader) => integrations.read_items(reader).await,
                        // Such items are at hand.
                        ItemSource::Items(_) => Ok(Items::of_request(&request).unwrap_or_default()),
                    };
                    Box::new(Fetched { run, items })
                }
                Errand::Write {
                    bucket,
                    files,
                    output,
                } => {
                    let mut result = Ok(output);
                    for file in files {
                        if let Err(error) = integrations.write_result(&bucket, file).await {
                            result = Err(error);
                            break;
                        }
                    }
                    Box::new(ResultsWritten { run, result })
                }
            };
            // An engine that has ended sends for it again when it is opened.
            let _ = engine.send(Message::Run(Item {
                operation,
                reply: None,
            }));
        });
    }

    /// Drops a call whose answer matters no more.
    pub(crate) fn abort(&mut self, task: TaskKey) {
        if let Some(call) = self.running.remove(&task) {
            call.abort();
            self.integrations.forget(task);
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

/// What an integration says, also when it panics.
async fn unpanicked(
    request: &TaskRequest,
    call: impl Future<Output = Result<String, TaskError>>,
) -> Result<String, TaskError> {
    AssertUnwindSafe(call)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| {
            Err(TaskError {
                error: "States.Runtime".to_owned(),
                cause: format!(
                    "The integration {}:{} panicked",
                    request.resource.resource_type(),
                    request.resource.resource()
                ),
            })
        })
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
    stage: Stage,
}

/// What an answer without an error means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The job was taken, and whoever has its token tells the rest.
    Submitted,
    /// The job was taken, and its end is waited for.
    Followed,
    /// The task is done.
    Done,
}

impl Operation for Answered {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let task = TaskId(self.task.task);
        let event = match &self.result {
            Ok(output) if self.stage != Stage::Done => Event::TaskSubmitted {
                task,
                output: output.clone(),
            },
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
        if self.stage != Stage::Followed {
            turn.after(Effect::Abort { task: self.task });
        }
        Ok(Value::Null)
    }
}
