//! How the dashboard looks. No decision here beyond layout.

mod details;
mod header;
mod lanes;
mod list;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;
use time::OffsetDateTime;

pub use details::{expanded, line_at, tab_at};
pub use list::places;

use super::layout;
use super::model::{Focus, Layer, Model, Tab};
use crate::term::text;
use crate::term::theme::Theme;
use crate::ui::footer;
use crate::ui::keys::live;
use crate::ui::line::{cut, message, prompt, too_small};

/// Draws the screen.
pub fn view(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let Some(areas) = layout::areas(model) else {
        return too_small(theme, frame, area);
    };
    let width = area.width;
    frame.render_widget(header::line(model, theme, width), areas.header);
    frame.render_widget(header::chips(model, theme, width), areas.chips);
    if let Some(list) = areas.list {
        list::draw(model, theme, frame, list);
    }
    if let Some(lanes) = areas.lanes {
        frame.render_widget(lanes::lines(model, theme, lanes.width), lanes);
    }
    if let Some(between) = areas.between {
        let bar = if theme.ascii() { "|" } else { "│" };
        let rows = vec![Line::styled(bar, theme.border); usize::from(between.height)];
        frame.render_widget(Paragraph::new(rows), between);
    }
    if let Some(area) = areas.details {
        details::draw(model, theme, frame, area);
    }
    frame.render_widget(status(model, theme, width), areas.status);
    let keys = live(model, !theme.ascii());
    // Keys and quit.
    let pinned = if model.layer.is_none() { 2 } else { 0 };
    frame.render_widget(footer::footer(&keys, pinned, width, theme), areas.footer);
}

/// Columns and rows of one of two pictures in the details.
pub fn picture_room(area: Rect) -> (u16, u16) {
    details::room(area)
}

fn status(model: &Model, theme: &Theme, columns: u16) -> Line<'static> {
    match &model.layer {
        Some(Layer::Filter { line, .. }) => {
            let Some(error) = &model.filter_error else {
                return prompt("filter: ", line, columns, theme);
            };
            let room = columns / 2;
            let mut spans = prompt("filter: ", line, room, theme).spans;
            let words = format!("   {}", text::safe(error));
            let taken: usize = spans.iter().map(ratatui::text::Span::width).sum();
            let left = columns.saturating_sub(taken as u16);
            spans.push(ratatui::text::Span::styled(
                cut(&words, left, theme),
                theme.bad,
            ));
            return Line::from(spans);
        }
        Some(Layer::EventFilter { line }) => {
            return prompt("events with: ", line, columns, theme);
        }
        Some(Layer::Ask { about, .. }) => {
            return Line::styled(cut(&format!(" {about}"), columns, theme), theme.notable);
        }
        None => {}
    }
    if let Some((action, so_far, of)) = &model.acting {
        let words = format!(" {}: {so_far} of {of}", super::acts::done_word(action));
        return Line::styled(cut(&words, columns, theme), theme.notable);
    }
    if let Some(toast) = &model.toast {
        return message(toast, columns, theme);
    }
    let reading = model.focus == Focus::Details && model.details.tab == Tab::Payloads;
    let words = match model.selected() {
        _ if reading => text::safe(&model.details.payloads.path()),
        Some(run) => list::about(model, run),
        None => String::new(),
    };
    Line::styled(cut(&format!(" {words}"), columns, theme), theme.faint)
}

/// `12:04:11` today, else `Nov 20 12:04`.
pub fn moment(ms: i64, now_ms: i64) -> String {
    const DAY: i64 = 86_400_000;
    if ms.div_euclid(DAY) == now_ms.div_euclid(DAY) {
        return text::clock(ms);
    }
    let at = OffsetDateTime::from_unix_timestamp(ms.div_euclid(1000));
    let at = at.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let month = at.month().to_string();
    format!(
        "{} {:02} {:02}:{:02}",
        month.get(..3).unwrap_or(&month),
        at.day(),
        at.hour(),
        at.minute()
    )
}
