//! What is seen in the picture on screen: which pixel of the photograph is where, its values before and after, and how
//! light and dark are spread.

use ratatui::layout::{Rect, Size};
use whiteboarder_core::image::Picture;
use whiteboarder_core::preview::View;

use super::compose::rgb;

/// Bars of a histogram.
pub const BARS: usize = 64;

/// The numbers behind a picture on screen. The pictures are those of the view, as large as they are drawn.
#[derive(Clone, Debug)]
pub struct Sight {
    /// The part of the photograph that is shown.
    pub view: View,
    /// A cell's pixels.
    pub cell: (u16, u16),
    /// Where copies of the view begin in what is drawn; two of them side by side.
    pub copies: Vec<(u32, u32)>,
    /// The photograph, or what is compared with.
    pub before: Picture,
    /// The result, if there is one.
    pub after: Option<Picture>,
    /// How light and dark are spread before…
    pub tones_before: Tones,
    /// …and after.
    pub tones_after: Option<Tones>,
}

/// A pixel's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Its column in the photograph.
    pub x: u32,
    /// Its row.
    pub y: u32,
    /// Red, green and blue before.
    pub before: [u8; 3],
    /// And after.
    pub after: Option<[u8; 3]>,
}

/// How many pixels are how light.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tones {
    /// From black to white.
    pub bars: [u32; BARS],
    /// Pixels that are nothing but white.
    pub white: u32,
    /// Pixels that are nothing but black.
    pub black: u32,
    /// All of them.
    pub all: u32,
}

impl Tones {
    /// Counts a picture.
    pub fn of(picture: &Picture) -> Tones {
        let mut tones = Tones {
            bars: [0; BARS],
            white: 0,
            black: 0,
            all: 0,
        };
        for pixel in picture.data.chunks_exact(picture.channels.count()) {
            let [red, green, blue] = rgb(pixel);
            // Rec. 601 luma.
            let light =
                (299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue)) / 1000;
            tones.bars[light as usize * BARS / 256] += 1;
            tones.white += u32::from([red, green, blue] == [255; 3]);
            tones.black += u32::from([red, green, blue] == [0; 3]);
            tones.all += 1;
        }
        tones
    }

    /// A count as % of all.
    pub fn percent(&self, count: u32) -> f64 {
        100.0 * f64::from(count) / f64::from(self.all.max(1))
    }
}

impl Sight {
    /// The photograph's pixel under the middle of a cell, from a picture of `drawn` cells in the middle of `pane`.
    pub fn pixel(&self, pane: Rect, drawn: Size, (column, row): (u16, u16)) -> Option<(u32, u32)> {
        let (x, y) = self.share(pane, drawn, (column, row))?;
        let at = |share: f64, from: u32, length: u32| {
            from + ((share * f64::from(length)) as u32).min(length.saturating_sub(1))
        };
        Some((
            at(x, self.view.x, self.view.width),
            at(y, self.view.y, self.view.height),
        ))
    }

    /// The place under the middle of a cell as shares of the view.
    pub fn share(&self, pane: Rect, drawn: Size, (column, row): (u16, u16)) -> Option<(f64, f64)> {
        let left = pane.x + pane.width.saturating_sub(drawn.width) / 2;
        let top = pane.y + pane.height.saturating_sub(drawn.height) / 2;
        let along = |at: u16, from: u16, cell: u16| {
            let cells = f64::from(at.checked_sub(from)?) + 0.5;
            Some(cells * f64::from(cell))
        };
        let (x, y) = (
            along(column, left, self.cell.0)?,
            along(row, top, self.cell.1)?,
        );
        let (width, height) = (
            f64::from(self.view.to_width),
            f64::from(self.view.to_height),
        );
        // The last cell may be wider than what is left of the picture.
        let slack = (f64::from(self.cell.0) / 2.0, f64::from(self.cell.1) / 2.0);
        self.copies.iter().rev().find_map(|(from_x, from_y)| {
            let (x, y) = (x - f64::from(*from_x), y - f64::from(*from_y));
            let inside = x >= 0.0 && y >= 0.0 && x < width + slack.0 && y < height + slack.1;
            inside.then(|| ((x / width).min(1.0), (y / height).min(1.0)))
        })
    }

