//! One channel of a picture in memory.

use std::ops::Range;

use rayon::prelude::*;

/// Fewer samples than this are not worth a second thread.
const WORTH_A_THREAD: usize = 1 << 13;

/// A rectangle of samples, rows from top to bottom without padding.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane<T> {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `width · height` samples.
    pub data: Vec<T>,
}

impl<T: Copy> Plane<T> {
    /// A plane of one value.
    #[must_use]
    pub fn filled(width: usize, height: usize, value: T) -> Self {
        Self {
            width,
            height,
            data: vec![value; width * height],
        }
    }

    /// A plane of these samples; `None` when there are not exactly `width · height`, or none at all.
    #[must_use]
    pub fn new(width: usize, height: usize, data: Vec<T>) -> Option<Self> {
        (data.len() == width * height && !data.is_empty()).then_some(Self {
            width,
            height,
            data,
        })
    }

    /// One row.
    #[must_use]
    pub fn row(&self, y: usize) -> &[T] {
        &self.data[y * self.width..(y + 1) * self.width]
    }

    /// The plane with `f` applied to every sample.
    #[must_use]
    pub fn map<U>(&self, f: impl Fn(T) -> U) -> Plane<U> {
        Plane {
            width: self.width,
            height: self.height,
            data: self.data.iter().map(|&v| f(v)).collect(),
        }
    }
}

impl Plane<f32> {
    /// Shrinks to `width` × `height` by averaging; never enlarges, so larger sizes are cut to the plane's own.
    ///
    /// The mean of a noisy cell is the noise-free value, the extreme is not: that is why not by minimum or maximum.
    #[must_use]
    pub fn shrunk(&self, width: usize, height: usize) -> Self {
        if (width, height) == (self.width, self.height) {
            return self.clone();
        }
        shrunk((self.width, self.height), (width, height), |y, columns| {
            self.row(y)[columns].iter().sum()
        })
    }

    /// The product of this plane and another of its size, as [`Plane::shrunk`] would shrink it.
    pub(crate) fn shrunk_product(&self, by: &Self, width: usize, height: usize) -> Self {
        if (width, height) == (self.width, self.height) {
            let pairs = self.data.iter().zip(&by.data);
            return Self {
                width,
                height,
                data: pairs.map(|(&a, &b)| a * b).collect(),
            };
        }
        shrunk((self.width, self.height), (width, height), |y, columns| {
            let pairs = self.row(y)[columns.clone()].iter().zip(&by.row(y)[columns]);
            pairs.map(|(&a, &b)| a * b).sum()
        })
    }

    /// Resizes bilinearly, pixel centres on pixel centres, edges repeated. Right for smooth surfaces only.
    #[must_use]
    pub fn stretched(&self, width: usize, height: usize) -> Self {
        let columns: Vec<_> = (0..width).map(|x| between(x, width, self.width)).collect();
        let mut data = vec![0.0; width * height];
        for_each_row(&mut data, width, |y, row| {
            let (y0, y1, fy) = between(y, height, self.height);
            let (upper, lower) = (self.row(y0), self.row(y1));
            for (v, &(x0, x1, fx)) in row.iter_mut().zip(&columns) {
                let above = upper[x0] + (upper[x1] - upper[x0]) * fx;
                let below = lower[x0] + (lower[x1] - lower[x0]) * fx;
                *v = above + (below - above) * fy;
            }
        });
        Self {
            width,
            height,
            data,
        }
    }
}

/// Means of the cells of a plane of size `from`, in a plane of size `to`, which is no larger. `sum` is that of some columns of
/// a row.
fn shrunk(
    from: (usize, usize),
    to: (usize, usize),
    sum: impl Fn(usize, Range<usize>) -> f32 + Sync,
) -> Plane<f32> {
    let (width, height) = (to.0.clamp(1, from.0), to.1.clamp(1, from.1));
    let columns: Vec<_> = (0..width).map(|x| cell(x, width, from.0)).collect();
    let mut data = vec![0.0; width * height];
    for_each_row(&mut data, width, |y, row| {
        let rows = cell(y, height, from.1);
        for (mean, columns) in row.iter_mut().zip(&columns) {
            let total: f32 = rows.clone().map(|sy| sum(sy, columns.clone())).sum();
            *mean = total / (rows.len() * columns.len()) as f32;
        }
    });
    Plane {
        width,
        height,
        data,
    }
}

/// Visits the rows of some data, by as many threads as it is worth.
pub(crate) fn for_each_row<T: Send>(
    data: &mut [T],
    width: usize,
    visit: impl Fn(usize, &mut [T]) + Sync,
) {
    let least = WORTH_A_THREAD.div_ceil(width.max(1));
    data.par_chunks_mut(width.max(1))
        .enumerate()
        .with_min_len(least)
        .for_each(|(y, row)| visit(y, row));
}

/// The source pixels that target pixel `i` of `n` averages, of `source` pixels (`n ≤ source`): whole pixels, without
/// gaps or overlaps.
pub(crate) fn cell(i: usize, n: usize, source: usize) -> Range<usize> {
    i * source / n..(i + 1) * source / n
}

/// The two source pixels between whose centres the centre of target pixel `i` of `n` lies, and how far towards the
/// second.
fn between(i: usize, n: usize, source: usize) -> (usize, usize, f32) {
    around((i as f64 + 0.5) * source as f64 / n as f64, source)
}

/// The two of `source` pixels between whose centres the point `at` lies (pixel i reaches from i to i + 1), and how far
/// towards the second; beyond the outermost centres, the outermost pixel.
pub(crate) fn around(at: f64, source: usize) -> (usize, usize, f32) {
    let at = (at - 0.5).clamp(0.0, (source - 1) as f64);
    let first = at as usize;
    (
        first,
        (first + 1).min(source - 1),
        (at - first as f64) as f32,
    )
}
