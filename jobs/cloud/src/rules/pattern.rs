//! EventBridge event patterns: compiled once, matched against every event.
//!
//! A pattern is an object that looks like the event. A leaf is an array of alternatives (*or*); several fields
//! are all required (*and*). A field of the event that is an array matches when any of its elements does.
//! Implemented: exact values, `prefix`, `suffix`, `equals-ignore-case`, `wildcard`, `anything-but`, `exists`,
//! `numeric`, nested objects and `$or`. `cidr` and everything unknown is refused by name.
//!
//! Source: "Creating event patterns" and "Comparison operators" in the EventBridge user guide.

use serde_json::{Map, Value};

/// Why a pattern is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Event pattern is not valid. Reason: {reason} at {location}")]
pub struct InvalidPattern {
    /// What is wrong.
    pub reason: String,
    /// Where, as a path of fields: `/detail/object/key`.
    pub location: String,
}

/// A compiled pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    fields: Fields,
}

/// All of `required` must match, and of each `$or` at least one.
#[derive(Clone, Debug, Default, PartialEq)]
struct Fields {
    required: Vec<(String, Field)>,
    either: Vec<Vec<Fields>>,
}

#[derive(Clone, Debug, PartialEq)]
enum Field {
    Object(Fields),
    AnyOf(Vec<Test>),
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    Equals(Value),
    Text(TextTest),
    AnythingBut(Vec<Test>),
    Exists(bool),
    Numeric(Vec<(Comparison, f64)>),
}

#[derive(Clone, Debug, PartialEq)]
enum TextTest {
    Prefix(String),
    Suffix(String),
    PrefixIgnoreCase(String),
    SuffixIgnoreCase(String),
    EqualsIgnoreCase(String),
    Wildcard(Vec<String>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Pattern {
    /// Compiles a pattern.
    pub fn new(pattern: &Value) -> Result<Self, InvalidPattern> {
        let Value::Object(object) = pattern else {
            return Err(invalid("an event pattern is an object", "/"));
        };
        if object.is_empty() {
            return Err(invalid("an empty pattern would match every event", "/"));
        }
        Ok(Self {
            fields: compile_fields(object, "")?,
        })
    }

    /// Whether an event, as JSON, matches.
    #[must_use]
    pub fn matches(&self, event: &Value) -> bool {
        event
            .as_object()
            .is_some_and(|event| self.fields.match_object(event))
    }
}

impl Fields {
    fn match_object(&self, object: &Map<String, Value>) -> bool {
        self.required
            .iter()
            .all(|(name, field)| field.matches(object.get(name)))
            && self
                .either
                .iter()
                .all(|choices| choices.iter().any(|fields| fields.match_object(object)))
    }
}

impl Field {
    fn matches(&self, value: Option<&Value>) -> bool {
        match self {
            Self::Object(fields) => match value {
                Some(Value::Object(object)) => fields.match_object(object),
                Some(Value::Array(items)) => items
                    .iter()
                    .filter_map(Value::as_object)
                    .any(|object| fields.match_object(object)),
                // `exists: false` below a missing object holds.
                _ => fields.match_object(&Map::new()),
            },
            Self::AnyOf(tests) => tests.iter().any(|test| test.matches(value)),
        }
    }
}

impl Test {
    fn matches(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            // Only leaves exist, for EventBridge.
            (Self::Exists(wanted), value) => {
                let leaf = value.is_some_and(|value| !value.is_object());
                leaf == *wanted
            }
            (_, None) => false,
            (test, Some(Value::Array(items))) => items.iter().any(|item| test.matches_one(item)),
            (test, Some(value)) => test.matches_one(value),
        }
    }

    fn matches_one(&self, value: &Value) -> bool {
        match self {
            Self::Equals(wanted) => equal(wanted, value),
            Self::Text(test) => value.as_str().is_some_and(|text| test.matches(text)),
            Self::AnythingBut(tests) => {
                !value.is_object() && !tests.iter().any(|test| test.matches_one(value))
            }
            Self::Exists(wanted) => *wanted,
            Self::Numeric(comparisons) => value.as_f64().is_some_and(|number| {
                comparisons
                    .iter()
                    .all(|(comparison, bound)| comparison.holds(number, *bound))
            }),
        }
    }
}

impl TextTest {
    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Prefix(prefix) => text.starts_with(prefix),
            Self::Suffix(suffix) => text.ends_with(suffix),
            Self::PrefixIgnoreCase(prefix) => text.to_lowercase().starts_with(prefix),
            Self::SuffixIgnoreCase(suffix) => text.to_lowercase().ends_with(suffix),
            Self::EqualsIgnoreCase(wanted) => text.to_lowercase() == *wanted,
            Self::Wildcard(parts) => matches_wildcard(parts, text),
        }
    }
}

