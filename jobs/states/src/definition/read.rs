//! Reading the machine, its processors and branches, and what all their states have in common.

use std::collections::HashSet;

use super::assign::read_assign;
use super::choices::read_choice;
use super::fields::Object;
use super::findings::{Code, Findings};
use super::handlers::{read_catch, read_retry};
use super::kinds;
use super::position::Node;
use super::state::{Kind, Language, State, Transition};
use super::{ActivityClock, Definition, graph, warnings};
use crate::filters::{Filter, InputOutput, ResultPath};

/// No time-out and no wait is longer: a little over three years.
pub(super) const MAX_SECONDS: u64 = 99_999_999;

/// The longest name of a state, in characters.
const MAX_NAME: usize = 80;

/// Parallel and Map states nest at most this deep: far more than anybody writes, and less than a
/// stack holds.
const MAX_NESTING: usize = 24;

/// What is read, and what is known of the machine around it.
pub(super) struct Reading {
    /// The query language of the machine, which its processors and branches have as well.
    pub(super) language: Language,
    /// Every state, those of processors and branches too.
    pub(super) states: Vec<State>,
    names: HashSet<String>,
    nesting: usize,
}

/// Reads a whole definition. Gives one only when it is good enough to be checked further.
pub(super) fn definition(node: &Node, findings: &mut Findings<'_>) -> Option<Definition> {
    let object = Object::read(node, "", findings)?;
    object.only(
        &[
            "Comment",
            "StartAt",
            "States",
            "Version",
            "TimeoutSeconds",
            "QueryLanguage",
        ],
        findings,
    );
    object.string("Comment", findings);
    let mut reading = Reading {
        language: query_language(&object, findings).unwrap_or_default(),
        states: Vec::new(),
        names: HashSet::new(),
        nesting: 0,
    };
    if let Some(version) = object.string("Version", findings)
        && version != "1.0"
    {
        let message = format!("Version '{version}' is not supported, only '1.0'");
        findings.schema("/Version", object.key_offset("Version"), message);
    }
    let timeout_seconds = object.integer("TimeoutSeconds", 1, MAX_SECONDS, findings);
    let start_at = machine(&object, &mut reading, findings)?;
    let states = reading.states;
    let by_name = states
        .iter()
        .enumerate()
        .map(|(i, state)| (state.name.to_string(), i))
        .collect();
    Some(Definition {
        start_at,
        timeout_seconds,
        activity_clock: ActivityClock::default(),
        warnings: Vec::new(),
        states,
        by_name,
    })
}

/// Reads `StartAt` and `States` of a machine, a branch or a processor. Gives the first state.
pub(super) fn machine(
    object: &Object<'_>,
    reading: &mut Reading,
    findings: &mut Findings<'_>,
) -> Option<std::sync::Arc<str>> {
    let complete = object.require(&["StartAt", "States"], findings);
    let start_at = object.string("StartAt", findings);
    let states_object = object.object("States", findings)?;
    if reading.nesting >= MAX_NESTING {
        let message = format!("States are nested more than {MAX_NESTING} levels deep");
        findings.schema(&states_object.location, states_object.offset, message);
        return None;
    }
    reading.nesting += 1;
    states(&states_object, reading, findings);
    reading.nesting -= 1;
    graph::check(start_at, object, &states_object, findings);
    start_at.filter(|_| complete).map(std::sync::Arc::from)
}

fn states(object: &Object<'_>, reading: &mut Reading, findings: &mut Findings<'_>) {
    if object.members().is_empty() {
        findings.schema(
            &object.location,
            object.offset,
            "There must be at least one state",
        );
    }
    let first = reading.states.len();
    for (position, member) in object.members().iter().enumerate() {
        let name = member.key.as_str();
        let location = object.at(name);
        let twice = object.members()[..position]
            .iter()
            .any(|earlier| earlier.key == name);
        if twice {
            let message = format!("The state '{name}' is defined twice");
            findings.schema(&location, member.key_offset, message);
        } else if !reading.names.insert(name.to_owned()) {
            let message = format!("Duplicate state name: {name}");
            findings.add(Code::DuplicateName, &location, member.key_offset, message);
        }
        if name.is_empty() || name.chars().count() > MAX_NAME {
            let message = format!("The name of a state has 1 to {MAX_NAME} characters");
            findings.schema(&location, member.key_offset, message);
        }
        if let Some(fields) = Object::read(&member.value, location, findings) {
            let state = state(name, fields, reading, findings);
            reading.states.extend(state);
        }
    }
    warnings::redrive(&reading.states[first..], object, findings);
}

