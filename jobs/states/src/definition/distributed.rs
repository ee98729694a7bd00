//! What a Map state has in distributed mode, and how it is read.

use super::fields::{Object, wrong_kind};
use super::findings::Findings;
use super::kinds::number;
use super::position::Json;
use super::state::{Language, Number};
use crate::jsonata::Query;
use crate::path::Path;
use crate::resource::{Pattern, Resource};
use crate::template::Template;

/// The longest label, in characters.
const MAX_LABEL: usize = 40;

/// No number of items or failures is larger.
const MOST: u64 = 99_999_999;

/// The largest batch of items, in bytes: the largest input of an execution.
const MAX_BATCH_BYTES: u64 = crate::MAX_BYTES as u64;

/// The fields of a Map state whose iterations are executions of their own.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Distributed {
    /// `ExecutionType` is `EXPRESS`.
    pub(crate) express: bool,
    pub(crate) label: Option<String>,
    pub(crate) reader: Option<Reader>,
    pub(crate) batcher: Option<Batcher>,
    pub(crate) writer: Option<Writer>,
    pub(crate) tolerated_count: Option<Number>,
    pub(crate) tolerated_percentage: Option<Percentage>,
}

/// `ItemReader`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reader {
    pub(crate) resource: Resource,
    pub(crate) arguments: Option<Template>,
    /// `ReaderConfig` as it stands, checked; `MaxItems` is apart.
    pub(crate) config: serde_json::Value,
    pub(crate) max_items: Option<Number>,
}

/// `ItemBatcher`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Batcher {
    pub(crate) max_items: Option<Number>,
    pub(crate) max_bytes: Option<Number>,
    pub(crate) input: Option<Template>,
}

/// `ResultWriter`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Writer {
    /// Without one, only the results' form is changed.
    pub(crate) resource: Option<Resource>,
    pub(crate) arguments: Option<Template>,
    /// `Transformation` of `WriterConfig`: `NONE`, `COMPACT` or `FLATTEN`.
    pub(crate) transformation: Option<String>,
    /// `OutputType` of `WriterConfig` is `JSONL`.
    pub(crate) lines: bool,
}

/// A share of all items in percent, given, looked up or computed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Percentage {
    Fixed(f64),
    Path(Path),
    Query(Query),
}

/// Fields that make sense in distributed mode only.
const FIELDS: [&str; 9] = [
    "ItemReader",
    "ItemBatcher",
    "ResultWriter",
    "Label",
    "ToleratedFailureCount",
    "ToleratedFailurePercentage",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentagePath",
    "ExecutionType",
];

/// Reads what belongs to distributed mode; nothing for an inline Map.
pub(super) fn read(
    map: &Object<'_>,
    processor: Option<&Object<'_>>,
    findings: &mut Findings<'_>,
) -> Option<Distributed> {
    let config = processor.and_then(|processor| processor.object("ProcessorConfig", findings));
    let mut express = false;
    let mut distributed = false;
    if let Some(config) = &config {
        config.only(&["Mode", "ExecutionType"], findings);
        distributed =
            word(config, "Mode", &["INLINE", "DISTRIBUTED"], findings) == Some("DISTRIBUTED");
        let kinds = &["STANDARD", "EXPRESS"];
        let kind = word(config, "ExecutionType", kinds, findings);
        express = kind == Some("EXPRESS");
        if distributed {
            config.require(&["ExecutionType"], findings);
        } else if config.has("ExecutionType") {
            not_inline(config, "ExecutionType", findings);
        }
    }
    if !distributed {
        for field in FIELDS.iter().filter(|field| map.has(field)) {
            not_inline(map, field, findings);
        }
        return None;
    }
    Some(Distributed {
        express,
        label: label(map, findings),
        reader: map
            .object("ItemReader", findings)
            .and_then(|reader| read_reader(&reader, findings)),
        batcher: map
            .object("ItemBatcher", findings)
            .map(|batcher| read_batcher(&batcher, findings)),
        writer: map
            .object("ResultWriter", findings)
            .and_then(|writer| read_writer(&writer, findings)),
        tolerated_count: number(map, "ToleratedFailureCount", 0, MOST, findings),
        tolerated_percentage: percentage(map, findings),
    })
}

