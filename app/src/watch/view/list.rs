//! The executions: only the rows that can be seen are made.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use whiteboarder_jobs::track::outcome::sentence;
use whiteboarder_jobs::track::{ExecutionStatus, Place};
use whiteboarder_jobs::watch::{Digest, Health, Kind, Run};

use super::super::keys::Action;
use super::super::layout::list_top;
use super::super::model::Model;
use super::super::sift;
use super::moment;
use crate::term::glyph::Mark;
use crate::term::text;
use crate::term::theme::Theme;
use crate::ui::keys::key_of;

/// A column after the name: heading, width, and from how many columns of the list on it is shown.
const COLUMNS: [(&str, usize, u16); 5] = [
    ("place", 6, 0),
    ("started", 12, 58),
    ("took", 7, 0),
    ("cost", 9, 66),
    ("tries", 5, 76),
];
/// Columns of a status: mark, glyph and word.
const STATUS: usize = 12;
/// The same without its word.
const STATUS_SHORT: usize = 4;
/// From so many columns on the word is there.
const WORDS_FROM: u16 = 44;

/// Draws headings and rows.
pub fn draw(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    if model.shown.is_empty() {
        let lines: Vec<Line<'static>> = empty(model)
            .into_iter()
            .flat_map(|words| crate::ui::help::wrap(&words, usize::from(area.width.max(4)) - 2))
            .map(|line| Line::styled(format!(" {line}"), theme.faint))
            .collect();
        frame.render_widget(Paragraph::new(lines), area);
        return;
    }
    let room = usize::from(area.height.saturating_sub(1));
    let top = list_top(model);
    let name = name_width(area.width);
    let mut lines = vec![headings(model, name, area.width, theme)];
    for (at, index) in model.shown.iter().enumerate().skip(top).take(room) {
        let Some(run) = model.runs.get(*index) else {
            continue;
        };
        let row = row(model, run, name, area.width, theme);
        lines.push(if at == model.cursor {
            row.style(theme.selected)
        } else {
            row
        });
    }
    frame.render_widget(Paragraph::new(lines), area);
}

/// Why there is nothing.
fn empty(model: &Model) -> Vec<String> {
    if !model.runs.is_empty() {
        return vec![format!(
            "nothing is like that; Esc in the filter, or `{}`, shows the others",
            key_of(model, Action::Chip)
        )];
    }
    match &model.health {
        None => vec!["connecting".to_owned()],
        Some((Health::Offline { why, .. }, _)) => vec![why.clone()],
        Some((Health::Failed { why, hint }, _)) => {
            let hint = hint.iter().cloned();
            std::iter::once(why.clone()).chain(hint).collect()
        }
        Some((Health::Denied { action, why }, _)) => vec![
            format!("the permission {action} is missing"),
            text::safe(why),
        ],
        Some((Health::Live { .. }, _)) if !model.listed.1 => vec!["listing executions".to_owned()],
        Some((Health::Live { .. }, _)) if model.is_ours() => vec![
            "No executions yet.".to_owned(),
            "`whiteboarder submit PHOTOS` starts one for each photograph.".to_owned(),
        ],
        Some((Health::Live { .. }, _)) => vec!["No executions yet.".to_owned()],
    }
}

fn shown(width: u16) -> impl Iterator<Item = (&'static str, usize)> {
    COLUMNS
        .iter()
        .filter(move |(.., from)| width >= *from)
        .map(|(heading, columns, _)| (*heading, *columns))
}

fn status_width(width: u16) -> usize {
    if width >= WORDS_FROM {
        STATUS
    } else {
        STATUS_SHORT
    }
}

fn name_width(width: u16) -> usize {
    let others: usize = shown(width).map(|(_, columns)| columns + 1).sum();
    usize::from(width).saturating_sub(others + status_width(width) + 1)
}

fn headings(model: &Model, name: usize, width: u16, theme: &Theme) -> Line<'static> {
    let what = if model.is_ours() {
        "image"
    } else {
        "execution"
    };
    let status = status_width(width);
    let mut words = format!("{:status$}{}", "", pad(what, name, !theme.ascii()));
    for (heading, columns) in shown(width) {
        let heading = match heading {
            "place" => format!("{heading:<columns$}"),
            _ => format!("{heading:>columns$}"),
        };
        words.extend([" ", &heading]);
    }
    Line::styled(words, theme.faint)
}

/// Glyph, word and style of an execution's status.
pub fn status(run: &Run, theme: &Theme) -> (Mark, &'static str, Style) {
    let digest = run.digest.as_deref();
    match run.status {
        ExecutionStatus::Running
            if digest.is_some_and(|digest| digest.waiting_since_ms.is_some()) =>
        {
            (Mark::Queued, "queued", theme.notable)
        }
        ExecutionStatus::Running => (Mark::Running, "running", theme.strong),
        ExecutionStatus::Succeeded if digest.is_some_and(|digest| digest.moved) => {
            (Mark::Moved, "moved", theme.notable)
        }
        ExecutionStatus::Succeeded => (Mark::Done, "done", theme.good),
        ExecutionStatus::Failed => (Mark::Failed, "failed", theme.bad),
        ExecutionStatus::TimedOut => (Mark::Failed, "timed out", theme.bad),
        ExecutionStatus::Aborted => (Mark::Stopped, "stopped", theme.faint),
    }
}

