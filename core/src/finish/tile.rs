//! One tile: absorption, what of it is ink, and solid ink from it.

use std::ops::Range;

use super::blur::Bell;
use super::board::Board;
use super::depth::Depth;
use super::ink::Inks;
use super::region::{Samples, smoothed_row};
use crate::analysis::{Analysis, certainty};
use crate::background::Surface;

/// Where a tile's result goes.
pub(super) struct Target<'a, D> {
    /// Rows of the picture.
    pub rows: Range<usize>,
    /// Columns of the picture.
    pub columns: Range<usize>,
    /// Rows of the result, beginning with the tile's first.
    pub out: &'a mut [D],
    /// Where in a row of the result the tile begins, in samples.
    pub left: usize,
    /// Samples in a row of the result.
    pub row_len: usize,
}

/// Working space of one thread.
#[derive(Default)]
pub(super) struct Buffers {
    blended: Vec<f32>,
    row: Vec<f32>,
    /// Absorption of the tile and what surrounds it, channel by channel.
    absorbed: [Vec<f32>; 3],
    strongest: Vec<f32>,
    /// How much ink a pixel has, smoothly 0 where it is paper.
    ink: Vec<f32>,
    /// What is gathered: ink⁴, ink⁵, and ink⁴ times each channel.
    weighted: [Vec<f32>; 5],
    down: Vec<f32>,
    padded: Vec<f32>,
    gathered: [Vec<f32>; 5],
    around: Vec<f32>,
}

impl Buffers {
    /// Space for blending and for a row of so many values.
    pub(super) fn row(&mut self, n: usize) -> (&mut Vec<f32>, &mut [f32]) {
        self.row.resize(n, 0.0);
        (&mut self.blended, &mut self.row[..n])
    }
}

/// The sample that clean paper, or a clean dark board, has.
pub(super) fn paper<D: Depth>(analysis: &Analysis) -> D {
    D::nearest(match analysis.surface() {
        Surface::Light => D::MOST,
        Surface::Dark => 0.0,
    })
}

/// Finishes a tile. The target holds paper already.
pub(super) fn finish<D: Depth>(
    samples: &Samples<'_, D>,
    board: &Board<'_>,
    bell: &Bell,
    inks: &Inks,
    target: &mut Target<'_, D>,
    buffers: &mut Buffers,
) {
    if !board.any_ink(&target.columns, &target.rows) {
        return;
    }
    let reach = bell.reach();
    // Smoothing looks one pixel further than gathering.
    let wide = |range: &Range<usize>, by: usize, end: usize| {
        range.start.saturating_sub(by)..(range.end + by).min(end)
    };
    let rows = wide(&target.rows, reach + 1, samples.height);
    let columns = wide(&target.columns, reach + 1, samples.width);
    absorb(samples, board, &rows, &columns, buffers);
    weigh(board, &rows, &columns, samples.channels, buffers);
    gather(bell, target, &rows, &columns, samples.channels, buffers);
    let n = target.columns.len();
    let width = columns.len();
    let inset = target.columns.start - columns.start;
    for (i, y) in target.rows.clone().enumerate() {
        board.around(y, &target.columns, &mut buffers.around);
        let start = (y - rows.start) * width + inset;
        let ink = &buffers.ink[start..start + n];
        let out = &mut target.out[i * target.row_len + target.left..][..n * samples.channels];
        let gathered = |plane: usize| &buffers.gathered[plane][i * n..(i + 1) * n];
        if samples.channels == 1 {
            let around = [0, 1].map(|plane| &buffers.around[plane * n..(plane + 1) * n]);
            inks.grey([gathered(0), gathered(1)], ink, around, out);
        } else {
            let absorbed = [0, 1, 2].map(|c| &buffers.absorbed[c][start..start + n]);
            let gathered = [0, 1, 2, 3, 4].map(gathered);
            let around = [0, 1, 2, 3, 4].map(|plane| &buffers.around[plane * n..(plane + 1) * n]);
            inks.colour(gathered, absorbed, ink, around, out);
        }
    }
}

