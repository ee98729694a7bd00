//! What is learnt once from the whole picture: background, thresholds, and where ink is.
//!
//! An [`Analysis`] is a value that can be kept and sent. With it, any region of the result is a pure function of the
//! region's pixels and those within [`Analysis::reach`] around it.

mod bits;
mod grid;
mod ink;
mod reflection;
mod regions;
mod rows;
mod solid;
mod store;
mod stroke;
mod survey;

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use bits::Bits;
pub(crate) use grid::{Grid, cell_side};
pub(crate) use ink::certainty;
pub(crate) use rows::{GridRows, cells};
pub(crate) use survey::{DARKEST, Survey, planes_of};

use crate::background::Surface;
use crate::image::Picture;
use crate::plane::Plane;
use crate::recipe::{Background, Finish, SurfaceChoice};

/// A background of a whole picture.
#[derive(Clone, Debug, PartialEq)]
pub enum Backdrop {
    /// Linear light at reduced size, one plane per channel; smooth, so it is stretched bilinearly.
    Reduced(Vec<Plane<f32>>),
    /// sRGB samples at full size.
    Full(Picture),
}

/// What was chosen for the background where the recipe leaves it to the picture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settled {
    /// Which surface was found.
    pub surface: Surface,
    /// Median width of the strokes, in pixels of the picture.
    pub stroke: f32,
    /// What nine in ten strokes are narrower than, in pixels of the picture.
    pub wide_stroke: f32,
    /// Radius of the small ball, in % of the picture's long side.
    pub small: f32,
}

/// Everything that finishing needs to know about the whole picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// Width and height of the picture in pixels.
    pub size: (usize, usize),
    /// The background.
    pub backdrop: Arc<Backdrop>,
    /// What was chosen for it.
    pub settled: Settled,
    /// Per channel, what the paper's typical value still differs by from the background: a factor on a light surface
    /// (1 when the background is right), an offset on a dark one (0 when it is).
    pub paper: [f32; 3],
    /// Standard deviation of paper, as absorption.
    pub noise: f32,
    /// What strong ink absorbs, 0 to 1.
    pub ink: f32,
    /// Absorption below which everything is paper.
    pub low: f32,
    /// Absorption that a region must reach somewhere to be ink.
    pub high: f32,
    /// The exponent of what ink lets through that makes typical ink as dense as a fresh marker's.
    pub lift: f32,
    /// The cells where ink may be.
    pub mask: Bits,
    /// Ink over 2.5 strokes around, at reduced size: its mean, what whole ink absorbs, and of colour pictures that in every
    /// channel.
    pub surroundings: Vec<Plane<f32>>,
    /// How the recipe wants it finished.
    pub finish: Finish,
}

/// A summary for people: what was chosen for one picture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chosen {
    /// `light` or `dark`.
    pub surface: Surface,
    /// Median width of the strokes in pixels.
    pub stroke_px: f32,
    /// Radius of the small ball in % of the long side.
    pub small: f32,
    /// Noise of the paper: standard deviation, in % of the board's light.
    pub noise: f32,
    /// What strong ink absorbs, in % of the board's light.
    pub ink: f32,
    /// What is at least this bright is paper, in % of the board's light.
    pub white: f32,
    /// What must be at least this dark somewhere to be ink, in % of the board's light.
    pub dark: f32,
    /// How many times as dense ink became.
    pub lift: f32,
}

