//! Gaussians of tiles, summed up directly in an order that no tile's place changes: a pixel's result is the same bits
//! whichever tile it was computed in.

use std::ops::Range;

/// Weights of a Gaussian, from the middle outwards.
#[derive(Clone, Debug)]
pub(super) struct Bell(Vec<f32>);

impl Bell {
    /// Of this standard deviation in pixels, cut off after 2.6 of them.
    pub(super) fn new(sigma: f32) -> Self {
        let reach = (2.6 * sigma).ceil().max(1.0) as usize;
        let weights = (0..=reach).map(|i| libm::expf(-((i * i) as f32) / (2.0 * sigma * sigma)));
        Self(weights.collect())
    }

    /// How far it looks, in pixels.
    pub(super) fn reach(&self) -> usize {
        self.0.len() - 1
    }

    /// Weighs down to some columns of row `y` of `plane`, which has rows of `width`; what lies beyond it is 0, and so is every
    /// row that is not `inked`. The weights are not normalised.
    pub(super) fn down(
        &self,
        plane: &[f32],
        width: usize,
        (columns, y): (&Range<usize>, usize),
        inked: impl Fn(usize) -> bool,
        out: &mut [f32],
    ) {
        let height = plane.len() / width;
        let row = |y: usize| &plane[y * width + columns.start..y * width + columns.end];
        out.copy_from_slice(row(y));
        for (d, &weight) in self.0.iter().enumerate().skip(1) {
            let above = y.checked_sub(d).filter(|&y| inked(y)).map(row);
            let below = Some(y + d).filter(|&y| y < height && inked(y)).map(row);
            match (above, below) {
                (Some(above), Some(below)) => {
                    for ((r, &a), &b) in out.iter_mut().zip(above).zip(below) {
                        *r += weight * (a + b);
                    }
                }
                (Some(only), None) | (None, Some(only)) => {
                    for (r, &a) in out.iter_mut().zip(only) {
                        *r += weight * a;
                    }
                }
                (None, None) => {}
            }
        }
    }

    /// Weighs along a row: `padded` has [`Bell::reach`] samples more on each side than `out`.
    pub(super) fn across(&self, padded: &[f32], out: &mut [f32]) {
        let (reach, n) = (self.reach(), out.len());
        out.copy_from_slice(&padded[reach..reach + n]);
        for (d, &weight) in self.0.iter().enumerate().skip(1) {
            let sides = padded[reach - d..][..n]
                .iter()
                .zip(&padded[reach + d..][..n]);
            for (r, (&a, &b)) in out.iter_mut().zip(sides) {
                *r += weight * (a + b);
            }
        }
    }
}
