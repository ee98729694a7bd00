//! Markers on a board: how much light of each colour every point lets through.

use super::hand::{Dice, Point, curve, write};

/// A marker: what its ink lets through in linear light, and how dry it is.
#[derive(Clone, Copy)]
pub struct Marker {
    through: [f32; 3],
    /// 1 covers; less is a dry or faint marker.
    strength: f32,
}

pub const BLACK: Marker = Marker {
    through: [0.030, 0.030, 0.034],
    strength: 0.97,
};
pub const BLUE: Marker = Marker {
    through: [0.025, 0.070, 0.42],
    strength: 0.96,
};
pub const RED: Marker = Marker {
    through: [0.60, 0.028, 0.040],
    strength: 0.96,
};
pub const GREEN: Marker = Marker {
    through: [0.028, 0.27, 0.075],
    strength: 0.95,
};
pub const ORANGE: Marker = Marker {
    through: [0.83, 0.22, 0.022],
    strength: 0.95,
};
pub const PURPLE: Marker = Marker {
    through: [0.20, 0.038, 0.34],
    strength: 0.95,
};

impl Marker {
    /// The same marker, nearly empty.
    pub const fn faint(self, strength: f32) -> Self {
        Self { strength, ..self }
    }
}

/// The board's surface. Coordinates of everything drawn are in thousandths of its long side, so that a scene looks the
/// same at every size.
pub struct Board {
    pub width: usize,
    pub height: usize,
    /// Share of light let through, 0 to 255, linear.
    pub through: Vec<[u8; 3]>,
    unit: f32,
    dice: Dice,
}

impl Board {
    pub fn new(width: usize, height: usize, seed: u64) -> Self {
        Self {
            width,
            height,
            through: vec![[255; 3]; width * height],
            unit: width.max(height) as f32 / 1000.0,
            dice: Dice::new(seed),
        }
    }

    /// Draws one stroke of a tip `tip` thousandths wide through these points, in short straight pieces.
    pub fn stroke(&mut self, points: &[Point], tip: f32, marker: Marker) {
        let unit = self.unit;
        let points: Vec<Point> = points.iter().map(|p| (p.0 * unit, p.1 * unit)).collect();
        let radius = tip * unit / 2.0;
        // Pressure and ink vary along the way, slowly.
        let (mut pressure, mut flow) = (0.0_f32, 0.0_f32);
        let nodes: Vec<(Point, f32, f32)> = points
            .iter()
            .map(|&point| {
                pressure = 0.9 * pressure + 0.05 * self.dice.even();
                flow = 0.85 * flow + 0.06 * self.dice.even();
                let strength = marker.strength * (1.0 - flow.abs());
                (point, (radius * (1.0 + pressure)).max(0.5), strength)
            })
            .collect();
        let reach = radius * 1.6 + 2.0;
        let bound = |pick: fn(&Point) -> f32, max: usize| {
            let (low, high) = points
                .iter()
                .map(pick)
                .fold((f32::MAX, f32::MIN), |(l, h), v| (l.min(v), h.max(v)));
            (
                (low - reach).max(0.0) as usize,
                ((high + reach).max(0.0) as usize).min(max),
            )
        };
        let (x0, x1) = bound(|p| p.0, self.width);
        let (y0, y1) = bound(|p| p.1, self.height);
        if x0 >= x1 || y0 >= y1 {
            return;
        }
        let mut coverage = vec![0.0_f32; (x1 - x0) * (y1 - y0)];
        for pair in nodes.windows(2) {
            capsule(&mut coverage, (x0, y0, x1, y1), pair[0], pair[1], reach);
        }
        for y in y0..y1 {
            let row = &coverage[(y - y0) * (x1 - x0)..][..x1 - x0];
            for (pixel, &cover) in self.through[y * self.width + x0..].iter_mut().zip(row) {
                if cover > 0.0 {
                    for (value, through) in pixel.iter_mut().zip(marker.through) {
                        *value = (f32::from(*value) * (1.0 - cover * (1.0 - through)) + 0.5) as u8;
                    }
                }
            }
        }
    }

    /// A smooth hand-drawn line through a few points.
    pub fn line(&mut self, points: &[Point], tip: f32, marker: Marker) {
        let shaken: Vec<Point> = points
            .iter()
            .map(|p| (p.0 + 0.6 * self.dice.even(), p.1 + 0.6 * self.dice.even()))
            .collect();
        // Long lines waver a little on their way.
        let mut dense = Vec::new();
        for point in curve(&shaken) {
            dense.push((
                point.0 + 0.12 * self.dice.even(),
                point.1 + 0.12 * self.dice.even(),
            ));
        }
        self.stroke(&dense, tip, marker);
    }

