//! What is measured before anything is decided: the background, and how much of its light the picture swallows.

use std::sync::Arc;

use rayon::prelude::*;

use super::grid::Grid;
use super::ink::{self, SCANNED};
use super::reflection::own_light;
use super::{Backdrop, Settled, stroke};
use crate::background::Surface;
use crate::background::smooth::gaussian;
use crate::cancel::Interrupt;
use crate::finish::light::to_light;
use crate::image::Picture;
use crate::plane::{Plane, for_each_row};

/// A background darker than this is as good as black; nothing is divided by less.
pub(crate) const DARKEST: f32 = 0.002;
/// Absorption nearer to 0 than this is paper.
const NEAR: f32 = 0.08;
/// With fewer cells of paper than this the picture says nothing about paper.
const ENOUGH: usize = 64;

/// A picture and its background, before thresholds. Belongs to the recipe's `background` section alone, so it is kept while
/// finishing is tuned.
#[derive(Clone, Debug)]
pub(crate) struct Survey {
    /// The background.
    pub backdrop: Arc<Backdrop>,
    /// Size of the picture in pixels.
    pub size: (usize, usize),
    /// What was chosen for the background.
    pub settled: Settled,
    /// Per channel: a factor on a light background, an offset on the excess over a dark one.
    pub paper: [f32; 3],
    /// Absorption (light) or excess (dark), cell by cell, one plane per channel.
    pub absorbed: Vec<Plane<f32>>,
    /// How even the light is: what the darker end of the background has of the brighter end's, 0 to 1.
    pub evenness: f32,
    /// That of the strongest channel.
    pub strongest: Plane<f32>,
    /// How steep the edges in it are, if that is kept: it is found again for every analysis otherwise.
    pub slope: Option<Plane<f32>>,
    /// How much of the absorption may be the background's error, cell by cell. `None` where the background is smooth.
    pub doubt: Option<Plane<f32>>,
    /// The share of the background that is the board's own light, cell by cell. `None` where nothing is reflected.
    pub own_light: Option<Plane<f32>>,
    /// Pixels along a cell's side.
    pub cell: usize,
}

impl Survey {
    /// Finds once what every analysis needs and no setting of the finish changes.
    pub(crate) fn keep_slope(&mut self) {
        self.slope = Some(ink::steepness(&self.strongest));
    }

    /// Compares a picture's cells with its background.
    pub(crate) fn of<I: Interrupt>(
        picture: &Picture,
        grid: &Grid,
        backdrop: Backdrop,
        settled: Settled,
        interrupt: &I,
    ) -> Result<Self, I::Stopped> {
        let (width, height) = (grid.width(), grid.height());
        let doubt = match &backdrop {
            Backdrop::Reduced(planes) if settled.surface == Surface::Light => {
                doubt_of(planes, (width, height))
            }
            // What writing adds to a dark board is no share of the board's light.
            _ => None,
        };
        let board: Vec<Plane<f32>> = match &backdrop {
            Backdrop::Reduced(planes) => planes
                .par_iter()
                .map(|plane| plane.stretched(width, height))
                .collect(),
            Backdrop::Full(found) => Grid::of(found, interrupt)?.light,
        };
        let surface = settled.surface;
        let evenness = evenness_of(&board);
        // Between hard shadows the board stands out as a reflection does, and a scanner's light mirrors nowhere.
        let own_light = if doubt.is_some() || evenness > SCANNED {
            None
        } else {
            own_light(&backdrop, surface, (width, height))
        };
        let mut absorbed: Vec<Plane<f32>> = grid
            .light
            .par_iter()
            .zip(board)
            .map(|(light, mut board)| {
                for (b, &light) in board.data.iter_mut().zip(&light.data) {
                    *b = absorption(surface, light, *b);
                }
                board
            })
            .collect();
        interrupt.check()?;
        let mut paper = [match surface {
            Surface::Light => 1.0,
            Surface::Dark => 0.0,
        }; 3];
        let settled_paper = absorbed.par_iter_mut().zip(paper.par_iter_mut());
        settled_paper.for_each(|(plane, paper)| {
            let level = level_of_paper(plane);
            match surface {
                Surface::Light => {
                    *paper = 1.0 - level;
                    for a in &mut plane.data {
                        *a = 1.0 - (1.0 - *a) / *paper;
                    }
                }
                Surface::Dark => {
                    *paper = level;
                    for a in &mut plane.data {
                        *a -= level;
                    }
                }
            }
        });
        let mut strongest = absorbed[0].clone();
        for_each_row(&mut strongest.data, width, |y, row| {
            for plane in &absorbed[1..] {
                for (most, &a) in row.iter_mut().zip(plane.row(y)) {
                    *most = most.max(a);
                }
            }
        });
        Ok(Self {
            backdrop: Arc::new(backdrop),
            size: (picture.width as usize, picture.height as usize),
            settled,
            paper,
            absorbed,
            evenness,
            slope: None,
            strongest,
            doubt,
            own_light,
            cell: grid.cell,
        })
    }
}

/// The share of the background's light that is missing (light surface), or the light in excess of it as a share of what
/// could be added (dark).
#[inline]
pub(crate) fn absorption(surface: Surface, light: f32, background: f32) -> f32 {
    match surface {
        Surface::Light => 1.0 - light / background.max(DARKEST),
        Surface::Dark => (light - background) / (1.0 - background).max(DARKEST),
    }
}

