//! The engine as the rest of the program sees it.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::activities::Take;
use super::api::activities::GetActivityTask;
use super::api::start::StartSync;
use super::api::{self, Call};
use super::arn::Home;
use super::error::{ApiError, EngineError};
use super::integrations::Integrations;
use super::message::{Item, Message, Operation, Shared, Waiter};
use super::turn::Host;
use super::worker_loop;
use crate::{Durability, EventSink, Rehearsal};

/// How long `GetActivityTask` waits for a task.
const LONG_POLL: Duration = Duration::from_mins(1);

/// What an [`Engine`] needs to know.
#[derive(Clone, Debug)]
pub struct EngineSettings {
    /// The region in ARNs and events.
    pub region: String,
    /// The account in ARNs and events: twelve digits.
    pub account: String,
    /// What an acknowledged request survives.
    pub durability: Durability,
    /// How long an execution that has ended is kept; `None` keeps it for ever.
    pub keep: Option<Duration>,
    /// What makes machines run without their services and without waiting.
    pub rehearsal: Rehearsal,
}

/// A durable Step Functions: state machines, executions, activities.
///
/// One thread owns the database. It takes requests from a channel, runs many in one transaction, and
/// answers and acts only after the commit: what was answered is stored, and what was done can be
/// done again after a crash. Requests are cheap to have waiting: a long poll costs a channel.
pub struct Engine {
    home: Home,
    sender: mpsc::Sender<Message>,
    shared: Arc<Shared>,
    integrations: Arc<dyn Integrations>,
}

