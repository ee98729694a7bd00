//! From a decoder's samples to ours: transparency laid over white, colours to sRGB, 16 bits to 8.
//!
//! Everything goes row by row, so that no second copy of the picture is ever held.

use rayon::prelude::*;

use super::Channels;
use super::colour::Conversion;

/// What the colour samples of a pixel are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    Grey,
    Rgb,
    /// Cyan, magenta, yellow, black; 0 is no ink.
    Cmyk,
}

impl Ink {
    pub const fn count(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::Rgb => 3,
            Self::Cmyk => 4,
        }
    }

    /// The channels of the picture that it becomes.
    pub const fn channels(self) -> Channels {
        match self {
            Self::Grey => Channels::Grey,
            Self::Rgb | Self::Cmyk => Channels::Rgb,
        }
    }
}

/// How a pixel's transparency is told, as its last sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alpha {
    /// Colours are as if opaque.
    Straight,
    /// Colours have been multiplied by it already.
    Premultiplied,
}

/// The samples of a pixel, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub ink: Ink,
    pub alpha: Option<Alpha>,
}

impl Layout {
    pub const fn opaque(ink: Ink) -> Self {
        Self { ink, alpha: None }
    }

    pub const fn count(self) -> usize {
        self.ink.count() + self.alpha.is_some() as usize
    }
}

/// Samples of 8 or 16 bits.
pub(super) trait Sample: Copy {
    /// Full light, full ink, opaque.
    const MOST: u32;
    fn wide(self) -> u32;
    /// The caller's value is at most [`Sample::MOST`].
    fn narrow(value: u32) -> Self;
    /// To 8 bits, to the nearest.
    fn to_eight(self) -> u8;
}

impl Sample for u8 {
    const MOST: u32 = 255;
    fn wide(self) -> u32 {
        u32::from(self)
    }
    fn narrow(value: u32) -> Self {
        value as u8
    }
    fn to_eight(self) -> u8 {
        self
    }
}

impl Sample for u16 {
    const MOST: u32 = 65_535;
    fn wide(self) -> u32 {
        u32::from(self)
    }
    fn narrow(value: u32) -> Self {
        value as u16
    }
    fn to_eight(self) -> u8 {
        ((u32::from(self) * 255 + 32_767) / 65_535) as u8
    }
}

/// One sample laid over white paper (or, for ink, over no ink); exact for opaque and for transparent pixels.
fn over_paper<S: Sample>(sample: S, alpha: S, paper: u32, kind: Alpha) -> S {
    let (sample, alpha) = (sample.wide(), alpha.wide());
    let through = match kind {
        // At most MOST², which a u32 just holds.
        Alpha::Straight => sample * alpha,
        Alpha::Premultiplied => sample.min(alpha) * S::MOST,
    };
    S::narrow((through + paper * (S::MOST - alpha) + S::MOST / 2) / S::MOST)
}

/// Lays a row over paper in place. The samples that stay come first; tells how many they are.
fn flatten<S: Sample>(row: &mut [S], layout: Layout) -> usize {
    let Some(alpha) = layout.alpha else {
        return row.len();
    };
    let paper = if layout.ink == Ink::Cmyk { 0 } else { S::MOST };
    let (from, to) = (layout.count(), layout.ink.count());
    let pixels = row.len() / from;
    for pixel in 0..pixels {
        let opacity = row[pixel * from + to];
        for channel in 0..to {
            row[pixel * to + channel] =
                over_paper(row[pixel * from + channel], opacity, paper, alpha);
        }
    }
    pixels * to
}

/// Takes rows in, in any of the layouts, and keeps them as 8-bit sRGB.
pub(super) struct Rows {
    layout: Layout,
    conversion: Conversion,
    data: Vec<u8>,
}

impl Rows {
    /// For a picture of so many pixels. The conversion must be for the layout's ink and the depth of the rows.
    pub fn new(pixels: usize, layout: Layout, conversion: Conversion) -> Self {
        Self {
            layout,
            conversion,
            data: Vec::with_capacity(pixels * layout.ink.channels().count()),
        }
    }

    /// The next rows; they are used as working space.
    pub fn push8(&mut self, rows: &mut [u8]) {
        let length = flatten(rows, self.layout);
        let rows = &mut rows[..length];
        if self.layout.ink == Ink::Cmyk {
            self.conversion.inks_to_rgb(rows, &mut self.data);
        } else {
            self.conversion.in_place(rows);
            self.data.extend_from_slice(rows);
        }
    }

