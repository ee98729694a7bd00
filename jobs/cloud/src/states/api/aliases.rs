//! Aliases of state machines.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::checks::{Checks, Shown};
use super::paging::{self, Page};
use super::versions::{conflict, not_found, version_arn, version_of};
use super::{Request, given, machines, nothing, seconds, without_nulls};
use crate::states::arn::{Home, is_valid_name, machine_parts};
use crate::states::error::{ApiError, Fault, StoreError};
use crate::states::message::Operation;
use crate::states::store;
use crate::states::store::machines::Machine;
use crate::states::store::versions::Alias;
use crate::states::tokens::list_identity;
use crate::states::turn::Turn;

/// Aliases that one machine may have.
pub(super) const MAX_ALIASES: i64 = 100;

/// A version that an alias leads to, and its share in percent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Route {
    pub(super) version: i64,
    weight: u32,
}

impl Route {
    pub(super) fn read(alias: &Alias) -> Result<Vec<Route>, Fault> {
        serde_json::from_str(&alias.routing).map_err(|source| {
            let what = "alias".to_owned();
            StoreError::Unreadable { what, source }.into()
        })
    }

    /// The version for a number below 100.
    pub(super) fn pick(routes: &[Route], draw: u32) -> i64 {
        let mut below = 0;
        for route in routes {
            below += route.weight;
            if draw < below {
                return route.version;
            }
        }
        routes.last().map_or(0, |route| route.version)
    }