impl Comparison {
    #[allow(clippy::float_cmp)] // `=` means equal: the pattern's number against the event's.
    fn holds(self, number: f64, bound: f64) -> bool {
        match self {
            Self::Equal => number == bound,
            Self::Less => number < bound,
            Self::LessOrEqual => number <= bound,
            Self::Greater => number > bound,
            Self::GreaterOrEqual => number >= bound,
        }
    }
}

/// Numbers are equal by value (`1` and `1.0`), everything else by kind and content.
fn equal(wanted: &Value, value: &Value) -> bool {
    match (wanted.as_f64(), value.as_f64()) {
        (Some(wanted), Some(value)) => Comparison::Equal.holds(wanted, value),
        _ => wanted == value,
    }
}

/// `parts` are the pieces between the asterisks.
fn matches_wildcard(parts: &[String], text: &str) -> bool {
    let [first, middle @ .., last] = parts else {
        return parts.first().is_some_and(|only| only == text);
    };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else {
        return false;
    };
    for part in middle {
        match rest.find(part.as_str()) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last.as_str())
}

fn invalid(reason: impl Into<String>, location: &str) -> InvalidPattern {
    InvalidPattern {
        reason: reason.into(),
        location: if location.is_empty() { "/" } else { location }.to_owned(),
    }
}

fn compile_fields(object: &Map<String, Value>, location: &str) -> Result<Fields, InvalidPattern> {
    let mut fields = Fields::default();
    for (name, value) in object {
        let here = format!("{location}/{name}");
        match (name.as_str(), value) {
            ("$or", Value::Array(choices)) if choices.len() >= 2 => {
                let choices = choices
                    .iter()
                    .map(|choice| match choice {
                        Value::Object(choice) => compile_fields(choice, &here),
                        _ => Err(invalid("$or takes patterns", &here)),
                    })
                    .collect::<Result<_, _>>()?;
                fields.either.push(choices);
            }
            ("$or", _) => return Err(invalid("$or takes an array of two or more patterns", &here)),
            (_, Value::Object(inner)) if !inner.is_empty() => {
                let inner = compile_fields(inner, &here)?;
                fields.required.push((name.clone(), Field::Object(inner)));
            }
            (_, Value::Array(tests)) if !tests.is_empty() => {
                let tests = tests
                    .iter()
                    .map(|test| compile_test(test, &here))
                    .collect::<Result<_, _>>()?;
                fields.required.push((name.clone(), Field::AnyOf(tests)));
            }
            _ => {
                let reason = format!("\"{name}\" must be an object or an array, and not empty");
                return Err(invalid(reason, &here));
            }
        }
    }
    Ok(fields)
}

