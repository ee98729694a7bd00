//! The open execution: its facts, and one view of what it did.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use whiteboarder_jobs::track::ExecutionView;
use whiteboarder_jobs::watch::{Opened, Run};

use super::super::keys::Action;
use super::super::model::{Details, EventsView, Focus, Model, Tab};
use super::super::panes::{events, facts, graph, row, timeline, why};
use super::super::sift;
use super::list;
use crate::term::text;
use crate::term::theme::Theme;
use crate::ui::keys::key_of;
use crate::ui::picture::Shown;

/// Draws heading, tabs and the view.
pub fn draw(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let run = model.details.arn.as_deref().and_then(|arn| model.run(arn));
    let Some(run) = run else {
        let words = if model.shown.is_empty() {
            String::new()
        } else {
            format!(
                " {} opens the selected execution",
                key_of(model, Action::Open)
            )
        };
        frame.render_widget(Line::styled(words, theme.faint), area);
        return;
    };
    let head = [
        heading(run, theme, area.width),
        tabs(model, theme, area.width),
    ];
    frame.render_widget(Paragraph::new(head.to_vec()), Rect { height: 2, ..area });
    let body = body(area);
    let opened = model.opened();
    match model.details.tab {
        Tab::Pictures => pictures(model, theme, frame, body),
        Tab::Facts => {
            let lines = known(model, run, |known| facts::facts(known, body.width, theme));
            scrolled(lines, model, frame, body);
        }
        Tab::Why => {
            let capacity = model.pricing.as_ref().map(|pricing| pricing.lambda());
            scrolled(
                why::why(run, capacity, body.width, theme),
                model,
                frame,
                body,
            );
        }
        Tab::Cost => scrolled(cost(model, run, theme), model, frame, body),
        Tab::Overview => overview(model, run, opened, theme, frame, body),
        tab => match (opened, &model.details.trouble) {
            (Some(opened), _) => {
                let lines = view(model, opened, tab, theme, body);
                frame.render_widget(Paragraph::new(lines), body);
            }
            (None, Some(trouble)) => told(trouble, theme, frame, body),
            (None, None) => {
                frame.render_widget(Line::styled("reading the history", theme.faint), body);
            }
        },
    }
}

/// What heading and tabs leave.
fn body(area: Rect) -> Rect {
    Rect {
        x: area.x + 1,
        y: area.y + 2,
        width: area.width.saturating_sub(1),
        height: area.height.saturating_sub(2),
    }
}

fn told(trouble: &str, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let lines: Vec<Line<'static>> =
        crate::ui::help::wrap(&text::safe(trouble), usize::from(area.width))
            .into_iter()
            .map(|line| Line::styled(line, theme.bad))
            .collect();
    frame.render_widget(Paragraph::new(lines), area);
}

fn heading(run: &Run, theme: &Theme, columns: u16) -> Line<'static> {
    let unicode = !theme.ascii();
    let (mark, word, style) = list::status(run, theme);
    let batch = run.subject.as_ref().map_or(String::new(), |subject| {
        format!("  {}", text::safe(&subject.batch))
    });
    let spans = vec![
        Span::styled(format!(" {} {word}  ", mark.glyph(unicode)), style),
        Span::styled(text::safe(sift::name(run)), theme.strong),
        Span::styled(batch, theme.faint),
    ];
    row::line(spans, usize::from(columns), unicode)
}

fn shown_tabs(model: &Model) -> impl Iterator<Item = Tab> {
    let ours = model.is_ours();
    Tab::EACH
        .into_iter()
        .filter(move |tab| *tab != Tab::Pictures || ours)
}

/// The tab whose name is at a cell of the screen.
pub fn tab_at(model: &Model, area: Rect, column: u16, row: u16) -> Option<Tab> {
    if row != area.y + 1 {
        return None;
    }
    // As [`tabs`] draws them.
    let tabs: Vec<Tab> = shown_tabs(model).collect();
    let wide = |tab: &Tab| tab.word().len() + 2;
    let chosen = tabs.iter().position(|tab| *tab == model.details.tab)?;
    let mut first = 0;
    while 1 + tabs[first..=chosen].iter().map(wide).sum::<usize>() > usize::from(area.width)
        && first < chosen
    {
        first += 1;
    }
    let mut left = usize::from(area.x) + 1;
    tabs[first..].iter().copied().find(|tab| {
        let there = (left..left + tab.word().len()).contains(&usize::from(column));
        left += wide(tab);
        there
    })
}

