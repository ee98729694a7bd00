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

/// A JSON value and its text. Cloning is cheap: both halves are shared.
///
/// It is stored as the *text*, so that reading it again gives the same value and the same text to
/// the last byte.
#[derive(Clone)]
pub(crate) struct Payload(Arc<Halves>);

struct Halves {
    value: Value,
    text: Box<str>,
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
        Ok(Payload::of(value, text.into()))
    }

    /// Writes a value down, within the limits.
    pub(crate) fn from_value(value: Value) -> Result<Payload, PayloadError> {
        if depth_exceeds(&value, MAX_DEPTH) {
            return Err(PayloadError::TooDeep);
        }
        // Faster than `to_string`, which goes through a formatter. Writing a value cannot fail.
        let text = serde_json::to_string(&value).unwrap_or_default();
        if text.len() > MAX_BYTES {
            return Err(PayloadError::TooLarge(text.len()));
        }
        Ok(Payload::of(value, text.into()))
    }

    /// An array of values that have their texts: the results of branches or iterations.
    pub(crate) fn array(items: &[Payload]) -> Result<Payload, PayloadError> {
        let bytes = items
            .iter()
            .map(|item| item.text().len() + 1)
            .sum::<usize>()
            + 2;
        let too_deep = |item: &Payload| depth_exceeds(item.value(), MAX_DEPTH - 1);
        if bytes.saturating_sub(usize::from(!items.is_empty())) > MAX_BYTES {
            return Err(PayloadError::TooLarge(bytes));
        }
        if items.iter().any(too_deep) {
            return Err(PayloadError::TooDeep);
        }
        let mut text = String::with_capacity(bytes);
        text.push('[');
        for (position, item) in items.iter().enumerate() {
            if position > 0 {
                text.push(',');
            }
            text.push_str(item.text());
        }
        text.push(']');
        let value = items.iter().map(|item| item.value().clone()).collect();
        Ok(Payload::of(value, text.into()))
    }

    fn of(value: Value, text: Box<str>) -> Payload {
        Payload(Arc::new(Halves { value, text }))
    }

    pub(crate) fn value(&self) -> &Value {
        &self.0.value
    }

    pub(crate) fn text(&self) -> &str {
        &self.0.text
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
        Arc::ptr_eq(&self.0, &other.0) || self.text() == other.text()
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text())
    }
}

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text())
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Payload, D::Error> {
        let text = String::deserialize(deserializer)?;
        Payload::parse(&text).map_err(de::Error::custom)
    }
}
