//! Expressions in `JSONata`: `{% $states.input.price * 2 %}`.
//!
//! The language itself is `jsonata-core`'s; here is what Step Functions puts around it: what an
//! expression can see (`$states`, variables), the functions it adds and takes away, what its result
//! may be, and bounds on time, depth and length, so that no expression can hold up its host.
//! Time and randomness come from the step's [`Moment`](crate::Moment).

mod convert;
mod functions;

use std::sync::Arc;

use indexmap::IndexMap;
use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Context, Evaluator, EvaluatorOptions};
use jsonata_core::parser;
use jsonata_core::value::JValue;
use serde_json::Value;

use crate::error::Problem;
use crate::path::identifier;
use crate::scope::Scope;

/// The longest time that one expression may take, in milliseconds. It is the only thing about a step
/// that is not decided by its arguments: an expression that comes near it is of no use anyway.
const MAX_MILLIS: u64 = 2_000;

/// The deepest nesting of calls.
const MAX_STACK: usize = 3_000;

/// The longest list on the way to a result; no payload has room for more elements.
const MAX_SEQUENCE: usize = crate::MAX_BYTES;

/// An expression, read and checked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Query {
    /// Without its delimiters.
    text: Arc<str>,
    /// The field that it stands in, for messages: `Arguments/key`.
    field: Arc<str>,
    tree: Arc<AstNode>,
    /// Every word that follows a `$`: variables and functions.
    names: Arc<[String]>,
    sees: Sees,
}

/// The parts of `$states`.
const PARTS: [&str; 4] = ["input", "result", "errorOutput", "context"];

/// Which of them an expression may look at.
type Sees = [bool; PARTS.len()];

/// The expression in a text that is one, without its delimiters.
pub(crate) fn expression(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("{%")?.strip_suffix("%}")?;
    Some(inner.trim())
}

impl Query {
    /// Reads an expression (without its delimiters) that stands in a field. The error says in words
    /// what is wrong with it.
    pub(crate) fn parse(text: &str, field: &str) -> Result<Query, String> {
        let tree = parser::parse(text).map_err(|error| {
            let message = error.display_message();
            // What remains begins with the language's own code, for example S0207.
            message
                .strip_prefix("Parse error: ")
                .unwrap_or(&message)
                .to_owned()
        })?;
        let names = names(text);
        if names.iter().any(|name| name == "eval") {
            return Err("the function $eval is not available".to_owned());
        }
        Ok(Query {
            text: text.into(),
            field: field.into(),
            tree: Arc::new(tree),
            names: names.into(),
            sees: sees(text),
        })
    }

    /// The expression's value.
    pub(crate) fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, Problem> {
        let result = self.run(scope).map_err(|message| {
            self.problem(&format!("threw an error during evaluation. {message}"))
        })?;
        match convert::to_value(&result) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(self.problem("returned nothing (undefined).")),
            Err(kind) => Err(self.problem(&format!("returned a value that is no JSON: {kind}"))),
        }
    }

    /// The expression's value as a truth; anything else is an error.
    pub(crate) fn boolean(&self, scope: &Scope<'_>) -> Result<bool, Problem> {
        let value = self.evaluate(scope)?;
        value
            .as_bool()
            .ok_or_else(|| self.unexpected("boolean", &value))
    }

    /// As a text.
    pub(crate) fn string(&self, scope: &Scope<'_>) -> Result<String, Problem> {
        match self.evaluate(scope)? {
            Value::String(text) => Ok(text),
            other => Err(self.unexpected("string", &other)),
        }
    }

    /// As a whole number within bounds, both included.
    pub(crate) fn integer(&self, scope: &Scope<'_>, least: u64, most: u64) -> Result<u64, Problem> {
        let value = self.evaluate(scope)?;
        if !value.is_number() {
            return Err(self.unexpected("number", &value));
        }
        value
            .as_u64()
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| {
                self.problem(&format!(
                    "returned a value outside of the acceptable range of {least} to {most}: {value}"
                ))
            })
    }

    /// A value of another kind than the field needs.
    pub(crate) fn unexpected(&self, wanted: &str, value: &Value) -> Problem {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        self.problem(&format!(
            "returned an unexpected result type. Expected '{wanted}', but was '{kind}' for value: \
             {value}"
        ))
    }

    pub(crate) fn problem(&self, what: &str) -> Problem {
        Problem::query(&self.text, &self.field, what)
    }

    fn run(&self, scope: &Scope<'_>) -> Result<JValue, String> {
        let mut context = Context::new();
        for name in &*self.names {
            if name == "states" {
                context.bind(name.clone(), self.states(scope));
            } else if let Some(value) = scope.variable(name) {
                context.bind(name.clone(), convert::from_value(value));
            }
        }
        let options = EvaluatorOptions {
            timeout_ms: Some(MAX_MILLIS),
            max_stack_depth: Some(MAX_STACK),
            max_sequence_length: Some(MAX_SEQUENCE),
            ..EvaluatorOptions::default()
        };
        let mut evaluator = Evaluator::with_options(context, options);
        functions::register(&mut evaluator, &self.names, scope)
            .and_then(|()| evaluator.evaluate(&self.tree, &JValue::Undefined))
            .map_err(|error| error.message().to_owned())
    }

    fn states(&self, scope: &Scope<'_>) -> JValue {
        let mut states = IndexMap::new();
        for (part, _) in PARTS.iter().zip(self.sees).filter(|(_, seen)| *seen) {
            let value = match *part {
                "input" => Some(scope.input),
                "result" => scope.result,
                "errorOutput" => scope.error,
                _ => Some(scope.context.value()),
            };
            if let Some(value) = value {
                states.insert((*part).to_owned(), convert::from_value(value));
            }
        }
        JValue::object(states)
    }
}

/// Every word that follows a `$`, once.
fn names(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (offset, _) in text.match_indices('$') {
        let rest = &text[offset + 1..];
        let name = &rest[..identifier(rest)];
        if !name.is_empty() && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// What follows `$states`; everything, where it is not one of the names that it has.
fn sees(text: &str) -> Sees {
    let mut sees = [false; PARTS.len()];
    for (offset, found) in text.match_indices("$states") {
        let rest = text[offset + found.len()..].trim_start();
        let rest = rest
            .strip_prefix('.')
            .map(str::trim_start)
            .unwrap_or_default();
        let name = &rest[..identifier(rest)];
        match PARTS.iter().position(|part| *part == name) {
            Some(part) => sees[part] = true,
            None => sees = [true; PARTS.len()],
        }
    }
    sees
}