/// Which line of what the view lists is at a row of the screen; views without a list have none.
pub fn line_at(model: &Model, area: Rect, row: u16) -> Option<usize> {
    let body = body(area);
    let opened = model.opened()?;
    let at = usize::from(row.checked_sub(body.y)?);
    let details = &model.details;
    let rows = usize::from(body.height);
    match details.tab {
        Tab::Timeline => {
            let timeline = &details.timeline;
            let shown = rows.saturating_sub(1);
            let line = scroll_to(timeline.cursor, timeline.rows.len(), shown) + at;
            (at < shown && line < timeline.rows.len()).then_some(line)
        }
        Tab::Payloads => {
            let viewer = &details.payloads;
            let line = scroll_to(viewer.cursor(), viewer.len(), rows) + at;
            (line < viewer.len()).then_some(line)
        }
        Tab::Events if !opened.events.is_empty() => {
            let view = &details.events;
            let line = events_top(view, body) + at.checked_sub(1)?;
            let lines = events::lines(view.rows.len(), expanded(view));
            (at + 1 < rows && line < lines).then_some(line)
        }
        _ => None,
    }
}

fn tabs(model: &Model, theme: &Theme, columns: u16) -> Line<'static> {
    let focus = model.focus == Focus::Details;
    let mut spans = Vec::new();
    let mut end = 1;
    let mut chosen_end = 0;
    for tab in shown_tabs(model) {
        let style = match (tab == model.details.tab, focus) {
            (true, true) => theme.selected,
            (true, false) => theme.strong,
            (false, _) => theme.faint,
        };
        end += tab.word().len() + 2;
        if tab == model.details.tab {
            chosen_end = end;
        }
        spans.push(Span::styled(tab.word(), style));
        spans.push(Span::raw("  "));
    }
    // The chosen one is always in sight.
    while chosen_end > usize::from(columns) && spans.len() > 2 {
        chosen_end -= spans.remove(0).width() + spans.remove(0).width();
    }
    spans.insert(0, Span::raw(" "));
    row::line(spans, usize::from(columns), !theme.ascii())
}

fn scrolled(lines: Vec<Line<'static>>, model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let most = lines.len().saturating_sub(usize::from(area.height));
    let lines: Vec<Line<'static>> = lines
        .into_iter()
        .skip(model.details.scroll.min(most))
        .collect();
    frame.render_widget(Paragraph::new(lines), area);
}

/// What the facts are made from.
fn known<T>(model: &Model, run: &Run, make: impl FnOnce(&facts::Known<'_>) -> T) -> T {
    let spent = model
        .pricing
        .as_ref()
        .zip(run.digest.as_deref())
        .map(|(pricing, digest)| pricing.spent(digest));
    let pricing = model.pricing.as_ref();
    make(&facts::Known {
        run,
        spent: spent.as_ref(),
        currency: pricing.map_or("USD", |pricing| &pricing.currency),
        now_ms: model.clock_ms(),
    })
}

/// A glance above, then the machine, then the timeline, as far as there is room.
fn overview(
    model: &Model,
    run: &Run,
    opened: Option<&Opened>,
    theme: &Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let mut lines = known(model, run, |known| facts::brief(known, area.width, theme));
    let trouble = model.details.trouble.as_ref().filter(|_| opened.is_none());
    if let Some(trouble) = trouble {
        lines.push(Line::styled(text::safe(trouble), theme.bad));
    }
    let left = area.height.saturating_sub(lines.len() as u16 + 1);
    let view = opened.map(|opened| &opened.view);
    let steps = opened.map_or(0, |_| model.details.timeline.rows.len()) as u16;
    // The timeline has what it needs, up to half of what is left.
    let below = if view.is_some() {
        (steps + 2).min(left / 2)
    } else {
        0
    };
    let above = left.saturating_sub(below);
    if above >= 2 {
        lines.push(Line::default());
        lines.extend(machine(model, view, theme, area.width, above - 1));
    }
    let used = lines.len() as u16;
    lines.truncate(usize::from(area.height));
    frame.render_widget(Paragraph::new(lines), area);
    let room = area.height.saturating_sub(used + 1).min(steps + 1);
    if let (Some(view), true) = (view, room >= 2) {
        let area = Rect {
            y: area.y + used + 1,
            height: room,
            ..area
        };
        frame.render_widget(Paragraph::new(times(model, view, theme, area)), area);
    }
}

fn view(model: &Model, opened: &Opened, tab: Tab, theme: &Theme, area: Rect) -> Vec<Line<'static>> {
    let details = &model.details;
    match tab {
        Tab::Graph => machine(model, Some(&opened.view), theme, area.width, area.height),
        Tab::Timeline => times(model, &opened.view, theme, area),
        Tab::Events => history(details, opened, theme, area),
        _ if details.payloads.is_empty() => Vec::new(),
        _ => {
            let rows = usize::from(area.height);
            let viewer = &details.payloads;
            let top = scroll_to(viewer.cursor(), viewer.len(), rows);
            viewer.lines(area.width, top, rows, model.focus == Focus::Details, theme)
        }
    }
}

