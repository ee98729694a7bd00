//! Cells with lines between them and texts on top.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::term::theme::Theme;

const UP: u8 = 1;
const DOWN: u8 = 2;
const LEFT: u8 = 4;
const RIGHT: u8 = 8;
/// A vertical line that has nothing to do with the horizontal one it meets.
const OVER: u8 = 16;
const TAKEN: u8 = 32;

/// Box-drawing characters by the directions in which they go on.
const BOX: [char; 16] = [
    ' ', '╵', '╷', '│', '╴', '┘', '┐', '┤', '╶', '└', '┌', '├', '─', '┴', '┬', '┼',
];

/// What is drawn on.
#[derive(Debug)]
pub struct Canvas {
    columns: usize,
    cells: Vec<Vec<u8>>,
    texts: Vec<Vec<(usize, Span<'static>)>>,
}

impl Canvas {
    /// An empty one.
    pub fn new(columns: usize, rows: usize) -> Canvas {
        Canvas {
            columns,
            cells: vec![vec![0; columns]; rows],
            texts: vec![Vec::new(); rows],
        }
    }

    fn add(&mut self, row: usize, column: usize, bits: u8) {
        if let Some(cell) = self.cells.get_mut(row).and_then(|row| row.get_mut(column)) {
            *cell |= bits;
        }
    }

    /// A line from one column up to another that comes from further left when `open` says so, and goes on to
    /// the right likewise.
    pub fn across(
        &mut self,
        row: usize,
        (from, to): (usize, usize),
        open: (bool, bool),
        taken: bool,
    ) {
        let taken = if taken { TAKEN } else { 0 };
        for column in from..=to {
            let left = if column > from || open.0 { LEFT } else { 0 };
            let right = if column < to || open.1 { RIGHT } else { 0 };
            self.add(row, column, left | right | taken);
        }
    }

    /// A line down from one row to another.
    pub fn down(&mut self, column: usize, (from, to): (usize, usize), taken: bool) {
        let taken = if taken { TAKEN } else { 0 };
        for row in from..=to {
            let up = if row > from { UP } else { 0 };
            let down = if row < to { DOWN } else { 0 };
            self.add(row, column, up | down | taken);
        }
    }

    /// Here a line down crosses whatever else there is without meeting it.
    pub fn over(&mut self, row: usize, column: usize) {
        self.add(row, column, OVER);
    }

    /// Text on top of everything, from a column on. It must not meet other text.
    pub fn text(&mut self, row: usize, column: usize, spans: Vec<Span<'static>>) {
        let Some(texts) = self.texts.get_mut(row) else {
            return;
        };
        let mut column = column;
        for span in spans {
            let wide = span.width();
            texts.push((column, span));
            column += wide;
        }
    }

    /// The rows, blanks at their ends left away.
    pub fn lines(mut self, theme: &Theme) -> Vec<Line<'static>> {
        let texts = std::mem::take(&mut self.texts);
        texts
            .into_iter()
            .zip(&self.cells)
            .map(|(mut texts, cells)| {
                texts.sort_by_key(|(column, _)| *column);
                let mut spans = Vec::new();
                let mut at = 0;
                for (column, span) in texts {
                    cover(
                        &mut spans,
                        cells.get(at..column.max(at)).unwrap_or_default(),
                        theme,
                    );
                    at = column + span.width();
                    spans.push(span);
                }
                let end = cells
                    .iter()
                    .rposition(|cell| *cell != 0)
                    .map_or(0, |last| last + 1);
                cover(
                    &mut spans,
                    cells.get(at..end.min(self.columns)).unwrap_or_default(),
                    theme,
                );
                Line::from(spans)
            })
            .collect()
    }
}

/// Adds the lines in some cells; a way that was taken is not faint.
fn cover(spans: &mut Vec<Span<'static>>, cells: &[u8], theme: &Theme) {
    for run in cells.chunk_by(|a, b| (a & TAKEN) == (b & TAKEN)) {
        let taken = run.first().is_some_and(|cell| cell & TAKEN != 0);
        let style: Style = if taken { theme.plain } else { theme.faint };
        let text: String = run
            .iter()
            .map(|cell| symbol(*cell, theme.ascii()))
            .collect();
        spans.push(Span::styled(text, style));
    }
}

fn symbol(cell: u8, ascii: bool) -> char {
    let mut lines = cell & (UP | DOWN | LEFT | RIGHT);
    if cell & OVER != 0 {
        lines &= UP | DOWN;
    }
    match BOX.get(usize::from(lines)).copied().unwrap_or(' ') {
        shown if !ascii => shown,
        ' ' => ' ',
        '│' | '╵' | '╷' => '|',
        '─' | '╴' | '╶' => '-',
        _ => '+',
    }
}
