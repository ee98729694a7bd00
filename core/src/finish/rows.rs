//! The full-size pass, by bands of rows and in place: beside the picture itself it needs a few rows.

use rayon::prelude::*;

use super::analysis::{Analysis, Backdrop};
use super::light::{ToSample, to_light};
use crate::background::{Surface, around};
use crate::cancel::{Interrupt, Never};
use crate::image::{Channels, Picture};

/// Rows that one thread takes at a time. Results do not depend on it.
const BAND: usize = 64;

/// Which part of the area that a reduced backdrop covers a picture shows. A preview's picture may be a cut-out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    /// From left to right.
    pub x: Stretch,
    /// From top to bottom.
    pub y: Stretch,
}

/// A stretch of an axis, in any unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stretch {
    /// Where it begins.
    pub from: f64,
    /// How long it is.
    pub length: f64,
    /// How long the whole axis is.
    pub of: f64,
}

impl Place {
    /// The picture shows all that the backdrop covers.
    pub(crate) fn whole(picture: &Picture) -> Self {
        let whole = |n: u32| Stretch {
            from: 0.0,
            length: f64::from(n),
            of: f64::from(n),
        };
        Self {
            x: whole(picture.width),
            y: whole(picture.height),
        }
    }
}

impl Stretch {
    /// Where the centre of pixel `i` of the stretch's `n` lies among `source` pixels of the whole axis, as [`around`]
    /// says it. For a whole axis of n pixels every step of this is exact.
    fn between(&self, i: usize, n: usize, source: usize) -> (usize, usize, f32) {
        let centre = self.from + (i as f64 + 0.5) * self.length / n as f64;
        around(centre * source as f64 / self.of, source)
    }
}

/// Finishes a picture in place.
pub fn finish(picture: &mut Picture, analysis: &Analysis) {
    let place = Place::whole(picture);
    let Ok(()) = finish_until(picture, analysis, place, &Never);
}

/// [`finish`] for a picture that shows `place`, unless it is interrupted; then the picture is half finished.
pub(crate) fn finish_until<I: Interrupt>(
    picture: &mut Picture,
    analysis: &Analysis,
    place: Place,
    interrupt: &I,
) -> Result<(), I::Stopped> {
    match picture.channels {
        Channels::Grey => finish_channels::<1, I>(picture, analysis, place, interrupt),
        Channels::Rgb => finish_channels::<3, I>(picture, analysis, place, interrupt),
    }
}

fn finish_channels<const C: usize, I: Interrupt>(
    picture: &mut Picture,
    analysis: &Analysis,
    place: Place,
    interrupt: &I,
) -> Result<(), I::Stopped> {
    let row_len = picture.row_len();
    let height = picture.height as usize;
    let template = Rows::new(analysis, picture, place);
    // Bands are overwritten while their neighbours still need the rows at the border: keep those.
    let original = |y: usize| picture.data[y * row_len..(y + 1) * row_len].to_vec();
    let borders: Vec<(Vec<u8>, Vec<u8>)> = (0..height)
        .step_by(BAND)
        .map(|y| {
            (
                original(y.saturating_sub(1)),
                original((y + BAND).min(height - 1)),
            )
        })
        .collect();
    picture
        .data
        .par_chunks_mut(BAND * row_len)
        .zip(borders)
        .enumerate()
        .try_for_each(|(index, (band, (above, below)))| {
            let first = index * BAND;
            let count = band.len() / row_len;
            let mut rows = template.clone();
            let mut before = rows.strongest(first.saturating_sub(1), &above).to_vec();
            let mut here = rows.strongest(first, &band[..row_len]).to_vec();
            for y in 0..count {
                interrupt.check()?;
                let next = (first + y + 1).min(height - 1);
                let after = if y + 1 < count {
                    rows.strongest(next, &band[(y + 1) * row_len..(y + 2) * row_len])
                } else {
                    rows.strongest(next, &below)
                };
                let smoothed = smoothed(&before, &here, after);
                before = std::mem::replace(&mut here, after.to_vec());
                let row = &mut band[y * row_len..(y + 1) * row_len];
                finish_row::<C>(&mut rows, first + y, row, &smoothed);
            }
            Ok(())
        })
}

