//! JSON values with their text: what travels between states.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

/// The most bytes (UTF-8) that the input or output of a task, state or execution may have.
pub const MAX_BYTES: usize = 262_144;

/// The deepest nesting of a value. The service has no such figure; ours keeps every value readable
/// again by a parser that guards its stack (`serde_json` stops at 128).
pub const MAX_DEPTH: usize = 100;

/// Why a text or value cannot travel between states.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// The text is not JSON; the parser's words.
    #[error("{0}")]
    NotJson(String),
    /// More than [`MAX_BYTES`].
    #[error("the value has {0} bytes, more than the service limit of {MAX_BYTES} bytes")]
    TooLarge(usize),
    /// Deeper than [`MAX_DEPTH`].
    #[error("the value is nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
}

/// A JSON value and its text. Cloning is cheap; both halves are shared.
///
/// It is stored as the *text*, so that reading it again gives the same value and the same text to
/// the last byte.
#[derive(Clone)]
pub(crate) struct Payload {
    value: Arc<Value>,
    text: Arc<str>,
}

impl Payload {
    /// Reads a text; it is kept as it was written.
    pub(crate) fn parse(text: &str) -> Result<Payload, PayloadError> {
        if text.len() > MAX_BYTES {
            return Err(PayloadError::TooLarge(text.len()));
        }
        let value: Value =
            serde_json::from_str(text).map_err(|error| PayloadError::NotJson(error.to_string()))?;
        if depth_exceeds(&value, MAX_DEPTH) {
            return Err(PayloadError::TooDeep);
        }
        Ok(Payload {
            value: Arc::new(value),
            text: Arc::from(text),
        })
    }

    /// Writes a value down, within the limits.
    pub(crate) fn from_value(value: Value) -> Result<Payload, PayloadError> {
        if depth_exceeds(&value, MAX_DEPTH) {
            return Err(PayloadError::TooDeep);
        }
        let text = value.to_string();
        if text.len() > MAX_BYTES {
            return Err(PayloadError::TooLarge(text.len()));
        }
        Ok(Payload {
            value: Arc::new(value),
            text: Arc::from(text),
        })
    }

    pub(crate) fn value(&self) -> &Value {
        &self.value
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

/// Whether the value has more levels than `limit`; looks no deeper than that.
fn depth_exceeds(value: &Value, limit: usize) -> bool {
    match value {
        Value::Array(items) => {
            limit == 0 || items.iter().any(|item| depth_exceeds(item, limit - 1))
        }
        Value::Object(fields) => {
            limit == 0 || fields.values().any(|item| depth_exceeds(item, limit - 1))
        }
        _ => false,
    }
}

impl PartialEq for Payload {
    fn eq(&self, other: &Payload) -> bool {
        self.text == other.text
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Payload, D::Error> {
        let text = String::deserialize(deserializer)?;
        Payload::parse(&text).map_err(de::Error::custom)
    }
}
