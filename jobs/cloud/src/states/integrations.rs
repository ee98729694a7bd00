//! The seam between the engine and the services that Task states call.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use states_language::{ItemReader, Items, MapRunError, Resource, ResultFile, TaskRequest};

use super::message::TaskKey;

/// The services behind Task states, other than activities (which the engine queues by itself).
#[async_trait]
pub trait Integrations: Send + Sync {
    /// Whether [`call`](Self::call) can serve this resource. A definition that names any other is
    /// refused when its machine is created.
    fn supports(&self, resource: &Resource) -> bool;

    /// Whether calls of this resource may wait for their turn inside [`call`](Self::call). Their clocks
    /// (`TimeoutSeconds`) then run from [`CallContext::started`] instead of from the moment at which the
    /// call is made, so that waiting costs no time of the task's own; and any number of them may wait.
    fn queues(&self, _resource: &Resource) -> bool {
        false
    }

    /// Makes the call and gives its result as JSON text.
    ///
    /// Delivery is at least once: after a crash of the process, calls without an answer are made
    /// again. The future is dropped when the task is cancelled (time-out, stopped execution).
    async fn call(&self, request: &TaskRequest, context: &CallContext)
    -> Result<String, TaskError>;

    /// Whether the end of a job of this resource is known here, once [`call`](Self::call) has submitted it (`.sync`):
    /// then [`outcome`](Self::outcome) is asked for it.
    fn follows(&self, _resource: &Resource) -> bool {
        false
    }

    /// Waits for the end of a job that has been submitted, perhaps by an earlier life of this process, and gives its
    /// result as JSON text.
    async fn outcome(
        &self,
        request: &TaskRequest,
        _context: &CallContext,
    ) -> Result<String, TaskError> {
        let message = format!(
            "The end of {} is not known here",
            request.resource.resource()
        );
        Err(TaskError {
            error: "States.Runtime".to_owned(),
            cause: message,
        })
    }

    /// The engine has noted how a task with a call under way ended, by its answer, its time or its execution's end:
    /// nobody asks for it any more, and a job that is [followed](Self::follows) is stopped.
    fn forget(&self, _task: TaskKey) {}

    /// Fetches the items that the reader of a distributed Map names.
    async fn read_items(&self, _reader: &ItemReader) -> Result<Items, MapRunError> {
        Err(MapRunError::reader(
            "This cloud has no store to read items from",
        ))
    }

    /// Writes a file of a distributed Map's results. May be done twice.
    async fn write_result(&self, _bucket: &str, _file: ResultFile) -> Result<(), MapRunError> {
        Err(MapRunError::writer(
            "This cloud has no store to write results to",
        ))
    }
}

/// What is said of a resource that nobody here can call.
pub(crate) fn unsupported(resource: &Resource) -> String {
    let arn = match resource {
        Resource::Activity { arn } | Resource::LambdaFunction { arn } => arn.clone(),
        Resource::Service { .. } => format!(
            "arn:aws:states:::{}:{}",
            resource.resource_type(),
            resource.resource()
        ),
    };
    format!("The resource '{arn}' is not supported by this cloud")
}

/// For whom a call is made.
#[derive(Clone, Debug)]
pub struct CallContext {
    /// For example `us-east-1`.
    pub region: String,
    /// Twelve digits.
    pub account: String,
    /// The ARN of the execution that calls.
    pub execution_arn: String,
    /// The ARN of its state machine.
    pub state_machine_arn: String,
    /// The task: the same one whenever its call is made again.
    pub task: TaskKey,
    /// To be told when the work begins, for calls that [queue](Integrations::queues).
    pub started: Started,
}

/// Tells the engine that a call's work begins. Telling it twice, or for a call that does not queue, changes
/// nothing.
#[derive(Clone, Default)]
pub struct Started(Option<Arc<dyn Fn() + Send + Sync>>);

impl Started {
    pub(crate) fn new(tell: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(tell)))
    }

    /// The work begins now.
    pub fn tell(&self) {
        if let Some(tell) = &self.0 {
            tell();
        }
    }
}

impl fmt::Debug for Started {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Started").finish_non_exhaustive()
    }
}

/// How a task failed; Retry and Catch match the name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}: {cause}")]
pub struct TaskError {
    /// The error's name, for example `Lambda.TooManyRequestsException`.
    pub error: String,
    /// What went wrong: a sentence, or JSON text for a function's own errors.
    pub cause: String,
}
