//! The events of an execution's history, in the shape that `GetExecutionHistory` gives them.

use std::borrow::Cow;
use std::sync::Arc;

use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};

use crate::payload::Payload;
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
    pub event_type: Cow<'static, str>,
    /// What else there is to say; the events of some kinds have nothing.
    pub details: Option<Details>,
}

impl HistoryEvent {
    /// The event as an element of `GetExecutionHistory`'s answer.
    ///
    /// Without `include_data` the texts `input` and `output` are left out of the details.
    #[must_use]
    pub fn to_api(&self, include_data: bool) -> Value {
        let mut event = Map::new();
        event.insert("timestamp".to_owned(), self.timestamp.to_seconds().into());
        event.insert("type".to_owned(), self.event_type.as_ref().into());
        event.insert("id".to_owned(), self.id.into());
        event.insert("previousEventId".to_owned(), self.previous_event_id.into());
        if let Some(details) = &self.details {
            let mut object = details.to_value();
            if !include_data && let Some(fields) = object.as_object_mut() {
                for data in ["input", "output", "assignedVariables"] {
                    fields.shift_remove(data);
                }
            }
            event.insert(details.field().to_owned(), object);
        }
        Value::Object(event)
    }
}

/// The details of an event: a field's name (for example `taskScheduledEventDetails`) and its object.
///
/// Those of the two most frequent kinds are kept as what they tell of and written down only when
/// somebody asks: a state that hands on its input costs no copy of it.
#[derive(Clone, Debug)]
pub struct Details(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Entered {
        name: Arc<str>,
        input: Payload,
    },
    Exited {
        name: Arc<str>,
        output: Payload,
        assigned: Arc<[(Arc<str>, Payload)]>,
    },
    Other {
        field: Cow<'static, str>,
        object: Value,
    },
}

const ENTERED: &str = "stateEnteredEventDetails";
const EXITED: &str = "stateExitedEventDetails";

impl Details {
    pub(crate) fn entered(name: Arc<str>, input: Payload) -> Details {
        Details(Kind::Entered { name, input })
    }

    pub(crate) fn exited(
        name: Arc<str>,
        output: Payload,
        assigned: Arc<[(Arc<str>, Payload)]>,
    ) -> Details {
        Details(Kind::Exited {
            name,
            output,
            assigned,
        })
    }

    pub(crate) fn other(field: impl Into<Cow<'static, str>>, object: Value) -> Details {
        let field = field.into();
        Details(Kind::Other { field, object })
    }

    /// The field that has the details in the API's answer, for example `stateEnteredEventDetails`.
    #[must_use]
    pub fn field(&self) -> &str {
        match &self.0 {
            Kind::Entered { .. } => ENTERED,
            Kind::Exited { .. } => EXITED,
            Kind::Other { field, .. } => field,
        }
    }

    /// The details' object.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match &self.0 {
            Kind::Entered { name, input } => json!({
                "name": &**name,
                "input": input.text(),
                "inputDetails": not_truncated(),
            }),
            Kind::Exited {
                name,
                output,
                assigned,
            } => {
                let mut object = json!({
                    "name": &**name,
                    "output": output.text(),
                    "outputDetails": not_truncated(),
                });
                if let Some(fields) = object.as_object_mut().filter(|_| !assigned.is_empty()) {
                    let texts = assigned
                        .iter()
                        .map(|(name, value)| (name.to_string(), value.text().into()));
                    let texts = Value::Object(texts.collect());
                    fields.insert("assignedVariables".to_owned(), texts);
                    fields.insert("assignedVariablesDetails".to_owned(), not_truncated());
                }
                object
            }
            Kind::Other { object, .. } => object.clone(),
        }
    }
}

/// What the service says of every payload that it shows whole.
pub(crate) fn not_truncated() -> Value {
    json!({ "truncated": false })
}

impl PartialEq for Details {
    fn eq(&self, other: &Details) -> bool {
        self.field() == other.field() && self.to_value() == other.to_value()
    }
}

/// `truncated: false`, without making a value of it.
#[derive(Serialize)]
struct Whole {
    truncated: bool,
}

const WHOLE: Whole = Whole { truncated: false };

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EnteredObject<'a> {
    name: &'a str,
    input: &'a str,
    input_details: Whole,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExitedObject<'a> {
    name: &'a str,
    output: &'a str,
    output_details: Whole,
}

impl Serialize for Details {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut pair = serializer.serialize_tuple(2)?;
        pair.serialize_element(self.field())?;
        match &self.0 {
            Kind::Entered { name, input } => pair.serialize_element(&EnteredObject {
                name,
                input: input.text(),
                input_details: WHOLE,
            })?,
            Kind::Exited {
                name,
                output,
                assigned,
            } if assigned.is_empty() => pair.serialize_element(&ExitedObject {
                name,
                output: output.text(),
                output_details: WHOLE,
            })?,
            Kind::Exited { .. } => pair.serialize_element(&self.to_value())?,
            Kind::Other { object, .. } => pair.serialize_element(object)?,
        }
        pair.end()
    }
}

impl<'de> Deserialize<'de> for Details {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Details, D::Error> {
        let (field, object) = <(String, Value)>::deserialize(deserializer)?;
        Ok(Details::other(field, object))
    }
}
