//! The terminal itself: text goes to `vt100`, pictures are cut out before, questions are answered.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::num::NonZeroU16;

use vt100::{Callbacks, MouseProtocolEncoding, MouseProtocolMode, Parser, Screen};

use super::Answers;
use super::graphics::{self, Graphics};

/// Written by the terminal itself behind all that a program has written, and never shown.
pub const END: &[u8] = b"\x1b_whiteboarder:end\x1b\\";

/// What the program has set, and must have unset when it is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "a terminal's modes are switches"
)]
pub struct Modes {
    /// The alternate screen is shown.
    pub alternate_screen: bool,
    /// The cursor is hidden.
    pub cursor_hidden: bool,
    /// Pastes come in brackets.
    pub bracketed_paste: bool,
    /// The mouse is reported.
    pub mouse: bool,
    /// The mouse is reported in numbers of any size.
    pub mouse_numbers: bool,
    /// Kitty's keyboard protocol: pushes less pops.
    pub keyboard: i32,
    /// Other private modes that are set.
    pub others: BTreeSet<u16>,
    /// Synchronized updates that began.
    pub updates_begun: usize,
    /// Synchronized updates that ended. An end for which nothing had begun says nothing, and is not counted.
    pub updates_ended: usize,
    /// The window's title.
    pub title: String,
}

impl Modes {
    /// Whether the terminal is as a program finds it, whatever the title and however many updates there were.
    pub fn untouched(&self) -> bool {
        let clean = Modes {
            updates_begun: self.updates_begun,
            updates_ended: self.updates_begun,
            title: self.title.clone(),
            ..Modes::default()
        };
        *self == clean
    }
}

/// A screen, its pictures, and the answers that wait to be sent.
pub struct Emulator {
    parser: Parser<Host>,
    cutter: Cutter,
    pub graphics: Graphics,
    pub raw: Vec<u8>,
    /// How often [`END`] was seen.
    pub ends: usize,
    pub cell: (u16, u16),
}

/// Where the stream is: in text, or in a string that may be a picture.
#[derive(Default)]
enum Cutter {
    #[default]
    Text,
    /// After an ESC.
    Escape,
    /// In a string of this kind (the byte behind ESC), which ends with ST or BEL.
    String(u8, Vec<u8>),
    /// In a string, after an ESC.
    StringEscape(u8, Vec<u8>),
}

impl Emulator {
    pub fn new(columns: u16, rows: u16, answers: Answers) -> Emulator {
        let cell = answers.cell();
        let host = Host {
            answers,
            cell,
            said: Vec::new(),
            modes: Modes::default(),
            updating: false,
        };
        Emulator {
            parser: Parser::new_with_callbacks(at_least_one(rows), at_least_one(columns), 0, host),
            cutter: Cutter::default(),
            graphics: Graphics::default(),
            raw: Vec::new(),
            ends: 0,
            cell,
        }
    }

