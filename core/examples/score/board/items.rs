//! The items that fill a board's cells.

use super::Draw;
use super::hand::Point;
use super::ink::{Canvas, Pen};
use super::shapes::middle;

const WORDS: [&str; 48] = [
    "PLAN",
    "SPRINT 14",
    "API",
    "QUEUE",
    "USER",
    "LOGIN",
    "COST?",
    "WEEK 32",
    "TODO",
    "DONE",
    "TEST",
    "CACHE",
    "X = 3.7",
    "F(X) + 1",
    "A > B",
    "12%",
    "N LOG N",
    "RISK",
    "BUDGET",
    "TEAM",
    "DATA",
    "MODEL",
    "ERROR",
    "RETRY",
    "DB",
    "STORE",
    "WHY?",
    "HOW",
    "NEXT",
    "Q3",
    "2027",
    "ANNA",
    "JOE",
    "MEET 9:30",
    "OK!",
    "BUILD",
    "DEPLOY",
    "SHIP",
    "IDEA",
    "GOAL",
    "MAP",
    "INPUT",
    "OUTPUT",
    "LOOP",
    "1/2 + 1/4",
    "SUM = 96",
    "NO!",
    "KEY",
];

pub fn word(canvas: &mut Canvas) -> &'static str {
    canvas.dice.pick(&WORDS)
}

/// A text that is not wider than its room.
pub fn label(canvas: &mut Canvas, at: Point, width: f32, size: f32, pen: Pen) {
    let words = word(canvas);
    let natural = words.len() as f32 * size * 0.9;
    let size = size * (width / natural).min(1.0);
    // Small letters are not written with thick pens.
    let pen = pen.with_tip(pen.tip.min(size * 0.16));
    canvas.text(words, at, size, pen);
}

pub fn list(canvas: &mut Canvas, at: Point, room: (f32, f32), pen: Pen) {
    let size = canvas.dice.between(15.0, 30.0);
    let mut y = at.1;
    if canvas.dice.chance(0.4) {
        label(canvas, at, room.0, size * 1.35, pen);
        y += size * 1.7;
        canvas.line(&[(at.0, y), (at.0 + room.0 * 0.6, y + 1.0)], pen);
        y += size * 0.6;
    }
    while y + size < at.1 + room.1 {
        let mut x = at.0;
        if canvas.dice.chance(0.5) {
            canvas.line(
                &[(x, y + size * 0.6), (x + size * 0.5, y + size * 0.6)],
                pen,
            );
            x += size * 0.9;
        }
        label(canvas, (x, y), at.0 + room.0 - x, size, pen);
        y += size * 1.65;
    }
}

pub fn chart(canvas: &mut Canvas, at: Point, room: (f32, f32), pen: Pen, pens: &[Pen]) {
    let (x, y) = (at.0 + 6.0, at.1 + room.1 - 18.0);
    canvas.arrow(&[(x, y), (x, at.1 + 4.0)], pen);
    canvas.arrow(&[(x, y), (x + room.0 - 14.0, y)], pen);
    for _ in 0..2 {
        let curve: Vec<Point> = (0..7)
            .map(|i| {
                let rise = canvas.dice.between(0.1, 0.9);
                (
                    x + 8.0 + (room.0 - 40.0) * i as f32 / 6.0,
                    y - (room.1 - 36.0) * rise,
                )
            })
            .collect();
        let line = canvas.dice.pick(pens);
        if canvas.dice.chance(0.4) {
            dotted(canvas, &curve, line);
        } else {
            canvas.line(&curve, line);
        }
    }
    label(
        canvas,
        (x + room.0 * 0.6, y + 5.0),
        room.0 * 0.35,
        12.0,
        pen,
    );
}

fn dotted(canvas: &mut Canvas, points: &[Point], pen: Pen) {
    for pair in points.windows(2) {
        for step in 0_u8..5 {
            let t = f32::from(step) / 5.0;
            let at = (
                pair[0].0 + (pair[1].0 - pair[0].0) * t,
                pair[0].1 + (pair[1].1 - pair[0].1) * t,
            );
            canvas.stroke(&[at, (at.0 + 0.4, at.1 + 0.4)], pen);
        }
    }
}

pub fn diagram(canvas: &mut Canvas, at: Point, room: (f32, f32), pen: Pen) {
    let size = (room.0 * 0.38, room.1 * 0.32);
    let right = (at.0 + room.0 - size.0, at.1 + room.1 - size.1);
    for corner in [at, (right.0, at.1), right] {
        canvas.boxed(corner, size, pen);
        let inner = (corner.0 + 6.0, corner.1 + size.1 * 0.3);
        label(canvas, inner, size.0 - 12.0, size.1 * 0.45, pen);
    }
    let middle_of = |p: Point| (p.0 + size.0 / 2.0, p.1 + size.1 / 2.0);
    canvas.arrow(
        &[
            (at.0 + size.0 + 3.0, middle_of(at).1),
            (right.0 - 4.0, middle_of(at).1 + 1.0),
        ],
        pen,
    );
    canvas.arrow(
        &[
            (middle_of(right).0, at.1 + size.1 + 3.0),
            (middle_of(right).0, right.1 - 4.0),
        ],
        pen,
    );
    let (from, to) = (
        (at.0 + 8.0, at.1 + size.1 + 6.0),
        (right.0 - 5.0, middle_of(right).1),
    );
    let bend = middle(from, to);
    canvas.arrow(&[from, (bend.0 - 8.0, bend.1 + 8.0), to], pen);
}

