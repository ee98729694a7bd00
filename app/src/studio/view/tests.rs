use insta::assert_snapshot;
use ratatui::style::{Color, Modifier};

use super::*;
use crate::studio::fixture::{answer, drawn, drawn_with, drive, press, studio, theme, thumb, wait};
use crate::studio::message::{Msg, WriteJob};
use crate::studio::model::Photo;
use crate::studio::update::update;

/// A studio whose first picture is exact.
fn rested(size: (u16, u16)) -> Model {
    let mut model = studio(3, size);
    wait(&mut model, 1000);
    model
}

#[test]
fn what_the_camera_put_into_the_file_is_seen_until_the_photograph_is_read() {
    let mut model = rested((80, 24));
    let effects = press(&mut model, ".");
    assert!(drawn(&model).contains("reading board-2.jpg"));
    let glimpse = |photo| Msg::Glimpse {
        photo,
        shown: thumb(photo),
    };
    // Of a photograph that was left meanwhile nothing is shown.
    update(&mut model, glimpse(0));
    assert!(drawn(&model).contains("reading board-2.jpg"));
    update(&mut model, glimpse(1));
    let seen = drawn(&model);
    assert!(!seen.contains("reading board-2.jpg") && seen.contains("reading"));
    assert_snapshot!(seen);
    answer(&mut model, &effects);
    assert!(model.glimpse.is_none());
    // Come too late, it hides nothing.
    update(&mut model, glimpse(1));
    assert!(model.glimpse.is_none());
}

#[test]
fn full_size_with_the_panel_beside_the_picture() {
    assert_snapshot!(drawn(&rested((120, 40))));
}

#[test]
fn a_usual_terminal_with_the_panel_below_and_a_value_changed() {
    let mut model = rested((80, 24));
    press(&mut model, "lll");
    assert_snapshot!(drawn(&model));
}

#[test]
fn the_smallest_terminal() {
    assert_snapshot!(drawn(&rested((50, 15))));
}

#[test]
fn one_column_and_row_less_and_only_the_need_is_told() {
    assert_snapshot!(drawn(&rested((49, 14))));
}

#[test]
fn a_draft_says_how_long_it_took_and_that_the_exact_picture_is_on_its_way() {
    let mut model = rested((80, 24));
    let header = |model: &Model| drawn(model).lines().next().unwrap().to_owned();
    assert!(header(&model).contains("✓ exact 412 ms"));
    let effects = press(&mut model, "l");
    assert!(header(&model).contains("◌ draft \""), "{}", header(&model));
    answer(&mut model, &effects);
    assert!(header(&model).contains("◌ draft 18 ms"));
    let now = model.now_ms + 120;
    update(&mut model, Msg::Tick(now));
    assert!(header(&model).contains("● draft, refining"));
}

#[test]
fn a_split_with_the_panel_hidden() {
    let mut model = rested((80, 24));
    drive(&mut model, "s <Tab>");
    assert_snapshot!(drawn(&model));
}

#[test]
fn a_value_that_is_typed_wrong() {
    let mut model = rested((80, 24));
    drive(&mut model, "<Enter> 12");
    assert_snapshot!(drawn(&model));
}

#[test]
fn the_ball_has_other_fields() {
    let mut model = rested((100, 30));
    drive(&mut model, "kkkkkk <Enter>");
    assert_snapshot!(drawn(&model));
}

#[test]
fn nothing_opened() {
    assert_snapshot!(drawn(&studio(0, (80, 24))));
}

#[test]
fn an_unreadable_photograph_has_its_reason_in_the_pictures_place() {
    let mut model = rested((80, 24));
    press(&mut model, ".");
    let size = Err("the JPEG file is cut short: it ends before its picture does".to_owned());
    update(&mut model, Msg::Opened { photo: 1, size });
    assert_snapshot!(drawn(&model));
}

#[test]
fn a_question_says_what_and_the_footer_how_to_answer() {
    let mut model = rested((80, 24));
    drive(&mut model, "w");
    update(
        &mut model,
        Msg::FileExists(WriteJob {
            photo: 0,
            path: "photos/board-1.jpg".into(),
            output: "cleaned/board-1.jpg.png".into(),
            recipe: model_recipe(),
            replace: false,
        }),
    );
    assert_snapshot!(drawn(&model));
}

fn model_recipe() -> whiteboarder_core::recipe::Recipe {
    whiteboarder_core::recipe::Recipe::default()
}

#[test]
fn ascii_is_ascii_everywhere_but_in_the_picture() {
    let theme = theme(true, true);
    for keys in ["", "l", "s", "<Enter>x", "w", "w q", "l q", "P", "b", "l u"] {
        let mut model = rested((80, 24));
        drive(&mut model, keys);
        let screen = drawn_with(&model, &theme).backend().to_string();
        let beyond: String = screen
            .chars()
            .filter(|c| !c.is_ascii() && *c != '▀')
            .collect();
        assert_eq!(beyond, "", "{keys}\n{screen}");
    }
    let mut model = rested((120, 40));
    drive(&mut model, "l");
    assert_snapshot!(drawn_with(&model, &theme).backend().to_string());
}

#[test]
fn without_colour_nothing_but_the_picture_is_coloured_and_the_selection_is_seen() {
    let mut model = rested((80, 24));
    drive(&mut model, "l");
    // Everything but the picture.
    model.shown = None;
    let terminal = drawn_with(&model, &theme(false, false));
    let buffer = terminal.backend().buffer();
    for cell in buffer.content() {
        assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset));
    }
    let reversed = |y: u16| (0..80).all(|x| buffer[(x, y)].modifier.contains(Modifier::REVERSED));
    assert_eq!((0..24).filter(|y| reversed(*y)).count(), 1);
}

#[test]
fn no_screen_of_any_size_makes_the_drawing_stumble() {
    let long = Photo {
        path: "x".into(),
        name: "a-very-long-name-".repeat(20) + "白板.jpg",
        output: "y".repeat(400).into(),
        state: PhotoState::Unread,
    };
    for (width, height) in [
        (1, 1),
        (3, 2),
        (49, 15),
        (50, 15),
        (51, 16),
        (99, 15),
        (100, 15),
        (300, 90),
    ] {
        for keys in ["", "s", "<Tab>", "<Enter>123", "P", "l q", "w", "w q"] {
            let mut model = studio(2, (width, height));
            model.photos[0].name = long.name.clone();
            model.photos[0].output = long.output.clone();
            drive(&mut model, keys);
            drawn(&model);
        }
    }
}

#[test]
fn every_row_is_full_and_no_text_runs_over_the_next_part() {
    for size in [(120, 40), (80, 24), (50, 15)] {
        let mut model = studio(2, size);
        model.photos[0].name = "a-very-long-name-".repeat(20);
        let screen = drawn(&model);
        let header = screen.lines().next().unwrap();
        assert!(
            header.contains("draft") && header.contains("1/2"),
            "{header}"
        );
    }
}
