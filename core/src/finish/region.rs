//! A region of a picture, finished tile by tile.

use std::ops::Range;

use rayon::prelude::*;

use super::blur::Bell;
use super::board::Board;
use super::depth::Depth;
use super::ink::Inks;
use super::light::ToSample;
use super::place::Place;
use super::{plain, tile};
use crate::analysis::{Analysis, Backdrop};
use crate::cancel::{Interrupt, Never};
use crate::image::{Channels, Picture};
use crate::recipe::Style;

/// Side of the tiles that are finished at a time. Results do not depend on it.
pub(super) const TILE: usize = 128;
/// The Gaussian that gathers ink is not wider than this, in pixels.
const WIDEST: f32 = 10.0;
/// More than [`reach`] ever is.
pub(crate) const MOST_REACH: usize = 32;

/// A rectangle of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Left edge.
    pub x: usize,
    /// Upper edge.
    pub y: usize,
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// Samples of a part of a picture, channels interleaved, rows without padding.
#[derive(Clone, Copy, Debug)]
pub struct Samples<'a, D> {
    /// `width · height · channels` samples.
    pub data: &'a [D],
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// 1 or 3.
    pub channels: usize,
}

impl<'a, D: Depth> Samples<'a, D> {
    /// These columns of a row.
    pub(super) fn row(&self, y: usize, x: &Range<usize>) -> &'a [D] {
        let start = y * self.width * self.channels;
        &self.data[start + x.start * self.channels..start + x.end * self.channels]
    }
}

impl<'a> From<&'a Picture> for Samples<'a, u8> {
    fn from(picture: &'a Picture) -> Self {
        Self {
            data: &picture.data,
            width: picture.width as usize,
            height: picture.height as usize,
            channels: picture.channels.count(),
        }
    }
}

/// How far around a region pixels are needed for its result.
#[must_use]
pub fn reach(analysis: &Analysis) -> usize {
    bell(analysis, 1.0).reach() + 1
}

/// The Gaussian that gathers ink: half a stroke wide.
fn bell(analysis: &Analysis, scale: f32) -> Bell {
    Bell::new((0.5 * analysis.settled.stroke * scale).clamp(1.0, WIDEST))
}

/// A finished copy of a picture.
#[must_use]
pub fn finish(picture: &Picture, analysis: &Analysis) -> Picture {
    let (width, height) = (picture.width as usize, picture.height as usize);
    let place = Place::whole(width, height);
    let Ok(data) = finish_place(&Samples::from(picture), analysis, place, Vec::new(), &Never);
    Picture {
        data,
        ..picture.clone_shape()
    }
}

/// The result in `region` of the analysed picture, from `samples` that show the rectangle `shown` of it: all within
/// [`reach`] of the region, as far as the picture goes. The samples' rows come first to last, as they would be cut from
/// the result of [`finish`]. An empty answer when the region does not lie in what is shown.
///
/// What ImageJ subtracts depends on the whole picture, and is not computed here.
#[must_use]
pub fn finish_region<D: Depth>(
    samples: &Samples<'_, D>,
    shown: Region,
    region: Region,
    analysis: &Analysis,
) -> Vec<D> {
    let inside = region.x >= shown.x
        && region.y >= shown.y
        && region.x.saturating_add(region.width) <= shown.x.saturating_add(shown.width)
        && region.y.saturating_add(region.height) <= shown.y.saturating_add(shown.height)
        && region.width > 0
        && region.height > 0
        && (samples.width, samples.height) == (shown.width, shown.height)
        && shown.x.saturating_add(shown.width) <= analysis.size.0
        && shown.y.saturating_add(shown.height) <= analysis.size.1
        && samples.data.len() == shown.width * shown.height * samples.channels;
    if !inside {
        return Vec::new();
    }
    // A background at full size is read pixel for pixel: the part that is shown.
    let part = match &*analysis.backdrop {
        Backdrop::Full(found) => Some(analysis.with_backdrop(Backdrop::Full(found.cut(
            shown.x as u32,
            shown.y as u32,
            shown.width as u32,
            shown.height as u32,
        )))),
        Backdrop::Reduced(_) => None,
    };
    let analysis = part.as_ref().unwrap_or(analysis);
    let place = Place::part(
        (shown.x, shown.y),
        (shown.width, shown.height),
        analysis.size,
    );
    let within = Region {
        x: region.x - shown.x,
        y: region.y - shown.y,
        ..region
    };
    let Ok(data) = finish_within(samples, within, analysis, place, Vec::new(), &Never);
    data
}

/// The result of all samples, which show `place`, unless it is interrupted. It takes the memory of `spare`, so that the system
/// need not give and clear it again.
pub(crate) fn finish_place<D: Depth, I: Interrupt>(
    samples: &Samples<'_, D>,
    analysis: &Analysis,
    place: Place,
    spare: Vec<D>,
    interrupt: &I,
) -> Result<Vec<D>, I::Stopped> {
    let all = Region {
        x: 0,
        y: 0,
        width: samples.width,
        height: samples.height,
    };
    finish_within(samples, all, analysis, place, spare, interrupt)
}

