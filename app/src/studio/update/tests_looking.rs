//! Zoom, slots, presets and what is left to the picture.

use crossterm::event::{MouseButton, MouseEventKind};
use whiteboarder_core::preview::View;

use super::*;
use crate::presets::{Origin, Preset};
use crate::studio::fixture::{answer, drive, press, studio, wait};
use crate::studio::message::Request;
use crate::studio::viewport::{Viewport, Zoom};
use crate::ui::mouse::{CLICK, at};

const SIZE: (u16, u16) = (120, 40);

fn mouse(model: &mut Model, kind: MouseEventKind, cell: (u16, u16)) -> Vec<Effect> {
    let effects = update(model, Msg::Mouse(at(kind, cell)));
    answer(model, &effects);
    effects
}

fn view(model: &Model) -> View {
    model.shown.as_ref().unwrap().sight.view
}

fn last(effects: &[Effect]) -> &Request {
    let render = effects.iter().rev().find_map(|effect| match effect {
        Effect::Render(request) => Some(request),
        _ => None,
    });
    render.unwrap()
}

#[test]
fn zoom_and_pan_are_the_same_for_all_that_is_compared() {
    let mut model = studio(1, SIZE);
    wait(&mut model, 1000);
    drive(&mut model, "=");
    let near = view(&model);
    assert_eq!((near.width, near.to_width), (80, 80));
    drive(&mut model, "<Shift-Right><Shift-Down>");
    let moved = view(&model);
    assert_eq!(moved.x, near.x + 20);
    assert!(moved.y > near.y);
    for look in ["b", "b", "s", "s"] {
        let effects = drive(&mut model, look);
        assert_eq!(last(&effects).viewport, model.viewport);
    }
    // Two halves show the same place.
    assert_eq!(model.look(), Look::Beside);
    let half = view(&model);
    assert!(half.width * half.height < moved.width * moved.height);
    let middle = |view: View| f64::from(view.x) + f64::from(view.width) / 2.0;
    assert!((middle(half) - middle(moved)).abs() <= 1.0);
    drive(&mut model, "0");
    assert_eq!(view(&model).width, 4032);
    assert!(
        press(&mut model, "0<Shift-Left>-").is_empty(),
        "all of it is seen"
    );
}

#[test]
fn what_is_looked_at_stays_when_another_photograph_is_opened() {
    let mut model = studio(2, SIZE);
    drive(&mut model, "+++<Shift-Right>s");
    let (viewport, look) = (model.viewport, model.look());
    assert!(matches!(viewport.zoom, Zoom::Scale(_)));
    drive(&mut model, ".");
    assert_eq!((model.viewport, model.look()), (viewport, look));
}

#[test]
fn before_the_photograph_is_read_there_is_nothing_to_zoom_into() {
    let mut model = studio(0, SIZE);
    assert!(press(&mut model, "+=").is_empty());
    assert_eq!(model.viewport, Viewport::default());
}

#[test]
fn a_slot_is_taken_up_again_in_one_step_and_can_be_compared_with() {
    let mut model = studio(1, SIZE);
    assert!(press(&mut model, "<F5>").is_empty(), "nothing is in it");
    drive(&mut model, "lll <Shift-F5> LL");
    let far = model.recipe.clone();
    let effects = drive(&mut model, "v");
    assert_eq!(model.look(), Look::Split);
    let against = last(&effects).against.as_ref().unwrap();
    assert!((against.background.small - 2.5).abs() < 1e-9);
    drive(&mut model, "<F5>");
    assert!((model.recipe.background.small - 2.5).abs() < 1e-9);
    drive(&mut model, "u");
    assert_eq!(model.recipe, far);
    let effects = drive(&mut model, "v");
    assert_eq!(last(&effects).against, None);
}

#[test]
fn auto_leaves_fields_to_the_picture_says_which_and_is_one_step() {
    let mut model = studio(1, SIZE);
    wait(&mut model, 1000);
    drive(&mut model, "lll k k k l");
    let pinned = model.recipe.clone();
    assert_ne!(pinned, model.named);
    drive(&mut model, "a");
    let Some(Layer::Auto { changed }) = &model.layer else {
        panic!("it does not say what it did");
    };
    assert!(!changed.is_empty());
    assert!((model.recipe.background.small).abs() < 1e-9);
    drive(&mut model, "<Esc> u");
    assert_eq!(model.recipe, pinned);
    drive(&mut model, "R a");
    assert!(model.layer.is_none(), "there was nothing to do");
    assert!(model.toast.is_some());
}

fn preset(name: &str, small: f64) -> Preset {
    let mut recipe = whiteboarder_core::recipe::Recipe::default();
    recipe.background.small = small;
    Preset {
        name: name.to_owned(),
        origin: Origin::BuiltIn,
        recipe,
        help: "for tests".to_owned(),
    }
}

