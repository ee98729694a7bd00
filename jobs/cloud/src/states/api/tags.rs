//! Tags of state machines and activities.

use serde::Deserialize;
use serde_json::{Value, json};

use super::checks::Checks;
use super::{Request, given, nothing};
use crate::states::arn::Named;
use crate::states::error::{ApiError, Fault};
use crate::states::message::Operation;
use crate::states::store;
use crate::states::turn::Turn;

/// Tags that a resource may have.
const MAX_TAGS: usize = 50;

#[derive(Deserialize)]
pub(super) struct Tag {
    key: Option<String>,
    value: Option<String>,
}

impl Tag {
    pub(super) fn key(&self) -> &str {
        given(self.key.as_deref())
    }

    pub(super) fn value(&self) -> &str {
        given(self.value.as_deref())
    }
}

fn too_many(arn: &str) -> ApiError {
    ApiError::new(
        "TooManyTags",
        format!("A resource may have {MAX_TAGS} tags: '{arn}'"),
    )
}

/// Checks the tags of a request.
pub(super) fn check_tags(tags: &[Tag]) -> Result<(), ApiError> {
    for tag in tags {
        let (key, value) = (tag.key(), tag.value());
        if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
            let text = format!("A tag's key has 1 to 128 characters, its value up to 256: '{key}'");
            return Err(ApiError::validation(text));
        }
        if key.starts_with("aws:") {
            let text = format!("Tag keys that begin with aws: are the service's own: '{key}'");
            return Err(ApiError::validation(text));
        }
    }
    if tags.len() > MAX_TAGS {
        Err(too_many(""))
    } else {
        Ok(())
    }
}

fn require(turn: &Turn<'_>, arn: &str) -> Result<(), Fault> {
    let found = match Named::parse(arn)? {
        Named::Machine {
            name,
            qualifier: None,
        } => {
            arn == turn.home.machine(name) && store::machines::find_id(turn.store, name)?.is_some()
        }
        Named::Activity { name } => {
            arn == turn.home.activity(name)
                && store::activities::created(turn.store, name)?.is_some()
        }
        _ => false,
    };
    if found {
        return Ok(());
    }
    Err(ApiError::new("ResourceNotFound", format!("Resource not found: '{arn}'")).into())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListTagsForResource {
    resource_arn: Option<String>,
}

impl Request for ListTagsForResource {
    fn check(&self, checks: &mut Checks) {
        checks.arn("resourceArn", self.resource_arn.as_deref());
    }
}

impl Operation for ListTagsForResource {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let arn = given(self.resource_arn.as_deref());
        require(turn, arn)?;
        let tags = store::tags::list(turn.store, arn)?;
        let tags: Vec<Value> = tags
            .into_iter()
            .map(|(key, value)| json!({ "key": key, "value": value }))
            .collect();
        Ok(json!({ "tags": tags }))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TagResource {
    resource_arn: Option<String>,
    tags: Option<Vec<Tag>>,
}

impl Request for TagResource {
    fn check(&self, checks: &mut Checks) {
        checks.arn("resourceArn", self.resource_arn.as_deref());
        checks.required("tags", self.tags.is_some());
    }
}

impl Operation for TagResource {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let arn = given(self.resource_arn.as_deref());
        let tags = self.tags.as_deref().unwrap_or_default();
        require(turn, arn)?;
        check_tags(tags)?;
        let former = store::tags::list(turn.store, arn)?;
        let keys: std::collections::BTreeSet<&str> = former
            .iter()
            .map(|(key, _)| key.as_str())
            .chain(tags.iter().map(Tag::key))
            .collect();
        if keys.len() > MAX_TAGS {
            return Err(too_many(arn).into());
        }
        for tag in tags {
            store::tags::set(turn.store, arn, tag.key(), tag.value())?;
        }
        Ok(nothing())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UntagResource {
    resource_arn: Option<String>,
    tag_keys: Option<Vec<String>>,
}

impl Request for UntagResource {
    fn check(&self, checks: &mut Checks) {
        checks.arn("resourceArn", self.resource_arn.as_deref());
        checks.required("tagKeys", self.tag_keys.is_some());
    }
}

impl Operation for UntagResource {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let arn = given(self.resource_arn.as_deref());
        require(turn, arn)?;
        for key in self.tag_keys.iter().flatten() {
            store::tags::remove(turn.store, arn, key)?;
        }
        Ok(nothing())
    }
}
