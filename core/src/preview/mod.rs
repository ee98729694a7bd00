//! A cleaning at the size of a screen, while its recipe is being tuned.
//!
//! There is one cleaning: its stages are those of [`clean`], and this module only keeps what each of
//! them needs no second time. The background depends on the recipe's `background` section alone, so a change of
//! `finish` costs a pass over what is shown; a pan or a zoom costs even less.
//!
//! - An *exact* picture shows the full-size run's own pixels. The run is kept for its recipe.
//! - A *draft* finishes a reduced copy of what is shown, with the full picture's own background where that is cheap.
//!
//! ```
//! use whiteboarder_core::{cancel::Cancel, image, preview, recipe::Recipe};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let photograph = image::Picture::new(640, 480, image::Channels::Grey, vec![190; 640 * 480])?;
//! let mut preview = preview::Preview::new(photograph);
//! let view = preview::View::fit(640, 480, 120, 120);
//! let draft = preview.draft(&Recipe::default(), &view, &Cancel::new())?;
//! assert_eq!((draft.picture.width, draft.picture.height), (120, 90));
//! # Ok(())
//! # }
//! ```

mod draft;
mod pyramid;
mod view;

use std::time::Instant;

use crate::analysis::{Analysis, Backdrop, Chosen, Grid, Survey};
use crate::background::Ground;
use crate::cancel::{Cancel, Cancelled, Interrupt};
use crate::clean::{self, finished, like_imagej};
use crate::finish::MOST_REACH;
use crate::image::Picture;
use crate::recipe::{Background, Finish, Recipe};
use crate::rolling::Roller;
use draft::{Rough, whole};
use pyramid::{Pyramid, aligned};
pub use view::View;

/// Of a part up to this share of the picture only the part is finished.
const SMALL_PART: f64 = 0.5;

/// What a rendered picture is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quality {
    /// Close to the full-size run's result.
    Draft,
    /// The full-size run's own pixels.
    Exact,
}

/// A cleaned picture for the screen.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// As large as the view wants it, with the channels of the photograph.
    pub picture: Picture,
    /// What it is worth.
    pub quality: Quality,
    /// How long it took.
    pub seconds: f64,
}

/// One photograph opened for tuning. It keeps whatever makes the next render cheaper.
///
/// Memory: the photograph and the last exact result, each with smaller copies of at most a third of its size; what was found
/// of the whole picture, which for 12 megapixels in colour is 120 MB; and with method `ball` a background of the photograph's size.
#[derive(Debug)]
pub struct Preview {
    photograph: Pyramid,
    found: Found,
    /// The last full-size result, and what was chosen for it.
    result: Kept<(Background, Finish), (Pyramid, Chosen)>,
    /// What drafts begin with.
    rough: Rough,
    /// Rolls over reduced pictures: a ball whose settings were not the ones that changed is not prepared again.
    roller: Roller,
}

impl Preview {
    /// Opens a photograph.
    #[must_use]
    pub fn new(picture: Picture) -> Self {
        Self {
            photograph: Pyramid::new(picture),
            found: Found::default(),
            result: Kept::default(),
            rough: Rough::default(),
            roller: Roller::new(),
        }
    }

    /// The photograph.
    #[must_use]
    pub fn picture(&self) -> &Picture {
        self.photograph.full()
    }

    /// The photograph itself: averages of areas in linear light where it is reduced, the nearest pixel where it is
    /// enlarged.
    pub fn before(&mut self, view: &View) -> Picture {
        let view = self.clamped(view);
        self.photograph.draw(&view)
    }

    /// Quick, and close to [`Preview::exact`]. It says [`Quality::Exact`] when it cost nothing to be exact: the
    /// result is at hand, or the region is small and its background is known.
    pub fn draft(
        &mut self,
        recipe: &Recipe,
        view: &View,
        cancel: &Cancel,
    ) -> Result<Rendered, Cancelled> {
        let clock = Instant::now();
        cancel.check()?;
        let view = self.clamped(view);
        let settings = (recipe.background.clone(), recipe.finish.clone());
        let (picture, quality) = match self.result.get(&settings) {
            Some((result, _)) => (result.draw(&view), Quality::Exact),
            None => self.drafted(recipe, &view, cancel)?,
        };
        Ok(Rendered {
            picture,
            quality,
            seconds: clock.elapsed().as_secs_f64(),
        })
    }

