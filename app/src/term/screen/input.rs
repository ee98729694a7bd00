//! Bytes from the terminal, as keys, pastes and answers.
//!
//! The program reads the terminal itself: crossterm keeps its parser to itself, and a parser that is ours
//! can tell an answer from a key at any time. So what somebody types while the terminal is asked what it
//! can do is not lost, and an answer that comes late is not taken for typing.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent};

use super::{Input, mouse};
use crate::term::colour::Rgb;

/// How long the rest of a sequence may be under way before its start counts as keys.
const SEQUENCE: Duration = Duration::from_millis(50);
/// How long a paste may pause before it counts as complete.
const PASTE: Duration = Duration::from_secs(1);
/// No sequence that we know is longer; what is, is thrown away.
const LONGEST: usize = 1024;
const PASTE_END: &[u8] = b"\x1b[201~";

/// What was understood.
#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// Somebody did something.
    Input(Input),
    /// The terminal answered a question.
    Answer(Answer),
}

/// The terminal's answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To kitty's graphics query: whether it takes pictures.
    Kitty(bool),
    /// To `CSI c`: what kind of terminal it is; a 4 among the numbers means sixel.
    Attributes(Vec<u16>),
    /// To `CSI 16 t`: a cell's pixels, width × height.
    Cell(u16, u16),
    /// To `CSI 14 t`: the text area's pixels, width × height.
    Area(u16, u16),
    /// To `CSI > q`: the terminal's name and version.
    Version(String),
    /// To `OSC 11 ; ?`: the background's colour.
    Background(Rgb),
    /// To `CSI 5 n`: the terminal is there.
    Status,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ground,
    /// After ESC.
    Escape,
    /// After ESC [.
    Control,
    /// After ESC O: a key with one more byte.
    Shift3,
    /// After ESC and one of `P X ] ^ _`: text up to ESC \ or BEL.
    Text,
    /// Between the marks of a bracketed paste.
    Paste,
    /// After ESC [ M: three bytes of a mouse.
    Mouse,
}

/// Takes bytes in any portions.
#[derive(Debug)]
pub struct Parser {
    state: State,
    /// The bytes since the state began.
    held: Vec<u8>,
    /// ESC came before the character that is being put together.
    alt: bool,
}

impl Parser {
    pub fn new() -> Parser {
        Parser {
            state: State::Ground,
            held: Vec::new(),
            alt: false,
        }
    }

    /// Takes bytes and appends what they mean.
    pub fn feed(&mut self, bytes: &[u8], tokens: &mut Vec<Token>) {
        for &byte in bytes {
            self.step(byte, tokens);
        }
    }

    /// How long to wait for the rest of what has begun; `None` when nothing has.
    pub fn patience(&self) -> Option<Duration> {
        match self.state {
            State::Ground if self.held.is_empty() => None,
            State::Paste => Some(PASTE),
            _ => Some(SEQUENCE),
        }
    }

    /// Nothing more came: what has begun is what it looks like.
    pub fn flush(&mut self, tokens: &mut Vec<Token>) {
        let held = std::mem::take(&mut self.held);
        match std::mem::replace(&mut self.state, State::Ground) {
            // A mouse's report that was cut short was not typed.
            State::Ground | State::Mouse => {}
            State::Escape => tokens.push(key(KeyCode::Esc, KeyModifiers::NONE)),
            State::Control => tokens.extend(lone(&held, b'[')),
            State::Shift3 => tokens.push(key(
                KeyCode::Char('O'),
                KeyModifiers::ALT | KeyModifiers::SHIFT,
            )),
            State::Text => {
                let (introducer, rest) = held.split_first().unwrap_or((&b'_', &[]));
                tokens.extend(lone(rest, *introducer));
            }
            State::Paste => tokens.push(paste(&held)),
        }
        self.alt = false;
    }

