use std::path::Path;

use insta::assert_snapshot;

use super::*;
use crate::studio::files::gather;
use crate::studio::fixture::{drawn, drawn_with, drive, press, studio, theme};
use crate::studio::message::{Effect, Msg};
use crate::studio::model::{Layer, Model};
use crate::studio::update::update;

fn picker(model: &Model) -> &Picker {
    match &model.layer {
        Some(Layer::Picker(picker)) => picker,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_photograph_is_found_by_some_letters_of_its_name() {
    let mut model = studio(2000, (120, 40));
    drive(&mut model, "... o");
    assert_eq!(picker(&model).selected(), Some(3), "where one is");
    drive(&mut model, "b1234");
    assert_eq!(picker(&model).selected(), Some(1233));
    drive(&mut model, "<Enter>");
    assert_eq!((model.current, &model.layer), (1233, &None));
    // Nothing like it, and back.
    drive(&mut model, "o xyz <Enter>");
    assert!(picker(&model).found.is_empty());
    drive(&mut model, "<Esc>");
    assert_eq!((model.current, &model.layer), (1233, &None));
    // Letters are letters there, and not keys.
    drive(
        &mut model,
        "o jq <Backspace><Backspace> <Down><Down><Up> <Enter>",
    );
    assert_eq!(model.current, 1);
}

#[test]
fn names_in_sight_with_what_was_found_in_them() {
    for (size, name) in [
        ((120, 40), "wide"),
        ((80, 24), "usual"),
        ((50, 15), "small"),
    ] {
        let mut model = studio(200, size);
        model.photos[4].name = "lectures/".to_owned() + &"a-very-long-name-".repeat(8) + "15.jpg";
        model.film.written.insert(14);
        drive(&mut model, ".<Space> o 15 <Down>");
        assert_snapshot!(name, drawn(&model));
    }
    let mut model = studio(20, (80, 24));
    drive(&mut model, "o 15");
    let plain = drawn_with(&model, &theme(false, true))
        .backend()
        .to_string();
    assert!(plain.is_ascii() && plain.contains(" > "), "{plain}");
}

fn listed(model: &mut Model, effects: &[Effect]) {
    let Some(Effect::List(folder)) = effects.first() else {
        panic!("{effects:?}");
    };
    let entries = list(folder);
    let folder = folder.clone();
    update(model, Msg::Listed { folder, entries });
}

fn names(model: &Model) -> Vec<&str> {
    let picker = picker(model);
    (0..picker.len()).map(|index| picker.name(index)).collect()
}

fn tree(folder: &Path) {
    std::fs::create_dir_all(folder.join("photos/day 2")).unwrap();
    for name in [
        "photos/b.JPG",
        "photos/a.png",
        "photos/notes.txt",
        "photos/.hidden.png",
    ] {
        std::fs::write(folder.join(name), "x").unwrap();
    }
}

#[test]
fn where_nothing_is_open_files_and_folders_are_gone_through() {
    let folder = tempfile::tempdir().unwrap();
    tree(folder.path());
    let mut model = studio(0, (80, 24));
    assert_eq!(press(&mut model, "o"), [Effect::List(PathBuf::from("."))]);
    listed(&mut model, &[Effect::List(folder.path().to_owned())]);
    let all = "all photographs in this folder and below";
    assert_eq!(names(&model), [all, "../", "photos/"]);
    let effects = press(&mut model, "ptos <Enter>");
    listed(&mut model, &effects);
    assert_eq!(names(&model), [all, "../", "day 2/", "a.png", "b.JPG"]);
    let effects = press(&mut model, "b <Enter>");
    let wanted = folder.path().join("photos/b.JPG");
    assert_eq!(effects, [Effect::Open(vec![wanted.clone()])]);
    let found = gather(&[wanted], Some(&folder.path().join("out"))).unwrap();
    let effects = update(&mut model, Msg::Gathered(Ok(found)));
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Render(_)))
    );
    assert_eq!((model.photos.len(), &model.layer), (1, &None));
}

#[test]
fn what_cannot_be_opened_is_told_and_changes_nothing() {
    let mut model = studio(0, (80, 24));
    listed(&mut model, &[Effect::List(PathBuf::from("/nowhere"))]);
    assert!(
        model
            .toast
            .as_ref()
            .unwrap()
            .text
            .starts_with("cannot read /nowhere")
    );
    assert_eq!(model.layer, None);
    let found = Err("no pictures in there".to_owned());
    assert!(update(&mut model, Msg::Gathered(found)).is_empty());
    assert_eq!(model.toast.as_ref().unwrap().text, "no pictures in there");
}
