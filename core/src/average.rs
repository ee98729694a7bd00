//! Pictures made smaller by averaging their light: what the balls roll on, and what a screen shows.

use rayon::prelude::*;

use crate::finish::light::{ToSample, to_light};
use crate::image::{Channels, Picture};

/// The source pixels that one target pixel averages along one axis; the outermost may count in part.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Span {
    pixels: std::ops::Range<usize>,
    /// Weight of the first pixel.
    head: f32,
    /// Weight of the last pixel, where there are several.
    tail: f32,
}

impl Span {
    /// Whole pixels.
    pub(crate) fn whole(pixels: std::ops::Range<usize>) -> Self {
        Self {
            pixels,
            head: 1.0,
            tail: 1.0,
        }
    }

    /// What lies between two points of an axis of `source` pixels; pixel i reaches from i to i + 1.
    pub(crate) fn of(from: f64, to: f64, source: usize) -> Self {
        let first = (from as usize).min(source - 1);
        let end = (to.ceil() as usize).clamp(first + 1, source);
        Self {
            pixels: first..end,
            head: ((first + 1) as f64 - from) as f32,
            tail: (to - (end - 1) as f64) as f32,
        }
    }

    /// `n` spans that share the stretch between two points; where there are not enough pixels for all, each of them is
    /// the nearest single pixel.
    pub(crate) fn share(from: f64, to: f64, n: usize, source: usize) -> Vec<Self> {
        let point = |i: f64| from + (to - from) * i / n as f64;
        (0..n)
            .map(|i| {
                let i = i as f64;
                if to - from <= n as f64 {
                    let nearest = (point(i + 0.5) as usize).min(source - 1);
                    Self::whole(nearest..nearest + 1)
                } else {
                    Self::of(point(i), point(i + 1.0), source)
                }
            })
            .collect()
    }

    /// The same pixels counted from `origin`.
    pub(crate) fn back(self, origin: usize) -> Self {
        Self {
            pixels: self.pixels.start - origin..self.pixels.end - origin,
            ..self
        }
    }

    fn length(&self) -> f32 {
        match self.pixels.len() {
            1 => 1.0,
            n => self.head + (n - 2) as f32 + self.tail,
        }
    }
}

/// The picture that averages `columns` and `rows` of `picture`.
pub(crate) fn averaged(picture: &Picture, columns: &[Span], rows: &[Span]) -> Picture {
    /// Columns that are looked at together.
    const BLOCK: usize = 16;
    let channels = picture.channels.count();
    let row_len = columns.len() * channels;
    let mut data = vec![0; row_len * rows.len()];
    data.par_chunks_mut(row_len)
        .zip(rows)
        .for_each(|(samples, rows)| {
            let mut light = [0.0; BLOCK * 3];
            let to_sample = ToSample::new();
            let blocks = samples.chunks_mut(BLOCK * channels);
            for (samples, columns) in blocks.zip(columns.chunks(BLOCK)) {
                // Most of a cleaned board: the mean of white is white.
                if is_white(picture, columns, rows) {
                    samples.fill(u8::MAX);
                    continue;
                }
                let light = &mut light[..samples.len()];
                light_row(picture, columns, rows, light);
                for (sample, &light) in samples.iter_mut().zip(&*light) {
                    *sample = to_sample.of(light);
                }
            }
        });
    Picture {
        width: columns.len() as u32,
        height: rows.len() as u32,
        channels: picture.channels,
        data,
    }
}

/// Whether all that the columns average of these rows is white.
fn is_white(picture: &Picture, columns: &[Span], rows: &Span) -> bool {
    let (Some(first), Some(last)) = (columns.first(), columns.last()) else {
        return false;
    };
    let (row_len, channels) = (picture.row_len(), picture.channels.count());
    let within = first.pixels.start * channels..last.pixels.end * channels;
    rows.pixels.clone().all(|y| {
        let row = &picture.data[y * row_len..][within.clone()];
        row.first() == Some(&u8::MAX)
            && row.iter().fold(u8::MAX, |all, &sample| all & sample) == u8::MAX
    })
}

/// One row of averages in linear light, channels interleaved.
pub(crate) fn light_row(picture: &Picture, columns: &[Span], rows: &Span, light: &mut [f32]) {
    match picture.channels {
        Channels::Grey => light_row_of::<1>(picture, columns, rows, light),
        Channels::Rgb => light_row_of::<3>(picture, columns, rows, light),
    }
}

fn light_row_of<const C: usize>(
    picture: &Picture,
    columns: &[Span],
    rows: &Span,
    light: &mut [f32],
) {
    let table = to_light();
    let row_len = picture.row_len();
    let sums = light.as_chunks_mut::<C>().0;
    sums.fill([0.0; C]);
    let last_row = rows.pixels.len() - 1;
    for (i, y) in rows.pixels.clone().enumerate() {
        let weight = match i {
            _ if last_row == 0 => 1.0,
            0 => rows.head,
            i if i == last_row => rows.tail,
            _ => 1.0,
        };
        let row = picture.data[y * row_len..(y + 1) * row_len]
            .as_chunks::<C>()
            .0;
        for (sum, span) in sums.iter_mut().zip(columns) {
            let mut add = |pixel: &[u8; C], weight: f32| {
                for (sum, &sample) in sum.iter_mut().zip(pixel) {
                    *sum += weight * table[usize::from(sample)];
                }
            };
            match &row[span.pixels.clone()] {
                [only] => add(only, weight),
                [first, middle @ .., last] => {
                    add(first, weight * span.head);
                    for pixel in middle {
                        add(pixel, weight);
                    }
                    add(last, weight * span.tail);
                }
                [] => {}
            }
        }
    }
    let height = rows.length();
    for (sum, span) in sums.iter_mut().zip(columns) {
        let area = height * span.length();
        for sum in sum {
            *sum /= area;
        }
    }
}
