//! Reflections: bright spots of a background, in which ink takes a smaller share of the light.
//!
//! A lamp that mirrors in the board adds light that never was on the ink, so that ink in it looks fainter than it is. The
//! board's own light falls off slowly; what stands out of it in a spot is the mirror's.

use super::Backdrop;
use super::ink::{PAPER, greatest, noise_of};
use crate::background::Surface;
use crate::background::smooth::gaussian;
use crate::plane::Plane;

/// Long side of the background on which spots are looked for.
const SIDE: usize = 100;
/// Half the width of the widest spot, there.
const SPOT: usize = 10;
/// With more of the light than this a place is the board's own.
const OWN: f32 = 0.85;
/// What is taken for the board's own share of the light at least: beyond that, noise would be taken for ink.
const LEAST: f32 = 0.5;

/// Cell by cell, the share of a light background that is the board's own light, [`LEAST`] to 1. `None` where all of it is.
pub(super) fn own_light(
    backdrop: &Backdrop,
    surface: Surface,
    cells: (usize, usize),
) -> Option<Plane<f32>> {
    let (Backdrop::Reduced(planes), Surface::Light) = (backdrop, surface) else {
        return None;
    };
    let long = planes[0].width.max(planes[0].height);
    let size = |n: usize| (n * SIDE.min(long)).div_ceil(long);
    let mut light = planes[0].shrunk(size(planes[0].width), size(planes[0].height));
    for plane in &planes[1..] {
        let plane = plane.shrunk(light.width, light.height);
        for (sum, v) in light.data.iter_mut().zip(&plane.data) {
            *sum += v;
        }
    }
    let board = gaussian(&opened(&light), 0.25 * SPOT as f32);
    let mut any = false;
    let share = Plane {
        data: (board.data.iter().zip(&light.data))
            .map(|(&board, &light)| {
                let share = board / light.max(1e-4) / OWN;
                any |= share < 1.0;
                share.clamp(LEAST, 1.0)
            })
            .collect(),
        ..light
    };
    any.then(|| share.stretched(cells.0, cells.1))
}

/// Which share of the light to take for the board's own, so that no noise passes for ink: what is above `low` of that share stays
/// above 2.5 standard deviations of the paper in the spots. `smoothed` is absorption, of the whole light.
pub(super) fn safe(own: &Plane<f32>, smoothed: &Plane<f32>, low: f32) -> f32 {
    /// What has less of its light is asked.
    const SPOT: f32 = 0.9;
    const STEP: usize = 7;
    let mut paper: Vec<f32> = (smoothed.data.iter().zip(&own.data))
        .step_by(STEP)
        .filter(|(a, own)| **own < SPOT && a.abs() < PAPER)
        .map(|(&a, _)| a)
        .collect();
    (2.5 * noise_of(&mut paper) / low).clamp(LEAST, 1.0)
}

/// Without bright spots that are narrower than a square of `2·SPOT + 1`.
fn opened(plane: &Plane<f32>) -> Plane<f32> {
    let eroded = greatest(&plane.map(|v| -v), SPOT).map(|v| -v);
    greatest(&eroded, SPOT)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: (usize, usize) = (400, 300);

    fn backdrop(light: impl Fn(f32, f32) -> f32) -> Backdrop {
        let data = (0..SIZE.0 * SIZE.1).map(|i| light((i % SIZE.0) as f32, (i / SIZE.0) as f32));
        Backdrop::Reduced(vec![Plane {
            width: SIZE.0,
            height: SIZE.1,
            data: data.collect(),
        }])
    }

    fn spot(x: f32, y: f32) -> f32 {
        let square = (x - 200.0) * (x - 200.0) + (y - 150.0) * (y - 150.0);
        0.4 + 0.25 * libm::expf(-square / (2.0 * 15.0 * 15.0))
    }

    #[test]
    fn a_spot_is_told_from_the_boards_own_light() {
        let own = own_light(&backdrop(spot), Surface::Light, (800, 600)).unwrap();
        let middle = own.row(300)[400];
        let truth = 0.4 / 0.65 / OWN;
        assert!((middle - truth).abs() < 0.05, "{middle} is not {truth}");
        assert!(own.row(30).iter().all(|&own| own > 0.999));
    }

    #[test]
    fn light_that_falls_off_is_the_boards_own() {
        let ramp = backdrop(|x, y| 0.9 - 0.0015 * x - 0.0005 * y);
        assert_eq!(own_light(&ramp, Surface::Light, SIZE), None);
        assert_eq!(own_light(&backdrop(spot), Surface::Dark, SIZE), None);
    }

    #[test]
    fn noise_in_a_spot_never_passes_for_ink() {
        let own = own_light(&backdrop(spot), Surface::Light, SIZE).unwrap();
        let grain = |strength: f32| Plane {
            width: SIZE.0,
            height: SIZE.1,
            data: (0..SIZE.0 * SIZE.1)
                .map(|i| strength * ((i * 7919 % 201) as f32 / 100.0 - 1.0))
                .collect(),
        };
        let [quiet, loud] = [0.01, 0.07].map(|strength| safe(&own, &grain(strength), 0.06));
        assert!(quiet < 0.6, "{quiet}");
        assert!(loud > 0.99, "{loud}");
    }
}