fn row(model: &Model, run: &Run, name: usize, width: u16, theme: &Theme) -> Line<'static> {
    let unicode = !theme.ascii();
    let (mark, word, style) = status(run, theme);
    let marked = match (model.marks.contains(&run.arn), unicode) {
        (true, true) => "▸",
        (true, false) => ">",
        (false, _) => " ",
    };
    let width_of_status = status_width(width);
    let word = if width_of_status == STATUS { word } else { "" };
    let first = format!("{} {word}", mark.glyph(unicode));
    let mut spans = vec![
        Span::styled(marked, theme.accent),
        Span::styled(pad(&first, width_of_status - 1, unicode), style),
        Span::styled(
            pad(&text::safe(sift::name(run)), name, unicode),
            theme.plain,
        ),
    ];
    for (heading, columns) in shown(width) {
        let value = cell(model, run, heading, unicode);
        let value = match heading {
            "place" => pad(&value, columns, unicode),
            _ => format!("{value:>columns$}"),
        };
        spans.push(Span::styled(format!(" {value}"), theme.plain));
    }
    Line::from(spans)
}

fn cell(model: &Model, run: &Run, heading: &str, unicode: bool) -> String {
    let none = if unicode { "—" } else { "-" };
    match heading {
        "place" => run.digest.as_deref().map_or(String::new(), |digest| {
            places(digest, model.is_ours(), unicode)
        }),
        "started" => moment(run.started_ms, model.clock_ms()),
        "took" => {
            let until = run.stopped_ms.unwrap_or_else(|| model.clock_ms());
            text::seconds((until - run.started_ms).max(0) as f64 / 1000.0)
        }
        "cost" => match (&model.pricing, model.cost(run)) {
            (Some(pricing), Some(cost)) => text::money(cost, &pricing.currency),
            _ => none.to_owned(),
        },
        _ => run
            .digest
            .as_ref()
            .map_or(String::new(), |digest| digest.attempts.to_string()),
    }
}

/// Where it ran: `λ`, `λ→▣`; of other machines what worked on it.
pub fn places(digest: &Digest, ours: bool, unicode: bool) -> String {
    let arrow = if unicode { "→" } else { ">" };
    let place = |place: &Place| match (place, unicode) {
        (Place::Lambda, true) => "λ",
        (Place::Lambda, false) => "la",
        (Place::Ecs, true) => "▣",
        (Place::Ecs, false) => "ecs",
    };
    if ours {
        let places: Vec<&str> = digest.places.iter().map(place).collect();
        return places.join(arrow);
    }
    let kind = |kind: &Kind| match (kind, unicode) {
        (Kind::Lambda, true) => "λ",
        (Kind::Lambda, false) => "la",
        (Kind::Ecs, true) => "▣",
        (Kind::Ecs, false) => "ecs",
        (Kind::Worker, true) => "◆",
        (Kind::Worker, false) => "wk",
        (Kind::Execution, true) => "↳",
        (Kind::Execution, false) => "ex",
        (Kind::Service, _) => "",
    };
    let kinds: Vec<&str> = digest
        .kinds
        .iter()
        .map(kind)
        .filter(|glyph| !glyph.is_empty())
        .collect();
    kinds.join(" ")
}

/// The selected one in a line: why it failed, what it waits for, where it is.
pub fn about(model: &Model, run: &Run) -> String {
    let name = text::safe(sift::name(run));
    let Some(digest) = run.digest.as_deref() else {
        return format!("{name}: its history was not read yet");
    };
    let words = match run.status {
        ExecutionStatus::Failed | ExecutionStatus::TimedOut | ExecutionStatus::Aborted => {
            let error = digest.error.as_deref().unwrap_or_default();
            let cause = sentence(digest.error.as_deref(), digest.cause.as_deref());
            let place = digest.failed_in.as_deref();
            let place = place.map_or(String::new(), |state| format!(" in {state}"));
            if error.is_empty() || error == cause {
                format!("{cause}{place}")
            } else {
                format!("{error}: {cause}{place}")
            }
        }
        ExecutionStatus::Running => match (digest.waiting_since_ms, &digest.state) {
            (Some(since), _) => {
                let waited = (model.clock_ms() - since).max(0) as f64 / 1000.0;
                format!(
                    "queued for {}, no worker has taken it",
                    text::seconds(waited)
                )
            }
            (None, Some(state)) => format!("in {state}"),
            (None, None) => "running".to_owned(),
        },
        ExecutionStatus::Succeeded => digest.why.clone(),
    };
    if words.is_empty() {
        return name;
    }
    format!("{name}: {}", text::safe(&words))
}

/// Text in exactly so many columns.
fn pad(words: &str, columns: usize, unicode: bool) -> String {
    let short = text::shorten(words, columns, unicode);
    let blanks = columns.saturating_sub(text::width(&short));
    short + &" ".repeat(blanks)
}
