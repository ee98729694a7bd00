//! Pictures on a terminal: sixel, kitty's and iTerm2's protocols, and which cell shows which part.

use std::collections::{BTreeMap, HashMap};
use std::fs;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use image::{ImageFormat, Rgba, RgbaImage};
use vt100::{Cell, Color};

use super::diacritics;

/// Kitty's placeholder: a cell with this character shows a part of a picture.
const PLACEHOLDER: char = '\u{10eeee}';

/// Our own placeholders start here: the character says which picture.
const OWN: u32 = 0xf_0000;
/// As many as fit into the private plane.
const OWN_COUNT: u32 = 0xff00;
/// Variation selectors, which take no width, say row and column.
const SELECTORS: u32 = 0xe_0100;
const SELECTOR_COUNT: u16 = 240;

/// Old pictures are forgotten, so that a long test does not fill the memory.
const KEPT: usize = 64;

/// What the program has sent.
#[derive(Default)]
pub struct Graphics {
    /// By our number.
    pictures: BTreeMap<u32, RgbaImage>,
    next: u32,
    /// How many came.
    pub arrived: usize,
    /// Kitty's number → ours, and the cells that a placeholder placement covers.
    kitty: HashMap<u32, (u32, Option<(u16, u16)>)>,
    /// A transmission of which more is to come.
    unfinished: Option<(HashMap<char, String>, Vec<u8>)>,
}

/// What follows from a kitty command.
#[derive(Default)]
pub struct Outcome {
    pub reply: Option<String>,
    pub show: Option<Placed>,
}

/// A picture to be shown at the cursor.
pub struct Placed {
    pub id: u32,
    pub width: u32,
    pub height: u32,
    pub columns: Option<u16>,
    pub rows: Option<u16>,
    /// The cursor stays where it is.
    pub stay: bool,
}

impl Graphics {
    /// Keeps a picture and gives it a number.
    pub fn keep(&mut self, picture: RgbaImage) -> u32 {
        let id = self.next;
        self.next = (self.next + 1) % OWN_COUNT;
        self.arrived += 1;
        self.pictures.insert(id, picture);
        while self.pictures.len() > KEPT {
            self.pictures.pop_first();
        }
        id
    }

    /// One APC of kitty's protocol.
    pub fn kitty(&mut self, content: &[u8], supported: bool) -> Outcome {
        let Some(content) = content.strip_prefix(b"G").filter(|_| supported) else {
            return Outcome::default();
        };
        let content = String::from_utf8_lossy(content);
        let (keys, payload) = content.split_once(';').unwrap_or((&content, ""));
        let keys: HashMap<char, String> = keys
            .split(',')
            .filter_map(|pair| pair.split_once('='))
            .filter_map(|(key, value)| Some((key.chars().next()?, value.to_owned())))
            .collect();
        let payload = BASE64_STANDARD.decode(payload.trim()).unwrap_or_default();
        let more = keys.get(&'m').is_some_and(|more| more == "1");
        let (keys, data) = match self.unfinished.take() {
            Some((keys, mut data)) => {
                data.extend(payload);
                (keys, data)
            }
            None => (keys, payload),
        };
        if more {
            self.unfinished = Some((keys, data));
            return Outcome::default();
        }
        self.command(&keys, &data)
    }

    fn command(&mut self, keys: &HashMap<char, String>, data: &[u8]) -> Outcome {
        let number = |key: char| keys.get(&key).and_then(|value| value.parse::<u32>().ok());
        let action = keys.get(&'a').map_or("t", String::as_str);
        let id = number('i').unwrap_or(0);
        let mut outcome = Outcome::default();
        match action {
            "q" => {
                let answer = if decode(keys, data).is_some() {
                    "OK"
                } else {
                    "EINVAL:not supported"
                };
                outcome.reply = Some(format!("\x1b_Gi={id};{answer}\x1b\\"));
            }
            "t" | "T" => {
                let Some(picture) = decode(keys, data) else {
                    return outcome;
                };
                let (width, height) = picture.dimensions();
                let ours = self.keep(picture);
                let columns = number('c').map(|c| c as u16);
                let rows = number('r').map(|r| r as u16);
                self.kitty.insert(id, (ours, columns.zip(rows)));
                if action == "T" && number('U') != Some(1) {
                    outcome.show = Some(Placed {
                        id: ours,
                        width,
                        height,
                        columns,
                        rows,
                        stay: number('C') == Some(1),
                    });
                }
            }
            "d" if id > 0 => drop(self.kitty.remove(&id)),
            "d" => self.kitty.clear(),
            _ => {}
        }
        outcome
    }

