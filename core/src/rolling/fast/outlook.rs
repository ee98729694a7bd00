//! What the minima of blocks tell about a tile before any of its pixels is looked at: how high its results can be, and how
//! far away sources can still matter.

use super::field::{BLOCK, Field};
use super::lane::Lane;
use super::tables::Tables;

/// So many blocks in each direction are looked at for the ceilings.
const CEILING_BLOCKS: usize = 2;

/// Bounds for a row of tiles and, around one of them, for its surroundings.
#[derive(Debug)]
pub(super) struct Outlook<L> {
    /// No result in a block is higher than this: for each row of blocks of the tiles, for each column of blocks.
    ceilings: Vec<L>,
    /// For each column of blocks the lowest source that the tiles can reach above, below and inside of them.
    floors: Vec<L>,
    /// The lowest source so many blocks around the tile, or nearer.
    pub near: Vec<L>,
    /// The lowest source in each row of the blocks that matter to the tile.
    pub bands: Vec<L>,
    /// The lowest source in each column of blocks, for rows that grow in number.
    columns: Vec<L>,
}

impl<L> Default for Outlook<L> {
    fn default() -> Self {
        Self {
            ceilings: Vec::new(),
            floors: Vec::new(),
            near: Vec::new(),
            bands: Vec::new(),
            columns: Vec::new(),
        }
    }
}

impl<L: Lane> Outlook<L> {
    /// Begins with the tiles whose first row in the field is y.
    #[inline(always)]
    pub fn begin(&mut self, field: &Field<L>, tables: &Tables<L>, y: usize) {
        let (blocks_x, blocks_y) = (field.stride / BLOCK, field.rows / BLOCK);
        let row = |y: usize| &field.minima[y * field.minima_stride..][..blocks_x];
        let (first, side) = (y / BLOCK, L::TILE / BLOCK);
        let reach = tables.block_reach;
        self.floors.clear();
        self.floors.resize(blocks_x, L::TOP);
        for y in first.saturating_sub(reach)..(first + side + reach).min(blocks_y) {
            for (floor, &minimum) in self.floors.iter_mut().zip(row(y)) {
                *floor = minimum.lower(*floor);
            }
        }
        self.ceilings.clear();
        self.ceilings.resize(blocks_x * side, L::TOP);
        // From the farthest pixel of one block to the farthest of another.
        let farthest = |blocks: usize| blocks * BLOCK + BLOCK - 1;
        for (i, ceilings) in self.ceilings.chunks_exact_mut(blocks_x).enumerate() {
            let here = first + i;
            let rows = here.saturating_sub(CEILING_BLOCKS)..here + CEILING_BLOCKS + 1;
            for y in rows.start..rows.end.min(blocks_y) {
                for dx in 0..=CEILING_BLOCKS.min(blocks_x - 1) {
                    let (across, along) = (farthest(dx), farthest(y.abs_diff(here)));
                    if across.max(along) > tables.reach {
                        continue;
                    }
                    let depth = tables.skin_at(across, along);
                    for (ceiling, &minimum) in ceilings[dx..].iter_mut().zip(row(y)) {
                        *ceiling = minimum.plus(depth).lower(*ceiling);
                    }
                    for (ceiling, &minimum) in ceilings.iter_mut().zip(&row(y)[dx..]) {
                        *ceiling = minimum.plus(depth).lower(*ceiling);
                    }
                }
            }
        }
    }

    /// No result in a group of rows of the tile at column x is higher than this.
    #[inline(always)]
    pub fn ceiling(&self, group: usize, x: usize) -> L {
        let blocks = self.floors.len();
        let mut highest = L::BOTTOM;
        for &ceiling in &self.ceilings[group * blocks + x / BLOCK..][..L::TILE / BLOCK] {
            highest = ceiling.higher(highest);
        }
        highest
    }

    /// The least that a source around the tile could give.
    #[inline(always)]
    pub fn best(&self, tables: &Tables<L>) -> L {
        let mut best = L::TOP;
        for (low, &depth) in self.near.iter().zip(&tables.ring_depth) {
            best = low.plus(depth).lower(best);
        }
        best
    }

    /// Looks around the tile at (x, y) as far as sources can give anything below `um`, and says how many blocks that is.
    #[inline(always)]
    pub fn surround(
        &mut self,
        field: &Field<L>,
        tables: &Tables<L>,
        (x, y): (usize, usize),
        um: L,
    ) -> usize {
        let (tile_x, tile_y, side) = (x / BLOCK, y / BLOCK, L::TILE / BLOCK);
        let (blocks_x, blocks_y) = (field.stride / BLOCK, field.rows / BLOCK);
        let around =
            |reach: usize| tile_x.saturating_sub(reach)..(tile_x + side + reach).min(blocks_x);
        let mut floor = L::TOP;
        for &low in &self.floors[around(tables.block_reach)] {
            floor = low.lower(floor);
        }
        let depths = &tables.ring_depth;
        let mut reach = 0;
        while reach < tables.block_reach && floor.plus(depths[reach + 1]) < um {
            reach += 1;
        }

        let all = around(reach);
        self.columns.clear();
        self.columns.resize(all.len(), L::TOP);
        self.bands.clear();
        self.bands.resize(side + 2 * reach, L::TOP);
        self.near.clear();
        let Self { columns, bands, .. } = self;
        let mut add = |columns: &mut [L], y: usize| {
            let minima = &field.minima[y * field.minima_stride..][all.clone()];
            let mut band = L::TOP;
            for (low, &minimum) in columns.iter_mut().zip(minima) {
                *low = minimum.lower(*low);
                band = minimum.lower(band);
            }
            bands[y + reach - tile_y] = band;
        };
        for y in tile_y..(tile_y + side).min(blocks_y) {
            add(columns, y);
        }
        let mut needed = 0;
        for (r, &depth) in depths[..=reach].iter().enumerate() {
            if r > 0 {
                if let Some(y) = tile_y.checked_sub(r) {
                    add(columns, y);
                }
                if tile_y + side + r <= blocks_y {
                    add(columns, tile_y + side + r - 1);
                }
            }
            let range = around(r);
            let mut low = L::TOP;
            for &column in &columns[range.start - all.start..range.end - all.start] {
                low = column.lower(low);
            }
            self.near.push(low);
            if low.plus(depth) < um {
                needed = r;
            }
        }
        needed
    }
}
