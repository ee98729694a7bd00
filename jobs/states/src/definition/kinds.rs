//! Reading what only some kinds of states have.

use std::sync::Arc;

use super::distributed;
use super::fields::{Object, wrong_kind};
use super::findings::Findings;
use super::position::{Json, Node};
use super::read::{MAX_SECONDS, Reading, choice, machine};
use super::state::{Items, Kind, Language, Map, Number, Task, Text, Until};
use crate::filters::ResultPath;
use crate::resource::Resource;
use crate::time::Timestamp;

/// The names of the kinds.
pub(super) const KINDS: [&str; 8] = [
    "Task", "Choice", "Pass", "Wait", "Succeed", "Fail", "Parallel", "Map",
];

const JSONPATH_TASK: [&str; 6] = [
    "Resource",
    "Credentials",
    "TimeoutSeconds",
    "HeartbeatSeconds",
    "TimeoutSecondsPath",
    "HeartbeatSecondsPath",
];

const JSONPATH_MAP: [&str; 13] = [
    "ItemProcessor",
    "Iterator",
    "ItemSelector",
    "ItemReader",
    "ItemBatcher",
    "ResultWriter",
    "Label",
    "MaxConcurrency",
    "ToleratedFailureCount",
    "ToleratedFailurePercentage",
    "MaxConcurrencyPath",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentagePath",
];

/// The fields that a kind of state has for itself.
pub(super) fn fields(kind: &str, language: Language) -> Vec<&'static str> {
    match (kind, language) {
        ("Task", Language::JsonPath) => JSONPATH_TASK.to_vec(),
        ("Task", Language::Jsonata) => JSONPATH_TASK[..4].to_vec(),
        ("Pass", Language::JsonPath) => vec!["Result"],
        ("Choice", _) => vec!["Choices", "Default"],
        ("Wait", Language::JsonPath) => WAITS.to_vec(),
        ("Wait", Language::Jsonata) => WAITS[..2].to_vec(),
        ("Fail", Language::JsonPath) => vec!["Error", "Cause", "ErrorPath", "CausePath"],
        ("Fail", Language::Jsonata) => vec!["Error", "Cause"],
        ("Parallel", _) => vec!["Branches"],
        ("Map", Language::JsonPath) => [&JSONPATH_MAP[..], &["ItemsPath"]].concat(),
        ("Map", Language::Jsonata) => [&JSONPATH_MAP[..10], &["Items"]].concat(),
        _ => Vec::new(),
    }
}

const WAITS: [&str; 4] = ["Seconds", "Timestamp", "SecondsPath", "TimestampPath"];

/// Reads what a kind of state has for itself.
pub(super) fn read(
    kind: &str,
    object: &Object<'_>,
    reading: &mut Reading,
    findings: &mut Findings<'_>,
) -> Option<Kind> {
    match kind {
        "Task" => task(object, findings).map(|task| Kind::Task(Box::new(task))),
        "Pass" => Some(Kind::Pass(match object.language {
            Language::JsonPath => object.value("Result"),
            Language::Jsonata => None,
        })),
        "Choice" => choice(object, findings),
        "Wait" => wait(object, findings).map(Kind::Wait),
        "Succeed" => Some(Kind::Succeed),
        "Fail" => Some(fail(object, findings)),
        "Parallel" => parallel(object, reading, findings),
        "Map" => Some(Kind::Map(Box::new(map(object, reading, findings)))),
        other => {
            let message = format!(
                "There is no state type '{other}', only {}",
                KINDS.join(", ")
            );
            findings.schema(&object.at("Type"), object.get("Type")?.offset, message);
            None
        }
    }
}

pub(super) fn result_path(object: &Object<'_>, findings: &mut Findings<'_>) -> ResultPath {
    match object.get("ResultPath") {
        None => ResultPath::Replace,
        Some(node) if node.is_null() => ResultPath::Discard,
        Some(_) => match object.reference("ResultPath", findings) {
            Some(path) if !path.is_root() => ResultPath::At(path),
            _ => ResultPath::Replace,
        },
    }
}

/// A finding for a value that is no object.
pub(super) fn object_only(node: &Node, location: &str, findings: &mut Findings<'_>) {
    if !matches!(node.json, Json::Object(_)) {
        wrong_kind(node, "an object", location, findings);
    }
}

