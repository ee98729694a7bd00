//! A grid from rows as they come, for pictures that are never in memory as a whole.

use rayon::prelude::*;

use super::grid::{Grid, cell_side};
use crate::finish::light::to_light;
use crate::plane::Plane;

/// A grid in the making: bit for bit what [`Grid::of`] makes of all rows.
#[derive(Clone, Debug)]
pub(crate) struct GridRows {
    grid: Grid,
    width: usize,
    height: usize,
    /// Light that the current row of cells has gathered so far, channels interleaved.
    sums: Vec<f32>,
    /// Rows that have come.
    rows: usize,
}

/// How many cells the grid of a picture of this size has.
pub(crate) fn cells(width: usize, height: usize) -> usize {
    let cell = cell_side(width, height);
    width.div_ceil(cell) * height.div_ceil(cell)
}

/// Cells that one thread sums up at a time.
const CELLS: usize = 256;

impl GridRows {
    /// For a picture of this size with 1 or 3 channels.
    pub(crate) fn new(width: usize, height: usize, channels: usize) -> Self {
        let cell = cell_side(width, height);
        let (columns, rows) = (width.div_ceil(cell), height.div_ceil(cell));
        Self {
            grid: Grid::from_light(cell, vec![Plane::filled(columns, rows, 0.0); channels]),
            width,
            height,
            sums: vec![0.0; columns * channels],
            rows: 0,
        }
    }

    /// The next rows, sRGB of 8 bits. Those beyond the picture's height are not looked at.
    pub(crate) fn push(&mut self, samples: &[u8]) {
        let (cell, row_len) = (self.grid.cell, self.width * self.grid.light.len());
        let left = self.height - self.rows;
        let mut rest = &samples[..samples.len().min(left * row_len)];
        while !rest.is_empty() {
            let end = (self.rows / cell + 1).saturating_mul(cell).min(self.height);
            let (now, later) = rest.split_at(rest.len().min((end - self.rows) * row_len));
            match self.grid.light.len() {
                1 => self.add::<1>(now),
                _ => self.add::<3>(now),
            }
            self.rows += now.len() / row_len;
            if self.rows == end {
                self.complete(end);
            }
            rest = later;
        }
    }

    /// Adds rows to the current row of cells: pixel after pixel and row after row, as `average::light_row` does, so that
    /// sums are rounded alike.
    fn add<const C: usize>(&mut self, samples: &[u8]) {
        let (table, cell) = (to_light(), self.grid.cell);
        let sums = self.sums.as_chunks_mut::<C>().0;
        sums.par_chunks_mut(CELLS)
            .enumerate()
            .for_each(|(i, sums)| {
                let from = i * CELLS * cell;
                let to = (from + sums.len() * cell).min(self.width);
                for row in samples.chunks_exact(self.width * C) {
                    let pixels = &row.as_chunks::<C>().0[from..to];
                    for (sum, pixels) in sums.iter_mut().zip(pixels.chunks(cell)) {
                        for pixel in pixels {
                            for (sum, &sample) in sum.iter_mut().zip(pixel) {
                                *sum += table[usize::from(sample)];
                            }
                        }
                    }
                }
            });
    }

    /// The row of cells that ends before row `end` has all its light.
    fn complete(&mut self, end: usize) {
        let (cell, channels) = (self.grid.cell, self.grid.light.len());
        let y = (end - 1) / cell;
        let rows = (end - y * cell) as f32;
        for (c, plane) in self.grid.light.iter_mut().enumerate() {
            let columns = plane.width;
            let out = &mut plane.data[y * columns..(y + 1) * columns];
            let sums = self.sums.iter().skip(c).step_by(channels);
            for (x, (out, sum)) in out.iter_mut().zip(sums).enumerate() {
                let pixels = cell.min(self.width - x * cell) as f32;
                *out = sum / (rows * pixels);
            }
        }
        self.sums.fill(0.0);
    }

    /// The grid, once all rows have come; `None` before.
    pub(crate) fn finish(self) -> Option<Grid> {
        (self.rows == self.height).then_some(self.grid)
    }
}
