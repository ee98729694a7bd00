//! `whiteboarder recipe`, and recipes by name wherever a picture is cleaned.

use std::fs;
use std::path::PathBuf;

use crate::support::{Ended, Home, arg, picture};
use crate::typed::typed;

/// An editor that writes this.
fn writes(text: &str) -> String {
    let text = text.replace('\n', "\\n");
    format!("sh -c 'printf \"{text}\" > \"$1\"' editor")
}

/// The file named in the hint that what was typed is kept.
#[track_caller]
fn kept(ended: &Ended) -> PathBuf {
    let from = ended.err.split("your text is kept in ").nth(1);
    let file = from.unwrap_or_else(|| panic!("{}", ended.err));
    PathBuf::from(file.split("; ").next().unwrap())
}

#[test]
fn recipes_are_saved_listed_shown_used_and_removed() {
    let home = Home::new();
    home.run(&[
        "recipe",
        "save",
        "faint",
        "--from",
        "gentle",
        "--set",
        "finish.white=98",
    ])
    .expect(0);
    let shown = home.run(&["recipe", "show", "faint"]).expect(0).out;
    for line in ["white = 98", r#"style = "light""#] {
        assert!(
            shown.lines().any(|found| found == line),
            "{line} is not in\n{shown}"
        );
    }
    let list = home.run(&["recipe", "list", "--json"]).expect(0).json();
    let recipes = list["recipes"].as_array().unwrap();
    assert_eq!(recipes[0]["name"], "whiteboard");
    assert_eq!(recipes[0]["built_in"], true);
    let last = recipes.last().unwrap();
    assert_eq!(
        (&last["name"], &last["built_in"]),
        (&"faint".into(), &false.into())
    );
    assert_eq!(last["recipe"]["finish"]["white"], 98.0);
    let file = last["file"].as_str().unwrap();
    assert!(file.ends_with("config/recipes/faint.toml"), "{file}");

    fs::write(home.path("a.png"), picture(80, 60, 1)).unwrap();
    for (name, recipe) in [("by-name", "faint"), ("by-file", file)] {
        let out = format!("{name}.png");
        home.run(&["clean", "a.png", "-o", &out, "--recipe", recipe])
            .expect(0);
    }
    let by = |name: &str| fs::read(home.path(name)).unwrap();
    assert_eq!(by("by-name.png"), by("by-file.png"));
    home.run(&[
        "clean", "a.png", "-o", "set.png", "--recipe", "gentle", "--set", "white=98",
    ])
    .expect(0);
    assert_eq!(by("set.png"), by("by-name.png"));
    home.run(&["clean", "a.png", "-o", "default.png"]).expect(0);
    assert_ne!(by("default.png"), by("by-name.png"));

    let again = home.run(&["recipe", "save", "faint"]).expect(2);
    assert_eq!(again.errors(), ["error: there is a recipe `faint` already"]);
    home.run(&["recipe", "save", "faint", "--force"]).expect(0);
    home.run(&["recipe", "remove", "faint"]).expect(0);
    let gone = home.run(&["recipe", "remove", "faint"]).expect(2);
    assert_eq!(gone.errors(), ["error: there is no recipe `faint`"]);
}

