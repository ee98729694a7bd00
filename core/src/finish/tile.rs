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
    /// Of each row, the columns where there may be ink.
    spans: Vec<Range<usize>>,
    /// A row of the strongest, smoothed.
    smoothed: Vec<f32>,
    padded: Vec<f32>,
    gathered: [Vec<f32>; 5],
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
    find_spans(board, &rows, &columns, &mut buffers.spans);
    absorb(samples, board, &rows, &columns, buffers);
    weigh(board, &rows, &columns, samples.channels, buffers);
    let width = columns.len();
    for (i, y) in target.rows.clone().enumerate() {
        let row = y - rows.start;
        let ends = target.columns.start - columns.start..target.columns.end - columns.start;
        let span = within(&buffers.spans[row], &ends);
        if span.is_empty() {
            continue;
        }
        gather(bell, row, &span, width, samples.channels, buffers);
        let around = board.around(y);
        let around = |plane, x| around.at(plane, columns.start + span.start + x);
        let at = row * width + span.start..row * width + span.end;
        let ink = &buffers.ink[at.clone()];
        let left = target.left + (span.start - ends.start) * samples.channels;
        let out = &mut target.out[i * target.row_len + left..][..span.len() * samples.channels];
        let gathered = |plane: usize| &buffers.gathered[plane][..span.len()];
        if samples.channels == 1 {
            inks.grey([gathered(0), gathered(1)], ink, around, out);
        } else {
            let absorbed = [0, 1, 2].map(|c| &buffers.absorbed[c][at.clone()]);
            inks.colour([0, 1, 2, 3, 4].map(gathered), absorbed, ink, around, out);
        }
    }
}

/// What two ranges share.
fn within(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    let start = a.start.max(b.start);
    start..a.end.min(b.end).max(start)
}

/// Of each row, from where to where there may be ink, counted from the first of the columns. Most of a board is paper, and
/// nothing needs to be known of it.
fn find_spans(
    board: &Board<'_>,
    rows: &Range<usize>,
    columns: &Range<usize>,
    spans: &mut Vec<Range<usize>>,
) {
    spans.clear();
    spans.extend(rows.clone().map(|y| {
        let span = board.cells(y).span(columns);
        span.start - columns.start..span.end - columns.start
    }));
}

/// Absorption where there may be ink, and a pixel around.
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
        let Some(span) = smoothed_over(&buffers.spans, i, width) else {
            continue;
        };
        let (n, at) = (span.len(), i * width + span.start..i * width + span.end);
        let row = &mut buffers.row[..n * channels];
        let there = columns.start + span.start..columns.start + span.end;
        board.absorption(samples, y, &there, &mut buffers.blended, row);
        for (plane, row) in buffers.absorbed.iter_mut().zip(row.chunks_exact(n)) {
            plane[at.clone()].copy_from_slice(row);
        }
        let strongest = &mut buffers.strongest[at];
        strongest.copy_from_slice(&row[..n]);
        for row in row.chunks_exact(n).skip(1) {
            for (most, &a) in strongest.iter_mut().zip(row) {
                *most = most.max(a);
            }
        }
    }
}

/// The columns of row `i` that smoothing reads: one around what may be ink in it and in its neighbours.
fn smoothed_over(spans: &[Range<usize>], i: usize, width: usize) -> Option<Range<usize>> {
    let near = &spans[i.saturating_sub(1)..(i + 2).min(spans.len())];
    let inked = near.iter().filter(|span| !span.is_empty());
    let start = inked.clone().map(|span| span.start).min()?;
    let end = inked.map(|span| span.end).max()?;
    Some(start.saturating_sub(1)..(end + 1).min(width))
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
    buffers.smoothed.resize(width, 0.0);
    for (i, y) in rows.clone().enumerate() {
        let span = buffers.spans[i].clone();
        if span.is_empty() {
            continue;
        }
        // With a neighbour on either side, as far as there are any.
        let wide = span.start.saturating_sub(1)..(span.end + 1).min(width);
        let near = [i.saturating_sub(1), i, (i + 1).min(height - 1)];
        let near = near.map(|i| &buffers.strongest[i * width + wide.start..i * width + wide.end]);
        smoothed_row(near, &mut buffers.smoothed[wide.clone()]);
        let cells = board.cells(y);
        let at = i * width;
        for x in span {
            let mut ink = 0.0;
            if cells.may_be_ink(columns.start + x) {
                let sure = certainty(buffers.smoothed[x], low);
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

/// Gathers what is weighted around the pixels of a row's span. The outermost column and row were there for smoothing only;
/// within the picture they lie beyond the Gaussian.
fn gather(
    bell: &Bell,
    row: usize,
    span: &Range<usize>,
    width: usize,
    channels: usize,
    buffers: &mut Buffers,
) {
    let (reach, n) = (bell.reach(), span.len());
    // What the Gaussian reaches of the row; beyond the picture there is nothing.
    let reached = span.start.saturating_sub(reach)..(span.end + reach).min(width);
    let pad = reach - (span.start - reached.start);
    let inked = |row: usize| !buffers.spans[row].is_empty();
    buffers.padded.resize(n + 2 * reach, 0.0);
    let planes = if channels == 1 { 2 } else { 5 };
    for (weighted, gathered) in buffers.weighted[..planes].iter().zip(&mut buffers.gathered) {
        gathered.resize(n, 0.0);
        buffers.padded[..pad].fill(0.0);
        buffers.padded[pad + reached.len()..].fill(0.0);
        let down = &mut buffers.padded[pad..pad + reached.len()];
        bell.down(weighted, width, (&reached, row), inked, down);
        bell.across(&buffers.padded, gathered);
    }
}
