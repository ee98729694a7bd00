//! The keys that would do something now, in one row.

use ratatui::text::{Line, Span};

use crate::term::text;
use crate::term::theme::Theme;

/// As many keys with their words as fit. The last `pinned` ones are always among them: how to find the
/// others, and how to get away.
pub fn footer(
    keys: &[(String, &'static str)],
    pinned: usize,
    columns: u16,
    theme: &Theme,
) -> Line<'static> {
    let wide = |(key, label): &(String, &str)| text::width(key) + 1 + text::width(label) + 2;
    let (front, back) = keys.split_at(keys.len().saturating_sub(pinned));
    let reserved: usize = back.iter().map(wide).sum();
    let mut room = usize::from(columns).saturating_sub(reserved + 1);
    let mut spans = vec![Span::raw(" ")];
    let fitting = front.iter().take_while(|item| {
        let fits = wide(item) <= room;
        room = room.saturating_sub(wide(item));
        fits
    });
    for (key, label) in fitting.chain(back) {
        spans.push(Span::styled(key.clone(), theme.accent));
        spans.push(Span::styled(format!(" {label}  "), theme.plain));
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::{ColorChoice, Terminal};

    #[test]
    fn what_does_not_fit_is_left_out_but_never_the_last() {
        let theme = Theme::of(&Terminal::detect(ColorChoice::Never, true, false, 0));
        let keys: Vec<(String, &str)> =
            [("h", "less"), ("l", "more"), ("?", "keys"), ("q", "quit")]
                .into_iter()
                .map(|(key, label)| (key.to_owned(), label))
                .collect();
        let drawn = |columns| footer(&keys, 2, columns, &theme).to_string();
        assert_eq!(drawn(80), " h less  l more  ? keys  q quit  ");
        assert_eq!(drawn(26), " h less  ? keys  q quit  ");
        assert_eq!(drawn(10), " ? keys  q quit  ");
    }
}
