//! Executions.

use serde::Deserialize;
use serde_json::{Value, json};
use states_language::Event;

use super::checks::{Checks, Shown};
use super::machines::{add_settings, require};
use super::map_runs;
use super::paging::{self, Page};
use super::versions;
use super::{Request, given, seconds, without_nulls};
use crate::states::arn::execution_names;
use crate::states::error::{ApiError, Fault, StoreError};
use crate::states::message::Operation;
use crate::states::store;
use crate::states::store::executions::Summary;
use crate::states::store::versions::Qualifier;
use crate::states::tokens::list_identity;
use crate::states::turn::Turn;

/// How long after its end an execution may be redriven.
const REDRIVABLE_MS: i64 = 14 * 24 * 60 * 60 * 1000;

/// An execution with more events than this cannot be redriven.
const REDRIVABLE_EVENTS: i64 = 24_999;

const INCLUDED_DATA: &[&str] = &["ALL_DATA", "METADATA_ONLY"];

/// An execution that an ARN names, with the name and row of its machine.
pub(super) struct Located {
    pub(super) summary: Summary,
    machine: String,
}

/// Finds the execution that an ARN names.
pub(super) fn locate(turn: &Turn<'_>, arn: &str) -> Result<Located, Fault> {
    let (machine, name) = execution_names(arn)?;
    let mut found = None;
    let here = arn == turn.home.execution(machine, name);
    if let (Some((parent, label)), true) = (machine.split_once('/'), here) {
        // A child of a distributed Map.
        let id = store::map_runs::child_execution(turn.store, parent, label, name)?;
        if let Some(id) = id {
            found = store::executions::summary_of(turn.store, id)?;
        }
    } else if here && let Some(id) = store::machines::find_id(turn.store, machine)? {
        found = store::executions::find(turn.store, id, name)?;
    }
    let summary = found.ok_or_else(|| ApiError::execution_missing(arn))?;
    Ok(Located {
        summary,
        machine: machine.to_owned(),
    })
}

fn missing(id: i64) -> Fault {
    StoreError::Missing(format!("execution {id}")).into()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DescribeExecution {
    execution_arn: Option<String>,
    included_data: Option<String>,
}

impl Request for DescribeExecution {
    fn check(&self, checks: &mut Checks) {
        checks.arn("executionArn", self.execution_arn.as_deref());
        checks.one_of("includedData", self.included_data.as_deref(), INCLUDED_DATA);
    }
}

impl Operation for DescribeExecution {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let arn = given(self.execution_arn.as_deref());
        let Located { summary, machine } = locate(turn, arn)?;
        let details = store::executions::details(turn.store, summary.id)?
            .ok_or_else(|| missing(summary.id))?;
        let all = self.included_data.as_deref() != Some("METADATA_ONLY");
        let included = json!({ "included": all });
        let refusal = why_not_redrivable(turn, &summary)?;
        let status = if refusal.is_some() {
            "NOT_REDRIVABLE"
        } else {
            "REDRIVABLE"
        };
        let run = match store::map_runs::run_of(turn.store, summary.id)? {
            Some((run, _)) => store::map_runs::find(turn.store, run)?,
            None => None,
        };
        let by = store::versions::qualifier(turn.store, summary.id)?;
        let (version, alias) = versions::qualified(turn.home, &machine, &by);
        Ok(without_nulls(json!({
            "executionArn": arn,
            "stateMachineArn": turn.home.machine(&machine),
            "stateMachineVersionArn": version,
            "stateMachineAliasArn": alias,
            "mapRunArn": run.map(|run| run.arn),
            "name": summary.name,
            "status": summary.status,
            "startDate": seconds(summary.started),
            "stopDate": summary.stopped.map(seconds),
            "input": all.then_some(details.input),
            "inputDetails": included,
            "output": details.output.as_ref().filter(|_| all),
            "outputDetails": details.output.as_ref().map(|_| included),
            "traceHeader": details.trace_header,
            "error": details.error,
            "cause": details.cause,
            "redriveCount": summary.redrives,
            "redriveDate": summary.redriven.map(seconds),
            "redriveStatus": status,
            "redriveStatusReason": refusal,
        })))
    }
}

