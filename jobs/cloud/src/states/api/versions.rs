//! Versions of state machines, and what an ARN with a qualifier names.

use serde::Deserialize;
use serde_json::{Value, json};

use super::aliases::{MAX_ALIASES, Route};
use super::checks::{Checks, Shown};
use super::paging::{self, Page};
use super::{Request, given, machines, nothing, seconds, without_nulls};
use crate::states::arn::{Home, machine_parts};
use crate::states::error::{ApiError, Fault, StoreError};
use crate::states::message::Operation;
use crate::states::store;
use crate::states::store::machines::Machine;
use crate::states::store::versions::{Alias, Qualifier, Version};
use crate::states::tokens::list_identity;
use crate::states::turn::Turn;

/// Versions that one machine may have.
const MAX_VERSIONS: i64 = 1_000;

/// A machine as an ARN names it: itself, a version of it, or an alias.
pub(super) struct Resolved {
    /// The machine, with the revision that is meant.
    pub(super) machine: Machine,
    pub(super) by: Qualifier,
    /// The version's or alias' description.
    pub(super) description: Option<String>,
}

/// Finds the machine, version or alias that an ARN names. Of an alias, one of its versions by their
/// weights; `draw` is a number below 100.
pub(super) fn resolve(turn: &Turn<'_>, arn: &str, draw: u32) -> Result<Resolved, Fault> {
    let (name, qualifier) = machine_parts(arn)?;
    let missing = || ApiError::machine_missing(arn);
    let machine =
        machines::require(turn, &turn.home.machine(name)).map_err(|fault| match fault {
            Fault::Api(_) => missing().into(),
            fault @ Fault::Store(_) => fault,
        })?;
    let Some(qualifier) = qualifier else {
        if arn != turn.home.machine(name) {
            return Err(missing().into());
        }
        return Ok(Resolved {
            machine,
            by: Qualifier::default(),
            description: None,
        });
    };
    if arn != format!("{}:{qualifier}", turn.home.machine(name)) {
        return Err(missing().into());
    }
    if let Ok(number) = qualifier.parse::<i64>() {
        let version = store::versions::find(turn.store, machine.id, number)?.ok_or_else(missing)?;
        return at_version(turn, machine, &version, None);
    }
    let alias = store::versions::find_alias(turn.store, machine.id, qualifier)?;
    let alias = alias.ok_or_else(missing)?;
    let number = Route::pick(&Route::read(&alias)?, draw);
    let version = store::versions::find(turn.store, machine.id, number)?.ok_or_else(missing)?;
    at_version(turn, machine, &version, Some(alias))
}

fn at_version(
    turn: &Turn<'_>,
    mut machine: Machine,
    version: &Version,
    alias: Option<Alias>,
) -> Result<Resolved, Fault> {
    machine.revision = store::machines::find_revision(turn.store, version.revision)?
        .ok_or_else(|| StoreError::Missing(format!("revision {}", version.revision)))?;
    let description = match &alias {
        Some(alias) => alias.description.clone(),
        None => version.description.clone(),
    };
    Ok(Resolved {
        machine,
        by: Qualifier {
            version: Some(version.number),
            alias: alias.map(|alias| alias.name),
        },
        description,
    })
}

/// The ARNs of the version and the alias that an execution was started by.
pub(super) fn qualified(home: &Home, machine: &str, by: &Qualifier) -> (Value, Value) {
    let arn = |qualifier: String| Value::from(format!("{}:{qualifier}", home.machine(machine)));
    let version = by.version.map(|number| arn(number.to_string()));
    let alias = by.alias.clone().map(arn);
    (version.unwrap_or_default(), alias.unwrap_or_default())
}

/// Publishes the machine as it is now, unless its newest version is just that; gives the version.
pub(super) fn publish(
    turn: &Turn<'_>,
    machine: &Machine,
    description: Option<&str>,
) -> Result<Version, Fault> {
    let newest = store::versions::list(turn.store, machine.id, i64::MAX, 1)?.pop();
    if let Some(newest) = newest.filter(|newest| {
        newest.revision == machine.revision.id && newest.description.as_deref() == description
    }) {
        return Ok(newest);
    }
    let all = store::versions::list(turn.store, machine.id, i64::MAX, MAX_VERSIONS)?;
    if all.len() as i64 >= MAX_VERSIONS {
        let message = format!("A state machine has at most {MAX_VERSIONS} versions");
        return Err(ApiError::new("ServiceQuotaExceededException", message).into());
    }
    let (id, revision, now) = (machine.id, machine.revision.id, turn.now.0);
    let number = store::versions::insert(turn.store, id, revision, description, now)?;
    Ok(Version {
        number,
        revision,
        created: now,
        description: description.map(str::to_owned),
    })
}

