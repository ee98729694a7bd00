//! From the pictures of a view to the one that is shown: side by side, split, their difference, and what is clipped.

use whiteboarder_core::image::{Channels, Picture};

/// What the ink mask counts as ink: a channel below this, as `--format mask` has it when nothing else is said.
const INK: u8 = 128;
/// White that is clipped.
const BRIGHT: [u8; 3] = [150, 190, 255];
/// Black that is clipped.
const DEEP: [u8; 3] = [255, 120, 0];
/// The line between the halves of a split.
const LINE: [u8; 3] = [255, 135, 0];
/// What is between two pictures side by side.
const BETWEEN: u8 = 64;

/// Where two pictures stand when both are seen whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Halves {
    /// Pixels for each of them.
    pub pane: (u32, u32),
    /// Whether they stand one above the other.
    pub stacked: bool,
    /// Pixels between them.
    pub gap: u32,
}

impl Halves {
    /// Divides a pane of cells of this size so that a photograph is seen as large as possible.
    pub fn of(columns: u16, rows: u16, cell: (u16, u16), photo: (u32, u32)) -> Halves {
        let pixels = |cells: u16, cell: u16| u32::from(cells) * u32::from(cell);
        let half = |cells: u16| (cells.saturating_sub(1) / 2).max(1);
        let besides = Halves {
            pane: (pixels(half(columns), cell.0), pixels(rows, cell.1)),
            stacked: false,
            gap: u32::from(cell.0),
        };
        let stacked = Halves {
            pane: (pixels(columns, cell.0), pixels(half(rows), cell.1)),
            stacked: true,
            gap: u32::from(cell.1),
        };
        let scale = |halves: &Halves| {
            let share = |room: u32, n: u32| f64::from(room) / f64::from(n.max(1));
            share(halves.pane.0, photo.0).min(share(halves.pane.1, photo.1))
        };
        if scale(&stacked) > scale(&besides) {
            stacked
        } else {
            besides
        }
    }

    /// Where the second picture of this size begins.
    pub fn second(&self, (width, height): (u32, u32)) -> (u32, u32) {
        if self.stacked {
            (0, height + self.gap)
        } else {
            (width + self.gap, 0)
        }
    }
}

/// One picture left of the split, the other right of it, and a line between them that shows on both.
pub fn split(before: &Picture, after: &Picture, percent: u16) -> Picture {
    let mut picture = after.clone();
    if before.data.len() != after.data.len() {
        return picture;
    }
    let channels = after.channels.count();
    let width = after.width as usize;
    let at = width * usize::from(percent.min(100)) / 100;
    // A pixel is a whole cell in half blocks and a hair in sixel.
    let line = if percent == 0 || percent >= 100 {
        0
    } else {
        width.div_ceil(400)
    };
    let row_len = width * channels;
    let rows = picture
        .data
        .chunks_exact_mut(row_len)
        .zip(before.data.chunks_exact(row_len));
    for (row, old) in rows {
        row[..at * channels].copy_from_slice(&old[..at * channels]);
        let end = (at + line).min(width);
        for pixel in row[at * channels..end * channels].chunks_exact_mut(channels) {
            match pixel {
                [red, green, blue] => [*red, *green, *blue] = LINE,
                grey => grey.fill(0),
            }
        }
    }
    picture
}

/// Both whole, the first one left or on top.
pub fn beside(first: &Picture, second: &Picture, halves: &Halves) -> Picture {
    let channels = first.channels.count();
    if first.channels != second.channels {
        return second.clone();
    }
    if halves.stacked {
        let width = first.width.max(second.width);
        let height = first.height + halves.gap + second.height;
        let mut data = Vec::with_capacity(width as usize * height as usize * channels);
        data.extend_from_slice(&first.data);
        data.resize(
            data.len() + (width * halves.gap) as usize * channels,
            BETWEEN,
        );
        data.extend_from_slice(&second.data);
        return Picture::new(width, height, first.channels, data)
            .unwrap_or_else(|_| second.clone());
    }
    let gap = vec![BETWEEN; halves.gap as usize * channels];
    let rows = first
        .data
        .chunks_exact((first.width as usize * channels).max(1))
        .zip(
            second
                .data
                .chunks_exact((second.width as usize * channels).max(1)),
        );
    let data: Vec<u8> = rows
        .flat_map(|(one, other)| [one, &gap, other])
        .flatten()
        .copied()
        .collect();
    let width = first.width + halves.gap + second.width;
    let height = first.height.min(second.height);
    Picture::new(width, height, first.channels, data).unwrap_or_else(|_| second.clone())
}

