//! The Extensions API (2020-01-01): for extensions inside a function's process and beside it.
//!
//! Registration is allowed at any time, which is more than Lambda allows: a refusal would stop
//! functions that use `lambda_runtime`'s graceful shutdown, an acceptance harms nobody.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Notify;
use uuid::Uuid;

use super::exchange::Event;

/// Every registered extension of one process.
#[derive(Debug, Default)]
pub(super) struct Extensions {
    all: Vec<Extension>,
    /// Names of those that were started beside the function and have to register.
    expected: BTreeSet<String>,
}

#[derive(Debug)]
pub(super) struct Extension {
    identifier: String,
    name: String,
    wants_invoke: bool,
    wants_shutdown: bool,
    waits: bool,
    queue: VecDeque<Value>,
    came: Arc<Notify>,
}

impl Extension {
    /// The next event, if there is one; else the extension counts as waiting.
    pub fn take(&mut self) -> Option<Value> {
        let event = self.queue.pop_front();
        self.waits = event.is_none();
        event
    }

    /// Wakes when there may be an event.
    pub fn came(&self) -> Arc<Notify> {
        self.came.clone()
    }

    fn give(&mut self, event: Value) {
        self.waits = false;
        self.queue.push_back(event);
        self.came.notify_one();
    }
}

impl Extensions {
    /// Adds one; the answer is its identifier.
    pub fn register(&mut self, name: &str, events: &[String]) -> String {
        let identifier = Uuid::new_v4().to_string();
        let wants = |event: &str| events.iter().any(|wanted| wanted == event);
        self.all.push(Extension {
            identifier: identifier.clone(),
            name: name.to_owned(),
            wants_invoke: wants("INVOKE"),
            wants_shutdown: wants("SHUTDOWN"),
            waits: false,
            queue: VecDeque::new(),
            came: Arc::new(Notify::new()),
        });
        tracing::debug!(extension = name, "extension registered");
        identifier
    }

    pub fn get(&mut self, identifier: &str) -> Option<&mut Extension> {
        self.all
            .iter_mut()
            .find(|extension| extension.identifier == identifier)
    }

    /// Names those that have to register before anything is ready.
    pub fn expect(&mut self, names: BTreeSet<String>) {
        self.expected = names;
    }

    pub fn all_registered(&self) -> bool {
        let registered = |name: &String| self.all.iter().any(|one| one.name == *name);
        self.expected.iter().all(registered)
    }

    pub fn all_wait(&self) -> bool {
        self.all_registered() && self.all.iter().all(|extension| extension.waits)
    }

    /// Tells those who want to know that an invocation begins.
    pub fn invoke(&mut self, event: &Event) {
        for extension in self
            .all
            .iter_mut()
            .filter(|extension| extension.wants_invoke)
        {
            let mut told = json!({
                "eventType": "INVOKE",
                "deadlineMs": event.deadline_ms,
                "requestId": event.request_id,
                "invokedFunctionArn": event.arn,
            });
            if let Some(trace) = &event.trace_id {
                told["tracing"] = json!({"type": "X-Amzn-Trace-Id", "value": trace});
            }
            extension.give(told);
        }
    }

    /// Tells those who want to know that this is the end; how many extensions there are.
    pub fn shut_down(&mut self, reason: &str, deadline_ms: u64) -> usize {
        for extension in self
            .all
            .iter_mut()
            .filter(|extension| extension.wants_shutdown)
        {
            tracing::debug!(
                extension = extension.name,
                reason,
                "extension told to shut down"
            );
            extension.give(json!({
                "eventType": "SHUTDOWN",
                "shutdownReason": reason,
                "deadlineMs": deadline_ms,
            }));
        }
        self.all.len()
    }
}
