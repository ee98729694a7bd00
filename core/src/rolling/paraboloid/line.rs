//! The one-dimensional erosion: `result(x) = min over q of source(q) + c·(x − q)²`, in whole numbers.
//!
//! Of two sources A < B, the depth below B falls against that below A as x moves to the right: their difference
//! `source(A) + c·(x − A)² − source(B) − c·(x − B)²` grows by 2c·(B − A) with each pixel. Once B is as good as A it stays
//! so. Hence a best source of any x between x₀ and x₁ lies between a best source of x₀ and one of x₁, whichever are
//! taken where several are equally good.
//!
//! First the best sources of every 32nd pixel are found, halving intervals: each search needs only the sources between
//! those of its neighbours on both sides. Then the 32 pixels of each block try all sources between the two at its ends,
//! 32 pixels at a time against one source. All blocks together try each source about once, whatever the data and
//! the coefficient. There is no stack, no division per source, and hardly a branch that depends on data.

use super::super::simd::{self, Kernel};
use super::cell::Cell;

/// Pixels that try a source at the same time.
pub(super) const BLOCK: usize = 32;
/// Sources among which a best one is searched at the same time.
pub(super) const LANES: usize = 8;

/// The depths of a paraboloid along a line.
#[derive(Debug, Default)]
pub(super) struct Slope<C> {
    coefficient: i64,
    middle: usize,
    depths: Vec<C>,
}

impl<C: Cell> Slope<C> {
    /// Makes it hold all that lines of up to `length` pixels need.
    pub(super) fn prepare(&mut self, coefficient: i64, length: usize) {
        let middle = length + BLOCK + LANES;
        if self.coefficient == coefficient && self.middle >= middle {
            return;
        }
        self.coefficient = coefficient;
        self.middle = middle;
        let offsets = -(middle as i64)..=middle as i64;
        self.depths.clear();
        self.depths
            .extend(offsets.map(|offset| C::depth(coefficient, offset)));
    }

    /// The depths at the offsets from `offset` on, `count` of them.
    #[inline(always)]
    fn from(&self, offset: isize, count: usize) -> &[C] {
        let start = self.middle.wrapping_add_signed(offset);
        &self.depths[start..start + count]
    }
}

/// Length of memory for a line of so many pixels, with the padding that [`Erosion`] needs. An odd number of blocks, so that
/// the same pixel of many lines does not share one set of the cache.
pub(super) const fn padded(length: usize) -> usize {
    ((length + LANES).div_ceil(BLOCK) | 1) * BLOCK
}

/// Ends a line of `length` sources with what is none. The line has room of [`padded`] length.
#[inline(always)]
pub(super) fn pad<C: Cell>(line: &mut [C], length: usize) {
    line[length..].fill(C::NONE);
}

/// A line to be eroded.
pub(super) struct Erosion<'a, C> {
    pub(super) slope: &'a Slope<C>,
    /// The sources, padded, and how many they are.
    pub(super) sources: &'a [C],
    pub(super) length: usize,
    /// The pixel of the first result, and how many are wanted.
    pub(super) first: usize,
    pub(super) count: usize,
    /// Room of [`padded`] length for the results; behind them it will hold anything.
    pub(super) result: &'a mut [C],
    /// Memory for the best sources.
    pub(super) best: &'a mut Vec<u32>,
}

/// Erodes a line, with the best instructions there are.
pub(super) fn erode<C: Cell>(erosion: Erosion<'_, C>) {
    // One line is enough work to choose instructions for, and little enough code to have it twice.
    simd::run(erosion);
}

impl<C: Cell> Kernel for Erosion<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self {
            slope,
            sources,
            length,
            first,
            count,
            result,
            best,
        } = self;
        let (lowest, range) = survey(&sources[..length]);
        // No source is so low that it matters to its neighbours, or there is none at all.
        if range <= slope.coefficient as f64 || lowest == C::NONE {
            result[..count].copy_from_slice(&sources[first..first + count]);
            return;
        }
        let blocks = count.div_ceil(BLOCK);
        // The x of these pixels: the first of each block, and the last of all.
        let pixel = |i: usize| first + (i * BLOCK).min(count - 1);
        best.clear();
        best.resize(blocks + 1, 0);
        for i in [0, blocks] {
            best[i] = search(slope, sources, lowest, pixel(i), 0, length - 1) as u32;
        }
        let mut interval = blocks.next_power_of_two();
        while interval > 1 {
            let half = interval / 2;
            for i in (half..blocks).step_by(interval) {
                let (left, right) = (best[i - half], best[(i + half).min(blocks)]);
                let (left, right) = (left as usize, right as usize);
                best[i] = search(slope, sources, lowest, pixel(i), left, right) as u32;
            }
            interval = half;
        }
        let results = result.as_chunks_mut::<BLOCK>().0;
        for ((i, ends), result) in best.windows(2).enumerate().zip(results) {
            let (left, right) = (ends[0] as usize, ends[1] as usize);
            *result = block(slope, sources, first + i * BLOCK, left, right);
        }
    }
}

