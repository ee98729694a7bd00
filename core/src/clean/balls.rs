//! One ball or paraboloid at full size, and what ImageJ makes of a picture.

use crate::analysis::Analysis;
use crate::background::Surface;
use crate::cancel::Interrupt;
use crate::image::{Channels, Picture};
use crate::recipe::{Background, Like, Method, Recipe, Style};
use crate::rolling::like::{LikeError, imagej};
use crate::rolling::{Element, Operation, Roller, Rolling, View, ViewMut};

/// One exact ball or paraboloid on the sRGB samples at full size, channel by channel.
pub(super) fn one_ball<I: Interrupt>(
    picture: &Picture,
    settings: &Background,
    surface: Surface,
    roller: &mut Roller,
    interrupt: &I,
) -> Result<Picture, I::Stopped> {
    let Some(rolling) = rolling(settings, surface) else {
        return Ok(picture.clone());
    };
    let mut result = Picture {
        data: vec![0; picture.data.len()],
        ..picture.clone_shape()
    };
    let channels = picture.channels.count();
    let (width, height) = (picture.width as usize, picture.height as usize);
    for channel in 0..channels {
        let source = View::channel(&picture.data, width, height, channels, channel);
        let found = ViewMut::channel(&mut result.data, width, height, channels, channel);
        let (Some(source), Some(mut found)) = (source, found) else {
            continue;
        };
        if settings.like == Like::ImageJ {
            let like = imagej_settings(settings, surface);
            match imagej::background_u8(source, found.reborrow(), &like, interrupt) {
                Ok(()) => continue,
                Err(LikeError::Stopped(stopped)) => return Err(stopped),
                // ImageJ fails on it: the definition does not.
                Err(LikeError::Radius(_) | LikeError::Narrow { .. }) => {}
            }
        }
        roller.roll(source, found, &rolling, interrupt)?;
    }
    Ok(result)
}

/// What a roller is asked to do for these settings.
fn rolling(settings: &Background, surface: Surface) -> Option<Rolling> {
    let height = ball_height(settings);
    let element = match (settings.method, settings.like) {
        (_, Like::Scikit) => Element::ball(settings.radius),
        (Method::Paraboloid, _) => Element::paraboloid(settings.radius, height),
        _ => Element::ellipsoid(settings.radius, height),
    }?;
    Some(if settings.like == Like::Scikit {
        Rolling::new(element, Operation::apex(surface))
    } else {
        Rolling {
            presmooth: settings.presmooth,
            ..Rolling::new(element, Operation::background(surface))
        }
    })
}

fn imagej_settings(settings: &Background, surface: Surface) -> imagej::Settings {
    imagej::Settings {
        radius: settings.radius,
        light_background: surface == Surface::Light,
        sliding_paraboloid: settings.method == Method::Paraboloid,
        presmooth: settings.presmooth,
    }
}

/// What ImageJ's "Subtract Background" makes of a picture, when that is what the recipe wants: it subtracts before it
/// rounds, and of colours it rolls over the brightness. `None` where something else is wanted, or ImageJ fails.
pub(super) fn subtracted_like_imagej<I: Interrupt>(
    picture: &Picture,
    analysis: &Analysis,
    recipe: &Recipe,
    interrupt: &I,
) -> Result<Option<Vec<u8>>, I::Stopped> {
    if !like_imagej(recipe) {
        return Ok(None);
    }
    let settings = &recipe.background;
    let like = imagej_settings(settings, analysis.surface());
    let (width, height) = (picture.width as usize, picture.height as usize);
    let mut result = vec![0; picture.data.len()];
    let done = match picture.channels {
        Channels::Rgb => imagej::brightness_rgb(
            &picture.data,
            &mut result,
            width,
            &like,
            imagej::Product::Subtracted,
            interrupt,
        ),
        Channels::Grey => {
            let source = View::channel(&picture.data, width, height, 1, 0);
            let found = ViewMut::channel(&mut result, width, height, 1, 0);
            match source.zip(found) {
                Some((source, found)) => imagej::subtract_u8(source, found, &like, interrupt),
                None => return Ok(None),
            }
        }
    };
    match done {
        Ok(()) => Ok(Some(result)),
        Err(LikeError::Stopped(stopped)) => Err(stopped),
        Err(LikeError::Radius(_) | LikeError::Narrow { .. }) => Ok(None),
    }
}

/// Whether the recipe wants what ImageJ's "Subtract Background" gives, which depends on the whole picture.
pub(crate) fn like_imagej(recipe: &Recipe) -> bool {
    recipe.finish.style == Style::Subtract
        && recipe.finish.strength >= 100.0
        && recipe.background.like == Like::ImageJ
        && recipe.background.method != Method::Whiteboard
}

/// Methods `ball` and `paraboloid`: the height in grey levels.
pub(crate) fn ball_height(settings: &Background) -> f64 {
    if settings.height > 0.0 {
        settings.height
    } else {
        settings.radius
    }
}
