//! Drafts: the same stages on a reduced copy of what is shown.

use super::pyramid::{Pyramid, aligned};
use super::{Kept, Limits, Preview, Quality, View, limits};
use crate::analysis::{Analysis, Backdrop, Grid, Survey, planes_of};
use crate::average::{Span, averaged};
use crate::cancel::{Cancel, Cancelled, Interrupt};
use crate::clean::{ball_height, like_imagej, survey};
use crate::finish::{MOST_REACH, Place, Samples, Stretch, finish_place};
use crate::image::Picture;
use crate::recipe::{Background, Method, Recipe};
use crate::rolling::Roller;

/// Pixels that a draft finishes: about 25 ms of one processor. A smaller view is finished larger than it is drawn, so that
/// thin strokes are still strokes when they are judged, as they are in the full-size run.
const DRAFT_PIXELS: f64 = 1.1e6;
/// Samples (pixels times channels) that a draft rolls a ball over: some 15 ms of one processor at 25 to 40 ns each, whatever
/// the radius.
const BALL_SAMPLES: f64 = 4.5e5;

/// Long side of the copy in which a draft looks for background and ink.
const BOARD_SIDE: u32 = 1000;
/// How much smaller than for the full-size run the picture is on which a draft finds a board's background.
const BOARD_SCALE: f64 = 0.5;

/// What drafts begin with, kept for the next one.
#[derive(Debug, Default)]
pub(super) struct Rough {
    /// The photograph's part that is finished, as large as it is finished.
    work: Kept<View, Picture>,
    /// A background that covers a part of the picture at some size.
    pub(super) survey: Kept<(Background, View), Survey>,
    /// What follows from it.
    pub(super) analysis: Kept<(Background, View, Limits), Analysis>,
}

impl Preview {
    pub(super) fn drafted(
        &mut self,
        recipe: &Recipe,
        view: &View,
        cancel: &Cancel,
    ) -> Result<(Picture, Quality), Cancelled> {
        let (width, height) = (self.picture().width, self.picture().height);
        let close_up = aligned(view, width, height, MOST_REACH as u32);
        let is_close = close_up.pixels() <= DRAFT_PIXELS;
        let part = if is_close { close_up } else { reduced(view) };
        let photograph = &mut self.photograph;
        let work = self
            .rough
            .work
            .get_or_make(part, || Ok(photograph.draw(&part)))?;
        let picture = work.clone();
        cancel.check()?;

        let settings = &recipe.background;
        let found = &mut self.found;
        let roller = &mut self.roller;
        let is_known = found.survey.get(settings).is_some();
        let is_board = settings.method == Method::Whiteboard;
        let analysed;
        let (analysis, over) = if is_known {
            let analysis = found.analysis(photograph.full(), recipe, roller, cancel)?;
            if is_board {
                (analysis, whole(width, height))
            } else {
                // The full-size background is as large as the photograph: its part, as large as what is finished.
                analysed = analysis.with_backdrop(part_of(&analysis.backdrop, &part));
                (&analysed, whole(width, height))
            }
        } else {
            let over = if is_board {
                board(width, height)
            } else {
                surroundings(view, settings, &picture, (width, height))
            };
            let survey = self
                .rough
                .survey
                .get_or_make((settings.clone(), over), || {
                    quick(photograph, &over, settings, roller, cancel)
                })?;
            let key = (settings.clone(), over, limits(&recipe.finish));
            let analysis = self.rough.analysis.get_or_make(key, || {
                cancel.check()?;
                Ok::<_, Cancelled>(Analysis::of(survey, &recipe.finish))
            })?;
            analysis.finish = recipe.finish.clone();
            (&*analysis, over)
        };
        let samples = Samples::from(&picture);
        let data = finish_place(
            &samples,
            analysis,
            place(&part, &over, analysis.size),
            cancel,
        )?;
        let picture = Picture {
            data,
            ..picture.clone_shape()
        };

        let quality = if is_close && is_known && !like_imagej(recipe) {
            Quality::Exact
        } else {
            Quality::Draft
        };
        let drawn = if is_close {
            Pyramid::part(picture, (part.x, part.y)).draw(view)
        } else if (picture.width, picture.height) == (view.to_width, view.to_height) {
            picture
        } else {
            let whole = whole(picture.width, picture.height);
            Pyramid::new(picture).draw(&whole.drawn_at(view.to_width, view.to_height))
        };
        Ok((drawn, quality))
    }
}

