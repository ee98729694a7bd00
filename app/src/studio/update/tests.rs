use proptest::prelude::*;
use whiteboarder_core::recipe::Method;

use super::*;
use crate::studio::fixture::{answer, drive, painted, press, studio, wait};
use crate::studio::message::{Request, WriteJob};
use crate::studio::model::{Look, PhotoState};
use crate::studio::rows;
use crate::ui::keys::live;

const SIZE: (u16, u16) = (120, 40);

/// The small ball's radius, which a studio opens on.
fn small(model: &Model) -> f64 {
    model.recipe.background.small
}

fn renders(effects: &[Effect]) -> Vec<&Request> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Render(request) => Some(request),
            _ => None,
        })
        .collect()
}

#[test]
fn keys_change_the_selected_value() {
    for (keys, wanted) in [
        ("", 0.0),
        ("l", 2.3),
        ("lll", 2.5),
        ("lll h", 2.4),
        ("L", 3.2),
        ("H", 1.2),
        ("HHHHH", 0.1),
        ("HHHHH l", 0.2),
        ("<Right><Left>", 2.2),
        ("lll u", 0.0),
        ("lll u <Ctrl-R>", 2.5),
        ("lll hh u", 2.5),
        ("lll hh uu", 0.0),
        ("lll hh uu <Ctrl-R>", 2.5),
        ("lll u h <Ctrl-R>", 2.1),
        ("lll r", 0.0),
        ("lll r u", 2.5),
        ("lll j l R", 0.0),
        ("lll j l R u", 2.5),
        ("<Enter> 3.5 <Enter>", 3.5),
        ("<Enter> 3,5 <Enter> u", 0.0),
        ("<Enter> 35 <Enter>", 0.0),
        ("<Enter> 3.5 <Esc>", 0.0),
        ("<Enter><Enter> l", 2.3),
        ("j l", 0.0),
        ("j l k l", 2.3),
    ] {
        let mut model = studio(1, SIZE);
        drive(&mut model, keys);
        assert!(
            (small(&model) - wanted).abs() < 1e-9,
            "{keys}: {}",
            small(&model)
        );
    }
}

#[test]
fn a_pause_ends_a_gesture() {
    let mut model = studio(1, SIZE);
    drive(&mut model, "ll");
    wait(&mut model, 1500);
    drive(&mut model, "ll");
    assert!((small(&model) - 2.6).abs() < 1e-9);
    drive(&mut model, "u");
    assert!((small(&model) - 2.4).abs() < 1e-9);
    drive(&mut model, "u");
    assert!(small(&model).abs() < 1e-9, "left to the picture again");
    assert!(!model.is_changed());
}

#[test]
fn a_change_asks_for_a_draft_at_once_and_for_the_exact_result_when_it_rests() {
    let mut model = studio(1, SIZE);
    wait(&mut model, 1000);
    assert_eq!(model.quality(), Some(Quality::Exact));
    let effects = press(&mut model, "l");
    let asked = renders(&effects);
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].quality, Quality::Draft);
    // What was exact is not any more, although it is still shown.
    assert_eq!(model.quality(), Some(Quality::Draft));
    assert!(
        wait(&mut model, 500).is_empty(),
        "no exact one before the draft has come"
    );
    answer(&mut model, &effects);
    let due = model.exact_due_ms().unwrap();
    assert_eq!(model.wake_ms(), Some(due));
    let exact = wait(&mut model, 0);
    assert_eq!(renders(&exact)[0].quality, Quality::Exact);
    assert_eq!(model.quality(), Some(Quality::Exact));
    assert!(wait(&mut model, 5000).is_empty(), "once is enough");
    assert_eq!(model.wake_ms(), None);
}

#[test]
fn while_keys_repeat_there_is_no_exact_preview() {
    let mut model = studio(1, SIZE);
    wait(&mut model, 1000);
    for _ in 0..20 {
        let effects = drive(&mut model, "l");
        assert!(
            renders(&effects)
                .iter()
                .all(|request| request.quality == Quality::Draft)
        );
        assert!(wait(&mut model, 100).is_empty());
    }
    assert_eq!(renders(&wait(&mut model, 120)).len(), 1);
}

#[test]
fn an_older_picture_never_replaces_a_newer_one() {
    let mut model = studio(1, SIZE);
    let first = press(&mut model, "l");
    let second = press(&mut model, "l");
    answer(&mut model, &second);
    let newest = model.shown.as_ref().unwrap().ticket;
    answer(&mut model, &first);
    assert_eq!(model.shown.as_ref().unwrap().ticket, newest);
}