/// A version's ARN.
pub(super) fn version_arn(home: &Home, machine: &str, number: i64) -> String {
    format!("{}:{number}", home.machine(machine))
}

pub(super) fn conflict(message: String) -> Fault {
    ApiError::new("ConflictException", message).into()
}

pub(super) fn not_found(arn: &str) -> Fault {
    let message = format!("Request references a resource that does not exist: '{arn}'");
    ApiError::new("ResourceNotFound", message).into()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PublishStateMachineVersion {
    state_machine_arn: Option<String>,
    revision_id: Option<String>,
    description: Option<String>,
}

impl Request for PublishStateMachineVersion {
    fn check(&self, checks: &mut Checks) {
        checks.arn("stateMachineArn", self.state_machine_arn.as_deref());
        checks.length(
            "description",
            self.description.as_deref(),
            (0, 256),
            Shown::No,
        );
    }
}

impl Operation for PublishStateMachineVersion {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let arn = given(self.state_machine_arn.as_deref());
        let machine = machines::require(turn, arn)?;
        if machine.deleting {
            return Err(ApiError::machine_deleting(arn).into());
        }
        let current = machine.revision.public_id.as_deref().unwrap_or("INITIAL");
        if let Some(wanted) = self
            .revision_id
            .as_deref()
            .filter(|wanted| *wanted != current)
        {
            return Err(conflict(format!(
                "Failed to publish the State Machine version for revision {wanted}. The current \
                 State Machine revision is {current}."
            )));
        }
        let version = publish(turn, &machine, self.description.as_deref())?;
        Ok(json!({
            "creationDate": seconds(version.created),
            "stateMachineVersionArn": version_arn(turn.home, &machine.name, version.number),
        }))
    }
}

/// The machine and number in a version's ARN.
pub(super) fn version_of(turn: &Turn<'_>, arn: &str) -> Result<(Machine, i64), Fault> {
    let (name, qualifier) = machine_parts(arn)?;
    let number = qualifier.and_then(|qualifier| qualifier.parse::<i64>().ok());
    let number = number.ok_or_else(|| ApiError::invalid_arn(&format!("Invalid ARN: {arn}")))?;
    let machine = machines::find(turn, &turn.home.machine(name))?;
    Ok((machine.ok_or_else(|| not_found(arn))?, number))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeleteStateMachineVersion {
    state_machine_version_arn: Option<String>,
}

impl Request for DeleteStateMachineVersion {
    fn check(&self, checks: &mut Checks) {
        let arn = self.state_machine_version_arn.as_deref();
        checks.required("stateMachineVersionArn", arn.is_some());
        checks.length("stateMachineVersionArn", arn, (1, 2000), Shown::Yes);
    }
}

impl Operation for DeleteStateMachineVersion {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let arn = given(self.state_machine_version_arn.as_deref());
        let (machine, number) = version_of(turn, arn)?;
        let mut users = Vec::new();
        for alias in store::versions::aliases(turn.store, machine.id, 0, MAX_ALIASES)? {
            if Route::read(&alias)?
                .iter()
                .any(|route| route.version == number)
            {
                users.push(alias.name);
            }
        }
        if !users.is_empty() {
            return Err(conflict(format!(
                "Version to be deleted must not be referenced by an alias. Current list of aliases \
                 referencing this version: [{}]",
                users.join(", ")
            )));
        }
        store::versions::remove(turn.store, machine.id, number)?;
        Ok(nothing())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListStateMachineVersions {
    state_machine_arn: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

impl Request for ListStateMachineVersions {
    fn check(&self, checks: &mut Checks) {
        checks.arn("stateMachineArn", self.state_machine_arn.as_deref());
        paging::check(checks, self.max_results, self.next_token.as_deref(), 1024);
    }
}

impl Operation for ListStateMachineVersions {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let arn = given(self.state_machine_arn.as_deref());
        let machine = machines::require(turn, arn)?;
        let list = list_identity(&["ListStateMachineVersions", arn]);
        let (size, token) = (self.max_results, self.next_token.as_deref());
        let page = Page::new(list, size, token, turn.now.0)?;
        let before = page.after.map_or(i64::MAX, |(_, number)| number);
        let mut rows = store::versions::list(turn.store, machine.id, before, page.rows())?;
        let next = page.finish(&mut rows, |version| (0, version.number))?;
        let versions: Vec<Value> = rows
            .iter()
            .map(|version| {
                json!({
                    "stateMachineVersionArn":
                        version_arn(turn.home, &machine.name, version.number),
                    "creationDate": seconds(version.created),
                })
            })
            .collect();
        Ok(without_nulls(
            json!({ "stateMachineVersions": versions, "nextToken": next }),
        ))
    }
}