#[test]
fn presets_are_seen_in_passing_and_cost_one_step_or_none() {
    let mut model = studio(1, SIZE);
    drive(&mut model, "l");
    let before = model.recipe.clone();
    let list = || {
        Ok(vec![
            preset("whiteboard", 0.0),
            preset("hard", 4.0),
            preset("soft", 1.0),
        ])
    };
    for (keys, small, name) in [
        ("jj <Esc>", before.background.small, "default"),
        ("j <Enter>", 4.0, "hard"),
        ("j <Enter>", 1.0, "soft"),
    ] {
        let effects = press(&mut model, "p");
        assert_eq!(effects, [Effect::ListPresets]);
        update(&mut model, Msg::Presets(list()));
        let effects = drive(&mut model, keys);
        assert!(!effects.is_empty(), "what is passed is shown");
        assert!(
            (model.recipe.background.small - small).abs() < 1e-9,
            "{keys}"
        );
        assert_eq!(model.recipe_name, name);
        assert!(model.layer.is_none());
    }
    assert!(!model.is_changed());
    drive(&mut model, "u u");
    assert_eq!(model.recipe, before);
}

#[test]
fn the_recipe_is_copied_as_it_would_be_saved() {
    let mut model = studio(1, SIZE);
    drive(&mut model, "l");
    let effects = press(&mut model, "y");
    assert_eq!(effects, [Effect::Copy(model.recipe.to_toml())]);
}

const DRAG: MouseEventKind = MouseEventKind::Drag(MouseButton::Left);
const RELEASE: MouseEventKind = MouseEventKind::Up(MouseButton::Left);

#[test]
fn the_wheel_zooms_at_the_pointer_and_a_drag_moves_the_picture_with_it() {
    let mut model = studio(1, SIZE);
    let under = |model: &mut Model, cell| {
        mouse(model, CLICK, cell);
        mouse(model, RELEASE, cell);
        let reading = model.reading().unwrap();
        (i64::from(reading.x), i64::from(reading.y))
    };
    let cell = (60, 12);
    let was = under(&mut model, cell);
    for _ in 0..6 {
        mouse(&mut model, MouseEventKind::ScrollUp, cell);
    }
    let now = under(&mut model, cell);
    assert!(
        (was.0 - now.0).abs() < 60 && (was.1 - now.1).abs() < 60,
        "{was:?} {now:?}"
    );
    mouse(&mut model, CLICK, cell);
    mouse(&mut model, DRAG, (50, 15));
    mouse(&mut model, RELEASE, (50, 15));
    let moved = under(&mut model, (50, 15));
    assert!(
        (moved.0 - now.0).abs() < 20 && (moved.1 - now.1).abs() < 20,
        "{now:?} {moved:?}"
    );
    for _ in 0..20 {
        mouse(&mut model, MouseEventKind::ScrollDown, cell);
    }
    assert_eq!(model.viewport, Viewport::default());
}

#[test]
fn the_split_is_pulled_and_stops_at_the_edges() {
    let mut model = studio(1, SIZE);
    drive(&mut model, "s");
    // The picture has the 80 columns left of the panel.
    mouse(&mut model, CLICK, (40, 20));
    mouse(&mut model, DRAG, (20, 3));
    assert_eq!(model.split, 26);
    mouse(&mut model, DRAG, (119, 3));
    assert_eq!(model.split, 100);
    mouse(&mut model, RELEASE, (119, 3));
    mouse(&mut model, CLICK, (10, 20));
    mouse(&mut model, DRAG, (30, 20));
    assert_eq!(model.split, 100, "it was not taken hold of");
}

#[test]
fn a_slider_is_pulled_in_one_step_and_a_choice_goes_on_with_the_second_click() {
    let mut model = studio(1, SIZE);
    let row = |name: &str| {
        let screen = crate::studio::fixture::drawn(&studio(1, SIZE));
        let found = screen.lines().position(|line| {
            let panel: String = line.chars().skip(82).collect();
            panel
                .trim_start_matches([' ', '\u{25b8}'])
                .starts_with(name)
        });
        found.unwrap() as u16
    };
    let before = model.recipe.clone();
    // The first and the last column of the slider.
    let wide = row("wide radius");
    mouse(&mut model, CLICK, (96, wide));
    for column in [100, 110, 119] {
        mouse(&mut model, DRAG, (column, wide));
    }
    mouse(&mut model, RELEASE, (119, wide));
    let field = &FIELDS[model.selected];
    assert_eq!(field.name, "wide");
    let whiteboarder_core::recipe::Kind::Number { max, .. } = field.kind else {
        panic!("a number");
    };
    assert!((model.recipe.background.wide - max).abs() < 1e-9);
    drive(&mut model, "u");
    assert_eq!(model.recipe, before);

    let style = row("style");
    mouse(&mut model, CLICK, (100, style));
    assert_eq!(model.recipe, before, "the first click only selects");
    mouse(&mut model, CLICK, (100, style));
    assert_ne!(model.recipe.finish.style, before.finish.style);
}

#[test]
fn no_cell_of_any_screen_makes_the_mouse_stumble() {
    for size in [(49, 14), (50, 15), (80, 24), (120, 40)] {
        for keys in ["", "<Tab>", "s", "ss", "=", "p"] {
            let mut model = studio(2, size);
            drive(&mut model, keys);
            for column in (0..size.0 + 3).step_by(3) {
                for row in (0..size.1 + 3).step_by(2) {
                    for kind in [CLICK, DRAG, MouseEventKind::ScrollUp, RELEASE] {
                        update(&mut model, Msg::Mouse(at(kind, (column, row))));
                    }
                }
            }
        }
    }
}
