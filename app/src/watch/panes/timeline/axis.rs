//! The seconds below a timeline.

use ratatui::text::Span;

use super::Scale;
use crate::term::text;
use crate::term::theme::Theme;

/// Least columns from one label to the next.
const APART: f64 = 10.0;

/// The ticks' distance in seconds: 1, 2 or 5 of a power of ten, beyond a minute of what clocks count.
pub fn distance(seconds_per_column: f64) -> f64 {
    const CLOCK: [f64; 12] = [
        60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0, 7200.0, 14_400.0, 21_600.0, 43_200.0,
        86_400.0,
    ];
    let least = (seconds_per_column * APART).max(0.001);
    if least > 30.0 {
        let found = CLOCK.iter().find(|step| **step >= least);
        return found
            .copied()
            .unwrap_or_else(|| 86_400.0 * (least / 86_400.0).ceil());
    }
    let mut power = 0.001;
    loop {
        for step in [1.0, 2.0, 5.0] {
            if step * power >= least {
                return (step * power * 1000.0).round() / 1000.0;
            }
        }
        power *= 10.0;
    }
}

/// `├──── 10 s ──── 20 s`, from a second on.
pub fn axis(from: f64, scale: &Scale, theme: &Theme) -> Span<'static> {
    let (rule, corner) = if theme.ascii() {
        ('-', '+')
    } else {
        ('─', '└')
    };
    let per_column = scale.ms / 1000.0;
    let step = distance(per_column);
    let mut line: Vec<char> = vec![rule; scale.columns + 1];
    let first = (from / step).ceil();
    let mut free = 0;
    // A label has more than one column, so that there are fewer of them than columns.
    for number in 0..scale.columns {
        let at = (first + number as f64) * step;
        let column = ((at - from) / per_column).round() as usize;
        let label = format!("{} ", label(at, step));
        if column.saturating_add(label.chars().count()) > scale.columns {
            break;
        }
        if column >= free {
            for (place, shown) in line.iter_mut().skip(column + 1).zip(label.chars()) {
                *place = shown;
            }
            free = column + label.chars().count() + 1;
        }
    }
    if let Some(first) = line.first_mut() {
        *first = corner;
    }
    Span::styled(line.into_iter().collect::<String>(), theme.faint)
}

/// With as many digits as the distance has.
fn label(seconds: f64, step: f64) -> String {
    if step < 0.01 {
        format!("{:.0} ms", seconds * 1000.0)
    } else if step < 0.1 {
        format!("{seconds:.2} s")
    } else if step < 1.0 {
        format!("{seconds:.1} s")
    } else if seconds < 60.0 {
        format!("{seconds:.0} s")
    } else if step < 60.0 && seconds >= 3600.0 {
        let whole = seconds.round() as u64;
        format!(
            "{}h{:02}m{:02}s",
            whole / 3600,
            whole % 3600 / 60,
            whole % 60
        )
    } else {
        text::seconds(seconds)
    }
}