fn state(
    name: &str,
    object: Object<'_>,
    reading: &mut Reading,
    findings: &mut Findings<'_>,
) -> Option<State> {
    let language = state_language(&object, reading, findings);
    let object = &object.speaking(language);
    object.string("Comment", findings);
    if !object.require(&["Type"], findings) {
        return None;
    }
    let kind = object.string("Type", findings)?;
    let mut fields = vec!["Type", "Comment", "QueryLanguage"];
    if !matches!(kind, "Choice" | "Succeed" | "Fail") {
        fields.extend(["Next", "End"]);
    }
    if !matches!(kind, "Succeed" | "Fail") {
        fields.push("Assign");
    }
    match language {
        Language::JsonPath if kind != "Fail" => fields.extend(["InputPath", "OutputPath"]),
        Language::Jsonata if kind != "Fail" => fields.push("Output"),
        _ => {}
    }
    let worked = matches!(kind, "Task" | "Parallel" | "Map");
    if worked {
        fields.extend(["Retry", "Catch"]);
    }
    match language {
        Language::JsonPath if worked => {
            fields.extend(["Parameters", "ResultSelector", "ResultPath"]);
        }
        Language::JsonPath if kind == "Pass" => fields.extend(["Parameters", "ResultPath"]),
        Language::Jsonata if matches!(kind, "Task" | "Parallel") => fields.push("Arguments"),
        _ => {}
    }
    fields.extend(kinds::fields(kind, language));
    let known = kinds::KINDS.contains(&kind);
    if known {
        object.only(&fields, findings);
    }
    let has = |key: &str| known && fields.contains(&key);
    let kind = kinds::read(kind, object, reading, findings);
    if let Some(node) = object
        .get("ResultSelector")
        .filter(|_| has("ResultSelector"))
    {
        kinds::object_only(node, &object.at("ResultSelector"), findings);
    }
    let mut template = |key: &str| has(key).then(|| object.template(key, findings)).flatten();
    // The former name of a Map's ItemSelector is not the Parameters of the others.
    let is_map = matches!(object.get("Type").map(Node::to_value), Some(value) if value == "Map");
    let arguments = if is_map {
        None
    } else {
        template("Parameters").or_else(|| template("Arguments"))
    };
    let selector = template("ResultSelector");
    let output = template("Output");
    let (mut retry, mut catch) = (Vec::new(), Vec::new());
    if worked {
        (retry, catch) = (read_retry(object, findings), read_catch(object, findings));
        let names = retry.iter().map(|retrier| retrier.errors.as_slice());
        warnings::handlers(object, "Retry", names, findings);
        let names = catch.iter().map(|catcher| catcher.errors.as_slice());
        warnings::handlers(object, "Catch", names, findings);
    }
    if let Some(Kind::Task(task)) = &kind {
        warnings::task(object, task, findings);
    }
    Some(State {
        name: name.into(),
        location: object.location.clone(),
        language,
        io: if has("InputPath") {
            InputOutput {
                input: filter(object, "InputPath", findings),
                output: filter(object, "OutputPath", findings),
            }
        } else {
            InputOutput::default()
        },
        arguments,
        selector,
        result_path: if has("ResultPath") {
            kinds::result_path(object, findings)
        } else {
            ResultPath::Replace
        },
        output,
        assign: if has("Assign") {
            read_assign(object, findings)
        } else {
            Vec::new()
        },
        retry,
        catch,
        transition: if has("Next") {
            transition(object, findings)
        } else {
            Transition::End
        },
        kind: kind?,
    })
}

/// The language of a state: its own, or the machine's.
fn state_language(object: &Object<'_>, reading: &Reading, findings: &mut Findings<'_>) -> Language {
    match query_language(object, findings) {
        Some(Language::JsonPath) if reading.language == Language::Jsonata => {
            // Recorded with the state's own location.
            let message =
                "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine";
            findings.schema(
                &object.location,
                object.key_offset("QueryLanguage"),
                message,
            );
            Language::JsonPath
        }
        Some(language) => language,
        None => reading.language,
    }
}

fn query_language(object: &Object<'_>, findings: &mut Findings<'_>) -> Option<Language> {
    let language = object.string("QueryLanguage", findings)?;
    match language {
        "JSONPath" => Some(Language::JsonPath),
        "JSONata" => Some(Language::Jsonata),
        other => {
            let message =
                format!("There is no query language '{other}', only JSONPath and JSONata");
            let offset = object
                .get("QueryLanguage")
                .map_or(object.offset, |node| node.offset);
            findings.schema(&object.at("QueryLanguage"), offset, message);
            None
        }
    }
}

/// `Next` or `End`.
fn transition(object: &Object<'_>, findings: &mut Findings<'_>) -> Transition {
    object.exactly_one(&["Next", "End"], findings);
    if object.boolean("End", findings) == Some(false) && !object.has("Next") {
        let offset = object.key_offset("End");
        findings.schema(
            &object.at("End"),
            offset,
            "'End' must be true where there is no 'Next'",
        );
    }
    match object.string("Next", findings) {
        Some(next) => Transition::Next(next.into()),
        None => Transition::End,
    }
}

fn filter(object: &Object<'_>, key: &str, findings: &mut Findings<'_>) -> Filter {
    match object.get(key) {
        None => Filter::Whole,
        Some(node) if node.is_null() => Filter::Nothing,
        Some(_) => match object.path(key, true, findings) {
            Some(path) if path.text != "$" => Filter::At(path),
            _ => Filter::Whole,
        },
    }
}

/// The rules of a Choice state, for [`kinds::read`].
pub(super) fn choice(object: &Object<'_>, findings: &mut Findings<'_>) -> Option<Kind> {
    read_choice(object, findings).map(Kind::Choice)
}