fn compile_test(test: &Value, location: &str) -> Result<Test, InvalidPattern> {
    let Value::Object(object) = test else {
        if test.is_array() {
            return Err(invalid("an alternative cannot be an array", location));
        }
        return Ok(Test::Equals(test.clone()));
    };
    let mut operators = object.iter();
    let (Some((operator, operand)), None) = (operators.next(), operators.next()) else {
        return Err(invalid("only one operator in an object", location));
    };
    match operator.as_str() {
        "exists" => operand
            .as_bool()
            .map(Test::Exists)
            .ok_or_else(|| invalid("exists takes true or false", location)),
        "numeric" => compile_numeric(operand, location).map(Test::Numeric),
        "anything-but" => compile_anything_but(operand, location).map(Test::AnythingBut),
        operator => compile_text(operator, operand, location).map(Test::Text),
    }
}

fn compile_text(
    operator: &str,
    operand: &Value,
    location: &str,
) -> Result<TextTest, InvalidPattern> {
    let plain = operand.as_str();
    let folded = operand
        .as_object()
        .filter(|object| object.len() == 1)
        .and_then(|object| object.get("equals-ignore-case"))
        .and_then(Value::as_str)
        .map(str::to_lowercase);
    match (operator, plain, folded) {
        ("prefix", Some(text), _) => Ok(TextTest::Prefix(text.to_owned())),
        ("suffix", Some(text), _) => Ok(TextTest::Suffix(text.to_owned())),
        ("prefix", _, Some(text)) => Ok(TextTest::PrefixIgnoreCase(text)),
        ("suffix", _, Some(text)) => Ok(TextTest::SuffixIgnoreCase(text)),
        ("equals-ignore-case", Some(text), _) => {
            Ok(TextTest::EqualsIgnoreCase(text.to_lowercase()))
        }
        ("wildcard", Some(text), _) => Ok(TextTest::Wildcard(split_wildcard(text, location)?)),
        ("prefix" | "suffix" | "equals-ignore-case" | "wildcard", ..) => {
            Err(invalid(format!("{operator} takes a string"), location))
        }
        _ => Err(invalid(
            format!("Unrecognized match type {operator}"),
            location,
        )),
    }
}

/// Splits at asterisks; `\*` and `\\` stand for themselves.
fn split_wildcard(text: &str, location: &str) -> Result<Vec<String>, InvalidPattern> {
    let mut parts = vec![String::new()];
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let literal = match letter {
            '*' => {
                parts.push(String::new());
                continue;
            }
            '\\' => match letters.next() {
                Some(escaped @ ('*' | '\\')) => escaped,
                _ => return Err(invalid("Invalid escape character", location)),
            },
            letter => letter,
        };
        if let Some(part) = parts.last_mut() {
            part.push(literal);
        }
    }
    Ok(parts)
}

fn compile_anything_but(operand: &Value, location: &str) -> Result<Vec<Test>, InvalidPattern> {
    match operand {
        Value::Object(object) => {
            let mut tests = Vec::new();
            for (operator, operand) in object {
                let operands = match operand {
                    Value::Array(operands) => operands.iter().collect(),
                    operand => vec![operand],
                };
                for operand in operands {
                    tests.push(Test::Text(compile_text(operator, operand, location)?));
                }
            }
            if tests.is_empty() {
                return Err(invalid("anything-but takes strings or numbers", location));
            }
            Ok(tests)
        }
        Value::Array(values)
            if values
                .iter()
                .all(|value| value.is_string() || value.is_number()) =>
        {
            Ok(values.iter().cloned().map(Test::Equals).collect())
        }
        Value::String(_) | Value::Number(_) => Ok(vec![Test::Equals(operand.clone())]),
        _ => Err(invalid("anything-but takes strings or numbers", location)),
    }
}