/// White where both are the same, and the darker the more they differ, channel by channel.
pub fn difference(before: &Picture, after: &Picture) -> Picture {
    let mut picture = after.clone();
    if before.data.len() == after.data.len() {
        for (sample, old) in picture.data.iter_mut().zip(&before.data) {
            *sample = 255 - sample.abs_diff(*old);
        }
    }
    picture
}

/// Black where a channel is dark enough to be ink.
pub fn mask(after: &Picture) -> Picture {
    let mut picture = after.clone();
    for pixel in picture.data.chunks_exact_mut(after.channels.count()) {
        let is_ink = pixel.iter().any(|sample| *sample < INK);
        pixel.fill(if is_ink { 0 } else { 255 });
    }
    picture
}

/// The picture with what is clipped in it coloured: white in blue, black in orange.
pub fn clipping(picture: &Picture) -> Picture {
    let channels = picture.channels.count();
    let data: Vec<u8> = picture
        .data
        .chunks_exact(channels)
        .flat_map(|pixel| {
            if pixel.iter().all(|sample| *sample == 255) {
                BRIGHT
            } else if pixel.iter().all(|sample| *sample == 0) {
                DEEP
            } else {
                rgb(pixel)
            }
        })
        .collect();
    Picture::new(picture.width, picture.height, Channels::Rgb, data)
        .unwrap_or_else(|_| picture.clone())
}

/// A pixel of one or three samples in colour.
pub fn rgb(pixel: &[u8]) -> [u8; 3] {
    match *pixel {
        [red, green, blue] => [red, green, blue],
        [grey, ..] => [grey; 3],
        [] => [0; 3],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(value: u8) -> Picture {
        Picture::new(100, 4, Channels::Grey, vec![value; 400]).unwrap()
    }

    #[test]
    fn the_split_shows_both_pictures_and_at_its_ends_only_one() {
        let (before, after) = (grey(10), grey(200));
        let half = split(&before, &after, 50);
        let row = &half.data[..100];
        assert!(row[..50].iter().all(|value| *value == 10));
        assert_eq!(row[50], 0);
        assert!(row[51..].iter().all(|value| *value == 200));
        assert_eq!(split(&before, &after, 0), after);
        assert_eq!(split(&before, &after, 100), before);
    }

    #[test]
    fn side_by_side_both_are_whole_and_a_wide_photograph_is_stacked() {
        let cell = (1, 2);
        let wide = Halves::of(80, 40, cell, (4000, 1000));
        assert!(wide.stacked);
        let tall = Halves::of(80, 40, cell, (1000, 4000));
        assert!(!tall.stacked);
        assert_eq!(tall.pane, (39, 80));
        for halves in [wide, tall] {
            let both = beside(&grey(10), &grey(200), &halves);
            let (x, y) = halves.second((100, 4));
            assert_eq!((both.width, both.height), (100 + x, 4 + y));
            assert_eq!(both.data[0], 10);
            assert_eq!(both.data[(y * both.width + x) as usize], 200);
            assert_eq!(both.data.last(), Some(&200));
            assert!(both.data.contains(&BETWEEN));
        }
    }

    #[test]
    fn what_is_the_same_differs_by_nothing_and_ink_is_black() {
        assert_eq!(difference(&grey(10), &grey(10)), grey(255));
        assert_eq!(difference(&grey(10), &grey(60)), grey(205));
        assert_eq!(mask(&grey(127)), grey(0));
        assert_eq!(mask(&grey(128)), grey(255));
    }

    #[test]
    fn what_is_clipped_is_coloured_and_the_rest_stays() {
        let data = vec![255, 255, 255, 0, 0, 0, 255, 255, 254, 9, 0, 0];
        let picture = Picture::new(4, 1, Channels::Rgb, data).unwrap();
        let shown = clipping(&picture);
        assert_eq!(shown.data[..3], BRIGHT);
        assert_eq!(shown.data[3..6], DEEP);
        assert_eq!(shown.data[6..], [255, 255, 254, 9, 0, 0]);
        assert_eq!(clipping(&grey(255)).data[..3], BRIGHT);
    }
}
