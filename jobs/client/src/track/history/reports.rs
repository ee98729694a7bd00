//! What Plan and the cleaning said, read from the outputs of the states that carry it.

use serde::Deserialize;
use serde_json::Value;

use super::view::ExecutionView;
use crate::track::outcome::{CleanReport, PlanReport};

/// The state whose output carries the plan. It runs on Lambda, too, but is no place of the picture.
pub(super) const PLAN_STATE: &str = "Plan";

/// The states after which there is something new to read. Other machines have others, and their outputs, which may be
/// large, are not even looked at.
const TELLING: [&str; 3] = [PLAN_STATE, "CleanOnLambda", "CleanOnEcs"];

/// Whether a state's output may carry a report.
pub(super) fn tells(state: &str) -> bool {
    TELLING.contains(&state)
}

/// The output of a state is the execution's document so far. All of it but these is skipped, not built.
#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    plan: Value,
    #[serde(default)]
    result: Value,
}

/// Takes `$.plan` and `$.result`, if they are reports.
pub(super) fn read(view: &mut ExecutionView, output: Option<&str>) {
    let document = output.and_then(|output| serde_json::from_str::<Document>(output).ok());
    let Some(Document { plan, result }) = document else {
        return;
    };
    // Every field of a report may be missing; these never are.
    if plan.get("place").is_some()
        && let Ok(plan) = serde_json::from_value::<PlanReport>(plan)
    {
        view.plan = Some(plan);
    }
    if (result.get("place").is_some() || result.get("output").is_some())
        && let Ok(result) = serde_json::from_value::<CleanReport>(result)
    {
        view.result = Some(result);
    }
}
