//! Gaussians of tiles, summed up directly in an order that no tile's place changes: a pixel's result is the same bits
//! whichever tile it was computed in.

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

    /// Weighs rows `first .. first + out.len() / width` of `plane`, which has rows of `width`; what lies beyond it is 0. The
    /// weights are not normalised.
    pub(super) fn down(&self, plane: &[f32], width: usize, first: usize, out: &mut [f32]) {
        let height = plane.len() / width;
        for (i, result) in out.chunks_exact_mut(width).enumerate() {
            let y = first + i;
            result.copy_from_slice(&plane[y * width..(y + 1) * width]);
            for (d, &weight) in self.0.iter().enumerate().skip(1) {
                let above = y.checked_sub(d).map(|y| &plane[y * width..(y + 1) * width]);
                let below = (y + d < height).then(|| &plane[(y + d) * width..(y + d + 1) * width]);
                match (above, below) {
                    (Some(above), Some(below)) => {
                        for ((r, &a), &b) in result.iter_mut().zip(above).zip(below) {
                            *r += weight * (a + b);
                        }
                    }
                    (Some(only), None) | (None, Some(only)) => {
                        for (r, &a) in result.iter_mut().zip(only) {
                            *r += weight * a;
                        }
                    }
                    (None, None) => {}
                }
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
