//! Colour pictures as ImageJ treats them unless colours are separated: only the brightness of HSB is rolled.
//!
//! Hue, saturation and brightness have 8 bits each and are cut off, so colours change a little even where nothing is
//! subtracted, and a cast of colour stays. That is ImageJ's way, not a good one.

use rayon::prelude::*;

use super::{LikeError, Product, Settings, roll};
use crate::cancel::Interrupt;
use crate::rolling::{View, ViewMut};

/// A colour picture whose brightness is replaced by its background, or has that subtracted.
///
/// `source` and `result` are interleaved RGB, three samples per pixel, rows of `width` pixels without gaps.
///
/// # Errors
///
/// As [`background_u8`](super::background_u8).
///
/// # Panics
///
/// When `source` does not consist of whole rows, at least one, or `result` is not as long.
pub fn brightness_rgb<I: Interrupt>(
    source: &[u8],
    result: &mut [u8],
    width: usize,
    settings: &Settings,
    product: Product,
    interrupt: &I,
) -> Result<(), LikeError<I::Stopped>> {
    assert!(
        width > 0
            && !source.is_empty()
            && source.len().is_multiple_of(3 * width)
            && result.len() == source.len(),
        "pictures must be whole rows of RGB, and the result as large as the source"
    );
    let height = source.len() / (3 * width);
    // The result holds hue, saturation and brightness in the meantime.
    let rows = result
        .par_chunks_mut(3 * width)
        .zip(source.par_chunks(3 * width));
    rows.try_for_each(|(row, source)| {
        interrupt.check()?;
        let (pixels, _) = row.as_chunks_mut::<3>();
        let (sources, _) = source.as_chunks::<3>();
        for (pixel, &rgb) in pixels.iter_mut().zip(sources) {
            *pixel = hsb(rgb);
        }
        Ok::<_, I::Stopped>(())
    })?;
    let brightness: Vec<u8> = result.iter().skip(2).step_by(3).copied().collect();
    let views = View::new(&brightness, width, height, 1, width)
        .zip(ViewMut::channel(result, width, height, 3, 2));
    if let Some((brightness, result)) = views {
        roll(brightness, result, settings, product, interrupt)?;
    }
    let rows = result.par_chunks_mut(3 * width);
    rows.try_for_each(|row| {
        interrupt.check()?;
        let (pixels, _) = row.as_chunks_mut::<3>();
        for pixel in pixels {
            *pixel = rgb(*pixel);
        }
        Ok(())
    })
}

/// Hue, saturation and brightness in 255ths, cut off.
fn hsb(rgb: [u8; 3]) -> [u8; 3] {
    let [r, g, b] = rgb.map(f32::from);
    let (high, low) = (r.max(g).max(b), r.min(g).min(b));
    let brightness = high / 255.0;
    let (mut hue, mut saturation) = (0.0, 0.0);
    if high > low {
        let range = high - low;
        saturation = range / high;
        let [to_r, to_g, to_b] = [r, g, b].map(|v| (high - v) / range);
        // Where two are the highest, the first of red, green, blue counts as that.
        let sixths = if r >= high {
            to_b - to_g
        } else if g >= high {
            2.0 + to_r - to_b
        } else {
            4.0 + to_g - to_r
        };
        hue = sixths / 6.0;
        if hue < 0.0 {
            hue += 1.0;
        }
    }
    [hue, saturation, brightness].map(|v| (f64::from(v) * 255.0) as u8)
}

/// The colour of hue, saturation and brightness in 255ths, rounded.
fn rgb(hsb: [u8; 3]) -> [u8; 3] {
    let [hue, saturation, brightness] = hsb.map(|v| (f64::from(v) / 255.0) as f32);
    let level = |v: f32| (v * 255.0 + 0.5) as u8;
    let high = level(brightness);
    if hsb[1] == 0 {
        return [high; 3];
    }
    // A full turn is none. The sector of the colour circle, and how far into it.
    let sixths = (hue - hue.floor()) * 6.0;
    let within = sixths - sixths.floor();
    let low = level(brightness * (1.0 - saturation));
    let falling = level(brightness * (1.0 - saturation * within));
    let rising = level(brightness * (1.0 - saturation * (1.0 - within)));
    match sixths as u8 {
        0 => [high, rising, low],
        1 => [falling, high, low],
        2 => [low, high, rising],
        3 => [low, falling, high],
        4 => [rising, low, high],
        _ => [high, low, falling],
    }
}