impl Engine {
    /// Opens the store at `path` (a database file, made when missing), takes up the executions that
    /// run, and starts the engine's thread. Overdue timers fire at once; service calls that have no
    /// answer yet are made again. Calls run on the current Tokio runtime.
    pub fn open(
        path: &Path,
        settings: EngineSettings,
        integrations: Arc<dyn Integrations>,
    ) -> Result<Arc<Engine>, EngineError> {
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| EngineError::NoRuntime)?;
        let home = Home {
            region: settings.region,
            account: settings.account,
        };
        let shared = Arc::new(Shared::default());
        let sender = worker_loop::start(
            path,
            settings.durability,
            settings.keep,
            Host {
                home: home.clone(),
                integrations: Arc::clone(&integrations),
                mocks: settings.rehearsal.mocks,
                time_scale: settings.rehearsal.time_scale,
                shared: Arc::clone(&shared),
            },
            runtime,
            Arc::clone(&shared),
        )?;
        Ok(Arc::new(Engine {
            home,
            sender,
            shared,
            integrations,
        }))
    }

    /// Serves an operation of the Step Functions JSON API, for example `StartExecution`: its body in,
    /// the answer's body or the service's error out. `GetActivityTask` takes up to 60 seconds; dropping
    /// its future loses no task.
    pub async fn request(&self, operation: &str, body: Value) -> Result<Value, ApiError> {
        match api::parse(operation, body)? {
            Call::Run(operation) => self.run(operation).await,
            Call::Poll(poll) => self.poll(&poll, LONG_POLL).await,
            Call::Sync(request) => {
                let (sender, ended) = oneshot::channel();
                let end = Arc::new(Mutex::new(Some(sender)));
                let request = *request;
                self.run(Box::new(StartSync { request, end })).await?;
                ended.await.map_err(|_| ApiError::closed())
            }
            Call::Test(test) => {
                let integrations = self.integrations.as_ref();
                test.test(&self.home, integrations, api::test_state::moment())
                    .await
            }
        }
    }

    /// Starts an execution for an event, with the event's id as the execution's name, so that an event
    /// that is delivered twice starts one execution: a name that is taken is a success.
    pub async fn start_from_event(
        &self,
        state_machine_name: &str,
        execution_name: &str,
        input: Value,
    ) -> Result<(), ApiError> {
        let body = json!({
            "stateMachineArn": self.home.machine(state_machine_name),
            "name": execution_name,
            "input": input.to_string(),
        });
        match self.request("StartExecution", body).await {
            Ok(_) => Ok(()),
            Err(error) if error.code == "ExecutionAlreadyExists" => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Makes the activity unless it exists; gives its ARN.
    pub async fn ensure_activity(&self, name: &str) -> Result<String, ApiError> {
        self.request("CreateActivity", json!({ "name": name }))
            .await?;
        Ok(self.home.activity(name))
    }

    /// Makes the state machine, or gives the existing one this definition; gives its ARN. Executions
    /// that run keep the definition that they were started with.
    pub async fn ensure_state_machine(
        &self,
        name: &str,
        definition: &str,
    ) -> Result<String, ApiError> {
        let arn = self.home.machine(name);
        let role = format!("arn:aws:iam::{}:role/local-cloud", self.home.account);
        let body = json!({ "name": name, "definition": definition, "roleArn": role });
        match self.request("CreateStateMachine", body).await {
            Ok(_) => Ok(arn),
            Err(error) if error.code == "StateMachineAlreadyExists" => {
                let body = json!({ "stateMachineArn": arn, "definition": definition });
                self.request("UpdateStateMachine", body).await?;
                Ok(arn)
            }
            Err(error) => Err(error),
        }
    }

    /// Hands the events "Step Functions Execution Status Change" to `sink` until `stop` is cancelled.
    /// An event stays in the store until the sink has answered `Ok`; it may be delivered more than
    /// once, always with the same id.
    pub async fn deliver_events(
        self: Arc<Self>,
        sink: Arc<dyn EventSink>,
        stop: CancellationToken,
    ) {
        // A second sink gets every event that the first one would have had.
        let _ = self.shared.audience.set(Arc::downgrade(&sink));
        super::delivery::deliver(&self, sink.as_ref(), &stop).await;
    }

    /// How many tasks of the activity wait for a worker.
    #[must_use]
    pub fn activity_backlog(&self, name: &str) -> usize {
        let backlog = self
            .shared
            .backlog
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        backlog.get(&self.home.activity(name)).copied().unwrap_or(0)
    }

    /// How many executions run.
    #[must_use]
    pub fn running(&self) -> usize {
        self.shared.running.load(Ordering::Acquire)
    }

    /// Whether any execution runs.
    #[must_use]
    pub fn busy(&self) -> bool {
        self.running() > 0
    }

    /// Commits what was requested before, aborts calls that are under way (they are made again by the
    /// next [`open`](Self::open)) and closes the store. Later requests are refused.
    pub async fn close(&self) {
        let (sender, closed) = oneshot::channel();
        if self.sender.send(Message::Close(Some(sender))).is_ok() {
            // An error means that the thread has ended already, which is what we want.
            let _ = closed.await;
        }
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) async fn run(&self, operation: Box<dyn Operation>) -> Result<Value, ApiError> {
        let (reply, answer) = oneshot::channel();
        let item = Item {
            operation,
            reply: Some(reply),
        };
        self.sender
            .send(Message::Run(item))
            .map_err(|_| ApiError::closed())?;
        answer.await.map_err(|_| ApiError::closed())?
    }

    async fn poll(&self, poll: &GetActivityTask, patience: Duration) -> Result<Value, ApiError> {
        let deadline = Instant::now() + patience;
        self.run(Box::new(poll.clone())).await?;
        loop {
            let (sender, offered) = oneshot::channel();
            let waiter = Waiter {
                activity: poll.activity_arn(),
                offer: sender,
            };
            self.sender
                .send(Message::Wait(waiter))
                .map_err(|_| ApiError::closed())?;
            // When the time runs out just as an offer arrives, dropping the channel returns the task.
            let Ok(offer) = timeout_at(deadline, offered).await else {
                return Ok(json!({ "taskToken": null }));
            };
            let offer = offer.map_err(|_| ApiError::closed())??;
            let take = Take {
                task: offer.task(),
                worker: poll.worker_name(),
            };
            // Dropped here by an error or a caller that went away, the offer goes back to the queue.
            let task = self.run(Box::new(take)).await?;
            offer.accept();
            if !task.is_null() {
                return Ok(task);
            }
            // The task ended between offer and taking: wait on.
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // The thread's own helpers hold senders too, so it has to be told.
        let _ = self.sender.send(Message::Close(None));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use async_trait::async_trait;
    use states_language::{Resource, TaskRequest};

    use super::*;
    use crate::states::{CallContext, TaskError};

    struct Nothing;

    #[async_trait]
    impl Integrations for Nothing {
        fn supports(&self, _resource: &Resource) -> bool {
            false
        }

        async fn call(&self, _: &TaskRequest, _: &CallContext) -> Result<String, TaskError> {
            Err(TaskError {
                error: "Nothing".into(),
                cause: "There is nothing".into(),
            })
        }
    }

    fn settings() -> EngineSettings {
        EngineSettings {
            region: "us-east-1".into(),
            account: "000000000000".into(),
            durability: Durability::Full,
            keep: None,
            rehearsal: Rehearsal::default(),
        }
    }

    #[tokio::test]
    async fn a_poll_without_a_task_ends_with_a_null_token() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("states.db");
        let engine = Engine::open(&path, settings(), Arc::new(Nothing)).unwrap();
        let arn = engine.ensure_activity("a").await.unwrap();
        let body = json!({ "activityArn": arn });
        let Call::Poll(poll) = api::parse("GetActivityTask", body).unwrap() else {
            panic!("not a poll");
        };
        let answer = engine.poll(&poll, Duration::from_millis(20)).await.unwrap();
        assert_eq!(answer, json!({ "taskToken": null }));
    }

    #[test]
    fn an_engine_without_a_runtime_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("states.db");
        let refused = Engine::open(&path, settings(), Arc::new(Nothing))
            .err()
            .unwrap();
        assert!(matches!(refused, EngineError::NoRuntime));
    }

    #[tokio::test]
    async fn a_store_that_cannot_be_opened_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let refused = Engine::open(folder.path(), settings(), Arc::new(Nothing))
            .err()
            .unwrap();
        assert!(
            refused
                .to_string()
                .contains(folder.path().to_str().unwrap()),
            "{refused}"
        );
    }
}
