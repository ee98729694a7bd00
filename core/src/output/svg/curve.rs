//! Cubic Bézier curves through the points of a closed line, corners kept.
//!
//! After P. J. Schneider, "An algorithm for automatically fitting digitized curves" (Graphics Gems, 1990).

pub(super) type Point = [f32; 2];

/// From the end of the one before to `to`, pulled towards two handles; a straight line has none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Piece {
    pub handles: Option<[Point; 2]>,
    pub to: Point,
}

fn minus(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1]]
}

fn plus(a: Point, b: Point, share: f32) -> Point {
    [a[0] + b[0] * share, a[1] + b[1] * share]
}

fn dot(a: Point, b: Point) -> f32 {
    a[0] * b[0] + a[1] * b[1]
}

fn unit(a: Point) -> Point {
    let length = dot(a, a).sqrt();
    if length > 1e-6 {
        [a[0] / length, a[1] / length]
    } else {
        [0.0; 2]
    }
}

/// How many points to either side tell a direction. A point is at most √2 pixels from the next.
const REACH: usize = 4;
/// A corner turns by more than this: its cosine, about 50°.
const CORNER: f32 = 0.64;
/// Most points of a piece, so that time grows with the length of a line only.
const LONGEST: usize = 192;

/// Where a closed line begins, and its pieces, none farther than `tolerance` pixels from its points (a piece of two
/// neighbours aside).
pub(super) fn fit(line: &[Point], tolerance: f32) -> (Point, Vec<Piece>) {
    let smooth = smoothed(line);
    let count = smooth.len();
    let stops = stops(&smooth);
    let mut pieces = Vec::new();
    for (index, &(from, sharp)) in stops.iter().enumerate() {
        let (to, sharp_end) = stops[(index + 1) % stops.len()];
        let length = match (to + count - from) % count {
            0 => count,
            length => length,
        };
        let points: Vec<Point> = (0..=length)
            .map(|step| smooth[(from + step) % count])
            .collect();
        let through = |at: usize| {
            let reach = REACH.min(count / 2);
            unit(minus(
                smooth[(at + reach) % count],
                smooth[(at + count - reach) % count],
            ))
        };
        let reach = REACH.min(length);
        let start = if sharp {
            unit(minus(points[reach], points[0]))
        } else {
            through(from)
        };
        let end = if sharp_end {
            unit(minus(points[length - reach], points[length]))
        } else {
            through(to).map(|part| -part)
        };
        section(&points, start, end, tolerance, &mut pieces);
    }
    (smooth[stops[0].0], pieces)
}

/// Each point is the mean with its neighbours, but for corners: the lattice is not to be seen.
fn smoothed(line: &[Point]) -> Vec<Point> {
    let count = line.len();
    (0..count)
        .map(|at| {
            let (before, after) = (line[(at + count - 1) % count], line[(at + 1) % count]);
            let sharp = count > 2 * REACH && turn(line, at) < CORNER;
            let share = if sharp { 0.0 } else { 0.25 };
            let middle = plus(line[at], line[at], -2.0 * share);
            plus(plus(middle, before, share), after, share)
        })
        .collect()
}

/// Cosine of the turn at a point.
fn turn(line: &[Point], at: usize) -> f32 {
    let count = line.len();
    let before = unit(minus(line[at], line[(at + count - REACH) % count]));
    let after = unit(minus(line[(at + REACH) % count], line[at]));
    dot(before, after)
}

/// Where pieces must end: at corners (true), and in between so that no stretch is too long.
fn stops(line: &[Point]) -> Vec<(usize, bool)> {
    let count = line.len();
    let mut corners = Vec::new();
    if count > 4 * REACH {
        let turns: Vec<f32> = (0..count).map(|at| turn(line, at)).collect();
        for at in 0..count {
            // The sharpest of those around it; the first of equals.
            let sharpest = (1..=REACH).all(|step| {
                turns[at] < turns[(at + count - step) % count]
                    && turns[at] <= turns[(at + step) % count]
            });
            if turns[at] < CORNER && sharpest {
                corners.push((at, true));
            }
        }
    }
    if corners.is_empty() {
        corners.push((0, false));
    }
    let mut stops = Vec::new();
    for (index, &corner) in corners.iter().enumerate() {
        let next = corners[(index + 1) % corners.len()].0;
        let length = match (next + count - corner.0) % count {
            0 => count,
            length => length,
        };
        let parts = length.div_ceil(LONGEST);
        stops.push(corner);
        stops.extend((1..parts).map(|part| ((corner.0 + length * part / parts) % count, false)));
    }
    stops
}

