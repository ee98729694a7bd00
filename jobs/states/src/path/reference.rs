//! Reference paths: those that name exactly one place, and can be written to.

use serde_json::{Map, Value};

use super::{Path, Root, Segment};

/// No reference path has more steps: a value that deep could not be stored.
const MAX_STEPS: usize = crate::MAX_DEPTH;

/// A path of plain names and indices from `$`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ReferencePath {
    /// As it was written.
    pub(crate) text: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Field(String),
    Index(usize),
}

/// The value has no such place, and none can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoSuchPlace;

impl ReferencePath {
    /// A path as a reference path; nothing when it has anything but names and indices, or begins
    /// at the context object.
    pub(crate) fn from_path(path: &Path) -> Option<ReferencePath> {
        if path.root != Root::Input || path.segments.len() > MAX_STEPS {
            return None;
        }
        let steps = path.segments.iter().map(|segment| match segment {
            Segment::Name(name) => Some(Step::Field(name.clone())),
            Segment::Index(index) => usize::try_from(*index).ok().map(Step::Index),
            _ => None,
        });
        Some(ReferencePath {
            text: path.text.clone(),
            steps: steps.collect::<Option<_>>()?,
        })
    }

    /// Whether it is `$` alone.
    pub(crate) fn is_root(&self) -> bool {
        self.steps.is_empty()
    }

    /// Puts `value` at this place of `target`, making objects that are missing on the way.
    ///
    /// Elements of arrays are replaced, never added. `target` is unchanged when there is no place.
    pub(crate) fn set(&self, target: &mut Value, value: Value) -> Result<(), NoSuchPlace> {
        if !self.fits(target) {
            return Err(NoSuchPlace);
        }
        let mut place = target;
        for step in &self.steps {
            place = match (step, place) {
                (Step::Field(name), Value::Object(fields)) => fields
                    .entry(name.as_str())
                    .or_insert_with(|| Value::Object(Map::new())),
                (Step::Index(index), Value::Array(items)) => {
                    items.get_mut(*index).ok_or(NoSuchPlace)?
                }
                _ => return Err(NoSuchPlace),
            };
        }
        *place = value;
        Ok(())
    }

    fn fits(&self, target: &Value) -> bool {
        let mut place = target;
        for (position, step) in self.steps.iter().enumerate() {
            let next = match (step, place) {
                (Step::Field(name), Value::Object(fields)) => {
                    let Some(next) = fields.get(name) else {
                        // From here on everything is made new, and only objects are made.
                        let rest = &self.steps[position + 1..];
                        return rest.iter().all(|step| matches!(step, Step::Field(_)));
                    };
                    Some(next)
                }
                (Step::Index(index), Value::Array(items)) => items.get(*index),
                _ => None,
            };
            let Some(next) = next else {
                return false;
            };
            place = next;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reference(text: &str) -> Option<ReferencePath> {
        ReferencePath::from_path(&Path::parse(text).unwrap())
    }

    #[test]
    fn only_plain_paths_are_reference_paths() {
        for text in ["$", "$.a.b", "$['a b']", "$.a[0].b"] {
            assert!(reference(text).is_some(), "{text}");
        }
        for text in [
            "$$.a",
            "$.a[*]",
            "$..a",
            "$.a[-1]",
            "$[0:1]",
            "$['a','b']",
            "$[?(@.a)]",
        ] {
            assert!(reference(text).is_none(), "{text}");
        }
        assert!(reference(&format!("${}", ".a".repeat(101))).is_none());
    }

    #[test]
    fn a_result_goes_where_the_path_says() {
        let table = [
            ("$", json!({"a": 1}), json!("R")),
            ("$.b", json!({"a": 1}), json!({"a": 1, "b": "R"})),
            ("$.a", json!({"a": 1}), json!({"a": "R"})),
            ("$.a.b.c", json!({}), json!({"a": {"b": {"c": "R"}}})),
            ("$.a[1]", json!({"a": [1, 2]}), json!({"a": [1, "R"]})),
            ("$.a[0].x", json!({"a": [{}]}), json!({"a": [{"x": "R"}]})),
        ];
        for (path, mut target, expected) in table {
            reference(path)
                .unwrap()
                .set(&mut target, json!("R"))
                .unwrap();
            assert_eq!(target, expected, "{path}");
        }
    }

    #[test]
    fn a_place_that_cannot_be_is_refused_and_nothing_changes() {
        let table = [
            ("$.a", json!("text")),
            ("$.a", json!([1])),
            ("$.a.b", json!({"a": 5})),
            ("$.a.b", json!({"a": null})),
            ("$.a[2]", json!({"a": [1, 2]})),
            ("$.new[0]", json!({})),
            ("$.new.x[0]", json!({})),
            ("$[0]", json!({})),
        ];
        for (path, target) in table {
            let mut changed = target.clone();
            assert_eq!(
                reference(path).unwrap().set(&mut changed, json!(1)),
                Err(NoSuchPlace)
            );
            assert_eq!(changed, target, "{path}");
        }
    }
}
