//! All that [`Rolling`] asks for, around the paraboloid itself: smoothing before.

use rayon::prelude::*;

use super::super::simd::{self, Kernel};
use super::super::{Region, Rolling, Sample, View, ViewMut, fast};
use super::{Scratch, roll_region};
use crate::cancel::Interrupt;
use crate::plane::Plane;

/// Rows that are smoothed between two looks at the interrupt.
const ROWS: usize = 16;

/// Rolls a paraboloid over a window for a region of it, as [`Roller::roll_region`](super::super::Roller::roll_region),
/// except that NaN is yet to be spread.
pub(crate) fn roll<T: Sample, I: Interrupt>(
    scratch: &mut Scratch,
    window: View<'_, T>,
    region: Region,
    result: ViewMut<'_, T>,
    rolling: &Rolling,
    interrupt: &I,
) -> Result<(), I::Stopped> {
    let Rolling {
        element, operation, ..
    } = rolling;
    let smooth;
    let surface = if rolling.presmooth {
        smooth = smoothed(window, interrupt)?;
        View::of(&smooth)
    } else {
        window
    };
    roll_region(
        scratch, surface, region, result, element, *operation, interrupt,
    )
}

/// The mean of each pixel's 3×3 neighbourhood, [`presmooth`](super::super::definition::presmooth) to the bit.
fn smoothed<T: Sample, I: Interrupt>(
    window: View<'_, T>,
    interrupt: &I,
) -> Result<Plane<T>, I::Stopped> {
    let (width, height) = (window.width(), window.height());
    let mut data = vec![T::BOTTOM; width * height];
    let bands = data.par_chunks_mut(width * ROWS).enumerate();
    bands.try_for_each(|(i, band)| {
        interrupt.check()?;
        simd::run(Smooth {
            window,
            y: i * ROWS,
            sums: &mut vec![],
            lanes: &mut vec![T::Lane::default(); width],
            band,
        });
        Ok(())
    })?;
    Ok(Plane {
        width,
        height,
        data,
    })
}

/// Smooths the rows from y on.
struct Smooth<'a, T: Sample> {
    window: View<'a, T>,
    y: usize,
    sums: &'a mut Vec<f32>,
    /// One row, in the numbers that balls are rolled in.
    lanes: &'a mut [T::Lane],
    band: &'a mut [T],
}

impl<T: Sample> Kernel for Smooth<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let rows = self.band.chunks_exact_mut(self.window.width());
        for (i, row) in rows.enumerate() {
            fast::smooth_row(&self.window, self.y + i, 0, false, self.sums, self.lanes);
            for (to, &lane) in row.iter_mut().zip(&*self.lanes) {
                *to = T::from_lane(lane, false);
            }
        }
    }
}
