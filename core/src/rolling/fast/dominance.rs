//! Which sources a neighbour makes useless.
//!
//! A source q is useless for a tile when a neighbour q′ is so much lower that it wins at every pixel p of the tile:
//! `I(q) − I(q′) ≥ M`, `M = max over p of K(q′ − p) − K(q − p)`. On a smooth picture that leaves only sources whose slope is
//! that of the skin somewhere over the tile: the points where the element would really touch.
//!
//! Ties are broken one way (the neighbours to the right and below must be strictly better), so that sources cannot
//! make each other useless in a circle: then along any chain of "is beaten by" the contribution to every p falls or
//! stays, and where it stays the chain moves left or up, so it ends at a source that nobody beats.
//!
//! K is convex along both axes, so that its difference over one step grows along the step: the maximum lies at the
//! tile's edge in that direction, and, across it, at the edge or next to the middle. M is rounded up by more than all
//! errors of the table's f32 numbers, hence never too small.

use super::super::element::Element;
use super::lane::Lane;

/// A margin that no difference reaches, an infinite one included.
const NEVER: f32 = f32::NAN;

/// M for the four neighbours of every source around a tile.
#[derive(Debug, Default)]
pub(super) struct Dominance {
    /// `[right, left, below, above]`, each a table with one row per row of sources.
    pub margins: [Vec<f32>; 4],
    /// Samples of a row.
    pub stride: usize,
    /// Row and column of the tile's first pixel.
    pub origin: usize,
}

impl Dominance {
    /// The tables; empty for 8 bits, where pictures are not smooth.
    pub fn new<L: Lane>(
        reach: usize,
        element: &Element,
        is_floored: bool,
        quarter_at: impl Fn(usize, usize) -> L,
    ) -> Self {
        let tile = L::TILE as i64;
        if L::IS_LEVELLED {
            return Self::default();
        }
        let origin = reach.next_multiple_of(8);
        let stride = 2 * origin + L::TILE;
        let depth = |dx: i64, dy: i64| -> f64 {
            let (dx, dy) = (dx.unsigned_abs() as usize, dy.unsigned_abs() as usize);
            if dx > reach || dy > reach {
                return f64::INFINITY;
            }
            f64::from(quarter_at(dx, dy).minus(L::default()))
        };
        // Table entries are rounded to f32, their differences in f64 are not: this covers four roundings.
        // Whole levels are convex but for the fraction that was cut off.
        let slack =
            element.height() * f64::from(f32::EPSILON) * 4.0 + f64::from(u8::from(is_floored));
        // One step along an axis: `along` is the source's coordinate on it, `across` on the other.
        let margin = |along: i64, across: i64| -> f32 {
            // u = q − p runs over [along − 15, along] and [across − 15, across].
            let least_across = if (0..tile).contains(&across) {
                0
            } else {
                across.abs().min((across - tile + 1).abs())
            };
            let most_across = across.abs().max((across - tile + 1).abs());
            let step = |across: i64| depth(along + 1, across) - depth(along, across);
            let farthest_along = (along + 1).abs().max((along - tile + 2).abs());
            let worst = if depth(farthest_along, most_across).is_finite() {
                step(least_across).max(step(most_across))
            } else if along < 0 {
                // Every step of it leads towards the tile; pixels out of the source's reach do not count, and from the
                // nearest on the step only gains.
                if depth(along, least_across).is_finite() {
                    step(least_across)
                } else {
                    return NEVER;
                }
            } else {
                return NEVER;
            };
            let up = worst + slack + worst.abs() * f64::from(f32::EPSILON) * 4.0;
            up as f32
        };
        let table = |f: &dyn Fn(i64, i64) -> f32| -> Vec<f32> {
            let at = |i: usize| i as i64 - origin as i64;
            (0..stride * stride)
                .map(|i| f(at(i % stride), at(i / stride)))
                .collect()
        };
        // A step to the left is one to the right in the mirror.
        let mirrored = |v: i64| tile - 1 - v;
        Self {
            margins: [
                table(&|x, y| margin(x, y)),
                table(&|x, y| margin(mirrored(x), y)),
                table(&|x, y| margin(y, x)),
                table(&|x, y| margin(mirrored(y), x)),
            ],
            stride,
            origin,
        }
    }
}
