//! Step Functions activities.

use bytes::Bytes;

use super::{SourceError, Task, TaskSource};

/// Why an [`ActivitySource`] could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// Not the ARN of an activity.
    #[error("`{arn}` is not an activity's ARN (arn:aws:states:REGION:ACCOUNT:activity:NAME)")]
    NotAnActivity {
        /// What was given.
        arn: String,
    },
}

/// The tasks of one activity.
#[derive(Debug, Clone)]
pub struct ActivitySource {}

impl ActivitySource {
    /// A source for one activity with the usual `AWS_*` configuration.
    pub async fn connect(
        activity_arn: &str,
        worker_name: &str,
    ) -> Result<ActivitySource, ConnectError> {
        let _ = (activity_arn, worker_name);
        todo!()
    }
}

#[async_trait::async_trait]
impl TaskSource for ActivitySource {
    async fn poll(&self) -> Result<Option<Task>, SourceError> {
        todo!()
    }
    async fn heartbeat(&self, _token: &str) -> Result<(), SourceError> {
        todo!()
    }
    async fn succeed(&self, _token: &str, _output: Bytes) -> Result<(), SourceError> {
        todo!()
    }
    async fn fail(&self, _token: &str, _error: &str, _cause: &str) -> Result<(), SourceError> {
        todo!()
    }
}
