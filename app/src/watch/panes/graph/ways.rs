//! The ways between the states of one graph, by index: those that lead on, those back, and those of errors.

use std::collections::HashMap;

use whiteboarder_jobs::watch::graph::{EdgeKind, Graph};

/// The ways of a graph. States come in the order of a walk, so that every way to an earlier one closes a loop.
#[derive(Debug, Default)]
pub struct Ways {
    /// Of each state, where it may go on without an error; each once, in order.
    pub on: Vec<Vec<usize>>,
    /// … which earlier states it may go back to.
    pub back: Vec<Vec<usize>>,
    /// … where its errors lead, with their names.
    pub catches: Vec<Vec<(usize, Vec<String>)>>,
}

impl Ways {
    /// Reads them; what leads nowhere is left out.
    pub fn of(graph: &Graph) -> Ways {
        let index: HashMap<&str, usize> = graph
            .states
            .iter()
            .enumerate()
            .map(|(at, node)| (node.name.as_str(), at))
            .collect();
        let mut ways = Ways::default();
        for (from, node) in graph.states.iter().enumerate() {
            let (mut on, mut back, mut catches) = (Vec::new(), Vec::new(), Vec::new());
            for edge in &node.edges {
                let Some(&to) = index.get(edge.to.as_str()) else {
                    continue;
                };
                match &edge.kind {
                    EdgeKind::Catch(errors) => catches.push((to, errors.clone())),
                    _ if to <= from => back.push(to),
                    _ => on.push(to),
                }
            }
            back.sort_unstable();
            back.dedup();
            let mut seen = std::collections::HashSet::new();
            on.retain(|to| seen.insert(*to));
            ways.on.push(on);
            ways.back.push(back);
            ways.catches.push(catches);
        }
        ways
    }

    /// Of each state, the earlier ones that lead on to it.
    pub fn sources(&self) -> Vec<Vec<usize>> {
        let mut into = vec![Vec::new(); self.on.len()];
        for (from, targets) in self.on.iter().enumerate() {
            for &to in targets {
                if let Some(sources) = into.get_mut(to) {
                    sources.push(from);
                }
            }
        }
        into
    }

    /// Of each state, the earlier ones whose errors lead to it.
    pub fn caught_from(&self) -> Vec<Vec<usize>> {
        let mut from = vec![Vec::new(); self.catches.len()];
        for (source, catches) in self.catches.iter().enumerate() {
            for &(to, _) in catches.iter().filter(|(to, _)| *to > source) {
                if let Some(sources) = from.get_mut(to) {
                    sources.push(source);
                }
            }
        }
        from
    }
}
