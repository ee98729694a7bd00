//! What colours a picture has, in bins of 8 levels a side (grey: of one), each with its mean.

use super::lab::{Lab, lab};
use crate::image::{Channels, Picture};

/// Bits of each channel that make a bin.
const BITS: u32 = 5;
const LOW: u32 = 8 - BITS;

/// Where a colour belongs.
#[inline]
pub(super) fn bin_of(red: u8, green: u8, blue: u8) -> usize {
    let [red, green, blue] = [red, green, blue].map(|sample| (sample >> LOW) as usize);
    red << (2 * BITS) | green << BITS | blue
}

/// One bin with pixels in it.
pub(super) struct Bin {
    /// What [`bin_of`] says, or the grey level.
    pub key: u16,
    /// Pixels.
    pub count: u64,
    /// Their mean, rounded.
    pub mean: [u8; 3],
    /// The mean as the eye sees it.
    pub lab: Lab,
}

/// All bins with pixels, in the order of their keys; pure white is counted apart.
pub(super) struct Bins {
    pub filled: Vec<Bin>,
    /// How many keys there are.
    pub keys: usize,
    /// Pixels that are not pure white.
    pub inked: u64,
    /// Whether most pixels are pure white: ink on paper.
    pub on_paper: bool,
}

impl Bins {
    pub(super) fn of(picture: &Picture) -> Self {
        match picture.channels {
            Channels::Grey => Self::of_grey(&picture.data),
            Channels::Rgb => Self::of_pixels(picture.data.as_chunks::<3>().0.iter().copied()),
        }
    }

    fn of_grey(samples: &[u8]) -> Self {
        let mut counts = [0_u64; 256];
        for &sample in samples {
            counts[sample as usize] += 1;
        }
        let white = std::mem::take(&mut counts[255]);
        let levels = (0..=255_u8).zip(counts).filter(|&(_, count)| count > 0);
        let bins = levels.map(|(level, count)| Bin {
            key: u16::from(level),
            count,
            mean: [level; 3],
            lab: lab([level; 3]),
        });
        Self::counted(bins.collect(), 256, white)
    }

    pub(super) fn of_pixels(pixels: impl Iterator<Item = [u8; 3]>) -> Self {
        let keys = 1 << (3 * BITS);
        // Count and sums of one bin lie side by side: one line of the cache.
        let mut sums = vec![[0_u64; 4]; keys];
        let mut white = 0;
        for [red, green, blue] in pixels {
            if red & green & blue == 255 {
                white += 1;
                continue;
            }
            let [count, reds, greens, blues] = &mut sums[bin_of(red, green, blue)];
            *count += 1;
            *reds += u64::from(red);
            *greens += u64::from(green);
            *blues += u64::from(blue);
        }
        let filled = sums.iter().zip(0_u16..).filter(|(sums, _)| sums[0] > 0);
        let bins = filled.map(|(&[count, sums @ ..], key)| {
            let mean = sums.map(|sum| ((sum + count / 2) / count) as u8);
            let lab = lab(mean);
            Bin {
                key,
                count,
                mean,
                lab,
            }
        });
        Self::counted(bins.collect(), keys, white)
    }

    fn counted(bins: Vec<Bin>, keys: usize, white: u64) -> Self {
        let inked = bins.iter().map(|bin| bin.count).sum();
        Self {
            filled: bins,
            keys,
            inked,
            on_paper: white > inked,
        }
    }
}
