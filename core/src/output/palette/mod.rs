//! A picture as a palette and an index per pixel, when the eye loses nothing by it.
//!
//! Pure white is always one of the colours and stays exactly where it is; nothing is dithered. A picture of few colours
//! is kept exactly. Otherwise 16 colours are tried, then 20, 24, 28, 32, 48, 64, 128 and 256, until the error cannot be seen.

mod bins;
mod few;
mod fit;
mod inks;
mod lab;
mod rates;
mod settle;

use serde::Serialize;

use crate::image::Picture;
use bins::Bins;
use few::Few;
use fit::{Nearest, fit, readable};
pub(crate) use inks::{Inks, inks};
use settle::{Choice, settle};

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
    /// The same share for pixels of one colour (within 8 levels): a rare ink must not become another one, though soft
    /// edges, whose colours are many, may be a step off.
    pub one_colour_share: f32,
    /// How far (ΔE) a pixel may go from its nearest colour to one that compresses better: twice its square is what the square
    /// of its error may grow by. 0: every pixel gets the nearest colour.
    pub hysteresis: f32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            colours: 16,
            most_colours: 256,
            mean: 4.5,
            visible: 12.0,
            visible_share: 0.01,
            one_colour_share: 0.002,
            hysteresis: 6.0,
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

/// A picture of so many colours is kept exactly, even where fewer would do.
const FEW: usize = 32;

/// How many colours to try after so many: finer steps where files are small.
fn next(colours: usize) -> usize {
    match colours {
        ..32 => colours + 4,
        32..64 => colours + 16,
        _ => colours * 2,
    }
}

impl Options {
    fn accept(&self, loss: Loss) -> bool {
        loss.mean <= self.mean && loss.visible_share <= self.visible_share
    }
}

/// The smallest palette that is good enough, or `None` when none is.
#[must_use]
pub fn reduce(picture: &Picture, options: &Options) -> Option<Indexed> {
    let most = options.most_colours.clamp(2, 256) as usize;
    let few = Few::of(picture, most);
    let mut bins = None;
    let mut colours = (options.colours as usize).clamp(2, most);
    loop {
        let exact = few.as_ref();
        if let Some(few) = exact.filter(|few| few.colours().len() <= colours.max(FEW)) {
            return Some(few.index(picture));
        }
        let bins = bins.get_or_insert_with(|| Bins::of(picture));
        if let Some(indexed) = by_palette(picture, bins, colours, options) {
            return Some(indexed);
        }
        if colours == most {
            return None;
        }
        colours = next(colours).min(most);
    }
}

/// The picture by so many colours, if that is good enough.
fn by_palette(
    picture: &Picture,
    bins: &Bins,
    colours: usize,
    options: &Options,
) -> Option<Indexed> {
    let palette = fit(bins, colours);
    let (loss, one_colour, nearest) = measure(bins, &palette, options);
    if !options.accept(loss) || one_colour > options.one_colour_share {
        return None;
    }
    let choice = Choice {
        bins,
        palette: &palette,
        nearest: &nearest,
        loss,
    };
    let (indices, loss) = settle(picture, &choice, options);
    options.accept(loss).then_some(Indexed {
        width: picture.width,
        height: picture.height,
        palette,
        indices,
        loss,
    })
}

/// What is lost by the nearest colours, the greatest share of one colour that is seen to be another, and the nearest
/// colour of each bin.
fn measure(bins: &Bins, palette: &[[u8; 3]], options: &Options) -> (Loss, f32, Vec<u8>) {
    let nearest = Nearest::new(palette);
    let visible = (options.visible * lab::STEPS as f32).clamp(0.0, 4000.0);
    let visible_square = (visible * visible) as u32;
    let mut table = vec![0; bins.keys];
    let (mut sum, mut visible, mut one_colour) = (0.0, 0, 0);
    for bin in &bins.filled {
        let (mut index, mut square) = nearest.to(bin.lab);
        // What can be read stays so, if there is a colour for it.
        let read = |index: usize| readable(palette[index]);
        if bins.on_paper && readable(bin.mean) && !read(index.into()) {
            let other = nearest.among(bin.lab, read);
            if let Some(other) = other.filter(|&(_, square)| square <= visible_square) {
                (index, square) = other;
            }
        }
        table[bin.key as usize] = index;
        let distance = (square as f32).sqrt() / lab::STEPS as f32;
        sum += f64::from(distance) * bin.count as f64;
        if distance > options.visible {
            visible += bin.count;
            one_colour = bin.count.max(one_colour);
        }
    }
    let inked = bins.inked.max(1) as f64;
    let loss = Loss {
        mean: (sum / inked) as f32,
        visible_share: (visible as f64 / inked) as f32,
    };
    (loss, (one_colour as f64 / inked) as f32, table)
}

/// Pixels that one task takes on.
const BAND: usize = 1 << 18;
