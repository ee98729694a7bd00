//! The list of pictures: only the rows that can be seen are made.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use whiteboarder_jobs::track::ItemState;

use super::layout::list_top;
use super::model::{Model, Phase, Row};
use crate::batch::outcome::mark;
use crate::term::glyph::place;
use crate::term::text;
use crate::term::theme::Theme;

/// A column: heading, width, and from how many columns of the screen on it is shown.
const COLUMNS: [(&str, usize, u16); 6] = [
    ("size", 9, 0),
    ("pixels", 8, 64),
    ("place", 9, 0),
    ("time", 7, 74),
    ("memory", 8, 84),
    ("cost", 9, 94),
];

/// The state's glyph, and blanks around.
const MARK: usize = 3;

/// Draws headings and rows.
pub fn draw(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    if model.rows.is_empty() {
        let words = match model.phase {
            Phase::Scanning => " looking at the files",
            Phase::Unplanned => " nothing to submit",
            _ => "",
        };
        frame.render_widget(Line::styled(words, theme.faint), area);
        return;
    }
    let room = usize::from(area.height.saturating_sub(1));
    let top = list_top(model);
    let name = name_width(area.width);
    let mut lines = vec![headings(name, area.width, theme)];
    let visible = model.shown.iter().enumerate().skip(top).take(room);
    lines.extend(visible.map(|(at, index)| {
        let row = &model.rows[*index];
        let line = line(model, row, name, area.width, theme);
        if at == model.cursor {
            line.style(theme.selected)
        } else {
            line
        }
    }));
    frame.render_widget(Paragraph::new(lines), area);
}

/// What there is to say about the selected picture.
pub fn selected(model: &Model) -> String {
    let Some(row) = model
        .shown
        .get(model.cursor)
        .map(|index| &model.rows[*index])
    else {
        return String::new();
    };
    let failed = model
        .numbers
        .failures
        .iter()
        .find(|(name, _)| *name == row.name);
    match failed {
        Some((name, why)) => format!("{}: {}", text::safe(name), text::safe(why)),
        None if row.why.is_empty() => text::safe(&row.name),
        None => format!("{}: {}", text::safe(&row.name), text::safe(&row.why)),
    }
}

fn shown(width: u16) -> impl Iterator<Item = (usize, &'static (&'static str, usize, u16))> {
    COLUMNS
        .iter()
        .enumerate()
        .filter(move |(_, (.., from))| width >= *from)
}

fn name_width(width: u16) -> usize {
    let others: usize = shown(width).map(|(_, (_, columns, _))| columns + 1).sum();
    usize::from(width).saturating_sub(others + MARK + 1)
}

fn headings(name: usize, width: u16, theme: &Theme) -> Line<'static> {
    let mut words = vec![format!("{}{:<name$}", " ".repeat(MARK), "image")];
    words.extend(
        shown(width).map(|(_, (heading, columns, _))| match *heading {
            "place" => format!("{heading:<columns$}"),
            _ => format!("{heading:>columns$}"),
        }),
    );
    Line::styled(words.join(" "), theme.faint)
}

fn line(model: &Model, row: &Row, name: usize, width: u16, theme: &Theme) -> Line<'static> {
    let unicode = !theme.ascii();
    let known = model.numbers.tally.get(&row.name);
    let transfer = model.numbers.transfers.get(&row.name);
    let (glyph, style) = match (known, transfer) {
        _ if row.out => ("-", theme.faint),
        (Some(known), _) => (
            mark(known.state).glyph(unicode),
            state_style(known.state, theme),
        ),
        (None, Some(_)) => (if unicode { "↑" } else { "^" }, theme.notable),
        (None, None) => (" ", theme.plain),
    };
    let text_style = if row.out { theme.faint } else { theme.plain };
    let mut spans = vec![
        Span::styled(format!(" {glyph} "), style),
        Span::styled(padded(&text::safe(&row.name), name, unicode), text_style),
    ];
    for (index, (_, columns, _)) in shown(width) {
        let columns = *columns;
        let value = cell(index, row, known.copied(), unicode);
        let value = match index {
            2 => format!(" {value:<columns$}"),
            _ => format!(" {value:>columns$}"),
        };
        spans.push(Span::styled(value, text_style));
    }
    Line::from(spans)
}

fn cell(
    column: usize,
    row: &Row,
    known: Option<crate::batch::tally::Known>,
    unicode: bool,
) -> String {
    match column {
        0 => text::bytes(row.bytes),
        1 => row.pixels.map_or("?".to_owned(), |pixels| {
            format!("{:.1} MP", pixels as f64 / 1e6)
        }),
        2 => {
            let at = known.and_then(|known| known.place).or(row.place);
            at.map_or(String::new(), |at| place(&at.to_string(), unicode))
        }
        3 => {
            let took = known.and_then(|known| known.seconds).or(row.seconds);
            took.map_or(String::new(), text::seconds)
        }
        4 => row
            .memory_mb
            .map_or(String::new(), |memory| format!("{memory} MB")),
        _ => row.cost.map_or(String::new(), |cost| format!("${cost:.5}")),
    }
}

fn state_style(state: ItemState, theme: &Theme) -> Style {
    match state {
        ItemState::Queued => theme.faint,
        ItemState::Running => theme.notable,
        ItemState::Cleaned => theme.good,
        ItemState::Failed | ItemState::Stopped => theme.bad,
    }
}

/// A name in exactly so many columns.
fn padded(name: &str, columns: usize, unicode: bool) -> String {
    let short = text::shorten(name, columns, unicode);
    let blanks = columns.saturating_sub(text::width(&short));
    short + &" ".repeat(blanks)
}