fn finish_row<const C: usize>(rows: &mut Rows<'_>, y: usize, row: &mut [u8], smoothed: &[f32]) {
    let analysis = rows.analysis;
    let (to_sample, paper) = match analysis.surface {
        Surface::Light => (ToSample::new(), 255),
        Surface::Dark => (ToSample::new(), 0),
    };
    let (threshold, stretch) = (analysis.threshold, 1.0 / analysis.full);
    // At full strength nothing of the photograph is left, and nothing is mixed.
    let photograph = (analysis.strength < 1.0).then(|| row.to_vec());
    let slope = 1.0 / threshold.max(1e-3);
    let absorption = rows.absorption(y, row);
    let pixels = row
        .as_chunks_mut::<C>()
        .0
        .iter_mut()
        .zip(absorption.as_chunks::<C>().0);
    for ((pixel, absorption), &near) in pixels.zip(smoothed) {
        if near <= threshold {
            *pixel = [paper; C];
            continue;
        }
        // From nothing at the threshold to everything at twice the threshold, smoothly.
        let t = ((near - threshold) * slope).min(1.0);
        let weight = t * t * (3.0 - 2.0 * t) * stretch;
        let strongest = absorption.iter().fold(0.0_f32, |most, &a| most.max(a));
        for (sample, &a) in pixel.iter_mut().zip(absorption) {
            let coloured = strongest - (strongest - a.max(0.0)) * analysis.saturation;
            let ink = coloured.max(0.0) * weight;
            *sample = to_sample.of(match analysis.surface {
                Surface::Light => 1.0 - ink,
                Surface::Dark => ink,
            });
        }
    }
    if let Some(photograph) = photograph {
        for (sample, before) in row.iter_mut().zip(photograph) {
            let (from, to) = (f32::from(before), f32::from(*sample));
            *sample = (from + (to - from) * analysis.strength + 0.5) as u8;
        }
    }
}

/// Mean of 3×3 neighbours with the binomial weights 1 2 1; edges repeated.
pub(super) fn smoothed(above: &[f32], here: &[f32], below: &[f32]) -> Vec<f32> {
    let columns: Vec<f32> = here
        .iter()
        .zip(above)
        .zip(below)
        .map(|((h, a), b)| (h + h + a + b) * 0.0625)
        .collect();
    let last = columns.len() - 1;
    let mut result = vec![0.0; columns.len()];
    for (result, window) in result.iter_mut().skip(1).zip(columns.windows(3)) {
        *result = window[0] + (window[1] + window[1]) + window[2];
    }
    result[0] = 3.0 * columns[0] + columns[1.min(last)];
    result[last] = 3.0 * columns[last] + columns[last.saturating_sub(1)];
    result
}

