//! The sources of a tile one by one.
//!
//! On a picture with noise few sources touch the element. Each is applied to a group of rows at once ("stamped"): a piece of
//! the skin's table, raised by the source's value, against what was found so far. Sources are skipped where bounds prove that
//! they cannot lower a pixel: with `um` the highest result so far in the tile, or in the group,
//!
//! - a block of 8×8 sources whose minimum, plus the least depth from the block to the tile, is not below `um`;
//! - a pixel of another block for which the same holds with its own value and depth;
//! - a pixel that a neighbour makes useless ([`super::dominance`]).
//!
//! Sums of floats are monotone, so the bounds need no margin. The order of stamps changes nothing in the result.

use super::dominance::Dominance;
use super::field::BLOCK;
use super::lane::Lane;
use super::tile::{GROUP, Tile};

/// What was done for a tile, and when that is enough.
pub(super) struct Effort {
    blocks: usize,
    stamps: usize,
    /// Stamps after which other ways are quicker.
    most: usize,
    /// Whether many stamps from few blocks are a reason too: there the picture is smooth.
    is_wary: bool,
}

impl Effort {
    /// At most so many stamps.
    pub fn new(most: usize) -> Self {
        Self {
            blocks: 0,
            stamps: 0,
            most,
            is_wary: false,
        }
    }

    /// At most what levels would cost.
    pub fn instead_of(cost: usize) -> Self {
        /// What a stamp costs with all that is looked at before it, in the same units.
        const STAMP: usize = 80;
        Self {
            is_wary: true,
            ..Self::new(cost / STAMP)
        }
    }

    fn is_too_much(&self) -> bool {
        self.stamps > self.most || (self.is_wary && self.stamps > 60 + 12 * self.blocks)
    }
}

/// Blocks that may hold useful sources.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    /// Column and row of the first block that was looked at, and how many there are in a row.
    x: usize,
    y: usize,
    width: usize,
    /// The rank of the lowest result that a block could give, and below it where it is among those looked at. One whole
    /// number, as those are sorted quickly.
    keys: Vec<u64>,
}