    /// The full-size run's own pixels, cut and reduced as those of [`Preview::before`] are. Of a small part of the picture
    /// only that part is finished; it is bit for bit the same part of the full-size result.
    pub fn exact(
        &mut self,
        recipe: &Recipe,
        view: &View,
        cancel: &Cancel,
    ) -> Result<Rendered, Cancelled> {
        let clock = Instant::now();
        let view = self.clamped(view);
        let settings = (recipe.background.clone(), recipe.finish.clone());
        let part = aligned(
            &view,
            self.picture().width,
            self.picture().height,
            MOST_REACH as u32,
        );
        let is_small = part.pixels()
            <= SMALL_PART * whole(self.picture().width, self.picture().height).pixels();
        let picture = if self.result.get(&settings).is_none() && is_small && !like_imagej(recipe) {
            self.exact_part(recipe, &view, &part, cancel)?
        } else {
            self.result(recipe, cancel)?.draw(&view)
        };
        Ok(Rendered {
            picture,
            quality: Quality::Exact,
            seconds: clock.elapsed().as_secs_f64(),
        })
    }

    /// The view of a result that is finished only in `part`.
    fn exact_part(
        &mut self,
        recipe: &Recipe,
        view: &View,
        part: &View,
        cancel: &Cancel,
    ) -> Result<Picture, Cancelled> {
        let photograph = self.photograph.full();
        let over = whole(photograph.width, photograph.height);
        let samples = photograph.cut(part.x, part.y, part.width, part.height);
        let analysis = self
            .found
            .analysis(photograph, recipe, &mut self.roller, cancel)?;
        let cut = match &*analysis.backdrop {
            Backdrop::Full(_) => {
                Some(analysis.with_backdrop(draft::part_of(&analysis.backdrop, part)))
            }
            Backdrop::Reduced(_) => None,
        };
        let analysis = cut.as_ref().unwrap_or(analysis);
        let picture = draft::finished_part(&samples, part, &over, analysis, cancel)?;
        Ok(Pyramid::part(picture, (part.x, part.y)).draw(view))
    }

    /// The background that is found for this recipe, in the view: a rough one as [`Preview::draft`] has it, or the
    /// full-size run's.
    pub fn background(
        &mut self,
        recipe: &Recipe,
        view: &View,
        quality: Quality,
        cancel: &Cancel,
    ) -> Result<Rendered, Cancelled> {
        let clock = Instant::now();
        cancel.check()?;
        let view = self.clamped(view);
        let (picture, quality) = match quality {
            Quality::Draft => self.rough_background(recipe, &view, cancel)?,
            Quality::Exact => {
                let photograph = self.photograph.full();
                let over = whole(photograph.width, photograph.height);
                let channels = photograph.channels;
                let analysis = self
                    .found
                    .analysis(photograph, recipe, &mut self.roller, cancel)?;
                let picture = draft::background_of(analysis, &view, &over, channels);
                (picture, Quality::Exact)
            }
        };
        Ok(Rendered {
            picture,
            quality,
            seconds: clock.elapsed().as_secs_f64(),
        })
    }

    /// The full-size result for this recipe, for writing.
    pub fn full(&mut self, recipe: &Recipe, cancel: &Cancel) -> Result<Picture, Cancelled> {
        Ok(self.result(recipe, cancel)?.full().clone())
    }

    /// What the full-size run chose for a recipe, if its result or what leads to it is at hand.
    #[must_use]
    pub fn chosen(&mut self, recipe: &Recipe) -> Option<Chosen> {
        let settings = (recipe.background.clone(), recipe.finish.clone());
        if let Some((_, chosen)) = self.result.get(&settings) {
            return Some(*chosen);
        }
        let key = (settings.0, limits(&recipe.finish));
        self.found.analysis.get(&key).map(|found| found.chosen())
    }

    fn clamped(&self, view: &View) -> View {
        view.clamped(self.picture().width, self.picture().height)
    }

