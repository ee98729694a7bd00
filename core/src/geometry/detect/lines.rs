//! Straight edges, by the side of a board that they could be.
//!
//! A Hough transform in which every edge pixel votes only for lines across its gradient (D. Ballard, "Generalizing the
//! Hough transform to detect arbitrary shapes", 1981), each followed by a least-squares fit. As a light board is
//! brighter than what is around it, the gradient's direction tells which of the four sides an edge can be.

use std::f64::consts::PI;

use super::work::Work;
use crate::geometry::Point;

/// Levels per pixel from which a step of brightness counts as an edge.
pub(super) const EDGE: f32 = 3.0;
/// Bins of the direction: one degree each.
const DIRECTIONS: usize = 360;
/// How far from upright a side may lean, in degrees.
const LEAN: i64 = 38;
/// How far a pixel's gradient may be from a line's, in degrees.
const SPREAD: i64 = 5;
/// Width of a bin of the distance in pixels.
const BIN: f64 = 2.0;
/// Most lines that are kept per side.
const MOST: usize = 14;

/// An edge: points p with p · normal = distance. The normal points into the board.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) normal: Point,
    pub(super) distance: f64,
    /// Along the line, per pixel: how many pixels of edge there are before it.
    support: Vec<u32>,
}

impl Line {
    /// Direction of the line: the normal turned.
    fn along(&self) -> Point {
        Point::new(-self.normal.y, self.normal.x)
    }

    fn point(&self, t: f64, inwards: f64) -> Point {
        let (n, a, d) = (self.normal, self.along(), self.distance + inwards);
        Point::new(n.x * d + a.x * t, n.y * d + a.y * t)
    }

    /// Where two lines meet.
    pub(super) fn meet(&self, other: &Self) -> Option<Point> {
        let (a, b) = (self.normal, other.normal);
        let det = a.x * b.y - a.y * b.x;
        (det.abs() > 0.1).then(|| {
            let x = (self.distance * b.y - other.distance * a.y) / det;
            let y = (other.distance * a.x - self.distance * b.x) / det;
            Point::new(x, y)
        })
    }

    /// Where this line crosses the line from `a` to `b`: 0 at `a`, 1 at `b`.
    pub(super) fn share(&self, a: Point, b: Point) -> Option<f64> {
        let off = |p: Point| p.x * self.normal.x + p.y * self.normal.y - self.distance;
        let (a, b) = (off(a), off(b));
        ((a - b).abs() > 1e-6).then(|| a / (a - b))
    }

    /// The share of the stretch between two points of the line that is an edge.
    pub(super) fn support(&self, from: Point, to: Point) -> f64 {
        let a = self.along();
        let place = |p: Point| {
            let t = p.x * a.x + p.y * a.y + (self.support.len() / 2) as f64;
            t.clamp(0.0, (self.support.len() - 1) as f64) as usize
        };
        let (from, to) = (place(from), place(to));
        let (first, last) = (from.min(to), from.max(to));
        if last == first {
            return 0.0;
        }
        f64::from(self.support[last] - self.support[first]) / (last - first) as f64
    }

    /// Whether the line runs by a point, with an edge on both sides of it.
    pub(super) fn runs_by(&self, at: Point) -> bool {
        const NEAR: f64 = 4.0;
        const REACH: f64 = 20.0;
        let off = at.x * self.normal.x + at.y * self.normal.y - self.distance;
        let a = self.along();
        let ahead = |t: f64| Point::new(at.x + a.x * t, at.y + a.y * t);
        off.abs() <= NEAR && self.support(ahead(-REACH), ahead(REACH)) >= 0.8
    }

    /// Counts the edge along a line.
    fn measured(work: &Work, normal: Point, distance: f64) -> Self {
        let reach = work.width + work.height;
        let mut line = Self {
            normal,
            distance,
            support: Vec::new(),
        };
        let mut count = 0;
        let mut support = Vec::with_capacity(2 * reach);
        for i in 0..2 * reach {
            support.push(count);
            let t = i as f64 - reach as f64;
            let edge = [0.0, -1.0, 1.0, -2.0, 2.0].into_iter().any(|inwards| {
                work.index(line.point(t, inwards))
                    .is_some_and(|i| is_edge(work.gradients[i], normal, 0.92))
            });
            count += u32::from(edge);
        }
        line.support = support;
        line
    }
}

/// Whether a gradient is steep and points along the normal, up to an angle of this cosine.
fn is_edge(gradient: [f32; 2], normal: Point, cosine: f64) -> bool {
    let (gx, gy) = (f64::from(gradient[0]), f64::from(gradient[1]));
    let steep = (gx * gx + gy * gy).sqrt();
    steep >= f64::from(EDGE) && gx * normal.x + gy * normal.y >= cosine * steep
}

/// An edge pixel: where, and the direction of its gradient in degrees.
struct Edge {
    at: Point,
    direction: i64,
}

/// The strongest lines that could be the upper, right, lower and left side.
pub(super) fn sides(work: &Work) -> [Vec<Line>; 4] {
    let edges = edges(work);
    let unit: Vec<Point> = (0..DIRECTIONS)
        .map(|degree| {
            let angle = degree as f64 * PI / 180.0;
            Point::new(libm::cos(angle), libm::sin(angle))
        })
        .collect();
    // Gradients of the upper side point down (90° on a screen), of the right one to the left, and so on.
    [90, 180, 270, 0].map(|inwards| family(work, &edges, &unit, inwards))
}

