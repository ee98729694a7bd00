//! A person's own theme: a TOML file with some styles, on the base of one that comes with the program.
//!
//! ```toml
//! base = "dark"                # dark, light, contrast; without it dark or light, as the terminal is
//! accent = "#ffaf5f bold"      # a colour, and how it is written
//! bad = "white on 52"          # a colour on another
//! faint = "bright-black"
//! selected = "reversed"
//! ```

use std::path::{Path, PathBuf};

use anyhow::Result;
use ratatui::style::{Color, Modifier, Style};
use toml::de::{DeTable, DeValue};

use super::{Base, Choice, STYLES, Theme};
use crate::config::{line_of, read_text_there};
use crate::error::Failure;
use crate::term::colour::Rgb;
use crate::term::text;

/// Somebody's own theme.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own {
    /// What the other styles are taken from; dark or light when there is none.
    pub(super) base: Option<Base>,
    styles: Vec<(&'static str, Written)>,
}

/// A style as it was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Written {
    fg: Option<Paint>,
    bg: Option<Paint>,
    modifiers: Modifier,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Paint {
    Named(Color),
    Rgb(Rgb),
}

impl Paint {
    fn color(self, true_color: bool) -> Color {
        match self {
            Paint::Named(color) => color,
            Paint::Rgb(rgb) => rgb.shown(true_color),
        }
    }
}

const BASES: [(&str, Base); 3] = [
    ("dark", Base::Dark),
    ("light", Base::Light),
    ("contrast", Base::Contrast),
];

const COLOURS: [(&str, Color); 17] = [
    ("default", Color::Reset),
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("white", Color::Gray),
    ("bright-black", Color::DarkGray),
    ("bright-red", Color::LightRed),
    ("bright-green", Color::LightGreen),
    ("bright-yellow", Color::LightYellow),
    ("bright-blue", Color::LightBlue),
    ("bright-magenta", Color::LightMagenta),
    ("bright-cyan", Color::LightCyan),
    ("bright-white", Color::White),
];

const MODIFIERS: [(&str, Modifier); 5] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underlined", Modifier::UNDERLINED),
    ("reversed", Modifier::REVERSED),
];

/// The theme of this name: `auto`, one that comes with the program, a file (a name with an ending or a folder in it,
/// looked for from `beside`), or `NAME.toml` in the folder `themes`.
///
/// # Errors
///
/// There is no such theme, or its file has a mistake, which is told with its line.
pub fn find(name: &str, beside: &Path, themes: &Path) -> Result<Choice> {
    if name == "auto" {
        return Ok(Choice::Auto);
    }
    if let Some((_, base)) = BASES.iter().find(|(known, _)| *known == name) {
        return Ok(Choice::Base(*base));
    }
    let path: PathBuf = if name.contains(['/', '\\']) || Path::new(name).extension().is_some() {
        beside.join(name)
    } else {
        let path = themes.join(format!("{name}.toml"));
        if !path.exists() {
            let known = BASES.iter().map(|(known, _)| *known).chain(["auto"]);
            let meant = text::did_you_mean(name, known);
            return Err(
                Failure::usage(format!("there is no theme `{}`{meant}", text::safe(name)))
                    .hint(format!(
                        "auto, dark, light and contrast are there; your own would be {}",
                        text::path(&path)
                    ))
                    .into(),
            );
        }
        path
    };
    let content = read_text_there("the theme", &path)?;
    let own = parse(&content).map_err(|(line, mistake)| {
        let path = text::path(&path);
        Failure::usage(format!("{path} line {line}: {mistake}"))
            .hint("docs/configuration.md has an example of a theme")
    })?;
    Ok(Choice::Own(own))
}

/// The theme in a file's text, or the first mistake with its line.
fn parse(content: &str) -> Result<Own, (usize, String)> {
    let table = DeTable::parse(content).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let message = error.message().lines().next().unwrap_or_default();
        (line_of(content, at), message.to_owned())
    })?;
    let mut own = Own::default();
    let mut first: Option<(usize, String)> = None;
    let mut wrong = |at: usize, sentence: String| {
        if first.as_ref().is_none_or(|(known, _)| at < *known) {
            first = Some((at, sentence));
        }
    };
    for (name, value) in table.get_ref() {
        let (at, name) = (name.span().start, name.get_ref().as_ref());
        let DeValue::String(value) = value.get_ref() else {
            wrong(
                at,
                format!("`{}` must be a text in quotes", text::safe(name)),
            );
            continue;
        };
        if name == "base" {
            match BASES.iter().find(|(known, _)| *known == value.as_ref()) {
                Some((_, base)) => own.base = Some(*base),
                None => wrong(
                    at,
                    format!(
                        "`base` must be \"dark\", \"light\" or \"contrast\", but is \"{}\"",
                        text::safe(value)
                    ),
                ),
            }
            continue;
        }
        let Some(style) = STYLES.iter().find(|style| **style == name) else {
            let meant = text::did_you_mean(name, STYLES.into_iter().chain(["base"]));
            wrong(at, format!("unknown style `{}`{meant}", text::safe(name)));
            continue;
        };
        match written(value) {
            Ok(written) => own.styles.push((*style, written)),
            Err(sentence) => wrong(at, format!("`{style}` {sentence}")),
        }
    }
    match first {
        Some((at, sentence)) => Err((line_of(content, at), sentence)),
        None => Ok(own),
    }
}

