//! How the Batch screen looks. No decision here beyond layout.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::model::{Layer, Model, Phase};
use super::{layout, list};
use crate::term::glyph::{Mark, place};
use crate::term::text;
use crate::term::theme::Theme;
use crate::ui::footer;
use crate::ui::keys::live;
use crate::ui::line::{bar, cut, message, prompt, too_small};

/// Transfers that are named.
const NAMED: usize = 3;

/// Draws the screen.
pub fn view(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let Some(areas) = layout::areas((area.width, area.height)) else {
        return too_small(theme, frame, area);
    };
    frame.render_widget(header(model, theme, area.width), areas.header);
    let top = match model.phase {
        Phase::Running | Phase::Pausing | Phase::Paused | Phase::Ended => {
            running(model, theme, area.width)
        }
        Phase::Unplanned | Phase::Scanning | Phase::Planned => planning(model, theme, area.width),
    };
    frame.render_widget(Paragraph::new(top), areas.top);
    list::draw(model, theme, frame, areas.list);
    frame.render_widget(status(model, theme, area.width), areas.status);
    let keys = live(model, !theme.ascii());
    // Studio, keys and quit.
    let pinned = if model.layer.is_none() { 3 } else { 0 };
    frame.render_widget(
        footer::footer(&keys, pinned, area.width, theme),
        areas.footer,
    );
}

fn header(model: &Model, theme: &Theme, columns: u16) -> Line<'static> {
    let unicode = !theme.ascii();
    let (mark, word, style) = match model.phase {
        Phase::Unplanned => (None, "new", theme.faint),
        Phase::Scanning => (Some(Mark::Running), "looking at the files", theme.notable),
        Phase::Planned => (None, "planned", theme.strong),
        Phase::Running if model.batch.is_none() => (Some(Mark::Running), "hashing", theme.notable),
        Phase::Running => (Some(Mark::Running), "running", theme.notable),
        Phase::Pausing => (Some(Mark::Running), "pausing", theme.notable),
        Phase::Paused => (Some(Mark::Stopped), "paused", theme.notable),
        Phase::Ended if model.numbers.tally.count().failed + model.numbers.not_downloaded > 0 => {
            (Some(Mark::Failed), "ended, some failed", theme.bad)
        }
        Phase::Ended => (Some(Mark::Done), "done", theme.good),
    };
    let mark = mark.map_or(String::new(), |mark| format!("{} ", mark.glyph(unicode)));
    let id = model.batch.clone().unwrap_or_default();
    let left = vec![
        Span::raw(" "),
        Span::styled("BATCH", theme.accent),
        Span::raw("  "),
        Span::styled(id, theme.strong),
    ];
    let right = vec![
        Span::styled(text::safe(&model.profile), theme.faint),
        Span::raw("  "),
        Span::styled(model.order.recipe_name.clone(), theme.strong),
        Span::raw("  "),
        Span::styled(format!("{mark}{word}"), style),
        Span::raw(" "),
    ];
    crate::ui::line::apart(left, right, columns)
}

/// Sources, choices and totals of a plan.
fn planning(model: &Model, theme: &Theme, columns: u16) -> Vec<Line<'static>> {
    let unicode = !theme.ascii();
    let field = |name: &'static str| Span::styled(format!(" {name:<9}"), theme.faint);
    let tick = |on: bool| match (on, unicode) {
        (true, true) => "▣",
        (false, true) => "▢",
        (true, false) => "[x]",
        (false, false) => "[ ]",
    };
    let first = model.order.paths.first();
    let more = match model.order.paths.len() {
        0 | 1 => String::new(),
        several => format!(" and {} more", several - 1),
    };
    let sources = first.map_or("nothing".to_owned(), |path| text::path(path)) + &more;
    let sources = sources + &parts(model, unicode);
    let room = columns.saturating_sub(10);
    let choices = &model.choices;
    let wish = if unicode {
        format!("‹ {} ›", choices.wish)
    } else {
        format!("< {} >", choices.wish)
    };
    let output = text::path(&model.order.output);
    let options = format!(
        "{wish}  {} subfolders  {} skip unchanged  {} download to {output}",
        tick(choices.subfolders),
        tick(choices.skip_unchanged),
        tick(choices.download),
    );
    vec![
        Line::from(vec![
            field("sources"),
            Span::styled(cut(&sources, room, theme), theme.strong),
        ]),
        Line::from(vec![
            field("left out"),
            Span::styled(cut(&left_out(model), room, theme), theme.plain),
        ]),
        Line::from(vec![
            field("how"),
            Span::styled(cut(&options, room, theme), theme.plain),
        ]),
        Line::from(vec![
            field("into"),
            Span::styled(cut(&model.into, room, theme), theme.plain),
        ]),
        Line::from(vec![
            field("total"),
            Span::styled(cut(&totals(model, unicode), room, theme), theme.strong),
        ]),
    ]
}

