//! Between JSON and the values of `jsonata-core`.

use indexmap::IndexMap;
use jsonata_core::value::JValue;
use serde_json::{Map, Number, Value};

use crate::payload::MAX_DEPTH;

/// The largest number up to which every whole number has its own floating-point number: 2^53.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// JSON as a value. Numbers beyond 2^53 lose their last digits, as everywhere in the language.
pub(super) fn from_value(value: &Value) -> JValue {
    match value {
        Value::Null => JValue::Null,
        Value::Bool(value) => JValue::Bool(*value),
        Value::Number(number) => JValue::Number(number.as_f64().unwrap_or(0.0)),
        Value::String(text) => JValue::string(text.as_str()),
        Value::Array(items) => JValue::array(items.iter().map(from_value).collect()),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(key, value)| (key.clone(), from_value(value)));
            JValue::object(fields.collect::<IndexMap<_, _>>())
        }
    }
}

/// A value as JSON; `None` for undefined, the kind in words for what is no JSON.
///
/// Inside of objects and arrays, what is no JSON is left out, as `JSON.stringify` does.
pub(super) fn to_value(value: &JValue) -> Result<Option<Value>, &'static str> {
    convert(value, MAX_DEPTH + 1)
}

fn convert(value: &JValue, depth: usize) -> Result<Option<Value>, &'static str> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err("it is nested too deep");
    };
    Ok(Some(match value {
        JValue::Undefined => return Ok(None),
        JValue::Null => Value::Null,
        JValue::Bool(value) => Value::Bool(*value),
        JValue::Number(number) => Value::Number(to_number(*number)?),
        JValue::String(text) => Value::String(text.to_string()),
        JValue::Array(items) => {
            let mut array = Vec::with_capacity(items.len());
            for item in items.iter().filter(|item| !item.is_function()) {
                array.extend(convert(item, depth)?);
            }
            Value::Array(array)
        }
        JValue::Object(_) => {
            let mut object = Map::new();
            for (key, field) in value.as_object().into_iter().flatten() {
                if field.is_function() {
                    continue;
                }
                if let Some(field) = convert(field, depth)? {
                    object.insert(key.clone(), field);
                }
            }
            Value::Object(object)
        }
        _ if value.is_function() => return Err("it is a function"),
        _ => return Err("it is a regular expression"),
    }))
}

/// Whole numbers are written without a fraction.
pub(super) fn to_number(number: f64) -> Result<Number, &'static str> {
    if number.fract() == 0.0 && number.abs() <= EXACT {
        return Ok(Number::from(number as i64));
    }
    Number::from_f64(number).ok_or("it is no finite number")
}
