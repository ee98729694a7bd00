//! How it looks.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::commands::Command;
use super::{Kind, Overlay, log};
use crate::term::text;
use crate::term::theme::Theme;
use crate::ui::fuzzy::Match;
use crate::ui::keys::live;
use crate::ui::line::{apart, cut, prompt, too_small};
use crate::ui::{LEAST, footer, help};

/// Between header and status.
pub fn body((columns, rows): (u16, u16)) -> Rect {
    Rect::new(0, 1, columns, rows.saturating_sub(3))
}

/// The first row that is shown of so many, so that the selected one is in sight and near the middle.
pub fn first(at: usize, rows: usize, size: (u16, u16)) -> usize {
    let room = usize::from(body(size).height);
    at.saturating_sub(room / 2).min(rows.saturating_sub(room))
}

/// Draws it over all of the screen.
pub fn draw(overlay: &Overlay, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    if area.width < LEAST.0 || area.height < LEAST.1 {
        return too_small(theme, frame, area);
    }
    let row = |y: u16| Rect::new(area.x, y, area.width, 1);
    let body = body((area.width, area.height));
    let (title, told, lines) = match &overlay.kind {
        Kind::Keys(sections) => {
            let rows = overlay.rows(sections);
            let told = if overlay.filter().is_empty() {
                String::new()
            } else {
                let keys = help::filtered(sections, &overlay.filter());
                let keys: usize = keys.iter().map(|(_, entries)| entries.len()).sum();
                text::count(keys, "key")
            };
            // A resize may have made the list shorter.
            let room = usize::from(body.height);
            let at = overlay.at.min(rows.len().saturating_sub(room));
            let lines = rows.into_iter().skip(at).take(room);
            let lines: Vec<Line<'static>> = lines.map(|row| help::line(row, theme)).collect();
            ("KEYS", told, lines)
        }
        Kind::Log(entries, _) => {
            let filter = overlay.filter();
            let rows = log::rows(entries, &filter, area.width);
            let told = match log::count(entries, &filter) {
                1 => "1 entry, times in UTC".to_owned(),
                count => format!("{count} entries, times in UTC"),
            };
            let room = usize::from(body.height);
            let at = overlay.at.min(rows.len().saturating_sub(room));
            let lines = rows.into_iter().skip(at).take(room);
            let lines: Vec<Line<'static>> = lines.map(|row| log::line(row, theme)).collect();
            ("LOG", told, lines)
        }
        Kind::Commands { all, found } => {
            let told = format!("{} of {}", found.len(), all.len());
            ("COMMANDS", told, commands(overlay, all, found, theme, area))
        }
    };
    let left = vec![
        Span::raw(" "),
        Span::styled(title, theme.accent),
        Span::raw("  "),
        Span::styled(overlay.of, theme.strong),
    ];
    let right = vec![Span::styled(format!("{told} "), theme.faint)];
    frame.render_widget(apart(left, right, area.width), row(area.y));
    if lines.is_empty() {
        let words = if overlay.filter().is_empty() {
            " nothing was told yet"
        } else {
            " nothing has that in it"
        };
        let words = Line::styled(words, theme.faint);
        frame.render_widget(words, body);
    } else {
        frame.render_widget(Paragraph::new(lines), body);
    }
    frame.render_widget(status(overlay, theme, area.width), row(area.bottom() - 2));
    let keys = live(overlay, !theme.ascii());
    frame.render_widget(
        footer::footer(&keys, 1, area.width, theme),
        row(area.bottom() - 1),
    );
}

fn status(overlay: &Overlay, theme: &Theme, columns: u16) -> Line<'static> {
    if overlay.is_typed() {
        return prompt("search: ", &overlay.line, columns, theme);
    }
    let filter = overlay.filter();
    let words = if filter.is_empty() {
        String::new()
    } else {
        format!(" only what has `{}` in it", text::safe(&filter))
    };
    Line::styled(cut(&words, columns, theme), theme.notable)
}

fn commands(
    overlay: &Overlay,
    all: &[Command],
    found: &[Match],
    theme: &Theme,
    area: Rect,
) -> Vec<Line<'static>> {
    let size = (area.width, area.height);
    let top = first(overlay.at, found.len(), size);
    let room = usize::from(body(size).height);
    let shown = found.iter().enumerate().skip(top).take(room);
    shown
        .filter_map(|(at, one)| {
            let line = command(all.get(one.index)?, one, area.width, theme);
            Some(if at == overlay.at {
                line.style(theme.selected)
            } else {
                line
            })
        })
        .collect()
}

/// The name and what it does, with what was found marked, and its keys at the right end.
fn command(command: &Command, found: &Match, columns: u16, theme: &Theme) -> Line<'static> {
    let keys = format!(" {} ", command.keys);
    let room = usize::from(columns).saturating_sub(text::width(&keys) + 1);
    let shown = cut(&command.words, room as u16, theme);
    let mut spans = vec![Span::raw(" ")];
    let mut run = String::new();
    let mut style = theme.strong;
    let mut push = |run: &mut String, style: Style| {
        if !run.is_empty() {
            spans.push(Span::styled(std::mem::take(run), style));
        }
    };
    for (at, character) in shown.chars().enumerate() {
        let own = if found.positions.binary_search(&at).is_ok() {
            theme.accent
        } else if at < command.name {
            theme.strong
        } else {
            theme.plain
        };
        if own != style {
            push(&mut run, style);
            style = own;
        }
        run.push(character);
    }
    push(&mut run, style);
    let used: usize = spans.iter().map(Span::width).sum();
    let gap = usize::from(columns).saturating_sub(used + text::width(&keys));
    spans.push(Span::raw(" ".repeat(gap)));
    spans.push(Span::styled(keys, theme.faint));
    Line::from(spans)
}
