//! A pool of function processes.

use crate::function::{Completed, FunctionSpec, Invocation};

/// As many processes of one function as are needed, up to a limit.
#[derive(Debug)]
pub struct FunctionPool {
    spec: FunctionSpec,
    concurrency: usize,
}

/// All the function's processes are busy and there may be no more of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the concurrency limit of {limit} is reached")]
pub struct Throttled {
    /// The limit.
    pub limit: usize,
}

impl FunctionPool {
    /// A pool with no process yet.
    #[must_use]
    pub fn new(spec: FunctionSpec, concurrency: usize) -> FunctionPool {
        FunctionPool { spec, concurrency }
    }
    /// Runs one invocation.
    pub async fn invoke(&self, invocation: Invocation) -> Result<Completed, Throttled> {
        let _ = (&self.spec, self.concurrency, invocation);
        todo!()
    }
    /// Invocations that run now.
    #[must_use]
    pub fn running(&self) -> usize {
        todo!()
    }
    /// Ends every process.
    pub async fn shutdown(&self) {
        todo!()
    }
}
