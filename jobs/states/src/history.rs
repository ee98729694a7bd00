//! The events of an execution's history, in the shape that `GetExecutionHistory` gives them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::time::Timestamp;

/// The most events that one execution may have; the last one is then its failure.
pub const MAX_EVENTS: u64 = 25_000;

/// One event. Ids count 1, 2, 3… over the whole execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryEvent {
    /// This event's place in the execution, from 1.
    pub id: u64,
    /// The event that caused this one; 0 when none did.
    pub previous_event_id: u64,
    /// When it happened.
    pub timestamp: Timestamp,
    /// The API's name of the kind, for example `TaskStateEntered`.
    pub event_type: String,
    /// The name of the details' field (for example `taskScheduledEventDetails`) and its object.
    pub details: Option<(String, Value)>,
}

impl HistoryEvent {
    /// The event as an element of `GetExecutionHistory`'s answer.
    ///
    /// Without `include_data` the texts `input` and `output` are left out of the details.
    #[must_use]
    pub fn to_api(&self, include_data: bool) -> Value {
        let mut event = Map::new();
        event.insert("timestamp".to_owned(), self.timestamp.to_seconds().into());
        event.insert("type".to_owned(), self.event_type.as_str().into());
        event.insert("id".to_owned(), self.id.into());
        event.insert("previousEventId".to_owned(), self.previous_event_id.into());
        if let Some((field, details)) = &self.details {
            let mut details = details.clone();
            if !include_data && let Some(object) = details.as_object_mut() {
                object.shift_remove("input");
                object.shift_remove("output");
            }
            event.insert(field.clone(), details);
        }
        Value::Object(event)
    }
}
