//! How light and dark are spread, before and after.

use ratatui::text::{Line, Span};

use crate::studio::model::Model;
use crate::studio::sight::{BARS, Tones};
use crate::term::theme::Theme;

/// Columns of the names.
const NAME: usize = 8;
/// Heights of a bar in one row.
const STEPS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const ASCII: [&str; 9] = [" ", ".", ":", "-", "=", "+", "*", "#", "@"];

/// A heading, a row of bars each, and what is clipped; nothing when nothing is shown.
pub fn lines(model: &Model, theme: &Theme, columns: u16) -> Vec<Line<'static>> {
    let Some(shown) = &model.shown else {
        return Vec::new();
    };
    let (before, after) = (&shown.sight.tones_before, &shown.sight.tones_after);
    let room = usize::from(columns).saturating_sub(NAME + 2).min(BARS);
    let row = |name: &str, tones: &Tones, style| {
        Line::from(vec![
            Span::styled(format!(" {name:<NAME$}"), theme.faint),
            Span::styled(bars(tones, room, theme.ascii()), style),
        ])
    };
    let mut lines = vec![
        Line::styled(" Light in what is shown", theme.strong),
        row("before", before, theme.notable),
    ];
    if let Some(after) = after {
        lines.push(row("after", after, theme.good));
    }
    let arrow = if theme.ascii() { "->" } else { "→" };
    let told = |count: fn(&Tones) -> u32| {
        let share = |tones: &Tones| format!("{:.1}", tones.percent(count(tones)));
        match after {
            Some(after) => format!("{} {arrow} {} %", share(before), share(after)),
            None => format!("{} %", share(before)),
        }
    };
    let words = format!(
        " white {}  black {}",
        told(|tones| tones.white),
        told(|tones| tones.black)
    );
    lines.push(Line::styled(words, theme.faint));
    lines
}

/// One character a column. The root of the count, so that little ink is seen beside much paper.
fn bars(tones: &Tones, columns: usize, ascii: bool) -> String {
    if columns == 0 {
        return String::new();
    }
    let counts: Vec<f64> = (0..columns)
        .map(|column| {
            let (from, to) = (column * BARS / columns, (column + 1) * BARS / columns);
            f64::from(tones.bars[from..to].iter().sum::<u32>()).sqrt()
        })
        .collect();
    let most = counts.iter().copied().fold(1.0, f64::max);
    let steps = if ascii { ASCII } else { STEPS };
    counts
        .iter()
        .map(|count| steps[(count / most * 8.0).ceil() as usize])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use whiteboarder_core::image::{Channels, Picture};

    #[test]
    fn much_is_high_little_is_seen_and_nothing_is_nothing() {
        let data = [vec![255; 900], vec![0; 10], vec![128; 90]].concat();
        let tones = Tones::of(&Picture::new(1000, 1, Channels::Grey, data).unwrap());
        assert_eq!(bars(&tones, 8, false), "▁   ▃  █");
        assert_eq!(bars(&tones, 8, true), ".   -  @");
        assert_eq!(bars(&tones, 0, true), "");
    }
}
