//! The picture of a state machine: its states and the ways between them, read from any definition.
//!
//! Definitions come from the service, which has checked them; here only what is drawn is read, and what is
//! not understood is left out rather than refused.

use serde_json::Value;
use thiserror::Error;

use crate::track::history::StateKind;

/// The states of a machine, of a branch of a Parallel state, or of what a Map state does with each item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// The name of the state that it starts at.
    pub start: String,
    /// The states, in the order in which one meets them walking from the start; unreachable ones last.
    pub states: Vec<Node>,
}

/// A state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name, unique in the whole machine.
    pub name: String,
    /// What kind of state it is.
    pub kind: StateKind,
    /// A task's resource, as the definition says.
    pub resource: Option<String>,
    /// Whether it ends the graph that it is in: `End`, Succeed or Fail.
    pub ends: bool,
    /// Whether errors are tried again.
    pub retries: bool,
    /// Where it may go on.
    pub edges: Vec<Edge>,
    /// The branches of a Parallel state; the one graph of a Map state.
    pub inside: Vec<Graph>,
}

/// A way from one state to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Name of the state that it leads to.
    pub to: String,
    /// When it is taken.
    pub kind: EdgeKind,
}

/// When an edge is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EdgeKind {
    /// After the state.
    Next,
    /// When a rule of a Choice state, counted from 0, holds.
    Choice(usize),
    /// When none does.
    Default,
    /// After one of these errors.
    Catch(Vec<String>),
}

/// A definition that cannot be drawn.
#[derive(Debug, Error)]
pub enum GraphError {
    /// It is not JSON.
    #[error("the definition is not JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    /// It has no states.
    #[error("the definition has no States")]
    NoStates,
}

impl Graph {
    /// Reads a definition.
    ///
    /// # Errors
    /// It is no JSON object with `States`.
    pub fn parse(definition: &str) -> Result<Self, GraphError> {
        let value: Value = serde_json::from_str(definition)?;
        Self::of(&value).ok_or(GraphError::NoStates)
    }

    fn of(value: &Value) -> Option<Self> {
        let states = value.get("States")?.as_object()?;
        let start = value.get("StartAt").and_then(Value::as_str);
        let mut nodes: Vec<Node> = states
            .iter()
            .map(|(name, state)| Node::of(name, state))
            .collect();
        let start = start.map_or_else(
            || nodes.first().map(|node| node.name.clone()),
            |start| Some(start.to_owned()),
        )?;
        let order = walk(&nodes, &start);
        nodes.sort_by_key(|node| order.iter().position(|name| *name == node.name));
        // `None` sorts first, and unreachable states come last.
        let reached = nodes.iter().filter(|n| order.contains(&n.name)).count();
        let unreached = nodes.len() - reached;
        nodes.rotate_left(unreached);
        Some(Self {
            start,
            states: nodes,
        })
    }

    /// The state of this name, at any depth.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Node> {
        self.states.iter().find_map(|node| {
            if node.name == name {
                return Some(node);
            }
            node.inside.iter().find_map(|graph| graph.find(name))
        })
    }

    /// Every state at any depth, each before what is inside of it.
    #[must_use]
    pub fn nodes(&self) -> Vec<&Node> {
        let mut all = Vec::new();
        for node in &self.states {
            all.push(node);
            for graph in &node.inside {
                all.extend(graph.nodes());
            }
        }
        all
    }
}

/// Names in the order of a walk that takes each state's own way on before its errors', and comes to a state
/// when all of it was seen that leads there without a loop.
fn walk(nodes: &[Node], start: &str) -> Vec<String> {
    fn visit(nodes: &[Node], name: &str, seen: &mut Vec<String>, done: &mut Vec<String>) {
        if seen.iter().any(|seen| seen == name) {
            return;
        }
        let Some(node) = nodes.iter().find(|node| node.name == name) else {
            return;
        };
        seen.push(name.to_owned());
        // The last to be finished comes first in the end.
        for edge in node.edges.iter().rev() {
            visit(nodes, &edge.to, seen, done);
        }
        done.push(name.to_owned());
    }
    let (mut seen, mut done) = (Vec::new(), Vec::new());
    visit(nodes, start, &mut seen, &mut done);
    done.reverse();
    done
}

