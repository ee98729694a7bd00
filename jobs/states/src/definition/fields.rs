//! Reading the fields of one object, with a finding for each that is wrong.

use serde_json::Value;

use super::findings::Findings;
use super::position::{Json, Member, Node};
use super::state::Language;
use super::templates::{parse_expression, parse_query, template};
use crate::jsonata::{Query, expression};
use crate::path::{Path, ReferencePath, Root};
use crate::template::{Expression, Template};

/// An object of the definition.
pub(super) struct Object<'n> {
    members: &'n [Member],
    pub(super) offset: usize,
    /// Its own location; `""` for the document.
    pub(super) location: String,
    /// In which language its expressions are written.
    pub(super) language: Language,
}

impl<'n> Object<'n> {
    /// A node as an object; a finding when it is none.
    pub(super) fn read(
        node: &'n Node,
        location: impl Into<String>,
        findings: &mut Findings<'_>,
    ) -> Option<Object<'n>> {
        let location = location.into();
        let Json::Object(members) = &node.json else {
            wrong_kind(node, "an object", &location, findings);
            return None;
        };
        let offset = node.offset;
        Some(Object {
            members,
            offset,
            location,
            language: Language::JsonPath,
        })
    }

    /// The same object, with its expressions in that language.
    pub(super) fn speaking(self, language: Language) -> Object<'n> {
        Object { language, ..self }
    }

    /// A field as an object in the same language.
    pub(super) fn object(&self, key: &str, findings: &mut Findings<'_>) -> Option<Object<'n>> {
        let object = Object::read(self.get(key)?, self.at(key), findings)?;
        Some(object.speaking(self.language))
    }

    /// The objects of an array field, in the same language.
    pub(super) fn objects(&self, key: &str, findings: &mut Findings<'_>) -> Vec<Object<'n>> {
        let items: &'n [Node] = self.array(key, findings).unwrap_or_default();
        let objects = items.iter().enumerate().filter_map(|(index, item)| {
            Object::read(item, format!("{}[{index}]", self.at(key)), findings)
        });
        objects
            .map(|object| object.speaking(self.language))
            .collect()
    }

    pub(super) fn members(&self) -> &'n [Member] {
        self.members
    }

    /// The location of a field.
    pub(super) fn at(&self, key: &str) -> String {
        format!("{}/{key}", self.location)
    }

    pub(super) fn get(&self, key: &str) -> Option<&'n Node> {
        self.members
            .iter()
            .find(|member| member.key == key)
            .map(|member| &member.value)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Where a field's key stands; where the object begins when it has no such field.
    pub(super) fn key_offset(&self, key: &str) -> usize {
        let member = self.members.iter().find(|member| member.key == key);
        member.map_or(self.offset, |member| member.key_offset)
    }

    /// A finding for every field that is not in the list, and for every one that is given twice.
    pub(super) fn only(&self, known: &[&str], findings: &mut Findings<'_>) {
        for (position, member) in self.members.iter().enumerate() {
            let key = member.key.as_str();
            if self.members[..position]
                .iter()
                .any(|earlier| earlier.key == key)
            {
                let message = format!("Field '{key}' is given twice");
                findings.schema(&self.location, member.key_offset, message);
            } else if !known.contains(&key) {
                let message = unsupported(key, self.language);
                findings.schema(&self.location, member.key_offset, message);
            }
        }
    }

    /// A finding when fields are missing, all of them in one as the service does.
    pub(super) fn require(&self, keys: &[&str], findings: &mut Findings<'_>) -> bool {
        let missing: Vec<_> = keys.iter().filter(|key| !self.has(key)).copied().collect();
        if !missing.is_empty() {
            let message = format!("These fields are required: [{}]", missing.join(", "));
            findings.schema(&self.location, self.offset, message);
        }
        missing.is_empty()
    }

    /// A finding when more than one of the fields is there.
    pub(super) fn at_most_one(&self, keys: &[&str], findings: &mut Findings<'_>) {
        let mut present = keys.iter().filter(|key| self.has(key));
        if let (Some(_), Some(second)) = (present.next(), present.next()) {
            let message = format!(
                "There should only be one of the following fields: [{}]",
                keys.join(", ")
            );
            findings.schema(&self.location, self.key_offset(second), message);
        }
    }

    /// Like [`Object::at_most_one`], and a finding when there is none.
    pub(super) fn exactly_one(&self, keys: &[&str], findings: &mut Findings<'_>) {
        self.at_most_one(keys, findings);
        if !keys.iter().any(|key| self.has(key)) {
            let message = format!(
                "One of the following fields is required: [{}]",
                keys.join(", ")
            );
            findings.schema(&self.location, self.offset, message);
        }
    }

    /// A field as one kind of value; a finding when it is another.
    fn of_kind<T>(
        &self,
        key: &str,
        wanted: &str,
        take: impl Fn(&'n Json) -> Option<T>,
        findings: &mut Findings<'_>,
    ) -> Option<T> {
        let node = self.get(key)?;
        let taken = take(&node.json);
        if taken.is_none() {
            wrong_kind(node, wanted, &self.at(key), findings);
        }
        taken
    }

    pub(super) fn string(&self, key: &str, findings: &mut Findings<'_>) -> Option<&'n str> {
        let take = |json: &'n Json| match json {
            Json::String(text) => Some(text.as_str()),
            _ => None,
        };
        self.of_kind(key, "a string", take, findings)
    }

    pub(super) fn boolean(&self, key: &str, findings: &mut Findings<'_>) -> Option<bool> {
        let take = |json: &Json| match json {
            Json::Bool(value) => Some(*value),
            _ => None,
        };
        self.of_kind(key, "a boolean", take, findings)
    }

    pub(super) fn array(&self, key: &str, findings: &mut Findings<'_>) -> Option<&'n [Node]> {
        let take = |json: &'n Json| match json {
            Json::Array(items) => Some(items.as_slice()),
            _ => None,
        };
        self.of_kind(key, "an array", take, findings)
    }

    /// A whole number within bounds, both included.
    pub(super) fn integer(
        &self,
        key: &str,
        least: u64,
        most: u64,
        findings: &mut Findings<'_>,
    ) -> Option<u64> {
        let node = self.get(key)?;
        let number = match &node.json {
            Json::Number(number) if number.is_u64() || number.is_i64() => number,
            _ => {
                wrong_kind(node, "an integer", &self.at(key), findings);
                return None;
            }
        };
        let value = number.as_u64();
        if value.is_none_or(|value| value < least) {
            findings.schema(
                &self.at(key),
                node.offset,
                format!("Minimum value is {least}"),
            );
            return None;
        }
        if value.is_some_and(|value| value > most) {
            findings.schema(
                &self.at(key),
                node.offset,
                format!("Maximum value is {most}"),
            );
            return None;
        }
        value
    }

    /// A field that is one expression in `JSONata`. Nothing (and no finding) when it is anything else.
    pub(super) fn query(&self, key: &str, findings: &mut Findings<'_>) -> Option<Query> {
        if self.language != Language::Jsonata {
            return None;
        }
        let node = self.get(key)?;
        let Json::String(text) = &node.json else {
            return None;
        };
        parse_query(expression(text)?, key, &self.at(key), node.offset, findings)
    }

    /// Whether a field is one expression in `JSONata`, right or wrong.
    pub(super) fn is_query(&self, key: &str) -> bool {
        self.language == Language::Jsonata
            && matches!(self.get(key).map(|node| &node.json),
                Some(Json::String(text)) if expression(text).is_some())
    }

    /// A number that is at least so much.
    pub(super) fn float(&self, key: &str, least: f64, findings: &mut Findings<'_>) -> Option<f64> {
        let node = self.get(key)?;
        let Json::Number(number) = &node.json else {
            wrong_kind(node, "a number", &self.at(key), findings);
            return None;
        };
        let value = number.as_f64()?;
        if value < least {
            findings.schema(
                &self.at(key),
                node.offset,
                format!("Minimum value is {least:.1}"),
            );
            return None;
        }
        Some(value)
    }

    /// A path from the input or, where `context` allows it, from the context object.
    pub(super) fn path(
        &self,
        key: &str,
        context: bool,
        findings: &mut Findings<'_>,
    ) -> Option<Path> {
        let text = self.string(key, findings)?;
        let offset = self.get(key)?.offset;
        match Path::parse(text) {
            Ok(path) if path.root == Root::Context && !context => {
                let message = "Value is not a Reference Path: the context object is not available";
                findings.schema(&self.at(key), offset, message);
                None
            }
            Ok(path) => Some(path),
            Err(error) => {
                let message = format!("Value is not a valid JSONPath: {error}");
                findings.schema(&self.at(key), offset, message);
                None
            }
        }
    }

    pub(super) fn reference(
        &self,
        key: &str,
        findings: &mut Findings<'_>,
    ) -> Option<ReferencePath> {
        let path = self.path(key, true, findings)?;
        let reference = ReferencePath::from_path(&path);
        if reference.is_none() {
            let offset = self.get(key)?.offset;
            findings.schema(&self.at(key), offset, "Value is not a Reference Path");
        }
        reference
    }

    /// A path or an intrinsic call.
    pub(super) fn expression(&self, key: &str, findings: &mut Findings<'_>) -> Option<Expression> {
        let text = self.string(key, findings)?;
        let offset = self.get(key)?.offset;
        parse_expression(key, text, &self.at(key), offset, findings)
    }

    /// A payload template: an object, in which keys that end in `.$` are evaluated.
    pub(super) fn template(&self, key: &str, findings: &mut Findings<'_>) -> Option<Template> {
        let node = self.get(key)?;
        Some(template(node, key, &self.at(key), self.language, findings))
    }

    /// Any value as it stands.
    pub(super) fn value(&self, key: &str) -> Option<Value> {
        self.get(key).map(Node::to_value)
    }
}

/// Fields that one of the query languages has and the other has not.
const JSONATA_ONLY: [&str; 4] = ["Output", "Arguments", "Items", "Condition"];
const JSONPATH_ONLY: [&str; 19] = [
    "InputPath",
    "OutputPath",
    "ResultPath",
    "Parameters",
    "Result",
    "ResultSelector",
    "ItemsPath",
    "SecondsPath",
    "TimestampPath",
    "TimeoutSecondsPath",
    "HeartbeatSecondsPath",
    "MaxConcurrencyPath",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentagePath",
    "MaxItemsPath",
    "MaxItemsPerBatchPath",
    "MaxInputBytesPerBatchPath",
    "ErrorPath",
    "CausePath",
];

/// The message for a field that does not belong where it stands.
fn unsupported(key: &str, language: Language) -> String {
    let (other, only) = match language {
        Language::JsonPath => (Language::Jsonata, &JSONATA_ONLY[..]),
        Language::Jsonata => (Language::JsonPath, &JSONPATH_ONLY[..]),
    };
    if only.contains(&key) {
        return format!(
            "The QueryLanguage is set to '{}', but field '{key}' is only supported for the '{}' \
             QueryLanguage",
            language.name(),
            other.name()
        );
    }
    format!("Field '{key}' is not supported")
}

pub(super) fn wrong_kind(node: &Node, wanted: &str, location: &str, findings: &mut Findings<'_>) {
    let message = format!("Expected {wanted}, but found {}", node.kind());
    findings.schema(location, node.offset, message);
}
