//! From a pixel and the ink around it to its colour.

use super::depth::Depth;
use super::light::ToSample;
use crate::analysis::Analysis;
use crate::background::Surface;

/// Whole ink never absorbs less, so that what is kept can be read.
const FAINTEST: f32 = 0.33;

/// How ink is finished: the recipe's settings and the picture's own figures.
pub(super) struct Inks {
    light: bool,
    denser: Denser,
    saturation: f32,
    solid: f32,
    sharp: f32,
    neutral: f32,
    to_sample: ToSample,
}

/// Absorption of ink that is so many times as dense, by a table.
pub(super) struct Denser(Vec<f32>);

impl Denser {
    const STEPS: usize = 1024;

    pub(super) fn new(times: f32) -> Self {
        let step = |i| libm::powf(1.0 - i as f32 / Self::STEPS as f32, times);
        Self((0..=Self::STEPS).map(|i| 1.0 - step(i)).collect())
    }

    /// Of absorption, 0 to 1; what lies outside is clipped.
    #[inline]
    pub(super) fn of(&self, absorption: f32) -> f32 {
        let at = absorption.clamp(0.0, 1.0) * Self::STEPS as f32;
        let step = (at as usize).min(Self::STEPS - 1);
        let (from, to) = (self.0[step], self.0[step + 1]);
        from + (to - from) * (at - step as f32)
    }
}

