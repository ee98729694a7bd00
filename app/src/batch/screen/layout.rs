//! Which rows are whose.

use ratatui::layout::Rect;

use super::model::Model;
use crate::ui::LEAST;

/// Rows above the list: sources, choices or bars.
pub const TOP: u16 = 5;

/// The parts of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Areas {
    /// Where one is, and how far it is.
    pub header: Rect,
    /// Sources, choices, totals; bars while it runs.
    pub top: Rect,
    /// The pictures, with a row of headings.
    pub list: Rect,
    /// Messages, and whatever is asked or typed.
    pub status: Rect,
    /// The keys.
    pub footer: Rect,
}

/// Divides a screen; `None` when it is too small.
pub fn areas((width, height): (u16, u16)) -> Option<Areas> {
    if width < LEAST.0 || height < LEAST.1 {
        return None;
    }
    let row = |y: u16| Rect::new(0, y, width, 1);
    Some(Areas {
        header: row(0),
        top: Rect::new(0, 1, width, TOP),
        list: Rect::new(0, 1 + TOP, width, height - 3 - TOP),
        status: row(height - 2),
        footer: row(height - 1),
    })
}

/// Index of the first picture that is shown: the cursor stays in sight, near the middle of a long list.
pub fn list_top(model: &Model) -> usize {
    let room = list_rows(model.size);
    let most = model.shown.len().saturating_sub(room);
    model.cursor.saturating_sub(room / 2).min(most)
}

/// How many pictures the list shows at once.
pub fn list_rows(size: (u16, u16)) -> usize {
    areas(size).map_or(1, |areas| usize::from(areas.list.height.saturating_sub(1)))
}
