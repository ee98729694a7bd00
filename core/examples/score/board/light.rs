//! The light on a board: what multiplies (illumination) and what is added (glare).

use super::Draw;
use super::hand::Dice;
use super::kind::LightKind;

/// All light of one board. Places are in units of the long side.
pub struct Light {
    kind: LightKind,
    size: (f32, f32),
    slope: (f32, f32),
    lamps: Vec<Bell>,
    shadows: Vec<Bell>,
    hard: Vec<Edge>,
    glare: Vec<Bell>,
}

/// A soft patch.
struct Bell {
    at: (f32, f32),
    size: (f32, f32),
    amount: f32,
}

/// A hard-edged shadow: a turned box.
struct Edge {
    at: (f32, f32),
    size: (f32, f32),
    turn: (f32, f32),
    /// Width of the half-shadow.
    soft: f32,
}

impl Light {
    pub fn new(kind: &LightKind, (width, height): (usize, usize), dice: &mut Dice) -> Self {
        let side = width.max(height) as f32;
        let size = (width as f32 / side, height as f32 / side);
        let mut bells = |count: u16, small: (f32, f32), large: (f32, f32), amount: f32| {
            let mut bell = || Bell {
                at: (
                    dice.between(0.05, 0.95) * size.0,
                    dice.between(0.05, 0.95) * size.1,
                ),
                size: (
                    dice.between(small.0, large.0),
                    dice.between(small.1, large.1),
                ),
                amount: amount * dice.between(0.7, 1.0),
            };
            (0..count).map(|_| bell()).collect::<Vec<_>>()
        };
        let lamps = bells(kind.lamps, (0.25, 0.25), (0.5, 0.5), 1.0);
        let shadows = bells(kind.shadows, (0.10, 0.10), (0.35, 0.30), kind.depth);
        // Round lamps and tubes.
        let glare = bells(kind.glare, (0.03, 0.025), (0.13, 0.06), kind.shine);
        let hard = (0..kind.hard)
            .map(|_| {
                let angle = dice.between(-0.6, 0.6);
                Edge {
                    at: (
                        dice.between(0.15, 0.85) * size.0,
                        dice.between(0.3, 0.9) * size.1,
                    ),
                    size: (dice.between(0.10, 0.22), dice.between(0.15, 0.30)),
                    turn: (libm::cosf(angle), libm::sinf(angle)),
                    soft: dice.between(0.002, 0.008),
                }
            })
            .collect();
        let angle = dice.between(0.0, core::f32::consts::TAU);
        let steep = kind.slope * dice.between(0.7, 1.0);
        let slope = (steep * libm::cosf(angle), steep * libm::sinf(angle));
        Self {
            kind: *kind,
            size,
            slope,
            lamps,
            shadows,
            hard,
            glare,
        }
    }

    /// Illumination per channel and glare, both linear, at a place.
    pub fn at(&self, x: f32, y: f32) -> ([f32; 3], f32) {
        let (cx, cy) = (x - self.size.0 / 2.0, y - self.size.1 / 2.0);
        let mut all = 1.0 + self.slope.0 * cx + self.slope.1 * cy;
        all *= 1.0 - self.kind.vignette * 2.0 * (cx * cx + cy * cy);
        for shadow in &self.shadows {
            all *= 1.0 - shadow.amount * shadow.value(x, y);
        }
        let mut light = self.kind.ambient.map(|ambient| ambient * all);
        for lamp in &self.lamps {
            let value = lamp.amount * lamp.value(x, y);
            for (light, lamp) in light.iter_mut().zip(self.kind.lamp) {
                *light += lamp * value;
            }
        }
        // They hide the same lamp: where they overlap it is not hidden twice.
        let dark = self
            .hard
            .iter()
            .map(|edge| edge.value(x, y))
            .fold(0.0, f32::max);
        for (light, left) in light.iter_mut().zip(self.kind.left) {
            *light *= 1.0 - (1.0 - left) * dark;
        }
        let glare = self
            .glare
            .iter()
            .map(|bell| bell.amount * bell.value(x, y))
            .sum();
        (light.map(|light| light.max(0.01)), glare)
    }
}

impl Bell {
    fn value(&self, x: f32, y: f32) -> f32 {
        let (dx, dy) = ((x - self.at.0) / self.size.0, (y - self.at.1) / self.size.1);
        let r2 = dx * dx + dy * dy;
        if r2 > 16.0 { 0.0 } else { libm::expf(-r2) }
    }
}

impl Edge {
    fn value(&self, x: f32, y: f32) -> f32 {
        let (dx, dy) = (x - self.at.0, y - self.at.1);
        let across = (dx * self.turn.0 + dy * self.turn.1).abs() - self.size.0;
        let down = (dy * self.turn.0 - dx * self.turn.1).abs() - self.size.1;
        let (ou, ov) = (across.max(0.0), down.max(0.0));
        let outside = (ou * ou + ov * ov).sqrt() + across.max(down).min(0.0);
        let t = (0.5 - outside / self.soft).clamp(0.0, 1.0);
        t * t * (3.0 - 2.0 * t)
    }
}
