//! What is learnt once from the whole picture; with it every pixel's result depends on its 3×3 neighbourhood only.

use rayon::prelude::*;

use super::rows::{Place, Rows};
use crate::background::{Plane, Surface};
use crate::cancel::{Interrupt, Never};
use crate::image::Picture;
use crate::recipe::{Finish, Recipe};

/// A background of a whole picture.
#[derive(Clone, Debug, PartialEq)]
pub enum Backdrop {
    /// Linear light at reduced size, one plane per channel; smooth, so it is stretched bilinearly.
    Reduced(Vec<Plane<f32>>),
    /// sRGB samples at full size.
    Full(Picture),
}

/// Everything that finishing needs to know about the whole picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// The background.
    pub backdrop: Backdrop,
    /// Which surface it was found for.
    pub surface: Surface,
    /// Per channel, what the paper's typical value still differs by from the background: a factor on a light surface
    /// (1 when the background is right), an offset on a dark one (0 when it is).
    pub paper: [f32; 3],
    /// The smoothed absorption that noise on paper hardly ever exceeds; `None` where there is too little paper to tell.
    pub noise: Option<f32>,
    /// Absorption up to which a pixel is paper.
    pub threshold: f32,
    /// Absorption that becomes full ink.
    pub full: f32,
    /// Factor on colour differences.
    pub saturation: f32,
    /// Share of the way from the photograph to the cleaned picture, 0 to 1.
    pub strength: f32,
}

/// How many rows of the picture are looked at for the statistics…
pub(crate) const SAMPLED_ROWS: usize = 96;
/// …and how many pixels of each.
const SAMPLED_COLUMNS: usize = 512;
/// Values further from the background than this are ink, not paper.
const NEAR: f32 = 0.25;
/// With fewer samples of paper than this the picture says nothing about paper.
const ENOUGH: usize = 64;
/// The threshold lies this many standard deviations of the noise above paper…
const DEVIATIONS: f32 = 3.5;
/// …but never higher than this, so that ink survives in pictures that are nothing but noise.
const HIGHEST: f32 = 0.22;

impl Analysis {
    /// Measures paper level and noise of `picture` against its background.
    #[must_use]
    pub fn of(picture: &Picture, backdrop: Backdrop, recipe: &Recipe) -> Self {
        let Ok(analysis) = Self::of_until(picture, backdrop, recipe, SAMPLED_ROWS, &Never);
        analysis
    }

    /// [`Analysis::of`], unless it is interrupted, from at most so many rows of the picture.
    pub(crate) fn of_until<I: Interrupt>(
        picture: &Picture,
        backdrop: Backdrop,
        recipe: &Recipe,
        most_rows: usize,
        interrupt: &I,
    ) -> Result<Self, I::Stopped> {
        let surface = recipe.background.surface;
        let neutral = match surface {
            Surface::Light => 1.0,
            Surface::Dark => 0.0,
        };
        let mut analysis = Self {
            backdrop,
            surface,
            paper: [neutral; 3],
            noise: None,
            threshold: 0.0,
            full: 0.0,
            saturation: 0.0,
            strength: 0.0,
        };
        let levels = analysis.paper_levels(picture, most_rows, interrupt)?;
        analysis.paper = levels.map(|level| match surface {
            Surface::Light => neutral - level,
            Surface::Dark => neutral + level,
        });
        analysis.noise = analysis.noise_ceiling(picture, most_rows, interrupt)?;
        analysis.finish_by(&recipe.finish);
        Ok(analysis)
    }

    /// Takes the settings for finishing; what was measured stays.
    pub(crate) fn finish_by(&mut self, finish: &Finish) {
        self.threshold = 1.0 - finish.white as f32 / 100.0;
        self.full = 1.0 - finish.black as f32 / 100.0;
        self.saturation = finish.saturation as f32;
        self.strength = finish.strength as f32 / 100.0;
        if let Some(noise) = self.noise {
            self.threshold = self.threshold.max(noise.min(HIGHEST));
        }
    }

