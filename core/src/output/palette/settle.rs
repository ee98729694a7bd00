//! Which colour each pixel gets: the nearest, or one of a neighbour's that is hardly farther.
//!
//! Inside of a stroke or a fill, colours that are nearly equal fall now on this side of the border between two colours
//! of the palette and now on that. Nobody sees which, but specks and contours come of it, and neither compress. So a
//! pixel takes the colour of its left or upper neighbour where that costs little, as the image of a Potts model does.
//! What is pure white, or nearest to white, stays white; ink never becomes white, and pale ink never paler: faint strokes
//! would take the colour of their soft edges and be lost.

use rayon::prelude::*;

use super::bins::{Bins, bin_of};
use super::lab::{Lab, STEPS, apart, lab};
use super::{Loss, Options};
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
    nearest: Vec<u8>,
    /// Square of the distance that a neighbour's colour may cost.
    hysteresis: u32,
    /// Square of the distance above which another colour is seen.
    visible: u32,
}

impl Rule {
    /// The index of a pixel that is not pure white. `left` and `above` are the neighbours' indices.
    #[inline]
    fn index(&self, key: usize, left: u8, above: Option<u8>, change: &mut Change) -> u8 {
        let nearest = self.nearest[key];
        let above = above.unwrap_or(nearest);
        if nearest == 0 || (left == nearest && above == nearest) {
            return nearest;
        }
        let colour = self.colours[key];
        let square = |index: u8| apart(colour, self.palette[index as usize]);
        let price =
            |index: u8| self.hysteresis * (u32::from(index != left) + u32::from(index != above));
        let least = square(nearest);
        let (mut best, mut best_square) = (nearest, least);
        let mut best_cost = least + price(nearest);
        for index in [left, above] {
            let square = square(index);
            let cost = square + price(index);
            let seen = square > self.visible.max(least);
            if index != 0 && !seen && !self.paler(nearest, index) && cost < best_cost {
                (best, best_square, best_cost) = (index, square, cost);
            }
        }
        if best != nearest {
            change.distance += f64::from(best_square).sqrt() - f64::from(least).sqrt();
            change.visible -= i64::from(least > self.visible && best_square <= self.visible);
        }
        best
    }

    /// Whether pale ink would lose more of what tells it from white.
    fn paler(&self, from: u8, to: u8) -> bool {
        let [from, to] = [from, to].map(|index| self.palette[index as usize][0]);
        from > PALE * STEPS && to > from
    }

    /// The indices of some rows, one key (or none for pure white) per pixel.
    fn rows(
        &self,
        indices: &mut [u8],
        width: usize,
        keys: impl Iterator<Item = Option<usize>>,
    ) -> Change {
        let mut change = Change::default();
        let mut left = 0;
        let mut x = 0;
        for (at, key) in keys.enumerate().take(indices.len()) {
            if x == width {
                (x, left) = (0, 0);
            }
            x += 1;
            left = key.map_or(0, |key| {
                let above = at.checked_sub(width).map(|above| indices[above]);
                self.index(key, left, above, &mut change)
            });
            indices[at] = left;
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
    let rule = Rule {
        colours,
        palette: choice.palette.iter().map(|&colour| lab(colour)).collect(),
        nearest: choice.nearest.to_vec(),
        hysteresis: square(options.hysteresis),
        visible: square(options.visible),
    };
    let width = picture.width as usize;
    let mut indices = vec![0; width * picture.height as usize];
    let bands = indices.par_chunks_mut(ROWS * width);
    let samples = picture
        .data
        .par_chunks(ROWS * width * picture.channels.count());
    let bands = bands.zip(samples);
    let changes: Vec<Change> = match picture.channels {
        Channels::Grey => {
            let rows = bands.map(|(indices, samples)| {
                let keys = samples
                    .iter()
                    .map(|&sample| (sample != 255).then_some(sample as usize));
                rule.rows(indices, width, keys)
            });
            rows.collect()
        }
        Channels::Rgb => {
            let rows = bands.map(|(indices, samples)| {
                let pixels = samples.as_chunks::<3>().0.iter();
                let keys = pixels.map(|&[red, green, blue]| {
                    (red & green & blue != 255).then(|| bin_of(red, green, blue))
                });
                rule.rows(indices, width, keys)
            });
            rows.collect()
        }
    };
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
