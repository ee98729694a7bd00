//! Text and spans in exactly so many columns.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthChar;

use crate::term::glyph::Mark;
use crate::term::text;
use crate::term::theme::Theme;

/// A mark's style on a screen.
pub fn style(mark: Mark, theme: &Theme) -> Style {
    match mark {
        Mark::Running => theme.accent,
        Mark::Done => theme.good,
        Mark::Failed => theme.bad,
        Mark::Queued => theme.faint,
        Mark::Moved | Mark::Stopped | Mark::Retrying => theme.notable,
    }
}

/// The beginning of a text, harmless to a terminal, in at most so many columns; that it was cut can be seen.
pub fn clip(words: &str, columns: usize, unicode: bool) -> String {
    // Control characters become up to ten columns, and all others have at most two and cannot be hidden:
    // more of a long payload is never needed.
    let most = columns.saturating_mul(4).saturating_add(16);
    let end = words
        .char_indices()
        .nth(most)
        .map_or(words.len(), |(at, _)| at);
    let shown = text::safe(words.get(..end).unwrap_or_default());
    if end == words.len() && text::width(&shown) <= columns {
        return shown;
    }
    let dots = if unicode { "…" } else { ".." };
    let dots = if columns < dots.len().min(2) {
        ""
    } else {
        dots
    };
    let room = columns.saturating_sub(text::width(dots));
    begin(&shown, room) + dots
}

/// As many characters of a harmless text as fit.
fn begin(words: &str, columns: usize) -> String {
    let mut left = columns;
    let mut end = 0;
    for (at, character) in words.char_indices() {
        let wide = character.width().unwrap_or(0);
        if wide > left {
            break;
        }
        left -= wide;
        end = at + character.len_utf8();
    }
    let mut short = words.get(..end).unwrap_or_default().to_owned();
    // Some sequences are wider than their characters.
    while text::width(&short) > columns {
        short.pop();
    }
    short
}

/// A text in exactly so many columns, blanks behind it.
pub fn fit(words: &str, columns: usize, unicode: bool) -> String {
    let short = clip(words, columns, unicode);
    let blanks = columns.saturating_sub(text::width(&short));
    short + &" ".repeat(blanks)
}

/// A text in exactly so many columns, blanks before it.
pub fn right(words: &str, columns: usize, unicode: bool) -> String {
    let short = clip(words, columns, unicode);
    " ".repeat(columns.saturating_sub(text::width(&short))) + &short
}

/// Columns of some spans.
pub fn width(spans: &[Span<'_>]) -> usize {
    spans.iter().map(Span::width).sum()
}

/// A line of these spans that ends where the row does.
pub fn line(spans: Vec<Span<'static>>, columns: usize, unicode: bool) -> Line<'static> {
    if width(&spans) <= columns {
        return Line::from(spans);
    }
    let mut kept = Vec::with_capacity(spans.len());
    let mut left = columns;
    for span in spans {
        let wide = span.width();
        if wide > left {
            // What follows shall be seen to be missing, also when this one fits by itself.
            kept.push(Span::styled(clip(&span.content, left, unicode), span.style));
            break;
        }
        left -= wide;
        kept.push(span);
    }
    Line::from(kept)
}

/// Words in lines of at most so many columns; a longer word is cut into several.
pub fn wrap(words: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(2);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in words.split_whitespace() {
        let word = text::safe(word);
        let mut rest = word.as_str();
        loop {
            let gap = usize::from(used > 0);
            let wide = text::width(rest);
            if used + gap + wide <= columns {
                if let Some(last) = lines.last_mut() {
                    last.push_str(if gap == 1 { " " } else { "" });
                    last.push_str(rest);
                }
                used += gap + wide;
                break;
            }
            if used > 0 {
                lines.push(String::new());
                used = 0;
                continue;
            }
            let head = begin(rest, columns);
            if head.is_empty() {
                break;
            }
            rest = rest.get(head.len()..).unwrap_or_default();
            if let Some(last) = lines.last_mut() {
                *last = head;
            }
            lines.push(String::new());
        }
    }
    if lines.len() > 1 && lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}
