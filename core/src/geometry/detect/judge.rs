//! Whether a quad is the board: what is inside, along and outside of its sides.

use super::Refusal;
use super::candidates::Candidate;
use super::ink::Ink;
use super::lines::Line;
use super::work::Work;
use crate::geometry::{Basis, Camera, Homography, Point, Quad, aspect_ratio};

/// Cells along each side of the board's inside.
const CELLS: u32 = 16;
/// Samples along each side.
const SAMPLES: u32 = 64;
/// What must differ from paper outside of a side, as a share of the quad's mean diagonal: thicker than a marker's line.
const FRAME: f64 = 0.007;
/// The same where the same colour goes on beyond it, as with a white wall: as a share of the picture's diagonal, for
/// a box that is drawn may be small, and the pen thick.
const THICK_FRAME: f64 = 0.013;
/// The zone around the quad in which frames and shelves are not taken for writing, as a share of the diagonal.
const ZONE: f64 = 0.025;

/// Why this is not the board, if so. The order is that of [`Refusal`]: a later one came closer.
pub(super) fn judge(
    work: &Work,
    ink: &Ink,
    lines: &[Vec<Line>; 4],
    camera: &Camera,
    candidate: &Candidate,
) -> Result<(), Refusal> {
    let quad = &candidate.quad;
    let (ratio, basis) = aspect_ratio(quad, camera);
    let askew = {
        let [top, right, bottom, left] = quad.sides();
        (top / bottom)
            .max(bottom / top)
            .max(right / left)
            .max(left / right)
    };
    if !(0.3..=6.0).contains(&ratio) || (basis == Basis::MeanSides && askew > 1.15) || askew > 3.0 {
        return Err(Refusal::Shape);
    }
    let paper = paper(work, quad).ok_or(Refusal::Inside)?;
    if divided(quad, lines) {
        return Err(Refusal::Divided);
    }
    let (mut another_surface, mut thin) = (true, false);
    let mut around = Vec::new();
    for i in 0..4 {
        let side = along(work, quad, i, paper, &mut around);
        if side.paper < 0.75 {
            return Err(Refusal::Inside);
        }
        if side.frame < 0.7 {
            return Err(Refusal::ThinLines);
        }
        another_surface &= side.same < 0.3;
        thin |= side.thick < 0.7;
    }
    if thin && !another_surface {
        return Err(Refusal::ThinLines);
    }
    // Where the board's surroundings differ plainly from it, only writing on what is just like the board counts.
    let (shares, tint) = if another_surface {
        (0.85..=1.25, 0.035)
    } else {
        (0.62..=1.5, 0.08)
    };
    let on_paper = |ground| {
        like(ground, paper, shares.clone(), tint)
            && !(another_surface && nearer_to_wall(ground, &around))
    };
    let (inside, outside) = count(work, ink, quad, &on_paper);
    // A picture on the wall is written on, too, but it is small.
    let lost = if another_surface && more_paper(work, ink, quad, &on_paper) < 0.15 {
        outside - inside
    } else {
        outside
    };
    let (share, least) = if another_surface {
        (0.03, 0.0003)
    } else {
        (0.01, 0.00015)
    };
    if lost > (share * inside).max(least * (work.width * work.height) as f64) {
        return Err(Refusal::InkOutside);
    }
    if inside < 0.001 * quad.area() {
        return Err(Refusal::Empty);
    }
    Ok(())
}

