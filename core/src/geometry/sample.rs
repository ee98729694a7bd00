//! Samples of a photograph at any point, in linear light.
//!
//! Where one pixel of the result is about one of the photograph or less, it is the Catmull-Rom cubic at its middle
//! (R. Keys, "Cubic convolution interpolation for digital image processing", 1981). Where it covers more, it is the
//! mean of so many such samples, spread evenly over it, that they lie no farther apart than the photograph's pixels:
//! so nothing aliases, however small the result is.

use crate::finish::light::{ToSample, to_light};
use crate::image::Picture;

use super::Homography;

/// Pixels of the photograph per pixel of the result up to which one sample does.
pub(super) const ONE_SAMPLE: f64 = 1.2;
/// Most samples along one axis of one pixel.
const MOST_SAMPLES: f64 = 64.0;

/// One row of the result from pixel `(x, y)` on, `C` channels interleaved; `fine` when one sample per pixel does
/// everywhere. Every pixel depends on its place and the photograph
/// only.
pub(super) fn row<const C: usize>(
    photograph: &Picture,
    map: &Homography,
    fine: bool,
    (x, y): (u32, u32),
    row: &mut [u8],
) {
    let source = Source::<C>::new(photograph);
    let to_sample = ToSample::new();
    let v = f64::from(y);
    let pixels = row.as_chunks_mut::<C>().0;
    if fine {
        for (i, pixel) in pixels.iter_mut().enumerate() {
            let at = map.map(f64::from(x) + i as f64 + 0.5, v + 0.5);
            *pixel = source.at(at.x, at.y).map(|light| to_sample.of(light));
        }
        return;
    }
    for (i, pixel) in pixels.iter_mut().enumerate() {
        let u = f64::from(x) + i as f64;
        let (across, down) = map.scales(u + 0.5, v + 0.5);
        let light = if across.max(down) <= ONE_SAMPLE {
            let at = map.map(u + 0.5, v + 0.5);
            source.at(at.x, at.y)
        } else {
            let count = |scale: f64| {
                if scale <= ONE_SAMPLE {
                    1.0
                } else {
                    scale.ceil().min(MOST_SAMPLES)
                }
            };
            let (columns, rows) = (count(across), count(down));
            let mut sum = [0.0; C];
            for j in 0..rows as u32 {
                for i in 0..columns as u32 {
                    let at = map.map(
                        u + (f64::from(i) + 0.5) / columns,
                        v + (f64::from(j) + 0.5) / rows,
                    );
                    let light = source.at(at.x, at.y);
                    for c in 0..C {
                        sum[c] += light[c];
                    }
                }
            }
            sum.map(|sum| sum / (columns * rows) as f32)
        };
        *pixel = light.map(|light| to_sample.of(light));
    }
}

/// The photograph's pixels and the table to their light.
struct Source<'a, const C: usize> {
    pixels: &'a [[u8; C]],
    width: usize,
    height: usize,
    light: &'static [f32; 256],
}

impl<'a, const C: usize> Source<'a, C> {
    fn new(photograph: &'a Picture) -> Self {
        Self {
            pixels: photograph.data.as_chunks::<C>().0,
            width: photograph.width as usize,
            height: photograph.height as usize,
            light: to_light(),
        }
    }

    /// The light at a point; outside of the photograph, that of its nearest edge.
    #[inline(always)]
    #[allow(
        clippy::inline_always,
        reason = "the loop over pixels keeps what it needs in registers"
    )]
    fn at(&self, x: f64, y: f64) -> [f32; C] {
        let (column, wx) = taps(x);
        let (line, wy) = taps(y);
        let mut sum = [0.0; C];
        let inside = |first: i64, length: usize| first >= 0 && first + 4 <= length as i64;
        if inside(column, self.width) && inside(line, self.height) {
            let start = line as usize * self.width + column as usize;
            for (j, weight) in wy.into_iter().enumerate() {
                let start = start + j * self.width;
                if let Some(&[a, b, c, d]) = self.pixels[start..].first_chunk::<4>() {
                    self.add(&mut sum, [a, b, c, d], wx, weight);
                }
            }
        } else {
            let clamped = |i: i64, length: usize| i.clamp(0, length as i64 - 1) as usize;
            for (j, weight) in wy.into_iter().enumerate() {
                let start = clamped(line + j as i64, self.height) * self.width;
                let four = std::array::from_fn(|i| {
                    self.pixels[start + clamped(column + i as i64, self.width)]
                });
                self.add(&mut sum, four, wx, weight);
            }
        }
        sum
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "the innermost of sixteen taps")]
    fn add(&self, sum: &mut [f32; C], four: [[u8; C]; 4], wx: [f32; 4], weight: f32) {
        for c in 0..C {
            let [a, b, d, e] = four.map(|pixel| self.light[usize::from(pixel[c])]);
            sum[c] += weight * (wx[0] * a + wx[1] * b + (wx[2] * d + wx[3] * e));
        }
    }
}

/// The first of the four pixels around a coordinate, and their weights.
#[inline]
fn taps(at: f64) -> (i64, [f32; 4]) {
    // The middle of pixel i is i + 0.5.
    let at = at - 0.5;
    let floor = at.floor();
    let t = (at - floor) as f32;
    let weights = [
        t * (t * (1.0 - 0.5 * t) - 0.5),
        t * t * (1.5 * t - 2.5) + 1.0,
        t * (t * (2.0 - 1.5 * t) + 0.5),
        t * t * (0.5 * t - 0.5),
    ];
    // A cast from float saturates, and no picture is that large.
    ((floor as i64).clamp(-1 << 40, 1 << 40) - 1, weights)
}
