//! How strong whole ink is: what strokes reach in their middles, and which places are filled.

use rayon::prelude::*;

use super::bits::Bits;
use super::ink::certainty;
use crate::background::smooth::gaussian;
use crate::plane::Plane;

/// Ink, cell by cell: absorption as far as it counts as ink.
pub(super) fn inked(
    strongest: &Plane<f32>,
    smoothed: &Plane<f32>,
    mask: &Bits,
    low: f32,
) -> Plane<f32> {
    let (width, height) = (strongest.width, strongest.height);
    let mut data = vec![0.0; width * height];
    data.par_chunks_mut(width).enumerate().for_each(|(y, row)| {
        for (x, ink) in row.iter_mut().enumerate() {
            let i = y * width + x;
            if mask.get(x, y) {
                *ink = strongest.data[i].max(0.0) * certainty(smoothed.data[i], low);
            }
        }
    });
    Plane {
        width,
        height,
        data,
    }
}

/// Ink over 2.5 strokes around, at a size where that is still smooth: its mean; and of the ink alone, weighted by its fourth
/// power so that whole ink decides, what it absorbs and in which colour. Where the mean comes near to the ink's own, the
/// place is filled, and has that colour.
///
/// One plane each: mean, whole ink, then every channel's absorption.
pub(super) fn surroundings(
    inked: &Plane<f32>,
    absorbed: &[Plane<f32>],
    stroke: f32,
) -> Vec<Plane<f32>> {
    let factor = (stroke as usize).max(1);
    let size = (inked.width.div_ceil(factor), inked.height.div_ceil(factor));
    let sigma = 2.5 * stroke * size.0 as f32 / inked.width as f32;
    let fourth = inked.map(|ink| ink * ink * ink * ink);
    let weight = gaussian(&fourth.shrunk(size.0, size.1), sigma);
    let of = |plane: &Plane<f32>| {
        let mut mean = gaussian(&plane.shrunk_product(&fourth, size.0, size.1), sigma);
        for (v, &weight) in mean.data.iter_mut().zip(&weight.data) {
            // The running means may leave dust where there is nothing.
            *v = if weight > 1e-7 {
                (*v / weight).clamp(0.0, 1.0)
            } else {
                0.0
            };
        }
        mean
    };
    let mut planes = vec![gaussian(&inked.shrunk(size.0, size.1), sigma), of(inked)];
    if absorbed.len() > 1 {
        planes.par_extend(absorbed.par_iter().map(of));
    }
    planes
}

/// The exponent that brings typical ink to the density of a fresh marker: strokes' middles are asked, and the weaker half
/// (faint pens, thin strokes) is not.
///
/// Ink layers multiply what they let through (Beer and Lambert's law), so ink k times as dense lets through the k-th power of
/// the light: weak channels gain less than strong ones, and the hue stays.
pub(super) fn lift(inked: &Plane<f32>) -> f32 {
    /// Density (natural logarithm) of fresh ink in the strongest channel.
    const FRESH: f32 = 3.2;
    const STRONGEST: f32 = 2.0;
    const ENOUGH: usize = 100;
    let (width, height) = (inked.width, inked.height);
    let mut middles = Vec::new();
    for y in 1..height.saturating_sub(1) {
        let rows = [inked.row(y - 1), inked.row(y), inked.row(y + 1)];
        for x in 1..width.saturating_sub(1) {
            let v = rows[1][x];
            if v > 0.05
                && rows
                    .iter()
                    .all(|row| row[x - 1..x + 2].iter().all(|&near| near <= v))
            {
                middles.push(v);
            }
        }
    }
    if middles.len() < ENOUGH {
        return 1.0;
    }
    let top = super::quantile(&mut middles, 0.95);
    middles.retain(|&v| v > 0.5 * top);
    let typical = super::quantile(&mut middles, 0.5).clamp(0.05, 0.99);
    (FRESH / -libm::logf(1.0 - typical)).clamp(1.0, STRONGEST)
}