fn compile_numeric(
    operand: &Value,
    location: &str,
) -> Result<Vec<(Comparison, f64)>, InvalidPattern> {
    let wrong = || {
        invalid(
            "numeric takes one or two pairs of =, <, <=, > or >= and a number",
            location,
        )
    };
    let items = operand.as_array().ok_or_else(wrong)?;
    if !matches!(items.len(), 2 | 4) {
        return Err(wrong());
    }
    items
        .chunks(2)
        .map(|pair| {
            let comparison = match pair[0].as_str() {
                Some("=") => Comparison::Equal,
                Some("<") => Comparison::Less,
                Some("<=") => Comparison::LessOrEqual,
                Some(">") => Comparison::Greater,
                Some(">=") => Comparison::GreaterOrEqual,
                _ => return Err(wrong()),
            };
            Ok((comparison, pair[1].as_f64().ok_or_else(wrong)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event() -> Value {
        json!({
            "source": "aws.s3",
            "detail-type": "Object Created",
            "resources": ["arn:a", "arn:b"],
            "detail": {
                "bucket": {"name": "wb-local"},
                "object": {"key": "inbox/b1/Board.JPG", "size": 5, "etag": null},
                "tags": [{"name": "x", "value": 1}, {"name": "y", "value": 2}],
                "new": true
            }
        })
    }

    #[test]
    fn patterns_match_as_eventbridge_documents() {
        let table = [
            // Exact values; several fields are and, alternatives are or.
            (json!({"source": ["aws.s3"]}), true),
            (json!({"source": ["aws.ec2", "aws.s3"]}), true),
            (json!({"source": ["aws.ec2"]}), false),
            (
                json!({"source": ["aws.s3"], "detail-type": ["Object Deleted"]}),
                false,
            ),
            (json!({"detail": {"object": {"size": [5.0]}}}), true),
            (json!({"detail": {"object": {"size": ["5"]}}}), false),
            (json!({"detail": {"new": [true]}}), true),
            (json!({"detail": {"new": [false]}}), false),
            (json!({"detail": {"object": {"etag": [null]}}}), true),
            (json!({"detail": {"object": {"missing": [null]}}}), false),
            // A nested field that is no object.
            (json!({"source": {"name": ["aws.s3"]}}), false),
            // Arrays in the event.
            (json!({"resources": ["arn:b"]}), true),
            (json!({"resources": [{"prefix": "arn:c"}]}), false),
            (
                json!({"detail": {"tags": {"name": ["y"], "value": [2]}}}),
                true,
            ),
            (
                json!({"detail": {"tags": {"name": ["x"], "value": [2]}}}),
                false,
            ),
            // Text.
            (
                json!({"detail": {"object": {"key": [{"prefix": "inbox/"}]}}}),
                true,
            ),
            (
                json!({"detail": {"object": {"key": [{"prefix": "cleaned/"}]}}}),
                false,
            ),
            (
                json!({"detail": {"object": {"key": [{"prefix": {"equals-ignore-case": "INBOX/"}}]}}}),
                true,
            ),
            (
                json!({"detail": {"object": {"key": [{"suffix": ".JPG"}]}}}),
                true,
            ),
            (
                json!({"detail": {"object": {"key": [{"suffix": ".jpg"}]}}}),
                false,
            ),
            (
                json!({"detail": {"object": {"key": [{"suffix": {"equals-ignore-case": ".jpg"}}]}}}),
                true,
            ),
            (
                json!({"detail": {"object": {"key": [{"suffix": ".png"}, {"suffix": ".JPG"}]}}}),
                true,
            ),
            (
                json!({"detail": {"object": {"size": [{"prefix": "5"}]}}}),
                false,
            ),
            (json!({"source": [{"equals-ignore-case": "AWS.S3"}]}), true),
            (
                json!({"detail": {"object": {"key": [{"wildcard": "inbox/*/*.JPG"}]}}}),
                true,
            ),
            (
                json!({"detail": {"object": {"key": [{"wildcard": "inbox/*.png"}]}}}),
                false,
            ),
            (json!({"source": [{"wildcard": "aws.s3"}]}), true),
            (json!({"source": [{"wildcard": "aws\\*"}]}), false),
            (json!({"source": [{"wildcard": "aws.s3*3"}]}), false),
            // Anything but.
            (json!({"source": [{"anything-but": "aws.ec2"}]}), true),
            (
                json!({"source": [{"anything-but": ["aws.ec2", "aws.s3"]}]}),
                false,
            ),
            (
                json!({"detail": {"object": {"size": [{"anything-but": 5}]}}}),
                false,
            ),
            (
                json!({"detail": {"object": {"key": [{"anything-but": {"prefix": "inbox/"}}]}}}),
                false,
            ),
            (
                json!({"detail": {"object": {"key": [{"anything-but": {"suffix": [".png", ".gif"]}}]}}}),
                true,
            ),
            (
                json!({"detail": {"missing": [{"anything-but": "x"}]}}),
                false,
            ),
            // Existence, of leaves only.
            (
                json!({"detail": {"object": {"key": [{"exists": true}]}}}),
                true,
            ),
            (
                json!({"detail": {"object": {"key": [{"exists": false}]}}}),
                false,
            ),
            (json!({"detail": {"missing": [{"exists": false}]}}), true),
            (
                json!({"detail": {"missing": {"deeper": [{"exists": false}]}}}),
                true,
            ),
            (json!({"detail": {"object": [{"exists": true}]}}), false),
            (
                json!({"detail": {"object": {"etag": [{"exists": true}]}}}),
                true,
            ),
            // Numbers.
            (
                json!({"detail": {"object": {"size": [{"numeric": [">", 0]}]}}}),
                true,
            ),
            (
                json!({"detail": {"object": {"size": [{"numeric": [">", 0, "<=", 5]}]}}}),
                true,
            ),
            (
                json!({"detail": {"object": {"size": [{"numeric": [">=", 0, "<", 5]}]}}}),
                false,
            ),
            (
                json!({"detail": {"object": {"size": [{"numeric": ["=", 5]}]}}}),
                true,
            ),
            (json!({"source": [{"numeric": [">", 0]}]}), false),
            // One of several patterns.
            (
                json!({"$or": [{"source": ["x"]}, {"detail": {"new": [true]}}]}),
                true,
            ),
            (
                json!({"$or": [{"source": ["x"]}, {"source": ["y"]}]}),
                false,
            ),
            (
                json!({"source": ["x"], "$or": [{"detail": {"new": [true]}}, {"source": ["y"]}]}),
                false,
            ),
        ];
        for (pattern, expected) in table {
            let compiled = Pattern::new(&pattern).unwrap();
            assert_eq!(compiled.matches(&event()), expected, "{pattern}");
        }
    }

    #[test]
    fn a_wrong_pattern_is_refused_with_its_place() {
        let table = [
            (json!([]), "/"),
            (json!({}), "/"),
            (json!({"source": "aws.s3"}), "/source"),
            (json!({"source": []}), "/source"),
            (json!({"detail": {}}), "/detail"),
            (
                json!({"detail": {"ip": [{"cidr": "10.0.0.0/8"}]}}),
                "/detail/ip",
            ),
            (
                json!({"detail": {"size": [{"numeric": [">"]}]}}),
                "/detail/size",
            ),
            (
                json!({"detail": {"size": [{"numeric": ["~", 1]}]}}),
                "/detail/size",
            ),
            (json!({"source": [{"prefix": 1}]}), "/source"),
            (
                json!({"source": [{"prefix": "a", "suffix": "b"}]}),
                "/source",
            ),
            (json!({"source": [["a"]]}), "/source"),
            (json!({"source": [{"exists": "yes"}]}), "/source"),
            (json!({"source": [{"anything-but": true}]}), "/source"),
            (json!({"source": [{"wildcard": "a\\b"}]}), "/source"),
            (json!({"$or": [{"source": ["a"]}]}), "/$or"),
        ];
        for (pattern, location) in table {
            let refused = Pattern::new(&pattern).unwrap_err();
            assert_eq!(refused.location, location, "{pattern}: {refused}");
        }
        let refused = Pattern::new(&json!({"ip": [{"cidr": "::/0"}]})).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "Event pattern is not valid. Reason: Unrecognized match type cidr at /ip"
        );
    }
}
