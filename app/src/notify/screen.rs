//! The terminal: escape sequences that make a notification, or the bell.

use std::io::{self, IsTerminal, Write};

use super::Notice;
use super::rule::Signal;
use crate::term::Terminal;

/// Writes to standard error, if that is a terminal: a sequence in a file or a pipe would be rubbish.
pub fn tell(signal: Signal, notice: &Notice, terminal: &Terminal) -> Result<(), String> {
    let mut err = io::stderr().lock();
    if !err.is_terminal() || !terminal.live {
        return Err("standard error is no terminal".to_owned());
    }
    let written = err.write_all(bytes(signal, notice).as_bytes());
    written
        .and_then(|()| err.flush())
        .map_err(|error| error.to_string())
}

/// OSC 9 takes one text, OSC 777 a title and a text between semicolons.
fn bytes(signal: Signal, notice: &Notice) -> String {
    match signal {
        Signal::Osc9 => format!(
            "\x1b]9;{}: {}\x07",
            plain(&notice.title),
            plain(&notice.text)
        ),
        Signal::Osc777 => {
            let part = |text: &str| plain(text).replace(';', ",");
            format!(
                "\x1b]777;notify;{};{}\x07",
                part(&notice.title),
                part(&notice.text)
            )
        }
        Signal::Bell => "\x07".to_owned(),
    }
}

/// Names come from elsewhere: one must not end the sequence and begin another. C1 controls (U+0080 to U+009F) do that,
/// too, and characters that turn the direction of text hide what it says.
fn plain(text: &str) -> String {
    let bad =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if bad(c) { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::sample;

    #[test]
    fn each_signal_has_its_bytes() {
        let notice = sample();
        assert_eq!(
            bytes(Signal::Osc9, &notice),
            "\x1b]9;whiteboarder: a picture failed: failed: a.jpg: it ends early\x07"
        );
        assert_eq!(
            bytes(Signal::Osc777, &notice),
            "\x1b]777;notify;whiteboarder: a picture failed;failed: a.jpg: it ends early\x07"
        );
        assert_eq!(bytes(Signal::Bell, &notice), "\x07");
    }

    #[test]
    fn a_name_cannot_end_the_sequence() {
        let mut notice = sample();
        notice.text = "a\x07\x1b]0;title\x1b\\\u{9c};b\u{202e}".into();
        for signal in [Signal::Osc9, Signal::Osc777] {
            let sent = bytes(signal, &notice);
            let inside = &sent[1..sent.len() - 1];
            assert!(!inside.chars().any(char::is_control), "{sent:?}");
        }
        assert_eq!(bytes(Signal::Osc777, &notice).matches(';').count(), 3);
    }

    #[test]
    fn what_is_no_terminal_gets_nothing() {
        let terminal = Terminal::detect(crate::term::ColorChoice::Never, true, false, 0);
        let piped = Terminal {
            live: false,
            ..terminal
        };
        assert!(tell(Signal::Bell, &sample(), &piped).is_err());
    }
}
