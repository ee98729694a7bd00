//! A picture in a pane: encoded on the thread that rendered it, drawn on the UI thread.
//!
//! Half blocks are plain cells. For the other protocols `ratatui-image` makes the bytes, and what it
//! leaves to its users is done here: kitty's pixels go out ahead of the frame instead of inside a cell
//! that something else may cover, and are deleted when nobody shows them any more; and a sixel or inline
//! picture is sent again when something that lay over it goes away ([`repair`]).

use std::collections::BTreeSet;
use std::num::NonZeroU16;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use image::{DynamicImage, GrayImage, RgbImage};
use ratatui::Frame;
use ratatui::buffer::{Buffer, Cell, CellDiffOption};
use ratatui::layout::{Rect, Size};
use ratatui::style::Color;
use ratatui::text::Line;
use ratatui::widgets::Widget;
use ratatui_image::Image;
use ratatui_image::protocol::iterm2::Iterm2;
use ratatui_image::protocol::kitty::Kitty;
use ratatui_image::protocol::sixel::Sixel;
use whiteboarder_core::image::{Channels, Picture};

use crate::term::Terminal;
use crate::term::screen::{Extent, Protocol};

/// A cell's pixels where it is a half block.
pub const HALF: (u16, u16) = (1, 2);
/// Pixels in a band of sixels.
const BAND: u32 = 6;
/// What stands for a part of kitty's pictures.
const PLACEHOLDER: char = '\u{10eeee}';
const NO_PICTURES: &str = "no pictures here";

/// How half blocks are coloured, or what replaces them where there is no colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// 16 million colours.
    Full,
    /// The 240 fixed ones of 256.
    Indexed,
    /// Darker and lighter blocks.
    Shades,
    /// Darker and lighter characters.
    Ascii,
}

impl Paint {
    /// What this terminal takes.
    pub fn of(terminal: &Terminal, true_color: bool) -> Paint {
        match (terminal.unicode, terminal.color_out, true_color) {
            (false, _, _) => Paint::Ascii,
            (true, false, _) => Paint::Shades,
            (true, true, true) => Paint::Full,
            (true, true, false) => Paint::Indexed,
        }
    }

    /// A cell of two pixels, one above the other.
    fn cell(self, upper: [u8; 3], lower: [u8; 3]) -> Cell {
        let mut cell = Cell::default();
        let light = || usize::midpoint(light(upper), light(lower));
        match self {
            Paint::Full => cell
                .set_symbol("▀")
                .set_fg(Color::Rgb(upper[0], upper[1], upper[2]))
                .set_bg(Color::Rgb(lower[0], lower[1], lower[2])),
            Paint::Indexed => cell
                .set_symbol("▀")
                .set_fg(Color::Indexed(indexed(upper)))
                .set_bg(Color::Indexed(indexed(lower))),
            Paint::Shades => cell.set_symbol(ramp(&[" ", "░", "▒", "▓", "█"], light())),
            Paint::Ascii => cell.set_symbol(ramp(
                &[" ", ".", ":", "-", "=", "+", "*", "#", "%", "@"],
                light(),
            )),
        };
        cell
    }
}

/// Rec. 601 luma, 0 to 255.
fn light([red, green, blue]: [u8; 3]) -> usize {
    (299 * usize::from(red) + 587 * usize::from(green) + 114 * usize::from(blue)) / 1000
}