impl Node {
    fn of(name: &str, state: &Value) -> Self {
        let text = |field: &str| state.get(field).and_then(Value::as_str);
        let list = |field: &str| {
            let list = state.get(field).and_then(Value::as_array);
            list.map(Vec::as_slice).unwrap_or_default()
        };
        let kind = StateKind::named(text("Type").unwrap_or_default());
        let to = |value: &Value| Some(value.get("Next")?.as_str()?.to_owned());
        let mut edges: Vec<Edge> = Vec::new();
        let mut lead = |to: Option<String>, kind: EdgeKind| {
            edges.extend(to.map(|to| Edge { to, kind }));
        };
        lead(to(state), EdgeKind::Next);
        for (index, rule) in list("Choices").iter().enumerate() {
            lead(to(rule), EdgeKind::Choice(index));
        }
        lead(text("Default").map(str::to_owned), EdgeKind::Default);
        for catcher in list("Catch") {
            let errors = catcher.get("ErrorEquals").and_then(Value::as_array);
            let errors = errors.map(Vec::as_slice).unwrap_or_default();
            let errors = errors.iter().filter_map(Value::as_str).map(str::to_owned);
            lead(to(catcher), EdgeKind::Catch(errors.collect()));
        }
        let processor = state.get("ItemProcessor").or_else(|| state.get("Iterator"));
        let inside = list("Branches").iter().chain(processor);
        Self {
            name: name.to_owned(),
            kind,
            resource: text("Resource").map(str::to_owned),
            ends: state.get("End").and_then(Value::as_bool) == Some(true)
                || matches!(kind, StateKind::Succeed | StateKind::Fail),
            retries: !list("Retry").is_empty(),
            edges,
            inside: inside.filter_map(Graph::of).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_that_ships_is_read_in_the_order_of_its_way() {
        let definition = include_str!("../../../../assets/state-machine/whiteboarder.asl.json");
        let graph = Graph::parse(definition).unwrap();
        let names: Vec<_> = graph.states.iter().map(|node| node.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "Register",
                "Plan",
                "Place",
                "CleanOnLambda",
                "CleanOnEcs",
                "Done"
            ]
        );
        let lambda = graph.find("CleanOnLambda").unwrap();
        assert!(lambda.retries && !lambda.ends);
        assert_eq!(
            lambda.edges[0],
            Edge {
                to: "Done".to_owned(),
                kind: EdgeKind::Next
            }
        );
        assert_eq!(lambda.edges[1].to, "CleanOnEcs");
        assert!(matches!(&lambda.edges[1].kind, EdgeKind::Catch(errors) if errors.len() > 3));
        assert!(graph.find("Done").unwrap().ends);
    }

    #[test]
    fn branches_and_iterations_are_inside_of_their_states() {
        let definition = r#"{"StartAt": "Both", "States": {
            "Both": {"Type": "Parallel", "Next": "Each", "Branches": [
                {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}},
                {"StartAt": "B", "States": {"B": {"Type": "Fail"}}}]},
            "Each": {"Type": "Map", "End": true,
                "ItemProcessor": {"StartAt": "C", "States": {"C": {"Type": "Wait", "Seconds": 1, "End": true}}}},
            "Never": {"Type": "Succeed"}}}"#;
        let graph = Graph::parse(definition).unwrap();
        let names: Vec<_> = graph.nodes().iter().map(|node| node.name.clone()).collect();
        assert_eq!(names, ["Both", "A", "B", "Each", "C", "Never"]);
        assert_eq!(graph.find("C").unwrap().kind, StateKind::Wait);
        assert!(graph.find("B").unwrap().ends);
    }

    #[test]
    fn loops_end_and_nonsense_is_refused() {
        let definition = r#"{"StartAt": "A", "States": {
            "A": {"Type": "Pass", "Next": "B"},
            "B": {"Type": "Choice", "Choices": [{"Next": "A"}], "Default": "Gone"}}}"#;
        let graph = Graph::parse(definition).unwrap();
        assert_eq!(graph.states.len(), 2);
        assert_eq!(graph.find("B").unwrap().edges.len(), 2);
        assert!(matches!(Graph::parse("{"), Err(GraphError::NotJson(_))));
        assert!(matches!(Graph::parse("{}"), Err(GraphError::NoStates)));
        assert!(matches!(Graph::parse("[1]"), Err(GraphError::NoStates)));
    }
}
