//! A value in its range, with a tick where it usually is: `━━━━●──┼────`.

use ratatui::text::Span;

use crate::term::theme::Theme;

/// Draws a slider of so many columns; `share` and `tick` go from 0 to 1.
pub fn slider(share: f64, tick: f64, columns: usize, theme: &Theme) -> Vec<Span<'static>> {
    let (full, empty, knob, tick_full, tick_empty) = if theme.ascii() {
        ('=', '-', 'o', '|', '|')
    } else {
        ('━', '─', '●', '┿', '┼')
    };
    let column = |share: f64| {
        let last = columns.saturating_sub(1) as f64;
        (share.clamp(0.0, 1.0) * last).round() as usize
    };
    let (at, usual) = (column(share), column(tick));
    let mut before = String::new();
    let mut after = String::new();
    for index in 0..columns {
        if index < at {
            before.push(if index == usual { tick_full } else { full });
        } else if index > at {
            after.push(if index == usual { tick_empty } else { empty });
        }
    }
    vec![
        Span::styled(before, theme.good),
        Span::styled(knob.to_string(), theme.accent),
        Span::styled(after, theme.faint),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::{ColorChoice, Terminal};

    fn drawn(share: f64, tick: f64, ascii: bool) -> String {
        let mut terminal = Terminal::detect(ColorChoice::Never, ascii, false, 0);
        terminal.unicode = !ascii;
        let spans = slider(share, tick, 9, &Theme::of(&terminal));
        spans.iter().map(|span| span.content.as_ref()).collect()
    }

    #[test]
    fn knob_and_tick_stand_where_their_values_are() {
        assert_eq!(drawn(0.0, 0.5, false), "●───┼────");
        assert_eq!(drawn(1.0, 0.5, false), "━━━━┿━━━●");
        assert_eq!(drawn(0.5, 0.5, false), "━━━━●────");
        assert_eq!(drawn(0.25, 1.0, true), "==o-----|");
        assert_eq!(drawn(f64::NAN, 2.0, true), "o-------|");
    }
}
