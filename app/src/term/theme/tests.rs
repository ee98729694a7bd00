use ratatui::style::Color;

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

fn styles(theme: &Theme) -> Vec<Style> {
    let mut theme = theme.clone();
    STYLES
        .iter()
        .map(|name| *theme.style_mut(name).unwrap())
        .collect()
}

const LIGHT: Ground = Ground {
    background: Some(Rgb(0xfd, 0xf6, 0xe3)),
    light: None,
    true_color: false,
};

const CHOICES: [Choice; 4] = [
    Choice::Auto,
    Choice::Base(Base::Dark),
    Choice::Base(Base::Light),
    Choice::Base(Base::Contrast),
];

#[test]
fn without_colour_there_is_none_whatever_was_chosen_and_emphasis_remains() {
    for choice in &CHOICES {
        for ground in [Ground::default(), LIGHT] {
            let theme = Theme::chosen(choice, &terminal(false, true), ground);
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
    }
}

#[test]
fn no_two_meanings_are_red_and_green() {
    for choice in &CHOICES {
        for ground in [Ground::default(), LIGHT] {
            let theme = Theme::chosen(choice, &terminal(true, true), ground);
            let colors: Vec<Rgb> = styles(&theme)
                .iter()
                .filter_map(|style| style.fg)
                .map(rgb)
                .collect();
            // Green: more of it than of red and blue. None has that.
            for Rgb(red, green, blue) in colors {
                assert!(
                    green <= red.max(blue),
                    "{choice:?} {ground:?} {red} {green} {blue}"
                );
            }
            assert_ne!(theme.good, theme.bad);
        }
    }
}

fn rgb(color: Color) -> Rgb {
    match color {
        Color::Indexed(index) => Rgb::of_index(index),
        other => panic!("{other:?} is what each terminal makes of it"),
    }
}

#[test]
fn what_is_coloured_can_be_read_on_the_ground_that_it_is_for() {
    let white = Rgb(255, 255, 255).luminance();
    for (theme, ground, least) in [
        (palette::dark(), 0.0, 4.5),
        (palette::light(), white, 4.5),
        (palette::contrast_on_dark(), 0.0, 7.0),
        (palette::contrast_on_light(), white, 7.0),
    ] {
        for color in styles(&theme).iter().filter_map(|style| style.fg) {
            let one = rgb(color).luminance();
            let contrast = (one.max(ground) + 0.05) / (one.min(ground) + 0.05);
            assert!(contrast >= least, "{color:?}: {contrast:.1}");
        }
    }
}

#[test]
fn the_terminal_s_own_ground_decides_when_nobody_else_does() {
    let on = |choice: &Choice, ground| Theme::chosen(choice, &terminal(true, true), ground);
    let auto = Choice::Auto;
    assert_eq!(on(&auto, LIGHT), palette::light());
    assert_eq!(on(&auto, Ground::default()), palette::dark());
    let hinted = Ground {
        light: Some(true),
        ..Ground::default()
    };
    assert_eq!(on(&auto, hinted), palette::light());
    // What the terminal says is truer than what was inherited.
    let both = Ground {
        background: Some(Rgb(0, 0, 0)),
        ..hinted
    };
    assert_eq!(on(&auto, both), palette::dark());
    assert_eq!(on(&Choice::Base(Base::Dark), LIGHT), palette::dark());
    assert_ne!(
        on(&Choice::Base(Base::Contrast), LIGHT),
        on(&Choice::Base(Base::Contrast), Ground::default())
    );
    assert!(auto.asks() && !Choice::Base(Base::Light).asks());
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
