//! Writing in the work picture: thin and dark on a lighter ground.

use super::lines::Line;
use super::work::Work;
use crate::geometry::Point;

/// Half of the width of the widest stroke, in pixels of the work picture.
const RADIUS: usize = 6;

/// Where there is writing.
pub(super) struct Ink {
    /// Pixels of strokes (x, y), without long straight lines: those are edges of things.
    pub(super) pixels: Vec<(usize, usize)>,
    /// The picture without thin dark things: closed channel by channel.
    pub(super) ground: Vec<[f32; 3]>,
}

impl Ink {
    pub(super) fn new(work: &Work, sides: &[Vec<Line>; 4]) -> Self {
        let soft = softened(work);
        let ground = closed(work, &soft);
        let mut pixels = Vec::new();
        for y in 0..work.height {
            for x in 0..work.width {
                let i = y * work.width + x;
                let (paper, here) = (Work::brightness(ground[i]), Work::brightness(soft[i]));
                let strong = Work::tint(ground[i], soft[i]) > 0.06;
                let step = if strong { 0.06 } else { 0.12 };
                if paper > 60.0 && paper - here > (step * paper).max(9.0) {
                    let at = Point::new(x as f64 + 0.5, y as f64 + 0.5);
                    if !sides.iter().flatten().any(|line| line.runs_by(at)) {
                        pixels.push((x, y));
                    }
                }
            }
        }
        Self { pixels, ground }
    }
}

/// Means of 3 × 3 pixels: grain of a wall is not writing.
fn softened(work: &Work) -> Vec<[f32; 3]> {
    let (width, height) = (work.width, work.height);
    let mut out = work.pixels.clone();
    for y in 1..height.saturating_sub(1) {
        for x in 1..width.saturating_sub(1) {
            let mut sum = [0.0; 3];
            for row in y - 1..=y + 1 {
                for pixel in &work.pixels[row * width + x - 1..=row * width + x + 1] {
                    sum = std::array::from_fn(|c| sum[c] + pixel[c]);
                }
            }
            out[y * width + x] = sum.map(|sum| sum / 9.0);
        }
    }
    out
}

/// A closing of each channel by a square: the largest value around each pixel, then the smallest of those.
fn closed(work: &Work, soft: &[[f32; 3]]) -> Vec<[f32; 3]> {
    let larger = |a: [f32; 3], b: [f32; 3]| std::array::from_fn(|c| a[c].max(b[c]));
    let smaller = |a: [f32; 3], b: [f32; 3]| std::array::from_fn(|c| a[c].min(b[c]));
    let (width, height) = (work.width, work.height);
    let grown = around(&around(soft, width, 1, larger), height, width, larger);
    around(&around(&grown, width, 1, smaller), height, width, smaller)
}

/// Each pixel and its neighbours along one axis (`length` pixels, `step` apart in memory), folded.
fn around(
    pixels: &[[f32; 3]],
    length: usize,
    step: usize,
    fold: impl Fn([f32; 3], [f32; 3]) -> [f32; 3],
) -> Vec<[f32; 3]> {
    let place = |i: usize| (i / step) % length;
    (0..pixels.len())
        .map(|i| {
            let back = place(i).min(RADIUS);
            let on = (length - 1 - place(i)).min(RADIUS);
            let first = i - back * step;
            (1..=back + on).fold(pixels[first], |sum, k| fold(sum, pixels[first + k * step]))
        })
        .collect()
}
