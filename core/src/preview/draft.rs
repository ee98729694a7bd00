//! Drafts: the same stages on a reduced copy of what is shown.

use super::pyramid::{Pyramid, aligned};
use super::{Kept, Preview, Quality, View};
use crate::average::{Span, averaged};
use crate::background::Plane;
use crate::cancel::{Cancel, Cancelled, Interrupt};
use crate::clean::{ball_height, one_ball, reduced_size, two_balls};
use crate::finish::light::to_light;
use crate::finish::{Analysis, Backdrop, Place, Stretch, finish_until};
use crate::image::Picture;
use crate::recipe::{Background, Method, Recipe};

/// Pixels that a draft finishes: about 25 ms of one processor. A smaller view is finished larger than it is drawn, so that
/// thin strokes are still strokes when they are judged, as they are in the full-size run.
const DRAFT_PIXELS: f64 = 1.1e6;
/// Steps of the ball (pixels, times pixels under the ball, times channels, both ways) that a draft may take.
const BALL_STEPS: f64 = 2e8;

/// How much smaller than for the full-size run the picture is on which a draft finds a board's background.
const BOARD_SCALE: f64 = 0.5;
/// Rows in which a draft measures paper and noise.
const MEASURED_ROWS: usize = 24;

/// What drafts begin with, kept for the next one.
#[derive(Debug, Default)]
pub(super) struct Rough {
    /// The photograph's part that is finished, as large as it is finished.
    work: Kept<View, Picture>,
    /// A background that covers a part of the picture at some size, and whether it comes from the full-size run.
    pub(super) analysis: Kept<(Background, View, bool), Analysis>,
}

impl Preview {
    pub(super) fn drafted(
        &mut self,
        recipe: &Recipe,
        view: &View,
        cancel: &Cancel,
    ) -> Result<(Picture, Quality), Cancelled> {
        let (width, height) = (self.picture().width, self.picture().height);
        // Finishing looks one pixel around.
        let close_up = aligned(view, width, height);
        let is_close = close_up.pixels() <= DRAFT_PIXELS;
        let part = if is_close { close_up } else { reduced(view) };
        let photograph = &mut self.photograph;
        let work = self
            .rough
            .work
            .get_or_make(part, || Ok(photograph.draw(&part)))?;
        let mut picture = work.clone();
        cancel.check()?;

        let settings = &recipe.background;
        let (found, kept) = (&mut self.found, &mut self.rough.analysis);
        let is_known = found.analysis.get(settings).is_some();
        let (analysis, over) = match settings.method {
            Method::Whiteboard if is_known => {
                let analysis = found.analysis(photograph.full(), recipe, cancel)?;
                (analysis, whole(width, height))
            }
            Method::Ball if is_known => {
                let key = (settings.clone(), part, true);
                let analysis = kept.get_or_make(key, || {
                    let analysis = found.analysis(photograph.full(), recipe, cancel)?;
                    Ok(analysis.with_backdrop(part_of(&analysis.backdrop, &part)))
                })?;
                (finished_by(analysis, recipe), part)
            }
            method => {
                let over = match method {
                    Method::Whiteboard => board(width, height),
                    Method::Ball => surroundings(view, settings, &picture, (width, height)),
                };
                let key = (settings.clone(), over, false);
                let analysis =
                    kept.get_or_make(key, || quick(photograph, &over, recipe, cancel))?;
                (finished_by(analysis, recipe), over)
            }
        };
        finish_until(&mut picture, analysis, place(&part, &over), cancel)?;

        let quality = if is_close && is_known {
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
    let (to_width, to_height) = reduced_size(width as usize, height as usize);
    let size = |n: usize| ((n as f64 * BOARD_SCALE) as u32).max(1);
    whole(width, height).drawn_at(size(to_width), size(to_height))
}

fn finished_by<'a>(analysis: &'a mut Analysis, recipe: &Recipe) -> &'a Analysis {
    analysis.finish_by(&recipe.finish);
    analysis
}

/// Where `part` lies in what the background covers.
fn place(part: &View, over: &View) -> Place {
    let stretch = |from: u32, length: u32, over: u32, of: u32| Stretch {
        from: f64::from(from) - f64::from(over),
        length: f64::from(length),
        of: f64::from(of),
    };
    Place {
        x: stretch(part.x, part.width, over.x, over.width),
        y: stretch(part.y, part.height, over.y, over.height),
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
    let under = std::f64::consts::PI * settings.radius * settings.radius;
    let steps = region.pixels() * under * 2.0 * like.channels.count() as f64;
    // Both the pixels and those under the ball become fewer with the square of the scale.
    let scale = (BALL_STEPS / steps).sqrt().sqrt();
    let scale = scale.min((DRAFT_PIXELS / region.pixels()).sqrt()).min(1.0);
    let size = |n: u32| ((f64::from(n) * scale).ceil() as u32).clamp(1, n);
    region.drawn_at(size(region.width), size(region.height))
}

/// A background found in a reduced copy of what `over` covers. A ball is reduced together with the picture: r·s pixels
/// wide, and as high as it was.
fn quick(
    photograph: &mut Pyramid,
    over: &View,
    recipe: &Recipe,
    cancel: &Cancel,
) -> Result<Analysis, Cancelled> {
    /// A picture reduced to less than this is smoother than the 3×3 average would make it.
    const SMOOTH: f64 = 1.0 / 3.0;
    let settings = &recipe.background;
    let reduced = photograph.draw(over);
    let backdrop = match settings.method {
        Method::Whiteboard => two_balls(&light_planes(&reduced), settings, BOARD_SCALE, cancel)?,
        Method::Ball => {
            let side = |width: u32, height: u32| f64::from(width.max(height));
            let scale = side(over.to_width, over.to_height) / side(over.width, over.height);
            let ball = Background {
                radius: settings.radius * scale,
                height: ball_height(settings),
                presmooth: settings.presmooth && scale > SMOOTH,
                ..settings.clone()
            };
            match one_ball(&reduced, &ball, cancel)? {
                Backdrop::Full(found) => Backdrop::Reduced(light_planes(&found)),
                found @ Backdrop::Reduced(_) => found,
            }
        }
    };
    // Noise and paper are measured at full size, as the full-size run measures them.
    let full = photograph.full();
    if (over.width, over.height) == (full.width, full.height) {
        Analysis::of_until(full, backdrop, recipe, MEASURED_ROWS, cancel)
    } else {
        let part = full.cut(over.x, over.y, over.width, over.height);
        Analysis::of_until(&part, backdrop, recipe, MEASURED_ROWS, cancel)
    }
}

fn light_planes(picture: &Picture) -> Vec<Plane<f32>> {
    let (light, channels) = (to_light(), picture.channels.count());
    let plane = |channel| Plane {
        width: picture.width as usize,
        height: picture.height as usize,
        data: picture
            .data
            .iter()
            .skip(channel)
            .step_by(channels)
            .map(|&sample| light[usize::from(sample)])
            .collect(),
    };
    (0..channels).map(plane).collect()
}