/// `#ffaf5f on 236 bold`.
fn written(value: &str) -> Result<Written, String> {
    let mut written = Written::default();
    let mut behind_on = false;
    for word in value.split_whitespace() {
        if word == "on" && !behind_on {
            behind_on = true;
            continue;
        }
        let modifier = MODIFIERS.iter().find(|(name, _)| *name == word);
        if let (Some((_, modifier)), false) = (modifier, behind_on) {
            written.modifiers |= *modifier;
            continue;
        }
        let paint = paint(word)?;
        let place = if behind_on {
            &mut written.bg
        } else {
            &mut written.fg
        };
        if place.replace(paint).is_some() {
            return Err(format!("has one colour too many: `{}`", text::safe(word)));
        }
        behind_on = false;
    }
    if behind_on {
        return Err("ends with `on`, without a colour behind it".to_owned());
    }
    Ok(written)
}

fn paint(word: &str) -> Result<Paint, String> {
    if let Some((_, color)) = COLOURS.iter().find(|(name, _)| *name == word) {
        return Ok(Paint::Named(*color));
    }
    if let Some(rgb) = Rgb::of_hex(word) {
        return Ok(Paint::Rgb(rgb));
    }
    if let Ok(index) = word.parse::<u8>() {
        return Ok(Paint::Named(Color::Indexed(index)));
    }
    let known = COLOURS.iter().map(|(name, _)| *name);
    let meant = text::did_you_mean(word, known.chain(MODIFIERS.iter().map(|(name, _)| *name)));
    Err(format!(
        "has `{}`, which is no colour (a name, 0 to 255, or #rrggbb) and none of bold, dim, italic, underlined, \
         reversed{meant}",
        text::safe(word)
    ))
}

impl Own {
    /// Replaces the styles that have a line of their own.
    pub(super) fn put_on(&self, theme: &mut Theme, true_color: bool) {
        for (name, written) in &self.styles {
            let Some(style) = theme.style_mut(name) else {
                continue;
            };
            *style = Style {
                fg: written.fg.map(|paint| paint.color(true_color)),
                bg: written.bg.map(|paint| paint.color(true_color)),
                ..Style::new()
            }
            .add_modifier(written.modifiers);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::documented;

    #[test]
    fn the_documented_theme_is_one() {
        let documented = documented(include_str!("file.rs"));
        let own = parse(&documented.join("\n")).unwrap();
        assert_eq!(own.base, Some(Base::Dark));
        let mut theme = super::super::palette::dark();
        own.put_on(&mut theme, true);
        assert_eq!(
            theme.accent,
            Style::new()
                .fg(Color::Rgb(0xff, 0xaf, 0x5f))
                .add_modifier(Modifier::BOLD)
        );
        assert_eq!(
            theme.bad,
            Style::new().fg(Color::Gray).bg(Color::Indexed(52))
        );
        assert_eq!(theme.good, super::super::palette::dark().good);
    }

    #[test]
    fn a_mistake_is_told_with_its_line_and_what_was_meant() {
        for (content, line, sentence) in [
            (
                "acent = \"red\"",
                1,
                "unknown style `acent`; did you mean `accent`?",
            ),
            (
                "good = \"blue\"\nbad = \"orang\"\n",
                2,
                "`bad` has `orang`, which is no colour (a name, 0 to 255, or #rrggbb) and none of bold, dim, \
                 italic, underlined, reversed",
            ),
            (
                "bad = \"blu\"",
                1,
                "`bad` has `blu`, which is no colour (a name, 0 to 255, or #rrggbb) and none of bold, dim, \
                 italic, underlined, reversed; did you mean `blue`?",
            ),
            (
                "bad = \"blue red\"",
                1,
                "`bad` has one colour too many: `red`",
            ),
            (
                "bad = \"blue on\"",
                1,
                "`bad` ends with `on`, without a colour behind it",
            ),
            ("\nbad = 208", 2, "`bad` must be a text in quotes"),
            (
                "base = \"dusk\"",
                1,
                "`base` must be \"dark\", \"light\" or \"contrast\", but is \"dusk\"",
            ),
            ("zzz = \"1\"\naaa = \"2\"", 1, "unknown style `zzz`"),
        ] {
            assert_eq!(
                parse(content),
                Err((line, sentence.to_owned())),
                "{content:?}"
            );
        }
        assert!(parse("bad = \"256\"").is_err());
        assert!(parse("bad = \"#12345\"").is_err());
        assert!(parse("bad =").is_err());
    }

    #[test]
    fn a_theme_is_found_by_its_name_or_as_a_file() {
        let home = tempfile::tempdir().unwrap();
        let themes = home.path().join("themes");
        std::fs::create_dir(&themes).unwrap();
        std::fs::write(themes.join("dusk.toml"), "base = \"light\"").unwrap();
        std::fs::write(home.path().join("own.toml"), "accent = \"6\"").unwrap();
        let found = |name: &str| find(name, home.path(), &themes);
        assert_eq!(found("auto").unwrap(), Choice::Auto);
        assert_eq!(found("contrast").unwrap(), Choice::Base(Base::Contrast));
        for file in ["dusk", "own.toml", "themes/dusk.toml"] {
            assert!(matches!(found(file).unwrap(), Choice::Own(_)), "{file}");
        }
        let told = |name: &str| found(name).unwrap_err().to_string();
        assert_eq!(
            told("contrst"),
            "there is no theme `contrst`; did you mean `contrast`?"
        );
        assert!(told("none.toml").contains("no such file"));
    }
}
