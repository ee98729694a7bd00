//! The rules of Choice states.

use std::cmp::Ordering;

use serde_json::Value;

use crate::error::Problem;
use crate::path::{Miss, Path, equals, ordering};
use crate::scope::Scope;
use crate::time::Timestamp;

/// A rule, or a combination of rules.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Rule {
    And(Vec<Rule>),
    Or(Vec<Rule>),
    Not(Box<Rule>),
    Test(Path, Test),
}

/// What is asked of a variable.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Test {
    /// `IsNull` and its like, and the answer that is wanted.
    Is(Nature, bool),
    /// `NumericLessThan` and its like.
    Compare(Kind, Order, Against),
    /// `StringMatches`.
    Matches(Pattern),
}

/// What a value can be asked to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nature {
    Null,
    Present,
    Numeric,
    String,
    Boolean,
    Timestamp,
}

/// What both sides of a comparison have to be; if they are not, it does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    String,
    Numeric,
    Boolean,
    Timestamp,
}

/// The order that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Equal,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
}

/// The other side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Against {
    Value(Value),
    /// `…Path`
    Path(Path),
}

/// The names of every test with their meaning, without the `…Path` forms.
pub(crate) const COMPARISONS: [(&str, Kind, Order); 16] = [
    ("StringEquals", Kind::String, Order::Equal),
    ("StringLessThan", Kind::String, Order::Less),
    ("StringGreaterThan", Kind::String, Order::Greater),
    ("StringLessThanEquals", Kind::String, Order::LessOrEqual),
    (
        "StringGreaterThanEquals",
        Kind::String,
        Order::GreaterOrEqual,
    ),
    ("NumericEquals", Kind::Numeric, Order::Equal),
    ("NumericLessThan", Kind::Numeric, Order::Less),
    ("NumericGreaterThan", Kind::Numeric, Order::Greater),
    ("NumericLessThanEquals", Kind::Numeric, Order::LessOrEqual),
    (
        "NumericGreaterThanEquals",
        Kind::Numeric,
        Order::GreaterOrEqual,
    ),
    ("BooleanEquals", Kind::Boolean, Order::Equal),
    ("TimestampEquals", Kind::Timestamp, Order::Equal),
    ("TimestampLessThan", Kind::Timestamp, Order::Less),
    ("TimestampGreaterThan", Kind::Timestamp, Order::Greater),
    (
        "TimestampLessThanEquals",
        Kind::Timestamp,
        Order::LessOrEqual,
    ),
    (
        "TimestampGreaterThanEquals",
        Kind::Timestamp,
        Order::GreaterOrEqual,
    ),
];

/// The names of the tests of what a value is.
pub(crate) const NATURES: [(&str, Nature); 6] = [
    ("IsNull", Nature::Null),
    ("IsPresent", Nature::Present),
    ("IsNumeric", Nature::Numeric),
    ("IsString", Nature::String),
    ("IsBoolean", Nature::Boolean),
    ("IsTimestamp", Nature::Timestamp),
];

