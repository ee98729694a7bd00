//! Where ratatui draws: into memory, and only what changed.
//!
//! ratatui's own backend repeats the cursor and the colours with every frame. Here a frame that changes
//! nothing is empty, so that nothing is sent.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

use super::tty::extent;

/// The bytes of the frame being drawn.
#[derive(Clone, Debug, Default)]
pub struct Drawn(Arc<Mutex<Vec<u8>>>);

impl Drawn {
    /// The frame.
    pub fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Drawn {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A terminal in memory, as large as the real one.
#[derive(Debug)]
pub struct Memory {
    inner: CrosstermBackend<Drawn>,
    /// Where the cursor is, as far as it was put somewhere on purpose.
    cursor: Option<Position>,
    visible: Option<bool>,
}

impl Memory {
    pub fn new(drawn: Drawn) -> Memory {
        Memory {
            inner: CrosstermBackend::new(drawn),
            cursor: None,
            visible: None,
        }
    }

    /// The terminal was somebody else's in between.
    pub fn forget(&mut self) {
        self.cursor = None;
        self.visible = None;
    }

    fn show(&mut self, visible: bool) -> io::Result<()> {
        if self.visible == Some(visible) {
            return Ok(());
        }
        self.visible = Some(visible);
        if visible {
            self.inner.show_cursor()
        } else {
            self.inner.hide_cursor()
        }
    }
}

impl Backend for Memory {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        if content.peek().is_none() {
            return Ok(());
        }
        self.cursor = None;
        self.inner.draw(content)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.show(false)
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.show(true)
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        // Never asked of the terminal: its answer would go to our own reader.
        Ok(self.cursor.unwrap_or(Position::ORIGIN))
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let position = position.into();
        if self.cursor == Some(position) {
            return Ok(());
        }
        self.cursor = Some(position);
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.inner.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.inner.clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        let extent = extent();
        Ok(Size::new(extent.columns, extent.rows))
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        let extent = extent();
        let (width, height) = extent.pixels.unwrap_or_default();
        Ok(WindowSize {
            columns_rows: Size::new(extent.columns, extent.rows),
            pixels: Size::new(width, height),
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
