//! One tile: what was found so far, and which way finds the rest.
//!
//! Every pixel is its own first source. How far others matter is known from the minima of blocks ([`super::outlook`]).
//! Where few of them touch the element they are stamped one by one ([`super::scatter`]); where many do, a tile of 8 bits
//! is done by levels ([`super::levels`]), any other directly ([`super::direct`]). All of them lower the same results, so
//! that nothing is lost when one gives up.

use super::direct;
use super::field::{BLOCK, Field};
use super::lane::Lane;
use super::levels;
use super::outlook::Outlook;
use super::scatter::{Candidates, Effort};
use super::tables::Tables;

/// Rows of a tile that are lowered together; as high as a block.
pub(super) const GROUP: usize = BLOCK;
/// Groups of the largest tile.
pub(super) const GROUPS: usize = 64 / GROUP;

/// Memory for computing tiles, one after another.
#[derive(Debug)]
pub(super) struct TileScratch<L> {
    pub(super) candidates: Candidates,
    pub(super) window: Vec<L>,
    pub(super) outlook: Outlook<L>,
    pub(super) levels: levels::LevelScratch<L>,
}

impl<L> Default for TileScratch<L> {
    fn default() -> Self {
        Self {
            candidates: Candidates::default(),
            window: Vec::new(),
            outlook: Outlook::default(),
            levels: levels::LevelScratch::default(),
        }
    }
}

/// A tile in the making: results so far, and the highest of them.
pub(super) struct Tile<'a, L, const T: usize> {
    pub field: &'a Field<L>,
    pub tables: &'a Tables<L>,
    /// First column and row of the tile in the field.
    pub x: usize,
    pub y: usize,
    /// Which of the tile's columns and rows belong to the picture.
    pub columns: std::ops::Range<usize>,
    pub rows: std::ops::Range<usize>,
    pub out: [[L; T]; T],
    /// No result in a group of rows is higher than this.
    ceilings: [L; GROUPS],
    /// What a source must be below to be of use: the highest result so far in each group of rows, or what is just above
    /// its ceiling, and the highest of these.
    pub limits: [L; GROUPS],
    pub um: L,
    /// What is to be stamped: where its depths begin in the skin's table, and its value.
    pub sources: [(usize, L); BLOCK * BLOCK],
}

impl<'a, L: Lane, const T: usize> Tile<'a, L, T> {
    /// The erosion of the tile at (x, y), where it belongs to the picture.
    #[inline(always)]
    pub fn eroded(
        field: &'a Field<L>,
        tables: &'a Tables<L>,
        x: usize,
        y: usize,
        scratch: &mut TileScratch<L>,
    ) -> Self {
        let columns = Field::<L>::valid(x, T, field.left, field.width);
        let rows = Field::<L>::valid(y, T, field.top, field.height);
        let mut tile = Self {
            field,
            tables,
            x,
            y,
            columns,
            rows,
            out: [[L::BOTTOM; T]; T],
            ceilings: [L::TOP; GROUPS],
            limits: [L::TOP; GROUPS],
            um: L::TOP,
            sources: [(0, L::TOP); BLOCK * BLOCK],
        };
        tile.begin();
        if tile.rows.is_empty() || tile.columns.is_empty() || tables.reach == 0 {
            return tile;
        }
        let outlook = &mut scratch.outlook;
        if tile.rows.len() == T && tile.columns.len() == T {
            for group in 0..T / GROUP {
                tile.ceilings[group] = outlook.ceiling(group, x);
                tile.limits[group] = tile.limits[group].lower(tile.ceilings[group].above());
            }
            tile.refresh_um();
        }
        let reach = outlook.surround(field, tables, (x, y), tile.um);
        let mut effort = Effort::new(direct::BUDGET);
        if L::IS_LEVELLED {
            let plan = levels::plan(&tile, outlook, reach, &mut scratch.levels);
            if plan.is_possible && plan.cost <= levels::CHEAP {
                levels::erode(&mut tile, &plan, outlook, &mut scratch.levels);
                return tile;
            }
            effort = if plan.is_possible {
                Effort::instead_of(plan.cost)
            } else {
                Effort::new(usize::MAX)
            };
        }
        // First those that promise most: they press the limits down.
        let half = outlook.best(tables).between(tile.um);
        let candidates = &mut scratch.candidates;
        if tile.scatter(reach, L::BOTTOM, half, &mut effort, candidates)
            && tile.scatter(reach, half, tile.um, &mut effort, candidates)
        {
            return tile;
        }
        if L::IS_LEVELLED {
            let reach = outlook.surround(field, tables, (x, y), tile.um);
            let plan = levels::plan(&tile, outlook, reach, &mut scratch.levels);
            levels::erode(&mut tile, &plan, outlook, &mut scratch.levels);
        } else {
            direct::erode(&mut tile, scratch);
        }
        tile
    }