#[test]
fn what_cannot_be_is_one_sentence_and_changes_nothing() {
    let home = Home::new();
    fs::write(home.path("a.png"), picture(80, 60, 1)).unwrap();
    let clean = |more: &[&str]| {
        let mut line = vec!["clean", "a.png", "-o", "b.png"];
        line.extend(more);
        let ended = home.run(&line).expect(2);
        assert_eq!(ended.errors().len(), 1, "{}", ended.err);
        assert!(!home.path("b.png").exists());
        ended.errors()[0].to_owned()
    };
    for (more, sentence) in [
        (
            &["--recipe", "strng"][..],
            "there is no recipe `strng`; did you mean `strong`?",
        ),
        (
            &["--recipe", "./strong"],
            "cannot read the recipe ./strong: no such file or folder",
        ),
        (&["--recipe", ""], "there is no recipe ``"),
        (
            &["--recipe", "./"],
            "cannot read the recipe ./: it is a folder",
        ),
        (
            &["--recipe", "./a.png"],
            "cannot read the recipe ./a.png: it is not text in UTF-8",
        ),
        (
            &["--recipe", "/dev/zero"],
            "cannot read the recipe /dev/zero: it is larger than 1 MB",
        ),
        (
            &["--set", "finish.wite=90"],
            "--set: unknown field `wite` in [finish]; did you mean `white`?",
        ),
        (
            &["--set", "finish.white"],
            "`--set finish.white` has no value",
        ),
        (
            &["--set", "finish.white=much"],
            "--set: `white` in [finish] must be a number, but is \"much\"",
        ),
    ] {
        assert_eq!(clean(more), format!("error: {sentence}"));
    }
    for name in ["../x", "a/b", "A", "", ".x", "x.toml", "strong"] {
        let ended = home.run(&["recipe", "save", "--", name]).expect(2);
        assert_eq!(ended.errors().len(), 1, "{name}: {}", ended.err);
        home.run(&["recipe", "remove", "--", name]).expect(2);
    }
    assert!(!home.path("wb/config").exists(), "nothing was written");
    let ended = home
        .run(&["recipe", "save", "x", "--set", "finish.white=100"])
        .expect(2);
    assert!(
        ended.errors()[0].contains("must be from 0 to 99"),
        "{}",
        ended.err
    );

    // A file where the folder of recipes should be.
    home.folder("wb/config");
    fs::write(home.path("wb/config/recipes"), "").unwrap();
    let ended = home.run(&["recipe", "save", "x"]).expect(2);
    assert!(
        ended.errors()[0].starts_with("error: cannot write "),
        "{}",
        ended.err
    );
    home.run(&["recipe", "list"]).expect(2);
}

#[test]
fn a_broken_recipe_is_told_and_hides_no_other() {
    let home = Home::new();
    home.run(&["recipe", "save", "good"]).expect(0);
    fs::write(
        home.path("wb/config/recipes/bad.toml"),
        "[finish]\nwite = 3\n",
    )
    .unwrap();
    let ended = home.run(&["recipe", "list"]).expect(1);
    assert!(ended.out.contains("good"), "{}", ended.out);
    assert!(ended.err.contains("did you mean `white`?"), "{}", ended.err);
    let json = home.run(&["recipe", "list", "--json"]).expect(1).json();
    assert_eq!(json["broken"][0]["name"], "bad");
    // And it can be mended.
    let home = home.with("EDITOR", &writes("[finish]\nwhite = 80\n"));
    home.run(&["recipe", "edit", "bad"]).expect(0);
    home.run(&["recipe", "list"]).expect(0);
}

#[test]
fn an_edit_is_put_in_place_when_it_is_right() {
    let home = Home::new();
    home.run(&["recipe", "save", "mine"]).expect(0);
    let home = home
        .with("EDITOR", "vi")
        .with("VISUAL", &writes("# Mine.\n[finish]\nwhite = 80\n"));
    home.run(&["recipe", "edit", "mine"]).expect(0);
    let text = fs::read_to_string(home.path("wb/config/recipes/mine.toml")).unwrap();
    assert_eq!(
        text, "# Mine.\n[finish]\nwhite = 80\n",
        "with the person's own comments"
    );
    let list = home.run(&["recipe", "list"]).expect(0).out;
    assert!(list.lines().last().unwrap().contains("Mine."), "{list}");

    let same = home.run(&["recipe", "edit", "mine"]).expect(0);
    assert!(same.err.contains("nothing was changed"), "{}", same.err);
    let ended = home.run(&["recipe", "edit", "strong"]).expect(2);
    assert!(
        ended.err.contains("recipe save my-hard --from hard"),
        "{}",
        ended.err
    );
    home.run(&["recipe", "edit", "nobody"]).expect(2);
    home.run(&["recipe", "edit", "./nobody.toml"]).expect(2);

    // A link to a file elsewhere stays a link.
    fs::write(home.path("real.toml"), "").unwrap();
    std::os::unix::fs::symlink("real.toml", home.path("link.toml")).unwrap();
    home.run(&["recipe", "edit", "link.toml"]).expect(0);
    assert!(
        fs::symlink_metadata(home.path("link.toml"))
            .unwrap()
            .is_symlink()
    );
    assert_eq!(fs::read_to_string(home.path("real.toml")).unwrap(), text);
}

