//! Names to choose from, with the letters that were found in them.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::studio::model::Model;
use crate::studio::panel::first;
use crate::studio::picker::{Picker, Source};
use crate::term::text;
use crate::term::theme::Theme;
use crate::ui::fuzzy::Match;
use crate::ui::line::{cut, prompt};

/// What is typed.
pub fn line(picker: &Picker, columns: u16, theme: &Theme) -> Line<'static> {
    let label = match picker.source {
        Source::Photos(_) => "go to: ",
        Source::Folder { .. } => "open: ",
    };
    prompt(label, &picker.line, columns, theme)
}

/// Draws the names that are in sight.
pub fn draw(model: &Model, picker: &Picker, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let mut lines = vec![heading(picker, theme, area.width)];
    let rows = usize::from(area.height.saturating_sub(1));
    let skip = first(picker.at, picker.found.len(), rows);
    for (number, found) in picker.found.iter().enumerate().skip(skip).take(rows) {
        lines.push(row(model, picker, number, found, theme, area.width));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

fn heading(picker: &Picker, theme: &Theme, columns: u16) -> Line<'static> {
    let (found, all) = (picker.found.len(), picker.len());
    let count = if found == all {
        all.to_string()
    } else {
        format!("{found} of {all}")
    };
    let words = match &picker.source {
        Source::Photos(_) => format!(" {count} photographs"),
        Source::Folder { folder, .. } => {
            let whole = std::path::absolute(folder);
            format!(" {}", text::path(whole.as_ref().unwrap_or(folder)))
        }
    };
    Line::styled(cut(&words, columns, theme), theme.strong)
}

fn row(
    model: &Model,
    picker: &Picker,
    number: usize,
    found: &Match,
    theme: &Theme,
    columns: u16,
) -> Line<'static> {
    let selected = number == picker.at;
    let marker = match (selected, theme.ascii()) {
        (false, _) => "   ",
        (true, false) => " ▸ ",
        (true, true) => " > ",
    };
    let signs = match picker.source {
        Source::Photos(_) => super::strip::signs(model, found.index, theme).0,
        Source::Folder { .. } => String::new(),
    };
    let mut spans = vec![
        Span::styled(marker, theme.plain),
        Span::styled(format!("{signs:<4}"), theme.plain),
    ];
    // A name that is longer than the row ends with it.
    let name = picker.name(found.index);
    let mut room = usize::from(columns).saturating_sub(8);
    for (index, character) in name.chars().enumerate() {
        let shown = text::safe(&character.to_string());
        let width = text::width(&shown);
        if width > room {
            spans.push(Span::raw(if theme.ascii() { "~" } else { "…" }));
            break;
        }
        room -= width;
        let style = if found.positions.binary_search(&index).is_ok() {
            theme.accent
        } else {
            theme.plain
        };
        spans.push(Span::styled(shown, style));
    }
    let line = Line::from(spans);
    if selected {
        line.style(theme.selected)
    } else {
        line
    }
}
