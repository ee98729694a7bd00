//! What an index costs in a file: bits by how often it follows its left and upper neighbours.
//!
//! Deflate knows nothing of neighbours, but what follows them often is what it finds again: soft edges that run through the
//! same colours in the same order.

use rayon::prelude::*;

use super::lab::STEPS;

/// What a bit of the file is worth: so much of the square of a pixel's error (ΔE).
const BIT: f32 = 22.0;
/// With more colours than this, a table of both neighbours would be larger than what it is counted from.
const BOTH: usize = 64;
/// What every index counts for before it was seen.
const UNSEEN: f32 = 0.2;

/// The price of each index after each pair of neighbours, in squares of [`STEPS`].
pub(super) struct Rates {
    colours: usize,
    prices: Vec<u32>,
}

impl Rates {
    /// Of indices by so many colours, in rows of `width`; whether a pixel is white is not a question.
    pub(super) fn of(indices: &[u8], width: usize, colours: usize) -> Self {
        /// Rows that one task takes on.
        const ROWS: usize = 512;
        let contexts = if colours <= BOTH {
            colours * colours
        } else {
            colours
        };
        let empty = || vec![0_u32; contexts * colours];
        let tasks = (1..indices.len() / width.max(1)).step_by(ROWS);
        let tasks: Vec<usize> = tasks.collect();
        let counts = tasks
            .into_par_iter()
            .fold(empty, |mut counts, from| {
                let rows = indices[from * width..].chunks_exact(width).take(ROWS);
                let above = indices[(from - 1) * width..].chunks_exact(width);
                for (row, above) in rows.zip(above) {
                    for (pair, &above) in row.array_windows::<2>().zip(&above[1..]) {
                        if pair[1] != 0 {
                            let context = context(colours, pair[0], above);
                            counts[context * colours + usize::from(pair[1])] += 1;
                        }
                    }
                }
                counts
            })
            .reduce(empty, |mut a, b| {
                for (a, b) in a.iter_mut().zip(b) {
                    *a += b;
                }
                a
            });
        let mut prices = empty();
        for (counts, prices) in counts.chunks(colours).zip(prices.chunks_mut(colours)) {
            let all = counts.iter().sum::<u32>() as f32 + UNSEEN * colours as f32;
            for (price, &count) in prices.iter_mut().zip(counts) {
                let bits = libm::log2f(all / (count as f32 + UNSEEN)).max(0.0);
                *price = (bits * BIT * (STEPS * STEPS) as f32) as u32;
            }
        }
        Self { colours, prices }
    }

    /// The prices of all indices after these neighbours.
    #[inline]
    pub(super) fn after(&self, left: u8, above: u8) -> &[u32] {
        let from = context(self.colours, left, above) * self.colours;
        &self.prices[from..from + self.colours]
    }
}

/// The number of a pair of neighbours.
#[inline]
fn context(colours: usize, left: u8, above: u8) -> usize {
    if colours <= BOTH {
        usize::from(left) * colours + usize::from(above)
    } else {
        usize::from(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_often_costs_little_and_what_never_does_much() {
        for colours in [5, 200] {
            // Two of one colour, two of another, and so on, in columns.
            let row: Vec<u8> = (0..400).map(|x| 1 + (x / 2 % 3) as u8).collect();
            let rates = Rates::of(&row.repeat(300), 400, colours);
            let bit = (BIT * (STEPS * STEPS) as f32) as u32;
            // After the first of a pair, under the second: nothing else ever came.
            let sure = rates.after(1, if colours <= BOTH { 2 } else { 1 });
            assert!(sure[2] < 2 * bit, "{sure:?}");
            assert!(sure[3] > 10 * bit, "{sure:?}");
            let never = rates.after(4, 4);
            assert!(never.iter().all(|&price| price == never[0]), "{never:?}");
        }
    }
}
