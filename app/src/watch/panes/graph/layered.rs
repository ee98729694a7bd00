//! A machine from left to right, what is inside of a state in a frame of its own.

use ratatui::style::Style;
use ratatui::text::Span;
use whiteboarder_jobs::watch::graph::{Graph, Node};

use super::canvas::Canvas;
use super::layout::{Layout, Trunk};
use super::ways::Ways;
use super::{Drawn, Spot, Subject};
use crate::term::text;
use crate::watch::panes::row;

/// A name is cut behind so many columns.
const NAME: usize = 24;
/// What errors and loops say is cut behind so many, when the state itself has fewer.
const NOTE: usize = 16;
/// Room for a status, so that a state keeps its place while it works.
const STATUS: usize = 8;

/// A state, measured.
struct Block<'a> {
    node: &'a Node,
    status: Vec<Span<'static>>,
    notes: Vec<Span<'static>>,
    inside: Vec<Sheet<'a>>,
    columns: usize,
    rows: usize,
}

/// A graph, measured.
struct Sheet<'a> {
    layout: Layout,
    blocks: Vec<Block<'a>>,
    /// The first column of each layer, and one behind its last.
    layers: Vec<(usize, usize)>,
    columns: usize,
}

/// The machine, if it fits.
pub fn draw(subject: &Subject<'_>, words: bool, columns: usize, rows: usize) -> Option<Drawn> {
    let sheet = sheet(subject, subject.graph, words)?;
    if sheet.columns > columns || sheet.layout.rows > rows {
        return None;
    }
    let mut canvas = Canvas::new(sheet.columns, sheet.layout.rows);
    let mut spots = Vec::new();
    paint(subject, &sheet, (0, 0), &mut canvas, &mut spots);
    Some(Drawn {
        lines: canvas.lines(subject.theme),
        spots,
    })
}

fn sheet<'a>(subject: &Subject<'a>, graph: &'a Graph, words: bool) -> Option<Sheet<'a>> {
    let ways = Ways::of(graph);
    let blocks: Vec<Block<'a>> = graph
        .states
        .iter()
        .enumerate()
        .map(|(at, node)| block(subject, graph, node, &ways, at, words))
        .collect::<Option<_>>()?;
    let heights: Vec<usize> = blocks.iter().map(|block| block.rows).collect();
    let took = |from: usize, to: usize| match (graph.states.get(from), graph.states.get(to)) {
        (Some(from), Some(to)) => subject.states.took(&from.name, &to.name),
        _ => false,
    };
    let layout = Layout::of(&ways, &heights, took)?;
    let mut layers = Vec::new();
    let mut column = 0;
    for layer in 0..layout.layers {
        let wide = layout
            .vertices
            .iter()
            .filter(|vertex| vertex.layer == layer)
            .map(|vertex| {
                let block = vertex.state.and_then(|state| blocks.get(state));
                block.map_or(1, |block| block.columns)
            });
        let end = column + wide.max().unwrap_or(0);
        layers.push((column, end));
        let tracks = layout.trunks.get(layer).map_or(0, |trunks| tracks(trunks));
        column = end + 3 + 2 * tracks;
    }
    let columns = layers.last().map_or(0, |(_, end)| *end);
    Some(Sheet {
        layout,
        blocks,
        layers,
        columns,
    })
}

fn tracks(trunks: &[Trunk]) -> usize {
    trunks.iter().filter(|trunk| trunk.track.is_some()).count()
}

fn block<'a>(
    subject: &Subject<'a>,
    graph: &Graph,
    node: &'a Node,
    ways: &Ways,
    at: usize,
    words: bool,
) -> Option<Block<'a>> {
    let theme = subject.theme;
    let unicode = !theme.ascii();
    let told = subject.states.get(&node.name);
    let status = told.map_or_else(Vec::new, |told| {
        told.spans(node.kind, words, subject.now_ms, theme)
    });
    let reserved = if node.edges.is_empty() { 0 } else { STATUS };
    let name = text::width(&row::clip(&node.name, NAME, unicode));
    let mut columns = name.max(reserved).max(row::width(&status));
    let mut notes = notes(subject, graph, node, ways, at);
    let most = columns.max(NOTE);
    for note in &mut notes {
        note.content = row::clip(&note.content, most, unicode).into();
        columns = columns.max(note.width());
    }
    let inside: Vec<Sheet<'a>> = node
        .inside
        .iter()
        .map(|graph| sheet(subject, graph, words))
        .collect::<Option<_>>()?;
    let mut rows = 2 + notes.len();
    if !inside.is_empty() {
        // Name and status in the frame's first row; the frame, a blank on each side of what is in it.
        let title = name + 1 + row::width(&status) + 6;
        let widest = inside.iter().map(|sheet| sheet.columns).max().unwrap_or(0);
        columns = title.max(widest + 4).max(columns + 4);
        rows = 2 + notes.len() + inside.iter().map(|sheet| sheet.layout.rows).sum::<usize>();
    }
    Some(Block {
        node,
        status,
        notes,
        inside,
        columns,
        rows,
    })
}

/// What is told of errors and loops instead of drawn.
fn notes(
    subject: &Subject<'_>,
    graph: &Graph,
    node: &Node,
    ways: &Ways,
    at: usize,
) -> Vec<Span<'static>> {
    let theme = subject.theme;
    let unicode = !theme.ascii();
    let (maybe, caught, arrow, again) = if unicode {
        ("╎", "┃", "→", "↺")
    } else {
        (":", "!", "->", "@")
    };
    let name = |state: usize| {
        graph
            .states
            .get(state)
            .map_or("", |node| node.name.as_str())
    };
    let only_errors = |state: usize| {
        let into = |targets: &Vec<usize>| targets.contains(&state);
        !ways.on.iter().any(into)
    };
    let mut notes = Vec::new();
    for (to, errors) in ways.catches.get(at).into_iter().flatten() {
        let to_name = name(*to);
        let more = if errors.len() > 1 && unicode {
            ",…"
        } else if errors.len() > 1 {
            ",.."
        } else {
            ""
        };
        let first = errors.first().map_or("", String::as_str);
        let (glyph, error, style): (_, _, Style) = match subject.states.caught(&node.name, to_name)
        {
            Some(error) => (caught, error.to_owned(), theme.notable),
            None => (maybe, format!("{first}{more}"), theme.faint),
        };
        // Where it leads to is seen when that stands right below.
        let below = *to == at + 1 && (only_errors(*to) || sibling(ways, at, *to));
        let words = if below {
            format!("{glyph} {error}")
        } else {
            format!("{glyph} {arrow} {to_name} {error}")
        };
        notes.push(Span::styled(words, style));
    }
    for to in ways.back.get(at).into_iter().flatten() {
        let style = if subject.states.took(&node.name, name(*to)) {
            theme.plain
        } else {
            theme.faint
        };
        notes.push(Span::styled(format!("{again} {}", name(*to)), style));
    }
    notes
}

/// Whether both are what one state may go on to, so that they stand one below the other.
fn sibling(ways: &Ways, a: usize, b: usize) -> bool {
    ways.on.iter().any(|on| on.contains(&a) && on.contains(&b))
}

fn paint(
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