/// A best one of the sources from `left` to `right` for the pixel x, when `lowest` is the lowest of all.
// Not a closure: that would be a function of its own, compiled without the other instructions.
#[inline(always)]
fn search<C: Cell>(
    slope: &Slope<C>,
    sources: &[C],
    lowest: C,
    x: usize,
    mut left: usize,
    mut right: usize,
) -> usize {
    if right - left >= 4 * LANES {
        // A source further away would have to lie below the lowest; one pixel more for rounding.
        let room = sources[x].to_f64() - lowest.to_f64();
        let reach = (room / slope.coefficient as f64).sqrt() as usize;
        let reach = reach.saturating_add(1);
        left = left.max(x.saturating_sub(reach));
        right = right.min(x.saturating_add(reach));
    }
    best_source(slope, sources, x, left, right)
}

/// The lowest source, and how far the highest lies above it.
#[inline(always)]
fn survey<C: Cell>(sources: &[C]) -> (C, f64) {
    let (chunks, rest) = sources.as_chunks::<LANES>();
    let first = chunks.first().copied().unwrap_or([sources[0]; LANES]);
    let (mut lowest, mut highest) = (first, first);
    for chunk in chunks {
        for lane in 0..LANES {
            lowest[lane] = chunk[lane].lower(lowest[lane]);
            highest[lane] = if chunk[lane] > highest[lane] {
                chunk[lane]
            } else {
                highest[lane]
            };
        }
    }
    let least = (lowest.iter().chain(rest)).fold(lowest[0], |a, &b| b.lower(a));
    let most = (highest.iter().chain(rest)).fold(highest[0], |a, &b| if b > a { b } else { a });
    (least, most.to_f64() - least.to_f64())
}

/// A best one of the sources from `left` to `right` for the pixel x.
#[inline(always)]
fn best_source<C: Cell>(
    slope: &Slope<C>,
    sources: &[C],
    x: usize,
    left: usize,
    right: usize,
) -> usize {
    if left == right {
        return left;
    }
    // Whole lots: a few sources more than asked for do no harm, and behind the line there is padding.
    let lots = (right + 1 - left).div_ceil(LANES);
    let sources = sources[left..left + lots * LANES].as_chunks::<LANES>().0;
    let depths = slope.from(left as isize - x as isize, lots * LANES);
    let depths = depths.as_chunks::<LANES>().0;
    let mut lowest = [C::NONE; LANES];
    let mut where_lowest = [C::default(); LANES];
    for (lot, (sources, depths)) in sources.iter().zip(depths).enumerate() {
        let lot = C::small(lot);
        for lane in 0..LANES {
            let value = sources[lane].plus(depths[lane]);
            let better = value < lowest[lane];
            lowest[lane] = if better { value } else { lowest[lane] };
            where_lowest[lane] = if better { lot } else { where_lowest[lane] };
        }
    }
    // The first of those that are equally good: it is not behind `right`.
    let mut place: [C; LANES] =
        std::array::from_fn(|lane| where_lowest[lane].scaled(LANES).plus(C::small(lane)));
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            let (a, b) = (
                (lowest[lane], place[lane]),
                (lowest[lane + half], place[lane + half]),
            );
            let other = b.0 < a.0 || b.0 == a.0 && b.1 < a.1;
            lowest[lane] = if other { b.0 } else { a.0 };
            place[lane] = if other { b.1 } else { a.1 };
        }
        half /= 2;
    }
    left + place[0].to_small()
}

/// The results of the block that begins at pixel x, whose best sources lie between `left` and `right`.
#[inline(always)]
fn block<C: Cell>(
    slope: &Slope<C>,
    sources: &[C],
    x: usize,
    left: usize,
    right: usize,
) -> [C; BLOCK] {
    let mut results = [C::NONE; BLOCK];
    let sources = &sources[left..=right];
    let depths = slope.from(x as isize - right as isize, sources.len() + BLOCK - 1);
    for (&source, depths) in sources.iter().rev().zip(depths.array_windows::<BLOCK>()) {
        for (result, &depth) in results.iter_mut().zip(depths) {
            *result = source.plus(depth).lower(*result);
        }
    }
    results
}