impl Rule {
    /// Whether the rule holds. Parts are looked at in order, and no further than necessary.
    pub(crate) fn holds(&self, scope: &Scope<'_>) -> Result<bool, Problem> {
        match self {
            Rule::And(rules) => {
                for rule in rules {
                    if !rule.holds(scope)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Rule::Or(rules) => {
                for rule in rules {
                    if rule.holds(scope)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Rule::Not(rule) => Ok(!rule.holds(scope)?),
            Rule::Test(variable, test) => test.holds(variable, scope),
        }
    }
}

impl Test {
    fn holds(&self, variable: &Path, scope: &Scope<'_>) -> Result<bool, Problem> {
        let value = match scope.select(variable) {
            Ok(selected) => selected.to_value(),
            Err(Miss::TooMany) => return Err(invalid(variable)),
            Err(_) => {
                return match self {
                    Test::Is(Nature::Present, wanted) => Ok(!wanted),
                    _ => Err(invalid(variable)),
                };
            }
        };
        match self {
            Test::Is(nature, wanted) => Ok(nature.of(&value) == *wanted),
            Test::Matches(pattern) => Ok(value.as_str().is_some_and(|text| pattern.matches(text))),
            Test::Compare(kind, order, Against::Value(other)) => {
                Ok(compare(*kind, *order, &value, other))
            }
            Test::Compare(kind, order, Against::Path(path)) => {
                let other = scope.select(path).map_err(|_| invalid(path))?.to_value();
                Ok(compare(*kind, *order, &value, &other))
            }
        }
    }
}

fn invalid(path: &Path) -> Problem {
    Problem::runtime(format!(
        "Invalid path '{}': The choice state's condition path references an invalid value.",
        path.text
    ))
}

impl Nature {
    fn of(self, value: &Value) -> bool {
        match self {
            Nature::Null => value.is_null(),
            Nature::Present => true,
            Nature::Numeric => value.is_number(),
            Nature::String => value.is_string(),
            Nature::Boolean => value.is_boolean(),
            Nature::Timestamp => timestamp(value).is_some(),
        }
    }
}

fn timestamp(value: &Value) -> Option<Timestamp> {
    value.as_str().and_then(Timestamp::parse)
}

fn compare(kind: Kind, order: Order, left: &Value, right: &Value) -> bool {
    let found = match kind {
        Kind::String if left.is_string() && right.is_string() => ordering(left, right),
        Kind::Numeric if left.is_number() && right.is_number() => ordering(left, right),
        Kind::Boolean if left.is_boolean() && right.is_boolean() => {
            equals(left, right).then_some(Ordering::Equal)
        }
        Kind::Timestamp => match (timestamp(left), timestamp(right)) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => None,
        },
        _ => None,
    };
    found.is_some_and(|found| match order {
        Order::Equal => found.is_eq(),
        Order::Less => found.is_lt(),
        Order::Greater => found.is_gt(),
        Order::LessOrEqual => found.is_le(),
        Order::GreaterOrEqual => found.is_ge(),
    })
}

/// A text in which `*` stands for anything; `\*` is an asterisk and `\\` a backslash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// What stands between the asterisks, in order; never empty.
    parts: Vec<String>,
}

impl Pattern {
    pub(crate) fn parse(text: &str) -> Pattern {
        let mut parts = Vec::new();
        let mut part = String::new();
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            match character {
                '\\' => part.extend(characters.next()),
                '*' => parts.push(std::mem::take(&mut part)),
                _ => part.push(character),
            }
        }
        parts.push(part);
        Pattern { parts }
    }

    /// Takes each part at the first place where it fits; the last must fit the end.
    fn matches(&self, text: &str) -> bool {
        let Some((first, others)) = self.parts.split_first() else {
            return false;
        };
        let Some((last, middle)) = others.split_last() else {
            return text == first;
        };
        let Some(mut rest) = text.strip_prefix(first.as_str()) else {
            return false;
        };
        for part in middle {
            match rest.find(part.as_str()) {
                Some(offset) => rest = &rest[offset + part.len()..],
                None => return false,
            }
        }
        rest.ends_with(last.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_by_their_asterisks() {
        let table = [
            ("*.log", "a.log", true),
            ("*.log", "a.logs", false),
            ("foo*", "foo", true),
            ("foo*bar*", "foo-bar", true),
            ("foo*bar", "foobarbar", true),
            ("foo*bar", "foba", false),
            ("a*a", "a", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("plain", "plain", true),
            (r"\*", "*", true),
            (r"\*", "a", false),
            (r"a\\*", r"a\b", true),
            ("*é*", "caféine", true),
            ("**", "x", true),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(
                Pattern::parse(pattern).matches(text),
                expected,
                "{pattern} {text}"
            );
        }
    }

    #[test]
    fn types_that_do_not_fit_are_false_and_no_error() {
        let (one, text, flag) = (Value::from(1), Value::from("1"), Value::from(true));
        assert!(!compare(Kind::Numeric, Order::Equal, &text, &one));
        assert!(!compare(Kind::String, Order::Equal, &one, &one));
        assert!(!compare(Kind::Boolean, Order::Equal, &text, &flag));
        assert!(!compare(Kind::Timestamp, Order::Equal, &text, &text));
        assert!(compare(
            Kind::Numeric,
            Order::Equal,
            &one,
            &Value::from(1.0)
        ));
    }

    #[test]
    fn timestamps_compare_as_moments() {
        let left = Value::from("2024-01-01T00:00:00Z");
        let right = Value::from("2024-01-01T01:00:00+01:00");
        assert!(compare(Kind::Timestamp, Order::Equal, &left, &right));
        assert!(compare(Kind::Timestamp, Order::LessOrEqual, &left, &right));
        assert!(!compare(Kind::Timestamp, Order::Less, &left, &right));
        assert!(!compare(Kind::String, Order::Equal, &left, &right));
    }
}
