//! The studio's screens at the sizes that count, with colour and without: their text and, outside of the picture, their
//! styles.

use std::fmt::Write as _;

use insta::assert_snapshot;
use ratatui::buffer::Buffer;

use super::*;
use crate::presets::{Origin, Preset};
use crate::studio::fixture::{drawn_with, drive, studio, theme, wait};
use crate::studio::message::Msg;
use crate::studio::update::update;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (50, 15)];

/// Runs of one style, row by row: `3: 10..18 fg=Indexed(39) BOLD`.
fn styles(buffer: &Buffer, picture: Rect) -> String {
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let outside = |x: u16| !picture.contains((x, y).into());
        let style = |x: u16| {
            let cell = &buffer[(x, y)];
            (cell.fg, cell.bg, cell.modifier)
        };
        let mut from = 0;
        while from < buffer.area.width {
            let this = style(from);
            let mut to = from + 1;
            while to < buffer.area.width && style(to) == this && outside(to) == outside(from) {
                to += 1;
            }
            let (fg, bg, modifier) = this;
            let plain = fg == ratatui::style::Color::Reset
                && bg == ratatui::style::Color::Reset
                && modifier.is_empty();
            if outside(from) && !plain {
                let _ = writeln!(text, "{y}: {from}..{to} {fg:?} on {bg:?} {modifier:?}");
            }
            from = to;
        }
    }
    text
}

/// A screen's text and styles.
fn seen(model: &Model, color: bool) -> String {
    let terminal = drawn_with(model, &theme(color, false));
    let picture = model.areas().map_or(Rect::ZERO, |areas| areas.picture);
    let backend = terminal.backend();
    format!("{backend}\n{}", styles(backend.buffer(), picture))
}

fn each(name: &str, make: impl Fn((u16, u16)) -> Model) {
    for size in SIZES {
        let model = make(size);
        for color in [true, false] {
            let with = if color { "colour" } else { "no_colour" };
            assert_snapshot!(
                format!("{name}_{}x{}_{with}", size.0, size.1),
                seen(&model, color)
            );
        }
    }
}

fn rested(size: (u16, u16)) -> Model {
    let mut model = studio(3, size);
    wait(&mut model, 1000);
    model
}

#[test]
fn at_rest() {
    each("at_rest", rested);
}

#[test]
fn side_by_side_and_closer() {
    each("side_by_side", |size| {
        let mut model = rested(size);
        drive(&mut model, "s s = l");
        model
    });
}

#[test]
fn presets_to_choose_from() {
    each("presets", |size| {
        let mut model = rested(size);
        let preset = |name: &str, origin| Preset {
            name: name.to_owned(),
            origin,
            recipe: whiteboarder_core::recipe::Recipe::default(),
            help: "Whiteboards: white paper, ink in its own colour.".to_owned(),
        };
        drive(&mut model, "p");
        let list = vec![
            preset("whiteboard", Origin::BuiltIn),
            preset("hard", Origin::BuiltIn),
            preset("lab-3", Origin::Saved("lab-3.toml".into())),
        ];
        update(&mut model, Msg::Presets(Ok(list)));
        drive(&mut model, "j");
        model
    });
}

#[test]
fn what_auto_has_done() {
    each("auto", |size| {
        let mut model = rested(size);
        drive(&mut model, "lll a");
        wait(&mut model, 1000);
        model
    });
}

#[test]
fn a_picture_that_cannot_be_read() {
    each("unreadable", |size| {
        let mut model = rested(size);
        drive(&mut model, ".");
        let size = Err("the JPEG file is cut short: it ends before its picture does".to_owned());
        update(&mut model, Msg::Opened { photo: 1, size });
        model
    });
}

#[test]
fn nothing_is_open() {
    each("nothing", |size| studio(0, size));
}
