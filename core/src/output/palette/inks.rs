//! The few inks of a drawing.

use super::bins::{Bins, bin_of};
use super::fit::{Nearest, fit};
use super::lab::{Lab, STEPS, apart, lab};

/// Inks nearer than this are one (CIE 1976): the same pen, pressed more or less.
const ALIKE: i32 = 18;
/// An ink of less than this share of all is the edge of another or dirt.
const LEAST_SHARE: f64 = 0.001;

/// A colour whose tint counts the less the darker it is: black ink that shines a little red or brown is black.
fn pen(rgb: [u8; 3]) -> Lab {
    /// Lightness from which a tint counts in full.
    const TINTED: i32 = 40 * STEPS;
    let [lightness, red, yellow] = lab(rgb);
    let share = lightness.clamp(TINTED / 4, TINTED);
    [lightness, red * share / TINTED, yellow * share / TINTED]
}

/// Inks of a picture.
pub(crate) struct Inks {
    /// From light to dark. White is none.
    pub colours: Vec<[u8; 3]>,
    table: Vec<u8>,
}

impl Inks {
    /// Index of the ink nearest to a colour; `None` when there is none.
    #[inline]
    pub(crate) fn nearest(&self, [red, green, blue]: [u8; 3]) -> Option<u8> {
        let table = (!self.colours.is_empty()).then_some(&self.table)?;
        table.get(bin_of(red, green, blue)).copied()
    }
}

/// At most so many inks for these pixels, white aside.
pub(crate) fn inks(pixels: impl Iterator<Item = [u8; 3]>, most: usize) -> Inks {
    let bins = Bins::of_pixels(pixels);
    // More than wanted first, for the cut does not know what is alike.
    let mut candidates = fit(&bins, (2 * most + 8).min(255) + 1);
    candidates.remove(0);
    let mut counts = vec![0_u64; candidates.len()];
    let pens = candidates.iter().map(|&colour| pen(colour));
    let nearest = Nearest::of_labs(pens);
    for bin in &bins.filled {
        if let Some(count) = counts.get_mut(nearest.to(pen(bin.mean)).0 as usize) {
            *count += bin.count;
        }
    }
    let mut ranked: Vec<(u64, [u8; 3])> = counts.into_iter().zip(candidates).collect();
    ranked.sort_unstable_by_key(|&(count, colour)| (std::cmp::Reverse(count), colour));
    let least = (bins.inked as f64 * LEAST_SHARE) as u64;
    let mut colours: Vec<[u8; 3]> = Vec::new();
    for (count, colour) in ranked {
        let near = (ALIKE * STEPS * ALIKE * STEPS) as u32;
        let known = colours
            .iter()
            .any(|&other| apart(pen(other), pen(colour)) < near);
        if count > least && !known && colours.len() < most {
            colours.push(colour);
        }
    }
    colours.sort_unstable_by_key(|&colour| (std::cmp::Reverse(lab(colour)[0]), colour));
    let nearest = Nearest::of_labs(colours.iter().map(|&colour| pen(colour)));
    let table = (0..bins.keys).map(|key| {
        let samples = [key >> 10, (key >> 5) & 31, key & 31];
        nearest.to(pen(samples.map(|bits| (bits << 3 | 4) as u8))).0
    });
    let table = table.collect();
    Inks { colours, table }
}
