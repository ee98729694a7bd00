//! Who gets which cells. Both the drawing and the size for which pictures are made come from here.

use ratatui::layout::Rect;

use crate::ui::LEAST;

/// From this many columns on the panel stands beside the picture, otherwise below it.
const WIDE: u16 = 100;

/// Columns and rows of a thumbnail.
pub const THUMB: (u16, u16) = (14, 5);

/// Columns of a thumbnail with the gap to the next.
const TILE: u16 = THUMB.0 + 2;

/// The parts of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Areas {
    /// What is open, and how far its preview is.
    pub header: Rect,
    /// As large as possible.
    pub picture: Rect,
    /// The photographs around this one: under the picture, a row of names and below it their thumbnails or nothing.
    /// Without rows where there is one photograph, or no room.
    pub strip: Rect,
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
    /// Picture, strip and panel together.
    pub fn body(&self) -> Rect {
        self.picture.union(self.strip).union(self.panel)
    }

    /// How many thumbnails the strip has room for.
    pub fn tiles(&self) -> usize {
        if self.strip.height > 1 {
            usize::from(self.strip.width / TILE)
        } else {
            0
        }
    }

    /// Where the strip's thumbnails are, with the row of their names above.
    pub fn tile(&self, number: usize) -> Rect {
        let left = self.strip.x + (number as u16).saturating_mul(TILE) + 1;
        let (y, height) = (self.strip.y, self.strip.height);
        Rect::new(left, y, THUMB.0, height).intersection(self.strip)
    }
}

/// Rows of the strip: names and thumbnails on large screens, names on usual ones.
fn strip_rows(place: Place, height: u16, photos: usize) -> u16 {
    let large = if place == Place::Below { 45 } else { 30 };
    match height {
        _ if photos < 2 => 0,
        height if height >= large => 1 + THUMB.1,
        height if height >= 20 => 1,
        _ => 0,
    }
}

/// Divides a screen for so many photographs; `None` when it is too small.
pub fn areas((width, height): (u16, u16), hidden: bool, photos: usize) -> Option<Areas> {
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
    let rows = strip_rows(place, height, photos);
    let strip = Rect {
        y: picture.bottom() - rows,
        height: rows,
        ..picture
    };
    let picture = Rect {
        height: picture.height - rows,
        ..picture
    };
    Some(Areas {
        header: row(0),
        picture,
        strip,
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
            (80, 30),
            (80, 45),
            (99, 24),
            (100, 30),
            (120, 40),
            (400, 100),
        ] {
            for (hidden, photos) in [(false, 1), (false, 2), (true, 1), (true, 2000)] {
                let areas = areas(size, hidden, photos).unwrap();
                let parts = [
                    areas.header,
                    areas.picture,
                    areas.strip,
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
                let others = parts.iter().filter(|part| **part != areas.picture);
                let rest = others.map(|part| part.area()).max().unwrap();
                assert!(
                    areas.picture.area() >= rest * 4 / 3,
                    "{size:?}: the picture is the greatest part"
                );
                for number in 0..areas.tiles() {
                    let tile = areas.tile(number);
                    assert_eq!((tile.width, tile.height), (THUMB.0, 1 + THUMB.1));
                }
            }
        }
    }

    #[test]
    fn the_strip_has_the_rows_that_the_picture_can_spare() {
        let rows = |size, photos| areas(size, false, photos).unwrap().strip.height;
        assert_eq!(rows((120, 40), 2), 6);
        assert_eq!(rows((120, 40), 1), 0);
        assert_eq!(rows((80, 24), 2), 1);
        assert_eq!(rows((80, 50), 2), 6);
        assert_eq!(rows((50, 15), 2), 0);
    }

    #[test]
    fn one_column_or_row_too_few_is_too_small() {
        assert!(areas((49, 15), false, 1).is_none());
        assert!(areas((50, 14), false, 1).is_none());
        assert!(areas((0, 0), true, 1).is_none());
    }
}
