//! From a [`Path`] and a value to what the path selects.

use std::cmp::Ordering;

use serde_json::Value;

use super::{Comparison, Filter, Operand, Path, Segment};

/// The most places that one path may select on its way. `$..*..*` over a deep value grows without
/// measure otherwise.
const MAX_PLACES: usize = 200_000;

/// What a path selected.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Selected<'v> {
    /// A definite path found its place.
    One(&'v Value),
    /// An indefinite path found so many, perhaps none.
    Many(Vec<&'v Value>),
}

impl Selected<'_> {
    /// The value that a field gets: the place's value, or an array.
    pub(crate) fn to_value(&self) -> Value {
        match self {
            Selected::One(value) => (*value).clone(),
            Selected::Many(values) => values.iter().map(|value| (*value).clone()).collect(),
        }
    }
}

/// Why a path selected nothing at all, in the words of the service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Miss {
    /// The last step leads nowhere.
    #[error("No results for path: {0}")]
    NoResults(String),
    /// A step on the way leads nowhere.
    #[error("Missing property in path {0}")]
    MissingProperty(String),
    /// A property was asked of something that has none.
    #[error("Property ['{property}'] not found in path {path}")]
    NotAnObject { property: String, path: String },
    /// The variable has not been assigned.
    #[error("The variable '${0}' has not been assigned")]
    NoVariable(String),
    /// More than a reasonable number of places.
    #[error("The path selects more than {MAX_PLACES} values")]
    TooMany,
}

impl Path {
    /// Selects from `root`.
    pub(crate) fn select<'v>(&self, root: &'v Value) -> Result<Selected<'v>, Miss> {
        if self.is_definite() {
            return self.select_definite(root).map(Selected::One);
        }
        select_many(&self.segments, root, root).map(Selected::Many)
    }

    fn select_definite<'v>(&self, root: &'v Value) -> Result<&'v Value, Miss> {
        let mut place = root;
        for (position, segment) in self.segments.iter().enumerate() {
            place = match child(place, segment) {
                Some(next) => next,
                None => return Err(self.miss(position, place)),
            };
        }
        Ok(place)
    }

    fn miss(&self, position: usize, place: &Value) -> Miss {
        let here = normalized(&self.segments[..position]);
        let there = normalized(&self.segments[..=position]);
        match &self.segments[position] {
            Segment::Name(property) if !place.is_object() => Miss::NotAnObject {
                property: property.clone(),
                path: here,
            },
            _ if position + 1 == self.segments.len() => Miss::NoResults(there),
            _ => Miss::MissingProperty(there),
        }
    }
}

/// Jayway's normal form: `$['a'][0]`.
fn normalized(segments: &[Segment]) -> String {
    let step = |segment: &Segment| match segment {
        Segment::Name(name) => format!("['{name}']"),
        Segment::Index(index) => format!("[{index}]"),
        _ => "[…]".to_owned(),
    };
    std::iter::once("$".to_owned())
        .chain(segments.iter().map(step))
        .collect()
}

/// The one place that a definite segment names.
fn child<'v>(place: &'v Value, segment: &Segment) -> Option<&'v Value> {
    match (segment, place) {
        (Segment::Name(name), Value::Object(fields)) => fields.get(name),
        (Segment::Index(index), Value::Array(items)) => items.get(offset(*index, items.len())?),
        _ => None,
    }
}

/// An index as an offset from the beginning; nothing when it lies before it.
fn offset(index: i64, length: usize) -> Option<usize> {
    let index = if index < 0 {
        index.checked_add(i64::try_from(length).ok()?)?
    } else {
        index
    };
    usize::try_from(index).ok()
}

fn select_many<'v>(
    segments: &[Segment],
    start: &'v Value,
    root: &'v Value,
) -> Result<Vec<&'v Value>, Miss> {
    let mut places = vec![start];
    let mut descended = false;
    for segment in segments {
        let mut next = Vec::new();
        for place in places {
            match segment {
                // Every value below has been visited already, elements of arrays too: here the
                // condition is about the value itself, or elements would be selected twice.
                Segment::Filter(filter) if descended => {
                    if holds(filter, place, root)? {
                        next.push(place);
                    }
                }
                segment => expand(segment, place, root, &mut next)?,
            }
            if next.len() > MAX_PLACES {
                return Err(Miss::TooMany);
            }
        }
        places = next;
        descended = *segment == Segment::Descend;
    }
    Ok(places)
}

