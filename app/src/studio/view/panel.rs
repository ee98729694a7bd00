//! The recipe's fields as sliders and choices.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Paragraph};
use whiteboarder_core::recipe::{FIELDS, Field, Value};

use super::{estimate, tones};
use crate::studio::layout::{Areas, Place};
use crate::studio::model::{Model, PhotoState};
use crate::studio::panel::{LABEL, Row, VALUE, rows_of, slider_width};
use crate::studio::rows;
use crate::term::text;
use crate::term::theme::Theme;
use crate::ui::slider::slider;

/// Draws the fields where the layout wants them.
pub fn draw(model: &Model, theme: &Theme, frame: &mut Frame<'_>, areas: &Areas) {
    let block = Block::new()
        .border_set(theme.borders)
        .border_style(theme.border);
    let block = match areas.place {
        Place::Line => block,
        Place::Below => {
            let section = FIELDS[model.selected].section;
            let title = Span::styled(format!(" {} ", capital(section)), theme.strong);
            block.borders(Borders::TOP).title(title)
        }
        Place::Beside => block.borders(Borders::LEFT),
    };
    let inner = block.inner(areas.panel);
    let rows = rows_of(model, areas.place, inner.width, inner.height, theme.ascii());
    let used = rows.len();
    let lines: Vec<Line<'_>> = rows
        .into_iter()
        .map(|line| match line {
            Row::Blank => Line::default(),
            Row::Heading(name) => Line::styled(format!(" {}", capital(name)), theme.strong),
            Row::Field(index) => row(model, theme, index, inner.width),
            Row::About(words) => Line::styled(format!(" {words}"), theme.faint),
        })
        .collect();
    frame.render_widget(Paragraph::new(lines).block(block), areas.panel);
    if areas.place == Place::Beside {
        bottom(model, theme, frame, inner, used);
    }
}

/// What is told where the fields leave room.
fn bottom(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect, used: usize) {
    let mut lines = tones::lines(model, theme, area.width);
    let free = usize::from(area.height).saturating_sub(used + 1);
    let mut more = estimate::lines(model, theme);
    // Of the two, the light matters more while one tunes.
    let gap = usize::from(!lines.is_empty());
    if lines.len() + gap + more.len() > free && !more.is_empty() {
        // Without its heading it is still understood.
        more.remove(0);
    }
    if !more.is_empty() && lines.len() + gap + more.len() <= free {
        lines.extend((0..gap).map(|_| Line::default()));
        lines.extend(more);
    }
    if lines.is_empty() || lines.len() > free {
        return;
    }
    let height = lines.len() as u16;
    let place = Rect {
        y: area.bottom() - height,
        height,
        ..area
    };
    frame.render_widget(Paragraph::new(lines), place);
}

/// One field: where it is in its range, its value, and whether it was changed.
fn row(model: &Model, theme: &Theme, index: usize, columns: u16) -> Line<'static> {
    let field = &FIELDS[index];
    let value = (field.get)(&model.recipe);
    let named = (field.get)(&model.named);
    let is_selected = index == model.selected;
    let marker = match (is_selected, theme.ascii()) {
        (false, _) => "  ",
        (true, false) => "▸ ",
        (true, true) => "> ",
    };
    let star = if value == named { "" } else { "*" };
    let label = format!("{}{star}", rows::label(field));
    let middle = slider_width(columns);
    let mut spans = vec![
        // Without colour the accent is an underline, which spaces would show.
        Span::styled(
            marker,
            if is_selected {
                theme.accent
            } else {
                theme.plain
            },
        ),
        Span::styled(format!("{label:<LABEL$}"), theme.plain),
    ];
    let shares = (rows::share(field, value), rows::share(field, named));
    if let (Some(share), Some(tick)) = shares {
        spans.extend(slider(share, tick, middle, theme));
        let mut told = rows::with_unit(field, value);
        if rows::is_automatic(field, value) {
            if let Some(found) = chosen(model, field) {
                told = format!("{told} {}", rows::with_unit(field, found));
            }
        } else if let Some(pixels) =
            long_side(model).and_then(|side| rows::pixels(field, value, side))
        {
            told = format!("{told} {pixels} px");
        }
        spans.push(Span::styled(format!(" {told:>VALUE$}"), theme.plain));
    } else {
        let (open, close) = if theme.ascii() {
            ("<", ">")
        } else {
            ("‹", "›")
        };
        let found = chosen(model, field).filter(|_| rows::is_automatic(field, value));
        let found = found.map_or(String::new(), |found| format!(" ({})", rows::plain(found)));
        let told = format!("{open} {}{found} {close}", rows::plain(value));
        let pad = (middle + VALUE + 1).saturating_sub(text::width(&told));
        spans.push(Span::styled(told, theme.plain));
        spans.push(Span::raw(" ".repeat(pad)));
    }
    let line = Line::from(spans);
    if is_selected {
        line.style(theme.selected)
    } else {
        line
    }
}

/// What was chosen for a field that is left to the picture.
fn chosen(model: &Model, field: &Field) -> Option<Value> {
    rows::chosen(field, model.chosen()?)
}

fn long_side(model: &Model) -> Option<u32> {
    match model.photo()?.state {
        PhotoState::Opened(width, height) => Some(width.max(height)),
        _ => None,
    }
}

fn capital(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}
