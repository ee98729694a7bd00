//! Where states go when a graph is drawn from left to right: into layers, one column each.
//!
//! A state stands one layer behind the last of those that lead to it; one that only errors lead to stands
//! below the state whose errors these are. A way over several layers keeps a row of its own in those between,
//! shared with others to the same state. Loops are not drawn as lines but named.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::ways::Ways;

/// What stands in a layer: a state, or a way that goes on.
#[derive(Debug)]
pub struct Vertex {
    /// The state; `None` for a way.
    pub state: Option<usize>,
    /// Its layer.
    pub layer: usize,
    /// Its first row, the one that lines lead to.
    pub row: usize,
    /// Vertices of the next layer that it leads to, and whether the way was taken.
    pub on: Vec<(usize, bool)>,
}

/// Lines between two layers that lead to the same places, and share one line down.
#[derive(Debug)]
pub struct Trunk {
    /// Rows that it comes from, each with whether it was taken.
    pub from: BTreeMap<usize, bool>,
    /// Rows that it leads to, likewise.
    pub to: BTreeMap<usize, bool>,
    /// Which column between the layers its line down has; `None` when it is straight.
    pub track: Option<usize>,
}

/// A graph's layers.
#[derive(Debug)]
pub struct Layout {
    /// Everything that stands in them.
    pub vertices: Vec<Vertex>,
    /// How many there are.
    pub layers: usize,
    /// What is between each layer and the next.
    pub trunks: Vec<Vec<Trunk>>,
    /// Rows of all of it.
    pub rows: usize,
}

impl Layout {
    /// Lays states of these heights out; `None` when lines would be ambiguous. `taken` tells of ways.
    pub fn of(
        ways: &Ways,
        heights: &[usize],
        taken: impl Fn(usize, usize) -> bool,
    ) -> Option<Layout> {
        let layer = layers(ways);
        let layers = layer.iter().max().map_or(0, |last| last + 1);
        let mut vertices: Vec<Vertex> = layer
            .iter()
            .enumerate()
            .map(|(state, layer)| Vertex {
                state: Some(state),
                layer: *layer,
                row: 0,
                on: Vec::new(),
            })
            .collect();
        lead(&mut vertices, ways, &layer, taken);
        let rows = place(&mut vertices, ways, heights, layers);
        let trunks = (0..layers.saturating_sub(1))
            .map(|layer| trunks(&vertices, layer))
            .collect::<Option<Vec<_>>>()?;
        Some(Layout {
            vertices,
            layers,
            trunks,
            rows,
        })
    }
}

/// The layer of each state.
fn layers(ways: &Ways) -> Vec<usize> {
    let mut layer = vec![0_usize; ways.on.len()];
    for from in 0..layer.len() {
        let here = layer.get(from).copied().unwrap_or_default();
        let on = ways
            .on
            .get(from)
            .into_iter()
            .flatten()
            .map(|to| (*to, here + 1));
        let catches = ways.catches.get(from).into_iter().flatten();
        let catches = catches
            .filter(|(to, _)| *to > from)
            .map(|(to, _)| (*to, here));
        for (to, least) in on.chain(catches) {
            if let Some(at) = layer.get_mut(to) {
                *at = least.max(*at);
            }
        }
    }
    layer
}

/// Connects vertices of neighbouring layers, with vertices for ways where they pass a layer.
fn lead(
    vertices: &mut Vec<Vertex>,
    ways: &Ways,
    layer: &[usize],
    taken: impl Fn(usize, usize) -> bool,
) {
    let mut passing: HashMap<(usize, usize), usize> = HashMap::new();
    for (from, targets) in ways.on.iter().enumerate() {
        for &to in targets {
            let (Some(&first), Some(&last)) = (layer.get(from), layer.get(to)) else {
                continue;
            };
            let took = taken(from, to);
            let mut at = from;
            for between in first + 1..last {
                let next = *passing.entry((to, between)).or_insert_with(|| {
                    vertices.push(Vertex {
                        state: None,
                        layer: between,
                        row: 0,
                        on: Vec::new(),
                    });
                    vertices.len() - 1
                });
                join(vertices, at, next, took);
                at = next;
            }
            join(vertices, at, to, took);
        }
    }
}

fn join(vertices: &mut [Vertex], from: usize, to: usize, took: bool) {
    let Some(vertex) = vertices.get_mut(from) else {
        return;
    };
    match vertex.on.iter_mut().find(|(next, _)| *next == to) {
        Some((_, taken)) => *taken |= took,
        None => vertex.on.push((to, took)),
    }
}