    /// The part of a picture that this cell shows, if it shows one. `left` is the same for the cell to its left.
    pub fn part(&self, cell: &Cell, left: Option<&Part>) -> Option<Part> {
        let mut characters = cell.contents().chars();
        let first = characters.next()?;
        if first == PLACEHOLDER {
            let mut marks = characters.filter_map(diacritics::number);
            let (row, column, high) = (marks.next(), marks.next(), marks.next());
            let low = match cell.fgcolor() {
                Color::Rgb(r, g, b) => u32::from_be_bytes([0, r, g, b]),
                Color::Idx(index) => u32::from(index),
                Color::Default => 0,
            };
            // What a cell does not say goes on from the cell to its left.
            let before = left.filter(|left| left.kitty.is_some_and(|id| id & 0xff_ffff == low));
            let high = high
                .or(before.and_then(|left| left.kitty).map(|id| id >> 24))
                .unwrap_or(0);
            let row = row.or(before.map(|left| u32::from(left.row)))?;
            let column = column
                .or(before.map(|left| u32::from(left.column) + 1))
                .unwrap_or(0);
            let id = (high << 24) | low;
            let (picture, cells) = self.kitty.get(&id)?;
            return Some(Part {
                picture: *picture,
                column: column as u16,
                row: row as u16,
                cells: *cells,
                kitty: Some(id),
            });
        }
        let picture = (first as u32).checked_sub(OWN).filter(|n| *n < OWN_COUNT)?;
        let mut numbers = characters.map(|c| (c as u32).wrapping_sub(SELECTORS) as u16);
        Some(Part {
            picture,
            row: numbers.next()?,
            column: numbers.next()?,
            cells: None,
            kitty: None,
        })
    }

    /// The pixel at (x, y) in a cell of this size that shows this part; `None` where the picture does not reach.
    pub fn pixel(&self, part: &Part, cell: (u32, u32), x: u32, y: u32) -> Option<Rgba<u8>> {
        let picture = self.pictures.get(&part.picture)?;
        let (mut x, mut y) = (
            u32::from(part.column) * cell.0 + x,
            u32::from(part.row) * cell.1 + y,
        );
        if let Some((columns, rows)) = part.cells {
            // Fitted into its cells and centred, its shape kept.
            let room = (
                f64::from(u32::from(columns) * cell.0),
                f64::from(u32::from(rows) * cell.1),
            );
            let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
            let zoom = (room.0 / width).min(room.1 / height);
            let place = |at: u32, room: f64, size: f64| {
                let at = (f64::from(at) + 0.5 - (room - size * zoom) / 2.0) / zoom;
                (at >= 0.0).then_some(at as u32)
            };
            x = place(x, room.0, width)?;
            y = place(y, room.1, height)?;
        }
        picture
            .get_pixel_checked(x, y)
            .copied()
            .filter(|pixel| pixel.0[3] > 0)
    }
}

/// Which part of which picture a cell shows.
#[derive(Clone, Debug)]
pub struct Part {
    picture: u32,
    column: u16,
    row: u16,
    cells: Option<(u16, u16)>,
    kitty: Option<u32>,
}

/// Whether a cell's content stands for a part of a picture.
pub fn is_picture(content: &str) -> bool {
    content.chars().next().is_some_and(|first| {
        first == PLACEHOLDER || (OWN..OWN + OWN_COUNT).contains(&(first as u32))
    })
}

/// The content of a cell that shows this part of a picture.
pub fn mark(id: u32, column: u16, row: u16) -> String {
    let selector = |number: u16| {
        let code = SELECTORS + u32::from(number.min(SELECTOR_COUNT - 1));
        char::from_u32(code).unwrap_or(' ')
    };
    let mut text = String::new();
    text.extend(char::from_u32(OWN + id));
    text.extend([selector(row), selector(column)]);
    text
}

/// The picture in a device control string, if it is sixel.
pub fn sixel(content: &[u8]) -> Option<RgbaImage> {
    let parameters = content
        .iter()
        .position(|byte| !(byte.is_ascii_digit() || *byte == b';'))?;
    if content[parameters] != b'q' {
        return None;
    }
    let mut whole = b"\x1bP".to_vec();
    whole.extend_from_slice(content);
    whole.extend_from_slice(b"\x1b\\");
    let picture = icy_sixel::SixelImage::decode(&whole).ok()?;
    RgbaImage::from_raw(picture.width as u32, picture.height as u32, picture.pixels)
}

/// The picture in iTerm2's file transfer, and whether the cursor stays.
pub fn iterm2(content: &[u8]) -> Option<(RgbaImage, bool)> {
    let content = std::str::from_utf8(content).ok()?;
    let (keys, data) = content.split_once(':')?;
    let data = BASE64_STANDARD.decode(data.trim()).ok()?;
    let picture = image::load_from_memory_with_format(&data, ImageFormat::Png).ok()?;
    Some((picture.to_rgba8(), keys.contains("doNotMoveCursor=1")))
}

/// The picture of a kitty transmission: the pixels themselves or a file with them, not compressed.
fn decode(keys: &HashMap<char, String>, data: &[u8]) -> Option<RgbaImage> {
    if keys.contains_key(&'o') {
        return None;
    }
    let file;
    let data = match keys.get(&'t').map_or("d", String::as_str) {
        "d" => data,
        "f" | "t" => {
            file = fs::read(String::from_utf8_lossy(data).as_ref()).ok()?;
            &file
        }
        _ => return None,
    };
    let number = |key: char| keys.get(&key).and_then(|value| value.parse::<u32>().ok());
    match keys.get(&'f').map_or("32", String::as_str) {
        "100" => image::load_from_memory_with_format(data, ImageFormat::Png)
            .ok()
            .map(|picture| picture.to_rgba8()),
        "24" => {
            let pixels = data.chunks_exact(3).flat_map(|p| [p[0], p[1], p[2], 255]);
            RgbaImage::from_raw(number('s')?, number('v')?, pixels.collect())
        }
        _ => RgbaImage::from_raw(number('s')?, number('v')?, data.to_vec()),
    }
}
