//! Which ink covers a pixel, and how much of it: soft edges are partly covered, not of a colour of their own.

use rayon::prelude::*;

use crate::image::{Channels, Picture};
use crate::output::palette::{Inks, inks};

/// A pixel of less strength than this is paper.
const PAPER: u32 = 28;
/// How far from its edge ink is solid, in pixels.
const EDGE: usize = 2;

/// What covers each pixel.
pub(super) struct Layers {
    width: usize,
    height: usize,
    /// Colours from light to dark, in which order they are painted.
    pub colours: Vec<[u8; 3]>,
    /// Index of the ink, or [`NOTHING`].
    labels: Vec<u8>,
    coverage: Vec<u8>,
}

const NOTHING: u8 = u8::MAX;

/// Strength in the highest byte, the colour in the others: the strongest is the greatest.
fn key([red, green, blue]: [u8; 3]) -> u32 {
    let darkest = 255 - u16::from(red.min(green).min(blue));
    let mean = 765 - u16::from(red) - u16::from(green) - u16::from(blue);
    // The darkest channel alone would pick out the noise of one channel.
    let strength = (3 * darkest + mean) / 6;
    u32::from_be_bytes([strength as u8, red, green, blue])
}

fn colour(key: u32) -> [u8; 3] {
    let [_, red, green, blue] = key.to_be_bytes();
    [red, green, blue]
}

fn strength(key: u32) -> u32 {
    key >> 24
}

/// Least or greatest within [`EDGE`] pixels to all sides (a square).
fn around(keys: &[u32], width: usize, pick: fn(u32, u32) -> u32) -> Vec<u32> {
    let height = keys.len() / width;
    let mut rows = vec![0; keys.len()];
    rows.par_chunks_mut(width)
        .zip(keys.par_chunks(width))
        .for_each(|(out, row)| {
            for (x, out) in out.iter_mut().enumerate() {
                let span = &row[x.saturating_sub(EDGE)..(x + EDGE + 1).min(width)];
                *out = span.iter().copied().fold(row[x], pick);
            }
        });
    let mut all = vec![0; keys.len()];
    all.par_chunks_mut(width).enumerate().for_each(|(y, out)| {
        out.copy_from_slice(&rows[y * width..][..width]);
        for other in y.saturating_sub(EDGE)..(y + EDGE + 1).min(height) {
            for (out, &value) in out.iter_mut().zip(&rows[other * width..][..width]) {
                *out = pick(*out, value);
            }
        }
    });
    all
}

impl Layers {
    pub(super) fn of(picture: &Picture, most_colours: usize) -> Self {
        let (width, height) = (picture.width as usize, picture.height as usize);
        let keys: Vec<u32> = match picture.channels {
            Channels::Grey => picture.data.iter().map(|&level| key([level; 3])).collect(),
            Channels::Rgb => {
                let pixels = picture.data.as_chunks::<3>().0.iter();
                pixels.map(|&pixel| key(pixel)).collect()
            }
        };
        // The ink of a pixel is the strongest one near it, and it is covered by so much of that.
        let mut solid = around(&keys, width, u32::max);
        let lightest = around(&keys, width, u32::min);
        let mut coverage = vec![0_u8; keys.len()];
        for (((solid, &own), &light), coverage) in solid
            .iter_mut()
            .zip(&keys)
            .zip(&lightest)
            .zip(&mut coverage)
        {
            let (full, part) = (strength(*solid), strength(own));
            if full < PAPER {
                *solid = 0;
            } else if 2 * part < full && strength(light) >= PAPER {
                // No paper is near: not the edge of the strong ink, but a paler one beside it.
                *solid = own;
                *coverage = 255;
            } else {
                *coverage = (part * 255 / full) as u8;
            }
        }
        drop(lightest);
        let seen = solid.iter().zip(&coverage).map(|(&key, &coverage)| {
            if coverage > 127 {
                colour(key)
            } else {
                [255; 3]
            }
        });
        let inks: Inks = inks(seen, most_colours);
        let label = |&key: &u32| match key {
            0 => NOTHING,
            key => inks.nearest(colour(key)).unwrap_or(NOTHING),
        };
        let labels = solid.iter().map(label).collect();
        Self {
            width,
            height,
            colours: inks.colours,
            labels,
            coverage,
        }
    }

    /// How much each pixel is covered by an ink. It goes on by a pixel below darker inks, which are painted over it, so
    /// that no paper shines through between the two.
    pub(super) fn coverage_by(&self, ink: u8) -> Vec<u8> {
        let mut field = vec![0; self.labels.len()];
        let (width, height) = (self.width, self.height);
        field
            .par_chunks_mut(width)
            .enumerate()
            .for_each(|(y, row)| {
                for (x, out) in row.iter_mut().enumerate() {
                    let at = y * width + x;
                    let label = self.labels[at];
                    if label == ink {
                        *out = self.coverage[at];
                    } else if label != NOTHING && label > ink && self.coverage[at] > 127 {
                        let beside = (y.saturating_sub(1)..(y + 2).min(height)).any(|y| {
                            (x.saturating_sub(1)..(x + 2).min(width)).any(|x| {
                                let at = y * width + x;
                                self.labels[at] == ink && self.coverage[at] > 127
                            })
                        });
                        *out = u8::from(beside) * 255;
                    }
                }
            });
        field
    }
}
