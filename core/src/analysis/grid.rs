//! The picture as the analysis sees it: linear light, averaged over square cells to a bounded size.

use std::sync::OnceLock;

use rayon::prelude::*;

use super::stroke::Strokes;
use super::survey::{strokes_of, surface_of};
use crate::average::{Span, light_row};
use crate::background::Surface;
use crate::cancel::Interrupt;
use crate::image::Picture;
use crate::plane::Plane;

/// Long side that a grid has at most. Pictures up to it are analysed pixel by pixel.
pub(crate) const MOST_CELLS: usize = 2048;

/// A picture reduced to cells.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    /// Pixels along a cell's side; the last cell of a row or column may have fewer.
    pub cell: usize,
    /// Linear light, 0 to 1, one plane per channel.
    pub light: Vec<Plane<f32>>,
    /// What was measured in it so far: no setting changes it.
    measured: Measured,
}

#[derive(Clone, Debug, Default)]
struct Measured {
    surface: OnceLock<Surface>,
    light_strokes: OnceLock<Strokes>,
    dark_strokes: OnceLock<Strokes>,
}

/// Side in pixels of the cells into which a picture of this size is divided.
pub(crate) fn cell_side(width: usize, height: usize) -> usize {
    width.max(height).div_ceil(MOST_CELLS).max(1)
}

impl Grid {
    /// Averages a picture.
    pub(crate) fn of<I: Interrupt>(picture: &Picture, interrupt: &I) -> Result<Self, I::Stopped> {
        let (width, height) = (picture.width as usize, picture.height as usize);
        let cell = cell_side(width, height);
        let channels = picture.channels.count();
        let spans = |n: usize| -> Vec<Span> {
            (0..n.div_ceil(cell))
                .map(|i| Span::whole(i * cell..((i + 1) * cell).min(n)))
                .collect()
        };
        let (columns, rows) = (spans(width), spans(height));
        let (width, height) = (columns.len(), rows.len());
        let mut light = vec![Plane::filled(width, height, 0.0); channels];
        let bands: Vec<Vec<&mut [f32]>> = by_rows(&mut light, width);
        bands.into_par_iter().zip(&rows).try_for_each_init(
            || vec![0.0; width * channels],
            |row, (mut targets, span)| {
                interrupt.check()?;
                light_row(picture, &columns, span, row);
                for (c, target) in targets.iter_mut().enumerate() {
                    for (value, light) in
                        target.iter_mut().zip(row.iter().skip(c).step_by(channels))
                    {
                        *value = *light;
                    }
                }
                Ok(())
            },
        )?;
        Ok(Self::from_light(cell, light))
    }

    /// Of cells of this side, from their linear light, one plane per channel.
    pub(crate) fn from_light(cell: usize, light: Vec<Plane<f32>>) -> Self {
        Self {
            cell,
            light,
            measured: Measured::default(),
        }
    }

    /// Which surface it seems to show.
    pub(crate) fn surface(&self) -> Surface {
        *self.measured.surface.get_or_init(|| surface_of(self))
    }

    /// Its strokes, taken for those on such a surface.
    pub(super) fn strokes(&self, surface: Surface) -> Strokes {
        let measured = match surface {
            Surface::Light => &self.measured.light_strokes,
            Surface::Dark => &self.measured.dark_strokes,
        };
        *measured.get_or_init(|| strokes_of(self, surface))
    }

    /// Cells in a row.
    pub(crate) fn width(&self) -> usize {
        self.light[0].width
    }

    /// Rows of cells.
    pub(crate) fn height(&self) -> usize {
        self.light[0].height
    }

    /// The planes averaged down further to a long side of `side` cells; never enlarged.
    pub(crate) fn reduced(&self, side: usize) -> Vec<Plane<f32>> {
        let long = self.width().max(self.height());
        if long <= side {
            return self.light.clone();
        }
        let size = |n: usize| (n * side).div_ceil(long);
        self.light
            .par_iter()
            .map(|plane| plane.shrunk(size(plane.width), size(plane.height)))
            .collect()
    }
}

/// The same row of several planes of one width, row by row.
fn by_rows(planes: &mut [Plane<f32>], width: usize) -> Vec<Vec<&mut [f32]>> {
    let height = planes.first().map_or(0, |plane| plane.height);
    let mut rows: Vec<Vec<&mut [f32]>> = (0..height).map(|_| Vec::new()).collect();
    for plane in planes {
        for (row, part) in rows.iter_mut().zip(plane.data.chunks_exact_mut(width)) {
            row.push(part);
        }
    }
    rows
}
