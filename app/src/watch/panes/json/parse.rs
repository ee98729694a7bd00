//! Payloads as flat lists of nodes.

use serde_json::Value;

use crate::watch::panes::row;

/// Payloads beyond this are shown as text: nothing that Step Functions passes on comes near it.
const MOST: usize = 4 << 20;
/// So much of a text that is not JSON is shown.
const PLAIN: usize = 64 << 10;
/// So much of a string is kept: more is never on a screen.
const KEPT: usize = 1 << 10;
/// Strings are read as JSON inside of each other so often.
const NESTED: usize = 4;

/// A row of a payload.
#[derive(Clone, Debug)]
pub struct Node {
    /// How deep inside it is.
    pub depth: usize,
    /// Its name in an object, or `[2]` in an array.
    pub key: Option<String>,
    /// What it is.
    pub shape: Shape,
    /// Whether it was a string that is JSON.
    pub quoted: bool,
    /// Index behind the last node that is inside of it.
    pub end: usize,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum Shape {
    /// An object with so many fields.
    Object(usize),
    /// An array with so many items.
    Array(usize),
    /// A string, the beginning of it, and how many bytes it has.
    Text(String, usize),
    /// A number, `true`, `false` or `null`.
    Value(String),
    /// A row of something that is not JSON.
    Plain(String),
    /// So many bytes are not shown.
    Left(usize),
}

impl Node {
    /// Whether there is something inside.
    pub fn folds(&self) -> bool {
        matches!(self.shape, Shape::Object(count) | Shape::Array(count) if count > 0)
    }
}

/// The nodes of a payload; what is not JSON in rows of so many columns.
pub fn text(payload: &str, columns: usize) -> Vec<Node> {
    if payload.len() <= MOST
        && let Ok(parsed) = serde_json::from_str::<Value>(payload)
    {
        return value(&parsed);
    }
    plain(payload, columns)
}

/// The nodes of a value.
pub fn value(value: &Value) -> Vec<Node> {
    let mut nodes = Vec::new();
    add(value, None, 0, NESTED, false, &mut nodes);
    nodes
}

/// Recursion ends: the parser allows no more than 128 levels, and strings are read a few times.
fn add(
    value: &Value,
    key: Option<String>,
    depth: usize,
    nested: usize,
    quoted: bool,
    nodes: &mut Vec<Node>,
) {
    if let Value::String(string) = value
        && let Some(inner) = inner(string, nested)
    {
        return add(&inner, key, depth, nested - 1, true, nodes);
    }
    let shape = match value {
        Value::Object(fields) => Shape::Object(fields.len()),
        Value::Array(items) => Shape::Array(items.len()),
        Value::String(string) => {
            let end = string
                .char_indices()
                .nth(KEPT)
                .map_or(string.len(), |(at, _)| at);
            Shape::Text(
                string.get(..end).unwrap_or_default().to_owned(),
                string.len(),
            )
        }
        Value::Number(_) | Value::Bool(_) | Value::Null => Shape::Value(value.to_string()),
    };
    let at = nodes.len();
    nodes.push(Node {
        depth,
        key,
        shape,
        quoted,
        end: at + 1,
    });
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                add(field, Some(name.clone()), depth + 1, nested, false, nodes);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                add(
                    item,
                    Some(format!("[{index}]")),
                    depth + 1,
                    nested,
                    false,
                    nodes,
                );
            }
        }
        _ => {}
    }
    let end = nodes.len();
    if let Some(node) = nodes.get_mut(at) {
        node.end = end;
    }
}

/// A string as the object or array that it is the text of.
fn inner(string: &str, nested: usize) -> Option<Value> {
    let begins = string.trim_start().starts_with(['{', '[']);
    if nested == 0 || !begins {
        return None;
    }
    let value: Value = serde_json::from_str(string).ok()?;
    // `[]` and `{}` say more as they are.
    let full = match &value {
        Value::Object(fields) => !fields.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    full.then_some(value)
}

/// A text, wrapped.
fn plain(payload: &str, columns: usize) -> Vec<Node> {
    let end = (0..=PLAIN.min(payload.len()))
        .rev()
        .find(|end| payload.is_char_boundary(*end));
    let shown = payload.get(..end.unwrap_or(0)).unwrap_or_default();
    let mut shapes: Vec<Shape> = shown
        .lines()
        .flat_map(|line| row::wrap(line, columns.saturating_sub(2)))
        .map(Shape::Plain)
        .collect();
    if shown.len() < payload.len() {
        shapes.push(Shape::Left(payload.len() - shown.len()));
    }
    let node = |(at, shape)| Node {
        depth: 0,
        key: None,
        shape,
        quoted: false,
        end: at + 1,
    };
    shapes.into_iter().enumerate().map(node).collect()
}