/// Pixels whose gradient is steep, and steepest across the edge.
fn edges(work: &Work) -> Vec<Edge> {
    let steep = |i: usize| {
        let [gx, gy] = work.gradients[i];
        gx * gx + gy * gy
    };
    let mut edges = Vec::new();
    for y in 1..work.height.saturating_sub(1) {
        for x in 1..work.width.saturating_sub(1) {
            let i = y * work.width + x;
            let here = steep(i);
            if here < EDGE * EDGE {
                continue;
            }
            let [gx, gy] = work.gradients[i];
            let step = if gx.abs() > gy.abs() { 1 } else { work.width };
            if here < steep(i - step) || here <= steep(i + step) {
                continue;
            }
            let degrees = libm::atan2(f64::from(gy), f64::from(gx)) * 180.0 / PI;
            edges.push(Edge {
                at: Point::new(x as f64 + 0.5, y as f64 + 0.5),
                direction: (degrees.round() as i64).rem_euclid(360),
            });
        }
    }
    edges
}

/// The difference of two directions in degrees, from −180 to 179.
fn between(a: i64, b: i64) -> i64 {
    (a - b + 180).rem_euclid(360) - 180
}

fn family(work: &Work, edges: &[Edge], unit: &[Point], inwards: i64) -> Vec<Line> {
    let reach = (work.width + work.height) as f64;
    let bins = (2.0 * reach / BIN) as usize + 3;
    let degrees = (2 * LEAN + 1) as usize;
    let mut votes = vec![0_u32; bins * degrees];
    let own: Vec<&Edge> = edges
        .iter()
        .filter(|edge| between(edge.direction, inwards).abs() <= LEAN)
        .collect();
    for edge in &own {
        let lean = between(edge.direction, inwards);
        for lean in (lean - SPREAD).max(-LEAN)..=(lean + SPREAD).min(LEAN) {
            let normal = unit[(inwards + lean).rem_euclid(360) as usize];
            let distance = edge.at.x * normal.x + edge.at.y * normal.y;
            let bin = ((distance + reach) / BIN) as usize;
            // Half of the vote goes to the nearer neighbour, so that no line is lost between two bins.
            let row = (lean + LEAN) as usize * bins;
            votes[row + bin] += 2;
            let upper = ((distance + reach) / BIN).fract() >= 0.5;
            votes[row
                + if upper {
                    bin + 1
                } else {
                    bin.saturating_sub(1)
                }] += 1;
        }
    }
    let least = (work.width.min(work.height) / 4) as u32;
    let mut lines: Vec<Line> = Vec::new();
    for _ in 0..3 * MOST {
        let Some((place, &most)) = votes
            .iter()
            .enumerate()
            .max_by_key(|&(i, &v)| (v, bins * degrees - i))
        else {
            break;
        };
        if most < least || lines.len() == MOST {
            break;
        }
        let (lean, bin) = (place / bins, place % bins);
        for lean in lean.saturating_sub(3)..(lean + 4).min(degrees) {
            let row = lean * bins;
            votes[row + bin.saturating_sub(3)..row + (bin + 4).min(bins)].fill(0);
        }
        let normal = unit[(inwards + lean as i64 - LEAN).rem_euclid(360) as usize];
        let distance = (bin as f64 + 0.5) * BIN - reach;
        let Some((normal, distance)) = fitted(&own, normal, distance) else {
            continue;
        };
        let known = |line: &Line| {
            let same = line.normal.x * normal.x + line.normal.y * normal.y > 0.9995;
            let (x, y) = (work.width as f64 / 2.0, work.height as f64 / 2.0);
            let offset = (line.normal.x - normal.x) * x + (line.normal.y - normal.y) * y;
            same && (line.distance - distance - offset).abs() < 2.0
        };
        if !lines.iter().any(known) {
            lines.push(Line::measured(work, normal, distance));
        }
    }
    lines
}

/// The line through the edges near a line, by total least squares, twice.
fn fitted(edges: &[&Edge], mut normal: Point, mut distance: f64) -> Option<(Point, f64)> {
    for near in [3.0, 2.0] {
        let degrees = (libm::atan2(normal.y, normal.x) * 180.0 / PI).round() as i64;
        let mut sum = [0.0_f64; 6];
        for edge in edges {
            let off = edge.at.x * normal.x + edge.at.y * normal.y - distance;
            if off.abs() > near || between(edge.direction, degrees).abs() > 10 {
                continue;
            }
            let Point { x, y } = edge.at;
            for (sum, value) in sum.iter_mut().zip([1.0, x, y, x * x, x * y, y * y]) {
                *sum += value;
            }
        }
        let count = sum[0];
        if count < 20.0 {
            return None;
        }
        let [_, mx, my, xx, xy, yy] = sum.map(|sum| sum / count);
        let (sxx, sxy, syy) = (xx - mx * mx, xy - mx * my, yy - my * my);
        // The direction of least spread.
        let angle = 0.5 * libm::atan2(2.0 * sxy, sxx - syy) + PI / 2.0;
        let (nx, ny) = (libm::cos(angle), libm::sin(angle));
        // Towards the same side as before.
        let same = nx * normal.x + ny * normal.y >= 0.0;
        let sign = if same { 1.0 } else { -1.0 };
        normal = Point::new(nx * sign, ny * sign);
        distance = mx * normal.x + my * normal.y;
    }
    Some((normal, distance))
}
