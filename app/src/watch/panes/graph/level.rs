//! Where states stand in the tree: below the one through which every way to them leads.

use whiteboarder_jobs::watch::graph::Graph;

use super::ways::Ways;

/// A graph, and where its states stand.
pub struct Level<'a> {
    /// The graph.
    pub graph: &'a Graph,
    /// Its ways.
    pub ways: Ways,
    /// Branches of each state, those that errors lead to among them.
    pub branches: Vec<Vec<usize>>,
    /// What follows each state at the same depth.
    pub follow: Vec<Vec<usize>>,
    /// The levels inside of each state.
    pub inside: Vec<Vec<Level<'a>>>,
    /// States that no way leads to, the first one among them.
    pub roots: Vec<usize>,
}

impl<'a> Level<'a> {
    /// Finds where the states of a graph stand, and of those inside of it.
    pub fn of(graph: &'a Graph) -> Level<'a> {
        let ways = Ways::of(graph);
        let count = graph.states.len();
        let (into, caught) = (ways.sources(), ways.caught_from());
        let mut dominator: Vec<Option<usize>> = vec![None; count];
        let mut depth = vec![0_usize; count];
        let (mut branches, mut follow) = (vec![Vec::new(); count], vec![Vec::new(); count]);
        let mut roots = Vec::new();
        for state in 0..count {
            let ways_in = into.get(state).filter(|into| !into.is_empty());
            let by_error = ways_in.is_none();
            let sources = ways_in
                .or(caught.get(state))
                .map(Vec::as_slice)
                .unwrap_or_default();
            let above = sources
                .iter()
                .copied()
                .map(Some)
                .reduce(|a, b| common(a, b, &dominator, &depth));
            let Some(Some(above)) = above else {
                roots.push(state);
                continue;
            };
            if let (Some(own), Some(level)) = (dominator.get_mut(state), depth.get(above).copied())
            {
                *own = Some(above);
                if let Some(depth) = depth.get_mut(state) {
                    *depth = level + 1;
                }
            }
            let alone = sources.len() == 1;
            let parts = ways.on.get(above).is_some_and(|on| on.len() > 1);
            let list = if alone && (by_error || parts) {
                &mut branches
            } else {
                &mut follow
            };
            if let Some(list) = list.get_mut(above) {
                list.push(state);
            }
        }
        let inside = graph
            .states
            .iter()
            .map(|node| node.inside.iter().map(Level::of).collect());
        Level {
            graph,
            ways,
            branches,
            follow,
            inside: inside.collect(),
            roots,
        }
    }

    /// A state's name.
    pub fn name(&self, state: usize) -> &'a str {
        self.graph
            .states
            .get(state)
            .map_or("", |node| node.name.as_str())
    }
}

/// The nearest state above both.
fn common(
    a: Option<usize>,
    b: Option<usize>,
    dominator: &[Option<usize>],
    depth: &[usize],
) -> Option<usize> {
    let (mut a, mut b) = (a?, b?);
    let of = |state: usize| depth.get(state).copied().unwrap_or(0);
    while a != b {
        if of(a) >= of(b) && of(a) > 0 {
            a = dominator.get(a).copied().flatten()?;
        } else if of(b) > 0 {
            b = dominator.get(b).copied().flatten()?;
        } else {
            return None;
        }
    }
    Some(a)
}
