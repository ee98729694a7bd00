//! What the mouse means wherever rows are listed.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

/// Rows that one notch of the wheel scrolls.
const NOTCH: isize = 3;

/// What is said when the mouse was released or taken.
pub fn told(taken: bool) -> &'static str {
    if taken {
        "the mouse works here again"
    } else {
        "the mouse selects text now; the same key takes it back"
    }
}

/// Whether the left button was pressed.
pub fn is_click(event: MouseEvent) -> bool {
    event.kind == MouseEventKind::Down(MouseButton::Left)
}

/// How many rows the wheel was turned down; `None` when it was not.
pub fn wheel(event: MouseEvent) -> Option<isize> {
    match event.kind {
        MouseEventKind::ScrollUp => Some(-NOTCH),
        MouseEventKind::ScrollDown => Some(NOTCH),
        _ => None,
    }
}

/// Whether it is over an area.
pub fn is_over(event: MouseEvent, area: Rect) -> bool {
    area.contains(Position::new(event.column, event.row))
}

/// How far it is below an area's first row, when it is over the area.
pub fn row_in(event: MouseEvent, area: Rect) -> Option<usize> {
    is_over(event, area).then(|| usize::from(event.row - area.y))
}

/// A click, or a turn of the wheel, at a cell.
#[cfg(test)]
pub fn at(kind: MouseEventKind, (column, row): (u16, u16)) -> MouseEvent {
    MouseEvent {
        kind,
        column,
        row,
        modifiers: crossterm::event::KeyModifiers::NONE,
    }
}

/// A press of the left button.
#[cfg(test)]
pub const CLICK: MouseEventKind = MouseEventKind::Down(MouseButton::Left);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_told_only_inside_the_area() {
        let area = Rect::new(10, 5, 20, 3);
        let row = |cell| row_in(at(CLICK, cell), area);
        assert_eq!(row((10, 5)), Some(0));
        assert_eq!(row((29, 7)), Some(2));
        assert_eq!(row((30, 7)), None);
        assert_eq!(row((29, 8)), None);
        assert_eq!(row((9, 5)), None);
        assert_eq!(row((u16::MAX, u16::MAX)), None);
    }

    #[test]
    fn only_the_wheel_scrolls() {
        assert_eq!(wheel(at(MouseEventKind::ScrollUp, (0, 0))), Some(-NOTCH));
        assert_eq!(wheel(at(MouseEventKind::ScrollDown, (0, 0))), Some(NOTCH));
        assert_eq!(wheel(at(CLICK, (0, 0))), None);
    }
}
