//! State machines.

use serde::Deserialize;
use serde_json::{Value, json};

use super::checks::{Checks, Shown};
use super::definition::{MAX_DEFINITION, refuse_unusable};
use super::paging::{self, Page};
use super::tags::{Tag, check_tags};
use super::versions::{self, Resolved};
use super::{Request, given, nothing, seconds, without_nulls};
use crate::states::arn::{is_valid_name, machine_name};
use crate::states::error::{ApiError, Fault};
use crate::states::message::Operation;
use crate::states::store;
use crate::states::store::machines::{Machine, Revision};
use crate::states::tokens::list_identity;
use crate::states::turn::{Effect, Turn};

/// The machine that an ARN names.
pub(super) fn find(turn: &Turn<'_>, arn: &str) -> Result<Option<Machine>, Fault> {
    let name = machine_name(arn)?;
    if arn != turn.home.machine(name) {
        return Ok(None);
    }
    Ok(store::machines::find(turn.store, name)?)
}

/// The machine that an ARN names, or the error that there is none.
pub(super) fn require(turn: &Turn<'_>, arn: &str) -> Result<Machine, Fault> {
    find(turn, arn)?.ok_or_else(|| ApiError::machine_missing(arn).into())
}

/// The configurations that a machine keeps and gives back; none of them means anything here.
#[derive(Default, Deserialize)]
struct Settings {
    #[serde(rename = "loggingConfiguration")]
    logging: Option<Value>,
    #[serde(rename = "tracingConfiguration")]
    tracing: Option<Value>,
    #[serde(rename = "encryptionConfiguration")]
    encryption: Option<Value>,
}

impl Settings {
    fn is_empty(&self) -> bool {
        self.logging.is_none() && self.tracing.is_none() && self.encryption.is_none()
    }

    /// As stored: these, and the former ones where these are silent.
    fn over(&self, former: &Value) -> Value {
        let pick = |field: &str, given: &Option<Value>| {
            given.clone().unwrap_or_else(|| former[field].clone())
        };
        json!({
            "loggingConfiguration": pick("loggingConfiguration", &self.logging),
            "tracingConfiguration": pick("tracingConfiguration", &self.tracing),
            "encryptionConfiguration":
                pick("encryptionConfiguration", &self.encryption),
        })
    }
}

fn default_settings() -> Value {
    json!({
        "loggingConfiguration": { "level": "OFF", "includeExecutionData": false },
        "tracingConfiguration": { "enabled": false },
        "encryptionConfiguration": { "type": "AWS_OWNED_KEY" },
    })
}

/// Settings as they were stored.
fn stored_settings(revision: &Revision) -> Value {
    serde_json::from_str(&revision.settings).unwrap_or_else(|_| default_settings())
}

fn check_role(role: &str) -> Result<(), ApiError> {
    if role.starts_with("arn:") {
        return Ok(());
    }
    Err(ApiError::new(
        "InvalidArn",
        format!("Invalid Role Arn: '{role}'"),
    ))
}

fn check_publish(publish: Option<bool>, description: Option<&str>) -> Result<(), ApiError> {
    if publish != Some(true) && description.is_some() {
        return Err(ApiError::validation(
            "Version description can only be set when publish is true",
        ));
    }
    Ok(())
}

