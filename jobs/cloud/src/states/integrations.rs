//! The seam between the engine and the services that Task states call.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use states_language::{Resource, TaskRequest};

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
