//! How far found backgrounds are from the true one, before and after their bias is corrected.

use std::error::Error;
use std::io::{Cursor, Write};

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageReader};
use whiteboarder_core::background::Plane;
use whiteboarder_core::cancel::Never;
use whiteboarder_core::rolling::noise::{self, Noise as Measured};
use whiteboarder_core::rolling::{
    Element, Operation, Roller, Rolling, Sample, View, ViewMut, bias,
};

use crate::generator::{Board, Noise, rounded};
use crate::measure::median;

/// Noise as a camera leaves it: the last is Gaussian and went through a JPEG file of this quality.
#[derive(Clone, Copy, Debug)]
enum Photo {
    Plain(Noise),
    Jpeg(u8),
}

impl Photo {
    fn name(self) -> String {
        match self {
            Self::Plain(Noise::Gauss) => "Gauss".into(),
            Self::Plain(Noise::Even) => "even, no tails".into(),
            Self::Plain(Noise::Laplace) => "Laplace, heavy tails".into(),
            Self::Plain(Noise::Blurred) => "mean of 2×2".into(),
            Self::Jpeg(quality) => format!("Gauss, JPEG {quality}"),
        }
    }

    fn take(self, board: &Board, sigma: f64) -> Result<Plane<f32>, Box<dyn Error>> {
        Ok(match self {
            Self::Plain(noise) => board.photograph(noise, sigma),
            Self::Jpeg(quality) => {
                let plain = rounded(&board.photograph(Noise::Gauss, sigma));
                let (width, height) = (u32::try_from(plain.width)?, u32::try_from(plain.height)?);
                let mut bytes = Vec::new();
                JpegEncoder::new_with_quality(&mut bytes, quality).encode(
                    &plain.data,
                    width,
                    height,
                    ExtendedColorType::L8,
                )?;
                let read = ImageReader::new(Cursor::new(bytes))
                    .with_guessed_format()?
                    .decode()?;
                let data = read.to_luma8().into_raw();
                Plane::new(plain.width, plain.height, data)
                    .ok_or("JPEG changed the size")?
                    .map(f32::from)
            }
        })
    }
}

/// Root mean square and median of background − truth, where there is no ink and where there is.
struct Errors {
    off: (f64, f64),
    on: (f64, f64),
}

fn errors(found: &Plane<f32>, board: &Board, add: f64) -> Errors {
    let (mut off, mut on) = (Vec::new(), Vec::new());
    for ((&found, &truth), &ink) in found
        .data
        .iter()
        .zip(&board.truth.data)
        .zip(&board.ink.data)
    {
        let list = if ink > 0.0 { &mut on } else { &mut off };
        list.push(f64::from(found) + add - f64::from(truth));
    }
    let both = |list: Vec<f64>| {
        let square: f64 = list.iter().map(|e| e * e).sum();
        ((square / list.len().max(1) as f64).sqrt(), median(list))
    };
    Errors {
        off: both(off),
        on: both(on),
    }
}

fn row<T: Sample>(
    name: &str,
    picture: &Plane<T>,
    board: &Board,
    sigma: f64,
    rolling: &Rolling,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let mut result = picture.clone();
    let Ok(()) = Roller::new().roll(View::of(picture), ViewMut::of(&mut result), rolling, &Never);
    let Measured {
        sigma: measured,
        smooth,
    } = noise::measure(View::of(picture));
    let by_sigma = bias::correction::<T>(noise::sigma(View::of(picture)), rolling);
    let add = bias::estimate(View::of(picture), rolling);
    let found = result.map(Sample::as_f32);
    let (before, after) = (errors(&found, board, 0.0), errors(&found, board, add));
    let plain = errors(&found, board, by_sigma);
    writeln!(
        out,
        "| {name} | {} | {sigma} | {measured:.2}, {:.2} | {:.2} / {:.2} | {:+.2} / {:+.2} | {add:+.2} | {:.2} / {:.2} | {:+.2} / {:+.2} | {:+.2} |",
        rolling.element.radius(),
        smooth * 3.0,
        before.off.0,
        before.on.0,
        before.off.1,
        before.on.1,
        after.off.0,
        after.on.0,
        after.off.1,
        after.on.1,
        plain.off.1,
    )?;
    out.flush()?;
    Ok(())
}

/// Prints the tables; given words, only of radii and noises that are among them (`r=100`, `noise=6`, `JPEG`).
pub fn tables(
    width: usize,
    height: usize,
    words: &[String],
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let board = Board::new(width, height);
    writeln!(out, "{width} × {height} pixels, light board.\n")?;
    let head = "r | σ | σ found, 3 × that of 3×3 means | RMSE | median error | added | RMSE after | median after | median after, by σ alone |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|";
    writeln!(out, "| background | {head}")?;
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word));
    for radius in [25.0, 50.0, 100.0, 200.0] {
        let element = Element::ball(radius).ok_or("radii are positive")?;
        for sigma in [2.0, 6.0, 12.0] {
            if !wanted(&format!("r={radius} noise={sigma}")) {
                continue;
            }
            let photo = board.photograph(Noise::Gauss, sigma);
            let whole = rounded(&photo);
            let opening = Rolling::new(element, Operation::Closing);
            let smooth = Rolling {
                presmooth: true,
                ..opening
            };
            let erosion = Rolling::new(element, Operation::Dilation);
            row(
                "opening f32, presmooth",
                &photo,
                &board,
                sigma,
                &smooth,
                out,
            )?;
            row("opening u8, presmooth", &whole, &board, sigma, &smooth, out)?;
            row("opening u8", &whole, &board, sigma, &opening, out)?;
            row("erosion u8", &whole, &board, sigma, &erosion, out)?;
        }
    }
    writeln!(out, "\n| noise, background | {head}")?;
    let element = Element::ball(100.0).ok_or("radii are positive")?;
    let opening = Rolling::new(element, Operation::Closing);
    for photo in [
        Photo::Plain(Noise::Gauss),
        Photo::Plain(Noise::Even),
        Photo::Plain(Noise::Laplace),
        Photo::Plain(Noise::Blurred),
        Photo::Jpeg(95),
        Photo::Jpeg(85),
        Photo::Jpeg(60),
    ] {
        if !wanted(&photo.name()) {
            continue;
        }
        let picture = rounded(&photo.take(&board, 6.0)?);
        let smooth = Rolling {
            presmooth: true,
            ..opening
        };
        for (what, rolling) in [("opening u8, presmooth", smooth), ("opening u8", opening)] {
            row(
                &format!("{}: {what}", photo.name()),
                &picture,
                &board,
                6.0,
                &rolling,
                out,
            )?;
        }
    }
    Ok(())
}
