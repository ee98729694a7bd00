//! The engine as the rest of the program sees it.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::error::{ApiError, EngineError};
use super::integrations::Integrations;
use crate::{Durability, EventSink};

/// What an [`Engine`] needs to know.
#[derive(Clone, Debug)]
pub struct EngineSettings {
    /// The region in ARNs and events.
    pub region: String,
    /// The account in ARNs and events: twelve digits.
    pub account: String,
    /// What an acknowledged request survives.
    pub durability: Durability,
}

/// A durable Step Functions: state machines, executions, activities.
///
/// One thread owns the database. It takes requests from a channel, runs many in one transaction, and
/// answers and acts only after the commit: what was answered is stored, and what was done can be
/// done again after a crash. Requests are cheap to have waiting: a long poll costs a channel.
pub struct Engine {}

impl Engine {
    /// Opens the store at `path` (a database file, made when missing), takes up the executions that
    /// run, and starts the engine's thread. Overdue timers fire at once; service calls that have no
    /// answer yet are made again. Calls run on the current Tokio runtime.
    pub fn open(
        path: &Path,
        settings: EngineSettings,
        integrations: Arc<dyn Integrations>,
    ) -> Result<Arc<Engine>, EngineError> {
        let _ = (path, settings, integrations);
        Ok(Arc::new(Engine {}))
    }

    /// Serves an operation of the Step Functions JSON API, for example `StartExecution`: its body in,
    /// the answer's body or the service's error out. `GetActivityTask` takes up to 60 seconds; dropping
    /// its future loses no task.
    pub async fn request(&self, operation: &str, body: Value) -> Result<Value, ApiError> {
        Err(ApiError::closed())
    }

    /// Starts an execution for an event, with the event's id as the execution's name, so that an event
    /// that is delivered twice starts one execution: a name that is taken is a success.
    pub async fn start_from_event(
        &self,
        state_machine_name: &str,
        execution_name: &str,
        input: Value,
    ) -> Result<(), ApiError> {
        Err(ApiError::closed())
    }

    /// Makes the activity unless it exists; gives its ARN.
    pub async fn ensure_activity(&self, name: &str) -> Result<String, ApiError> {
        Err(ApiError::closed())
    }

    /// Makes the state machine, or gives the existing one this definition; gives its ARN. Executions
    /// that run keep the definition that they were started with.
    pub async fn ensure_state_machine(
        &self,
        name: &str,
        definition: &str,
    ) -> Result<String, ApiError> {
        Err(ApiError::closed())
    }

    /// Hands the events "Step Functions Execution Status Change" to `sink` until `stop` is cancelled.
    /// An event stays in the store until the sink has answered `Ok`; it may be delivered more than
    /// once, always with the same id.
    pub async fn deliver_events(
        self: Arc<Self>,
        sink: Arc<dyn EventSink>,
        stop: CancellationToken,
    ) {
        stop.cancelled().await;
        drop(sink);
    }

    /// How many tasks of the activity wait for a worker.
    pub fn activity_backlog(&self, name: &str) -> usize {
        let _ = name;
        0
    }

    /// How many executions run.
    pub fn running(&self) -> usize {
        0
    }

    /// Whether any execution runs.
    pub fn busy(&self) -> bool {
        self.running() > 0
    }

    /// Commits what was requested before, aborts calls that are under way (they are made again by the
    /// next [`open`](Self::open)) and closes the store. Later requests are refused.
    pub async fn close(&self) {}
}
