//! 8-connected regions of a mask, found by joining the runs of neighbouring rows.

/// A run of set cells in a row.
struct Run {
    from: usize,
    to: usize,
    region: usize,
}

/// The regions of a mask.
pub(super) struct Regions {
    width: usize,
    rows: Vec<Vec<Run>>,
    /// Parents of a union-find forest; a root is its own.
    parents: Vec<usize>,
}

impl Regions {
    /// Finds them. `set` has rows of `width` cells.
    pub(super) fn of(set: &[bool], width: usize) -> Self {
        let mut rows: Vec<Vec<Run>> = Vec::new();
        let mut parents: Vec<usize> = Vec::new();
        for row in set.chunks_exact(width) {
            let mut runs: Vec<Run> = Vec::new();
            let above = rows.last().map_or(&[][..], Vec::as_slice);
            let mut next = 0;
            let mut x = 0;
            while x < width {
                if !row[x] {
                    x += 1;
                    continue;
                }
                let from = x;
                while x < width && row[x] {
                    x += 1;
                }
                let region = parents.len();
                parents.push(region);
                // Runs above that end before this one's left neighbour touch none of those to come either.
                while next < above.len() && above[next].to < from {
                    next += 1;
                }
                for touching in above[next..].iter().take_while(|run| run.from <= x) {
                    join(&mut parents, touching.region, region);
                }
                runs.push(Run {
                    from,
                    to: x,
                    region,
                });
            }
            rows.push(runs);
        }
        Self {
            width,
            rows,
            parents,
        }
    }

    /// Calls `visit` with every set cell's index and its region's number, which is less than [`Regions::count`].
    pub(super) fn each(&mut self, mut visit: impl FnMut(usize, usize)) {
        for y in 0..self.rows.len() {
            for i in 0..self.rows[y].len() {
                let Run { from, to, region } = self.rows[y][i];
                let root = root(&mut self.parents, region);
                for x in from..to {
                    visit(y * self.width + x, root);
                }
            }
        }
    }

    /// More than any region's number.
    pub(super) fn count(&self) -> usize {
        self.parents.len()
    }
}

fn root(parents: &mut [usize], mut node: usize) -> usize {
    while parents[node] != node {
        parents[node] = parents[parents[node]];
        node = parents[node];
    }
    node
}

fn join(parents: &mut [usize], a: usize, b: usize) {
    let (a, b) = (root(parents, a), root(parents, b));
    // The older one leads, so that the numbers do not depend on the order of joining.
    parents[a.max(b)] = a.min(b);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn flooded(set: &[bool], width: usize) -> Vec<usize> {
        let mut regions = vec![usize::MAX; set.len()];
        for start in 0..set.len() {
            if !set[start] || regions[start] != usize::MAX {
                continue;
            }
            let mut open = vec![start];
            regions[start] = start;
            while let Some(i) = open.pop() {
                for j in 0..set.len() {
                    let near = (i % width).abs_diff(j % width) <= 1
                        && (i / width).abs_diff(j / width) <= 1;
                    if near && set[j] && regions[j] == usize::MAX {
                        regions[j] = start;
                        open.push(j);
                    }
                }
            }
        }
        regions
    }

    proptest! {
        #[test]
        fn regions_are_those_of_flooding(width in 1_usize..12, seed in prop::collection::vec(any::<bool>(), 0..120)) {
            let set = &seed[..seed.len() / width * width];
            let flooded = flooded(set, width);
            let mut found = vec![usize::MAX; set.len()];
            Regions::of(set, width).each(|i, region| found[i] = region);
            for i in 0..set.len() {
                for j in 0..set.len() {
                    prop_assert_eq!(flooded[i] == flooded[j], found[i] == found[j]);
                }
            }
        }
    }
}
