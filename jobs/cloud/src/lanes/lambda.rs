//! The Lambda lane: a pool of processes per function, and who may use it when all are busy.
//!
//! A caller of the Invoke API is throttled at once, as on AWS (429). Step Functions' own calls and asynchronous
//! invocations wait for a free process in the order in which they came: AWS has a thousand of them and here
//! there are about as many as the machine has cores, so that a batch of hundreds would fail on throttles that
//! it never sees on AWS.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use loveless::{Completed, FunctionPool, FunctionSpec, Invocation};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::config::{CloudConfig, FunctionConfig};
use crate::lanes::sdk_environment;

pub(crate) use loveless::FunctionError;

/// The most that a synchronous invocation takes, in bytes; the answer's limit is the Runtime API's.
pub(crate) const MAX_PAYLOAD: usize = 6_291_456;
/// The most that an asynchronous invocation takes, in bytes.
pub(crate) const MAX_ASYNC_PAYLOAD: usize = 1_048_576;

/// Why an invocation did not reach a function.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LaneError {
    /// There is no such function, or no such version of it.
    #[error("Function not found: {arn}")]
    NotFound {
        /// The ARN that was meant.
        arn: String,
    },
    /// All processes that the function may have are busy.
    #[error("Rate Exceeded.")]
    Throttled,
}

/// The functions of this cloud.
pub(crate) struct LambdaLane {
    region: String,
    account: String,
    functions: BTreeMap<String, Function>,
}

struct Function {
    memory_mb: u32,
    timeout_s: u32,
    pool: FunctionPool,
    slots: Semaphore,
}

impl LambdaLane {
    /// Prepares the functions; no process starts before the first invocation.
    pub(crate) fn new(config: &CloudConfig, endpoint: &str) -> Self {
        let functions = config
            .stack
            .functions
            .iter()
            .map(|function| {
                let concurrency = function.concurrency.max(1);
                let spec = specification(config, function, endpoint);
                let function_entry = Function {
                    memory_mb: function.memory_mb,
                    timeout_s: function.timeout_s,
                    pool: FunctionPool::new(spec, concurrency),
                    slots: Semaphore::new(concurrency),
                };
                (function.name.clone(), function_entry)
            })
            .collect();
        Self {
            region: config.region.clone(),
            account: config.account.clone(),
            functions,
        }
    }

    /// The name in a name, a partial or a full ARN, with or without the qualifier `$LATEST`.
    pub(crate) fn resolve(&self, reference: &str) -> Result<String, LaneError> {
        let mut parts: Vec<&str> = reference.split(':').collect();
        if reference.starts_with("arn:") {
            // arn : aws : lambda : region : account : function : name [: qualifier]
            parts.drain(..parts.len().min(6));
        } else if parts.get(1) == Some(&"function") {
            parts.drain(..2);
        }
        let name = parts.first().copied().unwrap_or_default();
        let qualifier = parts.get(1).copied();
        let known = self.functions.contains_key(name) && parts.len() <= 2;
        match qualifier {
            None | Some("$LATEST") if known => Ok(name.to_owned()),
            _ => Err(LaneError::NotFound {
                arn: self.arn(&parts.join(":")),
            }),
        }
    }

    /// A function's ARN.
    pub(crate) fn arn(&self, name: &str) -> String {
        function_arn(&self.region, &self.account, name)
    }

    /// Names of all functions, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(String::as_str)
    }

    /// What `GetFunctionConfiguration` tells, as far as it means anything here.
    pub(crate) fn configuration(&self, name: &str) -> Result<Value, LaneError> {
        let function = self.function(name)?;
        Ok(json!({
            "FunctionName": name,
            "FunctionArn": self.arn(name),
            "MemorySize": function.memory_mb,
            "Timeout": function.timeout_s,
            "Version": "$LATEST",
            "State": "Active",
            "LastUpdateStatus": "Successful",
        }))
    }

    /// Invokes if a process is free.
    pub(crate) async fn invoke_now(
        &self,
        name: &str,
        invocation: Invocation,
    ) -> Result<Completed, LaneError> {
        let function = self.function(name)?;
        let slot = function.slots.try_acquire();
        let slot = slot.map_err(|_| LaneError::Throttled)?;
        self.run(function, slot, invocation).await
    }

    /// Waits for a process in turn, then invokes. `started` is called in between.
    pub(crate) async fn invoke_in_turn(
        &self,
        name: &str,
        invocation: Invocation,
        started: impl FnOnce() + Send,
    ) -> Result<Completed, LaneError> {
        let function = self.function(name)?;
        let slot = function.slots.acquire().await;
        let slot = slot.map_err(|_| LaneError::Throttled)?;
        started();
        self.run(function, slot, invocation).await
    }

    async fn run(
        &self,
        function: &Function,
        slot: SemaphorePermit<'_>,
        invocation: Invocation,
    ) -> Result<Completed, LaneError> {
        // The slot is ours, but the pool may need a moment to bury the process of the call before.
        let mut patience = 50;
        loop {
            match function.pool.invoke(invocation.clone()).await {
                Ok(completed) => {
                    drop(slot);
                    return Ok(completed);
                }
                // A limit of 0 means that the pool was shut down.
                Err(throttled) if patience > 0 && throttled.limit > 0 => {
                    patience -= 1;
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                Err(_) => return Err(LaneError::Throttled),
            }
        }
    }

    fn function(&self, name: &str) -> Result<&Function, LaneError> {
        self.functions.get(name).ok_or_else(|| LaneError::NotFound {
            arn: self.arn(name),
        })
    }

    /// Invocations that run now.
    pub(crate) fn running(&self) -> usize {
        self.functions
            .values()
            .map(|function| function.pool.running())
            .sum()
    }

    /// Lets nobody in any more: who waits and who comes is throttled. What runs goes on.
    pub(crate) fn close(&self) {
        for function in self.functions.values() {
            function.slots.close();
        }
    }

    /// Ends every process.
    pub(crate) async fn shutdown(&self) {
        self.close();
        let ends = self
            .functions
            .values()
            .map(|function| function.pool.shutdown());
        futures::future::join_all(ends).await;
    }
}

fn function_arn(region: &str, account: &str, name: &str) -> String {
    format!("arn:aws:lambda:{region}:{account}:function:{name}")
}

fn specification(config: &CloudConfig, function: &FunctionConfig, endpoint: &str) -> FunctionSpec {
    let mut env = sdk_environment(config, endpoint);
    env.extend(function.env.clone());
    FunctionSpec {
        name: function.name.clone(),
        command: function.command.clone(),
        env,
        memory_mb: function.memory_mb,
        timeout: Duration::from_secs(function.timeout_s.into()),
        region: config.region.clone(),
        arn: function_arn(&config.region, &config.account, &function.name),
        extensions: None,
    }
}

/// The JSON text of a payload; nothing at all counts as an empty object, as on Lambda.
pub(crate) fn event_or_empty(payload: Bytes) -> Bytes {
    if payload.is_empty() {
        Bytes::from_static(b"{}")
    } else {
        payload
    }
}
