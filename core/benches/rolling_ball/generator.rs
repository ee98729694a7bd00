//! Pictures to measure on: boards whose true background is known, and pictures made to be hard. From fixed seeds.

use rayon::prelude::*;
use whiteboarder_core::background::Plane;

/// A 64-bit mixer (`SplitMix64`): the same numbers everywhere, any of them without the others.
pub fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// An even number between 0 and 1, neither of them.
fn even(seed: u64) -> f64 {
    ((mix(seed) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
}

/// How the noise of a board is distributed; each has mean 0 and standard deviation 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Noise {
    /// Independent Gaussian numbers (Box and Muller 1958).
    Gauss,
    /// Independent, even between −√3 and √3: no tails at all.
    Even,
    /// Independent, Laplace: heavy tails.
    Laplace,
    /// Gaussian, but each the mean of a 2×2 square (scaled up again): what demosaicking leaves.
    Blurred,
}

fn gauss(seed: u64) -> f64 {
    let (a, b) = (even(seed), even(seed ^ 0xA5A5_5A5A_1234_5678));
    (-2.0 * libm::log(a)).sqrt() * libm::cos(std::f64::consts::TAU * b)
}

fn noise_at(kind: Noise, seed: u64, x: usize, y: usize) -> f64 {
    let key = |x: usize, y: usize| mix(seed ^ ((y as u64) << 32 | x as u64));
    match kind {
        Noise::Gauss => gauss(key(x, y)),
        Noise::Even => (even(key(x, y)) - 0.5) * 12.0_f64.sqrt(),
        Noise::Laplace => {
            let u = even(key(x, y)) - 0.5;
            -u.signum() * libm::log(1.0 - 2.0 * u.abs()) / 2.0_f64.sqrt()
        }
        Noise::Blurred => {
            let four = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(i, j)| gauss(key(x + i, y + j)));
            four.iter().sum::<f64>() / 2.0
        }
    }
}

/// Nothing but noise of standard deviation 1.
pub fn field(width: usize, height: usize, kind: Noise, seed: u64) -> Plane<f32> {
    let rows = (0..height)
        .into_par_iter()
        .flat_map_iter(move |y| (0..width).map(move |x| noise_at(kind, seed, x, y) as f32));
    Plane {
        width,
        height,
        data: rows.collect(),
    }
}

/// A light board that was written on: what it shows, and what it would show without ink and noise.
pub struct Board {
    /// The empty board, in grey levels.
    pub truth: Plane<f32>,
    /// How much of each pixel is ink, 0 to 1.
    pub ink: Plane<f32>,
}

impl Board {
    /// Light that falls off to the corners, is brighter on the left and has a soft spot, 130 to 225 grey levels; strokes of three
    /// to nine pixels over about a twentieth of it.
    pub fn new(width: usize, height: usize) -> Self {
        let (w, h) = (width as f64, height as f64);
        let rows = (0..height).into_par_iter().flat_map_iter(|y| {
            (0..width).map(move |x| {
                let (u, v) = (2.0 * x as f64 / w - 1.0, 2.0 * y as f64 / h - 1.0);
                let spot = 1.0 / (1.0 + 8.0 * ((u + 0.4) * (u + 0.4) + (v + 0.3) * (v + 0.3)));
                (205.0 - 14.0 * u - 22.0 * (u * u + v * v) + 12.0 * spot) as f32
            })
        });
        let truth = Plane {
            width,
            height,
            data: rows.collect(),
        };
        Self {
            truth,
            ink: strokes(width, height),
        }
    }

    /// The photograph of it, before samples are rounded.
    pub fn photograph(&self, kind: Noise, sigma: f64) -> Plane<f32> {
        let width = self.truth.width;
        let pixels = self.truth.data.par_iter().zip(&self.ink.data).enumerate();
        let data = pixels.map(|(i, (&truth, &ink))| {
            let noise = if sigma > 0.0 {
                sigma * noise_at(kind, 77, i % width, i / width)
            } else {
                0.0
            };
            truth * (1.0 - 0.62 * ink) + noise as f32
        });
        Plane {
            width,
            height: self.truth.height,
            data: data.collect(),
        }
    }
}