/// Why an execution cannot be redriven now; nothing when it can.
fn why_not_redrivable(turn: &Turn<'_>, summary: &Summary) -> Result<Option<String>, Fault> {
    if matches!(summary.status.as_str(), "RUNNING" | "SUCCEEDED") {
        return Ok(Some(format!(
            "Execution is {} and cannot be redriven",
            summary.status
        )));
    }
    if turn.now.0.saturating_sub(summary.stopped.unwrap_or(0)) > REDRIVABLE_MS {
        return Ok(Some(
            "Execution ended more than 14 days ago and cannot be redriven".to_owned(),
        ));
    }
    if store::history::last(turn.store, summary.id)? >= REDRIVABLE_EVENTS {
        return Ok(Some(
            "Execution has too many history events to be redriven".to_owned(),
        ));
    }
    Ok(None)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DescribeStateMachineForExecution {
    execution_arn: Option<String>,
    included_data: Option<String>,
}

impl Request for DescribeStateMachineForExecution {
    fn check(&self, checks: &mut Checks) {
        checks.arn("executionArn", self.execution_arn.as_deref());
        checks.one_of("includedData", self.included_data.as_deref(), INCLUDED_DATA);
    }
}

impl Operation for DescribeStateMachineForExecution {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let Located { summary, machine } = locate(turn, given(self.execution_arn.as_deref()))?;
        let revision = store::machines::find_revision(turn.store, summary.revision)?
            .ok_or_else(|| missing(summary.id))?;
        let all = self.included_data.as_deref() != Some("METADATA_ONLY");
        let mut answer = json!({
            "stateMachineArn": turn.home.machine(&machine),
            "name": machine,
            "definition": all.then_some(&revision.definition),
            "roleArn": revision.role,
            "updateDate": seconds(revision.created),
            "revisionId": revision.public_id,
        });
        add_settings(&mut answer, &revision);
        Ok(without_nulls(answer))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListExecutions {
    state_machine_arn: Option<String>,
    map_run_arn: Option<String>,
    status_filter: Option<String>,
    redrive_filter: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

impl Request for ListExecutions {
    fn check(&self, checks: &mut Checks) {
        checks.length(
            "stateMachineArn",
            self.state_machine_arn.as_deref(),
            (1, 256),
            Shown::Yes,
        );
        checks.length(
            "mapRunArn",
            self.map_run_arn.as_deref(),
            (1, 2000),
            Shown::Yes,
        );
        // In the service's own order.
        let statuses = [
            "SUCCEEDED",
            "TIMED_OUT",
            "PENDING_REDRIVE",
            "ABORTED",
            "FAILED",
            "RUNNING",
        ];
        checks.one_of("statusFilter", self.status_filter.as_deref(), &statuses);
        checks.one_of(
            "redriveFilter",
            self.redrive_filter.as_deref(),
            &["REDRIVEN", "NOT_REDRIVEN"],
        );
        paging::check(checks, self.max_results, self.next_token.as_deref(), 3096);
    }
}

impl Operation for ListExecutions {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let mut wanted = Qualifier::default();
        let (listed, machine_id, machine) = match (&self.state_machine_arn, &self.map_run_arn) {
            (Some(arn), None) => {
                let found = versions::resolve(turn, arn, 0)?;
                if found.machine.express {
                    return Err(ApiError::type_not_supported().into());
                }
                // An alias stands for whatever was started by it, whichever version that was.
                wanted = match found.by.alias {
                    Some(_) => Qualifier {
                        version: None,
                        ..found.by
                    },
                    None => found.by,
                };
                (arn, found.machine.id, found.machine.name)
            }
            (None, Some(arn)) => {
                let run = map_runs::require(turn, arn)?;
                if turn.run_request(run.id)?.express {
                    return Err(ApiError::type_not_supported().into());
                }
                (arn, -run.id, format!("{}/{}", run.machine, run.label))
            }
            _ => {
                return Err(ApiError::validation(
                    "Exactly one of stateMachineArn and mapRunArn must be specified",
                )
                .into());
            }
        };
        let (status, redriven) = (
            given(self.status_filter.as_deref()),
            given(self.redrive_filter.as_deref()),
        );
        let list = list_identity(&["ListExecutions", listed, status, redriven]);
        let page = Page::new(
            list,
            self.max_results,
            self.next_token.as_deref(),
            turn.now.0,
        )?;
        let mut rows = store::executions::list(
            turn.store,
            machine_id,
            &store::executions::Filter {
                status: self.status_filter.as_deref(),
                redriven: self
                    .redrive_filter
                    .as_deref()
                    .map(|filter| filter == "REDRIVEN"),
                by: wanted,
            },
            page.after.unwrap_or((i64::MAX, i64::MAX)),
            page.rows(),
        )?;
        let next = page.finish(&mut rows, |row| (row.sort, row.id))?;
        let mut executions = Vec::with_capacity(rows.len());
        for row in &rows {
            let by = store::versions::qualifier(turn.store, row.id)?;
            let (version, alias) = versions::qualified(turn.home, &machine, &by);
            let items = match self.map_run_arn {
                Some(_) => store::map_runs::run_of(turn.store, row.id)?.map(|(_, items)| items),
                None => None,
            };
            executions.push(without_nulls(json!({
                "executionArn": turn.home.execution(&machine, &row.name),
                "stateMachineArn": turn.home.machine(&machine),
                "stateMachineVersionArn": version,
                "stateMachineAliasArn": alias,
                "mapRunArn": self.map_run_arn,
                "itemCount": items,
                "name": row.name,
                "status": row.status,
                "startDate": seconds(row.started),
                "stopDate": row.stopped.map(seconds),
                "redriveCount": row.redrives,
                "redriveDate": row.redriven.map(seconds),
            })));
        }
        Ok(without_nulls(
            json!({ "executions": executions, "nextToken": next }),
        ))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StopExecution {
    execution_arn: Option<String>,
    error: Option<String>,
    cause: Option<String>,
}

impl Request for StopExecution {
    fn check(&self, checks: &mut Checks) {
        checks.arn("executionArn", self.execution_arn.as_deref());
        checks.length("error", self.error.as_deref(), (0, 256), Shown::No);
        checks.length("cause", self.cause.as_deref(), (0, 32_768), Shown::No);
    }
}

impl Operation for StopExecution {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let arn = given(self.execution_arn.as_deref());
        let Located { summary, .. } = locate(turn, arn)?;
        if let Some(stopped) = summary.stopped {
            return Ok(json!({ "stopDate": seconds(stopped) }));
        }
        let (error, cause) = (self.error.clone(), self.cause.clone());
        turn.advance(summary.id, Event::Stopped { error, cause })?;
        Ok(json!({ "stopDate": turn.now.to_seconds() }))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RedriveExecution {
    execution_arn: Option<String>,
    client_token: Option<String>,
}

impl Request for RedriveExecution {
    fn check(&self, checks: &mut Checks) {
        checks.arn("executionArn", self.execution_arn.as_deref());
        checks.length(
            "clientToken",
            self.client_token.as_deref(),
            (1, 64),
            Shown::Yes,
        );
    }
}

impl Operation for RedriveExecution {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let Located { summary, machine } = locate(turn, given(self.execution_arn.as_deref()))?;
        // The same request again: the answer of the first time, whatever has happened since.
        if self.client_token.is_some()
            && store::executions::redrive_token(turn.store, summary.id)? == self.client_token
            && let Some(redriven) = summary.redriven
        {
            return Ok(json!({ "redriveDate": seconds(redriven) }));
        }
        let machine = require(turn, &turn.home.machine(&machine))?;
        let refusal = if machine.deleting {
            Some("State machine is being deleted and its executions cannot be redriven".to_owned())
        } else {
            why_not_redrivable(turn, &summary)?
        };
        if let Some(refusal) = refusal {
            return Err(ApiError::new("ExecutionNotRedrivable", refusal).into());
        }
        let redrives = summary.redrives as u64 + 1;
        turn.redrive(summary.id, redrives, self.client_token.as_deref())?;
        Ok(json!({ "redriveDate": turn.now.to_seconds() }))
    }
}
