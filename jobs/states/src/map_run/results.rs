//! What becomes of the children's results.

use serde_json::{Map, Value, json};

use super::{MapRunError, MapRunRequest};
use crate::execution::Status;
use crate::payload::MAX_BYTES;
use crate::time::Timestamp;

/// A child that has ended, or never began, as the results tell of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultRecord {
    /// The child execution's ARN; empty when it never began.
    pub execution_arn: String,
    /// Its name.
    pub name: String,
    /// Its machine's ARN.
    pub state_machine_arn: String,
    /// Its input as JSON text.
    pub input: String,
    /// Its output as JSON text, if it succeeded.
    pub output: Option<String>,
    /// Its error's name.
    pub error: Option<String>,
    /// Its error's cause.
    pub cause: Option<String>,
    /// How it ended; [`Status::Running`] when it never began.
    pub status: Status,
    /// When it began.
    pub start_date: Option<Timestamp>,
    /// When it ended.
    pub stop_date: Option<Timestamp>,
    /// How often it was redriven.
    pub redrive_count: u64,
}

/// A file of a [`ResultWriter`](super::ResultWriter).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultFile {
    /// Its key in the bucket.
    pub key: String,
    /// What it contains.
    pub body: String,
}

/// The results of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The Map state's result as JSON text.
    pub output: String,
    /// Where the files go; empty without files.
    pub bucket: String,
    /// The files to write, the manifest last.
    pub files: Vec<ResultFile>,
}

impl MapRunRequest {
    /// Makes the state's result and the files that a writer asks for, from all children in order.
    pub fn results(&self, records: &[ResultRecord]) -> Result<Written, MapRunError> {
        let transformation = self
            .writer
            .as_ref()
            .and_then(|writer| writer.transformation.as_deref());
        let writer = self.writer.as_ref();
        let Some(writer) = writer.filter(|writer| writer.resource.is_some()) else {
            // Without a transformation, the state's result is the children's outputs.
            let form = match (&self.writer, transformation) {
                (Some(_), None | Some("NONE")) => Form::Records,
                (_, Some("FLATTEN")) => Form::Flat,
                _ => Form::Outputs,
            };
            let successes = records
                .iter()
                .filter(|record| record.status == Status::Succeeded);
            let output = Value::Array(form.apply(successes)).to_string();
            if output.len() > MAX_BYTES {
                let cause = format!(
                    "The state/task '{}' returned a result with a size exceeding the maximum \
                     number of bytes service limit.",
                    self.state
                );
                return Err(MapRunError::limit(cause));
            }
            return Ok(Written {
                output,
                bucket: String::new(),
                files: Vec::new(),
            });
        };
        let form = match transformation {
            Some("COMPACT") => Form::Outputs,
            Some("FLATTEN") => Form::Flat,
            _ => Form::Records,
        };
        let place: Value = serde_json::from_str(&writer.arguments).unwrap_or_default();
        let text = |key: &str| place.get(key).and_then(Value::as_str);
        let Some(bucket) = text("Bucket").filter(|bucket| !bucket.is_empty()) else {
            return Err(MapRunError::writer("The field 'Bucket' is required"));
        };
        let uuid = self.arn.rsplit(':').next().unwrap_or_default();
        let folder = match text("Prefix").map(|prefix| prefix.trim_end_matches('/')) {
            None | Some("") => uuid.to_owned(),
            Some(prefix) => format!("{prefix}/{uuid}"),
        };
        let extension = if writer.lines { "jsonl" } else { "json" };
        let mut files = Vec::new();
        let mut listed = Map::new();
        for (kind, takes) in KINDS {
            let chosen = records.iter().filter(|record| takes(record.status));
            // What failed or never began has no output, whatever the transformation.
            let form = if kind == "SUCCEEDED" {
                form
            } else {
                Form::Records
            };
            let values = form.apply(chosen);
            if values.is_empty() {
                listed.insert(kind.to_owned(), Value::Array(Vec::new()));
                continue;
            }
            let body = if writer.lines {
                values.iter().fold(String::new(), |mut body, value| {
                    body.push_str(&value.to_string());
                    body.push('\n');
                    body
                })
            } else {
                Value::Array(values).to_string()
            };
            let key = format!("{folder}/{kind}_0.{extension}");
            let file = json!([{ "Key": key, "Size": body.len() }]);
            listed.insert(kind.to_owned(), file);
            files.push(ResultFile { key, body });
        }
        let manifest = format!("{folder}/manifest.json");
        let body = json!({
            "DestinationBucket": bucket,
            "MapRunArn": self.arn,
            "ResultFiles": listed,
        });
        files.push(ResultFile {
            key: manifest.clone(),
            body: body.to_string(),
        });
        let output = json!({
            "MapRunArn": self.arn,
            "ResultWriterDetails": { "Bucket": bucket, "Key": manifest },
        });
        Ok(Written {
            output: output.to_string(),
            bucket: bucket.to_owned(),
            files,
        })
    }
}

/// The kinds of files, and what stands in each.
type Takes = fn(Status) -> bool;
const KINDS: [(&str, Takes); 3] = [
    ("FAILED", |status| {
        matches!(status, Status::Failed | Status::TimedOut | Status::Aborted)
    }),
    ("PENDING", |status| status == Status::Running),
    ("SUCCEEDED", |status| status == Status::Succeeded),
];

/// How a child is written.
#[derive(Clone, Copy)]
enum Form {
    /// With everything that is known of it.
    Records,
    /// Its output alone.
    Outputs,
    /// Its output; the elements of one that is an array.
    Flat,
}

impl Form {
    fn apply<'r>(self, records: impl Iterator<Item = &'r ResultRecord>) -> Vec<Value> {
        let mut values = Vec::new();
        for record in records {
            match (self, output(record)) {
                (Form::Records, _) => values.push(record.to_value()),
                (Form::Flat, Value::Array(items)) => values.extend(items),
                (Form::Outputs | Form::Flat, value) => values.push(value),
            }
        }
        values
    }
}

fn output(record: &ResultRecord) -> Value {
    let text = record.output.as_deref();
    text.and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}

impl ResultRecord {
    fn to_value(&self) -> Value {
        let mut value = Map::new();
        let mut add = |key: &str, found: Option<Value>| {
            if let Some(found) = found {
                value.insert(key.to_owned(), found);
            }
        };
        let began = self.status != Status::Running;
        let text = |text: &Option<String>| text.as_deref().map(Value::from);
        add("Cause", text(&self.cause));
        add("Error", text(&self.error));
        if began {
            add("ExecutionArn", Some(self.execution_arn.as_str().into()));
        }
        add("Input", Some(self.input.as_str().into()));
        add("InputDetails", Some(json!({ "Included": true })));
        if began {
            add("Name", Some(self.name.as_str().into()));
        }
        add("Output", text(&self.output));
        if self.output.is_some() {
            add("OutputDetails", Some(json!({ "Included": true })));
        }
        if began {
            add("RedriveCount", Some(self.redrive_count.into()));
        }
        add("StartDate", self.start_date.map(|at| at.to_iso().into()));
        add(
            "StateMachineArn",
            Some(self.state_machine_arn.as_str().into()),
        );
        let status = if began {
            self.status.as_str()
        } else {
            "PENDING"
        };
        add("Status", Some(status.into()));
        add("StopDate", self.stop_date.map(|at| at.to_iso().into()));
        Value::Object(value)
    }
}
