//! One tile of 8-bit samples by whole levels.
//!
//! Depths are whole levels, so the skin is a stack of disks: with `D(k)` the offsets whose depth is at most k, an erosion is
//! the minimum over k of "the lowest source in `D(k)`, and k added". A disk is a pile of rows, each "all sources within w pixels":
//! a *widened* row. All widths of a row are made one from the other, two steps for each, and serve every row of the tile, every
//! disk and both halves of it. What is left is one step for each row of each disk.
//!
//! The disks are taken from the shallowest on. Each presses the highest result `um` down, and when no source in reach, with
//! the depths still to come, can be below `um`, the tile is done. With noise or without that is long before the element's rim.

use super::field::BLOCK;
use super::lane::Lane;
use super::outlook::Outlook;
use super::tables::Disk;
use super::tile::{GROUP, GROUPS, Tile, lower, lowered};

/// Pixels around a tile beyond which no rows are widened: their memory grows with the square.
const FARTHEST: usize = 320;
/// A tile whose plan costs at most so much is done by levels at once. In about the cycles of a processor of 2025.
pub(super) const CHEAP: usize = 20_000;

/// Memory for widened rows.
#[derive(Debug)]
pub(super) struct LevelScratch<L> {
    /// Widened rows, each as long as a tile: by width, then by row, so that a group's rows lie one after another.
    wide: Vec<L>,
    /// For each width, how far from the tile rows have been widened so much: 1 for the tile's own, 0 for none.
    made: Vec<usize>,
    /// The surroundings of a tile near a border.
    window: Vec<L>,
    /// The lowest that disk k or a deeper one could give.
    bounds: Vec<L>,
}

impl<L> Default for LevelScratch<L> {
    fn default() -> Self {
        Self {
            wide: Vec::new(),
            made: Vec::new(),
            window: Vec::new(),
            bounds: Vec::new(),
        }
    }
}

/// How a tile is done by levels.
pub(super) struct Plan {
    /// Disks that may matter, from the shallowest on.
    disks: usize,
    /// Pixels to either side of a result beyond which no source matters.
    reach: usize,
    /// What it costs at most, as [`CHEAP`].
    pub cost: usize,
    /// Whether it needs a reasonable amount of memory.
    pub is_possible: bool,
}

impl Plan {
    /// How many pixels a disk reaches from its middle, as far as that matters.
    #[inline(always)]
    fn far<L>(&self, disk: &Disk<L>) -> usize {
        (disk.half_widths.len() - 1).min(self.reach)
    }
}

/// Finds which disks may matter to a tile, when no source more than `reach` blocks away from it does.
#[inline(always)]
pub(super) fn plan<L: Lane, const T: usize>(
    tile: &Tile<'_, L, T>,
    outlook: &Outlook<L>,
    reach: usize,
    scratch: &mut LevelScratch<L>,
) -> Plan {
    let um = tile.um;
    let disks = &tile.tables.disks;
    let mut plan = Plan {
        disks: 0,
        reach: reach * BLOCK + T - 1,
        cost: 0,
        is_possible: reach * BLOCK <= FARTHEST,
    };
    let floor = outlook.near[reach];
    plan.disks = disks
        .iter()
        .take_while(|disk| floor.plus(disk.depth) < um)
        .count();
    scratch.bounds.clear();
    scratch.bounds.resize(plan.disks, L::TOP);
    let mut least = L::TOP;
    for (bound, disk) in scratch.bounds.iter_mut().zip(disks).rev() {
        let blocks = plan.far(disk).div_ceil(BLOCK).min(reach);
        least = outlook.near[blocks].plus(disk.depth).lower(least);
        *bound = least;
    }
    let is_useless = |bound: &L| !(*bound < um);
    plan.disks -= scratch
        .bounds
        .iter()
        .rev()
        .take_while(|b| is_useless(b))
        .count();
    let disks = &disks[..plan.disks];
    let steps: usize = disks.iter().map(|disk| 2 * plan.far(disk) + 1).sum();
    let far = disks.last().map_or(0, |disk| plan.far(disk));
    plan.cost = T * steps + 8 * (T + 2 * far) * far;
    plan
}

/// Combines the tile with every source in reach that could still lower a pixel.
#[inline(always)]
pub(super) fn erode<L: Lane, const T: usize>(
    tile: &mut Tile<'_, L, T>,
    plan: &Plan,
    outlook: &Outlook<L>,
    scratch: &mut LevelScratch<L>,
) {
    let (field, tables) = (tile.field, tile.tables);
    let disks = &tables.disks[..plan.disks];
    let Some(reach) = disks.last().map(|disk| plan.far(disk)) else {
        return;
    };
    let LevelScratch {
        wide,
        made,
        window,
        bounds,
    } = scratch;
    let Outlook { near, bands, .. } = outlook;
    // An odd number, so that widths of a row do not fall into one set of the cache.
    let rows = (T + 2 * reach) | 1;
    let size = rows * (reach + 1) * T;
    wide.resize(size.max(wide.len()), L::TOP);
    let wide = wide.as_chunks_mut::<T>().0;
    made.clear();
    made.resize(reach + 1, 0);
    let inside = tile.x >= reach
        && tile.x + T + reach <= field.stride
        && tile.y >= reach
        && tile.y + T + reach <= field.rows;
    // Whole rows from `reach` above the tile on, and the tile's first column in them.
    let (lines, stride, column) = if inside {
        let start = (tile.y - reach) * field.stride;
        (&field.data[start..], field.stride, tile.x)
    } else {
        surroundings(tile, reach, window);
        (&window[..], T + 2 * reach, reach)
    };
    let rows = Rows {
        lines,
        stride,
        column,
        count: rows,
    };
    let mut lives = [true; GROUPS];
    for (disk, &bound) in disks.iter().zip(&*bounds) {
        let far = plan.far(disk);
        // What this disk alone could give.
        let least = near[far.div_ceil(BLOCK).min(near.len() - 1)].plus(disk.depth);
        let mut active = [false; GROUPS];
        for group in 0..T / GROUP {
            lives[group] &= bound < tile.limits[group];
            active[group] = lives[group] && least < tile.limits[group];
        }
        if !lives.contains(&true) {
            break;
        }
        if !active.contains(&true) {
            continue;
        }
        // Disks are as high as they are wide: rows so far from the tile are needed with this width.
        for (width, &distance) in disk.half_widths[..=far].iter().enumerate() {
            let (old, new) = (made[width], (distance as usize).min(reach) + 1);
            if old >= new {
                continue;
            }
            made[width] = new;
            if old == 0 {
                rows.widen(wide, width, reach + 1 - new..reach + T + new - 1);
            } else {
                rows.widen(wide, width, reach + 1 - new..reach + 1 - old);
                rows.widen(wide, width, reach + T + old - 1..reach + T + new - 1);
            }
        }
        let disk = (disk.depth, &disk.half_widths[..=far]);
        for (group, _) in active.iter().enumerate().filter(|(_, is)| **is) {
            for first in [group * GROUP, group * GROUP + GROUP / 2] {
                combine::<L, T>(tile, first, disk, wide, rows.count, reach, bands);
            }
            tile.refresh(group);
        }
    }
}

