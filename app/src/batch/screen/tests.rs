use crossterm::event::MouseEventKind;
use insta::assert_snapshot;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use whiteboarder_jobs::Progress;
use whiteboarder_jobs::submit::Wish as Wished;
use whiteboarder_jobs::track::{ItemState, ItemStatus, Place};

use super::model::{Effect, Layer, Model, Msg, Order, Phase, Planned, Row};
use super::update::update;
use super::view::view;
use crate::term::theme::Theme;
use crate::term::{ColorChoice, Terminal as Streams};
use crate::ui::keys::typed;
use crate::ui::mouse::{CLICK, at};

fn theme(color: bool, ascii: bool) -> Theme {
    let mut streams = Streams::detect(ColorChoice::Never, ascii, false, 0);
    streams.unicode = !ascii;
    streams.color_out = color;
    Theme::of(&streams)
}

fn drawn_with(model: &Model, theme: &Theme) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(model.size.0, model.size.1)).unwrap();
    terminal
        .draw(|frame| view(model, theme, frame, frame.area()))
        .unwrap();
    terminal
}

fn drawn(model: &Model) -> String {
    drawn_with(model, &theme(true, false)).backend().to_string()
}

fn order() -> Order {
    Order {
        paths: vec!["photos".into()],
        output: "cleaned".into(),
        recipe_name: "whiteboard*".to_owned(),
        ..Order::default()
    }
}

/// Of 20 pictures 17 share a recipe, and two others are for 2 and 1.
fn parts() -> Order {
    let part = |name: &str, numbers: std::ops::Range<usize>| Order {
        recipe_name: name.to_owned(),
        only: Some(numbers.map(|number| row(number).name).collect()),
        ..order()
    };
    Order {
        then: vec![part("hard", 17..19), part("page*", 19..20)],
        ..part("whiteboard*", 0..17)
    }
}

fn row(number: usize) -> Row {
    let big = number.is_multiple_of(7);
    Row {
        name: format!("board-{number:03}.jpg"),
        bytes: 1_000_000 * number as u64,
        pixels: Some(12_192_768),
        place: Some(if big { Place::Ecs } else { Place::Lambda }),
        seconds: Some(2.4),
        memory_mb: Some(310),
        cost: Some(0.000_11),
        why: if big {
            "needs 6.2 GB, and Lambda has 512 MB".to_owned()
        } else {
            "fits time and memory".to_owned()
        },
        out: false,
    }
}

fn plan(pictures: usize) -> Planned {
    Planned {
        rows: (1..=pictures).map(row).collect(),
        left_out: vec!["2 files: .heic".to_owned()],
        into: "s3://wb-local/inbox/".to_owned(),
    }
}

/// Presses keys, told by name.
fn press(model: &mut Model, keys: &[&str]) -> Vec<Effect> {
    keys.iter()
        .flat_map(|key| update(model, Msg::Key(typed(key))))
        .collect()
}

fn opened(size: (u16, u16)) -> Model {
    let mut model = Model {
        profile: "local".to_owned(),
        ..Model::default()
    };
    update(&mut model, Msg::Resize(size.0, size.1));
    update(&mut model, Msg::Open(Box::new(order())));
    model
}

fn planned(pictures: usize, size: (u16, u16)) -> Model {
    let mut model = opened(size);
    let generation = model.generation;
    let plan = Ok(Box::new(plan(pictures)));
    update(&mut model, Msg::Planned { generation, plan });
    model
}

fn status(number: usize, state: ItemState, place: Option<Place>) -> Progress {
    let item = Box::new(ItemStatus {
        name: row(number).name,
        state,
        places: place.into_iter().collect(),
        error: (state == ItemState::Failed).then(|| "ImageUnsupported".to_owned()),
        message: (state == ItemState::Failed).then(|| "12-bit JPEG".to_owned()),
        seconds: Some(1.9),
        ..ItemStatus::default()
    });
    match state {
        ItemState::Cleaned => Progress::Cleaned { item },
        ItemState::Failed => Progress::Failed { item },
        _ => Progress::Execution { item },
    }
}

fn uploaded(number: usize) -> Progress {
    Progress::Uploaded {
        item: row(number).name,
        bytes: row(number).bytes,
        already: false,
    }
}

/// A batch of 40 in its middle.
fn running(size: (u16, u16)) -> Model {
    let mut model = planned(40, size);
    press(&mut model, &["Enter"]);
    let bytes = (1..=40).map(|number| row(number).bytes).sum();
    let batch = Progress::Batch {
        batch: "01JD0000000000000000000000".to_owned(),
        items: 40,
        bytes,
    };
    update(&mut model, Msg::Progress(vec![batch]));
    update(&mut model, Msg::Tick(8_000));
    let mut events: Vec<Progress> = (1..=12).map(uploaded).collect();
    events.extend((1..=6).map(|n| status(n, ItemState::Cleaned, Some(Place::Lambda))));
    events.push(status(7, ItemState::Running, Some(Place::Ecs)));
    events.push(status(8, ItemState::Failed, Some(Place::Lambda)));
    for number in 13..=17 {
        events.push(Progress::UploadProgress {
            item: row(number).name,
            sent: 4_000_000,
            bytes: row(number).bytes,
        });
    }
    events.push(Progress::UploadRetry {
        item: row(14).name,
        attempt: 2,
        reason: "connection reset".to_owned(),
    });
    update(&mut model, Msg::Progress(events));
    model
}