    fn write(routes: &[Route]) -> String {
        // Numbers only: this cannot fail.
        serde_json::to_string(routes).unwrap_or_default()
    }
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Routing {
    state_machine_version_arn: String,
    weight: u32,
}

/// The routes of a request, which all lead to versions of one machine.
fn routes(turn: &Turn<'_>, wanted: &[Routing]) -> Result<(Machine, Vec<Route>), Fault> {
    if wanted.is_empty() || wanted.len() > 2 {
        let message = "The routing configuration has one or two versions";
        return Err(ApiError::validation(message).into());
    }
    if wanted
        .iter()
        .map(|route| u64::from(route.weight))
        .sum::<u64>()
        != 100
    {
        let message = "Sum of provided alias weights must be 100";
        return Err(ApiError::validation(message).into());
    }
    let mut found: Option<Machine> = None;
    let mut routes: Vec<Route> = Vec::new();
    for route in wanted {
        let arn = &route.state_machine_version_arn;
        let (machine, version) = version_of(turn, arn)?;
        if store::versions::find(turn.store, machine.id, version)?.is_none() {
            return Err(not_found(arn));
        }
        if found.as_ref().is_some_and(|found| found.id != machine.id) {
            let message = "All versions of an alias must be of one state machine";
            return Err(ApiError::validation(message).into());
        }
        if routes.iter().any(|route| route.version == version) {
            let message = "The versions of an alias must differ";
            return Err(ApiError::validation(message).into());
        }
        found = Some(machine);
        routes.push(Route {
            version,
            weight: route.weight,
        });
    }
    let machine = found.ok_or_else(|| not_found(""))?;
    Ok((machine, routes))
}

/// The machine and alias that an alias' ARN names.
fn alias_of(turn: &Turn<'_>, arn: &str) -> Result<(Machine, Alias), Fault> {
    let (name, qualifier) = machine_parts(arn)?;
    let machine = machines::find(turn, &turn.home.machine(name))?;
    let machine = machine.ok_or_else(|| not_found(arn))?;
    let alias = match qualifier {
        Some(qualifier) => store::versions::find_alias(turn.store, machine.id, qualifier)?,
        None => None,
    };
    Ok((machine, alias.ok_or_else(|| not_found(arn))?))
}

fn alias_arn(home: &Home, machine: &str, name: &str) -> String {
    format!("{}:{name}", home.machine(machine))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateStateMachineAlias {
    name: Option<String>,
    description: Option<String>,
    #[serde(default)]
    routing_configuration: Vec<Routing>,
}

impl Request for CreateStateMachineAlias {
    fn check(&self, checks: &mut Checks) {
        checks.required("name", self.name.is_some());
        checks.length("name", self.name.as_deref(), (1, 80), Shown::Yes);
        checks.length(
            "description",
            self.description.as_deref(),
            (0, 256),
            Shown::No,
        );
    }
}

impl Operation for CreateStateMachineAlias {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let name = given(self.name.as_deref());
        // An alias of digits alone could not be told from a version.
        if !is_valid_name(name) || name.chars().all(|c| c.is_ascii_digit()) {
            return Err(ApiError::invalid_name(name).into());
        }
        let (machine, routes) = routes(turn, &self.routing_configuration)?;
        let routing = Route::write(&routes);
        let arn = alias_arn(turn.home, &machine.name, name);
        if let Some(former) = store::versions::find_alias(turn.store, machine.id, name)? {
            if former.routing != routing || former.description != self.description {
                return Err(conflict(format!(
                    "Failed to create alias because an alias with the same name and a different \
                     routing configuration already exists: '{arn}'"
                )));
            }
            let created = seconds(former.created);
            return Ok(json!({ "stateMachineAliasArn": arn, "creationDate": created }));
        }
        let all = store::versions::aliases(turn.store, machine.id, 0, MAX_ALIASES)?;
        if all.len() as i64 >= MAX_ALIASES {
            let message = format!("A state machine has at most {MAX_ALIASES} aliases");
            return Err(ApiError::new("ServiceQuotaExceededException", message).into());
        }
        let (description, now) = (self.description.as_deref(), turn.now.0);
        store::versions::insert_alias(turn.store, machine.id, name, description, &routing, now)?;
        Ok(json!({ "stateMachineAliasArn": arn, "creationDate": seconds(now) }))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UpdateStateMachineAlias {
    state_machine_alias_arn: Option<String>,
    description: Option<String>,
    routing_configuration: Option<Vec<Routing>>,
}

fn check_alias_arn(checks: &mut Checks, arn: Option<&str>) {
    checks.required("stateMachineAliasArn", arn.is_some());
    checks.length("stateMachineAliasArn", arn, (1, 256), Shown::Yes);
}

impl Request for UpdateStateMachineAlias {
    fn check(&self, checks: &mut Checks) {
        check_alias_arn(checks, self.state_machine_alias_arn.as_deref());
        checks.length(
            "description",
            self.description.as_deref(),
            (0, 256),
            Shown::No,
        );
    }
}

impl Operation for UpdateStateMachineAlias {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let arn = given(self.state_machine_alias_arn.as_deref());
        let (machine, alias) = alias_of(turn, arn)?;
        let routing = match &self.routing_configuration {
            None => alias.routing.clone(),
            Some(wanted) => {
                let (of, routes) = routes(turn, wanted)?;
                if of.id != machine.id {
                    let message = "All versions of an alias must be of its state machine";
                    return Err(ApiError::validation(message).into());
                }
                Route::write(&routes)
            }
        };
        let description = self.description.as_ref().or(alias.description.as_ref());
        let (description, now) = (description.map(String::as_str), turn.now.0);
        store::versions::update_alias(turn.store, alias.id, description, &routing, now)?;
        Ok(json!({ "updateDate": seconds(now) }))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DescribeStateMachineAlias {
    state_machine_alias_arn: Option<String>,
}

impl Request for DescribeStateMachineAlias {
    fn check(&self, checks: &mut Checks) {
        check_alias_arn(checks, self.state_machine_alias_arn.as_deref());
    }
}

impl Operation for DescribeStateMachineAlias {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let arn = given(self.state_machine_alias_arn.as_deref());
        let (machine, alias) = alias_of(turn, arn)?;
        let routing: Vec<Value> = Route::read(&alias)?
            .iter()
            .map(|route| {
                json!({
                    "stateMachineVersionArn":
                        version_arn(turn.home, &machine.name, route.version),
                    "weight": route.weight,
                })
            })
            .collect();
        Ok(without_nulls(json!({
            "stateMachineAliasArn": arn,
            "name": alias.name,
            "description": alias.description,
            "routingConfiguration": routing,
            "creationDate": seconds(alias.created),
            "updateDate": seconds(alias.updated),
        })))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeleteStateMachineAlias {
    state_machine_alias_arn: Option<String>,
}

impl Request for DeleteStateMachineAlias {
    fn check(&self, checks: &mut Checks) {
        check_alias_arn(checks, self.state_machine_alias_arn.as_deref());
    }
}

impl Operation for DeleteStateMachineAlias {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let (_, alias) = alias_of(turn, given(self.state_machine_alias_arn.as_deref()))?;
        store::versions::remove_alias(turn.store, alias.id)?;
        Ok(nothing())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListStateMachineAliases {
    state_machine_arn: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

impl Request for ListStateMachineAliases {
    fn check(&self, checks: &mut Checks) {
        checks.arn("stateMachineArn", self.state_machine_arn.as_deref());
        paging::check(checks, self.max_results, self.next_token.as_deref(), 1024);
    }
}

impl Operation for ListStateMachineAliases {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let arn = given(self.state_machine_arn.as_deref());
        // A version's ARN asks for the aliases that lead to it.
        let (name, qualifier) = machine_parts(arn)?;
        let machine = machines::require(turn, &turn.home.machine(name))?;
        let number = qualifier.and_then(|qualifier| qualifier.parse::<i64>().ok());
        let list = list_identity(&["ListStateMachineAliases", arn]);
        let (size, token) = (self.max_results, self.next_token.as_deref());
        let page = Page::new(list, size, token, turn.now.0)?;
        let after = page.after.map_or(0, |(_, id)| id);
        let mut rows = store::versions::aliases(turn.store, machine.id, after, page.rows())?;
        let next = page.finish(&mut rows, |alias| (0, alias.id))?;
        let mut aliases = Vec::with_capacity(rows.len());
        for alias in &rows {
            let leads = |number: i64| -> Result<bool, Fault> {
                Ok(Route::read(alias)?
                    .iter()
                    .any(|route| route.version == number))
            };
            if qualifier.is_none() || number.map(leads).transpose()? == Some(true) {
                aliases.push(json!({
                    "stateMachineAliasArn": alias_arn(turn.home, &machine.name, &alias.name),
                    "creationDate": seconds(alias.created),
                }));
            }
        }
        Ok(without_nulls(
            json!({ "stateMachineAliases": aliases, "nextToken": next }),
        ))
    }
}
