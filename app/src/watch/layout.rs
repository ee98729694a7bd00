//! Which rows and columns are whose.

use ratatui::layout::Rect;

use super::model::{Focus, Model};
use crate::ui::LEAST;

/// From so many columns on list and details stand side by side.
const BESIDE: u16 = 100;
/// Rows of the lanes with their frame's line.
const LANES: u16 = 6;
/// From so many rows on there is room for the lanes.
const LANES_FROM: u16 = 22;

/// The parts of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Areas {
    /// Where one is, and how old it is.
    pub header: Rect,
    /// Counts by status, and the filter.
    pub chips: Rect,
    /// The executions, with a row of headings.
    pub list: Option<Rect>,
    /// The lanes, with a line above.
    pub lanes: Option<Rect>,
    /// The column between list and details.
    pub between: Option<Rect>,
    /// The open execution, or a first look at the selected one.
    pub details: Option<Rect>,
    /// Messages, and whatever is asked or typed.
    pub status: Rect,
    /// The keys.
    pub footer: Rect,
}

/// Divides a screen; `None` when it is too small.
pub fn areas(model: &Model) -> Option<Areas> {
    let (width, height) = model.size;
    if width < LEAST.0 || height < LEAST.1 {
        return None;
    }
    let row = |y: u16| Rect::new(0, y, width, 1);
    let body = Rect::new(0, 2, width, height - 4);
    let mut areas = Areas {
        header: row(0),
        chips: row(1),
        list: None,
        lanes: None,
        between: None,
        details: None,
        status: row(height - 2),
        footer: row(height - 1),
    };
    let side = if width >= BESIDE {
        // What is looked at has more room.
        let details = match model.focus {
            Focus::List => width * 9 / 20,
            Focus::Details => width * 12 / 20,
        };
        let split = width - details;
        areas.between = Some(Rect::new(split - 1, body.y, 1, body.height));
        areas.details = Some(Rect::new(split, body.y, details, body.height));
        Some(Rect::new(0, body.y, split - 1, body.height))
    } else if model.focus == Focus::Details {
        areas.details = Some(body);
        None
    } else {
        Some(body)
    };
    if let Some(side) = side {
        let lanes = if model.lanes && height >= LANES_FROM {
            LANES
        } else {
            0
        };
        let list = side.height - lanes;
        areas.list = Some(Rect::new(side.x, side.y, side.width, list));
        areas.lanes = (lanes > 0).then(|| Rect::new(side.x, side.y + list, side.width, lanes));
    }
    Some(areas)
}

/// How many executions the list shows at once.
pub fn list_rows(model: &Model) -> usize {
    let list = areas(model).and_then(|areas| areas.list);
    list.map_or(1, |list| usize::from(list.height.saturating_sub(1)).max(1))
}

/// Index of the first execution that is shown: the cursor stays in sight, near the middle of a long list.
pub fn list_top(model: &Model) -> usize {
    let room = list_rows(model);
    let most = model.shown.len().saturating_sub(room);
    model.cursor.saturating_sub(room / 2).min(most)
}

/// Rows of what the keys move in.
pub fn page_rows(model: &Model) -> usize {
    match model.focus {
        Focus::List => list_rows(model),
        Focus::Details => details_rows(model),
    }
}

/// Rows of the details below their headings.
pub fn details_rows(model: &Model) -> usize {
    let details = areas(model).and_then(|areas| areas.details);
    details.map_or(1, |area| usize::from(area.height.saturating_sub(2)).max(1))
}
