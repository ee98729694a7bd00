//! Payload templates: objects in which some values are looked up or computed.
//!
//! In `JSONPath` these are the fields whose key ends in `.$`, in `JSONata` the texts that are
//! `{% an expression %}`.

use serde_json::{Map, Value};

use crate::error::Problem;
use crate::intrinsic::{Call, is_intrinsic};
use crate::jsonata::Query;
use crate::path::{Path, PathError};
use crate::scope::Scope;

/// A path or a call, whichever a text is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expression {
    Path(Path),
    Call(Call),
}

impl Expression {
    pub(crate) fn parse(text: &str) -> Result<Expression, PathError> {
        if is_intrinsic(text) {
            Call::parse(text).map(Expression::Call)
        } else {
            Path::parse(text).map(Expression::Path)
        }
    }

    pub(crate) fn evaluate(&self, scope: &Scope<'_>, field: &str) -> Result<Value, Problem> {
        match self {
            Expression::Path(path) => scope.lookup(path, field),
            Expression::Call(call) => call.evaluate(scope, field),
        }
    }
}

/// A payload template. Parts without expressions are one literal, however large.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Template {
    Literal(Value),
    /// The key as the result has it, and what it gets.
    Object(Vec<(String, Template)>),
    Array(Vec<Template>),
    /// The field's name as it was written (`"name.$"`), for messages.
    Expression(String, Expression),
    /// An expression in `JSONata`.
    Query(Query),
}

impl Template {
    /// An object of templates; a literal when all of them are.
    pub(crate) fn object(fields: Vec<(String, Template)>) -> Template {
        if fields
            .iter()
            .all(|(_, field)| matches!(field, Template::Literal(_)))
        {
            let literal = |(key, field)| match field {
                Template::Literal(value) => Some((key, value)),
                _ => None,
            };
            return Template::Literal(Value::Object(
                fields.into_iter().filter_map(literal).collect(),
            ));
        }
        Template::Object(fields)
    }

    /// An array of templates; a literal when all of them are.
    pub(crate) fn array(items: Vec<Template>) -> Template {
        if items
            .iter()
            .all(|item| matches!(item, Template::Literal(_)))
        {
            let literal = |item| match item {
                Template::Literal(value) => Some(value),
                _ => None,
            };
            return Template::Literal(items.into_iter().filter_map(literal).collect());
        }
        Template::Array(items)
    }

    /// Fills the template in.
    pub(crate) fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, Problem> {
        match self {
            Template::Literal(value) => Ok(value.clone()),
            Template::Object(fields) => {
                let mut object = Map::with_capacity(fields.len());
                for (key, field) in fields {
                    object.insert(key.clone(), field.evaluate(scope)?);
                }
                Ok(Value::Object(object))
            }
            Template::Array(items) => items.iter().map(|item| item.evaluate(scope)).collect(),
            Template::Expression(field, expression) => expression.evaluate(scope, field),
            Template::Query(query) => query.evaluate(scope),
        }
    }
}