    /// The full-size result: the kept one, or from a full-size run.
    fn result(&mut self, recipe: &Recipe, cancel: &Cancel) -> Result<&mut Pyramid, Cancelled> {
        cancel.check()?;
        let settings = (recipe.background.clone(), recipe.finish.clone());
        let (photograph, found) = (self.photograph.full(), &mut self.found);
        let roller = &mut self.roller;
        let mut spare = Vec::new();
        if self.result.get(&settings).is_none() {
            // Finding the background may take long and be cancelled: only then the old result has to make room.
            found.analysis(photograph, recipe, roller, cancel)?;
            // Of the old one only the memory is wanted.
            let old = self.result.take();
            spare = old.map_or_else(Vec::new, |(old, _)| old.into_data());
        }
        let kept = self.result.get_or_make(settings, || {
            let analysis = found.analysis(photograph, recipe, roller, cancel)?;
            let picture = finished(photograph, analysis, recipe, spare, cancel)?;
            Ok((Pyramid::new(picture), analysis.chosen()))
        })?;
        Ok(&mut kept.0)
    }
}

/// What the full-size run finds.
#[derive(Debug, Default)]
struct Found {
    /// The photograph's cells; they depend on the photograph alone.
    grid: Kept<(), Grid>,
    /// What the wide ball tells of them.
    ground: Option<Ground>,
    /// The background and what the photograph differs by from it.
    survey: Kept<Background, Survey>,
    /// What follows for these settings.
    analysis: Kept<(Background, Limits), Analysis>,
}

/// The settings of a finish on which an analysis depends; the others are taken as they are.
type Limits = [f64; 3];

fn limits(finish: &Finish) -> Limits {
    [finish.faint, finish.white, finish.black]
}

impl Found {
    /// The analysis for a recipe; the background is found only when its own settings have changed, and ink only when
    /// those that say what ink is have.
    fn analysis(
        &mut self,
        photograph: &Picture,
        recipe: &Recipe,
        roller: &mut Roller,
        cancel: &Cancel,
    ) -> Result<&Analysis, Cancelled> {
        let settings = &recipe.background;
        if self.survey.get(settings).is_none() {
            // It is several times as large as the photograph, as the new one will be.
            self.analysis.clear();
            self.survey.clear();
        }
        let (grid, ground, survey) = (&mut self.grid, &mut self.ground, &mut self.survey);
        let key = (settings.clone(), limits(&recipe.finish));
        let analysis = self.analysis.get_or_make(key, || {
            let survey = survey.get_or_make(settings.clone(), || {
                let grid = grid.get_or_make((), || Grid::of(photograph, cancel))?;
                let mut survey =
                    clean::survey(photograph, grid, settings, 1.0, ground, roller, cancel)?;
                survey.keep_slope();
                Ok(survey)
            })?;
            cancel.check()?;
            Ok(Analysis::of(survey, &recipe.finish))
        })?;
        analysis.finish = recipe.finish.clone();
        Ok(analysis)
    }
}

/// The last value that was made, with what it was made for.
#[derive(Debug)]
struct Kept<K, V>(Option<(K, V)>);

impl<K: PartialEq, V> Kept<K, V> {
    fn get(&mut self, key: &K) -> Option<&mut V> {
        self.0
            .as_mut()
            .filter(|(kept, _)| kept == key)
            .map(|(_, value)| value)
    }

    /// The kept value, or a new one in its place; when making that one fails, the old one stays.
    fn get_or_make<E>(&mut self, key: K, make: impl FnOnce() -> Result<V, E>) -> Result<&mut V, E> {
        let kept = match self.0.take() {
            Some(kept) if kept.0 == key => kept,
            old => match make() {
                Ok(value) => (key, value),
                Err(error) => {
                    self.0 = old;
                    return Err(error);
                }
            },
        };
        Ok(&mut self.0.insert(kept).1)
    }

    fn clear(&mut self) {
        self.0 = None;
    }

    fn take(&mut self) -> Option<V> {
        self.0.take().map(|(_, value)| value)
    }
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self(None)
    }
}

#[cfg(test)]
mod tests;