/// By how much a background, stretched to so many cells, may be wrong as a share of itself: where the light falls in a step,
/// a background that is a little beside its place is much beside the light.
fn doubt_of(planes: &[Plane<f32>], cells: (usize, usize)) -> Option<Plane<f32>> {
    /// Cells that it may be beside its place.
    const BESIDE: f32 = 3.0;
    /// Less than this is nothing: so little a reflection does, and ink is weak enough in it.
    const LITTLE: f32 = 0.1;
    /// Strong ink is beyond doubt, also on the edge of the deepest shadow.
    const MOST: f32 = 0.3;
    let (width, height) = (planes[0].width, planes[0].height);
    // The difference of two neighbours is over two steps.
    let share = 0.5 * BESIDE * width as f32 / cells.0 as f32;
    let mut doubt = Plane::filled(width, height, 0.0_f32);
    doubt
        .data
        .par_chunks_mut(width)
        .enumerate()
        .for_each(|(y, row)| {
            for plane in planes {
                let [above, here, below] =
                    [y.saturating_sub(1), y, (y + 1).min(height - 1)].map(|y| plane.row(y));
                for (x, doubt) in row.iter_mut().enumerate() {
                    let (left, right) = (x.saturating_sub(1), (x + 1).min(width - 1));
                    let (across, down) = (here[right] - here[left], below[x] - above[x]);
                    let slope = (across * across + down * down).sqrt() / here[x].max(0.01);
                    *doubt = doubt.max((share * slope - LITTLE).min(MOST));
                }
            }
        });
    let any = doubt.data.iter().any(|&doubt| doubt > 0.0);
    any.then(|| ink::greatest(&doubt, 1).stretched(cells.0, cells.1))
}

/// The darker end (5 %) of a background as a share of its brighter end (95 %), without its outermost sixteenth.
fn evenness_of(board: &[Plane<f32>]) -> f32 {
    let (width, height) = (board[0].width, board[0].height);
    let (step, inset) = ((width.max(height) / 200).max(1), (width / 16, height / 16));
    let mut light = Vec::new();
    for y in (inset.1..height - inset.1).step_by(step) {
        for x in (inset.0..width - inset.0).step_by(step) {
            light.push(
                board
                    .iter()
                    .map(|plane| plane.data[y * width + x])
                    .sum::<f32>(),
            );
        }
    }
    super::quantile(&mut light, 0.05) / super::quantile(&mut light, 0.95).max(1e-6)
}

/// The median absorption of what is near the background; 0 where that is too little.
fn level_of_paper(plane: &Plane<f32>) -> f32 {
    const WIDE: f32 = 0.25;
    let step = (plane.data.len() / 200_000).max(1);
    let mut near: Vec<f32> = plane
        .data
        .iter()
        .step_by(step)
        .copied()
        .filter(|a| a.abs() < WIDE)
        .collect();
    if near.len() < ENOUGH {
        return 0.0;
    }
    let middle = super::quantile(&mut near, 0.5);
    near.retain(|a| (a - middle).abs() < NEAR);
    if near.len() < ENOUGH {
        return middle;
    }
    super::quantile(&mut near, 0.5)
}

/// The background of a full-size picture as planes of light.
pub(crate) fn planes_of(picture: &Picture) -> Vec<Plane<f32>> {
    let (light, channels) = (to_light(), picture.channels.count());
    (0..channels)
        .map(|channel| Plane {
            width: picture.width as usize,
            height: picture.height as usize,
            data: picture
                .data
                .iter()
                .skip(channel)
                .step_by(channels)
                .map(|&sample| light[usize::from(sample)])
                .collect(),
        })
        .collect()
}

/// Whether the writing is lighter than what it is written on.
///
/// A board with more light than its surroundings has dark writing, whatever its own brightness; so what deviates from a
/// blurred copy is asked for its side, and only a picture that is dark as a whole can be a dark surface.
pub(super) fn surface_of(grid: &Grid) -> Surface {
    /// Linear light; sRGB 118.
    const DARK: f32 = 0.18;
    let planes = grid.reduced(400);
    let mut grey = planes[0].clone();
    for (i, value) in grey.data.iter_mut().enumerate() {
        *value = planes.iter().map(|plane| plane.data[i]).sum::<f32>() / planes.len() as f32;
    }
    let mut values = grey.data.clone();
    if super::quantile(&mut values, 0.5) >= DARK {
        return Surface::Light;
    }
    let around = gaussian(&grey, 30.0);
    let (mut lighter, mut darker) = (0.0_f64, 0.0_f64);
    for (&v, &mean) in grey.data.iter().zip(&around.data) {
        // Of light, a dark stroke on a dim board takes half or more; a light one on a dark board adds as much.
        let ratio = libm::logf((v + 0.005) / (mean + 0.005));
        if ratio > 0.5 {
            lighter += f64::from(ratio - 0.5);
        } else if ratio < -0.5 {
            darker += f64::from(-ratio - 0.5);
        }
    }
    if lighter > darker {
        Surface::Dark
    } else {
        Surface::Light
    }
}

/// Strokes of a grid, for a surface.
pub(super) fn strokes_of(grid: &Grid, surface: Surface) -> stroke::Strokes {
    match surface {
        Surface::Light => stroke::measure(&grid.light, grid.cell),
        Surface::Dark => {
            // Light strokes on dark are dark ones on light in the negative.
            let negative: Vec<Plane<f32>> = grid
                .light
                .iter()
                .map(|plane| plane.map(|light| 1.0 - light))
                .collect();
            stroke::measure(&negative, grid.cell)
        }
    }
}
