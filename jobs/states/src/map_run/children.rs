//! From items to the inputs of child executions.

use serde_json::{Map, Value, json};

use super::request::OfItem;
use super::{Items, MapRunError, MapRunRequest};
use crate::definition::{Definition, Kind};
use crate::event::Moment;
use crate::payload::{MAX_BYTES, Payload};
use crate::random::Random;
use crate::scope::{Context, Scope};
use crate::template::Template;

/// A child execution to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    /// Its input as JSON text.
    pub input: String,
    /// How many items it stands for.
    pub items: u64,
}

impl MapRunRequest {
    /// Makes the inputs of the children: selects from each item, and puts items into batches.
    pub fn children(
        &self,
        definition: &Definition,
        items: &Items,
        moment: Moment,
    ) -> Result<Vec<Child>, MapRunError> {
        let selector = match definition.state(&self.state).map(|state| &state.kind) {
            Some(Kind::Map(map)) => map.selector.as_ref(),
            _ => None,
        };
        let random = Random::new(moment.seed);
        let mut values = Vec::with_capacity(items.values.len());
        for (index, value) in items.values.iter().enumerate() {
            values.push(match selector {
                Some(selector) => self.select(selector, items, index, moment, &random)?,
                None => value.clone(),
            });
        }
        let children = match &self.batch {
            None => values.into_iter().map(|value| (value, 1)).collect(),
            Some(_) => self.batches(values),
        };
        children
            .into_iter()
            .map(|(value, items)| {
                let input = Payload::from_value(value).map_err(|error| {
                    MapRunError::limit(format!("An item cannot be kept: {error}"))
                })?;
                Ok(Child {
                    input: input.text().to_owned(),
                    items,
                })
            })
            .collect()
    }

    fn select(
        &self,
        selector: &Template,
        items: &Items,
        index: usize,
        moment: Moment,
        random: &Random,
    ) -> Result<Value, MapRunError> {
        let mut item = Map::new();
        item.insert("Index".to_owned(), index.into());
        if let Some(key) = items.keys.get(index) {
            item.insert("Key".to_owned(), key.as_str().into());
        }
        let value = items.values.get(index).cloned().unwrap_or_default();
        item.insert("Value".to_owned(), value);
        item.insert("Source".to_owned(), items.source.as_str().into());
        let surroundings = OfItem {
            saved: &self.scope,
            item: Value::Object(item),
        };
        let context = Context::new(&surroundings);
        let scope = Scope {
            input: self.scope.input.value(),
            result: None,
            error: None,
            context: &context,
            random,
            now: moment.now,
        };
        Ok(selector.evaluate(&scope)?)
    }

    /// Fills batches up to their limits. An item that is too large for a batch gets one of its own.
    fn batches(&self, values: Vec<Value>) -> Vec<(Value, u64)> {
        let Some(limits) = &self.batch else {
            return Vec::new();
        };
        let input: Option<Value> = limits
            .input
            .as_deref()
            .and_then(|text| serde_json::from_str(text).ok());
        let most = |limit: Option<u64>| limit.map_or(usize::MAX, |limit| limit as usize);
        let most_items = most(limits.max_items);
        let most_bytes = most(limits.max_bytes).min(MAX_BYTES);
        let batch = |items: Vec<Value>| match &input {
            Some(input) => json!({ "BatchInput": input, "Items": items }),
            None => json!({ "Items": items }),
        };
        let empty = batch(Vec::new()).to_string().len();
        let mut batches = Vec::new();
        let (mut open, mut bytes) = (Vec::new(), empty);
        for value in values {
            // With the comma before it.
            let length = value.to_string().len() + usize::from(!open.is_empty());
            let full = open.len() >= most_items || bytes.saturating_add(length) > most_bytes;
            if full && !open.is_empty() {
                let items = std::mem::take(&mut open);
                let count = items.len() as u64;
                batches.push((batch(items), count));
                bytes = empty;
            }
            bytes += length;
            open.push(value);
        }
        if !open.is_empty() {
            let count = open.len() as u64;
            batches.push((batch(open), count));
        }
        batches
    }
}