#[test]
fn a_plan_at_full_size() {
    assert_snapshot!(drawn(&planned(40, (120, 40))));
}

#[test]
fn a_plan_in_a_usual_terminal_with_one_picture_left_out() {
    let mut model = planned(40, (80, 24));
    press(&mut model, &["j", "Space"]);
    assert_snapshot!(drawn(&model));
}

#[test]
fn a_plan_in_the_smallest_terminal() {
    assert_snapshot!(drawn(&planned(3, (50, 15))));
}

#[test]
fn a_batch_that_runs() {
    assert_snapshot!(drawn(&running((80, 24))));
}

#[test]
fn a_batch_that_runs_without_colour_and_with_ascii_only() {
    let model = running((100, 30));
    let screen = drawn_with(&model, &theme(false, true));
    let text = screen.backend().to_string();
    assert!(text.is_ascii(), "{text}");
    for cell in screen.backend().buffer().content() {
        let style = cell.style();
        let none = |color| matches!(color, None | Some(ratatui::style::Color::Reset));
        assert!(none(style.fg) && none(style.bg));
    }
    assert_snapshot!(text);
}

#[test]
fn paused_ended_and_failed_say_how_it_goes_on() {
    let mut model = running((80, 24));
    assert_eq!(press(&mut model, &["p"]), [Effect::Pause]);
    update(&mut model, Msg::Paused);
    let text = drawn(&model);
    assert!(text.contains("■ paused"), "{text}");
    assert!(text.contains("Enter goes on"), "{text}");
    let again = press(&mut model, &["Enter"]);
    assert!(matches!(again[0], Effect::Submit { .. }));
    let why = "cannot reach http://127.0.0.1:4566: connection refused".to_owned();
    update(&mut model, Msg::Ended(Err(why)));
    let text = drawn(&model);
    assert!(
        text.contains("✗ cannot reach http://127.0.0.1:4566"),
        "{text}"
    );
    assert!(model.can_submit());
    press(&mut model, &["Enter"]);
    update(&mut model, Msg::Ended(Ok(())));
    assert!(drawn(&model).contains("ended, some failed"));
}

#[test]
fn what_is_left_out_is_not_submitted_and_stays_left_out_after_another_look() {
    let mut model = planned(5, (80, 24));
    press(&mut model, &["j", "Space", "Space"]);
    let generation = model.generation + 1;
    press(&mut model, &["r"]);
    let plan = Ok(Box::new(plan(5)));
    update(&mut model, Msg::Planned { generation, plan });
    let effects = press(&mut model, &["Enter"]);
    let Effect::Submit { without, .. } = &effects[0] else {
        panic!("{effects:?}");
    };
    assert_eq!(without, &["board-002.jpg", "board-003.jpg"]);
}

#[test]
fn with_everything_left_out_there_is_nothing_to_submit() {
    let mut model = planned(1, (80, 24));
    press(&mut model, &["Space"]);
    assert_eq!(press(&mut model, &["Enter"]), []);
    assert_eq!(model.phase, Phase::Planned);
}

#[test]
fn another_place_is_another_plan_and_an_old_answer_is_dropped() {
    let mut model = planned(5, (80, 24));
    let old = model.generation;
    let effects = press(&mut model, &["o"]);
    let Effect::Plan { choices, .. } = &effects[0] else {
        panic!("{effects:?}");
    };
    assert_eq!(choices.wish, Wished::Lambda);
    let plan = Ok(Box::new(plan(2)));
    update(
        &mut model,
        Msg::Planned {
            generation: old,
            plan,
        },
    );
    assert_eq!((model.rows.len(), model.phase), (5, Phase::Scanning));
}

#[test]
fn a_filter_finds_names_and_states() {
    let mut model = running((80, 24));
    press(&mut model, &["/", "0", "1", "2"]);
    assert_eq!(model.shown, [11]);
    press(&mut model, &["Esc", "/", "f", "a", "i", "l", "Enter"]);
    assert_eq!(model.shown, [7]);
    update(
        &mut model,
        Msg::Progress(vec![status(9, ItemState::Failed, None)]),
    );
    assert_eq!(model.shown, [7, 8], "what changes is found as it changes");
}

