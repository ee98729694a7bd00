//! A picture as a palette and an index per pixel, when the eye loses nothing by it.
//!
//! Pure white is always one of the colours and stays exactly where it is; nothing is dithered. A picture of few colours
//! is kept exactly. Otherwise 32 colours are tried, then 64, 128 and 256, until the error cannot be seen.

mod bins;
mod few;
mod fit;
mod inks;
mod lab;

use rayon::prelude::*;
use serde::Serialize;

use crate::image::{Channels, Picture};
use bins::{Bins, bin_of};
use few::Few;
use fit::{Nearest, fit};
pub(crate) use inks::{Inks, inks};

/// How a palette is chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Colours to try first, white among them: 2 to 256.
    pub colours: u16,
    /// Colours to try last.
    pub most_colours: u16,
    /// Mean ΔE (CIE 1976) that is accepted of the pixels that are not pure white.
    pub mean: f32,
    /// ΔE above which a pixel is seen to have another colour.
    pub visible: f32,
    /// Share of the pixels that are not pure white which may be seen so.
    pub visible_share: f32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            colours: 32,
            most_colours: 256,
            mean: 5.0,
            visible: 12.0,
            visible_share: 0.03,
        }
    }
}

/// How far the colours of a palette are from the picture's, over the pixels that are not pure white.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Loss {
    /// Mean ΔE (CIE 1976); about 2.3 is the least that is noticed side by side.
    pub mean: f32,
    /// Share of pixels farther away than [`Options::visible`].
    pub visible_share: f32,
}

/// A picture by palette.
#[derive(Clone, Debug, PartialEq)]
pub struct Indexed {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// At most 256 colours, white (if there is any) first.
    pub palette: Vec<[u8; 3]>,
    /// One index per pixel.
    pub indices: Vec<u8>,
    /// All zero when the picture is kept exactly.
    pub loss: Loss,
}

/// The smallest palette that is good enough, or `None` when none is.
#[must_use]
pub fn reduce(picture: &Picture, options: &Options) -> Option<Indexed> {
    let most = options.most_colours.clamp(2, 256) as usize;
    let few = Few::of(picture, most);
    let mut bins = None;
    let mut colours = (options.colours as usize).clamp(2, most);
    loop {
        if let Some(few) = few.as_ref().filter(|few| few.colours().len() <= colours) {
            return Some(few.index(picture));
        }
        let bins = bins.get_or_insert_with(|| Bins::of(picture));
        let palette = fit(bins, colours);
        let nearest = Nearest::new(&palette);
        let (loss, table) = measure(bins, &nearest, options);
        if loss.mean <= options.mean && loss.visible_share <= options.visible_share {
            return Some(Indexed {
                width: picture.width,
                height: picture.height,
                indices: look_up(picture, &table),
                palette,
                loss,
            });
        }
        if colours == most {
            return None;
        }
        colours = (colours * 2).min(most);
    }
}

/// What is lost by the nearest colours, and the nearest colour of each bin.
fn measure(bins: &Bins, nearest: &Nearest, options: &Options) -> (Loss, Vec<u8>) {
    let mut table = vec![0; bins.keys];
    let (mut sum, mut visible) = (0.0, 0);
    for bin in &bins.filled {
        let (index, square) = nearest.to(bin.lab);
        table[bin.key as usize] = index;
        let distance = (square as f32).sqrt() / lab::STEPS as f32;
        sum += f64::from(distance) * bin.count as f64;
        if distance > options.visible {
            visible += bin.count;
        }
    }
    let inked = bins.inked.max(1) as f64;
    let loss = Loss {
        mean: (sum / inked) as f32,
        visible_share: (visible as f64 / inked) as f32,
    };
    (loss, table)
}

/// Pixels that one task takes on.
const BAND: usize = 1 << 18;

/// The index of each pixel's bin. Pure white is 0 whatever its bin is.
fn look_up(picture: &Picture, table: &[u8]) -> Vec<u8> {
    let mut indices = vec![0; picture.width as usize * picture.height as usize];
    let bands = indices.par_chunks_mut(BAND);
    match picture.channels {
        Channels::Grey => {
            let samples = picture.data.par_chunks(BAND);
            bands.zip(samples).for_each(|(indices, samples)| {
                for (index, &sample) in indices.iter_mut().zip(samples) {
                    *index = table[sample as usize];
                }
            });
        }
        Channels::Rgb => {
            let pixels = picture.data.as_chunks::<3>().0.par_chunks(BAND);
            bands.zip(pixels).for_each(|(indices, pixels)| {
                for (index, &[red, green, blue]) in indices.iter_mut().zip(pixels) {
                    if red & green & blue != 255 {
                        *index = table[bin_of(red, green, blue)];
                    }
                }
            });
        }
    }
    indices
}
