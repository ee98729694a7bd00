//! The reduced picture that the search works on, and its gradients.

use crate::average::{Span, averaged};
use crate::geometry::Point;
use crate::image::{Channels, Picture};

/// Longer side of the work picture in pixels.
const LONG_SIDE: f64 = 720.0;

/// The picture reduced to about 720 pixels: sRGB samples from 0 to 255, as they look to a person.
pub(super) struct Work {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Pixels of the photograph per pixel.
    pub(super) scale: f64,
    pub(super) pixels: Vec<[f32; 3]>,
    /// Direction and steepness of the steepest channel: levels per pixel, towards the brighter side.
    pub(super) gradients: Vec<[f32; 2]>,
}

impl Work {
    pub(super) fn new(picture: &Picture) -> Self {
        let (width, height) = (f64::from(picture.width), f64::from(picture.height));
        let scale = (width.max(height) / LONG_SIDE).max(1.0);
        let spans = |side: u32| {
            let n = ((f64::from(side) / scale).round() as usize).max(1);
            Span::share(0.0, f64::from(side), n, side as usize)
        };
        let small = averaged(picture, &spans(picture.width), &spans(picture.height));
        let pixels: Vec<[f32; 3]> = match small.channels {
            Channels::Grey => small
                .data
                .iter()
                .map(|&grey| [f32::from(grey); 3])
                .collect(),
            Channels::Rgb => {
                let pixels = small.data.as_chunks::<3>().0.iter();
                pixels.map(|pixel| pixel.map(f32::from)).collect()
            }
        };
        let (width, height) = (small.width as usize, small.height as usize);
        Self {
            gradients: gradients(&pixels, width, height),
            width,
            height,
            scale,
            pixels,
        }
    }

    /// The nearest pixel's index, when the point is inside.
    pub(super) fn index(&self, at: Point) -> Option<usize> {
        let inside = at.x >= 0.0 && at.y >= 0.0;
        let (x, y) = (at.x as usize, at.y as usize);
        (inside && x < self.width && y < self.height).then(|| y * self.width + x)
    }

    /// Brightness of a pixel, from 0 to 255.
    pub(super) fn brightness(pixel: [f32; 3]) -> f32 {
        0.3 * pixel[0] + 0.6 * pixel[1] + 0.1 * pixel[2]
    }

    /// How far the tints of two pixels are apart; 0.05 is plain to see.
    pub(super) fn tint(a: [f32; 3], b: [f32; 3]) -> f32 {
        let share = |p: [f32; 3]| {
            let sum = p[0] + p[1] + p[2] + 6.0;
            [p[0] / sum, p[2] / sum]
        };
        let (a, b) = (share(a), share(b));
        (a[0] - b[0]).abs() + (a[1] - b[1]).abs()
    }
}

/// Sobel's gradients of the channel that is steepest at each pixel; none on the outermost pixels.
fn gradients(pixels: &[[f32; 3]], width: usize, height: usize) -> Vec<[f32; 2]> {
    let mut out = vec![[0.0; 2]; pixels.len()];
    for y in 1..height.saturating_sub(1) {
        for x in 1..width.saturating_sub(1) {
            let at = |dx: usize, dy: usize| pixels[(y + dy - 1) * width + x + dx - 1];
            let mut best = [0.0_f32; 2];
            for c in 0..3 {
                let v = |dx, dy| at(dx, dy)[c];
                let gx = v(2, 0) + 2.0 * v(2, 1) + v(2, 2) - v(0, 0) - 2.0 * v(0, 1) - v(0, 2);
                let gy = v(0, 2) + 2.0 * v(1, 2) + v(2, 2) - v(0, 0) - 2.0 * v(1, 0) - v(2, 0);
                if gx * gx + gy * gy > best[0] * best[0] + best[1] * best[1] {
                    best = [gx, gy];
                }
            }
            out[y * width + x] = [best[0] / 8.0, best[1] / 8.0];
        }
    }
    out
}