/// The nearest of 8 bits.
pub fn rounded(plane: &Plane<f32>) -> Plane<u8> {
    plane.map(|v| (v + 0.5).clamp(0.0, 255.0) as u8)
}

/// Wandering pens, anti-aliased: the coverage of each pixel.
fn strokes(width: usize, height: usize) -> Plane<f32> {
    let mut ink = Plane::filled(width, height, 0.0_f32);
    let mut state = 1_u64;
    let mut next = || {
        state += 1;
        even(state)
    };
    let pens = (width * height / 25_000).max(1);
    for _ in 0..pens {
        let (mut x, mut y) = (next() * width as f64, next() * height as f64);
        let thickness = 1.5 + 3.0 * next();
        let mut direction = next() * std::f64::consts::TAU;
        for _ in 0..80 {
            dab(&mut ink, x, y, thickness);
            direction += (next() - 0.5) * 0.9;
            x += libm::cos(direction) * 2.5;
            y += libm::sin(direction) * 2.5;
        }
    }
    ink
}

fn dab(ink: &mut Plane<f32>, x: f64, y: f64, radius: f64) {
    let range = |centre: f64, size: usize| {
        let from = (centre - radius - 1.0).max(0.0) as usize;
        from.min(size)..((centre + radius + 2.0).max(0.0) as usize).min(size)
    };
    for row in range(y, ink.height) {
        for column in range(x, ink.width) {
            let (dx, dy) = (column as f64 - x, row as f64 - y);
            let coverage = (radius + 0.5 - (dx * dx + dy * dy).sqrt()).clamp(0.0, 1.0) as f32;
            let pixel = &mut ink.data[row * ink.width + column];
            *pixel = pixel.max(coverage);
        }
    }
}

/// A picture that is hard for somebody.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Hard {
    /// Saw-teeth from left to right with this slope in grey levels per pixel: all sources on a ramp nearly tie.
    Saw(f64),
    /// The same along the diagonal.
    Diagonal(f64),
    /// Spherical hills of a ball of this radius, side by side: all sources of a hill tie.
    Hills(f64),
    /// The same upside down.
    Bowls(f64),
    /// Smooth waves of this wavelength in pixels.
    Waves(f64),
    /// Black and white by turns.
    Checkerboard,
    /// Even bytes.
    Random,
    /// White, with one dark pixel in the middle.
    Dark,
}

impl Hard {
    /// The picture, in grey levels from 0 to 255.
    pub fn paint(self, width: usize, height: usize) -> Plane<f32> {
        let value = move |x: usize, y: usize| -> f64 {
            let (u, v) = (x as f64, y as f64);
            match self {
                Self::Saw(slope) => (u * slope) % 255.0,
                Self::Diagonal(slope) => ((u + v) * slope / 2.0_f64.sqrt()) % 255.0,
                Self::Hills(radius) => hill(u, v, radius),
                Self::Bowls(radius) => 255.0 - hill(u, v, radius),
                Self::Waves(length) => {
                    let wave = |t: f64| libm::sin(t * std::f64::consts::TAU / length);
                    127.5 + 60.0 * (wave(u) + wave(v))
                }
                Self::Checkerboard => 255.0 * f64::from((x + y) as u32 % 2),
                Self::Random => f64::from(mix((y as u64) << 32 | x as u64) as u8),
                Self::Dark => {
                    if (x, y) == (width / 2, height / 2) {
                        10.0
                    } else {
                        250.0
                    }
                }
            }
        };
        let rows = (0..height)
            .into_par_iter()
            .flat_map_iter(|y| (0..width).map(move |x| value(x, y) as f32));
        Plane {
            width,
            height,
            data: rows.collect(),
        }
    }
}

/// The cap of a ball in a lattice of balls that just touch.
fn hill(x: f64, y: f64, radius: f64) -> f64 {
    let off = |t: f64| t % (2.0 * radius) - radius;
    let room = radius * radius - off(x) * off(x) - off(y) * off(y);
    (240.0 - radius + room.max(0.0).sqrt()).max(0.0)
}
