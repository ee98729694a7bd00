//! Profiles of curves and a matrix, as tables.

use std::sync::LazyLock;

use moxcms::{ColorProfile, DataColorSpace, ToneReprCurve, Xyzd};

use super::{Depth, curve};
use crate::finish::light::ToSample;

/// From the profile connection space (XYZ, D50) to linear sRGB, adapted by Bradford: the inverse of the colorants in
/// the ICC's sRGB profile.
const XYZ_TO_SRGB: [[f64; 3]; 3] = [
    [3.134_112_2, -1.617_392_4, -0.490_633_4],
    [-0.978_787_3, 1.916_279_6, 0.033_454_7],
    [0.071_983_0, -0.228_985_9, 1.405_385_1],
];

/// Grey: one table from sample to sRGB sample, and one to light.
pub(in crate::image) struct Curve(Vec<u8>, Vec<f32>);

impl Curve {
    pub fn new(profile: &ColorProfile, depth: Depth) -> Option<Self> {
        let curve = profile.gray_trc.as_ref()?;
        let to_sample = ToSample::new();
        let most = (depth.levels() - 1) as f64;
        let lights = (0..depth.levels()).map(|level| {
            let light = curve::light(curve, level as f64 / most)?;
            // In a profile over Lab the curve gives lightness instead (ICC.1:2022, 8.3.4).
            let light = if profile.pcs == DataColorSpace::Lab {
                of_lightness(light * 100.0)
            } else {
                light
            };
            Some(light as f32)
        });
        let lights: Vec<f32> = lights.collect::<Option<_>>()?;
        let table = lights.iter().map(|light| to_sample.of(*light)).collect();
        Some(Self(table, lights))
    }

    /// How many levels any grey changes by, at most.
    pub fn distance(&self) -> u8 {
        let most = self.0.len() - 1;
        (0..=255_u8)
            .map(|level| self.0[usize::from(level) * most / 255].abs_diff(level))
            .max()
            .unwrap_or(0)
    }

    pub fn in_place(&self, samples: &mut [u8]) {
        for sample in samples {
            *sample = self.0.get(usize::from(*sample)).copied().unwrap_or(*sample);
        }
    }

    pub fn reduce(&self, samples: &[u16], out: &mut Vec<u8>) {
        let at = |sample: &u16| self.0.get(usize::from(*sample)).copied().unwrap_or(0);
        out.extend(samples.iter().map(at));
    }

    pub fn deep_in_place(&self, samples: &mut [u16]) {
        let encoded = encoded();
        for sample in samples {
            *sample = deep_of(
                encoded,
                self.1.get(usize::from(*sample)).copied().unwrap_or(0.0),
            );
        }
    }
}

/// sRGB samples of 16 bits, unrounded, for light in even steps. Between two of them the curve is straight, but for a
/// hundredth of a level.
static ENCODED: LazyLock<Vec<f32>> = LazyLock::new(|| {
    // One more than is ever asked for, so that the brightest has a neighbour.
    let light = |step: usize| (step as f64 / DEEP_STEPS as f64).min(1.0);
    let encoded = |light: f64| match light {
        // IEC 61966-2-1.
        light if light <= 0.003_130_8 => light * 12.92,
        light => 1.055 * libm::pow(light, 1.0 / 2.4) - 0.055,
    };
    (0..=DEEP_STEPS + 1)
        .map(|step| (encoded(light(step)) * 65_535.0) as f32)
        .collect()
});

/// Steps of [`ENCODED`].
const DEEP_STEPS: usize = 1 << 16;

/// The table that [`deep_of`] wants.
fn encoded() -> &'static [f32] {
    &ENCODED
}

/// The nearest sample of 16 bits to a light; what lies outside of 0 to 1 is clipped.
#[inline]
fn deep_of(encoded: &[f32], light: f32) -> u16 {
    let place = light.clamp(0.0, 1.0) * DEEP_STEPS as f32;
    let step = (place as usize).min(DEEP_STEPS);
    let (low, high) = (encoded[step], encoded[step + 1]);
    (low + (high - low) * (place - step as f32) + 0.5) as u16
}

/// CIE 1976: luminance of a lightness from 0 to 100.
fn of_lightness(lightness: f64) -> f64 {
    if lightness > 8.0 {
        let root = (lightness + 16.0) / 116.0;
        root * root * root
    } else {
        lightness / 903.3
    }
}

