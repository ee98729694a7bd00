//! A bar: pieces of waiting and working, the sign of how it ended, and how long it was.

use ratatui::text::Span;

use super::Scale;
use crate::term::text;
use crate::term::theme::Theme;
use crate::watch::panes::phase::Phase;
use crate::watch::panes::row;

/// Left parts of a cell, in eighths.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// What is done in a piece of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Nobody works yet.
    Wait,
    /// Somebody works.
    Work,
    /// What is inside of the state works.
    Around,
}

/// A piece of a bar.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    part: Part,
    from_ms: i64,
    until_ms: i64,
}

impl Piece {
    /// A piece from one moment to another.
    pub fn new(part: Part, from_ms: i64, until_ms: i64) -> Piece {
        Piece {
            part,
            from_ms,
            until_ms: until_ms.max(from_ms),
        }
    }
}

/// A row's bar.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Its pieces, in order.
    pub pieces: Vec<Piece>,
    /// How far it is.
    pub phase: Phase,
    /// What stands behind it.
    pub words: String,
}

impl Bar {
    /// Its spans; never more columns than the scale has.
    pub fn spans(&self, scale: &Scale, theme: &Theme) -> Vec<Span<'static>> {
        let unicode = !theme.ascii();
        let columns = scale.columns;
        let mut cells: Vec<Option<(Part, &'static str)>> = vec![None; columns];
        let mut end: Option<usize> = None;
        let last = self.pieces.len().saturating_sub(1);
        for (index, piece) in self.pieces.iter().enumerate() {
            let (from, until) = (scale.column(piece.from_ms), scale.column(piece.until_ms));
            // What takes no time is shown only when nothing else is.
            if piece.from_ms == piece.until_ms && (index < last || end.is_some()) {
                continue;
            }
            if until < 0.0 || from >= columns as f64 {
                continue;
            }
            end = Some(
                fill(&mut cells, piece.part, from.max(0.0), until, unicode).max(end.unwrap_or(0)),
            );
        }
        let mut spans = Vec::new();
        let glyph = self.phase.mark().glyph(unicode);
        let sign = Span::styled(glyph, self.phase.style(theme));
        let Some(end) = end else {
            // All of it is out of sight: to which side it lies is all there is to say.
            let (left, right) = if unicode { ("◂", "▸") } else { ("<", ">") };
            if self.pieces.is_empty() {
                return spans;
            }
            let past = |piece: &Piece| scale.column(piece.until_ms) < 0.0;
            if self.pieces.last().is_some_and(past) {
                spans.push(Span::styled(left, theme.faint));
            } else {
                spans.push(Span::raw(" ".repeat(columns.saturating_sub(1))));
                spans.push(Span::styled(right, theme.faint));
            }
            return spans;
        };
        let end = end.min(columns);
        let room = columns - end;
        let words = text::safe(&self.words);
        let wide = text::width(&words);
        let first = cells.iter().position(Option::is_some).unwrap_or(0);
        // What does not fit behind the bar may fit before it.
        let before = wide + 2 > room && wide < first;
        let from = if before { first } else { 0 };
        if before {
            let words = row::right(&words, first - 1, unicode) + " ";
            spans.push(Span::styled(words, theme.faint));
        }
        let shown = cells.get(from..end).unwrap_or_default();
        cover(&mut spans, shown, self.phase, theme);
        if room > 0 {
            spans.push(sign);
        }
        if room >= 2 && !before {
            let words = row::clip(&words, room - 2, unicode);
            spans.push(Span::styled(format!(" {words}"), theme.faint));
        }
        spans
    }
}

/// Fills cells with a piece; gives the column behind it.
fn fill(
    cells: &mut [Option<(Part, &'static str)>],
    part: Part,
    from: f64,
    until: f64,
    unicode: bool,
) -> usize {
    let columns = cells.len();
    let until = until.min(columns as f64);
    let first = (from.floor() as usize).min(columns.saturating_sub(1));
    let (whole, eighth) = (until.floor() as usize, ((until.fract()) * 8.0) as usize);
    let symbol = match (part, unicode) {
        (Part::Wait, true) => "░",
        (Part::Wait, false) => ".",
        (Part::Work, true) => "▉",
        (Part::Work, false) => "#",
        (Part::Around, true) => "━",
        (Part::Around, false) => "=",
    };
    for cell in cells.iter_mut().take(whole).skip(first) {
        *cell = Some((part, symbol));
    }
    let begun = whole < columns && (eighth > 0 || whole <= first);
    if !begun {
        return whole;
    }
    let end = match (part, unicode) {
        (Part::Work, true) => EIGHTHS.get(eighth.max(1)).copied().unwrap_or(symbol),
        _ if eighth < 4 && whole > first => return whole,
        _ => symbol,
    };
    if let Some(cell) = cells.get_mut(whole.max(first)) {
        *cell = Some((part, end));
    }
    whole.max(first) + 1
}

fn cover(
    spans: &mut Vec<Span<'static>>,
    cells: &[Option<(Part, &'static str)>],
    phase: Phase,
    theme: &Theme,
) {
    for run in cells.chunk_by(|a, b| a.map(|cell| cell.0) == b.map(|cell| cell.0)) {
        let style = match run.first().copied().flatten() {
            Some((Part::Work, _)) => phase.style(theme),
            _ => theme.faint,
        };
        let shown: String = run
            .iter()
            .map(|cell| cell.map_or(" ", |cell| cell.1))
            .collect();
        spans.push(Span::styled(shown, style));
    }
}
