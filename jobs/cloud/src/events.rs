//! Events as EventBridge writes them, and the way from the services that make them to the rules.
//!
//! A service stores an event in the same transaction as the change that it tells of (an *outbox*) and
//! removes it once [`EventSink::deliver`] has answered `Ok`. So a process that ends at any moment loses
//! no event; it may deliver one twice, which the event's id makes harmless.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// An event on the bus, in the JSON shape of EventBridge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CloudEvent {
    /// Always `0`.
    pub version: String,
    /// A UUID. The same event delivered again has the same id.
    pub id: String,
    /// For example `Object Created`.
    #[serde(rename = "detail-type")]
    pub detail_type: String,
    /// For example `aws.s3`.
    pub source: String,
    /// Twelve digits.
    pub account: String,
    /// UTC, ISO 8601 with a `Z`, to the second: `2026-11-21T12:00:00Z`.
    pub time: String,
    /// For example `us-east-1`.
    pub region: String,
    /// ARNs of what the event is about.
    pub resources: Vec<String>,
    /// What happened; its shape depends on [`detail_type`](Self::detail_type).
    pub detail: serde_json::Value,
}

/// Takes events from the services' outboxes.
#[async_trait]
pub trait EventSink: Send + Sync {
    /// Delivers an event. `Ok` only after every target whose rule matches has durably accepted it; no
    /// matching rule is `Ok` as well. After an error the caller delivers the event again, later.
    async fn deliver(&self, event: &CloudEvent) -> Result<(), DeliveryError>;

    /// Whether such an event goes anywhere. One that does not need not be stored until it is delivered.
    fn wants(&self, _event: &CloudEvent) -> bool {
        true
    }
}

/// Why an event could not be delivered to a target.
#[derive(Debug, thiserror::Error)]
#[error("rule {rule} could not deliver to {target}: {reason}")]
pub struct DeliveryError {
    /// The rule that matched.
    pub rule: String,
    /// The name of the rule's target.
    pub target: String,
    /// What the target answered.
    pub reason: String,
}
