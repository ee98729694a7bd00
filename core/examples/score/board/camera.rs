//! The camera: lens, sensor, tone curve, JPEG.

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageError};
use rayon::prelude::*;

use super::hand::Dice;
use super::kind::CameraKind;
use crate::colour::encoded;

/// Linear light of a whole picture, three values a pixel, to a JPEG file.
pub fn photograph(
    light: &[[f32; 3]],
    (width, height): (usize, usize),
    camera: &CameraKind,
    seed: u64,
) -> Result<Vec<u8>, ImageError> {
    let light = blurred(light, (width, height), camera.blur);
    let mut rgb = vec![0_u8; width * height * 3];
    rgb.par_chunks_mut(width * 3)
        .zip(light.par_chunks(width))
        .enumerate()
        .for_each(|(y, (row, light))| {
            // Every row has its own dice, so that rows may be taken in any order.
            let mut dice = Dice::new(seed ^ (y as u64).wrapping_mul(0xD6E8_FEB8_6659_FD93));
            let mut grain = [0.0_f32; 3];
            for (pixel, light) in row.chunks_exact_mut(3).zip(light) {
                let common = dice.normal();
                for c in 0..3 {
                    // Filters in the camera smear noise, and mix part of it into all channels. Blue is gained up most.
                    let fresh = 0.55 * common + [0.8, 0.6, 1.0][c] * dice.normal();
                    grain[c] = 0.4 * grain[c] + 0.85 * fresh;
                    // Photons by their square root, and a little that is always there.
                    let sigma = camera.noise * (0.000_35 * light[c].max(0.0) + 0.000_01).sqrt();
                    let level = encoded(light[c] + sigma * grain[c]);
                    pixel[c] = (level * 255.0 + 0.5) as u8;
                }
            }
        });
    if camera.half_colours {
        halve_colours(&mut rgb, width);
    }
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, camera.quality).encode(
        &rgb,
        width as u32,
        height as u32,
        ExtendedColorType::Rgb8,
    )?;
    Ok(bytes)
}

/// Gaussian blur; beyond the borders the outermost pixels go on.
fn blurred(light: &[[f32; 3]], (width, height): (usize, usize), sigma: f32) -> Vec<[f32; 3]> {
    let reach = libm::ceilf(3.0 * sigma) as isize;
    let mut weights: Vec<f32> = (-reach..=reach)
        .map(|i| libm::expf(-0.5 * (i * i) as f32 / (sigma * sigma)))
        .collect();
    let sum: f32 = weights.iter().sum();
    for weight in &mut weights {
        *weight /= sum;
    }
    let pass = |from: &[[f32; 3]], step: usize, along: fn(usize, usize) -> usize, count: usize| {
        let mut to = vec![[0.0_f32; 3]; from.len()];
        to.par_iter_mut().enumerate().for_each(|(at, value)| {
            let place = along(at, width) as isize;
            for (i, weight) in weights.iter().enumerate() {
                let moved = (place + i as isize - reach).clamp(0, count as isize - 1) - place;
                let source = from[at.wrapping_add_signed(moved * step as isize)];
                for c in 0..3 {
                    value[c] += weight * source[c];
                }
            }
        });
        to
    };
    let across = pass(light, 1, |at, width| at % width, width);
    pass(&across, width, |at, width| at / width, height)
}

/// Colour differences averaged over squares of two by two pixels: what 4:2:0 leaves. The encoder at hand only writes
/// 4:4:4, so they are written twice.
fn halve_colours(rgb: &mut [u8], width: usize) {
    for rows in rgb.chunks_mut(width * 6) {
        let (top, low) = rows.split_at_mut(rows.len().min(width * 3));
        if low.is_empty() {
            continue;
        }
        for (top, low) in top.chunks_exact_mut(6).zip(low.chunks_exact_mut(6)) {
            let mut pixels = [[0.0_f32; 3]; 4];
            for (ycc, rgb) in pixels
                .iter_mut()
                .zip(top.chunks_exact(3).chain(low.chunks_exact(3)))
            {
                *ycc = ycc_of(rgb);
            }
            let mean = |c: usize| pixels.iter().map(|pixel| pixel[c]).sum::<f32>() / 4.0;
            let (cb, cr) = (mean(1), mean(2));
            let targets = top.chunks_exact_mut(3).chain(low.chunks_exact_mut(3));
            for (rgb, ycc) in targets.zip(pixels) {
                let values = [
                    ycc[0] + 1.402 * cr,
                    ycc[0] - 0.344_136 * cb - 0.714_136 * cr,
                    ycc[0] + 1.772 * cb,
                ];
                for (sample, value) in rgb.iter_mut().zip(values) {
                    *sample = (value + 0.5).clamp(0.0, 255.0) as u8;
                }
            }
        }
    }
}

/// Luma and colour differences of JFIF.
pub fn ycc_of(rgb: &[u8]) -> [f32; 3] {
    let [r, g, b] = [0, 1, 2].map(|c| f32::from(rgb[c]));
    let y = 0.299 * r + 0.587 * g + 0.114 * b;
    [y, (b - y) / 1.772, (r - y) / 1.402]
}