/// Which of the pictures these are, and which come after them.
fn parts(model: &Model, unicode: bool) -> String {
    let order = &model.order;
    let dot = if unicode { " · " } else { ", " };
    let Some(count) = order.count() else {
        return String::new();
    };
    let mut words = format!(
        "{dot}{} with {}",
        text::count(count, "picture"),
        order.recipe_name
    );
    if order.then.is_empty() {
        return words;
    }
    let later = order.then.iter().map(|next| {
        let count = next.count().unwrap_or(0);
        format!("{count} with {}", next.recipe_name)
    });
    let later: Vec<String> = later.collect();
    let more = match later.len() {
        1 => "another batch".to_owned(),
        more => format!("{more} more batches"),
    };
    words.extend(["; then ", &more, ": ", &later.join(", ")]);
    words
}

fn left_out(model: &Model) -> String {
    let out = model.rows.iter().filter(|row| row.out).count();
    let mut parts = Vec::new();
    if out > 0 {
        parts.push(format!("{} by you", text::count(out, "picture")));
    }
    parts.extend(model.left_out.iter().cloned());
    if parts.is_empty() {
        "nothing".to_owned()
    } else {
        parts.join("; ")
    }
}

fn totals(model: &Model, unicode: bool) -> String {
    let dot = if unicode { " · " } else { ", " };
    let mut lanes = [0_usize; 2];
    let (mut bytes, mut seconds, mut cost, mut priced) = (0, 0.0_f64, 0.0, true);
    let mut taken = 0;
    for row in model.taken() {
        taken += 1;
        bytes += row.bytes;
        seconds += row.seconds.unwrap_or(0.0);
        match row.cost {
            Some(one) => cost += one,
            None => priced = false,
        }
        match row.place {
            Some(whiteboarder_jobs::track::Place::Lambda) => lanes[0] += 1,
            Some(whiteboarder_jobs::track::Place::Ecs) => lanes[1] += 1,
            None => {}
        }
    }
    if taken == 0 {
        return "nothing".to_owned();
    }
    let lane = if unicode {
        ["λ", "▣"]
    } else {
        ["lambda", "ecs"]
    };
    let mut parts = vec![
        text::count(taken, "picture"),
        format!("{} {}  {} {}", lane[0], lanes[0], lane[1], lanes[1]),
        format!("upload {}", text::bytes(bytes)),
        format!("{} of computing", text::seconds(seconds)),
    ];
    if priced {
        parts.push(format!("${cost:.4} on AWS"));
    }
    parts.join(dot)
}

/// The bars of a batch that runs, or has run.
fn running(model: &Model, theme: &Theme, columns: u16) -> Vec<Line<'static>> {
    let numbers = &model.numbers;
    let now = model.now_ms;
    let live = model.is_running();
    let time = |left: Option<f64>| match left.filter(|_| live) {
        Some(left) => format!("  {} left", text::seconds(left)),
        None => String::new(),
    };
    let rate = match numbers
        .rate(now)
        .filter(|_| live && numbers.sent < numbers.bytes)
    {
        Some(rate) => format!("  {}/s", text::bytes(rate as u64)),
        None => String::new(),
    };
    if numbers.items == 0 {
        let (read, of) = numbers.hashed;
        let words = format!("{}/{}", text::bytes(read), text::bytes(of));
        let share = read as f64 / of.max(1) as f64;
        return vec![bar("read", share, &words, columns, theme)];
    }
    let upload = format!(
        "{}/{}  {}/{}{rate}{}",
        numbers.uploaded,
        numbers.items,
        text::bytes(numbers.sent),
        text::bytes(numbers.bytes),
        time(numbers.upload_left(now))
    );
    let count = numbers.tally.count();
    let unicode = !theme.ascii();
    let mut clean = vec![format!("{}/{}", count.settled(), numbers.items)];
    if numbers.same > 0 {
        clean.push(format!("{} as before", numbers.same));
    }
    for (number, mark) in [
        (count.cleaned, Mark::Done),
        (count.failed, Mark::Failed),
        (count.stopped, Mark::Stopped),
        (count.running, Mark::Running),
        (count.moved, Mark::Moved),
    ] {
        if number > 0 {
            clean.push(format!("{} {number}", mark.glyph(unicode)));
        }
    }
    for (number, name) in [(count.lambda, "lambda"), (count.ecs, "ecs")] {
        if number > 0 {
            clean.push(format!("{} {number}", place(name, unicode)));
        }
    }
    let clean = clean.join("  ") + &time(numbers.clean_left(now));
    let share = |done: u64, of: u64| done as f64 / of.max(1) as f64;
    vec![
        bar(
            "upload",
            share(numbers.sent, numbers.bytes),
            &upload,
            columns,
            theme,
        ),
        Line::styled(cut(&transfers(model, unicode), columns, theme), theme.faint),
        bar(
            "clean",
            share(count.settled() as u64, numbers.items as u64),
            &clean,
            columns,
            theme,
        ),
        results(model, theme, columns),
        worst(model, theme, columns),
    ]
}