fn finish_within<D: Depth, I: Interrupt>(
    samples: &Samples<'_, D>,
    region: Region,
    analysis: &Analysis,
    place: Place,
    spare: Vec<D>,
    interrupt: &I,
) -> Result<Vec<D>, I::Stopped> {
    let size = (samples.width, samples.height);
    let board = Board::new(analysis, place, size, samples.channels);
    let scale = samples.width as f64 * place.x.of / (place.x.length * analysis.size.0 as f64);
    let bell = bell(analysis, scale as f32);
    let inks = Inks::new(analysis);
    let row_len = region.width * samples.channels;
    let paper = tile::paper::<D>(analysis);
    let mut result = sized(spare, row_len * region.height);
    result
        .par_chunks_mut(TILE * row_len)
        .enumerate()
        .try_for_each_init(tile::Buffers::default, |buffers, (index, out)| {
            let top = region.y + index * TILE;
            let rows = top..top + out.len() / row_len;
            // Here and not for all at once, so that all threads do it.
            out.fill(paper);
            for left in (0..region.width).step_by(TILE) {
                interrupt.check()?;
                let width = TILE.min(region.width - left);
                let columns = region.x + left..region.x + left + width;
                let target = &mut tile::Target {
                    rows: rows.clone(),
                    columns,
                    out: &mut *out,
                    left: left * samples.channels,
                    row_len,
                };
                match analysis.finish.style {
                    Style::Ink => tile::finish(samples, &board, &bell, &inks, target, buffers),
                    Style::Light => plain::divide(samples, &board, &inks, target, buffers),
                    Style::Subtract => plain::subtract(samples, &board, target, buffers),
                }
            }
            Ok(())
        })?;
    if analysis.finish.strength < 100.0 {
        mix(
            samples,
            region,
            analysis.finish.strength as f32 / 100.0,
            &mut result,
        );
    }
    Ok(result)
}

/// So many samples, whatever they hold.
fn sized<D: Depth>(mut spare: Vec<D>, len: usize) -> Vec<D> {
    if spare.capacity() < len {
        return vec![D::default(); len];
    }
    spare.resize(len, D::default());
    spare
}

/// Goes only so far from the photograph to its result.
fn mix<D: Depth>(samples: &Samples<'_, D>, region: Region, strength: f32, result: &mut [D]) {
    let columns = region.x..region.x + region.width;
    result
        .par_chunks_mut(region.width * samples.channels)
        .enumerate()
        .for_each(|(y, row)| {
            for (sample, before) in row.iter_mut().zip(samples.row(region.y + y, &columns)) {
                let (from, to) = (before.number(), sample.number());
                *sample = D::nearest(from + (to - from) * strength);
            }
        });
}

/// Mean of 3×3 neighbours with the binomial weights 1 2 1, of three rows of one length; edges repeated.
pub(crate) fn smoothed_row(rows: [&[f32]; 3], out: &mut [f32]) {
    let [above, here, below] = rows;
    let last = out.len() - 1;
    let column = |x: usize| (here[x] + here[x] + above[x] + below[x]) * 0.0625;
    if last == 0 {
        out[0] = 4.0 * column(0);
        return;
    }
    let inner = above.windows(3).zip(here.windows(3)).zip(below.windows(3));
    for (out, ((a, h), b)) in out[1..].iter_mut().zip(inner) {
        let left = (h[0] + h[0] + a[0] + b[0]) * 0.0625;
        let middle = (h[1] + h[1] + a[1] + b[1]) * 0.0625;
        let right = (h[2] + h[2] + a[2] + b[2]) * 0.0625;
        *out = left + (middle + middle) + right;
    }
    out[0] = column(0) + (column(0) + column(0)) + column(1);
    out[last] = column(last - 1) + (column(last) + column(last)) + column(last);
}

/// The background itself as a picture of the size of `picture`.
#[must_use]
pub fn background_picture(picture: &Picture, analysis: &Analysis) -> Picture {
    let (width, height) = (picture.width as usize, picture.height as usize);
    let place = Place::whole(width, height);
    let size = (picture.width, picture.height);
    background_place(size, picture.channels, analysis, place)
}

/// The background in `place`, drawn at this size.
pub(crate) fn background_place(
    (width, height): (u32, u32),
    channels: Channels,
    analysis: &Analysis,
    place: Place,
) -> Picture {
    let size = (width as usize, height as usize);
    let count = channels.count();
    let board = Board::new(analysis, place, size, count);
    let row_len = size.0 * count;
    let mut data = vec![0; row_len * size.1];
    data.par_chunks_mut(row_len).enumerate().for_each_init(
        || (Vec::new(), vec![0.0; row_len]),
        |(blended, light), (y, row)| {
            board.light(y, &(0..size.0), blended, light);
            let to_sample = ToSample::new();
            for (c, light) in light.chunks_exact(size.0).enumerate() {
                for (sample, &light) in row.iter_mut().skip(c).step_by(count).zip(light) {
                    *sample = to_sample.of(light);
                }
            }
        },
    );
    Picture {
        width,
        height,
        channels,
        data,
    }
}