/// The colour of the paper inside, when it is the same nearly everywhere and light.
fn paper(work: &Work, quad: &Quad) -> Option<[f32; 3]> {
    const POINTS: u32 = 5;
    let side = f64::from(CELLS);
    let map = Homography::to_quad(quad, side, side);
    let mut cells: Vec<[f32; 3]> = Vec::new();
    for row in 0..CELLS {
        for column in 0..CELLS {
            let mut pixels: Vec<[f32; 3]> = (0..POINTS * POINTS)
                .filter_map(|i| {
                    let place = |cell: u32, i: u32| {
                        f64::from(cell) + (f64::from(i) + 0.5) / f64::from(POINTS)
                    };
                    let at = map.map(place(column, i % POINTS), place(row, i / POINTS));
                    work.index(at).map(|i| work.pixels[i])
                })
                .collect();
            pixels.sort_by(|a, b| Work::brightness(*a).total_cmp(&Work::brightness(*b)));
            cells.extend(pixels.get(pixels.len() * 3 / 4));
        }
    }
    let middle = |c: usize| {
        let mut values: Vec<f32> = cells.iter().map(|cell| cell[c]).collect();
        values.sort_by(f32::total_cmp);
        values.get(values.len() / 2).copied()
    };
    let paper = [middle(0)?, middle(1)?, middle(2)?];
    let alike = |cell: &&[f32; 3]| like(**cell, paper, 0.6..=1.5, 0.08);
    let share = cells.iter().filter(alike).count() as f64 / cells.len() as f64;
    (Work::brightness(paper) >= 70.0 && share >= 0.88).then_some(paper)
}

/// Whether a pixel has a brightness within this share of the paper's, and a tint as near as that.
fn like(pixel: [f32; 3], paper: [f32; 3], share: std::ops::RangeInclusive<f32>, tint: f32) -> bool {
    let brightness = Work::brightness(pixel) / Work::brightness(paper).max(1.0);
    share.contains(&brightness) && Work::tint(pixel, paper) <= tint
}

/// Shares of a side.
struct Side {
    /// With paper just inside.
    paper: f64,
    /// With something else than paper just outside, thicker than a line of a marker.
    frame: f64,
    /// The same, and so thick that nobody draws such lines.
    thick: f64,
    /// With the same as just inside somewhat farther outside.
    same: f64,
}

/// Adds what is just inside and what is somewhat farther outside to `around`.
fn along(
    work: &Work,
    quad: &Quad,
    side: usize,
    paper: [f32; 3],
    around: &mut Vec<([f32; 3], [f32; 3])>,
) -> Side {
    let corners = quad.corners();
    let (from, to) = (corners[side], corners[(side + 1) % 4]);
    let length = from.distance(to);
    // Clockwise corners have the inside on the right.
    let inwards = Point::new(-(to.y - from.y) / length, (to.x - from.x) / length);
    let diagonal = 0.5 * (corners[0].distance(corners[2]) + corners[1].distance(corners[3]));
    let whole = Point::new(0.0, 0.0).distance(Point::new(work.width as f64, work.height as f64));
    let enough = (FRAME * diagonal).max(5.0).round() as i32;
    let thick = (THICK_FRAME * whole).round().max(f64::from(enough)) as i32;
    let (mut with_paper, mut with_frame, mut with_thick, mut with_same) = (0, 0, 0, 0);
    for i in 0..SAMPLES {
        let share = 0.03 + 0.94 * (f64::from(i) + 0.5) / f64::from(SAMPLES);
        let at = Point::new(
            from.x + (to.x - from.x) * share,
            from.y + (to.y - from.y) * share,
        );
        let pixel = |depth: f64| {
            work.index(Point::new(
                at.x + inwards.x * depth,
                at.y + inwards.y * depth,
            ))
            .map(|i| work.pixels[i])
        };
        let near = [4.0, 6.0, 8.0, 10.0].into_iter().filter_map(pixel);
        let Some(near) = near.max_by(|a, b| Work::brightness(*a).total_cmp(&Work::brightness(*b)))
        else {
            continue;
        };
        if !like(near, paper, 0.55..=1.6, 0.09) {
            continue;
        }
        with_paper += 1;
        let beyond = [0.025, 0.035, 0.045]
            .into_iter()
            .filter_map(|share| pixel(-share * diagonal));
        let beyond: Vec<_> = beyond.collect();
        around.extend(beyond.last().map(|&wall| (near, wall)));
        let alike = beyond.iter().filter(|&&p| like(p, near, 0.92..=1.1, 0.025));
        with_same += i32::from(2 * alike.count() > beyond.len());
        // The edge may bend by some pixels.
        let mut run = 0;
        for out in -3..thick + 4 {
            let other = pixel(-f64::from(out)).is_some_and(|p| !like(p, near, 0.9..=1.2, 0.045));
            if !other && run >= enough {
                break;
            }
            run = if other { run + 1 } else { 0 };
            with_frame += i32::from(run == enough);
            with_thick += i32::from(run == thick);
        }
    }
    let share = |n: i32| f64::from(n) / f64::from(SAMPLES);
    Side {
        paper: share(with_paper),
        frame: share(with_frame),
        thick: share(with_thick),
        same: share(with_same),
    }
}

