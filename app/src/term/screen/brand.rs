//! Which terminal is this, and which way of drawing pictures suits it?
//!
//! The terminal's own answers decide. The environment only helps where an answer is known to be wrong or
//! where there is no question: it is inherited through multiplexers and terminals started in terminals.

use super::probe::Answers;
use super::{GraphicsChoice, Protocol};

/// What the environment says about the terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is one variable's word")]
pub struct Surroundings {
    term: String,
    /// `TERM_PROGRAM`, and `LC_TERMINAL`, which survives ssh.
    program: String,
    color: String,
    /// `COLORFGBG`: the numbers of the colours of text and background, from some terminals.
    ground: String,
    kitty: bool,
    konsole: bool,
    tmux: bool,
    screen: bool,
    zellij: bool,
    ssh: bool,
    ci: bool,
}

/// Programs between us and the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Between {
    Tmux,
    Zellij,
    GnuScreen,
}

impl Surroundings {
    /// From the environment.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Surroundings {
        let text = |name| variable(name).unwrap_or_default();
        let set = |name| variable(name).is_some_and(|value| !value.is_empty());
        Surroundings {
            term: text("TERM"),
            program: format!("{} {}", text("TERM_PROGRAM"), text("LC_TERMINAL")),
            color: text("COLORTERM"),
            ground: text("COLORFGBG"),
            kitty: set("KITTY_WINDOW_ID"),
            konsole: set("KONSOLE_VERSION"),
            tmux: set("TMUX"),
            screen: set("STY"),
            zellij: set("ZELLIJ"),
            ssh: set("SSH_CONNECTION") || set("SSH_TTY"),
            ci: set("CI"),
        }
    }

    /// From this process's environment.
    pub fn here() -> Surroundings {
        Surroundings::of(|name| std::env::var(name).ok())
    }

    /// A terminal that can do nothing but print.
    pub fn dumb(&self) -> bool {
        self.term == "dumb"
    }

    /// Whether there is a line between us and the terminal that is slower than packing pictures.
    pub fn remote(&self) -> bool {
        self.ssh
    }

    /// Whether asking makes sense.
    pub fn answers(&self) -> bool {
        !self.dumb() && !self.ci
    }

    /// Those who do not ignore kitty's question when they cannot answer it: some print it, and tmux and
    /// screen make it the window's title.
    pub fn minds_kitty(&self) -> bool {
        self.term == "linux"
            || self.program.contains("Apple_Terminal")
            || self.between("").is_some()
    }

    /// Who would print the question for the background's colour.
    pub fn minds_background(&self) -> bool {
        self.term == "linux"
    }

    /// Whether the background is light, where that was put into the environment. It may be another terminal's.
    pub fn light(&self) -> Option<bool> {
        let background = self.ground.rsplit(';').next()?.parse::<u8>().ok()?;
        (background < 16).then_some(matches!(background, 7 | 9..))
    }

    /// Whether any of 16 million colours can be shown.
    pub fn true_color(&self) -> bool {
        ["truecolor", "24bit"]
            .iter()
            .any(|word| self.color.contains(word))
            || ["direct", "kitty", "ghostty", "alacritty", "foot", "wezterm"]
                .iter()
                .any(|word| self.term.contains(word))
            || ["iTerm", "WezTerm", "vscode", "ghostty"]
                .iter()
                .any(|word| self.program.contains(word))
            // tmux takes all colours and sends what its terminal can show.
            || self.tmux
    }

    fn between(&self, version: &str) -> Option<Between> {
        if self.zellij {
            Some(Between::Zellij)
        } else if self.tmux || self.term.starts_with("tmux") || version.starts_with("tmux") {
            Some(Between::Tmux)
        } else if self.screen || self.term.starts_with("screen") {
            Some(Between::GnuScreen)
        } else {
            None
        }
    }

    /// Terminals with inline images as iTerm2 has them, and nothing better.
    fn inline_images(&self, version: &str) -> bool {
        ["iTerm", "WezTerm", "mintty"]
            .iter()
            .any(|brand| self.program.contains(brand) || version.contains(brand))
    }

    /// What a command that prints a picture and ends may expect, without asking: there is nobody to give
    /// the keys to that are typed while a terminal is asked.
    pub fn likely(&self) -> Protocol {
        if self.between("").is_some() || !self.answers() || self.konsole {
            Protocol::Half
        } else if self.inline_images("") {
            Protocol::Iterm2
        } else if self.kitty
            || ["kitty", "ghostty"]
                .iter()
                .any(|name| self.term.contains(name))
        {
            Protocol::Kitty
        } else if ["foot", "mlterm"]
            .iter()
            .any(|name| self.term.starts_with(name))
        {
            Protocol::Sixel
        } else {
            Protocol::Half
        }
    }
}

