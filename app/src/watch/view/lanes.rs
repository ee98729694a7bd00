//! The two lanes: what runs and waits in each, how long it takes, who works, what moved and what that saved.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use whiteboarder_jobs::track::Place;
use whiteboarder_jobs::watch::totals::Lane;

use super::super::model::Model;
use super::super::panes::row;
use crate::term::glyph::{Mark, place};
use crate::term::text;
use crate::term::theme::Theme;

/// Columns of a lane's bar.
const BAR: usize = 12;

/// A line above, the lanes, and what they add up to.
pub fn lines(model: &Model, theme: &Theme, columns: u16) -> Paragraph<'static> {
    let unicode = !theme.ascii();
    let columns = usize::from(columns);
    let totals = &model.totals;
    let ours = model.is_ours();
    let most = (totals.lambda.running + totals.lambda.queued)
        .max(totals.ecs.running + totals.ecs.queued)
        .max(1);
    let rule = if unicode { "─" } else { "-" };
    let title = " Lanes ";
    let rest = columns.saturating_sub(title.len() + 1);
    let rows = vec![
        Line::from(vec![
            Span::styled(rule, theme.border),
            Span::styled(title, theme.strong),
            Span::styled(rule.repeat(rest), theme.border),
        ]),
        lane(&totals.lambda, (Place::Lambda, ours), most, theme, columns),
        lane(&totals.ecs, (Place::Ecs, ours), most, theme, columns),
        words(&workers(model), columns, theme.plain, theme),
        words(&moves(model, unicode), columns, theme.plain, theme),
        words(&costs(model), columns, theme.plain, theme),
    ];
    Paragraph::new(rows)
}

fn words(words: &str, columns: usize, style: Style, theme: &Theme) -> Line<'static> {
    let words = format!(" {words}");
    row::line(vec![Span::styled(words, style)], columns, !theme.ascii())
}

fn lane(
    lane: &Lane,
    (at, ours): (Place, bool),
    most: usize,
    theme: &Theme,
    columns: usize,
) -> Line<'static> {
    let unicode = !theme.ascii();
    let none = if unicode { "—" } else { "-" };
    let cells = |count: usize| (count * BAR).div_ceil(most).min(BAR);
    let (busy, waiting) = (cells(lane.running), cells(lane.running + lane.queued));
    let (full, half, empty) = if unicode {
        ("▇", "░", " ")
    } else {
        ("#", ".", " ")
    };
    let bar = vec![
        Span::styled(full.repeat(busy), theme.good),
        Span::styled(half.repeat(waiting.saturating_sub(busy)), theme.notable),
        Span::styled(empty.repeat(BAR - waiting.max(busy)), theme.plain),
    ];
    let time = |seconds: Option<f64>| seconds.map_or(none.to_owned(), text::seconds);
    let mut parts = vec![format!("{} running", lane.running)];
    if lane.queued > 0 {
        let since = lane.longest_wait;
        let since = since.map_or(String::new(), |wait| format!(" {}", text::seconds(wait)));
        parts.push(format!("{} queued{since}", lane.queued));
    }
    parts.push(format!("p50 {}", time(lane.p50)));
    parts.push(format!("p95 {}", time(lane.p95)));
    if lane.cold_starts > 0 {
        parts.push(format!("cold {}", lane.cold_starts));
    }
    if let Some(peak) = lane.peak_memory_mb {
        parts.push(format!("peak {peak:.0} MB"));
    }
    if lane.failures > 0 {
        parts.push(format!("{} {}", Mark::Failed.glyph(unicode), lane.failures));
    }
    let name = match at {
        // Where other machines' workers are nobody knows.
        Place::Ecs if !ours => "workers".to_owned(),
        at => place(&at.to_string(), unicode),
    };
    let mut spans = vec![Span::styled(format!(" {name:<9}"), theme.strong)];
    spans.extend(bar);
    spans.push(Span::styled(format!(" {}", parts.join("  ")), theme.plain));
    row::line(spans, columns, unicode)
}

/// Who has worked, as far as histories tell: a worker that is idle is not in them.
fn workers(model: &Model) -> String {
    let workers = &model.totals.workers;
    if workers.is_empty() {
        return "no worker has taken anything yet; idle ones are not in histories".to_owned();
    }
    let busy = workers
        .iter()
        .filter(|worker| !worker.has.is_empty())
        .count();
    let named = workers.iter().take(2).map(|worker| {
        let has = match worker.has.len() {
            0 => String::new(),
            some => format!(", has {some}"),
        };
        format!("{} {}{has}", text::safe(&worker.name), worker.done)
    });
    let named: Vec<String> = named.collect();
    format!(
        "workers {busy} of {} seen busy: {}",
        workers.len(),
        named.join("; ")
    )
}

fn moves(model: &Model, unicode: bool) -> String {
    let totals = &model.totals;
    let mut parts = Vec::new();
    if totals.moved > 0 {
        let why: Vec<String> = totals
            .moved_by
            .iter()
            .take(2)
            .map(|(error, count)| format!("{count} {}", text::safe(error)))
            .collect();
        let why = if why.is_empty() {
            String::new()
        } else {
            format!(" ({})", why.join(", "))
        };
        parts.push(format!(
            "{} {} moved{why}",
            Mark::Moved.glyph(unicode),
            totals.moved
        ));
    } else {
        parts.push("nothing moved".to_owned());
    }
    if let Some(accuracy) = totals.accuracy {
        parts.push(format!("predicted/actual {accuracy:.2}"));
    }
    parts.join("   ")
}

fn costs(model: &Model) -> String {
    let (Some(pricing), Some(costs)) = (&model.pricing, &model.totals.cost) else {
        return String::new();
    };
    let money = |amount: f64| text::money(amount, &pricing.currency);
    let spent = &costs.spent;
    let mut parts = vec![format!(
        "lambda {}  ecs {}  states {}",
        money(spent.lambda + spent.plan),
        money(spent.ecs),
        money(spent.transitions)
    )];
    if let Some(share) = costs.failed_share.filter(|share| *share > 0.0) {
        parts.push(format!("failed {:.0} %", share * 100.0));
    }
    match costs.saved {
        Some(saved) if saved >= 0.0 => {
            parts.push(format!(
                "placement saved {} against all on ECS",
                money(saved)
            ));
        }
        Some(saved) => parts.push(format!(
            "all on ECS would have been {} cheaper",
            money(-saved)
        )),
        None => {}
    }
    if !pricing.paid {
        parts.push(format!("(as on {}; nothing is paid here)", pricing.place));
    }
    parts.join("  ")
}