fn not_inline(object: &Object<'_>, field: &str, findings: &mut Findings<'_>) {
    let message = format!("Field '{field}' is only supported for Map states in DISTRIBUTED mode");
    findings.schema(&object.at(field), object.key_offset(field), message);
}

/// One of some words.
fn word<'n>(
    object: &Object<'n>,
    key: &str,
    words: &[&str],
    findings: &mut Findings<'_>,
) -> Option<&'n str> {
    let found = object.string(key, findings)?;
    if !words.contains(&found) {
        let message = format!("Value '{found}' is not one of: {}", words.join(", "));
        findings.schema(&object.at(key), object.key_offset(key), message);
    }
    Some(found)
}

fn label(map: &Object<'_>, findings: &mut Findings<'_>) -> Option<String> {
    let label = map.string("Label", findings)?;
    let forbidden =
        |c: char| c.is_whitespace() || c.is_control() || "?*<>{}[]:;,\\|^~$#%&`\"/".contains(c);
    if label.is_empty() || label.chars().count() > MAX_LABEL || label.contains(forbidden) {
        let message = format!(
            "A label has 1 to {MAX_LABEL} characters, without blanks, brackets and punctuation"
        );
        findings.schema(&map.at("Label"), map.key_offset("Label"), message);
    }
    Some(label.to_owned())
}

fn arguments(object: &Object<'_>, findings: &mut Findings<'_>) -> Option<Template> {
    match object.language {
        Language::JsonPath => object.template("Parameters", findings),
        Language::Jsonata => object.template("Arguments", findings),
    }
}

