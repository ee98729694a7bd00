//! Runs of distributed Maps.

use serde::Deserialize;
use serde_json::{Value, json};
use states_language::{MapRun, MapRunCounts};

use super::checks::{Checks, Shown};
use super::executions::locate;
use super::paging::{self, Page};
use super::{Request, given, nothing, seconds, without_nulls};
use crate::states::error::{ApiError, Fault};
use crate::states::map_runs::read;
use crate::states::message::Operation;
use crate::states::store;
use crate::states::store::map_runs::Run;
use crate::states::tokens::list_identity;
use crate::states::turn::{Effect, Turn};

/// The run that an ARN names.
pub(super) fn require(turn: &Turn<'_>, arn: &str) -> Result<Run, Fault> {
    if !arn.contains(":mapRun:") {
        return Err(ApiError::invalid_arn(&format!("Invalid ARN: {arn}")).into());
    }
    let run = store::map_runs::find_arn(turn.store, arn)?;
    run.ok_or_else(|| {
        let message = format!("Resource not found: '{arn}'");
        ApiError::new("ResourceNotFound", message).into()
    })
}

/// The ARN of the execution that a run belongs to.
fn parent(turn: &Turn<'_>, run: &Run) -> Result<Option<String>, Fault> {
    let summary = store::executions::summary_of(turn.store, run.task.execution)?;
    Ok(summary.map(|summary| turn.home.execution(&run.machine, &summary.name)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DescribeMapRun {
    map_run_arn: Option<String>,
}

impl Request for DescribeMapRun {
    fn check(&self, checks: &mut Checks) {
        checks.required("mapRunArn", self.map_run_arn.is_some());
        let arn = self.map_run_arn.as_deref();
        checks.length("mapRunArn", arn, (1, 2000), Shown::Yes);
    }
}

impl Operation for DescribeMapRun {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let run = require(turn, given(self.map_run_arn.as_deref()))?;
        let state = read(&run)?;
        let counts = |of: fn(&MapRun) -> MapRunCounts| {
            let counts = state.as_ref().map(of).unwrap_or_default();
            counts.to_api()
        };
        let state = state.as_ref();
        Ok(without_nulls(json!({
            "mapRunArn": run.arn,
            "executionArn": parent(turn, &run)?,
            "status": run.status,
            "startDate": seconds(run.started),
            "stopDate": run.stopped.map(seconds),
            "maxConcurrency": state.map_or(0, |state| state.max_concurrency),
            "toleratedFailurePercentage":
                state.and_then(|state| state.tolerated_failure_percentage).unwrap_or(0.0),
            "toleratedFailureCount":
                state.and_then(|state| state.tolerated_failure_count).unwrap_or(0),
            "itemCounts": counts(|state| state.items),
            "executionCounts": counts(|state| state.executions),
            "redriveCount": run.redrives,
            "redriveDate": run.redriven.map(seconds),
        })))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListMapRuns {
    execution_arn: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

impl Request for ListMapRuns {
    fn check(&self, checks: &mut Checks) {
        checks.arn("executionArn", self.execution_arn.as_deref());
        paging::check(checks, self.max_results, self.next_token.as_deref(), 1024);
    }
}

impl Operation for ListMapRuns {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let arn = given(self.execution_arn.as_deref());
        let execution = locate(turn, arn)?;
        let list = list_identity(&["ListMapRuns", arn]);
        let (size, token) = (self.max_results, self.next_token.as_deref());
        let page = Page::new(list, size, token, turn.now.0)?;
        let after = page.after.map_or(0, |(_, id)| id);
        let places = (after, page.rows());
        let mut runs = store::map_runs::of_execution(turn.store, execution.summary.id, places)?;
        let next = page.finish(&mut runs, |run| (0, run.id))?;
        let runs: Vec<Value> = runs
            .iter()
            .map(|run| {
                without_nulls(json!({
                    "executionArn": arn,
                    "mapRunArn": run.arn,
                    "stateMachineArn": turn.home.machine(&format!("{}/{}", run.machine, run.label)),
                    "startDate": seconds(run.started),
                    "stopDate": run.stopped.map(seconds),
                }))
            })
            .collect();
        Ok(without_nulls(json!({ "mapRuns": runs, "nextToken": next })))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UpdateMapRun {
    map_run_arn: Option<String>,
    max_concurrency: Option<i64>,
    tolerated_failure_count: Option<i64>,
    tolerated_failure_percentage: Option<f64>,
}

impl Request for UpdateMapRun {
    fn check(&self, checks: &mut Checks) {
        checks.required("mapRunArn", self.map_run_arn.is_some());
        let arn = self.map_run_arn.as_deref();
        checks.length("mapRunArn", arn, (1, 2000), Shown::Yes);
        checks.range("maxConcurrency", self.max_concurrency, (0, i64::MAX));
        let count = self.tolerated_failure_count;
        checks.range("toleratedFailureCount", count, (0, i64::MAX));
        let percent = self
            .tolerated_failure_percentage
            .map(|share| share.ceil() as i64);
        checks.range("toleratedFailurePercentage", percent, (0, 100));
    }
}

impl Operation for UpdateMapRun {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let run = require(turn, given(self.map_run_arn.as_deref()))?;
        let state = read(&run)?.filter(|_| run.status == "RUNNING");
        let Some(mut state) = state else {
            let message = format!("Map Run is not running: '{}'", run.arn);
            return Err(ApiError::validation(&message).into());
        };
        state.update(
            self.max_concurrency.map(i64::unsigned_abs),
            self.tolerated_failure_count.map(i64::unsigned_abs),
            self.tolerated_failure_percentage,
        );
        turn.keep(run.id, &state)?;
        turn.after(Effect::GoOn { run: run.id });
        Ok(nothing())
    }
}
