//! NaN: what is missing, and how it spreads.
//!
//! [`Missing::Propagate`](super::Missing) needs no pass of its own kind. Away from NaN every source is a number, so
//! rolling with NaN ignored gives the right numbers; it only remains to overwrite the pixels near NaN. And as a square
//! around a square is a larger square, one spreading at the end stands for one after each pass.
//!
//! A paraboloid reaches further than its radius r, so away from NaN the second pass of two may rest on what the first one
//! made near it. There NaN is spread after each pass: no paraboloid rests on a first result within ⌈r⌉ pixels of NaN.
//!
//! One exception: where presmoothing itself makes NaN, of +∞ beside −∞, that one does not spread, as it is not in the
//! picture; the definition spreads it.

use super::{Missing, Region, Rolling, Sample, View, ViewMut};
use crate::cancel::Interrupt;

/// Whether a sample is NaN; for whole numbers constantly false, so that the loops that ask vanish.
pub(super) fn is_missing<T: Sample>(sample: T) -> bool {
    sample.partial_cmp(&sample).is_none()
}

/// How far NaN spreads in all, in pixels along each axis; nothing when it is ignored.
pub(crate) fn distance(rolling: &Rolling) -> Option<usize> {
    let most = usize::MAX / 8;
    match rolling.missing {
        Missing::Ignore => None,
        // Infinite and huge radii become the bound; the mean of a neighbourhood with NaN is NaN.
        Missing::Propagate => Some(
            (rolling.element.radius().ceil() as usize).min(most) * rolling.operation.passes()
                + usize::from(rolling.presmooth),
        ),
    }
}

/// Makes those pixels of `result` NaN that have one within `distance` pixels of them along both axes in `window`.
/// `result` is the `region` of the window. The cost does not depend on the distance, and is next to nothing where no
/// sample is NaN.
pub(crate) fn spread<T: Sample, I: Interrupt>(
    window: View<'_, T>,
    region: Region,
    result: ViewMut<'_, T>,
    distance: usize,
    interrupt: &I,
) -> Result<(), I::Stopped> {
    let first = region.y.saturating_sub(distance);
    let end = (region.y + region.height)
        .saturating_add(distance)
        .min(window.height());
    // For each of these rows: whether NaN is within the distance along the row; and any NaN, to write.
    let mut near_in_row = vec![];
    let mut nan = None;
    for y in first..end {
        interrupt.check()?;
        let row = window.row(y).iter().step_by(window.step());
        if let Some(&found) = row.clone().find(|&&sample| is_missing(sample)) {
            nan = Some(found);
            near_in_row.push(Some(near(row.copied(), region, distance)));
        } else {
            near_in_row.push(None);
        }
    }
    let Some(nan) = nan else { return Ok(()) };

    // How many of the rows within the distance have NaN near each column; a window of rows that slides down.
    let mut counts = vec![0_usize; region.width];
    let (mut entered, mut left) = (first, first);
    let step = result.step();
    for (y, band) in result.bands(1).enumerate() {
        interrupt.check()?;
        let y = region.y + y;
        while entered < end && entered <= y.saturating_add(distance) {
            if let Some(near) = &near_in_row[entered - first] {
                for (count, &near) in counts.iter_mut().zip(near) {
                    *count += usize::from(near);
                }
            }
            entered += 1;
        }
        while left < y.saturating_sub(distance) {
            if let Some(near) = &near_in_row[left - first] {
                for (count, &near) in counts.iter_mut().zip(near) {
                    *count -= usize::from(near);
                }
            }
            left += 1;
        }
        for (sample, &count) in band.iter_mut().step_by(step).zip(&counts) {
            if count > 0 {
                *sample = nan;
            }
        }
    }
    Ok(())
}

/// For the columns of the region: whether a sample of this row of the window within the distance is NaN.
fn near<T: Sample>(row: impl Iterator<Item = T>, region: Region, distance: usize) -> Vec<bool> {
    let mut near = vec![false; region.width];
    // The first column of the region that no earlier NaN has reached.
    let mut done = 0;
    for (x, sample) in row.enumerate() {
        if is_missing(sample) {
            let from = x
                .saturating_sub(distance)
                .saturating_sub(region.x)
                .max(done);
            let to = (x.saturating_add(distance) + 1)
                .saturating_sub(region.x)
                .min(region.width);
            if from < to {
                near[from..to].fill(true);
                done = to;
            }
        }
    }
    near
}

/// Writes a value in place of NaN.
pub(super) fn replace<T: Sample>(picture: ViewMut<'_, T>, value: T) {
    let step = picture.step();
    for band in picture.bands(1) {
        for sample in band.iter_mut().step_by(step) {
            if is_missing(*sample) {
                *sample = value;
            }
        }
    }
}
