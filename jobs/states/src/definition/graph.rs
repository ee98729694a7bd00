//! How the states hang together: targets that exist, states that are reached, an end.

use std::collections::{HashMap, HashSet};

use super::fields::Object;
use super::findings::{Code, Findings};
use super::position::{Json, Member, Node};

/// One place that names a state.
struct Link<'n> {
    target: &'n str,
    location: String,
    offset: usize,
}

/// Checks the graph. It works on the text's tree and not on the states that were read from it, so
/// that a state with another mistake is not reported as missing on top.
pub(super) fn check(
    start_at: Option<&str>,
    machine: &Object<'_>,
    states: &Object<'_>,
    findings: &mut Findings<'_>,
) {
    let by_name: HashMap<&str, &Member> = states
        .members()
        .iter()
        .map(|member| (member.key.as_str(), member))
        .collect();
    let links: HashMap<&str, Vec<Link<'_>>> = states
        .members()
        .iter()
        .map(|member| {
            (
                member.key.as_str(),
                links(&member.value, &states.at(&member.key)),
            )
        })
        .collect();
    let mut missing = |target: &str, location: &str, offset: usize| {
        // The service says 'Next' for every kind of link.
        let message = format!("Missing 'Next' target: {target}");
        findings.add(Code::MissingTarget, location, offset, message);
    };
    if let Some(start) = start_at
        && !by_name.contains_key(start)
    {
        let offset = machine
            .get("StartAt")
            .map_or(machine.offset, |node| node.offset);
        missing(start, &machine.at("StartAt"), offset);
    }
    for member in states.members() {
        for link in links.get(member.key.as_str()).into_iter().flatten() {
            if !by_name.contains_key(link.target) {
                missing(link.target, &link.location, link.offset);
            }
        }
    }
    // As the service does, say nothing of reachability where there is no end at all.
    let nodes = states.members().iter().map(|member| &member.value);
    if !states.members().is_empty() && !nodes.clone().any(may_end) {
        findings.add(
            Code::MissingEnd,
            &machine.location,
            states.offset,
            "Workflow has no terminal state",
        );
        return;
    }
    let Some(start) = start_at.filter(|start| by_name.contains_key(start)) else {
        return;
    };
    let mut reached = HashSet::from([start]);
    let mut waiting = vec![start];
    while let Some(name) = waiting.pop() {
        for link in links.get(name).into_iter().flatten() {
            if reached.insert(link.target) {
                waiting.push(link.target);
            }
        }
    }
    for member in states.members() {
        if !reached.contains(member.key.as_str()) {
            let message = format!("State \"{}\" is not reachable.", member.key);
            let location = states.at(&member.key);
            findings.add(Code::MissingTarget, &location, member.key_offset, message);
        }
    }
}

fn fields(node: &Node) -> &[Member] {
    match &node.json {
        Json::Object(members) => members,
        _ => &[],
    }
}

fn items(node: &Node) -> &[Node] {
    match &node.json {
        Json::Array(items) => items,
        _ => &[],
    }
}

/// Every place of a state that names another.
fn links<'n>(state: &'n Node, location: &str) -> Vec<Link<'n>> {
    let mut links = Vec::new();
    for member in fields(state) {
        let key = member.key.as_str();
        match key {
            "Next" | "Default" => link(member, location, &mut links),
            "Catch" | "Choices" => {
                for (index, item) in items(&member.value).iter().enumerate() {
                    for inner in fields(item).iter().filter(|inner| inner.key == "Next") {
                        link(inner, &format!("{location}/{key}[{index}]"), &mut links);
                    }
                }
            }
            _ => {}
        }
    }
    links
}

fn link<'n>(member: &'n Member, location: &str, links: &mut Vec<Link<'n>>) {
    if let Json::String(target) = &member.value.json {
        let location = format!("{location}/{}", member.key);
        links.push(Link {
            target,
            location,
            offset: member.value.offset,
        });
    }
}

/// Whether a machine can end in this state.
fn may_end(state: &Node) -> bool {
    fields(state)
        .iter()
        .any(|member| match (member.key.as_str(), &member.value.json) {
            ("End", Json::Bool(end)) => *end,
            ("Type", Json::String(kind)) => kind == "Succeed" || kind == "Fail",
            _ => false,
        })
}