impl Analysis {
    /// Decides, for a survey, what is ink.
    pub(crate) fn of(survey: &Survey, finish: &Finish) -> Self {
        let smoothed = ink::smoothed(&survey.strongest);
        let cells = &survey.strongest;
        let found = ink::thresholds(
            &smoothed,
            cells,
            survey.evenness,
            finish.faint as f32 / 100.0,
        );
        let mut thresholds = found;
        if finish.white > 0.0 {
            thresholds.low = (1.0 - finish.white as f32 / 100.0).max(1e-3);
            thresholds.high = thresholds.high.max(thresholds.low * 1.25);
        }
        let stroke = survey.settled.stroke / survey.cell as f32;
        let mut sure = Cow::Borrowed(&smoothed);
        let mut slope = match (&survey.slope, &survey.own_light) {
            (Some(slope), _) => Cow::Borrowed(slope),
            (None, None) => Cow::Owned(ink::steepness(cells)),
            // Found below.
            (None, Some(_)) => Cow::Borrowed(cells),
        };
        // What ink takes of the board's own light, where a reflection adds to it.
        if let Some(own) = &survey.own_light {
            let safe = reflection::safe(own, &smoothed, thresholds.low);
            let of_own = |plane: &Plane<f32>| {
                let values = plane.data.iter().zip(&own.data);
                let data = values.map(|(a, own)| a / own.max(safe)).collect();
                Plane { data, ..*plane }
            };
            sure = Cow::Owned(of_own(&smoothed));
            slope = Cow::Owned(ink::steepness(&of_own(cells)));
        }
        if let Some(doubt) = &survey.doubt {
            for (a, doubt) in sure.to_mut().data.iter_mut().zip(&doubt.data) {
                *a -= doubt;
            }
        }
        let kept = ink::kept(&sure, &slope, thresholds, stroke);
        // As large as the cells; what follows needs room, too.
        drop((sure, slope));
        let mask = ink::mask(&kept, cells.width, cells.height, survey.cell);
        let inked = solid::inked(cells, &smoothed, &mask, thresholds.low);
        let lift = if finish.black > 0.0 {
            (libm::logf(FULL) / libm::logf(finish.black as f32 / 100.0)).clamp(0.5, 4.0)
        } else {
            solid::lift(&inked)
        };
        Self {
            size: survey.size,
            backdrop: survey.backdrop.clone(),
            settled: survey.settled,
            paper: survey.paper,
            noise: thresholds.noise,
            ink: thresholds.ink,
            low: thresholds.low,
            high: thresholds.high,
            lift,
            surroundings: solid::surroundings(&inked, &survey.absorbed, stroke.max(1.0)),
            mask,
            finish: finish.clone(),
        }
    }

    /// What was chosen, in a person's units.
    #[must_use]
    pub fn chosen(&self) -> Chosen {
        Chosen {
            surface: self.settled.surface,
            stroke_px: self.settled.stroke,
            small: self.settled.small,
            noise: 100.0 * self.noise,
            ink: 100.0 * self.ink,
            white: 100.0 * (1.0 - self.low),
            dark: 100.0 * (1.0 - self.high),
            lift: self.lift,
        }
    }

    /// The same with another backdrop, such as a part of its own.
    pub(crate) fn with_backdrop(&self, backdrop: Backdrop) -> Self {
        Self {
            backdrop: Arc::new(backdrop),
            ..self.clone()
        }
    }

    /// Pixels along the side of a cell of the mask.
    pub(crate) fn cell(&self) -> usize {
        cell_side(self.size.0, self.size.1)
    }

    /// How far around a region pixels are needed for its result.
    #[must_use]
    pub fn reach(&self) -> usize {
        crate::finish::reach(self)
    }

    /// Which surface the background was found for.
    #[must_use]
    pub fn surface(&self) -> Surface {
        self.settled.surface
    }
}

/// What the recipe leaves to the picture.
pub(crate) fn settle(grid: &Grid, background: &Background) -> Settled {
    let surface = match background.surface {
        SurfaceChoice::Light => Surface::Light,
        SurfaceChoice::Dark => Surface::Dark,
        SurfaceChoice::Auto => grid.surface(),
    };
    let strokes = grid.strokes(surface);
    let long = (grid.width().max(grid.height()) * grid.cell) as f32;
    let small = if background.small > 0.0 {
        background.small as f32
    } else {
        100.0 * (SMALL_PER_STROKE * strokes.wide / long + SMALL_AND)
    };
    let stroke = if background.stroke > 0.0 {
        background.stroke as f32
    } else {
        strokes.median.max(1.0)
    };
    Settled {
        surface,
        stroke,
        wide_stroke: strokes.wide.max(stroke),
        small,
    }
}

/// Share of the board's light that full ink lets through.
const FULL: f32 = 0.03;
/// Radius of the small ball per width of wide strokes…
const SMALL_PER_STROKE: f32 = 2.2;
/// …and this share of the long side on top (2 pixels of 400).
const SMALL_AND: f32 = 0.005;

/// The value below which this share of `values` lies. `values` must not be empty.
fn quantile(values: &mut [f32], share: f32) -> f32 {
    let at = ((values.len() - 1) as f32 * share) as usize;
    *values.select_nth_unstable_by(at, f32::total_cmp).1
}
