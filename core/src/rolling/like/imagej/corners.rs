//! Corners that a particle covers: without anything beyond, the parabola would take it for background there.

use super::parabola::{self, Touching};
use super::paraboloid::Line;
use crate::plane::Plane;

/// Lowers each corner to the mean of what the two edges and the diagonal that end there say it would be without a
/// particle. Slides along edges and diagonals on the way, which changes them too.
pub(super) fn correct(picture: &mut Plane<f32>, bend: f32) {
    let (width, height) = (picture.width, picture.height);
    let (right, bottom) = (width - 1, (height - 1) * width);
    // In the order of ImageJ: sums and the pictures in between depend on it. Corners: left and right above, left and
    // right below. The steps are signed: two diagonals go up, two to the left.
    let along = width as isize;
    let diagonal = width.min(height);
    let lines = [
        (Line::new(0, 1, width), 1.0, 0, Some(1)),
        (Line::new(bottom, 1, width), 1.0, 2, Some(3)),
        (Line::new(0, along, height), 1.0, 0, Some(2)),
        (Line::new(right, along, height), 1.0, 1, Some(3)),
        (Line::new(0, along + 1, diagonal), 2.0, 0, None),
        (Line::new(right, along - 1, diagonal), 2.0, 1, None),
        (Line::new(bottom, 1 - along, diagonal), 2.0, 2, None),
        (
            Line::new(bottom + right, -1 - along, diagonal),
            2.0,
            3,
            None,
        ),
    ];
    let mut sums = [0.0_f32; 4];
    let mut candidates = vec![];
    for (line, times, start, end) in lines {
        let bend = times * bend;
        let values = line.indices().map(|i| picture.data[i]).collect::<Vec<_>>();
        let mut results = values.clone();
        let touching = parabola::slide(&mut results, bend, &mut candidates);
        for (i, result) in line.indices().zip(results) {
            picture.data[i] = result;
        }
        let ends = ends(&values, bend, touching);
        sums[start] += ends.0;
        if let Some(end) = end {
            sums[end] += ends.1;
        }
    }
    for (at, sum) in [0, right, bottom, bottom + right].into_iter().zip(sums) {
        let corner = &mut picture.data[at];
        if *corner > sum / 3.0 {
            *corner = sum / 3.0;
        }
    }
}

/// Both ends of a line as they would be without particles on them: the line through the outermost points touched within,
/// lowered by a polynomial of sixth order where the middle of the line shows vignetting, plus the parabola.
fn ends(line: &[f32], bend: f32, touching: Touching) -> (f32, f32) {
    let length = line.len();
    let Touching {
        mut first,
        mut last,
    } = touching;
    // Particles at the ends are shorter than a quarter.
    if 4 * first >= length {
        first = 0;
    }
    if 4 * (length - 1 - last) >= length {
        last = length - 1;
    }
    // With a single point this is 0/0, and the NaN then changes no corner.
    let span = last as f32 - first as f32;
    let slope = (line[last] - line[first]) / span;
    let origin = line[first] - slope * first as f32;
    let middle = 0.5 * (last + first) as f32;
    let sixth = |i: usize| {
        let d = (i as f32 - middle) * 2.0 / span;
        d * d * d * d * d * d - 1.0
    };
    let mut vignetting = 0.0_f32;
    for (i, &v) in line
        .iter()
        .enumerate()
        .take(2 * length / 3 + 1)
        .skip(length.div_ceil(3))
    {
        let straight = origin + slope * i as f32;
        if v < straight + vignetting * sixth(i) {
            vignetting = -(straight - v) / sixth(i);
        }
    }
    let beyond = (length - 1 - last) as f32;
    let start = origin + vignetting * sixth(first) + bend * first as f32 * first as f32;
    let end =
        origin + (length - 1) as f32 * slope + vignetting * sixth(last) + bend * beyond * beyond;
    (start, end)
}
