//! ImageJ's 3×3 filters: first along rows, then along columns, edges repeated.

use rayon::prelude::*;

use crate::cancel::Interrupt;
use crate::plane::Plane;

/// A third as ImageJ writes it, in f32.
const THIRD: f32 = 0.333_333_33;

/// The mean of each 3×3 neighbourhood.
pub(super) fn mean<I: Interrupt>(
    picture: &mut Plane<f32>,
    interrupt: &I,
) -> Result<(), I::Stopped> {
    along_rows(picture, |a, b, c| (a + b + c) * THIRD, interrupt)?;
    picture.data = along_columns(picture, |a, b, c| (a + b + c) * THIRD, interrupt)?;
    Ok(())
}

/// The maximum of each 3×3 neighbourhood, and by how much pixels rose on average.
pub(super) fn maximum<I: Interrupt>(
    picture: &mut Plane<f32>,
    interrupt: &I,
) -> Result<f64, I::Stopped> {
    let higher = |a, b, c| {
        let outer = if a > c { a } else { c };
        if b > outer { b } else { outer }
    };
    // The sums are rounded, so they are taken line by line as ImageJ does: rows from left to right, then columns from top
    // to bottom, and only then all lines.
    let mut rises = along_rows(picture, higher, interrupt)?;
    let data = along_columns(picture, higher, interrupt)?;
    let mut columns = vec![0.0_f64; picture.width];
    let rows = data
        .chunks(picture.width)
        .zip(picture.data.chunks(picture.width));
    for (after, before) in rows {
        interrupt.check()?;
        for ((sum, after), before) in columns.iter_mut().zip(after).zip(before) {
            *sum += f64::from(after - before);
        }
    }
    picture.data = data;
    rises.append(&mut columns);
    let rise = rises.iter().fold(0.0, |sum, rise| sum + rise);
    Ok(rise / picture.width as f64 / picture.height as f64)
}

/// Filters rows in place; gives the sum of each row's changes.
fn along_rows<I: Interrupt>(
    picture: &mut Plane<f32>,
    filter: impl Fn(f32, f32, f32) -> f32 + Sync,
    interrupt: &I,
) -> Result<Vec<f64>, I::Stopped> {
    let rows = picture.data.par_chunks_mut(picture.width);
    rows.map(|row| {
        interrupt.check()?;
        let mut sum = 0.0;
        let mut before = row[0];
        for x in 0..row.len() {
            let here = row[x];
            let after = row.get(x + 1).copied().unwrap_or(here);
            row[x] = filter(before, here, after);
            sum += f64::from(row[x] - here);
            before = here;
        }
        Ok(sum)
    })
    .collect()
}

/// Filters columns.
fn along_columns<I: Interrupt>(
    picture: &Plane<f32>,
    filter: impl Fn(f32, f32, f32) -> f32 + Sync,
    interrupt: &I,
) -> Result<Vec<f32>, I::Stopped> {
    let mut data = vec![0.0_f32; picture.data.len()];
    let rows = data.par_chunks_mut(picture.width).enumerate();
    rows.try_for_each(|(y, results)| {
        interrupt.check()?;
        let above = picture.row(y.saturating_sub(1));
        let below = picture.row((y + 1).min(picture.height - 1));
        let neighbours = above.iter().zip(picture.row(y)).zip(below);
        for (result, ((&a, &b), &c)) in results.iter_mut().zip(neighbours) {
            *result = filter(a, b, c);
        }
        Ok(())
    })?;
    Ok(data)
}
