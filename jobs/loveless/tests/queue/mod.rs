//! A worker on a queue in memory that misbehaves on demand.
#![allow(dead_code)]

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use loveless::{
    FunctionSpec, SourceError, Task, TaskSource, WorkerSettings, WorkerSummary, run_worker,
};
use serde_json::Value;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::function::eventually;

/// A call that the worker made about a task, as the source saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    Heartbeat(String),
    Tried(String),
    Succeeded(String, Bytes),
    Failed(String, String, String),
}

#[derive(Default)]
pub struct Queue {
    pub tasks: Mutex<VecDeque<Task>>,
    pub came: Notify,
    pub polls: Mutex<u32>,
    pub calls: Mutex<Vec<Call>>,
    pub gone: Mutex<BTreeSet<String>>,
    /// What the next attempts to answer run into.
    pub answer_faults: Mutex<VecDeque<SourceError>>,
    pub poll_faults: Mutex<VecDeque<SourceError>>,
}

impl Queue {
    pub fn add(&self, token: &str, event: &Value) {
        let input = Bytes::from(event.to_string());
        self.tasks.lock().unwrap().push_back(Task {
            token: token.into(),
            input,
        });
        self.came.notify_one();
    }

    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    pub fn heartbeats(&self, token: &str) -> usize {
        let heartbeat = Call::Heartbeat(token.into());
        self.calls()
            .iter()
            .filter(|call| **call == heartbeat)
            .count()
    }

    pub fn ends(&self) -> Vec<Call> {
        let mut calls = self.calls();
        calls.retain(|call| !matches!(call, Call::Heartbeat(_) | Call::Tried(_)));
        calls
    }

    pub async fn until_ended(&self, count: usize) -> Vec<Call> {
        eventually("enough tasks ended", || {
            let ends = self.ends();
            (ends.len() >= count).then_some(ends)
        })
        .await
    }

    fn answer(&self, token: &str, call: Call) -> Result<(), SourceError> {
        let fault = self.answer_faults.lock().unwrap().pop_front();
        if fault.is_some() {
            self.calls.lock().unwrap().push(Call::Tried(token.into()));
        }
        fault.map_or(Ok(()), Err)?;
        if self.gone.lock().unwrap().contains(token) {
            return Err(SourceError::TaskGone);
        }
        self.calls.lock().unwrap().push(call);
        Ok(())
    }
}

#[async_trait::async_trait]
impl TaskSource for Queue {
    async fn poll(&self) -> Result<Option<Task>, SourceError> {
        *self.polls.lock().unwrap() += 1;
        if let Some(fault) = self.poll_faults.lock().unwrap().pop_front() {
            return Err(fault);
        }
        loop {
            let came = self.came.notified();
            if let Some(task) = self.tasks.lock().unwrap().pop_front() {
                return Ok(Some(task));
            }
            came.await;
        }
    }

    async fn heartbeat(&self, token: &str) -> Result<(), SourceError> {
        self.calls
            .lock()
            .unwrap()
            .push(Call::Heartbeat(token.into()));
        if self.gone.lock().unwrap().contains(token) {
            Err(SourceError::TaskGone)
        } else {
            Ok(())
        }
    }

    async fn succeed(&self, token: &str, output: Bytes) -> Result<(), SourceError> {
        self.answer(token, Call::Succeeded(token.into(), output))
    }

    async fn fail(&self, token: &str, error: &str, cause: &str) -> Result<(), SourceError> {
        self.answer(
            token,
            Call::Failed(token.into(), error.into(), cause.into()),
        )
    }
}

pub struct Running {
    pub queue: Arc<Queue>,
    pub stop: CancellationToken,
    pub worker: JoinHandle<WorkerSummary>,
}

pub fn work(slots: usize, function: FunctionSpec) -> Running {
    let queue = Arc::new(Queue::default());
    let stop = CancellationToken::new();
    let settings = WorkerSettings {
        slots,
        heartbeat: Duration::from_millis(30),
        name: "test".into(),
        drain: Duration::from_secs(2),
        once: false,
    };
    let worker = tokio::spawn(run_worker(settings, function, queue.clone(), stop.clone()));
    Running {
        queue,
        stop,
        worker,
    }
}

impl Running {
    pub async fn stopped(self) -> WorkerSummary {
        self.stop.cancel();
        self.worker.await.unwrap()
    }
}