fn ramp(steps: &[&'static str], light: usize) -> &'static str {
    steps[(light * steps.len() / 256).min(steps.len() - 1)]
}

/// The nearest of the fixed colours 16 to 255: a cube of 6 × 6 × 6, and 24 greys.
fn indexed(color: [u8; 3]) -> u8 {
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let distance = |other: [u8; 3]| -> u32 {
        color
            .iter()
            .zip(other)
            .map(|(a, b)| u32::from(a.abs_diff(b)).pow(2))
            .sum()
    };
    let steps = color.map(|value| {
        (0..LEVELS.len())
            .min_by_key(|step| value.abs_diff(LEVELS[*step]))
            .unwrap_or(0)
    });
    let cube = steps.map(|step| LEVELS[step]);
    // The greys are 8, 18, … 238.
    let grey = ((light(color) + 2) / 10).clamp(1, 24) - 1;
    let grey_value = (8 + 10 * grey) as u8;
    if distance([grey_value; 3]) < distance(cube) {
        232 + grey as u8
    } else {
        (16 + 36 * steps[0] + 6 * steps[1] + steps[2]) as u8
    }
}

/// Encodes pictures for this terminal, on any thread. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Encoder {
    protocol: Protocol,
    paint: Paint,
    images: Arc<Images>,
    /// Kitty's pixels are packed: a board is mostly white.
    packed: bool,
}

/// A picture encoded for this terminal at a size in cells. Cheap to clone.
#[derive(Clone)]
pub struct Shown {
    size: Size,
    content: Arc<Content>,
}

enum Content {
    Nothing,
    Cells(Box<[Cell]>),
    Kitty(Placeholders),
    /// Sixel or inline: the bytes are in the first cell.
    Inline {
        id: u32,
        bytes: ratatui_image::protocol::Protocol,
        images: Arc<Images>,
    },
}

/// A picture that kitty keeps.
struct Placeholders {
    id: u32,
    cells: ratatui_image::protocol::Protocol,
    /// The pixels, until they are sent.
    pixels: Mutex<Option<String>>,
    images: Arc<Images>,
}

impl Drop for Placeholders {
    fn drop(&mut self) {
        self.images.forget(self.id);
    }
}

impl Encoder {
    pub(crate) fn new(
        protocol: Protocol,
        paint: Paint,
        images: Arc<Images>,
        packed: bool,
    ) -> Encoder {
        Encoder {
            protocol,
            paint,
            images,
            packed,
        }
    }

    /// Half blocks in full colour, whatever the terminal.
    #[cfg(test)]
    pub fn half() -> Encoder {
        Encoder::new(Protocol::Half, Paint::Full, Arc::new(Images::new()), false)
    }

    /// No pictures at all.
    #[cfg(test)]
    pub fn none() -> Encoder {
        Encoder::new(Protocol::None, Paint::Full, Arc::new(Images::new()), false)
    }

    /// A cell's pixels, width × height.
    pub fn cell(&self) -> (u16, u16) {
        self.images.cell()
    }

    /// Pixels that a pane of this many cells takes: what to render for.
    pub fn pixels(&self, columns: u16, rows: u16) -> (u32, u32) {
        let cell = self.images.cell();
        let height = u32::from(rows) * u32::from(cell.1);
        let height = match self.protocol {
            // Sixel draws bands of six: the last one would reach into the row below, over what is written there.
            Protocol::Sixel if height > BAND => height / BAND * BAND,
            _ => height,
        };
        (u32::from(columns) * u32::from(cell.0), height)
    }

    /// Encodes a picture for a pane of at most this many cells. It should be no larger than
    /// `pixels(columns, rows)`; what is beyond is cut off.
    pub fn encode(&self, picture: &Picture, columns: u16, rows: u16) -> Result<Shown> {
        let cell = self.images.cell();
        let cells = |pixels: u32, cell: u16, most: u16| {
            let cells = pixels.div_ceil(u32::from(cell)).min(u32::from(most));
            cells as u16
        };
        let mut size = Size::new(
            cells(picture.width, cell.0, columns),
            cells(picture.height, cell.1, rows),
        );
        if size.width == 0 || size.height == 0 {
            return Ok(Shown {
                size: Size::ZERO,
                content: Arc::new(Content::Cells(Box::new([]))),
            });
        }
        if matches!(self.protocol, Protocol::Sixel | Protocol::Iterm2) {
            // After a picture one column wide the cursor would be taken to be next to it, which it is not.
            size.width = size.width.max(2).min(columns);
        }
        let within = self.pixels(size.width, size.height);
        let image = || image_of(picture, within);
        let content = match self.protocol {
            Protocol::None => {
                size = Size::new((NO_PICTURES.len() as u16).min(columns), 1);
                Content::Nothing
            }
            Protocol::Half => Content::Cells(cells_of(picture, size, self.paint)),
            Protocol::Kitty => {
                let id = self.images.new_id();
                let kitty = Kitty::new(image()?, size, id, false, self.packed, false)
                    .context("cannot encode the picture for kitty")?;
                self.placeholders(id, kitty)
            }
            Protocol::Sixel => self.inline(ratatui_image::protocol::Protocol::Sixel(
                Sixel::new(image()?, size, false).context("cannot encode the picture as sixel")?,
            )),
            Protocol::Iterm2 => self.inline(ratatui_image::protocol::Protocol::ITerm2(
                Iterm2::new(image()?, size, false).context("cannot encode the picture as PNG")?,
            )),
        };
        Ok(Shown {
            size,
            content: Arc::new(content),
        })
    }

    fn inline(&self, bytes: ratatui_image::protocol::Protocol) -> Content {
        Content::Inline {
            id: self.images.new_id(),
            bytes,
            images: Arc::clone(&self.images),
        }
    }

    /// Takes the pixels out of the first cell, where they come with the first rendering.
    fn placeholders(&self, id: u32, kitty: Kitty) -> Content {
        let cells = ratatui_image::protocol::Protocol::Kitty(kitty);
        let mut first = Buffer::empty(Rect::new(0, 0, 1, 1));
        Image::new(&cells)
            .allow_clipping(true)
            .render(first.area, &mut first);
        let symbol = first.content[0].symbol();
        let pixels = symbol
            .find(PLACEHOLDER)
            .map(|placeholder| symbol[..placeholder].to_owned());
        Content::Kitty(Placeholders {
            id,
            cells,
            pixels: Mutex::new(pixels),
            images: Arc::clone(&self.images),
        })
    }
}

/// The picture for `image`'s encoders, at most as large as `within`.
fn image_of(picture: &Picture, within: (u32, u32)) -> Result<DynamicImage> {
    let (width, height, data) = (picture.width, picture.height, picture.data.clone());
    let image = match picture.channels {
        Channels::Grey => GrayImage::from_raw(width, height, data).map(DynamicImage::ImageLuma8),
        Channels::Rgb => RgbImage::from_raw(width, height, data).map(DynamicImage::ImageRgb8),
    };
    let image = image.context("the picture has fewer samples than pixels")?;
    if width <= within.0 && height <= within.1 {
        return Ok(image);
    }
    Ok(image.crop_imm(0, 0, within.0, within.1))
}

/// One cell for every two pixels, row by row.
fn cells_of(picture: &Picture, size: Size, paint: Paint) -> Box<[Cell]> {
    let channels = picture.channels.count();
    let pixel = |x: u16, y: u32| {
        // A last row without a partner is its own.
        let y = y.min(picture.height - 1) as usize;
        let at = (y * picture.width as usize + usize::from(x)) * channels;
        match picture.channels {
            Channels::Grey => [picture.data[at]; 3],
            Channels::Rgb => [picture.data[at], picture.data[at + 1], picture.data[at + 2]],
        }
    };
    (0..u32::from(size.height))
        .flat_map(|row| {
            (0..size.width).map(move |x| paint.cell(pixel(x, 2 * row), pixel(x, 2 * row + 1)))
        })
        .collect()
}

/// The picture as lines of cells for a terminal that is only printed to.
pub fn lines(picture: &Picture, paint: Paint) -> Vec<Vec<Cell>> {
    let size = Size::new(picture.width as u16, picture.height.div_ceil(2) as u16);
    cells_of(picture, size, paint)
        .chunks(usize::from(size.width).max(1))
        .map(<[Cell]>::to_vec)
        .collect()
}

impl Shown {
    /// Columns and rows that it takes.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Columns that it takes.
    #[cfg(test)]
    pub fn columns(&self) -> u16 {
        self.size.width
    }

    /// Rows that it takes.
    #[cfg(test)]
    pub fn rows(&self) -> u16 {
        self.size.height
    }

    /// Draws it into the middle of `area`. Whatever is drawn over it afterwards has to clear its place
    /// first (`ratatui::widgets::Clear`). Half blocks and kitty's are cut off at the area's end, the others
    /// are not drawn when they do not fit.
    pub fn draw(&self, frame: &mut Frame<'_>, area: Rect) {
        let area = area.intersection(frame.area());
        let place = Rect {
            x: area.x + area.width.saturating_sub(self.size.width) / 2,
            y: area.y + area.height.saturating_sub(self.size.height) / 2,
            width: self.size.width.min(area.width),
            height: self.size.height.min(area.height),
        };
        if place.is_empty() {
            return;
        }
        let buffer = frame.buffer_mut();
        match &*self.content {
            Content::Nothing => Line::raw(NO_PICTURES).render(place, buffer),
            Content::Cells(cells) => {
                for (index, cell) in cells.iter().enumerate() {
                    let x = place.x + (index % usize::from(self.size.width)) as u16;
                    let y = place.y + (index / usize::from(self.size.width)) as u16;
                    if place.contains((x, y).into()) {
                        buffer[(x, y)] = cell.clone();
                    }
                }
            }
            Content::Kitty(kitty) => {
                let pixels = kitty
                    .pixels
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .take();
                if let Some(pixels) = pixels {
                    kitty.images.send(kitty.id, pixels);
                }
                Image::new(&kitty.cells)
                    .allow_clipping(true)
                    .render(place, buffer);
            }
            Content::Inline { id, bytes, images } => {
                if place.as_size() == self.size {
                    Image::new(bytes).render(place, buffer);
                    images.place(*id, place);
                }
            }
        }
    }
}

/// What the pictures of one screen have in common.
#[derive(Debug)]
pub struct Images {
    /// A cell's pixels: width in the upper half.
    cell: AtomicU32,
    next: AtomicU32,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Sixel and inline pictures of the frame being drawn.
    placed: Vec<Placed>,
    /// Kitty's pictures that have to go out before the frame.
    transmissions: Vec<String>,
    /// Those that the terminal keeps.
    kept: BTreeSet<u32>,
    /// Those that it need not keep after the frame.
    deletions: Vec<u32>,
}

impl Images {
    pub fn new() -> Images {
        // Numbers unlike those of other programs in the same terminal.
        let first = std::process::id().wrapping_mul(0x9e37_79b1) | 1;
        Images {
            cell: AtomicU32::new(packed(HALF)),
            next: AtomicU32::new(first),
            state: Mutex::new(State::default()),
        }
    }

    /// A cell's pixels, width × height.
    pub fn cell(&self) -> (u16, u16) {
        let packed = self.cell.load(Ordering::Acquire);
        ((packed >> 16) as u16, packed as u16)
    }

    pub fn set_cell(&self, cell: (u16, u16)) {
        self.cell.store(packed(cell), Ordering::Release);
    }

    /// Follows a change of the font, where the system knows of pixels and pixels matter.
    pub fn set_cell_from(&self, extent: Extent) {
        if let Some((width, height)) = extent.pixels
            && self.cell() != HALF
            && width >= extent.columns
            && height >= extent.rows
        {
            self.set_cell((width / extent.columns, height / extent.rows));
        }
    }

    fn new_id(&self) -> u32 {
        // 0 is no number for kitty.
        self.next.fetch_add(1, Ordering::Relaxed).max(1)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn begin_frame(&self) {
        self.lock().placed.clear();
    }

    fn place(&self, id: u32, area: Rect) {
        self.lock().placed.push(Placed {
            area,
            id,
            again: false,
            covered: Vec::new(),
        });
    }

    /// Where the frame has sixel and inline pictures.
    pub fn placed(&self) -> Vec<Placed> {
        std::mem::take(&mut self.lock().placed)
    }

    fn send(&self, id: u32, pixels: String) {
        let mut state = self.lock();
        state.transmissions.push(pixels);
        state.kept.insert(id);
    }

    fn forget(&self, id: u32) {
        let mut state = self.lock();
        if state.kept.remove(&id) {
            state.deletions.push(id);
        }
    }

    /// What goes out before a frame.
    pub fn take_transmissions(&self, bytes: &mut Vec<u8>) {
        for pixels in self.lock().transmissions.drain(..) {
            bytes.extend_from_slice(pixels.as_bytes());
        }
    }

    /// What goes out after it.
    pub fn take_deletions(&self, bytes: &mut Vec<u8>) {
        for id in self.lock().deletions.drain(..) {
            bytes.extend_from_slice(deletion(id).as_bytes());
        }
    }

    /// The end: nothing is kept. (Pictures behind placeholders can only be deleted by number.)
    pub fn delete_all(&self) -> String {
        let mut state = self.lock();
        let kept = std::mem::take(&mut state.kept);
        let deletions = std::mem::take(&mut state.deletions);
        kept.into_iter().chain(deletions).map(deletion).collect()
    }
}

fn packed((width, height): (u16, u16)) -> u32 {
    u32::from(width) << 16 | u32::from(height)
}

fn deletion(id: u32) -> String {
    format!("\x1b_Ga=d,d=I,i={id},q=2\x1b\\")
}

/// A sixel or inline picture in a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    area: Rect,
    id: u32,
    /// Flips whenever it has to be sent again.
    again: bool,
    /// Which of its cells something else was drawn over.
    covered: Vec<bool>,
}

/// Makes the pictures of a frame right where something is drawn over them, or was in the last frame.
///
/// Such a picture is one cell's text and the rest of its cells are skipped, so ratatui does not see when
/// it was damaged; and when it is sent, it paints over what lies on it, which ratatui takes for unchanged.
pub fn repair(buffer: &mut Buffer, mut now: Vec<Placed>, last: &[Placed]) -> Vec<Placed> {
    for placed in &mut now {
        let cells: Vec<(u16, u16)> = placed
            .area
            .positions()
            .map(|position| (position.x, position.y))
            .collect();
        placed.covered = cells
            .iter()
            .map(|cell| {
                matches!(
                    buffer[*cell].diff_option,
                    CellDiffOption::None | CellDiffOption::AlwaysUpdate
                )
            })
            .collect();
        let hidden = placed.covered.first() == Some(&true);
        let before = last
            .iter()
            .find(|last| last.id == placed.id && last.area == placed.area);
        let sent = match before {
            None => true,
            Some(before) => {
                let bared = before
                    .covered
                    .iter()
                    .zip(&placed.covered)
                    .any(|(before, now)| *before && !now);
                // While its first cell is hidden it cannot be sent; when that is bared, ratatui sends it.
                placed.again = before.again ^ (bared && !hidden);
                bared
            }
        };
        if hidden {
            continue;
        }
        // A colour that paints nothing, but is a change.
        buffer[cells[0]].fg = if placed.again {
            Color::Black
        } else {
            Color::Reset
        };
        buffer[cells[0]].diff_option = CellDiffOption::ForcedWidth(NonZeroU16::MIN);
        if sent {
            for (cell, _) in cells.iter().zip(&placed.covered).filter(|(_, over)| **over) {
                buffer[*cell].diff_option = CellDiffOption::AlwaysUpdate;
            }
        }
    }
    now
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::io::Write;
    use std::rc::Rc;

    use ratatui::backend::{CrosstermBackend, TestBackend};
    use ratatui::widgets::{Clear, Paragraph};
    use ratatui::{Terminal, TerminalOptions, Viewport};

    use super::*;

    fn picture(width: u32, height: u32, pixel: impl Fn(u32, u32) -> [u8; 3]) -> Picture {
        let data = (0..height)
            .flat_map(|y| (0..width).map(move |x| (x, y)))
            .flat_map(|(x, y)| pixel(x, y))
            .collect();
        Picture::new(width, height, Channels::Rgb, data).unwrap()
    }

    fn encoder(protocol: Protocol) -> Encoder {
        let images = Images::new();
        images.set_cell((10, 20));
        Encoder::new(protocol, Paint::Full, Arc::new(images), false)
    }

    #[test]
    fn sixels_reach_into_no_row_below() {
        // 140 pixels are 23 bands and two pixels of another one.
        assert_eq!(encoder(Protocol::Sixel).pixels(10, 7), (100, 138));
        assert_eq!(encoder(Protocol::Sixel).pixels(10, 3), (100, 60));
        assert_eq!(encoder(Protocol::Kitty).pixels(10, 7), (100, 140));
    }

    #[derive(Clone, Default)]
    struct Sink(Rc<RefCell<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// Draws as the screen does, and gives back what the terminal is sent.
    struct Drawing {
        terminal: Terminal<CrosstermBackend<Sink>>,
        sink: Sink,
        images: Arc<Images>,
        last: Vec<Placed>,
    }

    impl Drawing {
        fn new(encoder: &Encoder) -> Drawing {
            crossterm::style::force_color_output(true);
            let options = TerminalOptions {
                viewport: Viewport::Fixed(Rect::new(0, 0, 20, 10)),
            };
            let sink = Sink::default();
            let backend = CrosstermBackend::new(sink.clone());
            Drawing {
                terminal: Terminal::with_options(backend, options).unwrap(),
                sink,
                images: Arc::clone(&encoder.images),
                last: Vec::new(),
            }
        }

        fn frame(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> String {
            let mut bytes = Vec::new();
            self.images.begin_frame();
            self.terminal
                .draw(|frame| {
                    view(frame);
                    self.last = repair(frame.buffer_mut(), self.images.placed(), &self.last);
                })
                .unwrap();
            self.images.take_transmissions(&mut bytes);
            bytes.append(&mut self.sink.0.borrow_mut());
            self.images.take_deletions(&mut bytes);
            String::from_utf8(bytes).unwrap()
        }
    }

    #[test]
    fn a_half_block_is_two_pixels() {
        let encoder = Encoder::half();
        assert_eq!(encoder.pixels(30, 10), (30, 20));
        let shown = encoder
            .encode(&picture(2, 3, |x, y| [x as u8, y as u8, 7]), 30, 10)
            .unwrap();
        assert_eq!((shown.columns(), shown.rows()), (2, 2));
        let mut terminal = Terminal::new(TestBackend::new(6, 4)).unwrap();
        let frame = terminal
            .draw(|frame| shown.draw(frame, frame.area()))
            .unwrap();
        let cell = &frame.buffer[(3, 1)];
        assert_eq!(cell.symbol(), "▀");
        assert_eq!(cell.fg, Color::Rgb(1, 0, 7));
        assert_eq!(cell.bg, Color::Rgb(1, 1, 7));
        // The third row of pixels has no partner.
        let cell = &frame.buffer[(2, 2)];
        assert_eq!(
            (cell.fg, cell.bg),
            (Color::Rgb(0, 2, 7), Color::Rgb(0, 2, 7))
        );
        assert_eq!(frame.buffer[(1, 1)].symbol(), " ", "centred");
    }

    #[test]
    fn a_picture_larger_than_its_pane_is_cut_off() {
        for protocol in [
            Protocol::Half,
            Protocol::Sixel,
            Protocol::Kitty,
            Protocol::Iterm2,
        ] {
            let encoder = encoder(protocol);
            let shown = encoder
                .encode(&picture(300, 300, |_, _| [9; 3]), 7, 3)
                .unwrap();
            assert_eq!((shown.columns(), shown.rows()), (7, 3), "{protocol}");
        }
    }

    #[test]
    fn without_colour_light_is_shown_by_shades() {
        let cell = |paint: Paint, value| paint.cell([value; 3], [value; 3]).symbol().to_owned();
        assert_eq!(cell(Paint::Shades, 0), " ");
        assert_eq!(cell(Paint::Shades, 128), "▒");
        assert_eq!(cell(Paint::Shades, 255), "█");
        assert_eq!(cell(Paint::Ascii, 0), " ");
        assert_eq!(cell(Paint::Ascii, 255), "@");
        let colored = Paint::Shades.cell([255, 0, 0], [255, 0, 0]);
        assert_eq!((colored.fg, colored.bg), (Color::Reset, Color::Reset));
    }

    #[test]
    fn fixed_colours_are_the_nearest() {
        assert_eq!(indexed([0, 0, 0]), 16);
        assert_eq!(indexed([255, 255, 255]), 231);
        assert_eq!(indexed([255, 0, 0]), 196);
        assert_eq!(indexed([128, 128, 128]), 244);
        assert_eq!(indexed([238, 238, 238]), 255);
    }

    #[test]
    fn no_pictures_are_one_line() {
        let encoder = Encoder::none();
        let shown = encoder
            .encode(&picture(20, 20, |_, _| [0; 3]), 30, 10)
            .unwrap();
        let mut terminal = Terminal::new(TestBackend::new(20, 3)).unwrap();
        terminal
            .draw(|frame| shown.draw(frame, frame.area()))
            .unwrap();
        terminal
            .backend()
            .assert_buffer_lines(["", "  no pictures here  ", ""]);
    }

    #[test]
    fn kitty_gets_the_pixels_once_and_deletes_them_when_nobody_shows_them() {
        let encoder = encoder(Protocol::Kitty);
        let mut drawing = Drawing::new(&encoder);
        let shown = encoder
            .encode(&picture(60, 60, |_, _| [9; 3]), 10, 5)
            .unwrap();
        // Even with its first cell hidden.
        let first = drawing.frame(|frame| {
            shown.draw(frame, frame.area());
            frame.render_widget(Clear, Rect::new(0, 0, 10, 5));
        });
        assert_eq!(first.matches("a=T").count(), 1, "{first:?}");
        let second = drawing.frame(|frame| shown.draw(frame, frame.area()));
        assert!(!second.contains("a=T") && second.contains(PLACEHOLDER));
        let third = drawing.frame(|frame| shown.draw(frame, frame.area()));
        assert!(!third.contains(PLACEHOLDER), "{third:?}");
        drop(shown);
        let fourth = drawing.frame(|_| {});
        assert_eq!(fourth.matches("a=d,d=I").count(), 1, "{fourth:?}");
        assert_eq!(encoder.images.delete_all(), "");
    }

    #[test]
    fn a_sixel_that_did_not_change_is_not_sent_again() {
        let encoder = encoder(Protocol::Sixel);
        let mut drawing = Drawing::new(&encoder);
        let shown = encoder
            .encode(&picture(60, 60, |_, _| [9; 3]), 10, 5)
            .unwrap();
        let first = drawing.frame(|frame| shown.draw(frame, frame.area()));
        assert_eq!(first.matches("\x1bP").count(), 1);
        let second = drawing.frame(|frame| {
            shown.draw(frame, frame.area());
            frame.render_widget("text", Rect::new(0, 0, 4, 1));
        });
        assert!(
            second.contains("text") && !second.contains("\x1bP"),
            "{second:?}"
        );
    }

    #[test]
    fn what_lay_over_a_sixel_and_goes_leaves_the_whole_picture() {
        let encoder = encoder(Protocol::Sixel);
        let mut drawing = Drawing::new(&encoder);
        let shown = encoder
            .encode(&picture(100, 100, |_, _| [9; 3]), 10, 5)
            .unwrap();
        let below = Rect::new(0, 0, 10, 5);
        let over = Rect::new(3, 2, 4, 1);
        drawing.frame(|frame| shown.draw(frame, below));
        let covered = drawing.frame(|frame| {
            shown.draw(frame, below);
            frame.render_widget(Clear, over);
            frame.render_widget("help", over);
        });
        assert!(
            covered.contains("help") && !covered.contains("\x1bP"),
            "{covered:?}"
        );
        let bared = drawing.frame(|frame| shown.draw(frame, below));
        assert_eq!(bared.matches("\x1bP").count(), 1, "{bared:?}");
        let quiet = drawing.frame(|frame| shown.draw(frame, below));
        assert!(!quiet.contains("\x1bP"), "{quiet:?}");
    }

    #[test]
    fn a_new_sixel_does_not_paint_over_what_lies_on_it() {
        let encoder = encoder(Protocol::Sixel);
        let mut drawing = Drawing::new(&encoder);
        let below = Rect::new(0, 0, 10, 5);
        let over = Rect::new(3, 2, 4, 1);
        for value in [9, 99] {
            let shown = encoder
                .encode(&picture(100, 100, |_, _| [value; 3]), 10, 5)
                .unwrap();
            let frame = drawing.frame(|frame| {
                shown.draw(frame, below);
                frame.render_widget(Clear, over);
                frame.render_widget(Paragraph::new("help"), over);
            });
            let picture = frame.find("\x1bP").unwrap();
            assert!(frame[picture..].contains("help"), "{value}: {frame:?}");
        }
    }
}
