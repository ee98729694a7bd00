//! Reading the machine and its states.

use super::choices::read_choice;
use super::fields::{Object, wrong_kind};
use super::findings::Findings;
use super::handlers::{read_catch, read_retry};
use super::position::{Json, Node};
use super::state::{Kind, Pass, Seconds, State, Task, Text, Transition, Until};
use super::{ActivityClock, Definition, graph};
use crate::filters::{Filter, InputOutput, ResultPath};
use crate::resource::{Pattern, Resource};
use crate::template::Template;
use crate::time::Timestamp;

/// No time-out and no wait is longer: a little over three years.
const MAX_SECONDS: u64 = 99_999_999;

/// The longest name of a state, in characters.
const MAX_NAME: usize = 80;

/// Fields that every state may have.
const COMMON: [&str; 3] = ["Type", "Comment", "QueryLanguage"];

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
    query_language(&object, findings);
    if let Some(version) = object.string("Version", findings)
        && version != "1.0"
    {
        let message = format!("Version '{version}' is not supported, only '1.0'");
        findings.schema("/Version", object.key_offset("Version"), message);
    }
    let timeout_seconds = object.integer("TimeoutSeconds", 1, MAX_SECONDS, findings);
    let complete = object.require(&["StartAt", "States"], findings);
    let start_at = object.string("StartAt", findings);
    let states_node = object.get("States");
    let states_object = states_node.and_then(|node| Object::read(node, "/States", findings))?;
    let states = states(&states_object, findings);
    graph::check(start_at, &object, &states_object, findings);
    if !complete {
        return None;
    }
    let by_name = states
        .iter()
        .enumerate()
        .map(|(i, state)| (state.name.clone(), i))
        .collect();
    Some(Definition {
        start_at: start_at?.to_owned(),
        timeout_seconds,
        activity_clock: ActivityClock::default(),
        states,
        by_name,
    })
}

fn states(object: &Object<'_>, findings: &mut Findings<'_>) -> Vec<State> {
    if object.members().is_empty() {
        findings.schema(
            &object.location,
            object.offset,
            "There must be at least one state",
        );
    }
    let mut states: Vec<State> = Vec::with_capacity(object.members().len());
    for (position, member) in object.members().iter().enumerate() {
        let name = member.key.as_str();
        let location = object.at(name);
        if object.members()[..position]
            .iter()
            .any(|earlier| earlier.key == name)
        {
            let message = format!("The state '{name}' is defined twice");
            findings.schema(&location, member.key_offset, message);
        }
        if name.is_empty() || name.chars().count() > MAX_NAME {
            let message = format!("The name of a state has 1 to {MAX_NAME} characters");
            findings.schema(&location, member.key_offset, message);
        }
        if let Some(fields) = Object::read(&member.value, location, findings) {
            states.extend(state(name, &fields, findings));
        }
    }
    states
}

fn state(name: &str, object: &Object<'_>, findings: &mut Findings<'_>) -> Option<State> {
    query_language(object, findings);
    object.string("Comment", findings);
    if !object.require(&["Type"], findings) {
        return None;
    }
    let kind = object.string("Type", findings)?;
    let kind = match kind {
        "Task" => task(object, findings).map(|task| Kind::Task(Box::new(task))),
        "Pass" => Some(Kind::Pass(pass(object, findings))),
        "Choice" => {
            only(
                object,
                &["Choices", "Default", "InputPath", "OutputPath"],
                findings,
            );
            read_choice(object, findings).map(Kind::Choice)
        }
        "Wait" => wait(object, findings),
        "Succeed" => {
            only(object, &["InputPath", "OutputPath"], findings);
            Some(Kind::Succeed)
        }
        "Fail" => Some(fail(object, findings)),
        "Map" | "Parallel" => {
            let message = format!("state type '{kind}' is not supported yet by this engine");
            findings.schema(&object.location, object.get("Type")?.offset, message);
            None
        }
        other => {
            let message = format!(
                "There is no state type '{other}', only Task, Choice, Pass, Wait, Succeed, Fail"
            );
            findings.schema(&object.at("Type"), object.get("Type")?.offset, message);
            None
        }
    };
    let io = match kind {
        Some(Kind::Fail { .. }) => InputOutput::default(),
        _ => InputOutput {
            input: filter(object, "InputPath", findings),
            output: filter(object, "OutputPath", findings),
        },
    };
    Some(State {
        name: name.to_owned(),
        io,
        kind: kind?,
    })
}

