//! A picture in a pane: encoded on the render thread, drawn on the UI thread.

use std::sync::Arc;

use anyhow::Result;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Color;
use whiteboarder_core::image::{Channels, Picture};

use crate::term::screen::{Graphics, Protocol};

/// Pixels of a cell of half blocks.
pub const HALF: (u16, u16) = (1, 2);

/// Encodes pictures for this terminal. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Encoder {
    protocol: Protocol,
    cell: (u16, u16),
}

/// A picture encoded for this terminal at a size in cells. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Shown {
    columns: u16,
    rows: u16,
    cells: Arc<[(Color, Color)]>,
}

impl Encoder {
    pub(crate) fn new(graphics: &Graphics) -> Encoder {
        Encoder {
            protocol: graphics.protocol,
            cell: graphics.cell,
        }
    }

    /// Half blocks, whatever the terminal.
    pub fn half() -> Encoder {
        Encoder {
            protocol: Protocol::Half,
            cell: HALF,
        }
    }

    /// No pictures at all.
    pub fn none() -> Encoder {
        Encoder {
            protocol: Protocol::None,
            cell: HALF,
        }
    }

    /// Pixels that a pane of this many cells takes: what to render for.
    pub fn pixels(&self, columns: u16, rows: u16) -> (u32, u32) {
        (
            u32::from(columns) * u32::from(self.cell.0),
            u32::from(rows) * u32::from(self.cell.1),
        )
    }

    /// Encodes a picture of at most `pixels(columns, rows)` for a pane of at most this many cells.
    pub fn encode(&self, picture: &Picture, columns: u16, rows: u16) -> Result<Shown> {
        let columns = (picture.width as u16).min(columns);
        let rows = (picture.height.div_ceil(2) as u16).min(rows);
        if self.protocol == Protocol::None {
            return Ok(Shown {
                columns: 0,
                rows: 0,
                cells: Arc::new([]),
            });
        }
        let color = |x: u32, y: u32| {
            let y = y.min(picture.height - 1);
            let at = (y as usize * picture.width as usize + x as usize) * picture.channels.count();
            match picture.channels {
                Channels::Grey => Color::Rgb(picture.data[at], picture.data[at], picture.data[at]),
                Channels::Rgb => {
                    Color::Rgb(picture.data[at], picture.data[at + 1], picture.data[at + 2])
                }
            }
        };
        let cells = (0..u32::from(rows))
            .flat_map(|row| {
                (0..u32::from(columns)).map(move |x| (color(x, 2 * row), color(x, 2 * row + 1)))
            })
            .collect();
        Ok(Shown {
            columns,
            rows,
            cells,
        })
    }
}

impl Shown {
    /// Columns that it takes.
    pub fn columns(&self) -> u16 {
        self.columns
    }

    /// Rows that it takes.
    pub fn rows(&self) -> u16 {
        self.rows
    }

    /// Draws it into the middle of `area`.
    pub fn draw(&self, frame: &mut Frame<'_>, area: Rect) {
        let left = area.x + area.width.saturating_sub(self.columns) / 2;
        let top = area.y + area.height.saturating_sub(self.rows) / 2;
        let buffer = frame.buffer_mut();
        for (index, (upper, lower)) in self.cells.iter().enumerate() {
            let x = left + (index % usize::from(self.columns)) as u16;
            let y = top + (index / usize::from(self.columns)) as u16;
            if x < area.right()
                && y < area.bottom()
                && let Some(cell) = buffer.cell_mut((x, y))
            {
                cell.set_symbol("▀").set_fg(*upper).set_bg(*lower);
            }
        }
    }
}