/// From 0 at `from` to 1 at `to`, smoothly.
#[inline]
fn smoothstep(value: f32, from: f32, to: f32) -> f32 {
    let t = ((value - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// How far ink near by may be the ink that fills the place: not when it is much stronger (writing on a fill), nor much
/// weaker.
#[inline]
fn like(near: f32, around: f32) -> f32 {
    let ratio = near / around.max(1e-3);
    smoothstep(ratio, 0.35, 0.55) * (1.0 - smoothstep(ratio, 1.25, 1.5))
}

/// How far two colours are the same, whatever their strength.
#[inline]
fn same_colour(a: [f32; 3], b: [f32; 3]) -> f32 {
    let most = |c: [f32; 3]| c.iter().fold(1e-6_f32, |most, &c| most.max(c));
    let (most_a, most_b) = (most(a), most(b));
    let apart = (0..3)
        .map(|c| (a[c] / most_a - b[c] / most_b).abs())
        .fold(0.0_f32, f32::max);
    1.0 - smoothstep(apart, 0.08, 0.2)
}

impl Inks {
    pub(super) fn new(analysis: &Analysis) -> Self {
        let finish = &analysis.finish;
        Self {
            light: analysis.surface() == Surface::Light,
            denser: Denser::new(analysis.lift),
            saturation: finish.saturation as f32,
            solid: finish.solid as f32 / 100.0,
            sharp: finish.sharpness as f32,
            neutral: finish.neutral as f32 / 100.0,
            to_sample: ToSample::new(),
        }
    }

    /// How ink becomes denser.
    pub(super) fn denser(&self) -> &Denser {
        &self.denser
    }

    /// How far a place is filled, from the mean ink around and what whole ink absorbs there: along the edge of a fill
    /// half is paper.
    #[inline]
    fn filled(mean: f32, whole: f32) -> f32 {
        ((mean / whole - 0.5) / 0.3).clamp(0.0, 1.0)
    }

    /// What whole ink absorbs here, and how far it covers the pixel: from whole ink in the neighbourhood and around, the
    /// pixel's own ink, how far the place is filled, and how far it has the colour of what is around.
    #[inline]
    fn whole(&self, near: f32, around: f32, ink: f32, filled: f32, alike: f32) -> (f32, f32) {
        // Strokes are never as wide as their middles are strong; fills are what they are.
        let near = (near * (1.0 + 0.07 * (1.0 - filled))).min(1.0);
        let even = filled * alike;
        let whole = near + (around - near) * even;
        let cover = (ink / whole).clamp(0.0, 1.15);
        let cover = ((cover - 0.5) * self.sharp + 0.5).clamp(0.0, 1.0);
        // Streaks within a fill are no edges.
        let streak = smoothstep(ink / around.max(1e-3), 0.35, 0.6);
        let cover = cover + (1.0 - cover) * even * streak;
        (whole, cover)
    }

    /// Grey pixels; those without ink are left as they are. `around` tells what a plane of the surroundings says of a pixel.
    pub(super) fn grey<D: Depth>(
        &self,
        [fourth, fifth]: [&[f32]; 2],
        ink: &[f32],
        around: impl Fn(usize, usize) -> f32,
        out: &mut [D],
    ) {
        for (x, out) in out.iter_mut().enumerate() {
            if ink[x] > 0.0 && fourth[x] > 0.0 {
                let near = (fifth[x] / fourth[x]).max(1e-3);
                let (mean, around) = (around(0, x), around(1, x));
                let filled = Self::filled(mean, near);
                let alike = like(near, around);
                let (whole, cover) = self.whole(near, around, ink[x], filled, alike);
                let raw = self.denser.of(ink[x]);
                let whole = self.denser.of(whole).max(FAINTEST);
                *out = self.sample(raw + (whole * cover - raw) * self.solid);
            }
        }
    }

    /// Pixels of three channels, as [`Self::grey`] finishes one.
    pub(super) fn colour<D: Depth>(
        &self,
        [fourth, fifth, red, green, blue]: [&[f32]; 5],
        absorbed: [&[f32]; 3],
        ink: &[f32],
        around: impl Fn(usize, usize) -> f32,
        out: &mut [D],
    ) {
        for (x, out) in out.chunks_exact_mut(3).enumerate() {
            if !(ink[x] > 0.0 && fourth[x] > 0.0) {
                continue;
            }
            let near = (fifth[x] / fourth[x]).max(1e-3);
            let (mean, near_by) = (around(0, x), around(1, x));
            let filled = Self::filled(mean, near);
            let mut gathered = [red[x], green[x], blue[x]].map(|sum| sum / fourth[x]);
            let mut alike = 0.0;
            if filled > 0.0 {
                let wide = [2, 3, 4].map(|plane| around(plane, x));
                alike = like(near, near_by) * same_colour(gathered, wide);
                for (c, wide) in gathered.iter_mut().zip(wide) {
                    *c += (wide - *c) * filled * alike;
                }
            }
            let (whole, cover) = self.whole(near, near_by, ink[x], filled, alike);
            let colour = self.neutral(gathered);
            let most = colour.iter().fold(1e-6_f32, |most, &c| most.max(c));
            // Denser ink lets less through in every channel; thicker ink of the same dye, as much less in each. Markers lie
            // between.
            let dense = self.denser.of(whole);
            let solid = colour.map(|c| {
                let share = c / most;
                0.5 * (self.denser.of(share * whole) + share * dense)
            });
            let most = solid.iter().fold(1e-6_f32, |most, &c| most.max(c));
            let strength = cover * (FAINTEST / most).max(1.0);
            let mut values = [0.0_f32; 3];
            for c in 0..3 {
                let raw = self.denser.of(absorbed[c][x]);
                values[c] = raw + (solid[c] * strength - raw) * self.solid;
            }
            let most = values.iter().fold(0.0_f32, |most, &a| most.max(a));
            for (sample, a) in out.iter_mut().zip(values) {
                *sample = self.sample((most - (most - a) * self.saturation).max(0.0));
            }
        }
    }

    /// Makes neutral what nearly is: ink whose absorbances in the three channels hardly differ is black, and what little
    /// they differ by is the light's.
    #[inline]
    fn neutral(&self, colour: [f32; 3]) -> [f32; 3] {
        let least = colour.iter().fold(f32::INFINITY, |least, &c| least.min(c));
        let most = colour
            .iter()
            .fold(f32::NEG_INFINITY, |most, &c| most.max(c));
        // Absorbance bends upwards, so its ratio is below that of absorption: what is coloured by this needs no logarithm.
        if least < 0.61 * most.min(0.98) {
            return colour;
        }
        let depth = |c: f32| {
            if self.light {
                -libm::logf(1.0 - c.clamp(0.0, 0.98))
            } else {
                c.max(0.0)
            }
        };
        let (least, most) = (depth(least), depth(most).max(1e-6));
        let t = ((least / most - 0.62) / 0.2).clamp(0.0, 1.0);
        let share = t * t * (3.0 - 2.0 * t) * self.neutral;
        let mean = (colour[0] + colour[1] + colour[2]) / 3.0;
        colour.map(|c| c + (mean - c) * share)
    }

    #[inline]
    fn sample<D: Depth>(&self, ink: f32) -> D {
        let ink = ink.min(0.99);
        D::of(if self.light { 1.0 - ink } else { ink }, self.to_sample)
    }
}
