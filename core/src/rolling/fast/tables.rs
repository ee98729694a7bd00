//! What depends on the element only: depths around a tile, seen from pixels and from blocks.

use super::super::element::Element;
use super::field::{BLOCK, SPARE};
use super::lane::Lane;

/// Tables of one element for tiles of one kind of number.
#[derive(Debug)]
pub(super) struct Tables<L> {
    /// The element they are for.
    pub element: Element,
    /// How long windows may be: sources farther away are not in the tables.
    pub limit: usize,
    /// How far it reaches, in pixels.
    pub reach: usize,
    /// Depths at every offset from a tile's rows: row `dy + reach + TILE − 1`, column `dx + reach + TILE − 1`.
    pub skin: Vec<L>,
    /// Samples of a row of [`Tables::skin`].
    pub skin_stride: usize,
    /// How many blocks beyond a tile's own can matter, on each side.
    pub block_reach: usize,
    /// The least depth from a block to the tile: row and column are the block's, counted from `−block_reach`.
    pub block_depth: Vec<L>,
    /// Samples of a row of [`Tables::block_depth`].
    pub block_stride: usize,
    /// Blocks in a row of it and of [`Tables::block_pixels`].
    pub blocks: usize,
    /// The least depth from a pixel to the tile: row = distance of its row from the tile's rows, column = its column
    /// counted from `−8·block_reach`.
    pub pixel_depth: Vec<L>,
    /// Samples of a row of [`Tables::pixel_depth`].
    pub pixel_stride: usize,
    /// The least depth from each pixel of a block to a group of the tile's rows: the block's row counted from `−block_reach`
    /// (the group's own is 0), then its column likewise; only for 8 bits.
    pub block_pixels: Vec<[L; BLOCK * BLOCK]>,
    /// The least depth from a block that is so many blocks away from the tile, in the worse direction.
    pub ring_depth: Vec<L>,
    /// The disks that the skin is a stack of, from the shallowest on; only for 8 bits.
    pub disks: Vec<Disk<L>>,
    /// See [`super::dominance`]; empty where it is not used.
    pub dominance: super::dominance::Dominance,
}

/// All offsets at which the skin is at most so deep.
#[derive(Clone, Debug)]
pub(super) struct Disk<L> {
    /// Depth in whole levels.
    pub depth: L,
    /// For each row from the middle on, how many pixels the disk is wide to either side.
    pub half_widths: Vec<u32>,
}

