//! Drafts: the same stages on a reduced copy of what is shown.

use super::pyramid::{Pyramid, aligned};
use super::{Kept, Limits, Preview, Quality, View, limits};
use crate::analysis::{Analysis, Backdrop, Grid, Survey, planes_of};
use crate::average::{Span, averaged};
use crate::background::Ground;
use crate::cancel::{Cancel, Cancelled, Interrupt};
use crate::clean::{ball_height, like_imagej, survey};
use crate::finish::{MOST_REACH, Place, Samples, Stretch, background_place, finish_place};
use crate::image::{Channels, Picture};
use crate::recipe::{Background, Method, Recipe};
use crate::rolling::Roller;

/// Pixels that a draft finishes at most: about 25 ms of one processor.
const DRAFT_PIXELS: f64 = 1.1e6;
/// A view is finished larger than it is drawn, so that thin strokes are still strokes when they are judged, as they are in
/// the full-size run: so many pixels for one that is drawn…
const FINER: f64 = 16.0;
/// …and at least so many.
const LEAST_PIXELS: f64 = 1.5e5;
/// Samples (pixels times channels) that a draft rolls a ball over: some 15 ms of one processor at 25 to 40 ns each, whatever
/// the radius.
const BALL_SAMPLES: f64 = 4.5e5;

/// Long side of the copy in which a draft looks for background and ink, of small views and of large ones: so many times
/// what is drawn between them.
const BOARD_SIDE: [u32; 2] = [500, 1000];
const BOARD_PER_DRAWN: u32 = 2;
/// How much smaller than for the full-size run the picture is on which a draft finds a board's background.
const BOARD_SCALE: f64 = 0.5;

/// What drafts begin with, kept for the next one.
#[derive(Debug, Default)]
pub(super) struct Rough {
    /// The photograph's part that is finished, as large as it is finished.
    work: Kept<View, Picture>,
    /// The copy in which background and ink are looked for.
    reduced: Kept<View, Reduced>,
    /// A background that covers a part of the picture at some size.
    pub(super) survey: Kept<(Background, View), Survey>,
    /// What follows from it.
    pub(super) analysis: Kept<(Background, View, Limits), Analysis>,
}

/// A reduced copy of a part of the photograph, and what no setting of the small ball changes.
#[derive(Debug)]
struct Reduced {
    picture: Picture,
    grid: Grid,
    ground: Option<Ground>,
}

/// What is known of the picture for a draft.
struct Outlook<'a> {
    analysis: &'a Analysis,
    /// What it covers.
    over: View,
    /// Whether it is the full-size run's.
    is_known: bool,
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

        let Outlook {
            analysis,
            over,
            is_known,
        } = self.outlook(recipe, view, cancel)?;
        let cut;
        // A full-size background is as large as the photograph: its part, as large as what is finished.
        let analysis = if is_known && matches!(*analysis.backdrop, Backdrop::Full(_)) {
            cut = analysis.with_backdrop(part_of(&analysis.backdrop, &part));
            &cut
        } else {
            analysis
        };
        let picture = finished_part(&picture, &part, &over, analysis, cancel)?;
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

    /// The background in the view, found roughly unless the full-size run's is known.
    pub(super) fn rough_background(
        &mut self,
        recipe: &Recipe,
        view: &View,
        cancel: &Cancel,
    ) -> Result<(Picture, Quality), Cancelled> {
        let channels = self.picture().channels;
        let outlook = self.outlook(recipe, view, cancel)?;
        let quality = if outlook.is_known {
            Quality::Exact
        } else {
            Quality::Draft
        };
        Ok((
            background_of(outlook.analysis, view, &outlook.over, channels),
            quality,
        ))
    }

    /// The full-size run's analysis if it is at hand, otherwise one of a reduced copy.
    fn outlook(
        &mut self,
        recipe: &Recipe,
        view: &View,
        cancel: &Cancel,
    ) -> Result<Outlook<'_>, Cancelled> {
        let (width, height) = (self.picture().width, self.picture().height);
        let channels = self.picture().channels.count();
        let settings = &recipe.background;
        let (found, roller) = (&mut self.found, &mut self.roller);
        // Finding ink again in the whole picture would take longer than a draft may.
        let key = (settings.clone(), limits(&recipe.finish));
        if found.analysis.get(&key).is_some() {
            return Ok(Outlook {
                analysis: found.analysis(self.photograph.full(), recipe, roller, cancel)?,
                over: whole(width, height),
                is_known: true,
            });
        }
        let over = if settings.method == Method::Whiteboard {
            board(width, height, view)
        } else {
            surroundings(view, settings, channels, (width, height))
        };
        let (photograph, reduced) = (&mut self.photograph, &mut self.rough.reduced);
        let survey = self
            .rough
            .survey
            .get_or_make((settings.clone(), over), || {
                let reduced = reduced.get_or_make(over, || {
                    let picture = photograph.draw(&over);
                    let grid = Grid::of(&picture, cancel)?;
                    let ground = None;
                    Ok(Reduced {
                        picture,
                        grid,
                        ground,
                    })
                })?;
                quick(reduced, &over, settings, roller, cancel)
            })?;
        let key = (settings.clone(), over, limits(&recipe.finish));
        let analysis = self.rough.analysis.get_or_make(key, || {
            cancel.check()?;
            Ok::<_, Cancelled>(Analysis::of(survey, &recipe.finish))
        })?;
        analysis.finish = recipe.finish.clone();
        Ok(Outlook {
            analysis,
            over,
            is_known: false,
        })
    }
}