/// The view's region as large as a draft can finish it: a whole multiple of what is drawn, if there is room for it.
fn reduced(view: &View) -> View {
    let room = (DRAFT_PIXELS / (f64::from(view.to_width) * f64::from(view.to_height))).sqrt();
    let factor = if room < 1.0 { room } else { room.floor() };
    let size = |drawn: u32, full: u32| ((f64::from(drawn) * factor) as u32).clamp(1, full);
    view.drawn_at(
        size(view.to_width, view.width),
        size(view.to_height, view.height),
    )
}

/// All of a picture, pixel for pixel.
fn whole(width: u32, height: u32) -> View {
    View::fit(width, height, width, height)
}

/// All of a picture, as large as a draft finds a board's background in it.
fn board(width: u32, height: u32) -> View {
    let long = width.max(height);
    let size =
        |n: u32| ((u64::from(n) * u64::from(BOARD_SIDE.min(long))) / u64::from(long)).max(1) as u32;
    whole(width, height).drawn_at(size(width), size(height))
}

/// Where `part` lies in what the analysis covers, which shows `over` at its own size.
fn place(part: &View, over: &View, size: (usize, usize)) -> Place {
    let stretch = |from: u32, length: u32, over: u32, of: u32, size: usize| {
        // In the analysis' pixels, so that what is analysed pixel for pixel is found pixel for pixel.
        let scale = size as f64 / f64::from(of);
        Stretch {
            from: (f64::from(from) - f64::from(over)) * scale,
            length: f64::from(length) * scale,
            of: size as f64,
        }
    };
    Place {
        x: stretch(part.x, part.width, over.x, over.width, size.0),
        y: stretch(part.y, part.height, over.y, over.height, size.1),
    }
}

/// The region of `view` of a full-size background, as large as `view` draws it.
fn part_of(backdrop: &Backdrop, view: &View) -> Backdrop {
    match backdrop {
        Backdrop::Full(picture) => {
            let spans = |from: u32, length: u32, n: u32, all: u32| {
                let (from, length) = (f64::from(from), f64::from(length));
                Span::share(from, from + length, n as usize, all as usize)
            };
            Backdrop::Full(averaged(
                picture,
                &spans(view.x, view.width, view.to_width, picture.width),
                &spans(view.y, view.height, view.to_height, picture.height),
            ))
        }
        Backdrop::Reduced(planes) => Backdrop::Reduced(planes.clone()),
    }
}

/// All that the ball can touch while it rolls over the view's region, as large as a draft can roll it.
fn surroundings(
    view: &View,
    settings: &Background,
    like: &Picture,
    (width, height): (u32, u32),
) -> View {
    // Two radii: the ball under a pixel rests on pixels a radius from its middle. And one pixel for the smoothing.
    let reach = (2.0 * settings.radius).ceil().clamp(0.0, 1e6) as u32 + 2;
    let end = |from: u32, length: u32, all: u32| (from + length).saturating_add(reach).min(all);
    let (x, y) = (view.x.saturating_sub(reach), view.y.saturating_sub(reach));
    let region = View {
        x,
        y,
        width: end(view.x, view.width, width) - x,
        height: end(view.y, view.height, height) - y,
        ..*view
    };
    let room = (BALL_SAMPLES / like.channels.count() as f64).min(DRAFT_PIXELS);
    let scale = (room / region.pixels()).sqrt().min(1.0);
    let size = |n: u32| ((f64::from(n) * scale).ceil() as u32).clamp(1, n);
    region.drawn_at(size(region.width), size(region.height))
}

/// A background found in a reduced copy of what `over` covers. A ball is reduced together with the picture: r·s pixels
/// wide, and as high as it was.
fn quick(
    photograph: &mut Pyramid,
    over: &View,
    settings: &Background,
    roller: &mut Roller,
    cancel: &Cancel,
) -> Result<Survey, Cancelled> {
    /// A picture reduced to less than this is smoother than the 3×3 average would make it.
    const SMOOTH: f64 = 1.0 / 3.0;
    let reduced = photograph.draw(over);
    let side = |width: u32, height: u32| f64::from(width.max(height));
    let scale = side(over.to_width, over.to_height) / side(over.width, over.height);
    let settings = Background {
        stroke: settings.stroke * scale,
        radius: settings.radius * scale,
        height: ball_height(settings),
        presmooth: settings.presmooth && scale > SMOOTH,
        ..settings.clone()
    };
    let grid = Grid::of(&reduced, cancel)?;
    let mut survey = survey(&reduced, &grid, &settings, BOARD_SCALE, roller, cancel)?;
    if let Backdrop::Full(found) = &*survey.backdrop {
        survey.backdrop = Backdrop::Reduced(planes_of(found)).into();
    }
    Ok(survey)
}