pub fn table(canvas: &mut Canvas, at: Point, room: (f32, f32), pen: Pen) {
    canvas.boxed(at, room, pen);
    for row in 1_u8..4 {
        let y = at.1 + room.1 * f32::from(row) / 4.0;
        canvas.line(&[(at.0, y), (at.0 + room.0, y)], pen);
    }
    for column in 1_u8..3 {
        let x = at.0 + room.0 * f32::from(column) / 3.0;
        canvas.line(&[(x, at.1), (x, at.1 + room.1)], pen);
    }
    for row in 0_u8..4 {
        for column in 0_u8..3 {
            if canvas.dice.chance(0.7) {
                let x = at.0 + room.0 * f32::from(column) / 3.0 + 6.0;
                let y = at.1 + room.1 * f32::from(row) / 4.0 + room.1 * 0.07;
                label(canvas, (x, y), room.0 / 3.0 - 12.0, room.1 * 0.12, pen);
            }
        }
    }
}

pub fn hatched(canvas: &mut Canvas, at: Point, room: (f32, f32), pen: Pen) {
    let size = (room.0 * 0.7, room.1 * 0.6);
    canvas.boxed(at, size, pen);
    let step = pen.tip * canvas.dice.between(2.6, 4.5);
    let mut s = step;
    while s < size.0 + size.1 {
        let from = (at.0 + (s - size.1).max(0.0), at.1 + s.min(size.1));
        let to = (at.0 + s.min(size.0), at.1 + (s - size.0).max(0.0));
        canvas.stroke(&[from, middle(from, to), to], pen);
        s += step;
    }
    label(
        canvas,
        (at.0, at.1 + size.1 + 10.0),
        room.0,
        room.1 * 0.2,
        pen,
    );
}

pub fn rings(canvas: &mut Canvas, at: Point, room: (f32, f32), pen: Pen) {
    let radii = (room.0 * 0.2, room.1 * 0.26);
    let centres = [
        (at.0 + radii.0, at.1 + radii.1),
        (at.0 + room.0 - radii.0, at.1 + radii.1 * 1.3),
        (at.0 + room.0 * 0.5, at.1 + room.1 - radii.1),
    ];
    for (i, &centre) in centres.iter().enumerate() {
        canvas.ring(centre, radii, pen);
        let inner = (centre.0 - radii.0 * 0.7, centre.1 - radii.1 * 0.25);
        label(canvas, inner, radii.0 * 1.4, radii.1 * 0.55, pen);
        let next = centres[(i + 1) % 3];
        let between = |t: f32| {
            (
                centre.0 + (next.0 - centre.0) * t,
                centre.1 + (next.1 - centre.1) * t,
            )
        };
        if canvas.dice.chance(0.5) {
            canvas.arrow(&[between(0.42), between(0.58)], pen);
        } else {
            dotted(canvas, &[between(0.4), between(0.6)], pen);
        }
    }
}

/// Filled bars, boxes and discs, small and as large as the cell.
pub fn fills(canvas: &mut Canvas, at: Point, room: (f32, f32), pen: Pen, other: Pen) {
    let wide = pen.with_tip(pen.tip.max(3.5));
    match canvas.dice.below(4) {
        0 => {
            let bar = room.0 / 5.0;
            for i in 0_u8..4 {
                let rise = room.1 * canvas.dice.between(0.3, 1.0);
                let corner = (at.0 + bar * 1.25 * f32::from(i), at.1 + room.1 - rise);
                let pen = if canvas.dice.chance(0.5) {
                    wide
                } else {
                    other.with_tip(wide.tip)
                };
                canvas.filled(corner, (bar, rise), false, pen);
            }
        }
        1 => {
            let side = canvas.dice.between(0.5, 0.95);
            canvas.filled(at, (room.0 * side, room.1 * side), false, wide);
        }
        2 => {
            let side = room.1.min(room.0) * canvas.dice.between(0.5, 0.9);
            canvas.filled(at, (side, side), true, wide);
        }
        _ => {
            let side = room.1 * 0.22;
            for i in 0_u8..3 {
                let y = at.1 + room.1 * 0.33 * f32::from(i);
                let round = canvas.dice.chance(0.4);
                canvas.filled((at.0, y), (side, side), round, wide);
                label(
                    canvas,
                    (at.0 + side + 10.0, y + 4.0),
                    room.0 - side - 12.0,
                    side * 0.7,
                    other,
                );
            }
        }
    }
}
