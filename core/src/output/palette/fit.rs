//! Colours that stand for many: boxes cut in two where that helps most, then a few steps of k-means.
//!
//! The cut is X. Wu's ("Color quantization by dynamic programming and principal analysis", 1992) in its greedy form: of
//! all boxes the one with the greatest error is cut across its longest axis, where the two halves err least.

use super::bins::{Bin, Bins};
use super::lab::{Lab, apart, lab};

/// Rounds of k-means after the cut. More hardly move a colour.
const ROUNDS: usize = 4;

/// How much a bin's pixels count. Between its number of pixels, which forgets thin strokes beside filled boxes, and
/// one, which spends the palette on stray edges.
fn weight(bin: &Bin) -> u64 {
    bin.count.isqrt()
}

struct Cut {
    /// Where in the order of bins.
    from: usize,
    to: usize,
    axis: usize,
    error: f64,
}

impl Cut {
    fn of(bins: &[Bin], order: &[u32], from: usize, to: usize) -> Self {
        let (mut total, mut sums, mut squares) = (0.0, [0.0; 3], [0.0; 3]);
        for &at in &order[from..to] {
            let bin = &bins[at as usize];
            let heft = weight(bin) as f64;
            total += heft;
            for axis in 0..3 {
                let value = f64::from(bin.lab[axis]);
                sums[axis] += heft * value;
                squares[axis] += heft * value * value;
            }
        }
        let errors: [f64; 3] =
            std::array::from_fn(|axis| squares[axis] - sums[axis] * sums[axis] / total);
        let mut axis = 0;
        for other in 1..3 {
            if errors[other] > errors[axis] {
                axis = other;
            }
        }
        Self {
            from,
            to,
            axis,
            error: errors.iter().sum(),
        }
    }

    /// Sorts the bins of the box and tells where its second half begins.
    fn middle(&self, bins: &[Bin], order: &mut [u32]) -> usize {
        let axis = self.axis;
        let part = &mut order[self.from..self.to];
        part.sort_unstable_by_key(|&at| (bins[at as usize].lab[axis], at));
        let of = |at: u32| {
            let bin = &bins[at as usize];
            (weight(bin) as f64, f64::from(bin.lab[axis]))
        };
        let (mut total, mut sum) = (0.0, 0.0);
        for &at in part.iter() {
            let (heft, value) = of(at);
            total += heft;
            sum += heft * value;
        }
        let (mut best, mut best_gain) = (1, -1.0);
        let (mut left, mut left_sum) = (0.0, 0.0);
        for (taken, &at) in part.iter().enumerate().take(part.len() - 1) {
            let (heft, value) = of(at);
            left += heft;
            left_sum += heft * value;
            let right_sum: f64 = sum - left_sum;
            let gain = left_sum * left_sum / left + right_sum * right_sum / (total - left);
            if gain > best_gain {
                (best, best_gain) = (taken + 1, gain);
            }
        }
        self.from + best
    }
}

/// The middles of at most so many boxes.
fn cut(bins: &[Bin], most: usize) -> Vec<[u8; 3]> {
    let mut order: Vec<u32> = (0..bins.len() as u32).collect();
    let mut cuts = vec![Cut::of(bins, &order, 0, bins.len())];
    while cuts.len() < most {
        let mut worst: Option<usize> = None;
        for (at, cut) in cuts.iter().enumerate() {
            let more = worst.is_none_or(|worst| cut.error > cuts[worst].error);
            if cut.to - cut.from > 1 && more {
                worst = Some(at);
            }
        }
        let Some(worst) = worst else { break };
        let middle = cuts[worst].middle(bins, &mut order);
        let (from, to) = (cuts[worst].from, cuts[worst].to);
        cuts[worst] = Cut::of(bins, &order, from, middle);
        cuts.push(Cut::of(bins, &order, middle, to));
    }
    let mut means = Means::new(cuts.len());
    for (index, cut) in cuts.iter().enumerate() {
        for &at in &order[cut.from..cut.to] {
            means.add(index, &bins[at as usize]);
        }
    }
    (0..cuts.len())
        .filter_map(|index| means.of(index))
        .collect()
}

struct Means(Vec<[u64; 4]>);

impl Means {
    fn new(count: usize) -> Self {
        Self(vec![[0; 4]; count])
    }

    fn add(&mut self, index: usize, bin: &Bin) {
        let heft = weight(bin);
        let [total, sums @ ..] = &mut self.0[index];
        *total += heft;
        for (sum, &mean) in sums.iter_mut().zip(&bin.mean) {
            *sum += heft * u64::from(mean);
        }
    }

