//! The working copy of a picture: padded to whole tiles, negated where an operation needs it, with the minimum of every
//! block of 8×8 pixels beside it.

use super::super::roller::Region;
use super::lane::Lane;

/// Side of a block in pixels.
pub(super) const BLOCK: usize = 8;
/// Blocks behind the last of a row that may be read: whole vectors are.
pub(super) const SPARE: usize = 32;

/// A padded picture. Outside of the valid part lies [`Lane::TOP`], which is no source.
#[derive(Debug)]
pub(super) struct Field<L> {
    /// Padding on the left, so that a region begins at a tile.
    pub left: usize,
    /// Padding above.
    pub top: usize,
    /// Columns of the picture.
    pub width: usize,
    /// Rows of the picture.
    pub height: usize,
    /// Samples from row to row, a multiple of the tile's side.
    pub stride: usize,
    /// Rows with padding, a multiple of the tile's side.
    pub rows: usize,
    /// `stride · rows` samples.
    pub data: Vec<L>,
    /// Samples from one row of blocks to the next.
    pub minima_stride: usize,
    /// The minimum of each block; nothing (NaN) is left out.
    pub minima: Vec<L>,
}

impl<L> Default for Field<L> {
    fn default() -> Self {
        Self {
            left: 0,
            top: 0,
            width: 0,
            height: 0,
            stride: 0,
            rows: 0,
            data: Vec::new(),
            minima_stride: 0,
            minima: Vec::new(),
        }
    }
}

impl<L: Lane> Field<L> {
    /// Makes room for a picture of `width` × `height` behind `left` columns and `top` rows of padding, each less than a
    /// tile. The samples are anything afterwards; keeps memory that is there.
    fn resize(&mut self, left: usize, top: usize, width: usize, height: usize) {
        (self.left, self.top, self.width, self.height) = (left, top, width, height);
        self.stride = (left + width).next_multiple_of(L::TILE);
        self.rows = (top + height).next_multiple_of(L::TILE);
        self.minima_stride = self.stride / BLOCK + SPARE;
        resized(&mut self.data, self.stride * self.rows);
        resized(&mut self.minima, self.minima_stride * (self.rows / BLOCK));
    }

    /// The same for the part `seen` of a window, with the tiles where `region`, a part of it, has them.
    pub fn resize_for(&mut self, seen: Region, region: Region) {
        let padding = |from: usize, to: usize| (L::TILE - (to - from) % L::TILE) % L::TILE;
        self.resize(
            padding(seen.x, region.x),
            padding(seen.y, region.y),
            seen.width,
            seen.height,
        );
    }

    /// Where a region of the window begins in a field that holds the part `seen`.
    pub fn place(&self, seen: Region, region: Region) -> (usize, usize) {
        (self.left + region.x - seen.x, self.top + region.y - seen.y)
    }

    /// The padded columns or rows that hold picture, of `n` beginning at padded coordinate `from`.
    pub fn valid(from: usize, n: usize, padding: usize, size: usize) -> std::ops::Range<usize> {
        let first = padding.saturating_sub(from).min(n);
        let end = (padding + size).saturating_sub(from).min(n);
        first..end.max(first)
    }
}

/// So many elements, whatever they are, without ever holding an old and a new copy.
fn resized<L: Lane>(data: &mut Vec<L>, len: usize) {
    if data.capacity() < len {
        *data = Vec::new();
        data.reserve_exact(len);
    }
    data.resize(len, L::TOP);
}

/// Writes the minima of the blocks of 8 rows.
#[inline(always)]
pub(super) fn block_minima<L: Lane>(
    rows: &[L],
    stride: usize,
    columns: &mut Vec<L>,
    minima: &mut [L],
) {
    columns.clear();
    columns.extend_from_slice(&rows[..stride]);
    // Nothing (NaN) gives way to whatever it is compared with.
    for row in rows.chunks_exact(stride) {
        for (column, &v) in columns.iter_mut().zip(row) {
            *column = if column.is_nothing() {
                v
            } else {
                v.lower(*column)
            };
        }
    }
    let (blocks, spare) = minima.split_at_mut(stride / BLOCK);
    for (minimum, block) in blocks.iter_mut().zip(columns.as_chunks::<BLOCK>().0) {
        let mut lowest = L::TOP;
        for &v in block {
            lowest = v.lower(lowest);
        }
        *minimum = lowest;
    }
    spare.fill(L::TOP);
}