/// How to draw pictures, and what to say about it. `answers` is `None` when nobody was asked.
pub fn choose(
    choice: GraphicsChoice,
    answers: Option<&Answers>,
    around: &Surroundings,
) -> (Protocol, Option<String>) {
    let half = |why: &str| (Protocol::Half, Some(format!("{why}; half blocks")));
    match choice {
        GraphicsChoice::Auto => {}
        GraphicsChoice::Kitty => return (Protocol::Kitty, None),
        GraphicsChoice::Sixel => return (Protocol::Sixel, None),
        GraphicsChoice::Iterm2 => return (Protocol::Iterm2, None),
        GraphicsChoice::Half => return (Protocol::Half, None),
        GraphicsChoice::None => return (Protocol::None, None),
    }
    let Some(answers) = answers else {
        return half("the terminal was not asked");
    };
    if !answers.any {
        return half("the terminal did not answer");
    }
    match around.between(&answers.version) {
        // These know themselves whether the terminal outside can show sixels.
        Some(Between::Tmux | Between::Zellij) if answers.sixel => return (Protocol::Sixel, None),
        Some(Between::Tmux) => return half("inside tmux without sixel"),
        Some(Between::Zellij) => return half("inside zellij without sixel"),
        Some(Between::GnuScreen) => return half("inside screen"),
        None => {}
    }
    // Konsole and WezTerm answer for kitty but know no placeholders; Konsole's sixels are flawed.
    if around.konsole || answers.version.starts_with("Konsole") {
        return half("Konsole draws pictures in its own way");
    }
    if around.inline_images(&answers.version) {
        return (Protocol::Iterm2, None);
    }
    if answers.kitty {
        return (Protocol::Kitty, None);
    }
    if answers.sixel {
        return (Protocol::Sixel, None);
    }
    half("the terminal has no pictures")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(pairs: &'static [(&str, &str)]) -> Surroundings {
        Surroundings::of(|name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    /// Answers as the terminals sent them, and what becomes of them.
    #[test]
    fn every_terminal_gets_the_pictures_it_can_show() {
        const KITTY: &str = "\x1b_Gi=1;OK\x1b\\\x1bP>|kitty(0.35.2)\x1b\\\x1b[6;20;10t\x1b[4;800;1000t\x1b[?62;52;c\x1b[0n";
        const WEZTERM: &str = "\x1b_Gi=1;OK\x1b\\\x1bP>|WezTerm 20240203-110809\x1b\\\x1b[6;21;9t\x1b[4;504;720t\x1b[?65;4;6;18;22c\x1b[0n";
        const FOOT: &str =
            "\x1bP>|foot(1.17.2)\x1b\\\x1b[6;18;8t\x1b[4;432;640t\x1b[?62;4;22;28;29c\x1b[0n";
        const ITERM2: &str = "\x1b_Gi=1;OK\x1b\\\x1bP>|iTerm2 3.5.4\x1b\\\x1b[4;408;560t\x1b[?64;1;2;4;6;17;18;21;22c\x1b[0n";
        const XTERM: &str = "\x1bP>|XTerm(390)\x1b\\\x1b[6;13;6t\x1b[4;316;484t\x1b[?64;1;2;6;9;15;16;17;18;21;22;28c\x1b[0n";
        const XTERM_340: &str = "\x1bP>|XTerm(390)\x1b\\\x1b[6;13;6t\x1b[4;316;484t\x1b[?63;1;2;4;6;9;15;16;22;28c\x1b[0n";
        const TMUX: &str = "\x1bP>|tmux 3.4\x1b\\\x1b[?1;2;4c\x1b[0n";
        const TMUX_PLAIN: &str = "\x1bP>|tmux 3.4\x1b\\\x1b[?1;2c\x1b[0n";
        const KONSOLE: &str =
            "\x1b_Gi=1;OK\x1b\\\x1bP>|Konsole 24.02.1\x1b\\\x1b[4;800;1000t\x1b[?62;1;4c\x1b[0n";
        const VTE: &str = "\x1bP>|VTE(7600)\x1b\\\x1b[?65;1;9c\x1b[0n";
        for (answers, pairs, expected) in [
            (KITTY, &[("TERM", "xterm-kitty")][..], Protocol::Kitty),
            (WEZTERM, &[], Protocol::Iterm2),
            (FOOT, &[("TERM", "foot")], Protocol::Sixel),
            (ITERM2, &[], Protocol::Iterm2),
            (XTERM, &[("TERM", "xterm-256color")], Protocol::Half),
            (XTERM_340, &[("TERM", "xterm-256color")], Protocol::Sixel),
            (TMUX, &[("TERM", "tmux-256color")], Protocol::Sixel),
            (
                TMUX_PLAIN,
                &[("TMUX", "/tmp/tmux-1000/default")],
                Protocol::Half,
            ),
            // The variables of the terminal outside are inherited into tmux.
            (
                TMUX_PLAIN,
                &[("TERM_PROGRAM", "iTerm.app"), ("KITTY_WINDOW_ID", "1")],
                Protocol::Half,
            ),
            (TMUX, &[("ZELLIJ", "0")], Protocol::Sixel),
            (XTERM_340, &[("TERM", "screen-256color")], Protocol::Half),
            (KONSOLE, &[("TERM", "xterm-256color")], Protocol::Half),
            (VTE, &[("TERM", "xterm-256color")], Protocol::Half),
            (
                "",
                &[("KITTY_WINDOW_ID", "1"), ("TERM", "xterm-kitty")],
                Protocol::Half,
            ),
        ] {
            let (protocol, note) = choose(
                GraphicsChoice::Auto,
                Some(&Answers::recorded(answers)),
                &around(pairs),
            );
            assert_eq!(protocol, expected, "{answers:?} {pairs:?}");
            assert_eq!(note.is_some(), expected == Protocol::Half, "{answers:?}");
        }
    }

    #[test]
    fn answers_carry_the_cell_and_the_name() {
        let answers = Answers::recorded(
            "\x1bP>|foot(1.17.2)\x1b\\\x1b[6;18;8t\x1b[4;432;640t\x1b[?62;4;22c\x1b[0n",
        );
        assert_eq!(answers.cell, Some((8, 18)));
        assert_eq!(answers.area, Some((640, 432)));
        assert_eq!(answers.version, "foot(1.17.2)");
        assert!(answers.sixel && !answers.kitty && answers.any);
        assert!(!Answers::recorded("").any);
    }

    #[test]
    fn a_choice_beats_every_answer() {
        let silent = Answers::default();
        for (choice, expected) in [
            (GraphicsChoice::Kitty, Protocol::Kitty),
            (GraphicsChoice::Sixel, Protocol::Sixel),
            (GraphicsChoice::Iterm2, Protocol::Iterm2),
            (GraphicsChoice::Half, Protocol::Half),
            (GraphicsChoice::None, Protocol::None),
        ] {
            let chosen = choose(choice, Some(&silent), &around(&[]));
            assert_eq!(chosen, (expected, None));
        }
    }

    #[test]
    fn nobody_is_asked_in_ci_or_on_a_dumb_terminal() {
        assert!(!around(&[("TERM", "dumb")]).answers());
        assert!(!around(&[("TERM", "xterm"), ("CI", "true")]).answers());
        assert!(around(&[("TERM", "xterm")]).answers());
    }

    #[test]
    fn who_would_print_the_question_for_kitty_is_not_asked_it() {
        for pairs in [
            &[("TMUX", "/tmp/tmux-0/default,1,0")][..],
            &[("TERM", "screen-256color")],
            &[("TERM", "linux")],
            &[("TERM_PROGRAM", "Apple_Terminal")],
        ] {
            assert!(around(pairs).minds_kitty(), "{pairs:?}");
        }
        assert!(!around(&[("TERM", "xterm-256color")]).minds_kitty());
    }

    #[test]
    fn some_terminals_say_in_the_environment_how_light_they_are() {
        for (said, light) in [
            ("15;0", Some(false)),
            ("0;15", Some(true)),
            ("0;default;7", Some(true)),
            ("7;8", Some(false)),
            ("15;default", None),
            ("0;300", None),
            ("", None),
        ] {
            let around = Surroundings::of(|name| (name == "COLORFGBG").then(|| said.to_owned()));
            assert_eq!(around.light(), light, "{said:?}");
        }
        assert!(around(&[("TERM", "linux")]).minds_background());
    }

    #[test]
    fn the_environment_alone_tells_only_the_sure_things() {
        for (pairs, expected) in [
            (
                &[("TERM", "xterm-kitty"), ("KITTY_WINDOW_ID", "1")][..],
                Protocol::Kitty,
            ),
            (
                &[("KITTY_WINDOW_ID", "1"), ("TMUX", "/tmp/x")],
                Protocol::Half,
            ),
            (&[("TERM_PROGRAM", "WezTerm")], Protocol::Iterm2),
            (&[("LC_TERMINAL", "iTerm2")], Protocol::Iterm2),
            (&[("TERM", "foot-extra")], Protocol::Sixel),
            (&[("TERM", "xterm-256color")], Protocol::Half),
        ] {
            assert_eq!(around(pairs).likely(), expected, "{pairs:?}");
        }
    }

    #[test]
    fn full_colour_is_known_from_what_terminals_set() {
        assert!(around(&[("COLORTERM", "truecolor")]).true_color());
        assert!(around(&[("TERM", "xterm-kitty")]).true_color());
        assert!(
            !around(&[
                ("TERM", "xterm-256color"),
                ("TERM_PROGRAM", "Apple_Terminal")
            ])
            .true_color()
        );
    }
}