fn wait(object: &Object<'_>, findings: &mut Findings<'_>) -> Option<Until> {
    let fields = match object.language {
        Language::JsonPath => &WAITS[..],
        Language::Jsonata => &WAITS[..2],
    };
    object.exactly_one(fields, findings);
    if object.is_query("Seconds") {
        return object.query("Seconds", findings).map(Until::SecondsQuery);
    }
    if object.is_query("Timestamp") {
        return object
            .query("Timestamp", findings)
            .map(Until::TimestampQuery);
    }
    if object.has("Seconds") {
        return object
            .integer("Seconds", 0, MAX_SECONDS, findings)
            .map(Until::Seconds);
    }
    if object.language == Language::JsonPath {
        if object.has("SecondsPath") {
            let path = object.path("SecondsPath", true, findings);
            return path.map(Until::SecondsPath);
        }
        if object.has("TimestampPath") {
            let path = object.path("TimestampPath", true, findings);
            return path.map(Until::TimestampPath);
        }
    }
    let text = object.string("Timestamp", findings)?;
    let moment = Timestamp::parse(text);
    if moment.is_none() {
        let offset = object.get("Timestamp")?.offset;
        let message = "String does not match RFC3339 timestamp";
        findings.schema(&object.at("Timestamp"), offset, message);
    }
    moment.map(Until::Timestamp)
}

fn fail(object: &Object<'_>, findings: &mut Findings<'_>) -> Kind {
    let paths = object.language == Language::JsonPath;
    if paths {
        object.at_most_one(&["Error", "ErrorPath"], findings);
        object.at_most_one(&["Cause", "CausePath"], findings);
    }
    let mut text = |fixed: &str, path: &'static str| {
        if object.is_query(fixed) {
            return object.query(fixed, findings).map(Text::Query);
        }
        let text = object
            .string(fixed, findings)
            .map(|text| Text::Fixed(text.to_owned()));
        if text.is_some() || !paths {
            return text;
        }
        object
            .expression(path, findings)
            .map(|expression| Text::Expression(path, expression))
    };
    Kind::Fail {
        error: text("Error", "ErrorPath"),
        cause: text("Cause", "CausePath"),
    }
}

fn task(object: &Object<'_>, findings: &mut Findings<'_>) -> Option<Task> {
    object.require(&["Resource"], findings);
    let resource = resource(object, findings);
    let timeout = number(object, "TimeoutSeconds", 1, MAX_SECONDS, findings);
    let heartbeat = number(object, "HeartbeatSeconds", 1, MAX_SECONDS, findings);
    if let (Some(Number::Fixed(timeout)), Some(Number::Fixed(heartbeat))) = (&timeout, &heartbeat)
        && heartbeat >= timeout
    {
        let message = "HeartbeatSeconds must be smaller than TimeoutSeconds";
        let offset = object.key_offset("HeartbeatSeconds");
        findings.schema(&object.at("HeartbeatSeconds"), offset, message);
    }
    function_name(object, resource.as_ref(), findings);
    let credentials = object.template("Credentials", findings);
    if let Some(credentials) = object.object("Credentials", findings) {
        credentials.only(&["RoleArn", "RoleArn.$"], findings);
        credentials.exactly_one(&["RoleArn", "RoleArn.$"], findings);
    }
    Some(Task {
        resource: resource?,
        timeout,
        heartbeat,
        credentials,
    })
}

fn resource(object: &Object<'_>, findings: &mut Findings<'_>) -> Option<Resource> {
    let text = object.string("Resource", findings)?;
    let resource = Resource::parse(text);
    if resource.is_none() {
        let message = format!("Value is not a valid resource ARN: '{text}'");
        findings.schema(
            &object.at("Resource"),
            object.get("Resource")?.offset,
            message,
        );
    }
    resource
}

