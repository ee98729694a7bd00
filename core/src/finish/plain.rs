//! The two plain finishes: the light divided out and nothing else, and the background subtracted.

use super::board::Board;
use super::depth::Depth;
use super::ink::Inks;
use super::light::ToSample;
use super::region::Samples;
use super::tile::{Buffers, Target};
use crate::background::Surface;

/// Even light, with all the board's texture.
pub(super) fn divide<D: Depth>(
    samples: &Samples<'_, D>,
    board: &Board<'_>,
    inks: &Inks,
    target: &mut Target<'_, D>,
    buffers: &mut Buffers,
) {
    let channels = samples.channels;
    let n = target.columns.len();
    let light = board.analysis.surface() == Surface::Light;
    let saturation = board.analysis.finish.saturation as f32;
    let to_sample = ToSample::new();
    let (blended, values) = buffers.row(n * channels);
    for (i, y) in target.rows.clone().enumerate() {
        board.absorption(samples, y, &target.columns, blended, values);
        let start = i * target.row_len + target.left;
        let out = &mut target.out[start..start + n * channels];
        for (x, pixel) in out.chunks_exact_mut(channels).enumerate() {
            let most = (0..channels)
                .map(|c| values[c * n + x])
                .fold(f32::MIN, f32::max);
            for (c, sample) in pixel.iter_mut().enumerate() {
                let a = most - (most - values[c * n + x]) * saturation;
                let a = if a > 0.0 { inks.denser().of(a) } else { a };
                *sample = D::of(if light { 1.0 - a } else { a }, to_sample);
            }
        }
    }
}

/// `most − (background − picture)` on a light surface, `picture − background` on a dark one, in samples.
pub(super) fn subtract<D: Depth>(
    samples: &Samples<'_, D>,
    board: &Board<'_>,
    target: &mut Target<'_, D>,
    buffers: &mut Buffers,
) {
    let channels = samples.channels;
    let n = target.columns.len();
    let light = board.analysis.surface() == Surface::Light;
    let to_sample = ToSample::new();
    let (blended, values) = buffers.row(n * channels);
    for (i, y) in target.rows.clone().enumerate() {
        board.light(y, &target.columns, blended, values);
        let row = samples.row(y, &target.columns);
        let start = i * target.row_len + target.left;
        let out = &mut target.out[start..start + n * channels];
        let pixels = out
            .chunks_exact_mut(channels)
            .zip(row.chunks_exact(channels));
        for (x, (out, pixel)) in pixels.enumerate() {
            for (c, (out, &sample)) in out.iter_mut().zip(pixel).enumerate() {
                let background = D::of(values[c * n + x], to_sample).number();
                let difference = sample.number() - background;
                let value = if light {
                    D::MOST + difference
                } else {
                    difference
                };
                *out = D::nearest(value.clamp(0.0, D::MOST));
            }
        }
    }
}