    /// The same with another backdrop, such as a part of its own.
    pub(crate) fn with_backdrop(&self, backdrop: Backdrop) -> Self {
        Self { backdrop, ..*self }
    }

    /// Each channel's median absorption among pixels that are near the background; 0 where there are too few.
    fn paper_levels<I: Interrupt>(
        &self,
        picture: &Picture,
        most_rows: usize,
        interrupt: &I,
    ) -> Result<[f32; 3], I::Stopped> {
        let channels = picture.channels.count();
        let row_len = picture.row_len();
        let near = self.sampled_rows(picture, most_rows, interrupt, |rows, y| {
            let absorption = rows.absorption(y, &picture.data[y * row_len..(y + 1) * row_len]);
            let mut near: [Vec<f32>; 3] = Default::default();
            for x in sampled(picture.width as usize, SAMPLED_COLUMNS) {
                let pixel = &absorption[x * channels..(x + 1) * channels];
                for (near, &a) in near.iter_mut().zip(pixel).filter(|(_, a)| a.abs() < NEAR) {
                    near.push(a);
                }
            }
            near
        })?;
        Ok(std::array::from_fn(|channel| {
            let mut near: Vec<f32> = near.iter().flat_map(|n| &n[channel]).copied().collect();
            if near.len() < ENOUGH {
                0.0
            } else {
                quantile(&mut near, 0.5)
            }
        }))
    }

    fn noise_ceiling<I: Interrupt>(
        &self,
        picture: &Picture,
        most_rows: usize,
        interrupt: &I,
    ) -> Result<Option<f32>, I::Stopped> {
        let (width, height) = (picture.width as usize, picture.height as usize);
        let row_len = picture.row_len();
        let near = self.sampled_rows(picture, most_rows, interrupt, |rows, y| {
            let strongest = [y.saturating_sub(1), y, (y + 1).min(height - 1)].map(|sy| {
                rows.strongest(sy, &picture.data[sy * row_len..(sy + 1) * row_len])
                    .to_vec()
            });
            let [above, here, below] = &strongest;
            let smoothed = super::rows::smoothed(above, here, below);
            let columns = sampled(width, SAMPLED_COLUMNS);
            let near = columns.map(|x| smoothed[x]).filter(|a| a.abs() < NEAR);
            near.collect::<Vec<f32>>()
        })?;
        let mut near = near.concat();
        if near.len() < ENOUGH {
            return Ok(None);
        }
        let middle = quantile(&mut near, 0.5);
        for a in &mut near {
            *a = (*a - middle).abs();
        }
        // The median absolute deviation of a normal distribution is sigma / 1.4826.
        let sigma = 1.4826 * quantile(&mut near, 0.5);
        Ok(Some(middle + DEVIATIONS * sigma))
    }

    /// What `of` finds in each of the sampled rows.
    fn sampled_rows<R: Send, I: Interrupt>(
        &self,
        picture: &Picture,
        most_rows: usize,
        interrupt: &I,
        of: impl Fn(&mut Rows<'_>, usize) -> R + Sync,
    ) -> Result<Vec<R>, I::Stopped> {
        let template = Rows::new(self, picture, Place::whole(picture));
        let sampled: Vec<usize> = sampled(picture.height as usize, most_rows).collect();
        sampled
            .into_par_iter()
            .map_init(
                || template.clone(),
                |rows, y| {
                    interrupt.check()?;
                    Ok(of(rows, y))
                },
            )
            .collect()
    }
}

/// At most `most` indices, evenly spread over `0..n`.
fn sampled(n: usize, most: usize) -> impl Iterator<Item = usize> {
    let count = n.min(most);
    (0..count).map(move |i| (2 * i + 1) * n / (2 * count))
}

/// The value below which this share of `values` lies. `values` must not be empty.
fn quantile(values: &mut [f32], share: f32) -> f32 {
    let at = ((values.len() - 1) as f32 * share) as usize;
    *values.select_nth_unstable_by(at, f32::total_cmp).1
}