/// Computes rows of absorption; owns the buffers that this needs.
#[derive(Clone)]
pub(super) struct Rows<'a> {
    analysis: &'a Analysis,
    channels: usize,
    height: usize,
    place: Place,
    /// For every pixel of a row: the left one of the two reduced pixels around it, and the way to the right one.
    columns: std::sync::Arc<[(u32, f32)]>,
    /// Two neighbouring rows of the reduced background, blended.
    blended: Vec<f32>,
    background: Vec<f32>,
    absorption: Vec<f32>,
    strongest: Vec<f32>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(analysis: &'a Analysis, picture: &Picture, place: Place) -> Self {
        let width = picture.width as usize;
        let columns = match &analysis.backdrop {
            Backdrop::Reduced(planes) => (0..width)
                .map(|x| {
                    let (left, _, share) = place.x.between(x, width, planes[0].width);
                    (left as u32, share)
                })
                .collect(),
            Backdrop::Full(_) => [].into(),
        };
        Self {
            analysis,
            channels: picture.channels.count(),
            height: picture.height as usize,
            place,
            columns,
            blended: Vec::new(),
            background: vec![0.0; picture.row_len()],
            absorption: vec![0.0; picture.row_len()],
            strongest: vec![0.0; width],
        }
    }

    /// The background of row `y` in linear light, channels interleaved.
    pub(super) fn background(&mut self, y: usize) -> &[f32] {
        match &self.analysis.backdrop {
            Backdrop::Full(picture) => {
                let light = to_light();
                let row_len = picture.row_len();
                let row = &picture.data[y * row_len..(y + 1) * row_len];
                for (value, &sample) in self.background.iter_mut().zip(row) {
                    *value = light[usize::from(sample)];
                }
            }
            Backdrop::Reduced(planes) => {
                for (channel, plane) in planes.iter().enumerate() {
                    let (y0, y1, share) = self.place.y.between(y, self.height, plane.height);
                    self.blended.clear();
                    let rows = plane.row(y0).iter().zip(plane.row(y1));
                    self.blended.extend(rows.map(|(a, b)| a + (b - a) * share));
                    // So that the right neighbour of the last column exists.
                    self.blended.push(self.blended[plane.width - 1]);
                    let values = self
                        .background
                        .iter_mut()
                        .skip(channel)
                        .step_by(self.channels);
                    for (value, &(left, share)) in values.zip(self.columns.iter()) {
                        let left = left as usize;
                        let (a, b) = (self.blended[left], self.blended[left + 1]);
                        *value = a + (b - a) * share;
                    }
                }
            }
        }
        &self.background
    }

    /// Absorption (light surface) or excess (dark) of row `y`, whose samples are `row`; channels interleaved.
    pub(super) fn absorption(&mut self, y: usize, row: &[u8]) -> &[f32] {
        /// A background darker than this is as good as black; nothing is divided by less.
        const DARKEST: f32 = 0.002;
        self.background(y);
        let (light, paper) = (to_light(), self.analysis.paper);
        let values = self.absorption.chunks_exact_mut(self.channels);
        let sources = row.chunks_exact(self.channels);
        let backgrounds = self.background.chunks_exact(self.channels);
        for ((values, sources), backgrounds) in values.zip(sources).zip(backgrounds) {
            for c in 0..values.len() {
                let (source, background) = (light[usize::from(sources[c])], backgrounds[c]);
                values[c] = match self.analysis.surface {
                    Surface::Light => 1.0 - source / (background * paper[c]).max(DARKEST),
                    Surface::Dark => {
                        (source - background) / (1.0 - background).max(DARKEST) - paper[c]
                    }
                };
            }
        }
        &self.absorption
    }

    /// The strongest channel of each pixel's absorption.
    pub(super) fn strongest(&mut self, y: usize, row: &[u8]) -> &[f32] {
        self.absorption(y, row);
        let pixels = self.absorption.chunks_exact(self.channels);
        for (most, pixel) in self.strongest.iter_mut().zip(pixels) {
            *most = pixel.iter().fold(f32::NEG_INFINITY, |most, &a| most.max(a));
        }
        &self.strongest
    }
}

/// The background itself as a picture of the size of `picture`.
#[must_use]
pub fn background_picture(picture: &Picture, analysis: &Analysis) -> Picture {
    let row_len = picture.row_len();
    let template = Rows::new(analysis, picture, Place::whole(picture));
    let mut data = vec![0; picture.data.len()];
    data.par_chunks_mut(BAND * row_len)
        .enumerate()
        .for_each(|(index, band)| {
            let mut rows = template.clone();
            let to_sample = ToSample::new();
            for (y, row) in band.chunks_exact_mut(row_len).enumerate() {
                for (sample, &light) in row.iter_mut().zip(rows.background(index * BAND + y)) {
                    *sample = to_sample.of(light);
                }
            }
        });
    Picture {
        data,
        ..picture.clone_shape()
    }
}