impl<L: Lane> Tables<L> {
    /// Tables for an element, that reach no farther than `limit` pixels.
    pub fn new(
        element: Element,
        depth: impl Fn(i64, i64) -> Option<L>,
        is_floored: bool,
        limit: usize,
    ) -> Self {
        let tile = L::TILE;
        // Depths that no sum can stay below TOP with never matter.
        let mut reach = element.reach(f64::INFINITY);
        let limit = if reach > limit { limit } else { usize::MAX };
        reach = reach.min(limit);
        while reach > 0 && depth(reach as i64, 0).is_none_or(|d| !(d < L::TOP)) {
            reach -= 1;
        }
        let at = |dx: usize, dy: usize| depth(dx as i64, dy as i64).unwrap_or(L::TOP);
        // A quarter first, the rest mirrored.
        let side = reach + tile;
        let mut quarter = vec![L::TOP; side * side];
        for dy in 0..=reach {
            for dx in 0..=reach {
                quarter[dy * side + dx] = at(dx, dy);
            }
        }
        let quarter_at = |dx: usize, dy: usize| quarter[dy * side + dx];
        let middle = reach + tile - 1;
        let skin_stride = 2 * middle + 1;
        let mut skin = vec![L::TOP; skin_stride * skin_stride];
        for (y, row) in skin.chunks_exact_mut(skin_stride).enumerate() {
            for (x, depth) in row.iter_mut().enumerate() {
                *depth = quarter_at(x.abs_diff(middle), y.abs_diff(middle));
            }
        }
        let beyond = |from: i64, to: i64| {
            // Distance of the pixels from..=to from the tile's 0..tile.
            (from - (tile as i64 - 1)).max(-to).max(0) as usize
        };
        let block_reach = reach.div_ceil(BLOCK);
        let blocks = 2 * block_reach + tile / BLOCK;
        let block_stride = blocks + SPARE;
        let mut block_depth = vec![L::TOP; block_stride * blocks];
        let block_distance = |i: usize| {
            let from = (i as i64 - block_reach as i64) * BLOCK as i64;
            beyond(from, from + BLOCK as i64 - 1).min(side - 1)
        };
        for y in 0..blocks {
            for x in 0..blocks {
                block_depth[y * block_stride + x] =
                    quarter_at(block_distance(x), block_distance(y));
            }
        }
        let pixel_stride = blocks * BLOCK;
        let mut pixel_depth = vec![L::TOP; pixel_stride * (block_reach * BLOCK + 1)];
        for (dy, row) in pixel_depth.chunks_exact_mut(pixel_stride).enumerate() {
            for (x, depth) in row.iter_mut().enumerate() {
                let x = x as i64 - (block_reach * BLOCK) as i64;
                *depth = quarter_at(beyond(x, x).min(side - 1), dy.min(side - 1));
            }
        }
        let mut block_pixels = Vec::new();
        if L::IS_LEVELLED {
            let from = |block: usize| (block * BLOCK) as i64 - (block_reach * BLOCK) as i64;
            for y in 0..=2 * block_reach {
                for x in 0..blocks {
                    block_pixels.push(std::array::from_fn(|i| {
                        let (x, y) = (from(x) + (i % BLOCK) as i64, from(y) + (i / BLOCK) as i64);
                        // Like `beyond`, for a group's rows.
                        let dy = (y - (BLOCK as i64 - 1)).max(-y).max(0) as usize;
                        quarter_at(beyond(x, x).min(side - 1), dy.min(side - 1))
                    }));
                }
            }
        }
        let ring_depth = (0..=block_reach)
            .map(|r| quarter_at((r * BLOCK).saturating_sub(BLOCK - 1), 0))
            .collect();
        let disks = if L::IS_LEVELLED {
            disks(reach, at)
        } else {
            Vec::new()
        };
        let dominance =
            super::dominance::Dominance::new::<L>(reach, &element, is_floored, quarter_at);
        Self {
            element,
            limit,
            reach,
            skin,
            skin_stride,
            block_reach,
            block_depth,
            block_stride,
            blocks,
            pixel_depth,
            pixel_stride,
            block_pixels,
            ring_depth,
            disks,
            dominance,
        }
    }
}

impl<L: Lane> Tables<L> {
    /// The depth at an offset within reach.
    #[inline(always)]
    pub fn skin_at(&self, dx: usize, dy: usize) -> L {
        let middle = self.reach + L::TILE - 1;
        self.skin[(middle + dy) * self.skin_stride + middle + dx]
    }
}

/// The disks of a skin of whole levels.
fn disks<L: Lane>(reach: usize, depth: impl Fn(usize, usize) -> L) -> Vec<Disk<L>> {
    let mut disks: Vec<Disk<L>> = Vec::new();
    let mut here = depth(0, 0);
    while here < L::TOP {
        let mut next = L::TOP;
        let mut half_widths: Vec<u32> = Vec::new();
        let mut width = reach;
        for dy in 0..=reach {
            if depth(0, dy) > here {
                next = depth(0, dy).lower(next);
                break;
            }
            while depth(width, dy) > here {
                width -= 1;
            }
            if width < reach {
                next = depth(width + 1, dy).lower(next);
            }
            half_widths.push(width as u32);
        }
        disks.push(Disk {
            depth: here,
            half_widths,
        });
        here = next;
    }
    disks
}