/// `lambda:invoke` cannot be called without the function's name.
fn function_name(object: &Object<'_>, resource: Option<&Resource>, findings: &mut Findings<'_>) {
    let invokes = matches!(
        resource,
        Some(Resource::Service { service, action, sdk: false, .. })
            if service == "lambda" && action == "invoke"
    );
    let field = match object.language {
        Language::JsonPath => "Parameters",
        Language::Jsonata => "Arguments",
    };
    let node = object.get(field);
    // The value of an expression is not known yet.
    if !invokes || object.is_query(field) {
        return;
    }
    let members = match node.map(|node| &node.json) {
        Some(Json::Object(members)) => members.as_slice(),
        _ => &[],
    };
    let names = ["FunctionName", "FunctionName.$"];
    let named = members
        .iter()
        .any(|member| names.contains(&member.key.as_str()));
    if !named {
        let offset = node.map_or(object.offset, |node| node.offset);
        let message = "The field 'FunctionName' is required but was missing";
        findings.schema(&object.at(field), offset, message);
    }
}

/// A number that is given, looked up (`…Path`) or computed.
pub(super) fn number(
    object: &Object<'_>,
    field: &str,
    least: u64,
    most: u64,
    findings: &mut Findings<'_>,
) -> Option<Number> {
    let path = format!("{field}Path");
    object.at_most_one(&[field, &path], findings);
    if object.is_query(field) {
        return object.query(field, findings).map(Number::Query);
    }
    if object.has(field) {
        return object
            .integer(field, least, most, findings)
            .map(Number::Fixed);
    }
    match object.language {
        Language::JsonPath => object.path(&path, true, findings).map(Number::Path),
        Language::Jsonata => None,
    }
}

fn parallel(
    object: &Object<'_>,
    reading: &mut Reading,
    findings: &mut Findings<'_>,
) -> Option<Kind> {
    object.require(&["Branches"], findings);
    let branches = object.objects("Branches", findings);
    if object.array("Branches", findings)?.is_empty() {
        let offset = object.get("Branches")?.offset;
        let message = "There must be at least one branch";
        findings.schema(&object.at("Branches"), offset, message);
    }
    let mut first = Vec::with_capacity(branches.len());
    for branch in &branches {
        branch.only(&["StartAt", "States", "Comment"], findings);
        branch.string("Comment", findings);
        first.push(machine(branch, reading, findings));
    }
    Some(Kind::Parallel(first.into_iter().collect::<Option<_>>()?))
}

fn map(object: &Object<'_>, reading: &mut Reading, findings: &mut Findings<'_>) -> Map {
    object.exactly_one(&["ItemProcessor", "Iterator"], findings);
    let former = object.language == Language::JsonPath;
    let selector = if former && object.has("Parameters") {
        object.at_most_one(&["ItemSelector", "Parameters"], findings);
        "Parameters"
    } else {
        "ItemSelector"
    };
    let processor = match object.object("ItemProcessor", findings) {
        Some(processor) => Some(processor),
        None => object.object("Iterator", findings),
    };
    let start_at = processor.as_ref().and_then(|processor| {
        processor.only(
            &["StartAt", "States", "ProcessorConfig", "Comment"],
            findings,
        );
        processor.string("Comment", findings);
        machine(processor, reading, findings)
    });
    let distributed = distributed::read(object, processor.as_ref(), findings);
    let items = match object.language {
        Language::JsonPath => {
            let whole = |path: &crate::path::Path| path.text != "$";
            Items::Path(object.path("ItemsPath", true, findings).filter(whole))
        }
        Language::Jsonata => items(object, findings),
    };
    let max_concurrency = number(object, "MaxConcurrency", 0, MAX_SECONDS, findings);
    let selector = object.template(selector, findings);
    Map {
        items,
        selector,
        max_concurrency,
        start_at: start_at.unwrap_or_else(|| Arc::from("")),
        distributed,
    }
}

/// `Items`, an array or an expression; without it, the input.
fn items(object: &Object<'_>, findings: &mut Findings<'_>) -> Items {
    match object.get("Items").map(|node| (node, &node.json)) {
        None => Items::Path(None),
        Some((node, json)) => {
            if !matches!(json, Json::Array(_)) && !object.is_query("Items") {
                let wanted = "an array or a JSONata expression";
                wrong_kind(node, wanted, &object.at("Items"), findings);
            }
            object
                .template("Items", findings)
                .map_or(Items::Path(None), Items::Made)
        }
    }
}
