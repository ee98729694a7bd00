//! How the screens look: the one place that knows colours.
//!
//! Blue, orange and grey, so that no meaning hangs on telling red from green; and wherever a colour
//! says something, a glyph and a word say it too. Without colour, modifiers carry the emphasis.
//!
//! The [`palette`]s for dark and light terminals and the one of high contrast come with the program; a person's own
//! is a [`mod@file`].

mod file;
mod palette;

use ratatui::style::{Modifier, Style};
use ratatui::symbols::border;

pub use file::find;

use super::Terminal;
use super::colour::Rgb;

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

/// A theme that comes with the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// For dark terminals.
    Dark,
    /// For light terminals.
    Light,
    /// For tired eyes and bad screens, on dark and light terminals.
    Contrast,
}

/// Which theme was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// Dark or light, as the terminal is.
    #[default]
    Auto,
    /// This one.
    Base(Base),
    /// Somebody's own.
    Own(file::Own),
}

/// What the terminal's colours are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ground {
    /// Its background, when it has told.
    pub background: Option<Rgb>,
    /// Whether its background is light, as far as the environment says.
    pub light: Option<bool>,
    /// Whether it shows any of 16 million colours.
    pub true_color: bool,
}

impl Ground {
    /// Dark unless something says otherwise.
    fn is_light(self) -> bool {
        self.background
            .map(Rgb::is_light)
            .or(self.light)
            .unwrap_or(false)
    }
}

impl Choice {
    /// Whether it matters what the terminal's background is.
    pub fn asks(&self) -> bool {
        match self {
            Choice::Auto => true,
            Choice::Base(base) => *base == Base::Contrast,
            Choice::Own(own) => own.base.is_none_or(|base| base == Base::Contrast),
        }
    }
}

impl Theme {
    /// The theme for a terminal of which nothing more is known.
    #[cfg(test)]
    pub fn of(terminal: &Terminal) -> Theme {
        Theme::chosen(&Choice::Auto, terminal, Ground::default())
    }

    /// The theme that was asked for, in this terminal. Without colour there is only one.
    pub fn chosen(choice: &Choice, terminal: &Terminal, ground: Ground) -> Theme {
        let light = ground.is_light();
        let mut theme = Theme::plain();
        if terminal.color_out {
            let base = match choice {
                Choice::Auto => None,
                Choice::Base(base) => Some(*base),
                Choice::Own(own) => own.base,
            };
            theme = match base {
                Some(Base::Contrast) if light => palette::contrast_on_light(),
                Some(Base::Contrast) => palette::contrast_on_dark(),
                Some(Base::Light) => palette::light(),
                None if light => palette::light(),
                Some(Base::Dark) | None => palette::dark(),
            };
            if let Choice::Own(own) = choice {
                own.put_on(&mut theme, ground.true_color);
            }
        }
        theme.ascii = !terminal.unicode;
        if theme.ascii {
            theme.borders = ASCII_BORDER;
        }
        theme
    }

    /// Without any colour.
    fn plain() -> Theme {
        let style = Style::new();
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
            borders: border::PLAIN,
            ascii: false,
        }
    }

    /// A style by its name in a theme's file.
    fn style_mut(&mut self, name: &str) -> Option<&mut Style> {
        Some(match name {
            "plain" => &mut self.plain,
            "faint" => &mut self.faint,
            "strong" => &mut self.strong,
            "accent" => &mut self.accent,
            "good" => &mut self.good,
            "bad" => &mut self.bad,
            "notable" => &mut self.notable,
            "selected" => &mut self.selected,
            "border" => &mut self.border,
            _ => return None,
        })
    }

    /// Whether only ASCII may be drawn.
    pub fn ascii(&self) -> bool {
        self.ascii
    }
}

/// The names of the styles, as a theme's file has them.
pub const STYLES: [&str; 9] = [
    "plain", "faint", "strong", "accent", "good", "bad", "notable", "selected", "border",
];

#[cfg(test)]
mod tests;
