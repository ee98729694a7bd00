//! The board's surface: strokes of pens, each twice, as they should be and as they are.

use super::Draw;
use super::hand::{Dice, Point};

/// What a marker's ink lets through of each colour, in linear light, where it covers: its ideal colour.
pub type Through = [f32; 3];

pub const BLACK: Through = [0.028, 0.028, 0.031];
pub const BLUE: Through = [0.025, 0.075, 0.42];
pub const RED: Through = [0.60, 0.028, 0.040];
pub const GREEN: Through = [0.028, 0.27, 0.075];
pub const ORANGE: Through = [0.83, 0.22, 0.022];
pub const PURPLE: Through = [0.20, 0.038, 0.34];
pub const BROWN: Through = [0.23, 0.085, 0.035];
pub const TEAL: Through = [0.020, 0.26, 0.30];
pub const PINK: Through = [0.80, 0.075, 0.30];

/// What a layer of ink is to the truth.
#[derive(Clone, Copy, PartialEq)]
pub enum Role {
    /// A pen in order.
    Ink,
    /// A faint or a dying pen.
    Faint,
    /// What an eraser left; the truth knows nothing of it.
    Ghost,
}

/// All that one pen drew. Within a layer strokes do not add up: a pen that crosses its own line leaves it as dark.
pub struct Layer {
    pub through: Through,
    pub role: Role,
    /// Coverage 0..1 as drawn by a perfect pen.
    pub ideal: Vec<f32>,
    /// Coverage 0..1 as the pen left it.
    pub real: Vec<f32>,
}

/// A pen in a hand.
#[derive(Clone, Copy)]
pub struct Pen {
    layer: usize,
    /// Width of the tip in thousandths of the board's long side.
    pub tip: f32,
    /// Coverage that it leaves: 1 covers.
    strength: f32,
    /// How much that varies along a stroke.
    uneven: f32,
    /// How dry the tip is: 0 not at all; 1 leaves streaks and gaps.
    dry: f32,
}

impl Pen {
    pub fn with_tip(self, tip: f32) -> Self {
        Self { tip, ..self }
    }

    pub fn with_strength(self, strength: f32) -> Self {
        Self { strength, ..self }
    }

    pub fn with_unevenness(self, uneven: f32) -> Self {
        Self { uneven, ..self }
    }

    pub fn same_as(self, other: Self) -> bool {
        self.layer == other.layer
    }
}

/// A board being drawn on. Coordinates are in thousandths of its long side.
pub struct Canvas {
    pub width: usize,
    pub height: usize,
    pub layers: Vec<Layer>,
    /// Inside of filled shapes, away from their edges.
    pub inside: Vec<bool>,
    pub dice: Dice,
    /// Pixels of a thousandth.
    pub unit: f32,
}

impl Canvas {
    pub fn new(width: usize, height: usize, dice: Dice) -> Self {
        Self {
            width,
            height,
            layers: Vec::new(),
            inside: vec![false; width * height],
            dice,
            unit: width.max(height) as f32 / 1000.0,
        }
    }

    /// Width and height in thousandths of the long side.
    pub fn extent(&self) -> (f32, f32) {
        (
            self.width as f32 / self.unit,
            self.height as f32 / self.unit,
        )
    }

    /// Takes up a new pen.
    pub fn pen(&mut self, through: Through, role: Role, tip: f32, strength: f32, dry: f32) -> Pen {
        let pixels = self.width * self.height;
        self.layers.push(Layer {
            through,
            role,
            ideal: vec![0.0; pixels],
            real: vec![0.0; pixels],
        });
        let uneven = if role == Role::Ink { 0.05 } else { 0.03 };
        Pen {
            layer: self.layers.len() - 1,
            tip,
            strength,
            uneven,
            dry,
        }
    }

    /// One stroke through these points, in short straight pieces.
    pub fn stroke(&mut self, points: &[Point], pen: Pen) {
        let unit = self.unit;
        let radius = pen.tip * unit / 2.0;
        let (mut pressure, mut flow, mut along) = (0.0_f32, 0.0_f32, 0.0_f32);
        let mut last = points.first().copied().unwrap_or_default();
        let nodes: Vec<Node> = points
            .iter()
            .map(|&point| {
                // Pressure and ink vary along the way, slowly.
                pressure = 0.9 * pressure + 0.05 * self.dice.even();
                flow = 0.85 * flow + pen.uneven * self.dice.even();
                let (dx, dy) = (point.0 - last.0, point.1 - last.1);
                along += (dx * dx + dy * dy).sqrt() / pen.tip;
                last = point;
                Node {
                    at: (point.0 * unit, point.1 * unit),
                    radius: (radius * (1.0 + pressure)).max(0.6),
                    strength: pen.strength * (1.0 - flow.abs()),
                    along,
                }
            })
            .collect();
        let bristles = self.dice.next();
        for pair in nodes.windows(2) {
            self.piece(&pair[0], &pair[1], pen, bristles);
        }
    }

