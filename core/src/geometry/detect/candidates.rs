//! Quads whose four sides are edges.

use super::lines::Line;
use super::work::Work;
use crate::geometry::Quad;

/// The smallest share of the picture that the board may take.
const LEAST_AREA: f64 = 0.12;
/// The least share of a side that must be an edge, and of all four together.
const LEAST_SIDE: f64 = 0.6;
const LEAST_MEAN: f64 = 0.75;
/// Most candidates that are looked at closely.
const MOST: usize = 60;

/// A quad in pixels of the work picture.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) quad: Quad,
    /// The weakest side's share of edge.
    pub(super) weakest: f64,
    /// Higher is better.
    pub(super) score: f64,
}

/// The best quads, from the best on; those that hardly differ from a better one are left away.
pub(super) fn candidates(work: &Work, sides: &[Vec<Line>; 4]) -> Vec<Candidate> {
    let (width, height) = (work.width as f64, work.height as f64);
    let mut all = Vec::new();
    let [tops, rights, bottoms, lefts] = sides;
    for top in tops {
        for left in lefts {
            let Some(tl) = top.meet(left) else { continue };
            for right in rights {
                let Some(tr) = top.meet(right) else { continue };
                let upper = top.support(tl, tr);
                if upper < LEAST_SIDE {
                    continue;
                }
                for bottom in bottoms {
                    let (Some(br), Some(bl)) = (bottom.meet(right), bottom.meet(left)) else {
                        continue;
                    };
                    let support = [
                        upper,
                        right.support(tr, br),
                        bottom.support(br, bl),
                        left.support(bl, tl),
                    ];
                    let weakest = support.into_iter().fold(1.0, f64::min);
                    let mean = support.into_iter().sum::<f64>() / 4.0;
                    if weakest < LEAST_SIDE || mean < LEAST_MEAN {
                        continue;
                    }
                    let corners = [tl, tr, br, bl];
                    let inside = corners.iter().all(|c| {
                        let near =
                            |at: f64, side: f64| (-0.004 * side..=1.004 * side).contains(&at);
                        near(c.x, width) && near(c.y, height)
                    });
                    let Ok(quad) = Quad::new(corners) else {
                        continue;
                    };
                    let area = quad.area() / (width * height);
                    if inside && quad.corners() == corners && area >= LEAST_AREA {
                        let score = mean + 0.5 * weakest + 0.2 * area;
                        all.push(Candidate {
                            quad,
                            weakest,
                            score,
                        });
                    }
                }
            }
        }
    }
    all.sort_by(|a: &Candidate, b| b.score.total_cmp(&a.score));
    let same = 0.006 * (width + height);
    let mut best: Vec<Candidate> = Vec::new();
    for candidate in all {
        if best.len() == MOST {
            break;
        }
        let known = |other: &Candidate| other.quad.farthest_corner(&candidate.quad) < same;
        if !best.iter().any(known) {
            best.push(candidate);
        }
    }
    best
}
