//! A studio without a terminal for the tests: driven by strings of keys, with pictures made up on the spot.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use whiteboarder_core::analysis::Chosen;
use whiteboarder_core::background::Surface;
use whiteboarder_core::image::{Channels, Picture};
use whiteboarder_core::preview::Quality;

use super::compose::{self, Halves};
use super::film::Made;
use super::layout::THUMB;
use super::message::{Effect, Msg, Request};
use super::model::{Look, Model, Photo, PhotoState, Preview};
use super::sight::{Sight, Tones};
use super::update::update;
use super::view::view;
use crate::term::theme::Theme;
use crate::term::{ColorChoice, Terminal as Streams};
use crate::ui::picture::{Encoder, Shown};

/// A theme with or without colour, and in ASCII or not.
pub fn theme(color: bool, ascii: bool) -> Theme {
    let mut streams = Streams::detect(ColorChoice::Never, ascii, false, 0);
    streams.unicode = !ascii;
    streams.color_out = color;
    Theme::of(&streams)
}

/// The screen with its styles.
pub fn drawn_with(model: &Model, theme: &Theme) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(model.size.0, model.size.1)).unwrap();
    terminal
        .draw(|frame| view(model, theme, frame, frame.area()))
        .unwrap();
    terminal
}

/// The screen as text.
pub fn drawn(model: &Model) -> String {
    drawn_with(model, &theme(true, false)).backend().to_string()
}

/// So many photographs on a screen of this size, the first one opened.
pub fn studio(photos: usize, size: (u16, u16)) -> Model {
    let mut model = Model {
        photos: (1..=photos)
            .map(|number| Photo {
                path: format!("photos/board-{number}.jpg").into(),
                name: format!("board-{number}.jpg"),
                output: format!("cleaned/board-{number}.jpg.png").into(),
                state: PhotoState::Unread,
            })
            .collect(),
        protocol: "half blocks".to_owned(),
        ..Model::default()
    };
    let effects = update(&mut model, Msg::Resize(size.0, size.1));
    answer(&mut model, &effects);
    model
}

/// Does what the render thread would do, and the one that makes thumbnails.
pub fn answer(model: &mut Model, effects: &[Effect]) {
    for effect in effects {
        if let Effect::Thumbs(photos) = effect {
            for &photo in photos {
                let made = Made::Thumb(thumb(photo));
                update(model, Msg::Thumb { photo, made });
            }
        }
        let Effect::Render(request) = effect else {
            continue;
        };
        let photo = request.photo;
        if model.photos[photo].state == PhotoState::Unread {
            let size = Ok((4032, 3024));
            update(model, Msg::Opened { photo, size });
        }
        let preview = Ok(Box::new(painted(request)));
        update(model, Msg::Rendered { photo, preview });
    }
}

/// A board whose stroke is the longer the farther back it is in the list.
pub fn thumb(photo: usize) -> Shown {
    let encoder = Encoder::half();
    let (width, height) = (13, 10);
    let data = (0..width * height)
        .map(|n| match (n % width, n / width) {
            (x, 5) if x <= photo as u32 => 20,
            _ => 200,
        })
        .collect();
    let picture = Picture::new(width, height, Channels::Grey, data).unwrap();
    encoder.encode(&picture, THUMB.0, THUMB.1).unwrap()
}

/// What was chosen for it.
const CHOSEN: Chosen = Chosen {
    surface: Surface::Light,
    stroke_px: 5.26,
    small: 2.2,
    noise: 1.0,
    ink: 70.0,
    white: 93.46,
    dark: 80.0,
    lift: 1.25,
};

