//! Which rows are whose.

use ratatui::layout::Rect;

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

impl Areas {
    /// Everything between header and status.
    pub fn body(&self) -> Rect {
        self.top.union(self.list)
    }
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

/// How many pictures the list shows at once.
pub fn list_rows(size: (u16, u16)) -> usize {
    areas(size).map_or(1, |areas| usize::from(areas.list.height.saturating_sub(1)))
}