    /// The values of a pixel of the photograph that is in sight.
    pub fn reading(&self, (x, y): (u32, u32)) -> Option<Reading> {
        let view = &self.view;
        let at = |value: u32, from: u32, length: u32, drawn: u32| {
            let inside = value.checked_sub(from).filter(|inside| *inside < length)?;
            // The middle of the pixel.
            let share = (f64::from(inside) + 0.5) / f64::from(length);
            Some(((share * f64::from(drawn)) as u32).min(drawn.saturating_sub(1)))
        };
        let column = at(x, view.x, view.width, view.to_width)?;
        let row = at(y, view.y, view.height, view.to_height)?;
        let value = |picture: &Picture| {
            let channels = picture.channels.count();
            let index = (row * picture.width + column) as usize * channels;
            picture.data.get(index..index + channels).map(rgb)
        };
        Some(Reading {
            x,
            y,
            before: value(&self.before)?,
            after: self.after.as_ref().and_then(value),
        })
    }

    /// The photograph's pixel in the middle of what is seen.
    pub fn middle(&self) -> (u32, u32) {
        (
            self.view.x + self.view.width / 2,
            self.view.y + self.view.height / 2,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use whiteboarder_core::image::Channels;

    fn sight() -> Sight {
        // A 40 × 20 part of a photograph drawn as 20 × 10 pixels; every pixel says where it is.
        let data = (0..10)
            .flat_map(|y| (0..20).map(move |x| x * 10 + y))
            .collect();
        let before = Picture::new(20, 10, Channels::Grey, data).unwrap();
        Sight {
            view: View {
                x: 100,
                y: 50,
                width: 40,
                height: 20,
                to_width: 20,
                to_height: 10,
            },
            cell: (1, 2),
            copies: vec![(0, 0), (21, 0)],
            after: None,
            tones_before: Tones::of(&before),
            tones_after: None,
            before,
        }
    }

    #[test]
    fn a_cell_has_its_pixel_in_both_copies_and_none_beside_them() {
        let sight = sight();
        let pane = Rect::new(5, 1, 61, 11);
        let drawn = Size::new(41, 5);
        // The picture begins ten cells and three rows into the pane.
        let pixel = |column, row| sight.pixel(pane, drawn, (column, row));
        assert_eq!(pixel(15, 4), Some((101, 52)));
        assert_eq!(pixel(15 + 19, 4 + 4), Some((139, 68)));
        assert_eq!(pixel(15 + 21, 4), Some((101, 52)));
        assert_eq!(pixel(14, 4), None);
        assert_eq!(pixel(15, 3), None);
        assert_eq!(pixel(15 + 60, 4), None);
        assert_eq!(pixel(15, 20), None);
    }

    #[test]
    fn a_reading_is_of_the_pixel_that_was_asked_for() {
        let sight = sight();
        let reading = sight.reading((101, 52)).unwrap();
        assert_eq!((reading.x, reading.y, reading.after), (101, 52, None));
        assert_eq!(reading.before, [1; 3]);
        assert_eq!(sight.reading((138, 50)).unwrap().before, [190; 3]);
        assert_eq!(sight.reading((140, 50)), None);
        assert_eq!(sight.reading((99, 50)), None);
        assert_eq!(sight.middle(), (120, 60));
    }

    #[test]
    fn tones_count_what_is_clipped() {
        let data = vec![255, 255, 255, 255, 255, 0, 0, 0, 0, 100, 100, 100];
        let tones = Tones::of(&Picture::new(4, 1, Channels::Rgb, data).unwrap());
        assert_eq!((tones.white, tones.black, tones.all), (1, 1, 4));
        assert_eq!(tones.bars.iter().sum::<u32>(), 4);
        assert_eq!((tones.bars[0], tones.bars[25], tones.bars[63]), (1, 1, 1));
        assert!((tones.percent(tones.white) - 25.0).abs() < 1e-9);
    }
}