/// Steps from no light to full light: as many as [`ToSample`] tells apart.
const STEPS: usize = 8192;

/// RGB: a table per channel from sample to light, a matrix from light to light, and a table from there to samples.
pub(in crate::image) struct Matrix {
    light: [Vec<f32>; 3],
    weights: [[f32; 3]; 3],
    /// The same as [`ToSample`], which asks for more care than light that has been clamped needs.
    samples: Box<[u8; STEPS + 1]>,
}

impl Matrix {
    pub fn new(profile: &ColorProfile, depth: Depth) -> Option<Self> {
        let most = (depth.levels() - 1) as f64;
        let table = |curve: &Option<ToneReprCurve>| -> Option<Vec<f32>> {
            let curve = curve.as_ref()?;
            (0..depth.levels())
                .map(|level| curve::light(curve, level as f64 / most).map(|light| light as f32))
                .collect()
        };
        // Almost always the three are one and the same, and a table for 16 bits takes a while.
        let red = table(&profile.red_trc)?;
        let or_red = |curve: &Option<ToneReprCurve>| {
            if *curve == profile.red_trc {
                Some(red.clone())
            } else {
                table(curve)
            }
        };
        let (green, blue) = (or_red(&profile.green_trc)?, or_red(&profile.blue_trc)?);
        let light = [red, green, blue];
        let colorants = [
            xyz(&profile.red_colorant),
            xyz(&profile.green_colorant),
            xyz(&profile.blue_colorant),
        ];
        let mut to_srgb = [[0.0_f32; 3]; 3];
        for (row, weights) in to_srgb.iter_mut().zip(XYZ_TO_SRGB) {
            let [a, b, c] = weights;
            let cells = colorants.map(|[x, y, z]| a * x + b * y + c * z);
            // White stays white. It does so already, but for the rounding in profiles, which would tint some greys by
            // a level; a matrix that is further off is no camera's.
            let white = cells[0] + cells[1] + cells[2];
            if !(0.8..=1.2).contains(&white) {
                return None;
            }
            *row = cells.map(|cell| (cell / white) as f32);
        }
        let to_sample = ToSample::new();
        let samples = Box::new(std::array::from_fn(|step| {
            to_sample.of(step as f32 / STEPS as f32)
        }));
        Some(Self {
            light,
            weights: to_srgb,
            samples,
        })
    }

    pub fn deep_in_place(&self, samples: &mut [u16]) {
        let table = |channel: usize| self.light[channel].first_chunk::<65_536>();
        let (Some(red), Some(green), Some(blue)) = (table(0), table(1), table(2)) else {
            return;
        };
        let encoded = encoded();
        for pixel in samples.as_chunks_mut::<3>().0 {
            let [r, g, b] = pixel.map(usize::from);
            *pixel = self
                .weights
                .map(|[x, y, z]| deep_of(encoded, x * red[r] + y * green[g] + z * blue[b]));
        }
    }

    #[inline]
    fn pixel(&self, red: f32, green: f32, blue: f32) -> [u8; 3] {
        // Plain products and sums: the language forbids to fuse them, so the rounding is the same everywhere.
        self.weights.map(|[r, g, b]| {
            let light = r * red + g * green + b * blue;
            let step = (light * STEPS as f32 + 0.5) as i32;
            self.samples[step.clamp(0, STEPS as i32) as usize]
        })
    }

    pub fn in_place(&self, samples: &mut [u8]) {
        let table = |channel: usize| self.light[channel].first_chunk::<256>();
        let (Some(red), Some(green), Some(blue)) = (table(0), table(1), table(2)) else {
            return;
        };
        for pixel in samples.as_chunks_mut::<3>().0 {
            let [r, g, b] = pixel.map(usize::from);
            *pixel = self.pixel(red[r], green[g], blue[b]);
        }
    }

    pub fn reduce(&self, samples: &[u16], out: &mut Vec<u8>) {
        let table = |channel: usize| self.light[channel].first_chunk::<65_536>();
        let (Some(red), Some(green), Some(blue)) = (table(0), table(1), table(2)) else {
            return;
        };
        out.extend(samples.as_chunks::<3>().0.iter().flat_map(|pixel| {
            let [r, g, b] = pixel.map(usize::from);
            self.pixel(red[r], green[g], blue[b])
        }));
    }
}

fn xyz(colour: &Xyzd) -> [f64; 3] {
    [colour.x, colour.y, colour.z]
}
