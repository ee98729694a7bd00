//! Reading a mock file and saying what is wrong with it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Answer, MockedResponse, Mocks, NumberedAnswer, TestCase};

/// Why a mock file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MocksError {
    /// It cannot be read.
    #[error("cannot read the mock file {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// It is no JSON.
    #[error("the mock file {} is no JSON: {source}", path.display())]
    NotJson {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column.
        #[source]
        source: serde_json::Error,
    },
    /// It is JSON, but no mock file.
    #[error("the mock file {} cannot be used: {}", path.display(), findings.join("; "))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// A sentence for everything that is wrong, each with its place. At least one.
        findings: Vec<String>,
    },
}

impl Mocks {
    /// Reads and checks a mock file.
    pub fn read(path: &Path) -> Result<Mocks, MocksError> {
        let text = std::fs::read_to_string(path).map_err(|source| MocksError::Read {
            path: path.to_owned(),
            source,
        })?;
        Mocks::parse(&text, path)
    }

    /// Checks the text of a mock file; `path` is what errors call it.
    pub fn parse(text: &str, path: &Path) -> Result<Mocks, MocksError> {
        let document: Value = serde_json::from_str(text).map_err(|source| MocksError::NotJson {
            path: path.to_owned(),
            source,
        })?;
        let mut check = Check::default();
        let machines = check.document(&document);
        if check.findings.is_empty() {
            return Ok(Mocks {
                machines: Arc::new(machines),
            });
        }
        Err(MocksError::Invalid {
            path: path.to_owned(),
            findings: check.findings,
        })
    }
}

/// Reads on after something wrong, so that one run tells everything.
#[derive(Default)]
struct Check {
    findings: Vec<String>,
}

impl Check {
    fn wrong(&mut self, at: &str, what: &str) {
        self.findings.push(format!("{at} {what}"));
    }