    /// The same for 16 bits.
    pub fn push16(&mut self, rows: &mut [u16]) {
        let length = flatten(rows, self.layout);
        let rows = &rows[..length];
        if self.layout.ink == Ink::Cmyk {
            let eight: Vec<u8> = rows.iter().map(|sample| sample.to_eight()).collect();
            self.conversion.inks_to_rgb(&eight, &mut self.data);
        } else {
            self.conversion.reduce(rows, &mut self.data);
        }
    }

    /// Moves the samples that there are to `out`, which has room for as many.
    pub fn hand_out(&mut self, out: &mut [u8]) {
        for (to, from) in out.iter_mut().zip(&self.data) {
            *to = *from;
        }
        self.data.clear();
    }

    /// Lays rows over paper and converts them without making them 8 bits. Tells how many samples are left, at the
    /// beginning.
    pub fn deep(&self, rows: &mut [u16]) -> usize {
        let length = flatten(rows, self.layout);
        self.conversion.deep_in_place(&mut rows[..length]);
        length
    }

    /// All samples.
    pub fn finish(self) -> Vec<u8> {
        self.data
    }
}

/// Pixels that are converted at a time.
const BAND: usize = 1 << 14;

/// The same for a picture that a decoder has put into memory as a whole.
pub(super) fn whole(mut data: Vec<u8>, layout: Layout, conversion: &Conversion) -> Vec<u8> {
    let length = flatten(&mut data, layout);
    data.truncate(length);
    if layout.ink == Ink::Cmyk {
        // Three samples take the place of four, so what is written never overtakes what is read.
        let mut rgb = Vec::with_capacity(3 * BAND);
        let (mut from, mut to) = (0, 0);
        while from < data.len() {
            let end = data.len().min(from + 4 * BAND);
            rgb.clear();
            conversion.inks_to_rgb(&data[from..end], &mut rgb);
            data[to..to + rgb.len()].copy_from_slice(&rgb);
            (from, to) = (end, to + rgb.len());
        }
        data.truncate(to);
    } else if !conversion.is_none() {
        data.par_chunks_mut(BAND * layout.ink.count())
            .for_each(|band| conversion.in_place(band));
    }
    if data.capacity() > data.len() {
        data.shrink_to_fit();
    }
    data
}

/// Brightness and colour differences to RGB, in a pixel's first three samples: the weights of ITU-R BT.601 as ITU-T
/// T.871 uses them, in 16 fractional bits.
pub(super) fn ycc_to_rgb(pixel: &mut [u8]) {
    let (y, cb, cr) = (
        i32::from(pixel[0]) << 16,
        i32::from(pixel[1]) - 128,
        i32::from(pixel[2]) - 128,
    );
    let rounded = |value: i32| ((value + (1 << 15)) >> 16).clamp(0, 255) as u8;
    pixel[0] = rounded(y + 91_881 * cr);
    pixel[1] = rounded(y - 22_554 * cb - 46_802 * cr);
    pixel[2] = rounded(y + 116_130 * cb);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_bits_become_the_nearest_eight() {
        for sample in 0..=u16::MAX {
            let exact = f64::from(sample) * 255.0 / 65_535.0;
            assert!(
                (f64::from(sample.to_eight()) - exact).abs() <= 0.5,
                "{sample}"
            );
        }
    }

    #[test]
    fn opaque_stays_and_transparent_becomes_paper() {
        for sample in [0_u16, 1, 700, 40_000, 65_535] {
            let over = |alpha| over_paper(sample, alpha, 65_535, Alpha::Straight);
            assert_eq!((over(65_535), over(0)), (sample, 65_535));
        }
        assert_eq!(over_paper(100_u8, 100, 255, Alpha::Premultiplied), 255);
        assert_eq!(over_paper(0_u8, 100, 255, Alpha::Premultiplied), 155);
        let mut ink = [200_u8, 0, 255, 9, 0];
        let layout = Layout {
            ink: Ink::Cmyk,
            alpha: Some(Alpha::Straight),
        };
        assert_eq!(flatten(&mut ink, layout), 4);
        assert_eq!(ink[..4], [0, 0, 0, 0], "no ink is paper");
    }
}