fn section(points: &[Point], start: Point, end: Point, tolerance: f32, out: &mut Vec<Piece>) {
    let (first, last) = (points[0], points[points.len() - 1]);
    let straight = Piece {
        handles: None,
        to: last,
    };
    let chord = unit(minus(last, first));
    let off = |point: &Point| {
        let [x, y] = minus(*point, first);
        (x * chord[1] - y * chord[0]).abs()
    };
    let bend = points.iter().map(off).fold(0.0, f32::max);
    if points.len() == 2 || (dot(chord, chord) > 0.5 && bend < 0.5 * tolerance) {
        out.push(straight);
        return;
    }
    let mut places = by_length(points);
    let mut worst = 0;
    for round in 0..4 {
        let handles = handles(points, &places, start, end);
        let curve = [first, handles[0], handles[1], last];
        let mut error = -1.0;
        for (at, (&point, &place)) in points.iter().zip(&places).enumerate() {
            let gap = minus(on(&curve, place), point);
            if dot(gap, gap) > error {
                (worst, error) = (at, dot(gap, gap));
            }
        }
        if error <= tolerance * tolerance {
            out.push(Piece {
                handles: Some(handles),
                to: last,
            });
            return;
        }
        if round == 3 || error > 16.0 * tolerance * tolerance {
            break;
        }
        for (&point, place) in points.iter().zip(&mut places) {
            *place = nearer(&curve, point, *place);
        }
    }
    // Not too near to an end: halves of like length need fewer rounds.
    let count = points.len();
    let least = (count / 8).max(1);
    let middle = worst.clamp(least, count - 1 - least);
    let reach = REACH.min(middle).min(count - 1 - middle);
    let along = unit(minus(points[middle + reach], points[middle - reach]));
    section(
        &points[..=middle],
        start,
        along.map(|part| -part),
        tolerance,
        out,
    );
    section(&points[middle..], along, end, tolerance, out);
}

/// Places of the points on the curve, 0 to 1, by the way along them.
fn by_length(points: &[Point]) -> Vec<f32> {
    let mut way = 0.0;
    let mut places = vec![0.0];
    for pair in points.windows(2) {
        let step = minus(pair[1], pair[0]);
        way += dot(step, step).sqrt();
        places.push(way);
    }
    let whole = f32::max(way, 1e-6);
    places.iter().map(|place| place / whole).collect()
}

fn weights(place: f32) -> [f32; 4] {
    let rest = 1.0 - place;
    [
        rest * rest * rest,
        3.0 * rest * rest * place,
        3.0 * rest * place * place,
        place * place * place,
    ]
}

fn on(curve: &[Point; 4], place: f32) -> Point {
    let parts = curve.iter().zip(weights(place));
    parts.fold([0.0; 2], |sum, (&point, weight)| plus(sum, point, weight))
}

/// The two handles on the tangents that leave the least squares.
fn handles(points: &[Point], places: &[f32], start: Point, end: Point) -> [Point; 2] {
    let (first, last) = (points[0], points[points.len() - 1]);
    let (mut c00, mut c01, mut c11, mut x0, mut x1) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (&point, &place) in points.iter().zip(places) {
        let [w0, w1, w2, w3] = weights(place);
        let (a, b) = (start.map(|part| part * w1), end.map(|part| part * w2));
        let fixed = plus(plus([0.0; 2], first, w0 + w1), last, w2 + w3);
        let gap = minus(point, fixed);
        c00 += dot(a, a);
        c01 += dot(a, b);
        c11 += dot(b, b);
        x0 += dot(a, gap);
        x1 += dot(b, gap);
    }
    let whole = c00 * c11 - c01 * c01;
    let chord = minus(last, first);
    let span = dot(chord, chord).sqrt();
    let (mut near, mut far) = (0.0, 0.0);
    if whole.abs() > 1e-9 {
        near = (x0 * c11 - x1 * c01) / whole;
        far = (c00 * x1 - c01 * x0) / whole;
    }
    // Wu and Barsky's rule of thumb where the squares say nonsense.
    let sound = |length: f32| length > 0.01 * span && length < 4.0 * span;
    if !sound(near) || !sound(far) {
        (near, far) = (span / 3.0, span / 3.0);
    }
    [plus(first, start, near), plus(last, end, far)]
}

/// One step of Newton's towards the place nearest to a point.
fn nearer(curve: &[Point; 4], point: Point, place: f32) -> f32 {
    let steps = [0, 1, 2].map(|at| minus(curve[at + 1], curve[at]).map(|part| 3.0 * part));
    let bends = [0, 1].map(|at| minus(steps[at + 1], steps[at]).map(|part| 2.0 * part));
    let rest = 1.0 - place;
    let parts = [rest * rest, 2.0 * rest * place, place * place];
    let slope = steps
        .iter()
        .zip(parts)
        .fold([0.0; 2], |sum, (&step, weight)| plus(sum, step, weight));
    let bend = plus(plus([0.0; 2], bends[0], rest), bends[1], place);
    let gap = minus(on(curve, place), point);
    let below = dot(slope, slope) + dot(gap, bend);
    if below.abs() < 1e-6 {
        return place;
    }
    (place - dot(gap, slope) / below).clamp(0.0, 1.0)
}
