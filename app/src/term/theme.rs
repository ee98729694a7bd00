//! How the screens look: the one place that knows colours.
//!
//! Blue, orange and grey, so that no meaning hangs on telling red from green; and wherever a colour
//! says something, a glyph and a word say it too. Without colour, modifiers carry the emphasis.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

use super::Terminal;

/// Borders for terminals and locales that have only ASCII.
pub const ASCII_BORDER: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// The styles of the screens and the glyphs they may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Text.
    pub plain: Style,
    /// What may be overlooked: units, hints, what is switched off.
    pub faint: Style,
    /// Headings and names.
    pub strong: Style,
    /// Where the attention belongs: the value being changed, the key to press.
    pub accent: Style,
    /// Went well.
    pub good: Style,
    /// Went wrong.
    pub bad: Style,
    /// Worth a look: a draft, a warning.
    pub notable: Style,
    /// The row that the cursor is on.
    pub selected: Style,
    /// Frames of panes.
    pub border: Style,
    /// The characters that frames are made of.
    pub borders: border::Set<'static>,
    ascii: bool,
}

impl Theme {
    /// The theme for this terminal.
    pub fn of(terminal: &Terminal) -> Theme {
        let ascii = !terminal.unicode;
        let borders = if ascii { ASCII_BORDER } else { border::PLAIN };
        let style = Style::new();
        if terminal.color_out {
            let orange = Color::Indexed(208);
            Theme {
                plain: style,
                faint: style.fg(Color::DarkGray),
                strong: style.add_modifier(Modifier::BOLD),
                accent: style.fg(Color::Indexed(39)).add_modifier(Modifier::BOLD),
                good: style.fg(Color::Indexed(33)),
                bad: style.fg(orange).add_modifier(Modifier::BOLD),
                notable: style.fg(Color::Indexed(214)),
                selected: style.add_modifier(Modifier::REVERSED),
                border: style.fg(Color::DarkGray),
                borders,
                ascii,
            }
        } else {
            Theme {
                plain: style,
                faint: style.add_modifier(Modifier::DIM),
                strong: style.add_modifier(Modifier::BOLD),
                accent: style.add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
                good: style,
                bad: style.add_modifier(Modifier::BOLD),
                notable: style.add_modifier(Modifier::UNDERLINED),
                selected: style.add_modifier(Modifier::REVERSED),
                border: style.add_modifier(Modifier::DIM),
                borders,
                ascii,
            }
        }
    }

    /// Whether only ASCII may be drawn.
    pub fn ascii(&self) -> bool {
        self.ascii
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terminal(color: bool, unicode: bool) -> Terminal {
        Terminal {
            color_out: color,
            color_err: color,
            unicode,
            live: false,
            width: None,
            quiet: false,
            verbose: 0,
        }
    }

    fn styles(theme: &Theme) -> [Style; 9] {
        [
            theme.plain,
            theme.faint,
            theme.strong,
            theme.accent,
            theme.good,
            theme.bad,
            theme.notable,
            theme.selected,
            theme.border,
        ]
    }

    #[test]
    fn without_colour_there_is_none_and_emphasis_remains() {
        let theme = Theme::of(&terminal(false, true));
        for style in styles(&theme) {
            assert_eq!(
                (style.fg, style.bg, style.underline_color),
                (None, None, None)
            );
        }
        for style in [theme.accent, theme.bad, theme.notable, theme.selected] {
            assert_ne!(style, theme.plain);
        }
    }

    #[test]
    fn no_two_meanings_are_red_and_green() {
        let theme = Theme::of(&terminal(true, true));
        let colors: Vec<_> = styles(&theme).iter().filter_map(|style| style.fg).collect();
        assert!(!colors.contains(&Color::Red) && !colors.contains(&Color::Green));
        assert_ne!(theme.good, theme.bad);
    }

    #[test]
    fn ascii_means_the_borders_too() {
        let theme = Theme::of(&terminal(true, false));
        assert!(theme.ascii());
        let set = theme.borders;
        for glyph in [
            set.top_left,
            set.top_right,
            set.bottom_left,
            set.bottom_right,
            set.vertical_left,
            set.vertical_right,
            set.horizontal_top,
            set.horizontal_bottom,
        ] {
            assert!(glyph.is_ascii(), "{glyph}");
        }
        assert_eq!(Theme::of(&terminal(true, true)).borders, border::PLAIN);
    }
}