#[test]
fn leaving_while_something_is_uploaded_asks_and_pauses_first() {
    let mut model = running((80, 24));
    assert_eq!(press(&mut model, &["q"]), []);
    assert_eq!(model.layer, Some(Layer::AskLeave));
    assert!(drawn(&model).contains("not everything is uploaded yet"));
    assert_eq!(press(&mut model, &["n"]), []);
    assert_eq!(press(&mut model, &["q", "y"]), [Effect::Pause]);
    let interrupted = false;
    assert_eq!(
        update(&mut model, Msg::Paused),
        [Effect::Quit { interrupted }]
    );
}

#[test]
fn a_batch_that_is_uploaded_goes_on_without_us() {
    let mut model = running((80, 24));
    update(&mut model, Msg::Progress((13..=40).map(uploaded).collect()));
    let interrupted = false;
    assert_eq!(press(&mut model, &["q"]), [Effect::Quit { interrupted }]);
}

#[test]
fn coming_back_to_a_batch_that_runs_does_not_plan_anew() {
    let mut model = running((80, 24));
    let mut other = order();
    other.recipe_name = "soft".to_owned();
    let effects = update(&mut model, Msg::Open(Box::new(other)));
    assert!(matches!(effects.as_slice(), [Effect::SetTitle(_)]));
    assert_eq!(model.phase, Phase::Running);
}

#[test]
fn a_wrong_path_is_one_sentence_and_another_look_is_offered() {
    let mut model = opened((80, 24));
    let plan = Err("photos: no such file or folder".to_owned());
    let generation = model.generation;
    update(&mut model, Msg::Planned { generation, plan });
    let text = drawn(&model);
    assert!(text.contains("✗ photos: no such file or folder"), "{text}");
    assert!(text.contains("r rescan"), "{text}");
}

#[test]
fn no_screen_of_any_size_makes_the_drawing_stumble() {
    for make in [|size| planned(40, size), running as fn((u16, u16)) -> Model] {
        for size in [(1, 1), (49, 15), (50, 15), (63, 16), (99, 24), (300, 80)] {
            let mut model = make(size);
            drawn(&model);
            press(&mut model, &["/"]);
            drawn(&model);
        }
    }
}

#[test]
fn a_click_selects_a_picture_and_the_wheel_scrolls() {
    let mut model = planned(40, (80, 24));
    let area = super::layout::areas(model.size).unwrap().list;
    let mut mouse = |kind, cell| {
        update(&mut model, Msg::Mouse(at(kind, cell)));
        model.cursor
    };
    assert_eq!(mouse(CLICK, (area.x + 5, area.y + 4)), 3);
    assert_eq!(mouse(CLICK, (area.x + 5, area.y)), 3, "the headings");
    assert_eq!(mouse(CLICK, (5, 0)), 3);
    assert_eq!(mouse(MouseEventKind::ScrollDown, (5, 10)), 6);
    for _ in 0..30 {
        mouse(MouseEventKind::ScrollDown, (5, 10));
    }
    assert_eq!(mouse(CLICK, (area.x, area.bottom() - 1)), 39);
    update(&mut model, Msg::MouseTaken(false));
    assert!(drawn(&model).contains("selects text"));
}

#[test]
fn pictures_with_other_recipes_are_batches_of_their_own_one_after_the_other() {
    let mut model = opened((120, 30));
    update(&mut model, Msg::Open(Box::new(parts())));
    let planned = |model: &mut Model, pictures| {
        let generation = model.generation;
        let plan = Ok(Box::new(plan(pictures)));
        update(model, Msg::Planned { generation, plan });
    };
    planned(&mut model, 17);
    let sources = |model: &Model| drawn(model).lines().nth(1).unwrap().to_owned();
    assert_eq!(
        sources(&model).trim_matches('"').trim_end(),
        " sources  photos · 17 pictures with whiteboard*; then 2 more batches: 2 with hard, 1 with page*"
    );
    press(&mut model, &["Enter"]);
    let begun = |batch: &str, items| Progress::Batch {
        batch: batch.to_owned(),
        items,
        bytes: 1,
    };
    update(&mut model, Msg::Progress(vec![begun("01A", 17)]));
    update(&mut model, Msg::Ended(Ok(())));
    let said = &model.toast.as_ref().unwrap().text;
    assert!(
        said.ends_with("Enter plans the next batch, with hard"),
        "{said}"
    );
    // Coming back from the studio leaves it where it is.
    assert!(
        !update(&mut model, Msg::Open(Box::new(parts())))
            .iter()
            .any(|effect| matches!(effect, Effect::Plan { .. }))
    );
    let effects = press(&mut model, &["Enter"]);
    let Some(Effect::Plan { order, .. }) = effects.first() else {
        panic!("{effects:?}");
    };
    assert_eq!(
        (order.recipe_name.as_str(), order.count()),
        ("hard", Some(2))
    );
    planned(&mut model, 2);
    let said = sources(&model);
    assert!(
        said.contains("2 pictures with hard; then another batch: 1 with page*"),
        "{said}"
    );
    assert_eq!(model.earlier, ["batch 01A: 0 cleaned"]);
    assert!(model.batch.is_none() && model.can_submit());
}