/// `picture`, which shows `part`, finished by what an analysis of `over` knows.
pub(super) fn finished_part(
    picture: &Picture,
    part: &View,
    over: &View,
    analysis: &Analysis,
    cancel: &Cancel,
) -> Result<Picture, Cancelled> {
    let samples = Samples::from(picture);
    let place = place(part, over, analysis.size);
    Ok(Picture {
        data: finish_place(&samples, analysis, place, Vec::new(), cancel)?,
        ..picture.clone_shape()
    })
}

/// The background in the view as large as it is drawn, from an analysis of `over`.
pub(super) fn background_of(
    analysis: &Analysis,
    view: &View,
    over: &View,
    channels: Channels,
) -> Picture {
    match part_of(&analysis.backdrop, view) {
        Backdrop::Full(picture) => picture,
        Backdrop::Reduced(_) => background_place(
            (view.to_width, view.to_height),
            channels,
            analysis,
            place(view, over, analysis.size),
        ),
    }
}

/// The view's region as large as a draft can finish it: a whole multiple of what is drawn, if there is room for it.
fn reduced(view: &View) -> View {
    let drawn = f64::from(view.to_width) * f64::from(view.to_height);
    let pixels = (FINER * drawn).clamp(LEAST_PIXELS, DRAFT_PIXELS);
    let room = (pixels / drawn).sqrt();
    let factor = if room < 1.0 { room } else { room.floor() };
    let size = |drawn: u32, full: u32| ((f64::from(drawn) * factor) as u32).clamp(1, full);
    view.drawn_at(
        size(view.to_width, view.width),
        size(view.to_height, view.height),
    )
}

/// All of a picture, pixel for pixel.
pub(super) fn whole(width: u32, height: u32) -> View {
    View::fit(width, height, width, height)
}

/// All of a picture, as large as a draft finds a board's background in it.
fn board(width: u32, height: u32, view: &View) -> View {
    let long = width.max(height);
    let drawn = view.to_width.max(view.to_height);
    let side = drawn
        .saturating_mul(BOARD_PER_DRAWN)
        .clamp(BOARD_SIDE[0], BOARD_SIDE[1]);
    let size =
        |n: u32| ((u64::from(n) * u64::from(side.min(long))) / u64::from(long)).max(1) as u32;
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
pub(super) fn part_of(backdrop: &Backdrop, view: &View) -> Backdrop {
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
    channels: usize,
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
    let room = (BALL_SAMPLES / channels as f64).min(DRAFT_PIXELS);
    let scale = (room / region.pixels()).sqrt().min(1.0);
    let size = |n: u32| ((f64::from(n) * scale).ceil() as u32).clamp(1, n);
    region.drawn_at(size(region.width), size(region.height))
}

/// A background found in a reduced copy of what `over` covers. A ball is reduced together with the picture: r·s pixels
/// wide, and as high as it was.
fn quick(
    reduced: &mut Reduced,
    over: &View,
    settings: &Background,
    roller: &mut Roller,
    cancel: &Cancel,
) -> Result<Survey, Cancelled> {
    /// A picture reduced to less than this is smoother than the 3×3 average would make it.
    const SMOOTH: f64 = 1.0 / 3.0;
    let side = |width: u32, height: u32| f64::from(width.max(height));
    let scale = side(over.to_width, over.to_height) / side(over.width, over.height);
    let settings = Background {
        stroke: settings.stroke * scale,
        radius: settings.radius * scale,
        height: ball_height(settings),
        presmooth: settings.presmooth && scale > SMOOTH,
        ..settings.clone()
    };
    let Reduced {
        picture,
        grid,
        ground,
    } = reduced;
    let mut survey = survey(
        picture,
        grid,
        &settings,
        BOARD_SCALE,
        ground,
        roller,
        cancel,
    )?;
    if let Backdrop::Full(found) = &*survey.backdrop {
        survey.backdrop = Backdrop::Reduced(planes_of(found)).into();
    }
    Ok(survey)
}