/// Findings for the fields that such a state does not have.
fn only(object: &Object<'_>, fields: &[&str], findings: &mut Findings<'_>) {
    object.only(&[&COMMON, fields].concat(), findings);
}

fn query_language(object: &Object<'_>, findings: &mut Findings<'_>) {
    let Some(language) = object.string("QueryLanguage", findings) else {
        return;
    };
    let message = match language {
        "JSONPath" => return,
        "JSONata" => "query language 'JSONata' is not supported yet by this engine".to_owned(),
        other => format!("There is no query language '{other}', only JSONPath and JSONata"),
    };
    let offset = object
        .get("QueryLanguage")
        .map_or(object.offset, |node| node.offset);
    findings.schema(&object.at("QueryLanguage"), offset, message);
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
        Some(next) => Transition::Next(next.to_owned()),
        None => Transition::End,
    }
}

fn is_null(node: &Node) -> bool {
    matches!(node.json, Json::Null)
}

fn filter(object: &Object<'_>, key: &str, findings: &mut Findings<'_>) -> Filter {
    match object.get(key) {
        None => Filter::Whole,
        Some(node) if is_null(node) => Filter::Nothing,
        Some(_) => match object.path(key, true, findings) {
            Some(path) if path.text != "$" => Filter::At(path),
            _ => Filter::Whole,
        },
    }
}

pub(super) fn result_path(object: &Object<'_>, findings: &mut Findings<'_>) -> ResultPath {
    match object.get("ResultPath") {
        None => ResultPath::Replace,
        Some(node) if is_null(node) => ResultPath::Discard,
        Some(_) => match object.reference("ResultPath", findings) {
            Some(path) if !path.is_root() => ResultPath::At(path),
            _ => ResultPath::Replace,
        },
    }
}

fn pass(object: &Object<'_>, findings: &mut Findings<'_>) -> Pass {
    only(
        object,
        &[
            "Result",
            "Parameters",
            "InputPath",
            "OutputPath",
            "ResultPath",
            "Next",
            "End",
        ],
        findings,
    );
    Pass {
        result: object.value("Result"),
        parameters: object.template("Parameters", findings),
        result_path: result_path(object, findings),
        transition: transition(object, findings),
    }
}

fn wait(object: &Object<'_>, findings: &mut Findings<'_>) -> Option<Kind> {
    const UNTIL: [&str; 4] = ["Seconds", "Timestamp", "SecondsPath", "TimestampPath"];
    only(
        object,
        &[&UNTIL[..], &["InputPath", "OutputPath", "Next", "End"]].concat(),
        findings,
    );
    object.exactly_one(&UNTIL, findings);
    let transition = transition(object, findings);
    let until = if object.has("Seconds") {
        Until::Seconds(object.integer("Seconds", 0, MAX_SECONDS, findings)?)
    } else if object.has("SecondsPath") {
        Until::SecondsPath(object.path("SecondsPath", true, findings)?)
    } else if object.has("TimestampPath") {
        Until::TimestampPath(object.path("TimestampPath", true, findings)?)
    } else {
        let text = object.string("Timestamp", findings)?;
        let Some(moment) = Timestamp::parse(text) else {
            let offset = object.get("Timestamp")?.offset;
            let message = "String does not match RFC3339 timestamp";
            findings.schema(&object.at("Timestamp"), offset, message);
            return None;
        };
        Until::Timestamp(moment)
    };
    Some(Kind::Wait { until, transition })
}

fn fail(object: &Object<'_>, findings: &mut Findings<'_>) -> Kind {
    only(
        object,
        &["Error", "Cause", "ErrorPath", "CausePath"],
        findings,
    );
    object.at_most_one(&["Error", "ErrorPath"], findings);
    object.at_most_one(&["Cause", "CausePath"], findings);
    let mut text = |fixed: &str, path: &'static str| {
        let fixed = object
            .string(fixed, findings)
            .map(|text| Text::Fixed(text.to_owned()));
        fixed.or_else(|| {
            object
                .expression(path, findings)
                .map(|expression| Text::Expression(path, expression))
        })
    };
    Kind::Fail {
        error: text("Error", "ErrorPath"),
        cause: text("Cause", "CausePath"),
    }
}

