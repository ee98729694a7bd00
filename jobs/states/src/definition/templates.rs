//! Reading payload templates and the expressions in them.

use serde_json::Value;

use super::findings::Findings;
use super::position::{Json, Member, Node};
use super::state::Language;
use crate::jsonata::{Query, expression};
use crate::template::{Expression, Template};

pub(super) fn parse_expression(
    key: &str,
    text: &str,
    location: &str,
    offset: usize,
    findings: &mut Findings<'_>,
) -> Option<Expression> {
    Expression::parse(text)
        .map_err(|error| {
            let message = format!(
                "The value for the field '{key}' must be a valid JSONPath or a valid intrinsic \
                 function call: {error}"
            );
            findings.schema(location, offset, message);
        })
        .ok()
}

/// Reads an expression in `JSONata`, given without its delimiters.
pub(super) fn parse_query(
    text: &str,
    field: &str,
    location: &str,
    offset: usize,
    findings: &mut Findings<'_>,
) -> Option<Query> {
    Query::parse(text, field)
        .map_err(|error| {
            let message = format!("The value is not a valid JSONata expression: {error}");
            findings.schema(location, offset, message);
        })
        .ok()
}

/// Reads a template. `field` is where it stands in its state, as messages name it.
pub(super) fn template(
    node: &Node,
    field: &str,
    location: &str,
    language: Language,
    findings: &mut Findings<'_>,
) -> Template {
    match &node.json {
        Json::Array(items) => {
            let item = |(index, item)| {
                let (field, location) =
                    (format!("{field}[{index}]"), format!("{location}[{index}]"));
                template(item, &field, &location, language, findings)
            };
            Template::array(items.iter().enumerate().map(item).collect())
        }
        Json::Object(members) => {
            let mut fields: Vec<(String, Template)> = Vec::with_capacity(members.len());
            for member in members {
                let (key, inner) = template_field(member, field, location, language, findings);
                if fields.iter().any(|(known, _)| *known == key) {
                    let message = format!("The field '{key}' is given twice");
                    findings.schema(location, member.key_offset, message);
                    continue;
                }
                fields.push((key, inner));
            }
            Template::object(fields)
        }
        Json::String(text) if language == Language::Jsonata && expression(text).is_some() => {
            let query = expression(text)
                .and_then(|text| parse_query(text, field, location, node.offset, findings));
            query.map_or(Template::Literal(Value::Null), Template::Query)
        }
        _ => Template::Literal(node.to_value()),
    }
}

fn template_field(
    member: &Member,
    field: &str,
    location: &str,
    language: Language,
    findings: &mut Findings<'_>,
) -> (String, Template) {
    let key = member.key.as_str();
    let computed = key
        .strip_suffix(".$")
        .filter(|_| language == Language::JsonPath);
    let Some(name) = computed else {
        let (field, location) = (format!("{field}/{key}"), format!("{location}/{key}"));
        let inner = template(&member.value, &field, &location, language, findings);
        return (key.to_owned(), inner);
    };
    let expression = if let Json::String(text) = &member.value.json {
        parse_expression(key, text, location, member.value.offset, findings)
    } else {
        let message = format!(
            "The value for the field '{key}' must be a valid JSONPath or a valid intrinsic \
             function call: it is {}",
            member.value.kind()
        );
        findings.schema(location, member.value.offset, message);
        None
    };
    let inner = expression.map_or(Template::Literal(Value::Null), |expression| {
        Template::Expression(key.to_owned(), expression)
    });
    (name.to_owned(), inner)
}
