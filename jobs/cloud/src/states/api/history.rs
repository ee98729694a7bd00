//! What happened in an execution.

use serde::Deserialize;
use serde_json::{Value, json};

use super::checks::Checks;
use super::executions::locate;
use super::paging::{self, Page};
use super::{Request, given, without_nulls};
use crate::states::error::Fault;
use crate::states::message::Operation;
use crate::states::store;
use crate::states::tokens::list_identity;
use crate::states::turn::Turn;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GetExecutionHistory {
    execution_arn: Option<String>,
    max_results: Option<i64>,
    reverse_order: Option<bool>,
    next_token: Option<String>,
    include_execution_data: Option<bool>,
}

impl Request for GetExecutionHistory {
    fn check(&self, checks: &mut Checks) {
        checks.arn("executionArn", self.execution_arn.as_deref());
        paging::check(checks, self.max_results, self.next_token.as_deref(), 1024);
    }
}

impl Operation for GetExecutionHistory {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let arn = given(self.execution_arn.as_deref());
        let execution = locate(turn, arn)?.summary.id;
        let reverse = self.reverse_order.unwrap_or(false);
        let with_data = self.include_execution_data.unwrap_or(true);
        let flags = format!("{reverse} {with_data}");
        // The row tells executions of the same name apart when a machine was deleted and made again.
        let list = list_identity(&["GetExecutionHistory", arn, &execution.to_string(), &flags]);
        let page = Page::new(
            list,
            self.max_results,
            self.next_token.as_deref(),
            turn.now.0,
        )?;
        let start = if reverse { i64::MAX } else { 0 };
        let after = page.after.map_or(start, |(_, id)| id);
        let mut events = store::history::page(turn.store, execution, after, reverse, page.rows())?;
        let next = page.finish(&mut events, |event| (0, event.id as i64))?;
        let events: Vec<Value> = events.iter().map(|event| event.to_api(with_data)).collect();
        Ok(without_nulls(
            json!({ "events": events, "nextToken": next }),
        ))
    }
}