    fn step(&mut self, byte: u8, tokens: &mut Vec<Token>) {
        match self.state {
            State::Ground => self.ground(byte, tokens),
            State::Escape => match byte {
                b'[' => self.state = State::Control,
                b'O' => self.state = State::Shift3,
                b'P' | b'X' | b']' | b'^' | b'_' => {
                    self.state = State::Text;
                    self.held.push(byte);
                }
                // Two escapes: the first one was the key.
                0x1b => tokens.push(key(KeyCode::Esc, KeyModifiers::NONE)),
                _ => {
                    self.state = State::Ground;
                    self.alt = true;
                    self.ground(byte, tokens);
                }
            },
            State::Control => self.control(byte, tokens),
            State::Shift3 => {
                self.state = State::Ground;
                tokens.extend(shift3(byte).map(|code| key(code, KeyModifiers::NONE)));
            }
            State::Text => self.text(byte, tokens),
            State::Paste => {
                self.held.push(byte);
                if byte == b'~' && self.held.ends_with(PASTE_END) {
                    let text = self.held.len() - PASTE_END.len();
                    tokens.push(paste(&self.held[..text]));
                    self.begin(State::Ground);
                }
            }
            State::Mouse => {
                self.held.push(byte);
                if let Ok(bytes) = <[u8; 3]>::try_from(self.held.as_slice()) {
                    tokens.extend(mouse::bytes(bytes).map(clicked));
                    self.begin(State::Ground);
                }
            }
        }
    }

    fn begin(&mut self, state: State) {
        self.state = state;
        self.held.clear();
    }

    fn ground(&mut self, byte: u8, tokens: &mut Vec<Token>) {
        if byte == 0x1b {
            self.alt = false;
            return self.begin(State::Escape);
        }
        let character = if byte < 0x80 {
            self.held.clear();
            Some(byte as char)
        } else {
            self.held.push(byte);
            match std::str::from_utf8(&self.held) {
                Ok(text) => text.chars().next(),
                // Not complete yet.
                Err(error) if error.error_len().is_none() => return,
                // No UTF-8 at all: nothing that anybody typed.
                Err(_) => None,
            }
        };
        self.held.clear();
        let alt = std::mem::take(&mut self.alt);
        tokens.extend(character.map(|character| typed(character, alt)));
    }

    fn control(&mut self, byte: u8, tokens: &mut Vec<Token>) {
        match byte {
            0x1b => self.begin(State::Escape),
            // The Linux console's F1 to F5 are ESC [ [ A to E.
            b'[' if self.held.is_empty() => self.held.push(byte),
            b'A'..=b'E' if self.held == b"[" => {
                tokens.push(key(KeyCode::F(byte - b'A' + 1), KeyModifiers::NONE));
                self.begin(State::Ground);
            }
            0x40..=0x7e => {
                let held = std::mem::take(&mut self.held);
                self.state = State::Ground;
                match (held.as_slice(), byte) {
                    _ if held.len() >= LONGEST => {}
                    (b"200", b'~') => self.state = State::Paste,
                    (b"", b'M') => self.state = State::Mouse,
                    _ => tokens.extend(sequence(&held, byte)),
                }
            }
            _ if self.held.len() < LONGEST => self.held.push(byte),
            // The rest is swallowed, up to the end: nobody typed it.
            _ => {}
        }
    }

    fn text(&mut self, byte: u8, tokens: &mut Vec<Token>) {
        self.held.push(byte);
        let end = if byte == 0x07 {
            1
        } else if self.held.ends_with(b"\x1b\\") {
            2
        } else {
            // The start is enough to know the answers that we asked for.
            if self.held.len() > LONGEST {
                self.held.drain(LONGEST / 2..LONGEST - 1);
            }
            return;
        };
        let text = &self.held[..self.held.len() - end];
        tokens.extend(answer_in_text(text).map(Token::Answer));
        self.begin(State::Ground);
    }
}

fn key(code: KeyCode, modifiers: KeyModifiers) -> Token {
    Token::Input(Input::Key(KeyEvent::new(code, modifiers)))
}

fn clicked(event: MouseEvent) -> Token {
    Token::Input(Input::Mouse(event))
}

fn paste(bytes: &[u8]) -> Token {
    // Terminals send the line ends of a paste as the Enter key would.
    let text = String::from_utf8_lossy(bytes)
        .replace("\r\n", "\n")
        .replace('\r', "\n");
    Token::Input(Input::Paste(text))
}

/// ESC and a character without a rest: Alt and that character; with a rest, a sequence cut short.
fn lone(rest: &[u8], introducer: u8) -> Option<Token> {
    rest.is_empty().then(|| typed(introducer as char, true))
}

/// A character as the key that was pressed for it.
fn typed(character: char, alt: bool) -> Token {
    let control = |code: char| (KeyCode::Char(code), KeyModifiers::CONTROL);
    let (code, mut modifiers) = match character {
        '\r' => (KeyCode::Enter, KeyModifiers::NONE),
        '\t' => (KeyCode::Tab, KeyModifiers::NONE),
        '\u{7f}' => (KeyCode::Backspace, KeyModifiers::NONE),
        '\0' => control(' '),
        '\u{1}'..='\u{1a}' => control((character as u8 - 1 + b'a') as char),
        '\u{1c}'..='\u{1f}' => control((character as u8 - 0x1c + b'4') as char),
        _ if character.is_uppercase() => (KeyCode::Char(character), KeyModifiers::SHIFT),
        _ => (KeyCode::Char(character), KeyModifiers::NONE),
    };
    if alt {
        modifiers |= KeyModifiers::ALT;
    }
    key(code, modifiers)
}

