//! What is on a board: dice choose items for the cells of a grid.

use super::Draw;
use super::hand::Point;
use super::ink::{Canvas, Pen, Role, Through};
use super::items::{chart, diagram, fills, hatched, list, rings, table, word};
use super::kind::Kind;

/// Draws a whole board of this kind.
pub fn draw(canvas: &mut Canvas, kind: &Kind) {
    ghosts(canvas, kind);
    let pens: Vec<Pen> = kind
        .colours
        .iter()
        .map(|&through| {
            let tip = canvas.dice.between(kind.tips.0, kind.tips.1);
            let strength = canvas.dice.between(0.94, 0.99);
            canvas.pen(through, Role::Ink, tip, strength, 0.06)
        })
        .collect();
    let faint = faint_pens(canvas, kind);
    let (width, height) = canvas.extent();
    let columns = (width / 235.0 + 0.5) as usize;
    let rows = (height / 190.0 + 0.5) as usize;
    let cell = (
        (width - 50.0) / columns as f32,
        (height - 40.0) / rows as f32,
    );
    for row in 0..rows {
        for column in 0..columns {
            let at = (30.0 + cell.0 * column as f32, 25.0 + cell.1 * row as f32);
            let room = (cell.0 - 28.0, cell.1 - 26.0);
            let pen = if !faint.is_empty() && canvas.dice.chance(kind.faint) {
                canvas.dice.pick(&faint)
            } else {
                canvas.dice.pick(&pens)
            };
            item(canvas, kind, at, room, pen, &pens);
        }
    }
}

/// Two faint pens, whose contrast in sRGB levels is a tenth to a quarter of full ink's, and a dying one, which leaves
/// more where it does not leave a gap.
fn faint_pens(canvas: &mut Canvas, kind: &Kind) -> Vec<Pen> {
    if kind.faint <= 0.0 {
        return Vec::new();
    }
    let pen = |canvas: &mut Canvas, low: f32, high: f32, dry: f32| {
        let through = canvas.dice.pick(kind.colours);
        let tip = canvas.dice.between(kind.tips.0, kind.tips.1).max(2.2);
        let strength = canvas.dice.between(low, high);
        canvas.pen(through, Role::Faint, tip, strength, dry)
    };
    vec![
        pen(canvas, 0.16, 0.25, 0.1),
        pen(canvas, 0.25, 0.40, 0.15),
        pen(canvas, 0.45, 0.70, 0.85),
    ]
}

fn item(canvas: &mut Canvas, kind: &Kind, at: Point, room: (f32, f32), pen: Pen, pens: &[Pen]) {
    // Faint pens do not fill: what a fill of pale wash should look like is anybody's guess.
    let solid = pens.iter().any(|p| p.same_as(pen));
    if solid && canvas.dice.chance(kind.fills) {
        let other = canvas.dice.pick(pens);
        return fills(canvas, at, room, pen, other);
    }
    match canvas.dice.below(8) {
        0 => chart(canvas, at, room, pen, pens),
        1 => diagram(canvas, at, room, pen),
        2 => table(canvas, at, room, pen),
        3 => hatched(canvas, at, room, pen),
        4 => rings(canvas, at, room, pen),
        _ => list(canvas, at, room, pen),
    }
}

/// What an eraser leaves: words at a few hundredths of their contrast, wiped along, and clouds of dust.
fn ghosts(canvas: &mut Canvas, kind: &Kind) {
    let (width, height) = canvas.extent();
    let dust: Through = [0.12, 0.12, 0.16];
    let cloth = canvas.pen(dust, Role::Ghost, 30.0, 0.03, 0.75);
    for _ in 0..kind.smudges {
        let pen = cloth
            .with_tip(canvas.dice.between(18.0, 55.0))
            .with_strength(canvas.dice.between(0.025, 0.07));
        let from = (
            canvas.dice.between(0.0, width),
            canvas.dice.between(0.0, height),
        );
        let by = (
            canvas.dice.between(-260.0, 260.0),
            canvas.dice.between(-90.0, 90.0),
        );
        let bend = (from.0 + by.0 * 0.5, from.1 + by.1 * 0.5 - 40.0);
        canvas.line(&[from, bend, (from.0 + by.0, from.1 + by.1)], pen);
    }
    canvas.wipe(cloth, 3.0);
    if kind.ghosts == 0 {
        return;
    }
    for &through in kind.colours.iter().take(2) {
        let strength = kind.ghost_strength * canvas.dice.between(0.6, 1.0);
        let pen = canvas.pen(through, Role::Ghost, 3.4, strength, 0.5);
        for _ in 0..kind.ghosts {
            let at = (
                canvas.dice.between(20.0, width * 0.8),
                canvas.dice.between(20.0, height * 0.9),
            );
            let size = canvas.dice.between(20.0, 42.0);
            let words = word(canvas);
            canvas.text(words, at, size, pen);
        }
        canvas.wipe(pen, 0.7);
    }
}
