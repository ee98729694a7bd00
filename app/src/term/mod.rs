//! What the program knows about the terminal, and the few ways it writes there.
//!
//! Data goes to standard output, progress and messages to standard error, so that a pipe only ever sees
//! data. Whoever writes gets the error: a closed pipe ends the program quietly (see [`crate::error`]).

pub mod ask;
pub mod colour;
pub mod glyph;
pub mod log;
pub mod progress;
pub mod screen;
pub mod show;
pub mod table;
pub mod text;
pub mod theme;

use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;
use serde::Serialize;

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`.
    #[default]
    Auto,
    /// Also into pipes and files.
    Always,
    /// Nowhere.
    Never,
}

/// How to write: resolved once from flags, environment and the two streams.
#[derive(Clone, Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is one answer about one stream"
)]
pub struct Terminal {
    /// Colour on standard output.
    pub color_out: bool,
    /// Colour on standard error.
    pub color_err: bool,
    /// Whether glyphs beyond ASCII may be used.
    pub unicode: bool,
    /// Whether standard error is a terminal on which bars can move.
    pub live: bool,
    /// Columns to keep tables within, when standard output is a terminal.
    pub width: Option<usize>,
    /// Neither progress nor messages; errors and asked-for data only.
    pub quiet: bool,
    /// How often `-v` was given.
    pub verbose: u8,
}

#[allow(
    clippy::unused_self,
    reason = "what is written belongs to the terminal, also where it needs nothing to know"
)]
impl Terminal {
    /// Decides from what was asked for and what the two streams are.
    pub fn detect(color: ColorChoice, ascii: bool, quiet: bool, verbose: u8) -> Terminal {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let plain = set("NO_COLOR") || dumb;
        let colored = |terminal: bool| match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal && !plain,
        };
        let out_terminal = io::stdout().is_terminal();
        let err_terminal = io::stderr().is_terminal();
        Terminal {
            color_out: colored(out_terminal),
            color_err: colored(err_terminal),
            unicode: !ascii && utf8_locale(|name| std::env::var(name).ok()),
            live: err_terminal && !dumb && !quiet,
            width: out_terminal.then(terminal_width).flatten(),
            quiet,
            verbose,
        }
    }

    /// One line of data.
    pub fn line(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.write_all(b"\n")?;
        out.flush()
    }

    /// One JSON document, indented for people's eyes.
    pub fn document<T: Serialize>(&self, value: &T) -> io::Result<()> {
        self.line(&serde_json::to_string_pretty(value)?)
    }

    /// One JSON object on one line, for streams.
    pub fn object<T: Serialize>(&self, value: &T) -> io::Result<()> {
        self.line(&serde_json::to_string(value)?)
    }

    /// A message. Nobody can be told that standard error is closed, so that is ignored.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.complain(text);
        }
    }

    /// A message that `--quiet` does not silence.
    pub fn complain(&self, text: &str) {
        let mut err = io::stderr().lock();
        let _ = writeln!(err, "{text}");
    }
}

/// The terminal's columns.
fn terminal_width() -> Option<usize> {
    rustix::termios::tcgetwinsize(io::stdout())
        .ok()
        .map(|size| usize::from(size.ws_col))
        .filter(|columns| *columns > 0)
}

/// Whether the locale is a UTF-8 one, by the usual precedence of its variables.
fn utf8_locale(variable: impl Fn(&str) -> Option<String>) -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(variable)
        .find(|value| !value.is_empty())
        .is_some_and(|value| {
            let value = value.to_ascii_lowercase();
            value.contains("utf-8") || value.contains("utf8")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_set_locale_variable_decides() {
        let env = |pairs: &'static [(&str, &str)]| {
            move |name: &str| {
                pairs
                    .iter()
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| (*value).to_owned())
            }
        };
        assert!(utf8_locale(env(&[("LANG", "de_DE.UTF-8")])));
        assert!(utf8_locale(env(&[("LC_ALL", ""), ("LANG", "C.utf8")])));
        assert!(!utf8_locale(env(&[
            ("LC_ALL", "C"),
            ("LANG", "en_US.UTF-8")
        ])));
        assert!(!utf8_locale(env(&[])));
    }
}