#[test]
fn a_photograph_never_shows_anothers_pixels() {
    let mut model = studio(3, SIZE);
    let late = press(&mut model, "l");
    let effects = press(&mut model, ".");
    assert!(model.shown.is_none());
    assert_eq!(
        effects[0],
        Effect::SetTitle("whiteboarder · board-2.jpg · 2/3".to_owned())
    );
    assert_eq!(renders(&effects)[0].photo, 1);
    answer(&mut model, &late);
    assert!(model.shown.is_none(), "the other one's picture came late");
    answer(&mut model, &effects);
    assert!(model.shown.is_some());
    drive(&mut model, ",,");
    assert_eq!(model.current, 2);
    drive(&mut model, ".");
    assert_eq!(model.current, 0);
}

#[test]
fn a_photograph_that_was_open_already_is_not_read_for_ever() {
    let mut model = studio(2, SIZE);
    model.photos[1].state = PhotoState::Refused("no picture".to_owned());
    drive(&mut model, ".");
    // The render thread still has it open, and so does not tell its size again.
    let effects = press(&mut model, ",");
    let preview = Ok(Box::new(painted(renders(&effects)[0])));
    update(&mut model, Msg::Rendered { photo: 0, preview });
    assert_eq!(model.photos[0].state, PhotoState::Opened(4032, 3024));
    assert!(model.can_write());
}

#[test]
fn views_and_the_split_only_compose() {
    let mut model = studio(1, SIZE);
    wait(&mut model, 1000);
    let generation = model.generation;
    for (keys, look, split) in [
        ("s", Look::Split, 50),
        ("[[", Look::Split, 40),
        ("]", Look::Split, 45),
        ("b", Look::Before, 45),
        ("b", Look::Split, 45),
        ("s", Look::Beside, 45),
        ("s", Look::Background, 45),
        ("s", Look::Difference, 45),
        ("s", Look::Mask, 45),
        ("s", Look::Before, 45),
        ("[", Look::Before, 45),
        ("s", Look::After, 45),
        ("c", Look::After, 45),
    ] {
        let effects = drive(&mut model, keys);
        assert_eq!((model.look(), model.split), (look, split), "{keys}");
        assert!(
            renders(&effects)
                .iter()
                .all(|request| request.generation == generation)
        );
    }
    assert!(
        drive(&mut model, "[").is_empty(),
        "there is no split to move"
    );
}

#[test]
fn a_change_shows_its_result_also_while_the_photograph_is_shown() {
    let mut model = studio(1, SIZE);
    drive(&mut model, "b");
    let effects = drive(&mut model, "l");
    assert_eq!(renders(&effects)[0].look, Look::After);
}

#[test]
fn undoing_does_the_inverse_and_says_so() {
    let mut model = studio(1, SIZE);
    drive(&mut model, "lll jjj");
    drive(&mut model, "u");
    assert_eq!(model.toast.as_ref().unwrap().text, "undone: radius is auto");
    assert_eq!(model.selected, rows::radius(&model.recipe));
    assert!(
        press(&mut model, "u").is_empty(),
        "there is nothing more to undo"
    );
}

#[test]
fn the_method_decides_about_the_rows() {
    let mut model = studio(1, SIZE);
    drive(&mut model, "kkkkkkkkkk");
    assert_eq!(FIELDS[model.selected].name, "method");
    drive(&mut model, "<Enter>");
    assert_eq!(model.recipe.background.method, Method::Ball);
    drive(&mut model, "jjj L");
    assert!((model.recipe.background.radius - 60.0).abs() < 1e-9);
    drive(&mut model, "uu");
    assert_eq!(model.recipe, model.named);
    assert!(rows::rows(&model.recipe).contains(&model.selected));
}

#[test]
fn what_is_typed_is_judged_while_it_is_typed() {
    let mut model = studio(1, SIZE);
    let problem = |model: &Model| match &model.layer {
        Some(Layer::Prompt { problem, .. }) => problem.clone(),
        other => panic!("{other:?}"),
    };
    drive(&mut model, "<Enter> 1");
    assert_eq!(problem(&model), None);
    drive(&mut model, "2");
    assert_eq!(
        problem(&model).unwrap(),
        "radius goes from 0 to 10 % of the long side"
    );
    drive(&mut model, "q<Enter>");
    assert_eq!(problem(&model).unwrap(), "\"12q\" is not a number");
    update(&mut model, Msg::Paste("x\n".repeat(100_000)));
    assert!(problem(&model).is_some());
    drive(&mut model, "<Esc>");
    assert_eq!(model.layer, None);
}