impl<L: Lane, const T: usize> Tile<'_, L, T> {
    /// Lists the blocks at most `reach` blocks away whose best could be at least `from` and below `to`.
    #[inline(always)]
    fn scan(&self, reach: usize, from: L, to: L, candidates: &mut Candidates) {
        /// Blocks compared at once.
        const VECTOR: usize = 16;
        let (tables, field) = (self.tables, self.field);
        let (blocks_x, blocks_y) = (field.stride / BLOCK, field.rows / BLOCK);
        let (tile_x, tile_y) = (self.x / BLOCK, self.y / BLOCK);
        let (x0, x1) = (
            tile_x.saturating_sub(reach),
            (tile_x + T / BLOCK + reach).min(blocks_x),
        );
        let (y0, y1) = (
            tile_y.saturating_sub(reach),
            (tile_y + T / BLOCK + reach).min(blocks_y),
        );
        (candidates.x, candidates.y, candidates.width) = (x0, y0, x1 - x0);
        candidates.keys.clear();
        let farthest = tables.block_reach;
        for y in y0..y1 {
            let depth_row = (y + farthest - tile_y) * tables.block_stride;
            let depths = &tables.block_depth[depth_row + (x0 + farthest - tile_x)..];
            let minima = &field.minima[y * field.minima_stride + x0..];
            let vectors = depths.as_chunks().0.iter().zip(minima.as_chunks().0);
            for (x, (depths, minima)) in (x0..x1).step_by(VECTOR).zip(vectors) {
                let bounds: [L; VECTOR] = sums(*minima, *depths);
                let mut is_useful = [0_u8; VECTOR];
                for i in 0..VECTOR {
                    is_useful[i] = u8::from(bounds[i] < to && !(bounds[i] < from));
                }
                let mut left = bits_of(&is_useful);
                while left != 0 {
                    let i = left.trailing_zeros() as usize % VECTOR;
                    left &= left - 1;
                    if x + i < x1 {
                        let index = (y - y0) * candidates.width + x + i - x0;
                        let key = u64::from(bounds[i].rank()) << 32 | index as u64;
                        candidates.keys.push(key);
                    }
                }
            }
        }
        candidates.keys.sort_unstable();
    }

    /// Stamps what may be useful in the blocks whose best could be at least `from` and below `to`, the most promising
    /// first. False when there is so much of it that other ways are quicker.
    #[inline(always)]
    pub fn scatter(
        &mut self,
        reach: usize,
        from: L,
        to: L,
        effort: &mut Effort,
        candidates: &mut Candidates,
    ) -> bool {
        self.scan(reach, from, to, candidates);
        for &key in &candidates.keys {
            if (key >> 32) as u32 >= self.um.rank() {
                break;
            }
            let index = key as u32 as usize;
            let (x, y) = (
                candidates.x + index % candidates.width,
                candidates.y + index / candidates.width,
            );
            effort.blocks += 1;
            effort.stamps += self.scatter_block(x * BLOCK, y * BLOCK);
            if effort.is_too_much() {
                return false;
            }
        }
        true
    }

    /// Stamps the useful pixels of the block at (x, y) and counts the stamps.
    #[inline(always)]
    fn scatter_block(&mut self, x: usize, y: usize) -> usize {
        let (field, tables) = (self.field, self.tables);
        let left = tables.block_reach * BLOCK + x - self.x;
        let minimum = field.minima[y / BLOCK * field.minima_stride + x / BLOCK];
        // The block's column that is nearest to the tile.
        let nearest = left + (self.x.max(x).min(x + BLOCK - 1) - x);
        let mut pixels = [L::TOP; BLOCK * BLOCK];
        for (row, y) in pixels.as_chunks_mut::<BLOCK>().0.iter_mut().zip(y..) {
            if let Some(source) = field.data[y * field.stride + x..].first_chunk::<BLOCK>() {
                *row = *source;
            }
        }
        let mut stamped = 0;
        for group in 0..T / GROUP {
            let group_y = self.y + group * GROUP;
            // Blocks and groups are equally high and lie in one grid.
            let distance = group_y.abs_diff(y).saturating_sub(GROUP - 1);
            let bound = tables
                .pixel_depth
                .get(distance * tables.pixel_stride + nearest);
            if !bound.is_some_and(|&depth| minimum.plus(depth) < self.limits[group]) {
                continue;
            }
            let useful = if L::IS_LEVELLED {
                self.useful_of_block(group, x, y, &pixels)
            } else {
                self.useful_by_rows(group, x, y, &pixels)
            };
            let count = self.list(useful, self.place(group, x, y), &pixels);
            if count > 0 {
                self.stamp(group, count);
                stamped += count;
            }
        }
        stamped
    }

    /// Lists the pixels whose bits are set as sources; gives their number.
    #[inline(always)]
    fn list(&mut self, mut bits: u64, place: usize, pixels: &[L; BLOCK * BLOCK]) -> usize {
        let mut count = 0;
        while bits != 0 {
            let i = bits.trailing_zeros() as usize % (BLOCK * BLOCK);
            bits &= bits - 1;
            let at = place - i / BLOCK * self.tables.skin_stride - i % BLOCK;
            self.sources[count % (BLOCK * BLOCK)] = (at, pixels[i]);
            count += 1;
        }
        count
    }

    /// Which pixels of the block at (x, y) could lower a group: bit i for pixel i.
    #[inline(always)]
    fn useful_of_block(
        &self,
        group: usize,
        x: usize,
        y: usize,
        pixels: &[L; BLOCK * BLOCK],
    ) -> u64 {
        let tables = self.tables;
        let (column, row) = (
            tables.block_reach + x / BLOCK - self.x / BLOCK,
            tables.block_reach + y / BLOCK - self.y / BLOCK - group,
        );
        let depths = tables.block_pixels.get(row * tables.blocks + column);
        depths.map_or(0, |depths| bits_below(pixels, depths, self.limits[group]))
    }

    /// The same row by row, without those that a neighbour beats.
    #[inline(always)]
    fn useful_by_rows(&self, group: usize, x: usize, y: usize, pixels: &[L; BLOCK * BLOCK]) -> u64 {
        let tables = self.tables;
        let left = tables.block_reach * BLOCK + x - self.x;
        let group_y = self.y + group * GROUP;
        let mut bits = 0;
        for (i, row) in pixels.as_chunks::<BLOCK>().0.iter().enumerate() {
            let y = y + i;
            let above = group_y.saturating_sub(y);
            let distance = above.max((y + 1).saturating_sub(group_y + GROUP));
            if distance > tables.reach {
                continue;
            }
            let depths = &tables.pixel_depth[distance * tables.pixel_stride + left..];
            let Some(depths) = depths.first_chunk::<BLOCK>() else {
                continue;
            };
            let mut useful = [false; BLOCK];
            let mut is_any = false;
            for i in 0..BLOCK {
                useful[i] = row[i].plus(depths[i]) < self.limits[group];
                is_any |= useful[i];
            }
            if is_any {
                self.undominated(x, y, row, &mut useful);
                bits |= bits_of(&useful.map(u8::from)) << (i * BLOCK);
            }
        }
        bits
    }

    /// Takes those away that a neighbour beats over the whole tile.
    #[inline(always)]
    fn undominated(&self, x: usize, y: usize, row: &[L; BLOCK], useful: &mut [bool; BLOCK]) {
        let field = self.field;
        let Dominance {
            margins,
            stride,
            origin,
        } = &self.tables.dominance;
        let at = (y + origin - self.y) * stride + x + origin - self.x;
        let position = y * field.stride + x;
        let margin = |side: usize| {
            margins[side]
                .get(at..)
                .and_then(<[f32]>::first_chunk::<BLOCK>)
        };
        let neighbours = |from: usize| field.data.get(from..).and_then(<[L]>::first_chunk::<BLOCK>);
        // Neighbours in the padding are TOP and beat nobody; those that wrap around to another row would.
        if let (Some(margin), Some(right)) = (margin(0), neighbours(position + 1)) {
            for i in 0..BLOCK - 1 {
                useful[i] &= !(row[i].minus(right[i]) > margin[i]);
            }
            if x + BLOCK < field.stride {
                useful[BLOCK - 1] &= !(row[BLOCK - 1].minus(right[BLOCK - 1]) > margin[BLOCK - 1]);
            }
        }
        if let (Some(margin), Some(left)) = (margin(1), neighbours(position.wrapping_sub(1))) {
            for i in 1..BLOCK {
                useful[i] &= !(row[i].minus(left[i]) >= margin[i]);
            }
            if x > 0 {
                useful[0] &= !(row[0].minus(left[0]) >= margin[0]);
            }
        }
        if let (Some(margin), Some(below)) = (margin(2), neighbours(position + field.stride)) {
            for i in 0..BLOCK {
                useful[i] &= !(row[i].minus(below[i]) > margin[i]);
            }
        }
        if let (Some(margin), Some(above)) =
            (margin(3), neighbours(position.wrapping_sub(field.stride)))
        {
            for i in 0..BLOCK {
                useful[i] &= !(row[i].minus(above[i]) >= margin[i]);
            }
        }
    }
}

/// Which of a block's pixels are below a limit with their depths added: bit i for pixel i.
#[inline(always)]
fn bits_below<L: Lane>(pixels: &[L; BLOCK * BLOCK], depths: &[L; BLOCK * BLOCK], limit: L) -> u64 {
    let mut useful = [0_u8; BLOCK * BLOCK];
    for i in 0..BLOCK * BLOCK {
        useful[i] = u8::from(pixels[i].plus(depths[i]) < limit);
    }
    bits_of(&useful)
}

/// Bit i is byte i, of up to 64 that are each 0 or 1.
#[inline(always)]
fn bits_of(bytes: &[u8]) -> u64 {
    let mut bits = 0;
    for eight in bytes.as_chunks::<8>().0.iter().rev() {
        // Brings byte j to bit 56 + j, with nothing carried between them.
        let eight = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits = bits << 8 | eight;
    }
    bits
}

/// The sums of two rows.
#[inline(always)]
fn sums<L: Lane, const T: usize>(a: [L; T], b: [L; T]) -> [L; T] {
    let mut result = [L::TOP; T];
    for i in 0..T {
        result[i] = a[i].plus(b[i]);
    }
    result
}