/// Whether a pixel looks more like some place of the wall around a board than like any place of its paper.
fn nearer_to_wall(pixel: [f32; 3], around: &[([f32; 3], [f32; 3])]) -> bool {
    let off = |other: [f32; 3]| {
        let (a, b) = (Work::brightness(pixel), Work::brightness(other));
        (a - b).abs() / b.max(1.0) + 4.0 * Work::tint(pixel, other)
    };
    let least = |sum: f32, other: f32| sum.min(other);
    let paper = around
        .iter()
        .map(|&(paper, _)| off(paper))
        .fold(f32::MAX, least);
    let wall = around
        .iter()
        .map(|&(_, wall)| off(wall))
        .fold(f32::MAX, least);
    wall < paper
}

/// Pixels of writing inside the quad, and outside of it on something that looks like its paper.
fn count(work: &Work, ink: &Ink, quad: &Quad, on_paper: &dyn Fn([f32; 3]) -> bool) -> (f64, f64) {
    let corners = quad.corners();
    let diagonal = corners[0]
        .distance(corners[2])
        .max(corners[1].distance(corners[3]));
    let (mut inside, mut outside) = (0, 0);
    for &(x, y) in &ink.pixels {
        let at = Point::new(x as f64 + 0.5, y as f64 + 0.5);
        if quad.holds(at, 0.01 * diagonal) {
            inside += 1;
        } else if !quad.holds(at, -ZONE * diagonal) {
            outside += u32::from(on_paper(ink.ground[y * work.width + x]));
        }
    }
    (f64::from(inside), f64::from(outside))
}

/// The area outside of the quad that looks like its paper, as a share of the quad's.
fn more_paper(work: &Work, ink: &Ink, quad: &Quad, on_paper: &dyn Fn([f32; 3]) -> bool) -> f64 {
    const STEP: usize = 4;
    let diagonal = quad.corners()[0].distance(quad.corners()[2]);
    let mut count = 0;
    for y in (0..work.height).step_by(STEP) {
        for x in (0..work.width).step_by(STEP) {
            let at = Point::new(x as f64 + 0.5, y as f64 + 0.5);
            let outside = !quad.holds(at, -ZONE * diagonal);
            count += usize::from(outside && on_paper(ink.ground[y * work.width + x]));
        }
    }
    (count * STEP * STEP) as f64 / quad.area()
}

/// Whether an edge runs through the quad from one side to the opposite one: two boards with a gap, perhaps.
fn divided(quad: &Quad, lines: &[Vec<Line>; 4]) -> bool {
    const AWAY: f64 = 0.05;
    const PLAIN: f64 = 0.9;
    let corners = quad.corners();
    let between =
        |a: Point, b: Point, t: f64| Point::new(a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t);
    lines.iter().enumerate().any(|(family, lines)| {
        // A line of this family runs from one of these sides to the other: a left edge from the upper to the lower one.
        let corner = |i: usize| corners[(family % 2 + 1 + i) % 4];
        let (one, other) = ((corner(0), corner(1)), (corner(3), corner(2)));
        let inside = |share: &f64| (AWAY..=1.0 - AWAY).contains(share);
        lines.iter().any(|line| {
            let cross = |side: (Point, Point)| {
                let share = line.share(side.0, side.1).filter(inside)?;
                Some(between(side.0, side.1, share))
            };
            let (Some(from), Some(to)) = (cross(one), cross(other)) else {
                return false;
            };
            line.support(between(from, to, 0.03), between(from, to, 0.97)) >= PLAIN
        })
    })
}
