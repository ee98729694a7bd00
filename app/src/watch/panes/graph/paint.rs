//! Puts measured graphs on a canvas.

use ratatui::text::Span;

use super::canvas::Canvas;
use super::layered::{Block, NAME, Sheet};
use super::layout::Trunk;
use super::{Spot, Subject};
use crate::term::text;
use crate::watch::panes::row;

/// Draws a graph with its upper left corner here.
pub fn paint(
    subject: &Subject<'_>,
    sheet: &Sheet<'_>,
    (row, column): (usize, usize),
    canvas: &mut Canvas,
    spots: &mut Vec<Spot>,
) {
    for vertex in &sheet.layout.vertices {
        let Some(&(first, end)) = sheet.layers.get(vertex.layer) else {
            continue;
        };
        let at = (row + vertex.row, column + first);
        let block = vertex.state.and_then(|state| sheet.blocks.get(state));
        let taken = vertex.on.iter().any(|(_, taken)| *taken);
        let wide = block.map_or(0, |block| name_columns(subject, block));
        if let Some(block) = block {
            stand(subject, block, at, canvas, spots);
        }
        if !vertex.on.is_empty() {
            // A blank behind the name, and a line to the end of the layer.
            let from = at.1 + wide + usize::from(wide > 0);
            canvas.across(at.0, (from, column + end), (true, true), taken);
        }
    }
    for (layer, trunks) in sheet.layout.trunks.iter().enumerate() {
        let (Some(&(_, end)), Some(&(next, _))) =
            (sheet.layers.get(layer), sheet.layers.get(layer + 1))
        else {
            continue;
        };
        for trunk in trunks {
            lines(sheet, trunk, layer + 1, (row, column), (end, next), canvas);
        }
    }
}

/// Columns of a block's first row before its line leaves.
fn name_columns(subject: &Subject<'_>, block: &Block<'_>) -> usize {
    if block.inside.is_empty() {
        text::width(&row::clip(&block.node.name, NAME, !subject.theme.ascii()))
    } else {
        block.columns
    }
}

fn lines(
    sheet: &Sheet<'_>,
    trunk: &Trunk,
    layer: usize,
    (row, column): (usize, usize),
    (end, next): (usize, usize),
    canvas: &mut Canvas,
) {
    // A way that only passes has no name that a blank would have to stand before.
    let passes = |at: usize| {
        sheet
            .layout
            .vertices
            .iter()
            .any(|vertex| vertex.layer == layer && vertex.row == at && vertex.state.is_none())
    };
    let last = |at: usize| column + if passes(at) { next } else { next - 2 };
    let Some(track) = trunk.track else {
        for (at, taken) in &trunk.from {
            canvas.across(
                row + at,
                (column + end + 1, last(*at)),
                (true, true),
                *taken,
            );
        }
        return;
    };
    let bend = column + end + 2 + 2 * track;
    for (at, taken) in &trunk.from {
        canvas.across(row + at, (column + end + 1, bend), (true, false), *taken);
    }
    for (at, taken) in &trunk.to {
        canvas.across(row + at, (bend, last(*at)), (false, true), *taken);
    }
    let ends = || trunk.from.iter().chain(&trunk.to);
    let (Some(top), Some(bottom)) = (
        ends().map(|(at, _)| *at).min(),
        ends().map(|(at, _)| *at).max(),
    ) else {
        return;
    };
    canvas.down(bend, (row + top, row + bottom), false);
    // The part of it that was gone.
    let gone = || ends().filter(|(_, taken)| **taken).map(|(at, _)| *at);
    if let (Some(top), Some(bottom)) = (gone().min(), gone().max()) {
        canvas.down(bend, (row + top, row + bottom), true);
    }
    for at in top..bottom {
        if !trunk.from.contains_key(&at) && !trunk.to.contains_key(&at) {
            canvas.over(row + at, bend);
        }
    }
}

/// Draws a state.
fn stand(
    subject: &Subject<'_>,
    block: &Block<'_>,
    (row, column): (usize, usize),
    canvas: &mut Canvas,
    spots: &mut Vec<Spot>,
) {
    let theme = subject.theme;
    let name = row::clip(&block.node.name, NAME, !theme.ascii());
    let style = if subject.selected == Some(block.node.name.as_str()) {
        theme.selected
    } else if subject.states.get(&block.node.name).is_some() {
        theme.strong
    } else {
        theme.faint
    };
    let (height, width) = (block.rows, block.columns);
    spots.push(Spot {
        name: block.node.name.clone(),
        row,
        column,
        height,
        width,
    });
    if block.inside.is_empty() {
        canvas.text(row, column, vec![Span::styled(name, style)]);
        canvas.text(row + 1, column, block.status.clone());
        for (index, note) in block.notes.iter().enumerate() {
            canvas.text(row + 2 + index, column, vec![note.clone()]);
        }
        return;
    }
    let taken = subject.states.get(&block.node.name).is_some();
    let frame = height - 1 - block.notes.len();
    let (right, bottom) = (column + width - 1, row + frame);
    for line in [row, bottom] {
        canvas.across(line, (column, right), (false, false), taken);
    }
    for side in [column, right] {
        canvas.down(side, (row, bottom), taken);
    }
    let mut title = vec![Span::raw(" "), Span::styled(name, style), Span::raw(" ")];
    if !block.status.is_empty() {
        title.extend(block.status.iter().cloned());
        title.push(Span::raw(" "));
    }
    canvas.text(row, column + 2, title);
    let mut top = row + 1;
    for sheet in &block.inside {
        paint(subject, sheet, (top, column + 2), canvas, spots);
        top += sheet.layout.rows;
    }
    for (index, note) in block.notes.iter().enumerate() {
        canvas.text(bottom + 1 + index, column, vec![note.clone()]);
    }
}