fn task(object: &Object<'_>, findings: &mut Findings<'_>) -> Option<Task> {
    only(
        object,
        &[
            "Resource",
            "Parameters",
            "ResultSelector",
            "ResultPath",
            "InputPath",
            "OutputPath",
            "TimeoutSeconds",
            "TimeoutSecondsPath",
            "HeartbeatSeconds",
            "HeartbeatSecondsPath",
            "Retry",
            "Catch",
            "Next",
            "End",
        ],
        findings,
    );
    object.require(&["Resource"], findings);
    let resource = resource(object, findings);
    let timeout = seconds(object, "TimeoutSeconds", "TimeoutSecondsPath", findings);
    let heartbeat = seconds(object, "HeartbeatSeconds", "HeartbeatSecondsPath", findings);
    if let (Some(Seconds::Fixed(timeout)), Some(Seconds::Fixed(heartbeat))) = (&timeout, &heartbeat)
        && heartbeat >= timeout
    {
        let message = "HeartbeatSeconds must be smaller than TimeoutSeconds";
        let offset = object.key_offset("HeartbeatSeconds");
        findings.schema(&object.at("HeartbeatSeconds"), offset, message);
    }
    let parameters = parameters(object, resource.as_ref(), findings);
    let selector = object.template("ResultSelector", findings);
    if let Some(node) = object.get("ResultSelector")
        && !matches!(node.json, Json::Object(_))
    {
        wrong_kind(node, "an object", &object.at("ResultSelector"), findings);
    }
    let result_path = result_path(object, findings);
    let retry = read_retry(object, findings);
    let catch = read_catch(object, findings);
    let transition = transition(object, findings);
    Some(Task {
        resource: resource?,
        parameters,
        selector,
        result_path,
        timeout,
        heartbeat,
        retry,
        catch,
        transition,
    })
}

fn resource(object: &Object<'_>, findings: &mut Findings<'_>) -> Option<Resource> {
    let text = object.string("Resource", findings)?;
    let offset = object.get("Resource")?.offset;
    let Some(resource) = Resource::parse(text) else {
        let message = format!("Value is not a valid resource ARN: '{text}'");
        findings.schema(&object.at("Resource"), offset, message);
        return None;
    };
    if let Resource::Service {
        pattern: pattern @ (Pattern::Sync | Pattern::WaitForTaskToken),
        ..
    } = &resource
    {
        let suffix = if *pattern == Pattern::Sync {
            ".sync"
        } else {
            ".waitForTaskToken"
        };
        let message = format!(
            "service integration pattern '{suffix}' ('{text}') is not supported yet by this engine"
        );
        findings.schema(&object.at("Resource"), offset, message);
        return None;
    }
    Some(resource)
}

fn parameters(
    object: &Object<'_>,
    resource: Option<&Resource>,
    findings: &mut Findings<'_>,
) -> Option<Template> {
    let invokes = matches!(
        resource,
        Some(Resource::Service { service, action, sdk: false, .. })
            if service == "lambda" && action == "invoke"
    );
    if invokes {
        let members = match object.get("Parameters").map(|node| &node.json) {
            Some(Json::Object(members)) => members.as_slice(),
            _ => &[],
        };
        let names = ["FunctionName", "FunctionName.$"];
        if !members
            .iter()
            .any(|member| names.contains(&member.key.as_str()))
        {
            let offset = object
                .get("Parameters")
                .map_or(object.offset, |node| node.offset);
            let message = "The field 'FunctionName' is required but was missing";
            findings.schema(&object.at("Parameters"), offset, message);
        }
    }
    object.template("Parameters", findings)
}

fn seconds(
    object: &Object<'_>,
    fixed: &str,
    path: &str,
    findings: &mut Findings<'_>,
) -> Option<Seconds> {
    object.at_most_one(&[fixed, path], findings);
    if object.has(fixed) {
        return object
            .integer(fixed, 1, MAX_SECONDS, findings)
            .map(Seconds::Fixed);
    }
    object.path(path, true, findings).map(Seconds::Path)
}