    /// Every pixel is its own first source. Padding lies below everything and is never lowered.
    #[inline(always)]
    fn begin(&mut self) {
        let whole = self.rows.len() == T && self.columns.len() == T;
        for (y, out) in self.out.iter_mut().enumerate() {
            let start = (self.y + y) * self.field.stride + self.x;
            if let Some(row) = self.field.data[start..].first_chunk::<T>() {
                *out = sources_of(*row);
            }
            if !whole {
                let is_row = self.rows.contains(&y);
                for (x, out) in out.iter_mut().enumerate() {
                    if !is_row || !self.columns.contains(&x) {
                        *out = L::BOTTOM;
                    }
                }
            }
        }
        for group in 0..T / GROUP {
            self.refresh(group);
        }
    }

    /// Finds the highest result so far, after a group of rows has changed.
    #[inline(always)]
    pub fn refresh(&mut self, group: usize) {
        // All rows of it in one loop: of a single row's few samples the compiler makes scalar code.
        let results = self.out[group * GROUP..][..GROUP].as_flattened();
        let highest = results.iter().fold(L::BOTTOM, |a, &b| b.higher(a));
        self.limits[group] = highest.lower(self.ceilings[group].above());
        self.refresh_um();
    }

    #[inline(always)]
    fn refresh_um(&mut self) {
        self.um = self.limits[..T / GROUP]
            .iter()
            .fold(L::BOTTOM, |a, &b| b.higher(a));
    }

    /// Where in the skin's table the depths from a source to the first row of a group begin.
    ///
    /// Offsets from the source to the tile's first pixel are at least −(reach + T − 1): others are not stamped.
    #[inline(always)]
    pub fn place(&self, group: usize, x: usize, y: usize) -> usize {
        let middle = self.tables.reach + T - 1;
        let (row, column) = (middle + self.y + group * GROUP - y, middle + self.x - x);
        row * self.tables.skin_stride + column
    }

    /// Applies the first sources to a group of rows.
    #[inline(always)]
    pub fn stamp(&mut self, group: usize, count: usize) {
        // As many rows at a time as stay in registers.
        self.stamp_rows::<4>(group * GROUP, 0, count);
        self.stamp_rows::<4>(group * GROUP + 4, 4, count);
        self.refresh(group);
    }

    /// The same for some of its rows.
    #[inline(always)]
    fn stamp_rows<const R: usize>(&mut self, first: usize, skip: usize, count: usize) {
        let stride = self.tables.skin_stride;
        let Some(rows) = self.out[first..].first_chunk_mut::<R>() else {
            return;
        };
        let mut results = *rows;
        for &(place, v) in &self.sources[..count] {
            let skin = &self.tables.skin[place + skip * stride..][..(R - 1) * stride + T];
            for (i, result) in results.iter_mut().enumerate() {
                if let Some(depths) = skin[i * stride..].first_chunk::<T>() {
                    *result = lowered(*result, *depths, v);
                }
            }
        }
        *rows = results;
    }
}

/// The lower of results and one source at these depths. By value, so that the compiler sees that nothing overlaps and
/// makes vector instructions of it.
#[inline(always)]
pub(super) fn lowered<L: Lane, const T: usize>(out: [L; T], depths: [L; T], v: L) -> [L; T] {
    let mut result = [L::TOP; T];
    for i in 0..T {
        result[i] = v.plus(depths[i]).lower(out[i]);
    }
    result
}

/// A row of sources: what is nothing is above everything.
#[inline(always)]
fn sources_of<L: Lane, const T: usize>(row: [L; T]) -> [L; T] {
    row.map(|v| if v.is_nothing() { L::TOP } else { v })
}

/// The lower of two rows.
#[inline(always)]
pub(super) fn lower<L: Lane, const T: usize>(a: [L; T], b: [L; T]) -> [L; T] {
    let mut result = [L::TOP; T];
    for i in 0..T {
        result[i] = b[i].lower(a[i]);
    }
    result
}
