//! A machine from left to right, what is inside of a state in a frame of its own.

use ratatui::style::Style;
use ratatui::text::Span;
use whiteboarder_jobs::watch::graph::{Graph, Node};

use super::canvas::Canvas;
use super::layout::{Layout, Trunk};
use super::ways::Ways;
use super::{Drawn, Subject, paint};
use crate::term::text;
use crate::watch::panes::row;

/// A name is cut behind so many columns.
pub const NAME: usize = 24;
/// What errors and loops say is cut behind so many, when the state itself has fewer.
const NOTE: usize = 16;
/// Room for a status, so that a state keeps its place while it works.
const STATUS: usize = 8;

/// A state, measured.
pub struct Block<'a> {
    /// The state.
    pub node: &'a Node,
    /// How far it is.
    pub status: Vec<Span<'static>>,
    /// Rows about errors and loops.
    pub notes: Vec<Span<'static>>,
    /// What is inside of it.
    pub inside: Vec<Sheet<'a>>,
    /// Its columns, a frame included.
    pub columns: usize,
    /// Its rows, likewise.
    pub rows: usize,
}

/// A graph, measured.
pub struct Sheet<'a> {
    /// Where its states are.
    pub layout: Layout,
    /// Its states.
    pub blocks: Vec<Block<'a>>,
    /// The first column of each layer, and one behind its last.
    pub layers: Vec<(usize, usize)>,
    /// All columns.
    pub columns: usize,
}

/// The machine, if it fits.
pub fn draw(subject: &Subject<'_>, words: bool, columns: usize, rows: usize) -> Option<Drawn> {
    let sheet = sheet(subject, subject.graph, words)?;
    if sheet.columns > columns || sheet.layout.rows > rows {
        return None;
    }
    let mut canvas = Canvas::new(sheet.columns, sheet.layout.rows);
    let mut spots = Vec::new();
    paint::paint(subject, &sheet, (0, 0), &mut canvas, &mut spots);
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
