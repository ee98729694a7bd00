//! A studio without a terminal for the tests: driven by strings of keys, with pictures made up on the spot.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use whiteboarder_core::analysis::Chosen;
use whiteboarder_core::background::Surface;
use whiteboarder_core::image::{Channels, Picture};
use whiteboarder_core::preview::Quality;

use super::model::{Effect, Look, Model, Msg, Photo, PhotoState, Preview, Request};
use super::update::update;
use crate::ui::picture::Encoder;

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

/// Does what the render thread would do.
pub fn answer(model: &mut Model, effects: &[Effect]) {
    for effect in effects {
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

/// A board with a stroke; darker on the side where it is the photograph.
pub fn painted(request: &Request) -> Preview {
    let encoder = Encoder::half();
    let (width, height) = encoder.pixels(request.pane.0, request.pane.1);
    let (width, height) = (width.min(height * 4 / 3), height.min(width * 3 / 4));
    let at = match request.look {
        Look::After => 0,
        Look::Split => width * u32::from(request.split) / 100,
        Look::Before => width,
    };
    let data = (0..width * height)
        .map(|n| match (n % width, n / width) {
            (x, y) if y == height / 2 && x > width / 4 && x < width * 3 / 4 => 20,
            (x, _) if x < at => 150,
            _ => 255,
        })
        .collect();
    let picture = Picture::new(width, height, Channels::Grey, data).unwrap();
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
        shown: encoder
            .encode(&picture, request.pane.0, request.pane.1)
            .unwrap(),
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
                    "Tab" => plain(KeyCode::Tab),
                    "F1" => plain(KeyCode::F(1)),
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