/// The first row of a window that has the cursor near its middle.
fn scroll_to(cursor: usize, len: usize, rows: usize) -> usize {
    cursor
        .saturating_sub(rows / 2)
        .min(len.saturating_sub(rows))
}

fn machine(
    model: &Model,
    view: Option<&ExecutionView>,
    theme: &Theme,
    columns: u16,
    rows: u16,
) -> Vec<Line<'static>> {
    let Some(graph) = model.graph() else {
        return Vec::new();
    };
    let selected = model.details.state.as_deref();
    let drawn = graph::draw(
        graph,
        view,
        selected,
        (columns, rows),
        model.clock_ms(),
        theme,
    );
    let at = selected
        .and_then(|selected| drawn.spot(selected))
        .map_or(0, |spot| spot.row);
    let top = scroll_to(at, drawn.lines.len(), usize::from(rows));
    drawn
        .lines
        .into_iter()
        .skip(top)
        .take(usize::from(rows))
        .collect()
}

fn times(model: &Model, view: &ExecutionView, theme: &Theme, area: Rect) -> Vec<Line<'static>> {
    let timeline = &model.details.timeline;
    let shown = usize::from(area.height.saturating_sub(1));
    let window = timeline::Window {
        columns: area.width,
        height: area.height,
        top: scroll_to(timeline.cursor, timeline.rows.len(), shown),
        zoom: timeline.zoom.max(1.0),
        offset_ms: timeline.offset_ms,
        selected: model.details.state.as_deref(),
        now_ms: model.clock_ms(),
    };
    timeline::draw(view, &timeline.rows, &window, theme)
}

/// The event that shows its details.
pub fn expanded(view: &EventsView) -> Option<events::Expanded<'_>> {
    let (event, viewer) = view.unfolded.as_ref()?;
    Some(events::Expanded {
        row: view.rows.binary_search(event).ok()?,
        details: viewer,
        inside: view.inside,
    })
}

/// The first line of the history that can be seen.
fn events_top(view: &EventsView, area: Rect) -> usize {
    let expanded = expanded(view);
    let cursor = match (expanded, view.inside) {
        (Some(expanded), true) => expanded.row + 1 + expanded.details.cursor(),
        _ => events::line_of(view.cursor, expanded),
    };
    // Headings, and a line that says how many there are.
    let rows = usize::from(area.height.saturating_sub(2));
    scroll_to(cursor, events::lines(view.rows.len(), expanded), rows)
}

fn history(details: &Details, opened: &Opened, theme: &Theme, area: Rect) -> Vec<Line<'static>> {
    let view = &details.events;
    let window = events::Window {
        columns: area.width,
        height: area.height.saturating_sub(1),
        top: events_top(view, area),
        cursor: view.cursor,
        expanded: expanded(view),
    };
    let mut lines = events::draw(opened, &view.rows, &window, theme);
    lines.resize(usize::from(area.height.saturating_sub(1)), Line::default());
    lines.push(Line::styled(counted(details, opened), theme.faint));
    lines
}

fn counted(details: &Details, opened: &Opened) -> String {
    let view = &details.events;
    let of = opened.events.len();
    let more = if opened.complete {
        ""
    } else {
        ", more are read"
    };
    let mut words = format!("{} of {}{more}", view.rows.len(), text::count(of, "event"));
    if !view.filter.text.is_empty() {
        words.extend([" with `", &text::safe(&view.filter.text), "`"]);
    }
    if view.filter.failed_only {
        words += ", failures";
    }
    if let Some(state) = &view.filter.state {
        words.extend([", of ", &text::safe(state)]);
    }
    words
}