    fn object<'v>(&mut self, value: &'v Value, at: &str) -> Option<&'v Map<String, Value>> {
        let object = value.as_object();
        if object.is_none() {
            self.wrong(at, "must be an object");
        }
        object
    }

    /// Everything in an object has to have a name that is known here.
    fn only(&mut self, object: &Map<String, Value>, at: &str, known: &[&str]) {
        for name in object.keys() {
            if !known.contains(&name.as_str()) {
                let known = known.join(" and ");
                self.wrong(
                    at,
                    &format!("has the unknown field \"{name}\"; it may have {known}"),
                );
            }
        }
    }

    fn document(&mut self, document: &Value) -> BTreeMap<String, BTreeMap<String, TestCase>> {
        let mut machines = BTreeMap::new();
        let Some(document) = self.object(document, "the document") else {
            return machines;
        };
        self.only(
            document,
            "the document",
            &["StateMachines", "MockedResponses"],
        );
        let none = Value::Object(Map::new());
        let responses = document.get("MockedResponses").unwrap_or(&none);
        let responses = self.responses(responses);
        let Some(named) = document.get("StateMachines") else {
            self.wrong("the document", "must have the field \"StateMachines\"");
            return machines;
        };
        let Some(named) = self.object(named, "StateMachines") else {
            return machines;
        };
        for (name, machine) in named {
            let at = format!("StateMachines.{name}");
            let Some(machine) = self.object(machine, &at) else {
                continue;
            };
            self.only(machine, &at, &["TestCases"]);
            let at = format!("{at}.TestCases");
            let Some(cases) = machine.get("TestCases") else {
                self.wrong(&at, "is missing");
                continue;
            };
            let Some(cases) = self.object(cases, &at) else {
                continue;
            };
            let cases = cases.iter().map(|(name, case)| {
                let at = format!("{at}.{name}");
                (name.clone(), self.case(case, &at, &responses))
            });
            machines.insert(name.clone(), cases.collect());
        }
        machines
    }

    fn case(&mut self, case: &Value, at: &str, responses: &Responses) -> TestCase {
        let mut states = TestCase::new();
        for (state, response) in self.object(case, at).into_iter().flatten() {
            let at = format!("{at}.{state}");
            let Some(name) = response.as_str() else {
                self.wrong(&at, "must be the name of a mocked response");
                continue;
            };
            match responses.get(name) {
                Some(response) => {
                    states.insert(state.clone(), Arc::clone(response));
                }
                None => self.wrong(
                    &at,
                    &format!("names \"{name}\", which MockedResponses does not have"),
                ),
            }
        }
        states
    }

    fn responses(&mut self, responses: &Value) -> Responses {
        let mut read = Responses::new();
        for (name, response) in self
            .object(responses, "MockedResponses")
            .into_iter()
            .flatten()
        {
            let at = format!("MockedResponses.{name}");
            let answers = self.answers(response, &at);
            let name = name.clone();
            let response = MockedResponse {
                name: name.clone(),
                answers,
            };
            read.insert(name, Arc::new(response));
        }
        read
    }

    fn answers(&mut self, response: &Value, at: &str) -> Vec<NumberedAnswer> {
        let mut answers: Vec<NumberedAnswer> = Vec::new();
        for (calls, answer) in self.object(response, at).into_iter().flatten() {
            let at = format!("{at}.\"{calls}\"");
            let numbers = numbers(calls);
            if numbers.is_none() {
                self.wrong(
                    &at,
                    "must be named for calls counted from 0: a number like \"0\" or a range like \"1-2\"",
                );
            }
            let answer = self.answer(answer, &at);
            if let (Some((first, last)), Some(answer)) = (numbers, answer) {
                answers.push(NumberedAnswer {
                    first,
                    last,
                    answer,
                });
            }
        }
        answers.sort_by_key(|answer| answer.first);
        for pair in answers.windows(2) {
            if pair[1].first <= pair[0].last {
                let call = pair[1].first;
                self.wrong(at, &format!("has more than one answer for call {call}"));
            }
        }
        answers
    }

    fn answer(&mut self, answer: &Value, at: &str) -> Option<Answer> {
        let answer = self.object(answer, at)?;
        let mut fields = answer.iter();
        let (Some((kind, value)), None) = (fields.next(), fields.next()) else {
            self.wrong(at, "must have one field, Return or Throw");
            return None;
        };
        match kind.as_str() {
            "Return" => Some(Answer::Return(value.to_string())),
            "Throw" => self.throw(value, &format!("{at}.Throw")),
            other => {
                self.wrong(at, &format!("must have Return or Throw, not \"{other}\""));
                None
            }
        }
    }

    fn throw(&mut self, thrown: &Value, at: &str) -> Option<Answer> {
        let thrown = self.object(thrown, at)?;
        self.only(thrown, at, &["Error", "Cause"]);
        let mut text = |name: &str| match thrown.get(name) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(_) => {
                self.wrong(&format!("{at}.{name}"), "must be a text");
                None
            }
            None => None,
        };
        let (error, cause) = (text("Error"), text("Cause"));
        if thrown.get("Error").is_none() {
            self.wrong(at, "must have the field \"Error\"");
        }
        Some(Answer::Throw {
            error: error?,
            cause,
        })
    }
}

/// Mocked responses by name.
type Responses = BTreeMap<String, Arc<MockedResponse>>;

