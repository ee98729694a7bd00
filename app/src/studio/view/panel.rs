//! The recipe's fields as sliders and choices.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Paragraph};
use whiteboarder_core::recipe::{FIELDS, Field, Value};

use crate::studio::layout::{Areas, Place};
use crate::studio::model::{Model, PhotoState};
use crate::studio::rows;
use crate::term::text;
use crate::term::theme::Theme;
use crate::ui::help::wrap;
use crate::ui::slider::slider;

/// Columns of the names, with the mark of a change.
const LABEL: usize = 13;

/// Columns of the values: `10 % 403 px`.
const VALUE: usize = 12;

/// Draws the fields where the layout wants them.
pub fn draw(model: &Model, theme: &Theme, frame: &mut Frame<'_>, areas: &Areas) {
    let area = areas.panel;
    let rows = rows::rows(&model.recipe);
    let selected = rows
        .iter()
        .position(|row| *row == model.selected)
        .unwrap_or(0);
    let block = Block::new()
        .border_set(theme.borders)
        .border_style(theme.border);
    match areas.place {
        Place::Line => {
            frame.render_widget(row(model, theme, model.selected, area.width), area);
        }
        Place::Below => {
            let section = FIELDS[model.selected].section;
            let title = Span::styled(format!(" {} ", capital(section)), theme.strong);
            let block = block.borders(Borders::TOP).title(title);
            let inner = block.inner(area);
            let lines: Vec<Line<'_>> = rows
                .iter()
                .skip(first(selected, rows.len(), usize::from(inner.height)))
                .take(usize::from(inner.height))
                .map(|index| row(model, theme, *index, inner.width))
                .collect();
            frame.render_widget(Paragraph::new(lines).block(block), area);
        }
        Place::Beside => {
            let block = block.borders(Borders::LEFT);
            let inner = block.inner(area);
            frame.render_widget(block, area);
            beside(model, theme, &rows, frame, inner);
        }
    }
}

/// Sections with headings, then what the selected field does.
fn beside(model: &Model, theme: &Theme, rows: &[usize], frame: &mut Frame<'_>, area: Rect) {
    let mut lines = Vec::new();
    let mut section = "";
    let mut at = 0;
    for &index in rows {
        if FIELDS[index].section != section {
            if !section.is_empty() {
                lines.push(Line::default());
            }
            section = FIELDS[index].section;
            lines.push(Line::styled(format!(" {}", capital(section)), theme.strong));
        }
        if index == model.selected {
            at = lines.len();
        }
        lines.push(row(model, theme, index, area.width));
    }
    lines.push(Line::default());
    let field = &FIELDS[model.selected];
    lines.extend(about(model, field, theme, area.width));
    let skip = if lines.len() > usize::from(area.height) {
        first(at, lines.len(), usize::from(area.height))
    } else {
        0
    };
    let lines: Vec<Line<'_>> = lines.into_iter().skip(skip).collect();
    frame.render_widget(Paragraph::new(lines), area);
}

/// The first row to show so that the selected one is in sight, and its neighbours if possible.
fn first(selected: usize, count: usize, height: usize) -> usize {
    let last = count.saturating_sub(height);
    (selected + 1 + height / 2).saturating_sub(height).min(last)
}

fn about(model: &Model, field: &Field, theme: &Theme, columns: u16) -> Vec<Line<'static>> {
    let named = rows::plain((field.get)(&model.named));
    let words = [
        format!("{}.{}", field.section, field.name),
        rows::help(field, theme.ascii()),
        format!("{}; {} has {named}", rows::range(field), model.recipe_name),
    ];
    words
        .into_iter()
        .flat_map(|words| wrap(&words, usize::from(columns).saturating_sub(2)))
        .map(|line| Line::styled(format!(" {line}"), theme.faint))
        .collect()
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
    let middle = usize::from(columns).saturating_sub(2 + LABEL + VALUE + 1);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selected_row_is_always_in_sight() {
        for height in 1..12 {
            for selected in 0..11 {
                let first = first(selected, 11, height);
                assert!(
                    first <= selected && selected < first + height,
                    "{selected} {height}"
                );
            }
        }
    }
}
