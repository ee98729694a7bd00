//! What a distributed Map state asks for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::execution::TaskId;
use crate::payload::Payload;
use crate::resource::Resource;
use crate::scope::Surroundings;

/// A run of a distributed Map that the host is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MapRunRequest {
    /// The number that the answer has to carry.
    pub task: TaskId,
    /// The run's ARN.
    pub arn: String,
    /// The name of the Map state.
    pub state: String,
    /// `Label`, or the name of the state as far as a label may have it: part of the children's ARNs.
    pub label: String,
    /// Where the items come from.
    pub source: ItemSource,
    /// How items are put together into one child's input; `None` for one each.
    pub batch: Option<BatchLimits>,
    /// What becomes of the results; `None` when they are the state's result as an array.
    pub writer: Option<ResultWriter>,
    /// How many children may run at the same time; 0 for as many as the host likes.
    pub max_concurrency: u64,
    /// How many failed items are no failure of the run.
    pub tolerated_failure_count: Option<u64>,
    /// Which share of failed items, in percent, is no failure of the run.
    pub tolerated_failure_percentage: Option<f64>,
    /// Children are express executions.
    pub express: bool,
    /// How often the run was redriven.
    #[serde(default)]
    pub redrives: u64,
    /// What the selector's expressions can see.
    pub(crate) scope: SavedScope,
}

/// Where the items of a run come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ItemSource {
    /// From the state's input: a JSON array as text.
    Items(String),
    /// From a store.
    Read(ItemReader),
}

/// `ItemReader`: a call whose answer is the items.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ItemReader {
    /// What to call: `getObject` or `listObjectsV2` of S3.
    pub resource: Resource,
    /// The call's parameters as JSON text.
    pub arguments: String,
    /// `ReaderConfig` as the definition has it.
    pub config: Value,
    /// The most items to take; `None` or 0 for all.
    pub max_items: Option<u64>,
}

/// `ItemBatcher`: bounds of one child's items.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BatchLimits {
    /// The most items of one child.
    pub max_items: Option<u64>,
    /// The most bytes of one child's input.
    pub max_bytes: Option<u64>,
    /// `BatchInput` as JSON text, which every child gets too.
    pub input: Option<String>,
}

/// `ResultWriter`: where and how the children's results are written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResultWriter {
    /// What to call: `putObject` of S3. Without one, the results are only transformed.
    pub resource: Option<Resource>,
    /// The call's parameters as JSON text: `Bucket` and `Prefix`.
    pub arguments: String,
    /// `NONE`, `COMPACT` or `FLATTEN`.
    pub transformation: Option<String>,
    /// One result per line instead of one array.
    pub lines: bool,
}

/// What the expressions of a state could see when it began, kept for its items.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SavedScope {
    /// The input after `InputPath`.
    pub(crate) input: Payload,
    pub(crate) context: Value,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) variables: BTreeMap<String, Payload>,
}
/// The saved surroundings of one item.
pub(crate) struct OfItem<'a> {
    pub(crate) saved: &'a SavedScope,
    /// `$$.Map.Item`.
    pub(crate) item: Value,
}

impl Surroundings for OfItem<'_> {
    fn context(&self) -> Value {
        let mut context = self.saved.context.clone();
        if let Some(fields) = context.as_object_mut() {
            let map = serde_json::json!({ "Item": self.item });
            fields.insert("Map".to_owned(), map);
        }
        context
    }

    fn variable(&self, name: &str) -> Option<&Value> {
        self.saved.variables.get(name).map(Payload::value)
    }
}
