//! Pictures among a command's lines: printed once, where the cursor is.
//!
//! `viuer` prints them. It would ask the terminal by itself, without an end to its patience and with the
//! keys that somebody types meanwhile; so it is told what to do instead. The environment decides, and only
//! where it promises kitty's protocol the terminal is asked, within the time that a screen would take.

use std::io::{self, IsTerminal, Write};

use anyhow::{Context, Result};
use image::{DynamicImage, GrayImage, RgbImage};
use ratatui::layout::Size;
use ratatui_image::protocol::sixel::Sixel;
use whiteboarder_core::image::{Channels, Limits, Picture, decode};
use whiteboarder_core::preview::{Preview, View};

use super::Terminal;
use super::screen::{Extent, GraphicsChoice, Protocol, extent, printing};
use crate::error::Failure;
use crate::ui::picture::{HALF, Paint, lines};

/// A cell's pixels where the system does not know them.
const CELL: (u16, u16) = (8, 16);

/// Prints pictures to standard output.
#[derive(Debug)]
pub struct Show<'a> {
    terminal: &'a Terminal,
    protocol: Protocol,
    true_color: bool,
}

impl<'a> Show<'a> {
    /// Fails when standard output is no terminal.
    pub fn on(terminal: &'a Terminal, choice: GraphicsChoice) -> Result<Show<'a>> {
        if !io::stdout().is_terminal() {
            return Err(Failure::usage("--show needs a terminal on standard output").into());
        }
        let (protocol, true_color) = printing(choice);
        Ok(Show {
            terminal,
            protocol,
            true_color,
        })
    }

    /// A heading, and the picture in this file's bytes as large as the terminal is wide and two thirds
    /// of its height. A file that is no picture is told about, and that is all.
    pub fn print(&self, heading: &str, file: &[u8]) -> Result<()> {
        match decode(file, &Limits::default()) {
            Ok(picture) => {
                self.terminal.line(heading)?;
                self.draw(picture)
            }
            Err(error) => {
                self.terminal
                    .note(&format!("{heading}: cannot show it: {error}"));
                Ok(())
            }
        }
    }

    fn draw(&self, picture: Picture) -> Result<()> {
        let paint = Paint::of(self.terminal, self.true_color);
        let extent = extent();
        let cell = match self.protocol {
            Protocol::None => return Ok(()),
            Protocol::Half => HALF,
            _ => cell_of(extent),
        };
        let place = fit(&picture, extent, cell);
        let small = reduced(picture, place.pixels);
        match self.protocol {
            Protocol::Half if matches!(paint, Paint::Shades | Paint::Ascii) => {
                for line in lines(&small, paint) {
                    let text: String = line.iter().map(ratatui::buffer::Cell::symbol).collect();
                    self.terminal.line(text.trim_end())?;
                }
                Ok(())
            }
            Protocol::Sixel => print_sixel(small, place.cells),
            protocol => {
                let config = viuer::Config {
                    absolute_offset: false,
                    width: Some(u32::from(place.cells.width)),
                    height: Some(u32::from(place.cells.height)),
                    truecolor: self.true_color,
                    use_kitty: protocol == Protocol::Kitty,
                    use_iterm: protocol == Protocol::Iterm2,
                    ..viuer::Config::default()
                };
                viuer::print(&image_of(small)?, &config).context("cannot print the picture")?;
                Ok(())
            }
        }
    }
}

/// Where a picture goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    cells: Size,
    pixels: (u32, u32),
}

/// As large as fits, but no pixel larger than one of the terminal's.
fn fit(picture: &Picture, extent: Extent, cell: (u16, u16)) -> Place {
    let (width, height) = (f64::from(picture.width), f64::from(picture.height));
    let (cell_width, cell_height) = (f64::from(cell.0), f64::from(cell.1));
    // The last column is left free: some terminals wrap there.
    let columns = extent.columns.saturating_sub(1).max(1);
    let rows = (extent.rows * 2 / 3).max(1);
    let scale = (f64::from(columns) * cell_width / width)
        .min(f64::from(rows) * cell_height / height)
        .min(1.0);
    let cells = |pixels: f64, cell: f64, most: u16| {
        ((pixels * scale / cell).round().max(1.0) as u16).min(most)
    };
    let size = Size::new(
        cells(width, cell_width, columns),
        cells(height, cell_height, rows),
    );
    Place {
        cells: size,
        // Whole cells, so that nobody scales it a second time.
        pixels: (
            u32::from(size.width) * u32::from(cell.0),
            u32::from(size.height) * u32::from(cell.1),
        ),
    }
}

