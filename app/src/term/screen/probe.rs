//! Asks the terminal what it can do: once, within a fixed time, and without losing a key.
//!
//! One burst of questions, the last of which every terminal answers, so that nobody has to wait for the
//! answers that will not come. What somebody types meanwhile is kept, see [`super::input`].

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::PollFlags;

use super::Input;
use super::brand::Surroundings;
use super::input::{Answer, Parser, Token};
use super::tty::{self, Tty};
use crate::term::colour::Rgb;

/// The longest that a terminal may take. Over a slow line that is too short, and then pictures are half
/// blocks; waiting longer would be felt by everybody whose terminal stays silent.
pub const PATIENCE: Duration = Duration::from_millis(300);

/// Whether the terminal takes kitty's pictures: a picture of one pixel, only asked about.
const KITTY: &str = "\x1b_Gi=1,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\";
/// The background's colour.
const BACKGROUND: &str = "\x1b]11;?\x07";
/// Name and version, a cell's pixels, the area's pixels, the kind of terminal, and a sign of life.
const REST: &str = "\x1b[>q\x1b[16t\x1b[14t\x1b[c\x1b[5n";

/// What the terminal said about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// Whether it said anything.
    pub any: bool,
    /// It takes kitty's pictures.
    pub kitty: bool,
    /// It takes sixels.
    pub sixel: bool,
    /// A cell's pixels, width × height.
    pub cell: Option<(u16, u16)>,
    /// The whole area's pixels.
    pub area: Option<(u16, u16)>,
    /// Its name and version.
    pub version: String,
    /// The colour of its background.
    pub background: Option<Rgb>,
}

impl Answers {
    fn take(&mut self, answer: Answer) {
        self.any = true;
        match answer {
            Answer::Kitty(takes) => self.kitty = takes,
            Answer::Attributes(kinds) => self.sixel = kinds.get(1..).unwrap_or(&[]).contains(&4),
            Answer::Cell(width, height) if width > 0 && height > 0 => {
                self.cell = Some((width, height));
            }
            Answer::Area(width, height) if width > 0 && height > 0 => {
                self.area = Some((width, height));
            }
            Answer::Version(version) => self.version = version,
            Answer::Background(colour) => self.background = Some(colour),
            Answer::Cell(..) | Answer::Area(..) | Answer::Status => {}
        }
    }
}

/// What a probe brings.
#[derive(Debug)]
pub struct Probed {
    pub answers: Answers,
    /// What somebody typed meanwhile.
    pub early: Vec<Input>,
    /// Goes on with what had begun to arrive.
    pub parser: Parser,
}

/// Asks the terminal, which must be in raw mode; for the colour of its background when somebody wants to know.
pub fn probe(tty: &Tty, around: &Surroundings, background: bool) -> io::Result<Probed> {
    let end = Instant::now() + PATIENCE;
    let mut probed = Probed {
        answers: Answers::default(),
        early: Vec::new(),
        parser: Parser::new(),
    };
    let kitty = if around.minds_kitty() { "" } else { KITTY };
    let background = if background && !around.minds_background() {
        BACKGROUND
    } else {
        ""
    };
    let questions = format!("{kitty}{background}{REST}");
    match tty.write_within(questions.as_bytes(), PATIENCE) {
        Err(error) if error.kind() != io::ErrorKind::TimedOut => return Err(error),
        _ => {}
    }
    let stdin = io::stdin();
    let mut bytes = [0; 1024];
    let mut tokens = Vec::new();
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        if !tty::ready(stdin.as_fd(), PollFlags::IN, left)? {
            continue;
        }
        let count = match rustix::io::read(&stdin, &mut bytes) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => count,
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        };
        probed.parser.feed(&bytes[..count], &mut tokens);
        if probed.sort(&mut tokens) {
            break;
        }
    }
    tracing::debug!(
        seconds = (Instant::now() + PATIENCE).saturating_duration_since(end).as_secs_f64(),
        answers = ?probed.answers,
        "asked the terminal what it can do"
    );
    Ok(probed)
}

impl Probed {
    /// Answers here, keys there. True when the last answer is in.
    fn sort(&mut self, tokens: &mut Vec<Token>) -> bool {
        let mut complete = false;
        for token in tokens.drain(..) {
            match token {
                Token::Input(input) => self.early.push(input),
                Token::Answer(answer) => {
                    complete |= answer == Answer::Status;
                    self.answers.take(answer);
                }
            }
        }
        complete
    }
}

#[cfg(test)]
impl Answers {
    /// From bytes as a terminal sent them.
    pub fn recorded(bytes: &str) -> Answers {
        let mut probed = Probed {
            answers: Answers::default(),
            early: Vec::new(),
            parser: Parser::new(),
        };
        let mut tokens = Vec::new();
        probed.parser.feed(bytes.as_bytes(), &mut tokens);
        let complete = probed.sort(&mut tokens);
        assert_eq!(complete, bytes.ends_with("\x1b[0n"), "{bytes:?}");
        assert_eq!(probed.early, [], "no answer is a key");
        probed.answers
    }
}
