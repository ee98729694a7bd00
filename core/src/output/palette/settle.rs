//! Which colour each pixel gets: the nearest, or one of a neighbour's that is hardly farther.
//!
//! Inside of a stroke or a fill, colours that are nearly equal fall now on this side of the border between two colours
//! of the palette and now on that. Nobody sees which, but specks and contours come of it, and neither compress. So a
//! pixel takes the colour that usually follows its left and upper neighbours ([`Rates`]) where that costs little.
//! What is pure white, or nearest to white, stays white; ink never becomes white, and pale ink never paler: faint strokes
//! would take the colour of their soft edges and be lost.

use rayon::prelude::*;

use super::bins::{Bins, bin_of};
use super::fit::readable;
use super::lab::{Lab, STEPS, apart, lab};
use super::rates::Rates;
use super::{BAND, Loss, Options};
use crate::image::{Channels, Picture};

/// Rows that one task takes on, whatever the number of threads; the first of them has no upper neighbours.
const ROWS: usize = 128;

/// Lightness (CIELAB) above which ink is pale.
const PALE: i32 = 60;

/// Colours of a palette, and which of them is nearest to each bin.
pub(super) struct Choice<'a> {
    pub bins: &'a Bins,
    pub palette: &'a [[u8; 3]],
    /// By key of the bin.
    pub nearest: &'a [u8],
    /// What is lost by the nearest colours.
    pub loss: Loss,
}

/// What neighbours have changed.
#[derive(Clone, Copy, Default)]
struct Change {
    /// Of the sum of distances, in [`STEPS`].
    distance: f64,
    /// Of the number of pixels that are seen to have another colour.
    visible: i64,
}

/// Everything that one pixel is decided by.
struct Rule {
    /// By key of the bin.
    colours: Vec<Lab>,
    palette: Vec<Lab>,
    /// Which of them can be read on the paper that there is.
    readable: Vec<bool>,
    rates: Rates,
    /// What the square of a distance may grow by.
    most: u32,
    /// Square of the distance above which another colour is seen.
    visible: u32,
}

impl Rule {
    /// The index of a pixel whose nearest colour is not white. `left` and `above` are the neighbours' indices.
    #[inline]
    fn index(&self, key: usize, nearest: u8, left: u8, above: u8, change: &mut Change) -> u8 {
        let colour = self.colours[key];
        let prices = self.rates.after(left, above);
        let least = apart(colour, self.palette[nearest as usize]);
        let (mut best, mut best_square) = (nearest, least);
        let mut best_cost = least + prices[nearest as usize];
        let others = (0_u8..=255).zip(self.palette.iter().zip(prices)).skip(1);
        for (index, (&other, &price)) in others {
            if price >= best_cost {
                continue;
            }
            let square = apart(colour, other);
            let seen = square > self.visible.max(least) || square > least + self.most;
            if square + price < best_cost && !seen && !self.paler(nearest, index) {
                (best, best_square, best_cost) = (index, square, square + price);
            }
        }
        if best != nearest {
            change.distance += f64::from(best_square).sqrt() - f64::from(least).sqrt();
            change.visible -= i64::from(least > self.visible && best_square <= self.visible);
        }
        best
    }

    /// Whether pale ink would lose more of what tells it from white, or what can be read could be no more.
    fn paler(&self, from: u8, to: u8) -> bool {
        if self.readable[from as usize] && !self.readable[to as usize] {
            return true;
        }
        let [from, to] = [from, to].map(|index| self.palette[index as usize][0]);
        from > PALE * STEPS && to > from
    }

    /// Settles the indices of some rows, which are the nearest colours', by one key per pixel.
    fn rows(&self, indices: &mut [u8], width: usize, keys: impl Iterator<Item = usize>) -> Change {
        let mut change = Change::default();
        let mut left = 0;
        let mut x = 0;
        for (at, key) in keys.enumerate().take(indices.len()) {
            if x == width {
                (x, left) = (0, 0);
            }
            x += 1;
            let nearest = indices[at];
            let above = at
                .checked_sub(width)
                .map_or(nearest, |above| indices[above]);
            if nearest != 0 && (left != nearest || above != nearest) {
                indices[at] = self.index(key, nearest, left, above, &mut change);
            }
            left = indices[at];
        }
        change
    }
}

/// One index per pixel, and what is lost by them.
pub(super) fn settle(picture: &Picture, choice: &Choice<'_>, options: &Options) -> (Vec<u8>, Loss) {
    let bins = choice.bins;
    let mut colours = vec![[0; 3]; bins.keys];
    for bin in &bins.filled {
        colours[bin.key as usize] = bin.lab;
    }
    let square = |distance: f32| {
        let steps = distance.clamp(0.0, 1000.0) * STEPS as f32;
        (steps * steps) as u32
    };
    let width = picture.width as usize;
    let mut indices = nearest(picture, choice.nearest);
    let rule = Rule {
        colours,
        palette: choice.palette.iter().map(|&colour| lab(colour)).collect(),
        readable: (choice.palette.iter())
            .map(|&colour| bins.on_paper && readable(colour))
            .collect(),
        rates: Rates::of(&indices, width, choice.palette.len()),
        most: 2 * square(options.hysteresis),
        visible: square(options.visible),
    };
    let bands = indices.par_chunks_mut(ROWS * width);
    let samples = picture
        .data
        .par_chunks(ROWS * width * picture.channels.count());
    let changes: Vec<Change> = bands
        .zip(samples)
        .map(|(indices, samples)| match picture.channels {
            Channels::Grey => rule.rows(indices, width, samples.iter().map(|&s| usize::from(s))),
            Channels::Rgb => {
                let pixels = samples.as_chunks::<3>().0.iter();
                let keys = pixels.map(|&[red, green, blue]| bin_of(red, green, blue));
                rule.rows(indices, width, keys)
            }
        })
        .collect();
    // In the order of the bands, so that the sum is the same with any number of threads.
    let (mut distance, mut visible) = (0.0, 0);
    for change in changes {
        distance += change.distance;
        visible += change.visible;
    }
    let inked = bins.inked.max(1) as f64;
    let loss = Loss {
        mean: choice.loss.mean + (distance / (inked * f64::from(STEPS))) as f32,
        visible_share: choice.loss.visible_share + (visible as f64 / inked) as f32,
    };
    (indices, loss)
}

/// The index of each pixel's nearest colour, `by_key` of its bin; pure white is 0.
fn nearest(picture: &Picture, by_key: &[u8]) -> Vec<u8> {
    let mut indices = vec![0; picture.width as usize * picture.height as usize];
    let samples = picture.data.par_chunks(BAND * picture.channels.count());
    let bands = indices.par_chunks_mut(BAND).zip(samples);
    bands.for_each(|(indices, samples)| match picture.channels {
        Channels::Grey => {
            for (index, &sample) in indices.iter_mut().zip(samples) {
                if sample != 255 {
                    *index = by_key[usize::from(sample)];
                }
            }
        }
        Channels::Rgb => {
            let pixels = samples.as_chunks::<3>().0;
            for (index, &[red, green, blue]) in indices.iter_mut().zip(pixels) {
                if red & green & blue != 255 {
                    *index = by_key[bin_of(red, green, blue)];
                }
            }
        }
    });
    indices
}