fn cell_of(extent: Extent) -> (u16, u16) {
    extent
        .pixels
        .map(|(width, height)| (width / extent.columns, height / extent.rows))
        .filter(|(width, height)| *width > 0 && *height > 0)
        .unwrap_or(CELL)
}

/// The picture, reduced to fit into so many pixels with its shape kept; one that fits stays as it is.
pub fn fitted(picture: Picture, (columns, rows): (u32, u32)) -> Picture {
    let (width, height) = (f64::from(picture.width), f64::from(picture.height));
    let scale = (f64::from(columns) / width).min(f64::from(rows) / height);
    if scale >= 1.0 || picture.width == 0 || picture.height == 0 {
        return picture;
    }
    let to = |pixels: f64| (pixels * scale).floor().max(1.0) as u32;
    reduced(picture, (to(width), to(height)))
}

fn reduced(picture: Picture, (to_width, to_height): (u32, u32)) -> Picture {
    let view = View {
        x: 0,
        y: 0,
        width: picture.width,
        height: picture.height,
        to_width,
        to_height,
    };
    Preview::new(picture).before(&view)
}

fn image_of(picture: Picture) -> Result<DynamicImage> {
    let (width, height, data) = (picture.width, picture.height, picture.data);
    let image = match picture.channels {
        // viuer takes only colour for inline pictures.
        Channels::Grey => GrayImage::from_raw(width, height, data)
            .map(|grey| DynamicImage::ImageLuma8(grey).to_rgb8()),
        Channels::Rgb => RgbImage::from_raw(width, height, data),
    };
    image
        .map(DynamicImage::ImageRgb8)
        .context("the picture has fewer samples than pixels")
}

/// Makes room first: at the bottom of the screen the picture would scroll while it is drawn.
fn print_sixel(picture: Picture, cells: Size) -> Result<()> {
    let sixel = Sixel::new(image_of(picture)?, cells, false)
        .context("cannot encode the picture as sixel")?;
    let rows = cells.height;
    let room = "\n".repeat(usize::from(rows));
    let mut out = io::stdout().lock();
    write!(
        out,
        "{room}\x1b[{rows}A\x1b7{}\x1b8\x1b[{rows}B",
        sixel.data
    )?;
    out.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u32, height: u32) -> Picture {
        let data = vec![200; (width * height) as usize];
        Picture::new(width, height, Channels::Grey, data).unwrap()
    }

    const EXTENT: Extent = Extent {
        columns: 81,
        rows: 24,
        pixels: None,
    };

    #[test]
    fn a_wide_picture_takes_the_width_and_a_tall_one_two_thirds_of_the_height() {
        let wide = fit(&picture(4000, 1000), EXTENT, HALF);
        assert_eq!(wide.cells, Size::new(80, 10));
        assert_eq!(wide.pixels, (80, 20));
        let tall = fit(&picture(1000, 2000), EXTENT, (10, 20));
        assert_eq!(tall.cells, Size::new(16, 16));
        assert_eq!(tall.pixels, (160, 320));
    }

    #[test]
    fn a_small_picture_is_not_enlarged_and_has_a_cell_at_least() {
        assert_eq!(
            fit(&picture(30, 40), EXTENT, (10, 20)).cells,
            Size::new(3, 2)
        );
        assert_eq!(fit(&picture(1, 1), EXTENT, (10, 20)).cells, Size::new(1, 1));
        assert_eq!(fit(&picture(5000, 1), EXTENT, HALF).cells, Size::new(80, 1));
    }

    #[test]
    fn a_picture_is_reduced_to_exactly_its_place() {
        let place = fit(&picture(333, 222), EXTENT, HALF);
        let small = reduced(picture(333, 222), place.pixels);
        assert_eq!((small.width, small.height), place.pixels);
        assert!(small.data.iter().all(|value| value.abs_diff(200) <= 1));
    }
}