/// The terms of the cost, and what it is measured by.
fn cost(model: &Model, run: &Run, theme: &Theme) -> Vec<Line<'static>> {
    let none = if theme.ascii() { "-" } else { "—" };
    let (Some(pricing), Some(digest)) = (&model.pricing, run.digest.as_deref()) else {
        return vec![Line::styled(
            "not known: its history was not read, or there are no prices for the region",
            theme.faint,
        )];
    };
    let spent = pricing.spent(digest);
    let usage = &digest.usage;
    let money = |amount: f64| text::money(amount, &pricing.currency);
    let line = |label: &str, amount: String, about: String| {
        Line::from(vec![
            Span::styled(format!("{label:<13}"), theme.faint),
            Span::styled(format!("{amount:>10}  "), theme.plain),
            Span::styled(about, theme.faint),
        ])
    };
    let total = spent.total().map_or(none.to_owned(), money);
    let mut lines = vec![
        line(
            "lambda",
            money(spent.lambda),
            format!(
                "{}, {}",
                text::count(usage.lambda_runs as usize, "run"),
                text::seconds(usage.lambda_seconds)
            ),
        ),
        line("ecs", money(spent.ecs), text::seconds(usage.ecs_seconds)),
        line(
            "plan",
            money(spent.plan),
            format!(
                "{}, {}",
                text::count(usage.plan_runs as usize, "run"),
                text::seconds(usage.plan_seconds)
            ),
        ),
        line(
            "transitions",
            money(spent.transitions),
            usage.transitions.to_string(),
        ),
        line("together", total, String::new()),
        line(
            "of it failed",
            money(spent.failed),
            "attempts that came to nothing".to_owned(),
        ),
        Line::default(),
    ];
    if spent.unknown > 0 {
        let words = format!(
            "{} cannot be priced: they go on, or ran on compute whose size nobody told",
            text::count(spent.unknown as usize, "attempt")
        );
        lines.push(Line::styled(words, theme.notable));
    }
    let paid = if pricing.paid {
        format!(
            "as {} bills it; from the history's times, without S3",
            pricing.place
        )
    } else {
        format!(
            "what it would cost on {}; nothing is paid here",
            pricing.place
        )
    };
    lines.push(Line::styled(paid, theme.faint));
    lines.extend(batches(model, theme));
    lines
}

/// What the batches of the list did cost, as far as histories were read.
fn batches(model: &Model, theme: &Theme) -> Vec<Line<'static>> {
    let (Some(pricing), Some(costs)) = (&model.pricing, &model.totals.cost) else {
        return Vec::new();
    };
    if costs.by_batch.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![
        Line::default(),
        Line::styled("batches of the list", theme.strong),
    ];
    lines.extend(costs.by_batch.iter().map(|(batch, spent)| {
        // What cannot be told makes it a lower bound.
        let more = if spent.unknown > 0 { "+" } else { "" };
        let amount = text::money(spent.known(), &pricing.currency) + more;
        Line::from(vec![
            Span::styled(format!("{:<28}", text::safe(batch)), theme.plain),
            Span::styled(format!("{amount:>10}"), theme.plain),
        ])
    }));
    lines
}

/// Columns and rows for one of two pictures.
pub fn room(area: Rect) -> (u16, u16) {
    // Heading and tabs above, a caption below.
    let (width, height) = (area.width.saturating_sub(3), area.height.saturating_sub(3));
    ((width / 2).max(1), height.max(1))
}

fn pictures(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let arn = model.details.arn.as_deref();
    let pictures = model.details.pictures.as_ref();
    let Some(pictures) = pictures.filter(|pictures| Some(pictures.arn.as_str()) == arn) else {
        frame.render_widget(Line::styled("fetching the pictures", theme.faint), area);
        return;
    };
    let half = area.width / 2;
    for (at, name, shown) in [
        (0, "before", &pictures.before),
        (half, "after", &pictures.after),
    ] {
        let place = Rect {
            x: area.x + at,
            width: half.saturating_sub(1),
            height: area.height.saturating_sub(1),
            ..area
        };
        picture(shown, theme, frame, place);
        let caption = Rect {
            y: area.bottom().saturating_sub(1),
            height: 1,
            ..place
        };
        let width = usize::from(caption.width);
        frame.render_widget(
            Line::styled(format!("{name:^width$}"), theme.faint),
            caption,
        );
    }
}

fn picture(shown: &Result<Shown, String>, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    match shown {
        Ok(shown) => shown.draw(frame, area),
        Err(why) => frame.render_widget(Line::styled(text::safe(why), theme.faint), area),
    }
}