/// The rows that are widened.
struct Rows<'a, L> {
    /// Whole rows from `reach` above the tile on.
    lines: &'a [L],
    stride: usize,
    /// The tile's first column in them.
    column: usize,
    /// How many there are room for in each width.
    count: usize,
}

impl<L: Lane> Rows<'_, L> {
    /// Widens some by one more pixel to either side.
    #[inline(always)]
    fn widen<const T: usize>(
        &self,
        wide: &mut [[L; T]],
        width: usize,
        range: std::ops::Range<usize>,
    ) {
        let (narrower, to) = wide.split_at_mut(width * self.count);
        let to = &mut to[range.clone()];
        let mut at = range.start * self.stride + self.column - width;
        if width == 0 {
            for to in to {
                if let Some(here) = self.lines[at..].first_chunk::<T>() {
                    *to = *here;
                }
                at += self.stride;
            }
            return;
        }
        let narrower = &narrower[(width - 1) * self.count..][range];
        for (to, narrower) in to.iter_mut().zip(narrower) {
            let line = &self.lines[at..][..T + 2 * width];
            if let (Some(left), Some(right)) = (line.first_chunk::<T>(), line.last_chunk::<T>()) {
                *to = lower(*narrower, lower(*left, *right));
            }
            at += self.stride;
        }
    }
}

/// Combines half a group of the tile's rows, as many as stay in registers, with a disk of this depth and these half widths.
#[inline(always)]
fn combine<L: Lane, const T: usize>(
    tile: &mut Tile<'_, L, T>,
    first: usize,
    (depth, half_widths): (L, &[u32]),
    wide: &[[L; T]],
    rows: usize,
    reach: usize,
    bands: &[L],
) {
    const ROWS: usize = GROUP / 2;
    let (middle, group) = (reach + first, first / GROUP);
    let middle_band = (bands.len() - T / BLOCK) / 2 + group;
    let limit = tile.limits[group];
    // What lies beyond the bands is too far away to be of use.
    let is_useful = |band: Option<usize>| {
        band.and_then(|band| bands.get(band))
            .is_some_and(|low| low.plus(depth) < limit)
    };
    let mut lowest = [[L::TOP; T]; ROWS];
    let mut lower_by = |width: u32, row: usize| {
        let width = (width as usize).min(reach);
        if let Some(sources) = wide[width * rows + row..].first_chunk::<ROWS>() {
            for i in 0..ROWS {
                lowest[i] = lower(sources[i], lowest[i]);
            }
        }
    };
    lower_by(half_widths[0], middle);
    for (chunk, widths) in half_widths[1..].chunks(BLOCK).enumerate() {
        // These rows of the disk lead from the group to two rows of blocks above and two below.
        let dy = 1 + chunk * BLOCK;
        let (above, below) = (middle_band.checked_sub(chunk), middle_band + chunk);
        if is_useful(above) || is_useful(above.and_then(|band| band.checked_sub(1))) {
            for (i, &width) in widths.iter().enumerate() {
                lower_by(width, middle - dy - i);
            }
        }
        if is_useful(Some(below)) || is_useful(Some(below + 1)) {
            for (i, &width) in widths.iter().enumerate() {
                lower_by(width, middle + dy + i);
            }
        }
    }
    let Some(out) = tile.out[first..].first_chunk_mut::<ROWS>() else {
        return;
    };
    for (out, lowest) in out.iter_mut().zip(lowest) {
        *out = lowered(*out, lowest, depth);
    }
}

/// Copies the surroundings of a tile, with nothing where the field ends.
#[inline(always)]
fn surroundings<L: Lane, const T: usize>(tile: &Tile<'_, L, T>, reach: usize, window: &mut Vec<L>) {
    let field = tile.field;
    let side = T + 2 * reach;
    window.clear();
    window.resize(side * side, L::TOP);
    let (from, end) = (
        tile.x.saturating_sub(reach),
        (tile.x + T + reach).min(field.stride),
    );
    let offset = from + reach - tile.x;
    for (i, to) in window.chunks_exact_mut(side).enumerate() {
        if let Some(y) = (tile.y + i).checked_sub(reach).filter(|&y| y < field.rows) {
            to[offset..offset + end - from]
                .copy_from_slice(&field.data[y * field.stride..][from..end]);
        }
    }
}