fn transfers(model: &Model, unicode: bool) -> String {
    let (up, again) = if unicode { ("↑", "↻") } else { ("^", "~") };
    let shown = model
        .numbers
        .transfers
        .iter()
        .take(NAMED)
        .map(|(name, transfer)| {
            let name = text::shorten(&text::safe(name), 24, unicode);
            if let Some(trouble) = &transfer.trouble {
                return format!("{again} {name} {}", text::safe(trouble));
            }
            let percent = (transfer.sent * 100).checked_div(transfer.bytes);
            format!("{up} {name} {} %", percent.unwrap_or(100).min(100))
        });
    let shown: Vec<String> = shown.collect();
    let more = model.numbers.transfers.len().saturating_sub(NAMED);
    let more = if more > 0 {
        format!("   and {more} more")
    } else {
        String::new()
    };
    format!("          {}{more}", shown.join("   "))
}

fn results(model: &Model, theme: &Theme, columns: u16) -> Line<'static> {
    let numbers = &model.numbers;
    let words = match (model.choices.download, numbers.downloaded) {
        (false, _) => "results stay in the bucket".to_owned(),
        (true, 0) => format!("results go to {}", text::path(&model.order.output)),
        (true, number) => format!(
            "{} in {}",
            text::count(number, "result"),
            text::path(&model.order.output)
        ),
    };
    Line::styled(
        cut(&format!("          {words}"), columns, theme),
        theme.plain,
    )
}

/// The one thing that somebody should know of.
fn worst(model: &Model, theme: &Theme, columns: u16) -> Line<'static> {
    let unicode = !theme.ascii();
    let numbers = &model.numbers;
    let (mark, words, style): (Mark, String, Style) = if let Some(why) = &numbers.offline {
        (Mark::Running, format!("{why}; trying again"), theme.notable)
    } else if let Some((name, why)) = numbers.failures.last() {
        let others = numbers.failures.len() - 1;
        let others = if others > 0 {
            format!(" (and {others} more)")
        } else {
            String::new()
        };
        (Mark::Failed, format!("{name}: {why}{others}"), theme.bad)
    } else if let Some(waits) = &numbers.waits {
        (Mark::Queued, waits.clone(), theme.notable)
    } else {
        return Line::default();
    };
    let line = format!(" {} {}", mark.glyph(unicode), text::safe(&words));
    Line::styled(cut(&line, columns, theme), style)
}

fn status(model: &Model, theme: &Theme, columns: u16) -> Line<'static> {
    match &model.layer {
        Some(Layer::Filter { line }) => {
            return prompt("filter by name or state: ", line, columns, theme);
        }
        Some(Layer::AskLeave) => {
            let words = " not everything is uploaded yet; pause it and leave?";
            return Line::styled(cut(words, columns, theme), theme.notable);
        }
        None => {}
    }
    if let Some(trouble) = &model.trouble {
        let words = format!(" {} {trouble}", Mark::Failed.glyph(!theme.ascii()));
        return Line::styled(cut(&words, columns, theme), theme.bad);
    }
    if let Some(toast) = &model.toast {
        return message(toast, columns, theme);
    }
    let words = if model.filter.is_empty() {
        list::selected(model)
    } else {
        format!(
            "{} of {} have `{}`",
            model.shown.len(),
            text::count(model.rows.len(), "picture"),
            text::safe(&model.filter)
        )
    };
    Line::styled(cut(&format!(" {words}"), columns, theme), theme.faint)
}