/// A board with a stroke; darker where it is the photograph.
pub fn painted(request: &Request) -> Preview {
    const PHOTO: (u32, u32) = (4032, 3024);
    let encoder = Encoder::half();
    let (columns, rows) = request.pane;
    let halves = Halves::of(columns, rows, encoder.cell(), PHOTO);
    let pane = match request.look {
        Look::Beside => halves.pane,
        _ => encoder.pixels(columns, rows),
    };
    let view = request.viewport.view(PHOTO, pane);
    let drawn = |paper: u8, ink: u8| {
        let data = (0..view.to_height).flat_map(|y| {
            (0..view.to_width).map(move |x| {
                let at = |n: u32, from: u32, length: u32, to: u32| from + n * length / to;
                let x = at(x, view.x, view.width, view.to_width);
                let y = at(y, view.y, view.height, view.to_height);
                let stroke = (1490..1530).contains(&y) && (1000..3000).contains(&x);
                if stroke { ink } else { paper }
            })
        });
        Picture::new(
            view.to_width,
            view.to_height,
            Channels::Grey,
            data.collect(),
        )
        .unwrap()
    };
    let (before, after) = (drawn(150, 40), drawn(255, 20));
    let mut copies = vec![(0, 0)];
    let picture = match request.look {
        Look::After => after.clone(),
        Look::Before => before.clone(),
        Look::Split => compose::split(&before, &after, request.split),
        Look::Beside => {
            copies.push(halves.second((before.width, before.height)));
            compose::beside(&before, &after, &halves)
        }
        Look::Background => drawn(150, 150),
        Look::Difference => compose::difference(&before, &after),
        Look::Mask => compose::mask(&after),
    };
    Preview {
        ticket: request.ticket,
        generation: request.generation,
        look: request.look,
        quality: (request.look != Look::Before).then_some(request.quality),
        chosen: (request.look != Look::Before && request.quality == Quality::Exact)
            .then_some(CHOSEN),
        seconds: match request.quality {
            Quality::Draft => 0.018,
            Quality::Exact => 0.412,
        },
        shown: encoder.encode(&picture, columns, rows).unwrap(),
        sight: Arc::new(Sight {
            view,
            cell: encoder.cell(),
            copies,
            tones_before: Tones::of(&before),
            tones_after: (request.look != Look::Before).then(|| Tones::of(&after)),
            before,
            after: (request.look != Look::Before).then_some(after),
        }),
    }
}

/// Presses keys, ten milliseconds apart: `lll u <Enter> 3 . 5`. Blanks are for the eye; what has a name is written
/// in angle brackets. Gives back all that came of it.
pub fn press(model: &mut Model, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    for key in typed(keys) {
        let now = model.now_ms + 10;
        effects.extend(update(model, Msg::Tick(now)));
        effects.extend(update(model, Msg::Key(key)));
    }
    effects
}

/// The same, with a renderer that answers at once.
pub fn drive(model: &mut Model, keys: &str) -> Vec<Effect> {
    let effects = press(model, keys);
    answer(model, &effects);
    effects
}

/// Lets time go by.
pub fn wait(model: &mut Model, milliseconds: u64) -> Vec<Effect> {
    let now = model.now_ms + milliseconds;
    let effects = update(model, Msg::Tick(now));
    answer(model, &effects);
    effects
}

fn typed(keys: &str) -> Vec<KeyEvent> {
    let mut events = Vec::new();
    let mut rest = keys.chars();
    while let Some(character) = rest.next() {
        let plain = |code| KeyEvent::new(code, KeyModifiers::NONE);
        match character {
            ' ' => {}
            '<' => {
                let name: String = rest.by_ref().take_while(|c| *c != '>').collect();
                events.push(match name.as_str() {
                    "Enter" => plain(KeyCode::Enter),
                    "Esc" => plain(KeyCode::Esc),
                    "Space" => plain(KeyCode::Char(' ')),
                    "PgDn" => plain(KeyCode::PageDown),
                    "PgUp" => plain(KeyCode::PageUp),
                    "Backspace" => plain(KeyCode::Backspace),
                    "Tab" => plain(KeyCode::Tab),
                    "F1" => plain(KeyCode::F(1)),
                    "F5" => plain(KeyCode::F(5)),
                    "Shift-F5" => KeyEvent::new(KeyCode::F(5), KeyModifiers::SHIFT),
                    "Shift-Left" => KeyEvent::new(KeyCode::Left, KeyModifiers::SHIFT),
                    "Shift-Right" => KeyEvent::new(KeyCode::Right, KeyModifiers::SHIFT),
                    "Shift-Up" => KeyEvent::new(KeyCode::Up, KeyModifiers::SHIFT),
                    "Shift-Down" => KeyEvent::new(KeyCode::Down, KeyModifiers::SHIFT),
                    "Up" => plain(KeyCode::Up),
                    "Down" => plain(KeyCode::Down),
                    "Left" => plain(KeyCode::Left),
                    "Right" => plain(KeyCode::Right),
                    "Ctrl-C" => KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL),
                    "Ctrl-R" => KeyEvent::new(KeyCode::Char('r'), KeyModifiers::CONTROL),
                    "Ctrl-Z" => KeyEvent::new(KeyCode::Char('z'), KeyModifiers::CONTROL),
                    other => panic!("no key {other}"),
                });
            }
            upper if upper.is_uppercase() => {
                events.push(KeyEvent::new(KeyCode::Char(upper), KeyModifiers::SHIFT));
            }
            other => events.push(plain(KeyCode::Char(other))),
        }
    }
    events
}