/// Absorption of the tile and what surrounds it.
fn absorb<D: Depth>(
    samples: &Samples<'_, D>,
    board: &Board<'_>,
    rows: &Range<usize>,
    columns: &Range<usize>,
    buffers: &mut Buffers,
) {
    let (width, channels) = (columns.len(), samples.channels);
    let count = width * rows.len();
    buffers.strongest.resize(count, 0.0);
    for plane in &mut buffers.absorbed[..channels] {
        plane.resize(count, 0.0);
    }
    buffers.row.resize(width * channels, 0.0);
    for (i, y) in rows.clone().enumerate() {
        let at = i * width..(i + 1) * width;
        board.absorption(
            samples,
            y,
            columns,
            &mut buffers.blended,
            &mut buffers.row[..width * channels],
        );
        for (plane, row) in buffers
            .absorbed
            .iter_mut()
            .zip(buffers.row.chunks_exact(width))
        {
            plane[at.clone()].copy_from_slice(row);
        }
        let strongest = &mut buffers.strongest[at.clone()];
        strongest.copy_from_slice(&buffers.row[..width]);
        for row in buffers.row[..width * channels].chunks_exact(width).skip(1) {
            for (most, &a) in strongest.iter_mut().zip(row) {
                *most = most.max(a);
            }
        }
    }
}

/// How much ink every pixel has, and what is gathered from it.
fn weigh(
    board: &Board<'_>,
    rows: &Range<usize>,
    columns: &Range<usize>,
    channels: usize,
    buffers: &mut Buffers,
) {
    let (width, height) = (columns.len(), rows.len());
    let low = board.analysis.low;
    buffers.ink.resize(width * height, 0.0);
    let planes = if channels == 1 { 2 } else { 5 };
    for plane in &mut buffers.weighted[..planes] {
        plane.clear();
        plane.resize(width * height, 0.0);
    }
    let mut smoothed = vec![0.0; width];
    for (i, y) in rows.clone().enumerate() {
        let near = [i.saturating_sub(1), i, (i + 1).min(height - 1)];
        let near = near.map(|i| &buffers.strongest[i * width..(i + 1) * width]);
        smoothed_row(near, &mut smoothed);
        let cells = board.cells(y);
        let at = i * width;
        for x in 0..width {
            let mut ink = 0.0;
            if cells.may_be_ink(columns.start + x) {
                let sure = certainty(smoothed[x], low);
                if sure > 0.0 {
                    for plane in &mut buffers.absorbed[..channels] {
                        plane[at + x] = plane[at + x].max(0.0) * sure;
                    }
                    ink = buffers.strongest[at + x].max(0.0) * sure;
                }
            }
            buffers.ink[at + x] = ink;
            if ink > 0.0 {
                let square = ink * ink;
                let fourth = square * square;
                buffers.weighted[0][at + x] = fourth;
                buffers.weighted[1][at + x] = fourth * ink;
                if channels == 3 {
                    for c in 0..3 {
                        buffers.weighted[2 + c][at + x] = fourth * buffers.absorbed[c][at + x];
                    }
                }
            }
        }
    }
}

/// Gathers what is weighted around every pixel of the tile.
fn gather<D>(
    bell: &Bell,
    target: &Target<'_, D>,
    rows: &Range<usize>,
    columns: &Range<usize>,
    channels: usize,
    buffers: &mut Buffers,
) {
    let (width, reach) = (columns.len(), bell.reach());
    let (n, height) = (target.columns.len(), target.rows.len());
    let inset = target.columns.start - columns.start;
    // The outermost column and row were there for smoothing only; within the picture they lie beyond the Gaussian.
    buffers.down.resize(width * height, 0.0);
    buffers.padded.clear();
    buffers.padded.resize(n + 2 * reach, 0.0);
    let planes = if channels == 1 { 2 } else { 5 };
    for (weighted, gathered) in buffers.weighted[..planes].iter().zip(&mut buffers.gathered) {
        gathered.resize(n * height, 0.0);
        bell.down(
            weighted,
            width,
            target.rows.start - rows.start,
            &mut buffers.down,
        );
        for (row, out) in buffers
            .down
            .chunks_exact(width)
            .zip(gathered.chunks_exact_mut(n))
        {
            // What the Gaussian reaches of the row; beyond the picture there is nothing.
            let from = inset.saturating_sub(reach);
            let to = (inset + n + reach).min(width);
            let pad = reach - (inset - from);
            buffers.padded[..pad].fill(0.0);
            buffers.padded[pad..pad + to - from].copy_from_slice(&row[from..to]);
            buffers.padded[pad + to - from..].fill(0.0);
            bell.across(&buffers.padded, out);
        }
    }
}