/// Adds everything that one segment selects from one place.
fn expand<'v>(
    segment: &Segment,
    place: &'v Value,
    root: &'v Value,
    next: &mut Vec<&'v Value>,
) -> Result<(), Miss> {
    match (segment, place) {
        (Segment::Name(_) | Segment::Index(_), _) => next.extend(child(place, segment)),
        (Segment::Wildcard, Value::Object(fields)) => next.extend(fields.values()),
        (Segment::Wildcard, Value::Array(items)) => next.extend(items),
        (Segment::Names(names), Value::Object(fields)) => {
            next.extend(names.iter().filter_map(|name| fields.get(name)));
        }
        (Segment::Indices(indices), Value::Array(items)) => next.extend(
            indices
                .iter()
                .filter_map(|index| items.get(offset(*index, items.len())?)),
        ),
        (Segment::Slice { start, end, step }, Value::Array(items)) => {
            let bound = |index: Option<i64>, default: usize| match index {
                None => default,
                Some(index) => offset(index, items.len()).unwrap_or(0).min(items.len()),
            };
            let (start, end) = (bound(*start, 0), bound(*end, items.len()));
            let step = usize::try_from(*step).unwrap_or(usize::MAX);
            if start < end {
                next.extend(items[start..end].iter().step_by(step));
            }
        }
        (Segment::Filter(filter), Value::Array(items)) => {
            for item in items {
                if holds(filter, item, root)? {
                    next.push(item);
                }
            }
        }
        (Segment::Filter(filter), Value::Object(_)) if holds(filter, place, root)? => {
            next.push(place);
        }
        (Segment::Descend, _) => descend(place, next),
        _ => {}
    }
    Ok(())
}

/// A value and everything below it, parents first. Values are at most
/// [`MAX_DEPTH`](crate::MAX_DEPTH) deep, so the recursion is too.
fn descend<'v>(place: &'v Value, next: &mut Vec<&'v Value>) {
    next.push(place);
    match place {
        Value::Array(items) => items.iter().for_each(|item| descend(item, next)),
        Value::Object(fields) => fields.values().for_each(|field| descend(field, next)),
        _ => {}
    }
}

fn holds(filter: &Filter, current: &Value, root: &Value) -> Result<bool, Miss> {
    Ok(match filter {
        Filter::Or(filters) => {
            for filter in filters {
                if holds(filter, current, root)? {
                    return Ok(true);
                }
            }
            false
        }
        Filter::And(filters) => {
            for filter in filters {
                if !holds(filter, current, root)? {
                    return Ok(false);
                }
            }
            true
        }
        Filter::Not(filter) => !holds(filter, current, root)?,
        Filter::Exists(operand) => resolve(operand, current, root)?.is_some(),
        Filter::Compare(left, comparison, right) => {
            let left = resolve(left, current, root)?;
            let right = resolve(right, current, root)?;
            compare(left.as_ref(), *comparison, right.as_ref())
        }
    })
}

/// The value of an operand; nothing when a path leads nowhere.
fn resolve(operand: &Operand, current: &Value, root: &Value) -> Result<Option<Value>, Miss> {
    let (segments, start) = match operand {
        Operand::Literal(value) => return Ok(Some(value.clone())),
        Operand::Current(segments) => (segments, current),
        Operand::Root(segments) => (segments, root),
    };
    let definite = segments
        .iter()
        .all(|segment| matches!(segment, Segment::Name(_) | Segment::Index(_)));
    let places = select_many(segments, start, root)?;
    Ok(if definite {
        places.first().map(|place| (*place).clone())
    } else if places.is_empty() {
        None
    } else {
        Some(places.into_iter().cloned().collect())
    })
}

/// A missing side is equal to nothing and in no order with anything.
fn compare(left: Option<&Value>, comparison: Comparison, right: Option<&Value>) -> bool {
    let equal = matches!((left, right), (Some(left), Some(right)) if equals(left, right));
    let order = match (left, right) {
        (Some(left), Some(right)) => ordering(left, right),
        _ => None,
    };
    let contained = match (left, right) {
        (Some(left), Some(Value::Array(items))) => items.iter().any(|item| equals(left, item)),
        _ => false,
    };
    match comparison {
        Comparison::Equal => equal,
        Comparison::NotEqual => !equal,
        Comparison::Less => order == Some(Ordering::Less),
        Comparison::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Comparison::Greater => order == Some(Ordering::Greater),
        Comparison::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        Comparison::In => contained,
        Comparison::NotIn => !contained,
    }
}

/// Equality of JSON values in which 1 and 1.0 are one number.
pub(crate) fn equals(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(_), Value::Number(_)) => ordering(left, right) == Some(Ordering::Equal),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(a, b)| equals(a, b))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, a)| right.get(key).is_some_and(|b| equals(a, b)))
        }
        _ => left == right,
    }
}

