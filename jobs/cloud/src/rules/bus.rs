//! The event bus: takes events from the services' outboxes and gives them to the targets of matching rules.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;

use super::{InvalidPattern, Pattern};
use crate::config::{Rule, Target};
use crate::events::{CloudEvent, DeliveryError, EventSink};
use crate::lanes::{AsyncQueue, LambdaLane};
use crate::states::Engine;

/// Answers of the engine after which another try is of no use.
const GONE: [&str; 2] = ["StateMachineDoesNotExist", "StateMachineDeleting"];

/// All rules and the ways to their targets.
pub(crate) struct EventBus {
    rules: Vec<(Rule, Pattern)>,
    engine: Arc<Engine>,
    lambda: Arc<LambdaLane>,
    queue: Arc<AsyncQueue>,
}

impl EventBus {
    /// Compiles the rules. An error names the rule.
    pub(crate) fn compile(
        rules: &[Rule],
    ) -> Result<Vec<(Rule, Pattern)>, (String, InvalidPattern)> {
        rules
            .iter()
            .map(|rule| match Pattern::new(&rule.pattern) {
                Ok(pattern) => Ok((rule.clone(), pattern)),
                Err(error) => Err((rule.name.clone(), error)),
            })
            .collect()
    }

    pub(crate) fn new(
        rules: Vec<(Rule, Pattern)>,
        engine: Arc<Engine>,
        lambda: Arc<LambdaLane>,
        queue: Arc<AsyncQueue>,
    ) -> Self {
        Self {
            rules,
            engine,
            lambda,
            queue,
        }
    }

    /// Gives an event to one target. The event's id names the execution, so that a second delivery starts nothing.
    ///
    /// A target that does not exist will not come by waiting: as on EventBridge the event is dropped, loudly.
    async fn send(&self, rule: &Rule, event: &CloudEvent, json: &Value) -> Result<(), String> {
        match &rule.target {
            Target::StateMachine { name } => {
                let started = self
                    .engine
                    .start_from_event(name, &event.id, json.clone())
                    .await;
                match started {
                    Err(error) if GONE.contains(&error.code.as_str()) => {
                        tracing::error!(rule = rule.name, event = event.id, %error, "an event is dropped");
                        Ok(())
                    }
                    started => started.map_err(|error| error.to_string()),
                }
            }
            Target::Function { name } => {
                let function = match self.lambda.resolve(name) {
                    Ok(function) => function,
                    Err(error) => {
                        tracing::error!(rule = rule.name, event = event.id, %error, "an event is dropped");
                        return Ok(());
                    }
                };
                let id = format!("{}/{}", event.id, rule.name);
                let payload = Bytes::from(json.to_string());
                let stored = self.queue.push(id, function, payload).await;
                stored.map_err(|error| error.to_string())
            }
        }
    }
}

#[async_trait]
impl EventSink for EventBus {
    fn wants(&self, event: &CloudEvent) -> bool {
        if self.rules.is_empty() {
            return false;
        }
        let json = serde_json::to_value(event).unwrap_or_default();
        self.rules.iter().any(|(_, pattern)| pattern.matches(&json))
    }

    async fn deliver(&self, event: &CloudEvent) -> Result<(), DeliveryError> {
        let failed = |rule: &Rule, reason: String| DeliveryError {
            rule: rule.name.clone(),
            target: match &rule.target {
                Target::StateMachine { name } | Target::Function { name } => name.clone(),
            },
            reason,
        };
        // Serialising an event cannot fail; a null matches no rule.
        let json = serde_json::to_value(event).unwrap_or_default();
        let mut result = Ok(());
        for (rule, pattern) in &self.rules {
            if !pattern.matches(&json) {
                continue;
            }
            // A rule that fails does not keep the others from their event; all of them may get it again.
            if let Err(reason) = self.send(rule, event, &json).await {
                result = Err(failed(rule, reason));
            }
        }
        result
    }
}