/// The first and the last call that a key names.
fn numbers(key: &str) -> Option<(u32, u32)> {
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten()
    };
    let (first, last) = match key.split_once('-') {
        Some((first, last)) => (number(first)?, number(last)?),
        None => (number(key)?, number(key)?),
    };
    (first <= last).then_some((first, last))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn parse(document: &Value) -> Result<Mocks, MocksError> {
        Mocks::parse(&document.to_string(), Path::new("mocks.json"))
    }

    fn findings(document: &Value) -> Vec<String> {
        match parse(document) {
            Err(MocksError::Invalid { findings, .. }) => findings,
            other => panic!("not refused: {other:?}"),
        }
    }

    /// A file whose only mocked response is this one.
    fn with_response(response: &Value) -> Value {
        json!({
            "StateMachines": { "m": { "TestCases": { "case": { "S": "r" } } } },
            "MockedResponses": { "r": response },
        })
    }

    #[test]
    fn the_calls_of_a_state_get_the_answers_that_are_numbered_for_them() {
        let throw = json!({ "Throw": { "Error": "E", "Cause": "C" } });
        let mocks = parse(&with_response(&json!({
            "3": { "Return": [1, { "b": 2, "a": null }] },
            "0": { "Return": "first" },
            "1-2": throw,
        })))
        .unwrap();
        let response = &mocks.case("m", "case").unwrap()["S"];
        let answer = |call| match response.answer(call) {
            Some(Answer::Return(text)) => text.clone(),
            Some(Answer::Throw { error, cause }) => format!("{error} {cause:?}"),
            None => "nothing".to_owned(),
        };
        let answers: Vec<String> = (0..5).map(answer).collect();
        let thrown = r#"E Some("C")"#;
        assert_eq!(
            answers,
            [
                r#""first""#,
                thrown,
                thrown,
                r#"[1,{"b":2,"a":null}]"#,
                "nothing"
            ]
        );
        assert!(mocks.answers_for("m", "S"));
        assert!(!mocks.answers_for("m", "T"));
        assert!(!mocks.answers_for("n", "S"));
        assert!(mocks.case("m", "other").is_none());
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once_and_where() {
        let document = json!({
            "StateMachines": {
                "m": { "TestCases": { "case": { "S": "none", "T": 5 } } },
                "n": { "Cases": {} },
                "o": [],
            },
            "MockedResponses": {
                "a": { "first": { "Return": 1 } },
                "b": { "2-1": { "Return": 1 }, "0": {} },
                "c": { "0-2": { "Return": 1 }, "2": { "Return": 2 } },
                "d": { "0": { "Raise": {} }, "1": { "Return": 1, "Throw": {} } },
                "e": { "0": { "Throw": { "Cause": 5 } }, "1": { "Throw": { "Error": "E", "Code": 1 } } },
            },
            "Comment": "",
        });
        let numbered =
            "must be named for calls counted from 0: a number like \"0\" or a range like \"1-2\"";
        assert_eq!(
            findings(&document),
            [
                "the document has the unknown field \"Comment\"; it may have StateMachines and MockedResponses",
                &format!("MockedResponses.a.\"first\" {numbered}"),
                &format!("MockedResponses.b.\"2-1\" {numbered}"),
                "MockedResponses.b.\"0\" must have one field, Return or Throw",
                "MockedResponses.c has more than one answer for call 2",
                "MockedResponses.d.\"0\" must have Return or Throw, not \"Raise\"",
                "MockedResponses.d.\"1\" must have one field, Return or Throw",
                "MockedResponses.e.\"0\".Throw.Cause must be a text",
                "MockedResponses.e.\"0\".Throw must have the field \"Error\"",
                "MockedResponses.e.\"1\".Throw has the unknown field \"Code\"; it may have Error and Cause",
                "StateMachines.m.TestCases.case.S names \"none\", which MockedResponses does not have",
                "StateMachines.m.TestCases.case.T must be the name of a mocked response",
                "StateMachines.n has the unknown field \"Cases\"; it may have TestCases",
                "StateMachines.n.TestCases is missing",
                "StateMachines.o must be an object",
            ]
        );
    }

    #[test]
    fn an_error_is_one_sentence_with_the_files_name() {
        let refused = parse(&json!({ "MockedResponses": [] })).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the mock file mocks.json cannot be used: MockedResponses must be an object; the document must have \
             the field \"StateMachines\""
        );
        let refused = Mocks::parse("{", Path::new("mocks.json")).unwrap_err();
        assert!(refused.to_string().contains("line 1 column 1"), "{refused}");
        let refused = Mocks::read(Path::new("no/such/file.json")).unwrap_err();
        assert!(
            refused
                .to_string()
                .starts_with("cannot read the mock file no/such/file.json: "),
            "{refused}"
        );
    }

    #[test]
    fn a_response_without_answers_is_no_mistake_before_it_is_asked_for() {
        let mocks = parse(&with_response(&json!({}))).unwrap();
        let case = mocks.case("m", "case").unwrap();
        assert!(case["S"].answer(0).is_none());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".*", key in "[0-9-]{0,12}") {
            let _ = Mocks::parse(&text, Path::new("mocks.json"));
            let _ = parse(&with_response(&json!({ key: { "Return": text } })));
        }

        #[test]
        fn a_range_answers_all_its_calls_and_no_others(first in 0u32..50, more in 0u32..50) {
            let last = first + more;
            let answer = json!({ format!("{first}-{last}"): { "Return": 1 } });
            let mocks = parse(&with_response(&answer)).unwrap();
            let response = &mocks.case("m", "case").unwrap()["S"];
            for call in 0..120 {
                prop_assert_eq!(response.answer(call).is_some(), (first..=last).contains(&call));
            }
        }
    }
}