    /// A straight piece of a stroke, antialiased over one pixel.
    fn piece(&mut self, a: &Node, b: &Node, pen: Pen, bristles: u64) {
        let reach = a.radius.max(b.radius) + 1.0;
        let span = |p: f32, q: f32, end: usize| {
            let low = (p.min(q) - reach).max(0.0) as usize;
            let high = (p.max(q) + reach).max(0.0) as usize + 1;
            low.min(end)..high.min(end)
        };
        let (dx, dy) = (b.at.0 - a.at.0, b.at.1 - a.at.1);
        let length2 = (dx * dx + dy * dy).max(1e-6);
        let length = length2.sqrt();
        let layer = &mut self.layers[pen.layer];
        for y in span(a.at.1, b.at.1, self.height) {
            for x in span(a.at.0, b.at.0, self.width) {
                let (px, py) = (x as f32 + 0.5 - a.at.0, y as f32 + 0.5 - a.at.1);
                let t = ((px * dx + py * dy) / length2).clamp(0.0, 1.0);
                let (ex, ey) = (px - t * dx, py - t * dy);
                let radius = a.radius + (b.radius - a.radius) * t;
                let cover = (radius - (ex * ex + ey * ey).sqrt() + 0.5).clamp(0.0, 1.0);
                if cover <= 0.0 {
                    continue;
                }
                let mut strength = a.strength + (b.strength - a.strength) * t;
                if pen.dry > 0.0 {
                    let across = (px * dy - py * dx) / length / radius;
                    let along = a.along + (b.along - a.along) * t;
                    let dust = grain(bristles, (across + 1.0) * 2.5, along * 0.6);
                    strength *= (1.0 - pen.dry * 1.3 * dust).max(0.0);
                }
                let at = y * self.width + x;
                layer.ideal[at] = layer.ideal[at].max(cover);
                layer.real[at] = layer.real[at].max(cover * strength);
            }
        }
    }

    /// Wipes over all that this pen drew: smears it over about `by` thousandths, and takes more of it here than there.
    pub fn wipe(&mut self, pen: Pen, by: f32) {
        let radius = (by * self.unit) as usize + 1;
        let (width, height, unit) = (self.width, self.height, self.unit);
        let seed = self.dice.next();
        let real = &mut self.layers[pen.layer].real;
        // A cloth moves sideways more than up and down.
        smear(real, width, 1, width, height, radius);
        smear(real, 1, width, height, width, radius / 2);
        for (at, value) in real
            .iter_mut()
            .enumerate()
            .filter(|(_, value)| **value > 0.0)
        {
            let (x, y) = ((at % width) as f32 / unit, (at / width) as f32 / unit);
            *value *= 0.35 + 0.65 * grain(seed, x / 70.0, y / 22.0);
        }
    }
}

/// A moving average over `2·radius + 1` values along each of `lines` lines of `count` values.
fn smear(
    data: &mut [f32],
    line_step: usize,
    step: usize,
    count: usize,
    lines: usize,
    radius: usize,
) {
    let share = 1.0 / (2 * radius + 1) as f32;
    let mut line = vec![0.0_f32; count];
    for start in (0..lines).map(|i| i * line_step) {
        for (i, value) in line.iter_mut().enumerate() {
            *value = data[start + i * step];
        }
        // Sums begin anew in each line, so that nothing of one is left in the next.
        let mut sum: f64 = line[..radius.min(count)]
            .iter()
            .map(|&v| f64::from(v))
            .sum();
        for i in 0..count {
            sum += line.get(i + radius).map_or(0.0, |&v| f64::from(v));
            data[start + i * step] = (sum as f32 * share).max(0.0);
            if i >= radius {
                sum -= f64::from(line[i - radius]);
            }
        }
    }
}

struct Node {
    at: Point,
    radius: f32,
    strength: f32,
    /// Way so far, in widths of the tip.
    along: f32,
}

/// Smooth noise 0..1 on a plane.
pub fn grain(seed: u64, u: f32, v: f32) -> f32 {
    let (i, j) = (libm::floorf(u), libm::floorf(v));
    let corner = |di: i64, dj: i64| {
        let place = (i as i64 + di).wrapping_mul(0x1F1F_1F1F) ^ (j as i64 + dj).wrapping_shl(20);
        Dice::new(seed ^ place as u64).between(0.0, 1.0)
    };
    let ease = |t: f32| t * t * (3.0 - 2.0 * t);
    let (fu, fv) = (ease(u - i), ease(v - j));
    let top = corner(0, 0) * (1.0 - fu) + corner(1, 0) * fu;
    let low = corner(0, 1) * (1.0 - fu) + corner(1, 1) * fu;
    top * (1.0 - fv) + low * fv
}
