//! Lines, letters and shapes, all made of strokes.

use super::hand::{Point, curve, write};
use super::ink::{Canvas, Pen};

/// How far from a fill's edge its inside begins, in pixels.
const INSET: f32 = 4.0;

impl Canvas {
    /// A smooth hand-drawn line through a few points.
    pub fn line(&mut self, points: &[Point], pen: Pen) {
        let mut shaken = |points: &[Point], by: f32| -> Vec<Point> {
            let mut shake = |v: f32| v + by * self.dice.even();
            points.iter().map(|p| (shake(p.0), shake(p.1))).collect()
        };
        let ends = shaken(points, 0.6);
        let way = shaken(&curve(&ends), 0.12);
        self.stroke(&way, pen);
    }

    /// Words in capitals, `size` thousandths high, top left corner at `at`.
    pub fn text(&mut self, words: &str, at: Point, size: f32, pen: Pen) {
        for stroke in write(&mut self.dice, words, at, size) {
            self.stroke(&stroke, pen);
        }
    }

    /// A box drawn in four lines that nearly meet.
    pub fn boxed(&mut self, (x, y): Point, (w, h): (f32, f32), pen: Pen) {
        let corners = [(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)];
        for side in corners.windows(2) {
            self.line(&[side[0], middle(side[0], side[1]), side[1]], pen);
        }
    }

    /// A shape filled by a pen that goes to and fro: a box, or a disc in that box.
    pub fn filled(&mut self, at: Point, size: (f32, f32), round: bool, pen: Pen) {
        let ((x, y), (width, height)) = (at, size);
        // Where a pen goes over wet ink it takes some away: bands.
        let pen = pen.with_unevenness(0.06);
        let half = |down: f32| -> f32 {
            let from_middle = (down / height * 2.0 - 1.0).clamp(-1.0, 1.0);
            if round {
                (1.0 - from_middle * from_middle).sqrt() * width / 2.0
            } else {
                width / 2.0
            }
        };
        if round {
            self.ring(
                (x + width / 2.0, y + height / 2.0),
                (width / 2.0, height / 2.0),
                pen,
            );
        } else {
            self.boxed(at, size, pen);
        }
        let mut points = Vec::new();
        let mut down = pen.tip * 0.4;
        let mut right = false;
        while down < height {
            let reach = (half(down) - pen.tip * 0.3).max(0.0);
            let way = if right {
                [1.0, 0.5, 0.0, -0.5, -1.0]
            } else {
                [-1.0, -0.5, 0.0, 0.5, 1.0]
            };
            for share in way {
                let shake = (0.3 * self.dice.even(), 0.15 * self.dice.even());
                points.push((
                    x + width / 2.0 + share * reach + shake.0,
                    y + down + shake.1,
                ));
            }
            right = !right;
            down += pen.tip * 0.55;
        }
        self.stroke(&points, pen);
        let inset = INSET / self.unit + pen.tip / 2.0;
        let pixel = |v: f32, end: usize| ((v * self.unit).max(0.0) as usize).min(end);
        for py in pixel(y + inset, self.height)..pixel(y + height - inset, self.height) {
            let reach = half((py as f32 + 0.5) / self.unit - y) - inset * 1.3;
            let from = pixel(x + width / 2.0 - reach, self.width);
            let to = pixel(x + width / 2.0 + reach, self.width).max(from);
            self.inside[py * self.width..][from..to].fill(true);
        }
    }

    /// An ellipse that overshoots its beginning a little.
    pub fn ring(&mut self, (cx, cy): Point, (rx, ry): (f32, f32), pen: Pen) {
        let point = |i: u8| {
            let angle = -1.9 + f32::from(i) * (core::f32::consts::TAU / 20.0);
            (cx + rx * libm::cosf(angle), cy + ry * libm::sinf(angle))
        };
        let points: Vec<Point> = (0..=21).map(point).collect();
        self.line(&points, pen);
    }

    /// A line with an arrow head at its end.
    pub fn arrow(&mut self, points: &[Point], pen: Pen) {
        self.line(points, pen);
        let [.., before, end] = *points else { return };
        let (dx, dy) = (end.0 - before.0, end.1 - before.1);
        let length = (dx * dx + dy * dy).sqrt().max(1e-3);
        let (ux, uy) = (dx / length * 9.0, dy / length * 9.0);
        for side in [-0.5, 0.5] {
            let back = (end.0 - ux + uy * side, end.1 - uy - ux * side);
            self.line(&[back, end], pen);
        }
    }
}

/// The point halfway between two.
pub fn middle(a: Point, b: Point) -> Point {
    (f32::midpoint(a.0, b.0), f32::midpoint(a.1, b.1))
}