    fn of(&self, index: usize) -> Option<[u8; 3]> {
        let [total, sums @ ..] = self.0[index];
        (total > 0).then(|| sums.map(|sum| ((sum + total / 2) / total) as u8))
    }
}

/// A palette by axis, so that all of its colours are compared at once.
pub(super) struct Nearest {
    axes: [Vec<i32>; 3],
}

impl Nearest {
    pub(super) fn new(palette: &[[u8; 3]]) -> Self {
        Self::of_labs(palette.iter().map(|&colour| lab(colour)))
    }

    /// Of colours that are told by what the eye sees.
    pub(super) fn of_labs(labs: impl Iterator<Item = Lab>) -> Self {
        let labs: Vec<Lab> = labs.collect();
        Self {
            axes: std::array::from_fn(|axis| labs.iter().map(|lab| lab[axis]).collect()),
        }
    }

    /// Index of the nearest colour, and the square of its distance. The first of equals.
    pub(super) fn to(&self, colour: Lab) -> (u8, u32) {
        let [first, second, third] = &self.axes;
        let mut best = u32::MAX;
        for (index, ((&x, &y), &z)) in (0_u32..).zip(first.iter().zip(second).zip(third)) {
            // Distance and index in one number, so that the least of them is found without a branch.
            best = best.min(apart(colour, [x, y, z]) << 8 | index);
        }
        (best as u8, best >> 8)
    }

    /// The same among some of the colours.
    pub(super) fn among(&self, colour: Lab, some: impl Fn(usize) -> bool) -> Option<(u8, u32)> {
        let [first, second, third] = &self.axes;
        let best = (0..first.len())
            .filter(|&index| some(index))
            .map(|index| {
                apart(colour, [first[index], second[index], third[index]]) << 8 | index as u32
            })
            .min()?;
        Some((best as u8, best >> 8))
    }
}

const WHITE: [u8; 3] = [255; 3];

/// The least channel of what can still be read on white: faint ink is finished to 213 (a third of the light is missing), and
/// neither soft edges nor dirt reach this.
const READABLE: u8 = 220;

/// Whether a colour can be read on white.
pub(super) fn readable(rgb: [u8; 3]) -> bool {
    rgb.iter().any(|&sample| sample <= READABLE)
}

/// Makes colours readable that a good part of what can be read gets: the mean of faint strokes and their soft edges is paler
/// than the strokes, and a few levels decide whether somebody sees them.
fn keep_readable(bins: &Bins, palette: &mut [[u8; 3]]) {
    /// This share of its pixels can be read.
    const GOOD_PART: u64 = 4;
    /// A colour becomes darker by no more than this.
    const MOST: u8 = 12;
    let nearest = Nearest::new(palette);
    let mut counts = vec![[0_u64; 2]; palette.len()];
    for bin in &bins.filled {
        let [all, read] = &mut counts[nearest.to(bin.lab).0 as usize];
        *all += bin.count;
        *read += if readable(bin.mean) { bin.count } else { 0 };
    }
    for (colour, [all, read]) in palette.iter_mut().zip(counts).skip(1) {
        let over = colour
            .iter()
            .fold(255, |least: u8, &c| least.min(c))
            .saturating_sub(READABLE);
        if read * GOOD_PART >= all && over <= MOST {
            *colour = colour.map(|sample| sample - over);
        }
    }
}

/// White and at most `most - 1` other colours, white first, the others from light to dark.
pub(super) fn fit(bins: &Bins, most: usize) -> Vec<[u8; 3]> {
    let mut palette = vec![WHITE];
    if bins.filled.is_empty() || most < 2 {
        return palette;
    }
    palette.extend(cut(&bins.filled, most - 1));
    for _ in 0..ROUNDS {
        let nearest = Nearest::new(&palette);
        let mut means = Means::new(palette.len());
        for bin in &bins.filled {
            means.add(nearest.to(bin.lab).0 as usize, bin);
        }
        for (index, colour) in palette.iter_mut().enumerate().skip(1) {
            *colour = means.of(index).unwrap_or(*colour);
        }
    }
    if bins.on_paper {
        keep_readable(bins, &mut palette);
    }
    palette.sort_unstable_by_key(|&[red, green, blue]| {
        let light = 2 * u32::from(red) + 5 * u32::from(green) + u32::from(blue);
        (std::cmp::Reverse(light), red, green, blue)
    });
    palette.dedup();
    palette
}