fn arguments_field(object: &Object<'_>) -> &'static str {
    match object.language {
        Language::JsonPath => "Parameters",
        Language::Jsonata => "Arguments",
    }
}

/// A plain call of S3, which readers and writers make.
fn resource(
    object: &Object<'_>,
    actions: &[&str],
    findings: &mut Findings<'_>,
) -> Option<Resource> {
    let text = object.string("Resource", findings)?;
    let resource = Resource::parse(text).filter(|resource| {
        matches!(resource, Resource::Service { service, action, pattern: Pattern::RequestResponse, .. }
            if service == "s3" && actions.contains(&action.as_str()))
    });
    if resource.is_none() {
        let message = format!(
            "Value '{text}' is not supported here, only arn:aws:states:::s3:{}",
            actions.join(" and arn:aws:states:::s3:")
        );
        findings.schema(
            &object.at("Resource"),
            object.key_offset("Resource"),
            message,
        );
    }
    resource
}

fn read_reader(reader: &Object<'_>, findings: &mut Findings<'_>) -> Option<Reader> {
    reader.only(
        &["Resource", "ReaderConfig", arguments_field(reader)],
        findings,
    );
    reader.require(&["Resource"], findings);
    let resource = resource(reader, &["getObject", "listObjectsV2"], findings);
    let arguments = arguments(reader, findings);
    let lists =
        matches!(&resource, Some(Resource::Service { action, .. }) if action == "listObjectsV2");
    let mut max_items = None;
    let mut config = serde_json::Value::Null;
    if let Some(object) = reader.object("ReaderConfig", findings) {
        object.only(
            &[
                "InputType",
                "CSVHeaderLocation",
                "CSVHeaders",
                "CSVDelimiter",
                "MaxItems",
                "MaxItemsPath",
                "Transformation",
                "ManifestType",
                "ItemsPointer",
            ],
            findings,
        );
        let types = &["CSV", "JSON", "JSONL", "MANIFEST", "PARQUET"];
        let input_type = word(&object, "InputType", types, findings);
        if input_type == Some("PARQUET") {
            not_yet(&object, "InputType", "input type 'PARQUET'", findings);
        }
        let manifests = &["S3_INVENTORY", "ATHENA_DATA"];
        if word(&object, "ManifestType", manifests, findings) == Some("ATHENA_DATA") {
            not_yet(
                &object,
                "ManifestType",
                "manifest type 'ATHENA_DATA'",
                findings,
            );
        }
        if input_type == Some("MANIFEST") && lists {
            let message = "A manifest is read by arn:aws:states:::s3:getObject";
            let offset = object.key_offset("InputType");
            findings.schema(&object.at("InputType"), offset, message);
        }
        word(
            &object,
            "CSVHeaderLocation",
            &["FIRST_ROW", "GIVEN"],
            findings,
        );
        let delimiters = &["COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"];
        word(&object, "CSVDelimiter", delimiters, findings);
        let words = &["NONE", "LOAD_AND_FLATTEN"];
        if word(&object, "Transformation", words, findings) == Some("LOAD_AND_FLATTEN") {
            if !lists {
                let message = "Transformation LOAD_AND_FLATTEN is for what \
                               arn:aws:states:::s3:listObjectsV2 lists";
                let offset = object.key_offset("Transformation");
                findings.schema(&object.at("Transformation"), offset, message);
            }
            object.require(&["InputType"], findings);
        }
        max_items = number(&object, "MaxItems", 0, MOST, findings);
        config = reader.value("ReaderConfig").unwrap_or_default();
    } else if !lists {
        let message = "These fields are required: [ReaderConfig]";
        findings.schema(&reader.location, reader.offset, message);
    }
    Some(Reader {
        resource: resource?,
        arguments,
        config,
        max_items,
    })
}

fn not_yet(object: &Object<'_>, field: &str, what: &str, findings: &mut Findings<'_>) {
    let message = format!("{what} is not supported yet by this engine");
    findings.schema(&object.at(field), object.key_offset(field), message);
}

fn read_batcher(batcher: &Object<'_>, findings: &mut Findings<'_>) -> Batcher {
    batcher.only(
        &[
            "MaxItemsPerBatch",
            "MaxItemsPerBatchPath",
            "MaxInputBytesPerBatch",
            "MaxInputBytesPerBatchPath",
            "BatchInput",
        ],
        findings,
    );
    let max_items = number(batcher, "MaxItemsPerBatch", 1, MOST, findings);
    let max_bytes = number(
        batcher,
        "MaxInputBytesPerBatch",
        1,
        MAX_BATCH_BYTES,
        findings,
    );
    if max_items.is_none() && max_bytes.is_none() {
        let message = "One of the following fields is required: [MaxItemsPerBatch, \
                       MaxItemsPerBatchPath, MaxInputBytesPerBatch, MaxInputBytesPerBatchPath]";
        findings.schema(&batcher.location, batcher.offset, message);
    }
    Batcher {
        max_items,
        max_bytes,
        input: batcher.template("BatchInput", findings),
    }
}

fn read_writer(writer: &Object<'_>, findings: &mut Findings<'_>) -> Option<Writer> {
    writer.only(
        &["Resource", "WriterConfig", arguments_field(writer)],
        findings,
    );
    let config = writer.object("WriterConfig", findings);
    if config.is_none() {
        writer.require(&["Resource"], findings);
    }
    let mut transformation = None;
    let mut lines = false;
    if let Some(config) = config {
        config.only(&["Transformation", "OutputType"], findings);
        let words = &["NONE", "COMPACT", "FLATTEN"];
        transformation = word(&config, "Transformation", words, findings).map(str::to_owned);
        lines = word(&config, "OutputType", &["JSON", "JSONL"], findings) == Some("JSONL");
    }
    let given = writer.has("Resource");
    let resource = resource(writer, &["putObject"], findings);
    if given && resource.is_none() {
        return None;
    }
    Some(Writer {
        resource,
        arguments: arguments(writer, findings),
        transformation,
        lines,
    })
}

fn percentage(map: &Object<'_>, findings: &mut Findings<'_>) -> Option<Percentage> {
    let (field, path) = (
        "ToleratedFailurePercentage",
        "ToleratedFailurePercentagePath",
    );
    map.at_most_one(&[field, path], findings);
    if map.is_query(field) {
        return map.query(field, findings).map(Percentage::Query);
    }
    if let Some(node) = map.get(field) {
        let Json::Number(number) = &node.json else {
            wrong_kind(node, "a number", &map.at(field), findings);
            return None;
        };
        let value = number
            .as_f64()
            .filter(|value| (0.0..=100.0).contains(value));
        if value.is_none() {
            let message = "A percentage lies between 0 and 100";
            findings.schema(&map.at(field), node.offset, message);
        }
        return value.map(Percentage::Fixed);
    }
    match map.language {
        Language::JsonPath => map.path(path, true, findings).map(Percentage::Path),
        Language::Jsonata => None,
    }
}
