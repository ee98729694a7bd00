//! The themes that come with the program, in colours that have a number: every terminal with colours has these, and
//! none has changed them, as people change the first sixteen.
//!
//! On the ground that it is made for each is read easily: the contrast of WCAG 2 is at least 4.5, of the two of high
//! contrast at least 7; a test holds them to it.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

use super::Theme;

/// A theme's colours; what has none is the terminal's own.
struct Colours {
    faint: Option<u8>,
    accent: u8,
    good: u8,
    bad: u8,
    notable: u8,
    border: Option<u8>,
}

/// For dark terminals.
pub fn dark() -> Theme {
    theme(&Colours {
        faint: Some(245),
        accent: 39,
        good: 33,
        bad: 208,
        notable: 214,
        border: Some(245),
    })
}

/// For light terminals: the same hues, darker.
pub fn light() -> Theme {
    theme(&Colours {
        faint: Some(241),
        accent: 25,
        good: 26,
        bad: 130,
        notable: 94,
        border: Some(241),
    })
}

/// Nothing is faint, and what went wrong is reversed.
pub fn contrast_on_dark() -> Theme {
    contrast(&Colours {
        faint: None,
        accent: 123,
        good: 117,
        bad: 220,
        notable: 229,
        border: None,
    })
}

/// The same on white.
pub fn contrast_on_light() -> Theme {
    contrast(&Colours {
        faint: None,
        accent: 18,
        good: 19,
        bad: 52,
        notable: 54,
        border: None,
    })
}

fn contrast(colours: &Colours) -> Theme {
    let mut theme = theme(colours);
    theme.accent = theme.accent.add_modifier(Modifier::UNDERLINED);
    theme.good = theme.good.add_modifier(Modifier::BOLD);
    theme.bad = theme.bad.add_modifier(Modifier::REVERSED);
    theme.notable = theme
        .notable
        .add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
    theme.selected = theme.selected.add_modifier(Modifier::BOLD);
    theme
}

fn theme(colours: &Colours) -> Theme {
    let style = Style::new();
    let fg = |index: u8| style.fg(Color::Indexed(index));
    Theme {
        plain: style,
        faint: colours.faint.map_or(style, fg),
        strong: style.add_modifier(Modifier::BOLD),
        accent: fg(colours.accent).add_modifier(Modifier::BOLD),
        good: fg(colours.good),
        bad: fg(colours.bad).add_modifier(Modifier::BOLD),
        notable: fg(colours.notable),
        selected: style.add_modifier(Modifier::REVERSED),
        border: colours.border.map_or(style, fg),
        borders: border::PLAIN,
        ascii: false,
    }
}
