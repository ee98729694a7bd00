//! How many states an execution enters: what Step Functions charges for.

use serde_json::Value;

use crate::stack;
use crate::track::Place;

/// States entered by an execution, by what becomes of its item. "A state transition is counted each time a step of your
/// workflow is executed", retries included (AWS Step Functions pricing).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transitions {
    /// Cleaned on Lambda.
    pub lambda: u32,
    /// Cleaned on ECS.
    pub ecs: u32,
    /// Moved from Lambda to ECS.
    pub moved: u32,
    /// Ended in Plan, which could not read the picture.
    pub unreadable: u32,
}

/// The step that reads the header, and the one whose `Catch` moves an item.
const PLAN: &str = "Plan";
const ON_LAMBDA: &str = "CleanOnLambda";

impl Transitions {
    /// Counted in the state machine that ships.
    #[must_use]
    pub fn shipped() -> Self {
        Self::of(stack::STATE_MACHINE)
    }

    /// Counted in a state machine of the same state names.
    #[must_use]
    pub fn of(definition: &str) -> Self {
        let machine: Value = serde_json::from_str(definition).unwrap_or_default();
        let count = |place, moved| walk(&machine, place, moved).len() as u32;
        let on_lambda = walk(&machine, Place::Lambda, false);
        let plan = on_lambda.iter().position(|state| *state == PLAN);
        Self {
            lambda: count(Place::Lambda, false),
            ecs: count(Place::Ecs, false),
            moved: count(Place::Lambda, true),
            unreadable: plan.map_or(0, |at| at as u32 + 1),
        }
    }

    /// Those of an item that is planned for a place; `None` for one that cannot be read.
    #[must_use]
    pub fn planned(&self, place: Option<Place>) -> u32 {
        match place {
            Some(Place::Lambda) => self.lambda,
            Some(Place::Ecs) => self.ecs,
            None => self.unreadable,
        }
    }
}

/// The states that an item enters, first to last.
fn walk(machine: &Value, place: Place, moved: bool) -> Vec<&str> {
    let mut states = Vec::new();
    let mut next = machine["StartAt"].as_str();
    while let Some(name) = next {
        // A machine that comes back to a state has no length.
        if states.contains(&name) {
            break;
        }
        states.push(name);
        let state = &machine["States"][name];
        next = match state["Type"].as_str() {
            Some("Choice") => choose(state, place),
            _ if moved && name == ON_LAMBDA => state["Catch"][0]["Next"].as_str(),
            _ => state["Next"].as_str(),
        };
    }
    states
}

fn choose(state: &Value, place: Place) -> Option<&str> {
    let chosen = state["Choices"]
        .as_array()?
        .iter()
        .find(|choice| choice["StringEquals"] == place.to_string())
        .unwrap_or(&Value::Null);
    chosen["Next"].as_str().or(state["Default"].as_str())
}