fn write_job(effects: &[Effect]) -> WriteJob {
    match effects {
        [Effect::Write(job)] => job.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn writing_asks_before_it_replaces_a_file() {
    let mut model = studio(1, SIZE);
    drive(&mut model, "l");
    let job = write_job(&drive(&mut model, "w"));
    assert!(!job.replace && job.recipe == model.recipe);
    assert!(drive(&mut model, "w").is_empty(), "one at a time");
    update(&mut model, Msg::FileExists(job.clone()));
    assert!(drive(&mut model, "n").is_empty());
    let job = write_job(&drive(&mut model, "w"));
    update(&mut model, Msg::FileExists(job));
    let job = write_job(&drive(&mut model, "y"));
    assert!(job.replace);
    let seconds = Ok(1.24);
    update(&mut model, Msg::Written { job, seconds });
    let said = &model.toast.as_ref().unwrap().text;
    assert_eq!(said, "wrote cleaned/board-1.jpg.png in 1.2 s");
    assert!(!model.has_unwritten_changes());
    assert_eq!(drive(&mut model, "q"), [Effect::Quit(Leave::Quit)]);
}

#[test]
fn leaving_asks_once_when_changes_would_be_lost() {
    let mut model = studio(1, SIZE);
    assert_eq!(drive(&mut model, "q"), [Effect::Quit(Leave::Quit)]);
    drive(&mut model, "l");
    assert!(drive(&mut model, "q n").is_empty());
    assert_eq!(model.layer, None);
    assert_eq!(drive(&mut model, "q y"), [Effect::Quit(Leave::Quit)]);
    drive(&mut model, "u");
    assert_eq!(drive(&mut model, "q"), [Effect::Quit(Leave::Quit)]);
}

#[test]
fn leaving_waits_for_a_file_that_is_being_written() {
    let mut model = studio(1, SIZE);
    let job = write_job(&drive(&mut model, "w"));
    assert!(drive(&mut model, "q").is_empty());
    assert_eq!(model.leaving, Some(Leave::Quit));
    let seconds = Ok(1.0);
    let done = Msg::Written {
        job: job.clone(),
        seconds,
    };
    assert_eq!(
        update(&mut model.clone(), done),
        [Effect::Quit(Leave::Quit)]
    );
    // What failed keeps the studio open, so that it is seen.
    let seconds = Err("cannot write x: the disk is full".to_owned());
    assert!(update(&mut model, Msg::Written { job, seconds }).is_empty());
    assert_eq!(model.leaving, None);
}

#[test]
fn a_question_comes_before_leaving() {
    let mut model = studio(1, SIZE);
    let job = write_job(&drive(&mut model, "wq"));
    assert!(update(&mut model, Msg::FileExists(job)).is_empty());
    assert!(matches!(
        model.layer,
        Some(Layer::Ask(Question::ReplaceFile(_)))
    ));
}

#[test]
fn ctrl_c_leaves_from_anywhere_and_twice_also_while_writing() {
    for keys in ["", "l", "p", "<Enter>3", "l q", "P x"] {
        let mut model = studio(1, SIZE);
        drive(&mut model, keys);
        assert_eq!(
            drive(&mut model, "<Ctrl-C>"),
            [Effect::Quit(Leave::Interrupted)],
            "{keys}"
        );
    }
    let mut model = studio(1, SIZE);
    drive(&mut model, "w");
    assert!(drive(&mut model, "<Ctrl-C>").is_empty());
    assert_eq!(
        drive(&mut model, "<Ctrl-C>"),
        [Effect::Quit(Leave::Interrupted)]
    );
}

#[test]
fn a_recipe_is_saved_under_a_name_and_is_that_preset_then() {
    let mut model = studio(1, SIZE);
    drive(&mut model, "l");
    let effects = drive(&mut model, "P mine <Enter>");
    let [
        Effect::SavePreset {
            name,
            recipe,
            replace: false,
        },
    ] = effects.as_slice()
    else {
        panic!("{effects:?}");
    };
    let (name, recipe) = (name.clone(), recipe.clone());
    update(
        &mut model,
        Msg::PresetExists {
            name: name.clone(),
            recipe: recipe.clone(),
        },
    );
    let effects = drive(&mut model, "y");
    assert!(matches!(
        effects.as_slice(),
        [Effect::SavePreset { replace: true, .. }]
    ));
    let path = Ok("recipes/mine.toml".into());
    update(&mut model, Msg::Saved { name, recipe, path });
    assert_eq!(model.recipe_name, "mine");
    assert!(!model.is_changed() && !model.has_unwritten_changes());
    assert_eq!(drive(&mut model, "q"), [Effect::Quit(Leave::Quit)]);
}

#[test]
fn an_unreadable_photograph_says_why_and_the_others_still_work() {
    let mut model = studio(2, SIZE);
    press(&mut model, ".");
    let size = Err("the PNG file is cut short".to_owned());
    update(&mut model, Msg::Opened { photo: 1, size });
    assert!(
        press(&mut model, "l").is_empty(),
        "there is nothing to render"
    );
    assert!(press(&mut model, "w").is_empty(), "and nothing to write");
    let effects = drive(&mut model, ",");
    assert_eq!(renders(&effects)[0].photo, 0);
    // Perhaps somebody has mended it.
    let effects = press(&mut model, ".");
    assert_eq!(renders(&effects)[0].photo, 1);
}

#[test]
fn a_new_size_asks_for_a_picture_of_that_size() {
    let mut model = studio(1, SIZE);
    let effects = update(&mut model, Msg::Resize(80, 24));
    assert_eq!(renders(&effects)[0].pane, model.pane().unwrap());
    assert!(update(&mut model, Msg::Resize(80, 24)).is_empty());
    assert!(
        update(&mut model, Msg::Resize(40, 10)).is_empty(),
        "too small for any"
    );
    // Keys still work.
    drive(&mut model, "l");
    assert!((small(&model) - 2.3).abs() < 1e-9);
    let effects = update(&mut model, Msg::Resize(120, 40));
    assert!((renders(&effects)[0].recipe.background.small - 2.3).abs() < 1e-9);
    let before = model.pane().unwrap();
    drive(&mut model, "<Tab>");
    assert!(
        model.pane().unwrap().0 > before.0,
        "the picture gets the panel's room"
    );
}

#[test]
fn without_photographs_only_opening_help_and_leaving_are_live() {
    let mut model = studio(0, SIZE);
    assert!(drive(&mut model, "lhjkbsrRuPw,.[]<Tab><Enter>").is_empty());
    let labels: Vec<_> = live(&model, true)
        .into_iter()
        .map(|(_, label)| label)
        .collect();
    assert_eq!(labels, ["open", "keys", "quit"]);
    assert_eq!(drive(&mut model, "q"), [Effect::Quit(Leave::Quit)]);
}

#[test]
fn a_message_goes_away_by_itself() {
    let mut model = studio(1, SIZE);
    wait(&mut model, 1000);
    drive(&mut model, "l u");
    wait(&mut model, 1000);
    let until = model.toast.as_ref().unwrap().until_ms;
    assert_eq!(model.wake_ms(), Some(until));
    let left = until - model.now_ms;
    wait(&mut model, left);
    assert_eq!(model.toast, None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn undoing_everything_leads_back_and_redoing_everything_leads_there(
        presses in proptest::collection::vec(0_usize..10, 1..60),
        pauses in proptest::collection::vec(0_u64..1500, 60),
    ) {
        let keys = ["l", "h", "L", "H", "j", "k", "r", "R", "<Enter>7<Enter><Esc>", "<Enter>0.7<Enter><Esc>"];
        let mut model = studio(1, (50, 15));
        let first = model.recipe.clone();
        for (choice, pause) in presses.iter().zip(pauses) {
            let now = model.now_ms + pause;
            update(&mut model, Msg::Tick(now));
            press(&mut model, keys[*choice]);
            prop_assert!(model.recipe.validate().is_ok());
        }
        let last = model.recipe.clone();
        // No more steps than keys, unless a key means something else than it should.
        for _ in 0..120 {
            press(&mut model, "u");
            prop_assert!(model.recipe.validate().is_ok());
        }
        prop_assert!(!model.history.can_undo());
        prop_assert_eq!(&model.recipe, &first);
        for _ in 0..120 {
            press(&mut model, "<Ctrl-R>");
        }
        prop_assert_eq!(&model.recipe, &last);
    }
}

#[test]
fn a_picture_in_trouble_keeps_the_last_one_on_screen() {
    let mut model = studio(1, SIZE);
    let effects = press(&mut model, "l");
    let preview = Err("no memory".to_owned());
    update(&mut model, Msg::Rendered { photo: 0, preview });
    assert!(model.shown.is_some() && model.trouble.is_some());
    let request = renders(&effects)[0].clone();
    let preview = Ok(Box::new(painted(&request)));
    update(&mut model, Msg::Rendered { photo: 0, preview });
    assert!(model.trouble.is_none());
}
