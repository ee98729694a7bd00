//! The background's light and the picture's absorption, row by row, for a stretch of columns.

use std::ops::Range;

use super::depth::Depth;
use super::place::Place;
use super::region::Samples;
use crate::analysis::{Analysis, Backdrop, DARKEST};
use crate::background::Surface;
use crate::finish::light::to_light;

/// Where every column of a picture lies in the analysis' grids.
#[derive(Debug)]
pub(super) struct Board<'a> {
    pub analysis: &'a Analysis,
    place: Place,
    size: (usize, usize),
    channels: usize,
    /// Left neighbour in the reduced background, and the way to the right one.
    columns: Vec<(u32, f32)>,
    /// The same in the surroundings' plane.
    around: Vec<(u32, f32)>,
    /// Column of the mask.
    cells: Vec<u32>,
}

/// What one row of cells says.
pub(super) struct Cells<'a> {
    board: &'a Board<'a>,
    y: usize,
}

/// The ink around the pixels of one row.
pub(super) struct Around<'a> {
    board: &'a Board<'a>,
    /// The two rows of the surroundings that it lies between.
    rows: [usize; 2],
    /// The way from the upper one to the lower.
    down: f32,
}

impl<'a> Board<'a> {
    /// For a picture of this size and so many channels, which shows `place`.
    pub(super) fn new(
        analysis: &'a Analysis,
        place: Place,
        size: (usize, usize),
        channels: usize,
    ) -> Self {
        let width = size.0;
        let columns = match &*analysis.backdrop {
            Backdrop::Reduced(planes) => {
                let source = planes[0].width;
                (0..width)
                    .map(|x| place.x.between(x, width, source))
                    .collect()
            }
            Backdrop::Full(_) => Vec::new(),
        };
        let source = analysis.surroundings[0].width;
        let (cells, side) = (analysis.mask.width(), analysis.cell());
        Self {
            analysis,
            place,
            size,
            channels,
            columns,
            around: (0..width)
                .map(|x| place.x.between(x, width, source))
                .collect(),
            cells: (0..width)
                .map(|x| place.x.cell(x, width, side, cells, analysis.size.0))
                .collect(),
        }
    }

    /// The background's light in these columns of row `y`: one plane's row after the other, in `out`. `blended` is
    /// working space.
    pub(super) fn light(
        &self,
        y: usize,
        x: &Range<usize>,
        blended: &mut Vec<f32>,
        out: &mut [f32],
    ) {
        let n = x.len();
        match &*self.analysis.backdrop {
            Backdrop::Full(picture) => {
                let light = to_light();
                let row_len = picture.row_len();
                let row = &picture.data[y * row_len..(y + 1) * row_len];
                let row = &row[x.start * self.channels..x.end * self.channels];
                for (c, out) in out.chunks_exact_mut(n).enumerate() {
                    for (value, &sample) in out
                        .iter_mut()
                        .zip(row.iter().skip(c).step_by(self.channels))
                    {
                        *value = light[usize::from(sample)];
                    }
                }
            }
            Backdrop::Reduced(planes) => {
                let columns = &self.columns[x.clone()];
                let (Some(first), Some(last)) = (columns.first(), columns.last()) else {
                    return;
                };
                let (first, last) = (first.0 as usize, last.0 as usize);
                for (plane, out) in planes.iter().zip(out.chunks_exact_mut(n)) {
                    let (y0, share) = self.place.y.between(y, self.size.1, plane.height);
                    let y0 = y0 as usize;
                    let y1 = (y0 + 1).min(plane.height - 1);
                    let end = (last + 2).min(plane.width);
                    let rows = plane.row(y0)[first..end]
                        .iter()
                        .zip(&plane.row(y1)[first..end]);
                    blended.clear();
                    blended.extend(rows.map(|(above, below)| above + (below - above) * share));
                    // So that the right neighbour of the last column exists.
                    blended.extend(blended.last().copied());
                    for (value, &(left, share)) in out.iter_mut().zip(columns) {
                        let left = left as usize - first;
                        let (from, to) = (blended[left], blended[left + 1]);
                        *value = from + (to - from) * share;
                    }
                }
            }
        }
    }

    /// Absorption (light surface) or excess (dark) in these columns of row `y`, one channel's row after the other.
    pub(super) fn absorption<D: Depth>(
        &self,
        picture: &Samples<'_, D>,
        y: usize,
        x: &Range<usize>,
        blended: &mut Vec<f32>,
        out: &mut [f32],
    ) {
        self.light(y, x, blended, out);
        let row = picture.row(y, x);
        let (light, paper) = (D::table(), self.analysis.paper);
        let dark = self.analysis.surface() == Surface::Dark;
        for (c, out) in out.chunks_exact_mut(x.len()).enumerate() {
            let samples = row.iter().skip(c).step_by(self.channels);
            let paper = paper[c];
            if dark {
                for (value, sample) in out.iter_mut().zip(samples) {
                    let excess = sample.light(light) - *value;
                    *value = excess / (1.0 - *value).max(DARKEST) - paper;
                }
            } else {
                for (value, sample) in out.iter_mut().zip(samples) {
                    *value = 1.0 - sample.light(light) / (*value * paper).max(DARKEST);
                }
            }
        }
    }

    /// What the mask and the surroundings say of row `y`.
    pub(super) fn cells(&'a self, y: usize) -> Cells<'a> {
        let (side, mask) = (self.analysis.cell(), &self.analysis.mask);
        let row = self
            .place
            .y
            .cell(y, self.size.1, side, mask.height(), self.analysis.size.1);
        Cells {
            board: self,
            y: row as usize,
        }
    }

    /// The ink around the pixels of row `y`.
    pub(super) fn around(&'a self, y: usize) -> Around<'a> {
        let height = self.analysis.surroundings[0].height;
        let (upper, down) = self.place.y.between(y, self.size.1, height);
        let upper = upper as usize;
        Around {
            board: self,
            rows: [upper, (upper + 1).min(height - 1)],
            down,
        }
    }

    /// Whether there may be ink in a rectangle of the picture.
    pub(super) fn any_ink(&self, x: &Range<usize>, y: &Range<usize>) -> bool {
        let columns = self.cells[x.start] as usize..self.cells[x.end - 1] as usize + 1;
        let rows = self.cells(y.start).y..self.cells(y.end - 1).y + 1;
        self.analysis.mask.any(columns, rows)
    }
}

impl Around<'_> {
    /// What this plane of the surroundings says at column `x`.
    #[inline]
    pub(super) fn at(&self, plane: usize, x: usize) -> f32 {
        let plane = &self.board.analysis.surroundings[plane];
        let [upper, lower] = self.rows.map(|row| plane.row(row));
        let (left, share) = self.board.around[x];
        let (left, right) = (left as usize, (left as usize + 1).min(plane.width - 1));
        let above = upper[left] + (upper[right] - upper[left]) * share;
        let below = lower[left] + (lower[right] - lower[left]) * share;
        above + (below - above) * self.down
    }
}

impl Cells<'_> {
    /// Of these columns those from the first to the last where there may be ink.
    pub(super) fn span(&self, columns: &Range<usize>) -> Range<usize> {
        let mut found = columns.clone();
        while found.start < found.end && !self.may_be_ink(found.start) {
            found.start += 1;
        }
        while found.start < found.end && !self.may_be_ink(found.end - 1) {
            found.end -= 1;
        }
        found
    }

    /// Whether there may be ink at column `x`.
    #[inline]
    pub(super) fn may_be_ink(&self, x: usize) -> bool {
        self.board
            .analysis
            .mask
            .get(self.board.cells[x] as usize, self.y)
    }
}
