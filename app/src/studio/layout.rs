//! Who gets which cells. Both the drawing and the size for which pictures are made come from here.

use ratatui::layout::Rect;

use crate::ui::LEAST;

/// From this many columns on the panel stands beside the picture, otherwise below it.
const WIDE: u16 = 100;

/// The parts of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Areas {
    /// What is open, and how far its preview is.
    pub header: Rect,
    /// As large as possible.
    pub picture: Rect,
    /// The fields, or one row with the selected one while the panel is hidden.
    pub panel: Rect,
    /// Which of these the panel is.
    pub place: Place,
    /// What is shown, messages, and whatever is asked or typed. Nothing is ever laid over the picture:
    /// cells that cover a picture's pixels do not give them back in every terminal.
    pub status: Rect,
    /// The keys.
    pub footer: Rect,
}

/// Where the panel stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Right of the picture.
    Beside,
    /// Under it, with fewer rows.
    Below,
    /// One row with the selected field.
    Line,
}

impl Areas {
    /// Picture and panel together.
    pub fn body(&self) -> Rect {
        self.picture.union(self.panel)
    }
}

/// Divides a screen; `None` when it is too small.
pub fn areas((width, height): (u16, u16), hidden: bool) -> Option<Areas> {
    if width < LEAST.0 || height < LEAST.1 {
        return None;
    }
    let row = |y: u16| Rect::new(0, y, width, 1);
    let body = Rect::new(0, 1, width, height - 3);
    let (place, picture, panel) = if hidden {
        let picture = Rect::new(0, 1, width, body.height - 1);
        (Place::Line, picture, row(height - 3))
    } else if width >= WIDE {
        let columns = (width / 3).clamp(36, 46);
        let picture = Rect::new(0, 1, width - columns, body.height);
        let panel = Rect::new(width - columns, 1, columns, body.height);
        (Place::Beside, picture, panel)
    } else {
        let rows = body.height / 3;
        let picture = Rect::new(0, 1, width, body.height - rows);
        let panel = Rect::new(0, 1 + picture.height, width, rows);
        (Place::Below, picture, panel)
    };
    Some(Areas {
        header: row(0),
        picture,
        panel,
        place,
        status: row(height - 2),
        footer: row(height - 1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_fill_the_screen_and_do_not_overlap() {
        for size in [
            (50, 15),
            (80, 24),
            (99, 24),
            (100, 30),
            (120, 40),
            (400, 100),
        ] {
            for hidden in [false, true] {
                let areas = areas(size, hidden).unwrap();
                let parts = [
                    areas.header,
                    areas.picture,
                    areas.panel,
                    areas.status,
                    areas.footer,
                ];
                let cells: u32 = parts.iter().map(|part| part.area()).sum();
                assert_eq!(cells, u32::from(size.0) * u32::from(size.1), "{size:?}");
                for (index, one) in parts.iter().enumerate() {
                    for other in &parts[index + 1..] {
                        assert!(!one.intersects(*other), "{size:?}: {one} {other}");
                    }
                }
                let half = areas.picture.area() * 2;
                assert!(half > cells, "{size:?}: the picture is the greater half");
            }
        }
    }

    #[test]
    fn one_column_or_row_too_few_is_too_small() {
        assert!(areas((49, 15), false).is_none());
        assert!(areas((50, 14), false).is_none());
        assert!(areas((0, 0), true).is_none());
    }
}