#[test]
fn an_edit_that_is_wrong_is_kept_and_the_recipe_stays() {
    let home = Home::new();
    home.run(&["recipe", "save", "mine"]).expect(0);
    let file = home.path("wb/config/recipes/mine.toml");
    let before = fs::read_to_string(&file).unwrap();
    for (editor, sentence) in [
        (
            writes("[finish]\nwhite = 100\n"),
            "`white` in [finish] must be from 0 to 99",
        ),
        (writes("[finish\n"), "the recipe cannot be read: "),
        (
            "sh -c 'echo typed > \"$1\"; exit 1' editor".to_owned(),
            "ended with 1: the recipe is not changed",
        ),
    ] {
        let mut command = home.command(&["recipe", "edit", "mine"]);
        command.env("EDITOR", &editor);
        let ended = crate::support::end(command.spawn().unwrap()).expect(2);
        assert_eq!(ended.errors().len(), 1, "{}", ended.err);
        assert!(ended.errors()[0].contains(sentence), "{}", ended.err);
        assert_eq!(fs::read_to_string(&file).unwrap(), before);
        let kept = kept(&ended);
        assert_ne!(fs::read_to_string(&kept).unwrap(), before);
        // It goes on as the hint says.
        fs::write(&kept, "[finish]\nwhite = 81\n").unwrap();
        home.run(&["recipe", "save", "mine", "--from", &arg(&kept), "--force"])
            .expect(0);
        assert!(fs::read_to_string(&file).unwrap().contains("white = 81"));
        fs::write(&file, &before).unwrap();
        fs::remove_file(kept).unwrap();
    }
    for (editor, sentence) in [
        (
            "/no/such/editor",
            "error: there is no editor `/no/such/editor`",
        ),
        (
            "false",
            "error: the editor `false` ended with 1: the recipe is not changed",
        ),
        ("", "error: there is no editor to open here"),
    ] {
        let mut command = home.command(&["recipe", "edit", "mine"]);
        command.env_remove("VISUAL").env("EDITOR", editor);
        let ended = crate::support::end(command.spawn().unwrap()).expect(2);
        assert_eq!(ended.errors(), [sentence]);
        assert!(!ended.err.contains("is kept in"), "{}", ended.err);
    }
}

#[test]
fn on_a_terminal_a_wrong_edit_can_be_gone_on_with() {
    let home = Home::new();
    home.run(&["recipe", "save", "mine"]).expect(0);
    // Wrong at first, right the second time.
    let editor = home.path("editor");
    let script = "#!/bin/sh\nif grep -q wite \"$1\"; then printf '[finish]\\nwhite = 85\\n' > \"$1\"\n\
                  else printf '[finish]\\nwite = 85\\n' > \"$1\"; fi\n";
    fs::write(&editor, script).unwrap();
    let home = home.with("VISUAL", &format!("sh '{}'", arg(&editor)));
    let (code, screen) = typed(
        &home,
        &["recipe", "edit", "mine"],
        &[("Edit it again?", "\n")],
    );
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("did you mean `white`?"), "{screen}");
    let text = fs::read_to_string(home.path("wb/config/recipes/mine.toml")).unwrap();
    assert_eq!(text, "[finish]\nwhite = 85\n");

    let (code, screen) = typed(
        &home,
        &["recipe", "edit", "mine"],
        &[("Edit it again?", "n\n")],
    );
    assert_eq!(code, 2, "{screen}");
    let text = fs::read_to_string(home.path("wb/config/recipes/mine.toml")).unwrap();
    assert_eq!(text, "[finish]\nwhite = 85\n");
}