    pub fn screen(&self) -> &Screen {
        self.parser.screen()
    }

    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.parser
            .set_size(at_least_one(rows), at_least_one(columns));
    }

    pub fn modes(&self) -> Modes {
        let screen = self.screen();
        Modes {
            alternate_screen: screen.alternate_screen(),
            cursor_hidden: screen.hide_cursor(),
            bracketed_paste: screen.bracketed_paste(),
            mouse: screen.mouse_protocol_mode() != MouseProtocolMode::None,
            mouse_numbers: screen.mouse_protocol_encoding() == MouseProtocolEncoding::Sgr,
            ..self.parser.callbacks().modes.clone()
        }
    }

    /// Whether a synchronized update has begun and not ended.
    pub fn updating(&self) -> bool {
        self.parser.callbacks().updating
    }

    /// What is on the screen; cells of pictures are blank.
    pub fn text(&self) -> String {
        let (rows, columns) = self.screen().size();
        let mut text = String::new();
        for row in 0..rows.get() {
            let mut line = String::new();
            for column in 0..columns.get() {
                let Some(cell) = self.screen().cell(row, column) else {
                    continue;
                };
                if graphics::is_picture(cell.contents()) || cell.contents().is_empty() {
                    if !cell.is_wide_continuation() {
                        line.push(' ');
                    }
                } else {
                    line.push_str(cell.contents());
                }
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// Cells that show a part of a picture.
    pub fn picture_cells(&self) -> usize {
        let (rows, columns) = self.screen().size();
        let cells = (0..rows.get()).flat_map(|row| {
            (0..columns.get()).filter_map(move |column| self.screen().cell(row, column))
        });
        cells
            .filter(|cell| graphics::is_picture(cell.contents()))
            .count()
    }

    /// Takes what the program wrote; gives what the terminal answers.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.raw.extend_from_slice(bytes);
        let mut text = Vec::with_capacity(bytes.len());
        for &byte in bytes {
            self.cutter = match std::mem::take(&mut self.cutter) {
                Cutter::Text if byte == 0x1b => Cutter::Escape,
                Cutter::Text => {
                    text.push(byte);
                    Cutter::Text
                }
                Cutter::Escape => match byte {
                    b'P' | b'_' | b'^' | b'X' | b']' => Cutter::String(byte, Vec::new()),
                    0x1b => {
                        text.push(0x1b);
                        Cutter::Escape
                    }
                    _ => {
                        text.extend([0x1b, byte]);
                        Cutter::Text
                    }
                },
                Cutter::String(kind, content) => match byte {
                    0x1b => Cutter::StringEscape(kind, content),
                    0x07 if kind == b']' => {
                        self.string(kind, &content, &mut text);
                        Cutter::Text
                    }
                    _ => {
                        let mut content = content;
                        content.push(byte);
                        Cutter::String(kind, content)
                    }
                },
                Cutter::StringEscape(kind, content) => {
                    self.string(kind, &content, &mut text);
                    if byte == b'\\' {
                        Cutter::Text
                    } else {
                        // Broken off by another sequence.
                        text.extend([0x1b, byte]);
                        Cutter::Text
                    }
                }
            };
        }
        self.parser.process(&text);
        std::mem::take(&mut self.parser.callbacks_mut().said)
    }

    /// A whole string has been read; `text` came before it and has not been shown yet.
    fn string(&mut self, kind: u8, content: &[u8], text: &mut Vec<u8>) {
        // What stood before decides where the cursor is.
        self.parser.process(text);
        text.clear();
        match kind {
            b'P' => {
                if let Some(picture) = graphics::sixel(content) {
                    let cells = self.cells(picture.width(), picture.height());
                    let id = self.graphics.keep(picture);
                    self.place(id, cells, true);
                }
            }
            b'_' if content == &END[2..END.len() - 2] => self.ends += 1,
            b'_' => {
                let answers = self.parser.callbacks().answers;
                let outcome = self.graphics.kitty(content, answers == Answers::Kitty);
                if let Some(reply) = outcome.reply {
                    self.parser.callbacks_mut().say(&reply);
                }
                if let Some(shown) = outcome.show {
                    let natural = self.cells(shown.width, shown.height);
                    let cells = (
                        shown.columns.unwrap_or(natural.0),
                        shown.rows.unwrap_or(natural.1),
                    );
                    self.place(shown.id, cells, !shown.stay);
                }
            }
            b']' if content.starts_with(b"1337;File=") => {
                if let Some((picture, stay)) = graphics::iterm2(content) {
                    let cells = self.cells(picture.width(), picture.height());
                    let id = self.graphics.keep(picture);
                    self.place(id, cells, !stay);
                }
            }
            b']' => {
                let mut whole = b"\x1b]".to_vec();
                whole.extend_from_slice(content);
                whole.push(0x07);
                self.parser.process(&whole);
            }
            _ => {}
        }
    }

    fn cells(&self, width: u32, height: u32) -> (u16, u16) {
        (
            width.div_ceil(u32::from(self.cell.0)) as u16,
            height.div_ceil(u32::from(self.cell.1)) as u16,
        )
    }

    /// Puts a picture at the cursor: each of its cells gets a private character that tells which part it is. Whatever
    /// later overwrites, erases or scrolls the cell does the same to its part of the picture.
    fn place(&mut self, id: u32, (columns, rows): (u16, u16), advance: bool) {
        if rows == 0 || columns == 0 {
            return;
        }
        if advance {
            // The screen scrolls when the picture is too tall for what is left of it.
            let lines = "\n".repeat(usize::from(rows) - 1);
            self.parser.process(lines.as_bytes());
        }
        let screen = self.parser.screen();
        let attributes = screen.attributes_formatted();
        let (row, column) = screen.cursor_position();
        let (height, width) = screen.size();
        let top = if advance {
            i32::from(row) - i32::from(rows - 1)
        } else {
            i32::from(row)
        };
        let mut marks = String::from("\x1b[m");
        for part in 0..rows {
            let line = top + i32::from(part);
            if line < 0 || line >= i32::from(height.get()) {
                continue;
            }
            let _ = write!(marks, "\x1b[{};{}H", line + 1, column + 1);
            for across in 0..columns.min(width.get().saturating_sub(column)) {
                marks.push_str(&graphics::mark(id, across, part));
            }
        }
        let _ = write!(marks, "\x1b[{};{}H{attributes}", row + 1, column + 1);
        self.parser.process(marks.as_bytes());
    }
}

/// What the terminal does besides showing text.
struct Host {
    answers: Answers,
    cell: (u16, u16),
    said: Vec<u8>,
    modes: Modes,
    /// A synchronized update is under way.
    updating: bool,
}

impl Host {
    fn say(&mut self, answer: &str) {
        if self.answers != Answers::Silent {
            self.said.extend_from_slice(answer.as_bytes());
        }
    }

    /// A question in a control sequence.
    fn asked(&mut self, screen: &Screen, marks: (Option<u8>, Option<u8>), first: u16, c: char) {
        let (rows, columns) = screen.size();
        let (width, height) = self.cell;
        match (marks, c, first) {
            ((None, None), 'c', 0) => self.say(if self.answers == Answers::Sixel {
                "\x1b[?62;4;22c"
            } else {
                "\x1b[?62;22c"
            }),
            ((Some(b'>'), None), 'c', _) => self.say("\x1b[>1;10;0c"),
            ((Some(b'>'), None), 'q', _) => self.say("\x1bP>|fake 1.0\x1b\\"),
            ((None, None), 'n', 5) => self.say("\x1b[0n"),
            ((None, None), 'n', 6) => {
                let (row, column) = screen.cursor_position();
                self.say(&format!("\x1b[{};{}R", row + 1, column + 1));
            }
            ((None, None), 't', 14) => {
                let (high, wide) = (rows.get() * height, columns.get() * width);
                self.say(&format!("\x1b[4;{high};{wide}t"));
            }
            ((None, None), 't', 16) => self.say(&format!("\x1b[6;{height};{width}t")),
            ((None, None), 't', 18) => self.say(&format!("\x1b[8;{rows};{columns}t")),
            ((Some(b'?'), Some(b'$')), 'p', mode) => {
                let known = if mode == 2026 { 2 } else { 0 };
                self.say(&format!("\x1b[?{mode};{known}$y"));
            }
            ((Some(b'?'), None), 'u', _) if self.answers == Answers::Kitty => {
                self.say("\x1b[?0u");
            }
            ((Some(b'>'), None), 'u', _) => self.modes.keyboard += 1,
            ((Some(b'<'), None), 'u', count) => self.modes.keyboard -= i32::from(count.max(1)),
            _ => {}
        }
    }
}

impl Callbacks for Host {
    fn set_window_title(&mut self, _: &mut Screen, title: &[u8]) {
        self.modes.title = String::from_utf8_lossy(title).into_owned();
    }

    fn unhandled_csi(
        &mut self,
        screen: &mut Screen,
        first: Option<u8>,
        second: Option<u8>,
        params: &[&[u16]],
        c: char,
    ) {
        let numbers: Vec<u16> = params.iter().filter_map(|p| p.first().copied()).collect();
        if first == Some(b'?') && second.is_none() && matches!(c, 'h' | 'l') {
            for &mode in &numbers {
                if mode == 2026 {
                    self.updating = c == 'h';
                }
                match (mode, c) {
                    (2026, 'h') => self.modes.updates_begun += 1,
                    (2026, _) => {
                        let (begun, ended) = (self.modes.updates_begun, self.modes.updates_ended);
                        self.modes.updates_ended = begun.min(ended + 1);
                    }
                    // Autowrap and a blinking cursor are on from the start, and say nothing when set.
                    (7 | 12, _) => {}
                    (_, 'h') => drop(self.modes.others.insert(mode)),
                    _ => drop(self.modes.others.remove(&mode)),
                }
            }
            return;
        }
        let number = numbers.first().copied().unwrap_or(0);
        self.asked(screen, (first, second), number, c);
    }

    fn unhandled_osc(&mut self, _: &mut Screen, params: &[&[u8]]) {
        match params {
            [b"10", b"?"] => self.say("\x1b]10;rgb:d3d3/d7d7/cfcf\x1b\\"),
            [b"11", b"?"] if self.answers == Answers::Light => {
                self.say("\x1b]11;rgb:ffff/ffff/ffff\x07");
            }
            [b"11", b"?"] => self.say("\x1b]11;rgb:1616/1818/1c1c\x1b\\"),
            _ => {}
        }
    }
}

fn at_least_one(cells: u16) -> NonZeroU16 {
    NonZeroU16::new(cells).unwrap_or(NonZeroU16::MIN)
}