/// Publishes the machine of this name if that is asked for; gives the version's ARN.
fn publish_if(
    turn: &Turn<'_>,
    name: &str,
    publish: Option<bool>,
    description: Option<&str>,
) -> Result<Option<String>, Fault> {
    let machine = store::machines::find(turn.store, name)?;
    let Some(machine) = machine.filter(|_| publish == Some(true)) else {
        return Ok(None);
    };
    let version = versions::publish(turn, &machine, description)?;
    Ok(Some(versions::version_arn(turn.home, name, version.number)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateStateMachine {
    name: Option<String>,
    definition: Option<String>,
    role_arn: Option<String>,
    r#type: Option<String>,
    publish: Option<bool>,
    version_description: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(flatten)]
    settings: Settings,
}

impl Request for CreateStateMachine {
    fn check(&self, checks: &mut Checks) {
        checks.required("name", self.name.is_some());
        checks.length("name", self.name.as_deref(), (1, 80), Shown::Yes);
        checks.required("definition", self.definition.is_some());
        checks.length(
            "definition",
            self.definition.as_deref(),
            (1, MAX_DEFINITION),
            Shown::No,
        );
        checks.arn("roleArn", self.role_arn.as_deref());
        checks.one_of("type", self.r#type.as_deref(), &["STANDARD", "EXPRESS"]);
        checks.length(
            "versionDescription",
            self.version_description.as_deref(),
            (0, 256),
            Shown::No,
        );
    }
}

impl Operation for CreateStateMachine {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let (name, definition) = (
            given(self.name.as_deref()),
            given(self.definition.as_deref()),
        );
        if !is_valid_name(name) {
            return Err(ApiError::invalid_name(name).into());
        }
        check_role(given(self.role_arn.as_deref()))?;
        check_publish(self.publish, self.version_description.as_deref())?;
        check_tags(&self.tags)?;
        let express = self.r#type.as_deref() == Some("EXPRESS");
        let mocked = |state: &str| {
            turn.mocks
                .is_some_and(|mocks| mocks.answers_for(name, state))
        };
        refuse_unusable(definition, express, turn.integrations, &mocked)?;

        let arn = turn.home.machine(name);
        let settings = self.settings.over(&default_settings());
        if let Some(machine) = store::machines::find(turn.store, name)? {
            if machine.deleting {
                return Err(ApiError::machine_deleting(&arn).into());
            }
            // Role and tags may differ: the request counts as the same one all the same.
            if machine.revision.definition != definition
                || machine.express != express
                || stored_settings(&machine.revision) != settings
            {
                return Err(ApiError::new(
                    "StateMachineAlreadyExists",
                    format!("State Machine Already Exists: '{arn}'"),
                )
                .into());
            }
            let created = seconds(machine.created);
            let description = self.version_description.as_deref();
            let version = publish_if(turn, name, self.publish, description)?;
            return Ok(without_nulls(json!({
                "stateMachineArn": arn,
                "creationDate": created,
                "stateMachineVersionArn": version,
            })));
        }
        store::machines::insert(
            turn.store,
            name,
            given(self.role_arn.as_deref()),
            &settings.to_string(),
            definition,
            express,
            turn.now.0,
        )?;
        for tag in &self.tags {
            store::tags::set(turn.store, &arn, tag.key(), tag.value())?;
        }
        let description = self.version_description.as_deref();
        let version = publish_if(turn, name, self.publish, description)?;
        Ok(without_nulls(json!({
            "stateMachineArn": arn,
            "creationDate": turn.now.to_seconds(),
            "stateMachineVersionArn": version,
        })))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UpdateStateMachine {
    state_machine_arn: Option<String>,
    definition: Option<String>,
    role_arn: Option<String>,
    publish: Option<bool>,
    version_description: Option<String>,
    #[serde(flatten)]
    settings: Settings,
}

impl Request for UpdateStateMachine {
    fn check(&self, checks: &mut Checks) {
        checks.arn("stateMachineArn", self.state_machine_arn.as_deref());
        checks.length(
            "definition",
            self.definition.as_deref(),
            (1, MAX_DEFINITION),
            Shown::No,
        );
        checks.length("roleArn", self.role_arn.as_deref(), (1, 256), Shown::Yes);
        checks.length(
            "versionDescription",
            self.version_description.as_deref(),
            (0, 256),
            Shown::No,
        );
    }
}

impl Operation for UpdateStateMachine {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let arn = given(self.state_machine_arn.as_deref());
        let machine = require(turn, arn)?;
        if machine.deleting {
            return Err(ApiError::machine_deleting(arn).into());
        }
        check_publish(self.publish, self.version_description.as_deref())?;
        if self.definition.is_none() && self.role_arn.is_none() && self.settings.is_empty() {
            return Err(ApiError::new(
                "MissingRequiredParameter",
                "Either the definition, the role ARN, the LoggingConfiguration, or the \
                 TracingConfiguration must be specified",
            )
            .into());
        }
        if let Some(role) = &self.role_arn {
            check_role(role)?;
        }
        if let Some(definition) = &self.definition {
            let mocked = |state: &str| {
                turn.mocks
                    .is_some_and(|mocks| mocks.answers_for(&machine.name, state))
            };
            refuse_unusable(definition, machine.express, turn.integrations, &mocked)?;
        }
        let former = &machine.revision;
        let definition = self.definition.as_ref().unwrap_or(&former.definition);
        let role = self.role_arn.as_ref().unwrap_or(&former.role);
        let settings = self.settings.over(&stored_settings(former));
        let changed = *definition != former.definition
            || *role != former.role
            || settings != stored_settings(former);
        let mut public_id = former.public_id.clone();
        if changed {
            public_id = Some(uuid::Uuid::new_v4().to_string());
            store::machines::insert_revision(
                turn.store,
                machine.id,
                public_id.as_deref(),
                role,
                &settings.to_string(),
                definition,
                turn.now.0,
            )?;
        }
        let description = self.version_description.as_deref();
        let version = publish_if(turn, &machine.name, self.publish, description)?;
        Ok(without_nulls(json!({
            "updateDate": turn.now.to_seconds(),
            "revisionId": public_id,
            "stateMachineVersionArn": version,
        })))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DescribeStateMachine {
    state_machine_arn: Option<String>,
    included_data: Option<String>,
}

impl Request for DescribeStateMachine {
    fn check(&self, checks: &mut Checks) {
        checks.arn("stateMachineArn", self.state_machine_arn.as_deref());
        checks.one_of(
            "includedData",
            self.included_data.as_deref(),
            &["ALL_DATA", "METADATA_ONLY"],
        );
    }
}

impl Operation for DescribeStateMachine {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let arn = given(self.state_machine_arn.as_deref());
        let Resolved {
            machine,
            description,
            ..
        } = versions::resolve(turn, arn, 0)?;
        let all = self.included_data.as_deref() != Some("METADATA_ONLY");
        let mut answer = json!({
            "stateMachineArn": arn,
            "name": machine.name,
            "status": if machine.deleting { "DELETING" } else { "ACTIVE" },
            "definition": all.then_some(&machine.revision.definition),
            "roleArn": machine.revision.role,
            "type": if machine.express { "EXPRESS" } else { "STANDARD" },
            "creationDate": seconds(machine.created),
            "revisionId": machine.revision.public_id,
            "description": description,
        });
        add_settings(&mut answer, &machine.revision);
        Ok(without_nulls(answer))
    }
}

/// Adds a revision's configurations to an answer.
pub(super) fn add_settings(answer: &mut Value, revision: &Revision) {
    if let (Some(answer), Value::Object(settings)) =
        (answer.as_object_mut(), stored_settings(revision))
    {
        answer.extend(settings);
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeleteStateMachine {
    state_machine_arn: Option<String>,
}

impl Request for DeleteStateMachine {
    fn check(&self, checks: &mut Checks) {
        checks.arn("stateMachineArn", self.state_machine_arn.as_deref());
    }
}

impl Operation for DeleteStateMachine {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let arn = given(self.state_machine_arn.as_deref());
        // Deleting what does not exist is a success.
        if let Some(machine) = find(turn, arn)? {
            store::machines::set_deleting(turn.store, machine.id)?;
            store::tags::clear(turn.store, arn)?;
            store::versions::clear(turn.store, machine.id)?;
            store::machines::release_ended(turn.store)?;
            turn.after(Effect::Sweep);
        }
        Ok(nothing())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListStateMachines {
    max_results: Option<i64>,
    next_token: Option<String>,
}

impl Request for ListStateMachines {
    fn check(&self, checks: &mut Checks) {
        paging::check(checks, self.max_results, self.next_token.as_deref(), 1024);
    }
}

impl Operation for ListStateMachines {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let list = list_identity(&["ListStateMachines"]);
        let page = Page::new(
            list,
            self.max_results,
            self.next_token.as_deref(),
            turn.now.0,
        )?;
        let after = page.after.map_or(0, |(_, id)| id);
        let mut rows = store::machines::list(turn.store, after, page.rows())?;
        let next = page.finish(&mut rows, |(_, _, id, _)| (0, *id))?;
        let machines: Vec<Value> = rows
            .iter()
            .map(|(name, created, _, kind)| {
                json!({
                    "stateMachineArn": turn.home.machine(name),
                    "name": name,
                    "type": kind,
                    "creationDate": seconds(*created),
                })
            })
            .collect();
        Ok(without_nulls(
            json!({ "stateMachines": machines, "nextToken": next }),
        ))
    }
}
