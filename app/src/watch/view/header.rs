//! The two rows on top: where one is and how old that is; how many there are of each status.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use whiteboarder_jobs::watch::Health;

use super::super::model::{Chip, Model};
use crate::term::glyph::Mark;
use crate::term::text;
use crate::term::theme::Theme;
use crate::ui::line::apart;

/// ` WATCH  whiteboarder · all executions          local  ● live, 0.8 s old  $0.31`.
pub fn line(model: &Model, theme: &Theme, columns: u16) -> Line<'static> {
    let machine = model.machine.as_ref();
    let name = machine.map_or("…", |machine| machine.name.as_str());
    let name = if theme.ascii() && machine.is_none() {
        "..."
    } else {
        name
    };
    let mut left = vec![
        Span::raw(" "),
        Span::styled("WATCH", theme.accent),
        Span::raw("  "),
        Span::styled(text::safe(name), theme.strong),
    ];
    if !model.filter.is_empty() {
        left.push(Span::styled(
            format!("  /{}", text::safe(&model.filter)),
            theme.notable,
        ));
    }
    let (mark, words, style) = health(model, theme);
    let mut right = vec![Span::styled(text::safe(&model.profile), theme.faint)];
    right.push(Span::styled(
        format!("  {} {words}", mark.glyph(!theme.ascii())),
        style,
    ));
    if let Some(cost) = total(model) {
        right.push(Span::styled(format!("  {cost}"), theme.strong));
    }
    right.push(Span::raw(" "));
    apart(left, right, columns)
}

/// What those that are shown did cost, with how many that is from until all are known.
fn total(model: &Model) -> Option<String> {
    let pricing = model.pricing.as_ref()?;
    let costs = model.totals.cost.as_ref()?;
    if model.totals.digests == 0 {
        return None;
    }
    let sum = text::money(costs.spent.known(), &pricing.currency);
    // What cannot be told makes it a lower bound.
    Some(if costs.unknown_runs > 0 {
        format!("{sum}+")
    } else {
        sum
    })
}

fn health(model: &Model, theme: &Theme) -> (Mark, String, Style) {
    if model.paused {
        return (Mark::Stopped, "paused".to_owned(), theme.notable);
    }
    let Some((health, told_ms)) = &model.health else {
        return (Mark::Queued, "connecting".to_owned(), theme.notable);
    };
    let since = model.now_ms.saturating_sub(*told_ms);
    match health {
        Health::Live {
            at_ms, throttled, ..
        } => {
            let age = (model.clock_ms() - at_ms).max(0) as f64 / 1000.0;
            let age = text::seconds(age);
            if *throttled {
                (
                    Mark::Running,
                    format!("throttled, {age} old"),
                    theme.notable,
                )
            } else if !model.denied.is_empty() {
                (
                    Mark::Running,
                    format!("live, {age} old, not permitted: {}", model.denied[0].0),
                    theme.notable,
                )
            } else {
                (Mark::Running, format!("live, {age} old"), theme.good)
            }
        }
        Health::Offline { next_ms, .. } => {
            let left = next_ms.saturating_sub(since) as f64 / 1000.0;
            let words = if left > 0.0 {
                format!("offline, again in {}", text::seconds(left))
            } else {
                "offline, trying".to_owned()
            };
            (Mark::Failed, words, theme.bad)
        }
        Health::Failed { .. } => (Mark::Failed, "nothing to be had".to_owned(), theme.bad),
        Health::Denied { action, .. } => (
            Mark::Failed,
            format!("not permitted: {}", text::safe(action)),
            theme.bad,
        ),
    }
}

/// ` all 1233  ● running 26  ✓ succeeded 1204  …          sorted by started  from 412 of 1233`.
pub fn chips(model: &Model, theme: &Theme, columns: u16) -> Line<'static> {
    let unicode = !theme.ascii();
    let wide = columns >= 90;
    let mut left = vec![Span::raw(" ")];
    for (chip, count) in Chip::EACH.iter().zip(model.chips) {
        let (mark, word, style) = match chip {
            Chip::All => (None, "all", theme.plain),
            Chip::Running => (Some(Mark::Running), "running", theme.strong),
            Chip::Succeeded => (Some(Mark::Done), "done", theme.good),
            Chip::Failed => (Some(Mark::Failed), "failed", theme.bad),
            Chip::Aborted => (Some(Mark::Stopped), "stopped", theme.faint),
            Chip::Moved => (Some(Mark::Moved), "moved", theme.notable),
        };
        let chosen = *chip == model.chip;
        if count == 0 && *chip != Chip::All && !chosen {
            continue;
        }
        let glyph = mark.map_or(String::new(), |mark| format!("{} ", mark.glyph(unicode)));
        let word = if wide || chosen || mark.is_none() {
            format!("{word} ")
        } else {
            String::new()
        };
        let text = format!("{glyph}{word}{count}");
        let style = if chosen && *chip != Chip::All {
            theme.selected
        } else {
            style
        };
        left.push(Span::styled(text, style));
        left.push(Span::raw("  "));
    }
    if !model.marks.is_empty() {
        left.push(Span::styled(
            format!("marked {}", model.marks.len()),
            theme.accent,
        ));
    }
    let (column, turned) = model.sort;
    let mut right = Vec::new();
    let coverage = coverage(model);
    if !coverage.is_empty() {
        right.push(Span::styled(format!("{coverage}  "), theme.notable));
    }
    if wide {
        let arrow = match (unicode, turned) {
            (true, false) => "▾",
            (true, true) => "▴",
            (false, false) => "v",
            (false, true) => "^",
        };
        right.push(Span::styled(
            format!("by {} {arrow} ", column.word()),
            theme.faint,
        ));
    }
    apart(left, right, columns)
}

/// What is still missing from the sums.
fn coverage(model: &Model) -> String {
    let (listed, complete) = model.listed;
    let read = model.totals.digests;
    let of = model.shown.len();
    if !complete && listed > 0 {
        return format!("{listed} listed so far");
    }
    if read < of {
        return format!("sums from {read} of {of}");
    }
    String::new()
}
