//! One task that is there already: a container was started for it.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use super::activity::TaskTokens;
use super::{SourceError, Task, TaskSource};

/// Gives its task to the first poll and nothing to those after it.
pub(crate) struct OneTask {
    task: Mutex<Option<Task>>,
    tokens: TaskTokens,
}

impl OneTask {
    /// The one task, and what its answer goes through.
    pub fn new(task: Task, tokens: TaskTokens) -> OneTask {
        OneTask {
            task: Mutex::new(Some(task)),
            tokens,
        }
    }
}

#[async_trait::async_trait]
impl TaskSource for OneTask {
    async fn poll(&self) -> Result<Option<Task>, SourceError> {
        Ok(self
            .task
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take())
    }

    async fn heartbeat(&self, token: &str) -> Result<(), SourceError> {
        self.tokens.heartbeat(token).await
    }

    async fn succeed(&self, token: &str, output: Bytes) -> Result<(), SourceError> {
        self.tokens.succeed(token, output).await
    }

    async fn fail(&self, token: &str, error: &str, cause: &str) -> Result<(), SourceError> {
        self.tokens.fail(token, error, cause).await
    }
}
