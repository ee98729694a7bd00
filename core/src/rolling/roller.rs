//! The one way to roll: chooses the fast path, keeps its memory.

use super::fast::{self, Engines, Resident};
use super::paraboloid::{self, Scratch};
use super::sample::Rollable;
use super::{Rolling, Sample, Shape, View, ViewMut, missing};
use crate::cancel::{Ended, Erased, Interrupt};

/// A rectangle of pixels within a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Column of the left edge.
    pub x: usize,
    /// Row of the upper edge.
    pub y: usize,
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// Rolls elements over pictures. Keeps tables and memory from one call to the next: make one and use it again.
///
/// Works on the current rayon pool; the result is the same for any number of threads.
#[derive(Debug, Default)]
pub struct Roller {
    engines: Engines,
    paraboloid: Scratch,
}

impl Roller {
    /// A roller without memory yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Rolls over the whole of `source`.
    ///
    /// # Errors
    ///
    /// When `interrupt` ended it; `result` holds anything then.
    ///
    /// # Panics
    ///
    /// When `result` has another size than `source`.
    pub fn roll<T: Sample, I: Interrupt>(
        &mut self,
        source: View<'_, T>,
        result: ViewMut<'_, T>,
        rolling: &Rolling,
        interrupt: &I,
    ) -> Result<(), I::Stopped> {
        let region = Region {
            x: 0,
            y: 0,
            width: source.width(),
            height: source.height(),
        };
        self.roll_region(source, region, result, rolling, interrupt)
    }

    /// Rolls over a window of a picture and gives the result for a `region` of it, which is exactly that of the whole
    /// picture when on each side the window reaches to the picture's border or [`Rolling::apron`] pixels beyond the region.
    ///
    /// # Errors
    ///
    /// When `interrupt` ended it; `result` holds anything then.
    ///
    /// # Panics
    ///
    /// When `result` has another size than `region`, or `region` does not lie within `window`.
    pub fn roll_region<T: Sample, I: Interrupt>(
        &mut self,
        window: View<'_, T>,
        region: Region,
        mut result: ViewMut<'_, T>,
        rolling: &Rolling,
        interrupt: &I,
    ) -> Result<(), I::Stopped> {
        assert!(
            (result.width(), result.height()) == (region.width, region.height)
                && lies_within(region.x, region.width, window.width())
                && lies_within(region.y, region.height, window.height()),
            "the result must be as large as the region, and the region lie within the window"
        );
        let erased = Erased {
            check: &|| interrupt.check().is_err(),
            advance: &|pixels| interrupt.advance(pixels),
        };
        let rolled = T::roll_region(self, window, region, result.reborrow(), rolling, &erased);
        if let Err(Ended) = rolled {
            // Asked again it gives its reason; who changes their mind in between gets it once more from the start.
            interrupt.check()?;
            return self.roll_region(window, region, result, rolling, interrupt);
        }
        Ok(())
    }

    /// [`Roller::roll_region`] for one kind of samples; called by those kinds only, see [`Erased`].
    pub(super) fn roll_samples<T: Sample>(
        &mut self,
        window: View<'_, T>,
        region: Region,
        mut result: ViewMut<'_, T>,
        rolling: &Rolling,
        interrupt: &Erased<'_>,
    ) -> Result<(), Ended> {
        interrupt.check()?;
        match rolling.element.shape() {
            Shape::Ball => {
                let engine = <T as Rollable>::Lane::engine(&mut self.engines);
                fast::roll_region(
                    engine,
                    window,
                    region,
                    result.reborrow(),
                    rolling,
                    interrupt,
                )?;
            }
            Shape::Paraboloid => {
                let scratch = &mut self.paraboloid;
                let result = result.reborrow();
                paraboloid::roll(scratch, window, region, result, rolling, interrupt)?;
            }
        }
        if let Some(distance) = missing::distance(rolling) {
            missing::spread(window, region, result, distance, interrupt)?;
        }
        Ok(())
    }
}

/// Whether a stretch of `length` pixels from `start` on ends within `size`; sums may be beyond usize.
fn lies_within(start: usize, length: usize, size: usize) -> bool {
    start.checked_add(length).is_some_and(|end| end <= size)
}
