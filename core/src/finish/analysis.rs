//! What is learnt once from the whole picture; with it every pixel's result depends on its 3×3 neighbourhood only.

use crate::background::{Plane, Surface};
use crate::image::Picture;
use crate::recipe::Recipe;

use super::rows::Rows;

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
const SAMPLED_ROWS: usize = 96;
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
        let surface = recipe.background.surface;
        let neutral = match surface {
            Surface::Light => 1.0,
            Surface::Dark => 0.0,
        };
        let mut analysis = Self {
            backdrop,
            surface,
            paper: [neutral; 3],
            threshold: 1.0 - recipe.finish.white as f32 / 100.0,
            full: 1.0 - recipe.finish.black as f32 / 100.0,
            saturation: recipe.finish.saturation as f32,
            strength: recipe.finish.strength as f32 / 100.0,
        };
        analysis.paper = analysis.paper_levels(picture).map(|level| match surface {
            Surface::Light => neutral - level,
            Surface::Dark => neutral + level,
        });
        if let Some(noise) = analysis.noise_ceiling(picture) {
            analysis.threshold = analysis.threshold.max(noise.min(HIGHEST));
        }
        analysis
    }

    /// Each channel's median absorption among pixels that are near the background; 0 where there are too few.
    fn paper_levels(&self, picture: &Picture) -> [f32; 3] {
        let channels = picture.channels.count();
        let mut rows = Rows::new(self, picture);
        let mut near: [Vec<f32>; 3] = Default::default();
        let row_len = picture.row_len();
        for y in sampled(picture.height as usize, SAMPLED_ROWS) {
            let absorption = rows.absorption(y, &picture.data[y * row_len..(y + 1) * row_len]);
            for x in sampled(picture.width as usize, SAMPLED_COLUMNS) {
                let pixel = &absorption[x * channels..(x + 1) * channels];
                for (near, &a) in near.iter_mut().zip(pixel).filter(|(_, a)| a.abs() < NEAR) {
                    near.push(a);
                }
            }
        }
        near.map(|mut near| {
            if near.len() < ENOUGH {
                0.0
            } else {
                quantile(&mut near, 0.5)
            }
        })
    }

    /// The smoothed absorption that noise on paper hardly ever exceeds.
    fn noise_ceiling(&self, picture: &Picture) -> Option<f32> {
        let (width, height) = (picture.width as usize, picture.height as usize);
        let row_len = picture.row_len();
        let mut rows = Rows::new(self, picture);
        let mut near = Vec::new();
        for y in sampled(height, SAMPLED_ROWS) {
            let strongest = [y.saturating_sub(1), y, (y + 1).min(height - 1)].map(|sy| {
                rows.strongest(sy, &picture.data[sy * row_len..(sy + 1) * row_len])
                    .to_vec()
            });
            let [above, here, below] = &strongest;
            let smoothed = super::rows::smoothed(above, here, below);
            let columns = sampled(width, SAMPLED_COLUMNS);
            near.extend(columns.map(|x| smoothed[x]).filter(|a| a.abs() < NEAR));
        }
        if near.len() < ENOUGH {
            return None;
        }
        let middle = quantile(&mut near, 0.5);
        for a in &mut near {
            *a = (*a - middle).abs();
        }
        // The median absolute deviation of a normal distribution is sigma / 1.4826.
        let sigma = 1.4826 * quantile(&mut near, 0.5);
        Some(middle + DEVIATIONS * sigma)
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