fn shift3(byte: u8) -> Option<KeyCode> {
    Some(match byte {
        b'M' => KeyCode::Enter,
        b'P' => KeyCode::F(1),
        b'Q' => KeyCode::F(2),
        b'R' => KeyCode::F(3),
        b'S' => KeyCode::F(4),
        _ => return arrow(byte),
    })
}

fn arrow(byte: u8) -> Option<KeyCode> {
    Some(match byte {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        _ => return None,
    })
}

/// xterm's modifier number: one more than the sum of Shift 1, Alt 2, Control 4, Super 8.
fn modifiers(number: u16) -> KeyModifiers {
    let bits = number.saturating_sub(1);
    let mut modifiers = KeyModifiers::NONE;
    for (bit, modifier) in [
        (1, KeyModifiers::SHIFT),
        (2, KeyModifiers::ALT),
        (4, KeyModifiers::CONTROL),
        (8, KeyModifiers::SUPER),
    ] {
        if bits & bit != 0 {
            modifiers |= modifier;
        }
    }
    modifiers
}

/// ESC [ `body` `last`.
fn sequence(body: &[u8], last: u8) -> Option<Token> {
    let body = std::str::from_utf8(body).ok()?;
    if let Some(attributes) = body.strip_prefix('?') {
        return (last == b'c').then(|| Token::Answer(Answer::Attributes(numbers(attributes))));
    }
    if let Some(report) = body.strip_prefix('<') {
        return match last {
            b'M' | b'm' => mouse::report(report, last == b'm').map(clicked),
            _ => None,
        };
    }
    let fields = numbers(body);
    let first = fields.first().copied().unwrap_or(0);
    let second = fields.get(1).copied().unwrap_or(1);
    let with = modifiers(second);
    match last {
        b'A'..=b'D' | b'F' | b'H' => Some(key(arrow(last)?, with)),
        b'P'..=b'S' => Some(key(KeyCode::F(last - b'P' + 1), with)),
        b'Z' => Some(key(KeyCode::BackTab, KeyModifiers::SHIFT)),
        // xterm's modifyOtherKeys: 27 ; modifiers ; character.
        b'~' if first == 27 => coded(fields.get(2).copied()?, with),
        b'~' => Some(key(numbered(first)?, with)),
        b'u' => {
            // 3 is a release.
            let released = body
                .split(';')
                .nth(1)
                .is_some_and(|field| field.ends_with(":3"));
            (!released).then(|| coded(first, with)).flatten()
        }
        b'n' => Some(Token::Answer(Answer::Status)),
        b't' => {
            let pixels = (fields.get(2).copied()?, fields.get(1).copied()?);
            match first {
                4 => Some(Token::Answer(Answer::Area(pixels.0, pixels.1))),
                6 => Some(Token::Answer(Answer::Cell(pixels.0, pixels.1))),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Numbers between semicolons; of a number with parts the first.
fn numbers(text: &str) -> Vec<u16> {
    text.split(';')
        .map(|field| {
            let number = field.split(':').next().unwrap_or(field);
            number.parse().unwrap_or(0)
        })
        .collect()
}

fn numbered(number: u16) -> Option<KeyCode> {
    let number = u8::try_from(number).ok()?;
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => KeyCode::F(number - 10),
        17..=21 => KeyCode::F(number - 11),
        23..=26 => KeyCode::F(number - 12),
        28 | 29 => KeyCode::F(number - 13),
        31..=34 => KeyCode::F(number - 14),
        _ => return None,
    })
}

/// A key given by its character's code, with modifiers.
fn coded(code: u16, with: KeyModifiers) -> Option<Token> {
    let code = match char::from_u32(u32::from(code))? {
        '\u{1b}' => KeyCode::Esc,
        '\r' => KeyCode::Enter,
        '\t' if with.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
        '\t' => KeyCode::Tab,
        '\u{7f}' | '\u{8}' => KeyCode::Backspace,
        character if character.is_control() => return None,
        character => KeyCode::Char(character),
    };
    Some(key(code, with))
}

/// The text's first byte is the one after ESC.
fn answer_in_text(text: &[u8]) -> Option<Answer> {
    let text = String::from_utf8_lossy(text);
    if let Some(kitty) = text.strip_prefix("_G") {
        return Some(Answer::Kitty(kitty.ends_with(";OK")));
    }
    if let Some(colour) = text.strip_prefix("]11;") {
        return Rgb::of_terminal(colour).map(Answer::Background);
    }
    let version = text.strip_prefix("P>|")?;
    Some(Answer::Version(version.to_owned()))
}

#[cfg(test)]
mod tests {
    use crossterm::event::{MouseButton, MouseEventKind};

    use super::*;

    /// Feeds the bytes in portions of every size: the meaning must not depend on how they arrive.
    fn tokens(bytes: &[u8]) -> Vec<Token> {
        let mut parser = Parser::new();
        let mut whole = Vec::new();
        parser.feed(bytes, &mut whole);
        parser.flush(&mut whole);
        for size in 1..bytes.len().min(9) {
            let mut parser = Parser::new();
            let mut parts = Vec::new();
            for part in bytes.chunks(size) {
                parser.feed(part, &mut parts);
            }
            parser.flush(&mut parts);
            assert_eq!(parts, whole, "in portions of {size}");
        }
        whole
    }

    fn keys(bytes: &[u8]) -> Vec<(KeyCode, KeyModifiers)> {
        tokens(bytes)
            .into_iter()
            .map(|token| match token {
                Token::Input(Input::Key(key)) => (key.code, key.modifiers),
                other => panic!("{other:?} is no key"),
            })
            .collect()
    }

    const NONE: KeyModifiers = KeyModifiers::NONE;

    #[test]
    fn characters_are_keys_in_any_script() {
        assert_eq!(
            keys("aß白\r\t\u{7f}".as_bytes()),
            [
                (KeyCode::Char('a'), NONE),
                (KeyCode::Char('ß'), NONE),
                (KeyCode::Char('白'), NONE),
                (KeyCode::Enter, NONE),
                (KeyCode::Tab, NONE),
                (KeyCode::Backspace, NONE),
            ]
        );
        assert_eq!(keys(b"G"), [(KeyCode::Char('G'), KeyModifiers::SHIFT)]);
    }

    #[test]
    fn control_and_alt_come_with_their_letter() {
        assert_eq!(
            keys(b"\x03\x1a\x00\x1bx"),
            [
                (KeyCode::Char('c'), KeyModifiers::CONTROL),
                (KeyCode::Char('z'), KeyModifiers::CONTROL),
                (KeyCode::Char(' '), KeyModifiers::CONTROL),
                (KeyCode::Char('x'), KeyModifiers::ALT),
            ]
        );
    }

    #[test]
    fn escape_alone_is_the_escape_key() {
        assert_eq!(keys(b"\x1b"), [(KeyCode::Esc, NONE)]);
        assert_eq!(
            keys(b"\x1b\x1b"),
            [(KeyCode::Esc, NONE), (KeyCode::Esc, NONE)]
        );
        // Alt with the characters that also begin sequences.
        for character in ['[', 'O', '_', ']', 'P'] {
            let [(code, with)] = keys(&[0x1b, character as u8])[..] else {
                panic!("one key for Alt-{character}");
            };
            assert_eq!(code, KeyCode::Char(character));
            assert!(with.contains(KeyModifiers::ALT));
        }
    }

    #[test]
    fn arrows_and_function_keys_carry_modifiers() {
        assert_eq!(
            keys(b"\x1b[A\x1bOD\x1b[1;5C\x1b[1;2H\x1b[5~\x1b[3;2~\x1bOP\x1b[15~\x1b[24;2~\x1b[[C\x1b[Z"),
            [
                (KeyCode::Up, NONE),
                (KeyCode::Left, NONE),
                (KeyCode::Right, KeyModifiers::CONTROL),
                (KeyCode::Home, KeyModifiers::SHIFT),
                (KeyCode::PageUp, NONE),
                (KeyCode::Delete, KeyModifiers::SHIFT),
                (KeyCode::F(1), NONE),
                (KeyCode::F(5), NONE),
                (KeyCode::F(12), KeyModifiers::SHIFT),
                (KeyCode::F(3), NONE),
                (KeyCode::BackTab, KeyModifiers::SHIFT),
            ]
        );
    }

    #[test]
    fn keys_by_code_are_understood_and_releases_left_out() {
        assert_eq!(
            keys(b"\x1b[97;5u\x1b[97;1:3u\x1b[27;2;13~"),
            [
                (KeyCode::Char('a'), KeyModifiers::CONTROL),
                (KeyCode::Enter, KeyModifiers::SHIFT),
            ]
        );
    }

    #[test]
    fn a_paste_is_one_text_whatever_is_in_it() {
        assert_eq!(
            tokens(b"\x1b[200~a\x1b[Ab\r\nq~\x1b[201~x"),
            [
                Token::Input(Input::Paste("a\u{1b}[Ab\nq~".to_owned())),
                key(KeyCode::Char('x'), NONE),
            ]
        );
    }

    #[test]
    fn a_paste_that_never_ends_does_not_swallow_the_keyboard() {
        let mut parser = Parser::new();
        let mut tokens = Vec::new();
        parser.feed(b"\x1b[200~abc", &mut tokens);
        assert_eq!(parser.patience(), Some(PASTE));
        parser.flush(&mut tokens);
        parser.feed(b"q", &mut tokens);
        assert_eq!(
            tokens,
            [
                Token::Input(Input::Paste("abc".to_owned())),
                key(KeyCode::Char('q'), NONE)
            ]
        );
    }

    #[test]
    fn answers_are_told_from_keys_typed_between_them() {
        assert_eq!(
            tokens(b"q\x1b_Gi=1;OK\x1b\\w\x1b[?62;4;22c\x1b[6;20;10t\x1b[0ne"),
            [
                key(KeyCode::Char('q'), NONE),
                Token::Answer(Answer::Kitty(true)),
                key(KeyCode::Char('w'), NONE),
                Token::Answer(Answer::Attributes(vec![62, 4, 22])),
                Token::Answer(Answer::Cell(10, 20)),
                Token::Answer(Answer::Status),
                key(KeyCode::Char('e'), NONE),
            ]
        );
    }

    #[test]
    fn the_background_is_told_with_either_end() {
        assert_eq!(
            tokens(b"\x1b]11;rgb:ffff/ffff/dddd\x07q\x1b]11;rgb:10/20/30\x1b\\\x1b]11;?\x07"),
            [
                Token::Answer(Answer::Background(Rgb(255, 255, 0xdd))),
                key(KeyCode::Char('q'), NONE),
                Token::Answer(Answer::Background(Rgb(16, 32, 48))),
            ]
        );
    }

    #[test]
    fn a_refusal_of_kitty_pictures_is_one() {
        assert_eq!(
            tokens(b"\x1b_Gi=1;EINVAL:no such thing\x1b\\"),
            [Token::Answer(Answer::Kitty(false))]
        );
    }

    #[test]
    fn the_mouse_is_told_from_keys_typed_between_its_reports() {
        let tokens = tokens(b"a\x1b[<0;12;5Mb\x1b[<0;12;5mc\x1b[M !\"d");
        let kinds: Vec<_> = tokens
            .iter()
            .map(|token| match token {
                Token::Input(Input::Mouse(event)) => Ok((event.kind, event.column, event.row)),
                Token::Input(Input::Key(key)) => Err(key.code),
                other => panic!("{other:?}"),
            })
            .collect();
        let left = MouseButton::Left;
        assert_eq!(
            kinds,
            [
                Err(KeyCode::Char('a')),
                Ok((MouseEventKind::Down(left), 11, 4)),
                Err(KeyCode::Char('b')),
                Ok((MouseEventKind::Up(left), 11, 4)),
                Err(KeyCode::Char('c')),
                Ok((MouseEventKind::Down(left), 0, 1)),
                Err(KeyCode::Char('d')),
            ]
        );
    }

    #[test]
    fn a_mouse_that_sends_rubbish_types_nothing() {
        let mut noise =
            b"\x1b[<;;M\x1b[<0;0;0M\x1b[<999999999999;1;1M\x1b[<0;1M\x1b[<1;2;3y".to_vec();
        noise.extend(b"\x1b[<");
        noise.extend([b'9'; 5000]);
        noise.extend(b";1;1M");
        noise.extend(b"\x1b[M\x00\x00\x00q");
        assert_eq!(tokens(&noise), [key(KeyCode::Char('q'), NONE)]);
    }

    #[test]
    fn rubbish_leaves_no_key_behind_and_the_next_key_counts() {
        let mut noise = b"\x1b[12;34;5y\x1b]12;rgb:1/2/3\x07\x1bP1$r0m\x1b\\\xff\xfe".to_vec();
        noise.extend(b"\x1b_");
        noise.extend([b'x'; 5000]);
        noise.extend(b"\x1b\\q");
        assert_eq!(tokens(&noise), [key(KeyCode::Char('q'), NONE)]);
    }
}
