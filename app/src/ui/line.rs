//! Rows that several screens have: cut to their width, with a message, a bar, or what is typed.

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::prompt::LineEdit;
use super::toast::{Kind, Toast};
use crate::term::glyph::Mark;
use crate::term::text;
use crate::term::theme::Theme;
use crate::ui::LEAST;

/// Columns of a bar with a name, the more the wider the screen is.
const BAR: u16 = 40;

/// Text that ends where the row does.
pub fn cut(words: &str, columns: u16, theme: &Theme) -> String {
    let dots = if theme.ascii() { ".." } else { "…" };
    let room = usize::from(columns);
    if text::width(words) <= room {
        return words.to_owned();
    }
    let mut short = String::new();
    for character in words.chars() {
        short.push(character);
        if text::width(&short) + text::width(dots) > room {
            short.pop();
            break;
        }
    }
    short + dots
}

/// Some text at the left end of a row and some at its right end; the left is cut when they would meet.
pub fn apart(left: Vec<Span<'static>>, right: Vec<Span<'static>>, columns: u16) -> Line<'static> {
    let width = |spans: &[Span<'_>]| spans.iter().map(Span::width).sum::<usize>();
    let columns = usize::from(columns);
    let mut left = left;
    while width(&left) + width(&right) > columns && left.len() > 1 {
        left.pop();
    }
    let gap = columns.saturating_sub(width(&left) + width(&right));
    left.push(Span::raw(" ".repeat(gap)));
    left.extend(right);
    Line::from(left)
}

/// A message with its mark.
pub fn message(toast: &Toast, columns: u16, theme: &Theme) -> Line<'static> {
    let unicode = !theme.ascii();
    let (mark, style) = match toast.kind {
        Kind::Done => (Mark::Done.glyph(unicode), theme.good),
        Kind::Failed => (Mark::Failed.glyph(unicode), theme.bad),
        Kind::Note if unicode => ("·", theme.plain),
        Kind::Note => ("-", theme.plain),
    };
    let words = format!(" {mark} {}", toast.text);
    Line::styled(cut(&words, columns, theme), style)
}

/// A label, and what is typed behind it with its cursor.
pub fn prompt(label: &str, line: &LineEdit, columns: u16, theme: &Theme) -> Line<'static> {
    let (before, at, after) = line.parts();
    // The end of a long line is where somebody types.
    let room = usize::from(columns).saturating_sub(text::width(label) + 3);
    let skip = before.chars().count().saturating_sub(room);
    Line::from(vec![
        Span::styled(format!(" {label}"), theme.strong),
        Span::styled(before.chars().skip(skip).collect::<String>(), theme.plain),
        Span::styled(at.unwrap_or(' ').to_string(), theme.selected),
        Span::styled(after, theme.plain),
    ])
}

/// ` upload   ━━━━━━━╸─────  78/126  36 s left`.
pub fn bar(name: &str, share: f64, words: &str, columns: u16, theme: &Theme) -> Line<'static> {
    let room = usize::from(columns).saturating_sub(12 + text::width(words));
    let width = room.min(usize::from(BAR.min(columns / 3)));
    let full = (share.clamp(0.0, 1.0) * width as f64).round() as usize;
    let (done, rest) = if theme.ascii() {
        ("=", "-")
    } else {
        ("━", "─")
    };
    let words = cut(words, columns.saturating_sub(width as u16 + 12), theme);
    Line::from(vec![
        Span::styled(format!(" {name:<9}"), theme.faint),
        Span::styled(done.repeat(full), theme.good),
        Span::styled(rest.repeat(width - full), theme.faint),
        Span::styled(format!("  {words}"), theme.plain),
    ])
}

/// What a screen says that is too small for anything else.
pub fn too_small(theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let by = if theme.ascii() { 'x' } else { '×' };
    let (columns, rows) = LEAST;
    let (width, height) = (area.width, area.height);
    let line = format!("{columns}{by}{rows} needed, this is {width}{by}{height}");
    let middle = Rect::new(area.x, area.y + height / 2, width, height.min(1));
    frame.render_widget(
        Paragraph::new(line)
            .alignment(Alignment::Center)
            .style(theme.plain),
        middle,
    );
}