/// The order of two numbers or two strings; nothing for anything else.
///
/// Whole numbers compare exactly. Strings compare by UTF-16 units, as the service's platform does.
pub(crate) fn ordering(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            let whole = |number: &serde_json::Number| {
                number
                    .as_i64()
                    .map(i128::from)
                    .or_else(|| number.as_u64().map(i128::from))
            };
            match (whole(left), whole(right)) {
                (Some(left), Some(right)) => Some(left.cmp(&right)),
                _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
            }
        }
        (Value::String(left), Value::String(right)) => {
            Some(left.encode_utf16().cmp(right.encode_utf16()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn query(path: &str, value: &Value) -> Result<Value, String> {
        let path = Path::parse(path).unwrap();
        path.select(value)
            .map(|selected| selected.to_value())
            .map_err(|miss| miss.to_string())
    }

    fn store() -> Value {
        json!({
            "book": [
                {"title": "A", "price": 8.95, "tags": ["x"]},
                {"title": "B", "price": 12.99},
                {"title": "C", "price": 8.99, "isbn": "1"},
                {"title": "D", "price": 22.99, "isbn": null}
            ],
            "limit": 10,
            "bicycle": {"price": 19.95}
        })
    }

    #[test]
    fn paths_select_what_the_dialect_says() {
        let table = [
            ("$.limit", json!(10)),
            ("$.book[0].title", json!("A")),
            ("$.book[-1].title", json!("D")),
            ("$['book'][1]['title']", json!("B")),
            ("$.book[*].title", json!(["A", "B", "C", "D"])),
            ("$.book[1:3].title", json!(["B", "C"])),
            ("$.book[-2:].title", json!(["C", "D"])),
            ("$.book[:1].title", json!(["A"])),
            ("$.book[::2].title", json!(["A", "C"])),
            ("$.book[-9:2].title", json!(["A", "B"])),
            ("$.book[3:1].title", json!([])),
            ("$.book[0,2].title", json!(["A", "C"])),
            ("$['limit','none']", json!([10])),
            ("$..price", json!([8.95, 12.99, 8.99, 22.99, 19.95])),
            ("$.bicycle.*", json!([19.95])),
            ("$.book[*].isbn", json!(["1", null])),
            ("$.none[*]", json!([])),
            ("$.book[?(@.isbn)].title", json!(["C", "D"])),
            ("$.book[?(!@.isbn)].title", json!(["A", "B"])),
            ("$.book[?(@.price < 10)].title", json!(["A", "C"])),
            (
                "$.book[?(@.price < $.limit && @.isbn == '1')].title",
                json!(["C"]),
            ),
            (
                "$.book[?(@.title == 'A' || @.title == \"D\")].title",
                json!(["A", "D"]),
            ),
            ("$.book[?((@.price > 10) && !(@.isbn))].title", json!(["B"])),
            ("$.book[?(@.isbn == null)].title", json!(["D"])),
            ("$.book[?(@.title in ['B', 'C'])].title", json!(["B", "C"])),
            ("$.book[?(@.title nin ['B', 'C'])].title", json!(["A", "D"])),
            ("$.book[?(@.isbn != '1')].title", json!(["A", "B", "D"])),
            ("$.book[?(@.price == 8.950)].title", json!(["A"])),
            ("$.book[?(@.title < 3)].title", json!([])),
            ("$..[?(@.tags)].title", json!(["A"])),
            ("$..[?(@ == 'x')]", json!(["x"])),
        ];
        for (path, expected) in table {
            assert_eq!(query(path, &store()), Ok(expected), "{path}");
        }
    }

    #[test]
    fn a_wildcard_gives_an_array_even_for_one_hit_and_a_definite_path_the_value() {
        let value = json!({"a": [{"b": 1}]});
        assert_eq!(query("$.a[*].b", &value), Ok(json!([1])));
        assert_eq!(query("$.a[0].b", &value), Ok(json!(1)));
    }

    #[test]
    fn a_miss_says_where() {
        let table = [
            ("$.no.such.result.path", "Missing property in path $['no']"),
            (
                "$.bicycle.no.more",
                "Missing property in path $['bicycle']['no']",
            ),
            ("$.none", "No results for path: $['none']"),
            ("$.book[7]", "No results for path: $['book'][7]"),
            ("$.book[-5]", "No results for path: $['book'][-5]"),
            (
                "$.book.title",
                "Property ['title'] not found in path $['book']",
            ),
            ("$.limit.x", "Property ['x'] not found in path $['limit']"),
        ];
        for (path, message) in table {
            assert_eq!(query(path, &store()), Err(message.to_owned()), "{path}");
        }
    }

    #[test]
    fn numbers_compare_by_value() {
        assert!(equals(&json!(1), &json!(1.0)));
        assert!(equals(&json!([{"a": 2}]), &json!([{"a": 2.0}])));
        assert!(!equals(&json!(u64::MAX), &json!(u64::MAX - 1)));
        assert_eq!(ordering(&json!(-1), &json!(u64::MAX)), Some(Ordering::Less));
        assert_eq!(ordering(&json!("a"), &json!(1)), None);
    }

    #[test]
    fn strings_order_by_utf16_units() {
        // U+FF5E is one unit 0xFF5E; U+10000 begins with 0xD800 and so comes first.
        assert_eq!(
            ordering(&json!("\u{10000}"), &json!("\u{ff5e}")),
            Some(Ordering::Less)
        );
    }

    #[test]
    fn an_exploding_path_ends_with_a_message() {
        let mut deep = json!(1);
        for _ in 0..90 {
            deep = json!([deep]);
        }
        let error = query("$..*..*..*..*..*..*", &deep).unwrap_err();
        assert!(error.contains("more than"), "{error}");
    }
}
