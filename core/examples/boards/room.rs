//! The room and the camera: light on the board, glare, noise, and the picture that comes out.

use std::sync::LazyLock;

use rayon::prelude::*;

use super::hand::Dice;
use super::ink::Board;

/// A soft patch of light (or, negative, of shadow), in shares of the picture's width and height.
#[derive(Clone, Copy)]
pub struct Patch {
    pub at: (f32, f32),
    pub size: (f32, f32),
    pub light: f32,
}

/// How a board is lit and taken.
pub struct Room {
    /// Light on the board's middle, linear, per channel: exposure and cast.
    pub light: [f32; 3],
    /// Change of light from left to right and from top to bottom, as shares.
    pub slope: (f32, f32),
    /// Loss of light in the corners, as a share.
    pub vignette: f32,
    /// Lamps and shadows, which multiply.
    pub patches: &'static [Patch],
    /// Reflections, which add white light to board and ink alike.
    pub glare: &'static [Patch],
    /// A shadow's straight edge: the line (a, b, c) with a·x + b·y = c, and the light left behind it.
    pub shadow: Option<(f32, f32, f32, f32)>,
    /// Noise of the sensor, standard deviation in sRGB levels of mid-grey.
    pub noise: f32,
    pub seed: u64,
}

/// A photograph: sRGB samples, three a pixel.
pub struct Photo {
    pub width: usize,
    pub height: usize,
    pub rgb: Vec<u8>,
}

/// The grid on which light is computed; between its points it is interpolated.
const GRID: usize = 160;

impl Room {
    pub fn photograph(&self, board: &Board) -> Photo {
        let (width, height) = (board.width, board.height);
        let map = self.light_map(width as f32 / height as f32);
        let mut rgb = vec![0; width * height * 3];
        rgb.par_chunks_mut(width * 3)
            .enumerate()
            .for_each(|(y, row)| {
                // Every row has its own dice, so that rows may be taken in any order.
                let mut dice =
                    Dice::new(self.seed ^ (y as u64).wrapping_mul(0xD6E8_FEB8_6659_FD93));
                let mut grain = [0.0_f32; 3];
                let v = y as f32 / height as f32 * (GRID - 1) as f32;
                for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
                    let u = x as f32 / width as f32 * (GRID - 1) as f32;
                    let (light, glare) = interpolated(&map, u, v);
                    let through = board.through[y * width + x];
                    let brightness = dice.normal();
                    for c in 0..3 {
                        // Half of the noise is shared by the channels, and cameras smear it sideways.
                        grain[c] = 0.45 * grain[c] + 0.6 * brightness + 0.5 * dice.normal();
                        let linear = light * self.light[c] * f32::from(through[c]) / 255.0 + glare;
                        let level = encoded(linear);
                        // Brighter is noisier in light, but less so after the tone curve.
                        let sigma = self.noise * (1.25 - 0.5 * level);
                        pixel[c] = (level * 255.0 + sigma * grain[c] + 0.5).clamp(0.0, 255.0) as u8;
                    }
                }
            });
        Photo { width, height, rgb }
    }

    /// Light and glare on the grid.
    fn light_map(&self, aspect: f32) -> Vec<(f32, f32)> {
        let mut map = Vec::with_capacity(GRID * GRID);
        for j in 0..GRID {
            for i in 0..GRID {
                let (x, y) = (i as f32 / (GRID - 1) as f32, j as f32 / (GRID - 1) as f32);
                let (cx, cy) = ((x - 0.5) * aspect.max(1.0), (y - 0.5) / aspect.min(1.0));
                let mut light = 1.0 + self.slope.0 * (x - 0.5) + self.slope.1 * (y - 0.5);
                light *= 1.0 - self.vignette * (cx * cx + cy * cy);
                for patch in self.patches {
                    light *= 1.0 + patch.light * bell(patch, x, y);
                }
                if let Some((a, b, c, left)) = self.shadow {
                    // Half-shadow: a lamp is no point.
                    let t = ((a * x + b * y - c) / 0.05 + 0.5).clamp(0.0, 1.0);
                    light *= 1.0 - (1.0 - left) * t * t * (3.0 - 2.0 * t);
                }
                let glare = self
                    .glare
                    .iter()
                    .map(|patch| patch.light * bell(patch, x, y))
                    .sum();
                map.push((light.max(0.02), glare));
            }
        }
        map
    }
}

fn bell(patch: &Patch, x: f32, y: f32) -> f32 {
    let (dx, dy) = (
        (x - patch.at.0) / patch.size.0,
        (y - patch.at.1) / patch.size.1,
    );
    libm::expf(-(dx * dx + dy * dy))
}

fn interpolated(map: &[(f32, f32)], u: f32, v: f32) -> (f32, f32) {
    let (i, j) = ((u as usize).min(GRID - 2), (v as usize).min(GRID - 2));
    let (fu, fv) = (u - i as f32, v - j as f32);
    let mix = |a: (f32, f32), b: (f32, f32), t: f32| (a.0 + (b.0 - a.0) * t, a.1 + (b.1 - a.1) * t);
    let at = |i: usize, j: usize| map[j * GRID + i];
    mix(
        mix(at(i, j), at(i + 1, j), fu),
        mix(at(i, j + 1), at(i + 1, j + 1), fu),
        fv,
    )
}

/// sRGB's curve, from linear light to 0..1, by table.
fn encoded(light: f32) -> f32 {
    const STEPS: usize = 4096;
    static CURVE: LazyLock<Vec<f32>> = LazyLock::new(|| {
        (0..=STEPS + 1)
            .map(|step| {
                let light = step as f64 / STEPS as f64;
                let encoded = if light <= 0.003_130_8 {
                    light * 12.92
                } else {
                    1.055 * libm::pow(light, 1.0 / 2.4) - 0.055
                };
                encoded as f32
            })
            .collect()
    });
    let at = light.clamp(0.0, 1.0) * STEPS as f32;
    let step = at as usize;
    CURVE[step] + (CURVE[step + 1] - CURVE[step]) * (at - step as f32)
}