    /// Words in capitals, `size` thousandths high, top left corner at `at`.
    pub fn text(&mut self, words: &str, at: Point, size: f32, tip: f32, marker: Marker) {
        for stroke in write(&mut self.dice, words, at, size) {
            self.stroke(&stroke, tip, marker);
        }
    }

    /// A box drawn in four lines that nearly meet.
    pub fn boxed(&mut self, (x, y): Point, (w, h): (f32, f32), tip: f32, marker: Marker) {
        let corners = [(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)];
        for side in corners.windows(2) {
            let middle = (
                f32::midpoint(side[0].0, side[1].0),
                f32::midpoint(side[0].1, side[1].1),
            );
            self.line(&[side[0], middle, side[1]], tip, marker);
        }
    }

    /// A box filled with a marker going back and forth, as people do it.
    pub fn filled(&mut self, at: Point, size: (f32, f32), tip: f32, marker: Marker) {
        self.boxed(at, size, tip, marker);
        let mut points = Vec::new();
        let mut y = at.1 + tip * 0.4;
        let mut right = false;
        while y < at.1 + size.1 {
            let (near, far) = (at.0 + tip * 0.3, at.0 + size.0 - tip * 0.3);
            let ends = if right { [far, near] } else { [near, far] };
            for end in ends {
                points.push((end + 0.3 * self.dice.even(), y + 0.2 * self.dice.even()));
            }
            right = !right;
            y += tip * 0.62;
        }
        self.stroke(&points, tip, marker);
    }

    /// A line with an arrow head at its end.
    pub fn arrow(&mut self, points: &[Point], tip: f32, marker: Marker) {
        self.line(points, tip, marker);
        let (end, before) = (points[points.len() - 1], points[points.len() - 2]);
        let (dx, dy) = (end.0 - before.0, end.1 - before.1);
        let length = (dx * dx + dy * dy).sqrt().max(1e-3);
        let (ux, uy) = (dx / length * 9.0, dy / length * 9.0);
        self.line(
            &[(end.0 - ux - uy * 0.5, end.1 - uy + ux * 0.5), end],
            tip,
            marker,
        );
        self.line(
            &[(end.0 - ux + uy * 0.5, end.1 - uy - ux * 0.5), end],
            tip,
            marker,
        );
    }

    /// An ellipse that overshoots its beginning a little.
    pub fn ring(&mut self, (cx, cy): Point, (rx, ry): (f32, f32), tip: f32, marker: Marker) {
        let points: Vec<Point> = (0..=17)
            .map(|i| {
                let angle = -1.9 + i as f32 * (core::f32::consts::TAU / 16.0);
                (cx + rx * libm::cosf(angle), cy + ry * libm::sinf(angle))
            })
            .collect();
        self.line(&points, tip, marker);
    }

    /// What an eraser leaves of a text: a ghost.
    pub fn ghost(&mut self, words: &str, at: Point, size: f32, marker: Marker) {
        self.text(words, at, size, 3.0, marker.faint(0.035));
    }
}

/// Marks a straight piece of a stroke whose radius and strength change along it; soft over about a pixel and a half, as
/// a lens leaves it.
fn capsule(
    coverage: &mut [f32],
    (x0, y0, x1, y1): (usize, usize, usize, usize),
    (a, radius_a, strength_a): (Point, f32, f32),
    (b, radius_b, strength_b): (Point, f32, f32),
    reach: f32,
) {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let length2 = (dx * dx + dy * dy).max(1e-6);
    let span = |low: f32, high: f32, from: usize, to: usize| {
        ((low - reach).max(from as f32) as usize).min(to)
            ..((high + reach).max(from as f32) as usize + 1).min(to)
    };
    for y in span(a.1.min(b.1), a.1.max(b.1), y0, y1) {
        for x in span(a.0.min(b.0), a.0.max(b.0), x0, x1) {
            let (px, py) = (x as f32 + 0.5 - a.0, y as f32 + 0.5 - a.1);
            let t = ((px * dx + py * dy) / length2).clamp(0.0, 1.0);
            let (ex, ey) = (px - t * dx, py - t * dy);
            let radius = radius_a + (radius_b - radius_a) * t;
            let inside = (radius - (ex * ex + ey * ey).sqrt()) / 1.5 + 0.5;
            if inside <= 0.0 {
                continue;
            }
            let soft = inside.min(1.0);
            let strength = strength_a + (strength_b - strength_a) * t;
            let cover = soft * soft * (3.0 - 2.0 * soft) * strength;
            let place = &mut coverage[(y - y0) * (x1 - x0) + (x - x0)];
            *place = place.max(cover);
        }
    }
}