/// Gives every vertex its row, layer by layer; gives the number of rows.
fn place(vertices: &mut [Vertex], ways: &Ways, heights: &[usize], layers: usize) -> usize {
    let into = ways.sources();
    let caught = ways.caught_from();
    let height = |vertex: &Vertex| {
        let state = vertex.state.and_then(|state| heights.get(state));
        state.copied().unwrap_or(1)
    };
    let mut wanted: HashMap<usize, usize> = HashMap::new();
    let mut rows = 0;
    for layer in 0..layers {
        let here: Vec<usize> = (0..vertices.len())
            .filter(|at| {
                vertices
                    .get(*at)
                    .is_some_and(|vertex| vertex.layer == layer)
            })
            .collect();
        let members: HashSet<usize> = here.iter().copied().collect();
        // Those that only errors of a state in this layer lead to follow that one.
        let host = |at: &usize| {
            let only_errors = into.get(*at).is_some_and(Vec::is_empty);
            let hosts = caught.get(*at).into_iter().flatten();
            hosts
                .rev()
                .find(|host| only_errors && members.contains(host))
                .copied()
        };
        let (guests, mut order): (Vec<usize>, Vec<usize>) =
            here.into_iter().partition(|at| host(at).is_some());
        order.sort_by_key(|at| {
            let row = wanted.get(at).copied().unwrap_or(usize::MAX);
            (row, *at)
        });
        for guest in guests {
            let after = host(&guest).and_then(|host| order.iter().position(|at| *at == host));
            order.insert(after.map_or(order.len(), |after| after + 1), guest);
        }
        let mut free = 0;
        for at in order {
            let Some(vertex) = vertices.get_mut(at) else {
                continue;
            };
            vertex.row = free.max(wanted.get(&at).copied().unwrap_or(0));
            free = vertex.row + height(vertex);
            rows = rows.max(free);
            for &(next, _) in &vertex.on {
                let row = wanted.entry(next).or_insert(vertex.row);
                *row = vertex.row.min(*row);
            }
        }
    }
    rows
}

/// The lines between a layer and the next; `None` when every order of their tracks would be ambiguous.
fn trunks(vertices: &[Vertex], layer: usize) -> Option<Vec<Trunk>> {
    let mut trunks: Vec<Trunk> = Vec::new();
    for vertex in vertices.iter().filter(|vertex| vertex.layer == layer) {
        let to: BTreeMap<usize, bool> = vertex
            .on
            .iter()
            .filter_map(|(next, taken)| Some((vertices.get(*next)?.row, *taken)))
            .collect();
        if to.is_empty() {
            continue;
        }
        let taken = to.values().any(|taken| *taken);
        match trunks
            .iter_mut()
            .find(|trunk| trunk.to.keys().eq(to.keys()))
        {
            Some(trunk) => {
                trunk.from.insert(vertex.row, taken);
                for (row, taken) in to {
                    *trunk.to.entry(row).or_default() |= taken;
                }
            }
            None => trunks.push(Trunk {
                from: BTreeMap::from([(vertex.row, taken)]),
                to,
                track: None,
            }),
        }
    }
    let bends: Vec<usize> = (0..trunks.len())
        .filter(|at| {
            trunks
                .get(*at)
                .is_some_and(|trunk| !trunk.from.keys().eq(trunk.to.keys()) || trunk.to.len() > 1)
        })
        .collect();
    let order = order(&trunks, bends)?;
    for (track, at) in order.into_iter().enumerate() {
        if let Some(trunk) = trunks.get_mut(at) {
            trunk.track = Some(track);
        }
    }
    Some(trunks)
}

/// From left to right, so that nobody can read a way that is not there; `None` when there is no such order.
fn order(trunks: &[Trunk], bends: Vec<usize>) -> Option<Vec<usize>> {
    let before = |a: usize, b: usize| match (trunks.get(a), trunks.get(b)) {
        (Some(a), Some(b)) => {
            // On a row where one comes from and the other leads to, the first must have turned off already.
            let ends = a.from.keys().any(|row| b.to.contains_key(row));
            // Joined to the right of where more ways part, it cannot be taken for another of them.
            let parts = b.to.keys().all(|row| a.to.contains_key(row));
            ends || parts
        }
        _ => false,
    };
    let apart = |a: usize, b: usize| match (trunks.get(a), trunks.get(b)) {
        (Some(a), Some(b)) => {
            let shared = a.to.keys().filter(|row| b.to.contains_key(row)).count();
            shared == 0 || shared == a.to.len() || shared == b.to.len()
        }
        _ => true,
    };
    let clear = |a: &usize| bends.iter().all(|b| apart(*a, *b));
    if !bends.iter().all(clear) {
        return None;
    }
    let mut open = bends;
    let mut order = Vec::new();
    while !open.is_empty() {
        let first = |a: &usize| open.iter().all(|b| a == b || !before(*b, *a));
        let first = open.iter().position(first)?;
        order.push(open.remove(first));
    }
    Some(order)
}
