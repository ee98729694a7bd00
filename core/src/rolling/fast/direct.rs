//! One tile directly: all offsets, as far as bounds allow. The way for what is neither sparse nor made of few levels.

use super::lane::Lane;
use super::tile::{Tile, TileScratch};

/// Sources that a tile may stamp before it is computed directly.
pub(super) const BUDGET: usize = 3000;

/// Combines the tile with every source in reach that could still lower a pixel.
#[inline(always)]
pub(super) fn erode<L: Lane, const T: usize>(
    tile: &mut Tile<'_, L, T>,
    scratch: &mut TileScratch<L>,
) {
    let (field, tables) = (tile.field, tile.tables);
    let reach = tables.reach;
    let stride = T + 2 * reach + T;
    let middle = reach + T - 1;
    let y0 = tile.y.saturating_sub(reach);
    let y1 = (tile.y + T + reach).min(field.rows);
    scratch.window.resize(stride, L::TOP);
    for y in y0..y1 {
        // One row of sources with nothing outside of the picture.
        let row = &field.data[y * field.stride..][..field.stride];
        let (from, to) = (
            tile.x.saturating_sub(reach),
            (tile.x + T + reach).min(field.stride),
        );
        let offset = from + reach - tile.x;
        scratch.window.fill(L::TOP);
        scratch.window[offset..offset + to - from].copy_from_slice(&row[from..to]);
        let mut lowest = L::TOP;
        for &v in &scratch.window {
            lowest = v.lower(lowest);
        }
        for i in 0..T {
            let dy = (tile.y + i).abs_diff(y);
            if dy > reach {
                continue;
            }
            let depths =
                &tables.skin[(middle + dy) * tables.skin_stride..][middle..=middle + reach];
            let out = &mut tile.out[i];
            let mut highest = L::BOTTOM;
            for &v in &*out {
                highest = v.higher(highest);
            }
            for (dx, &depth) in depths.iter().enumerate() {
                // Depths grow with the distance.
                if !(lowest.plus(depth) < highest) {
                    break;
                }
                let (left, right) = (&scratch.window[reach - dx..], &scratch.window[reach + dx..]);
                let (Some(left), Some(right)) = (left.first_chunk::<T>(), right.first_chunk::<T>())
                else {
                    break;
                };
                *out = lowered_by_two(*out, *left, *right, depth);
            }
        }
    }
}

/// The lower of results and two rows of sources at one depth; either source may be nothing.
#[inline(always)]
fn lowered_by_two<L: Lane, const T: usize>(out: [L; T], a: [L; T], b: [L; T], depth: L) -> [L; T] {
    let mut result = [L::TOP; T];
    for i in 0..T {
        result[i] = b[i].plus(depth).lower(a[i].plus(depth).lower(out[i]));
    }
    result
}
