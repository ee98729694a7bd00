//! What is told after leaving: what was written, or how to get what was seen.

use std::path::Path;

use super::files::OUTPUT;
use super::model::{Model, PhotoState};
use crate::term::text;

/// The lines. `kept` is the file in which a recipe was kept that has changes and no name.
pub fn lines(model: &Model, output: Option<&Path>, kept: Option<&Path>) -> Vec<String> {
    let mut lines = Vec::new();
    match model.written.as_slice() {
        [] => {}
        [(_, only)] => lines.push(format!("wrote {}", text::path(only))),
        [.., (_, last)] => lines.push(format!(
            "wrote {}, the last one {}",
            text::count(model.written.len(), "file"),
            text::path(last)
        )),
    }
    let Some(photo) = model
        .photo()
        .filter(|photo| matches!(photo.state, PhotoState::Opened(..)))
    else {
        return lines;
    };
    if lines.is_empty() || model.has_unwritten_changes() {
        let recipe = match kept {
            Some(path) if model.is_changed() => format!(" --recipe {}", quoted(&text::path(path))),
            None if model.is_changed() => return lines,
            _ if model.recipe_name == crate::presets::DEFAULT => String::new(),
            _ => format!(" --recipe {}", quoted(&model.recipe_name)),
        };
        lines.push(format!(
            "this cleans it as seen: whiteboarder clean {} -o {}{recipe}",
            quoted(&text::path(&photo.path)),
            quoted(&text::path(output.unwrap_or(Path::new(OUTPUT)))),
        ));
    }
    lines
}

/// For a shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_./-+=@%:,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studio::model::Photo;

    fn model() -> Model {
        Model {
            photos: vec![Photo {
                path: "my photos/board.jpg".into(),
                name: "board.jpg".to_owned(),
                output: "cleaned/board.jpg.png".into(),
                state: PhotoState::Opened(10, 10),
            }],
            ..Model::default()
        }
    }

    #[test]
    fn what_was_written_is_named_and_what_was_not_can_still_be_had() {
        let mut model = model();
        let command = "this cleans it as seen: whiteboarder clean 'my photos/board.jpg' -o";
        assert_eq!(lines(&model, None, None), [format!("{command} cleaned")]);
        model.recipe_name = "page".to_owned();
        let out = Some(Path::new("x.png"));
        assert_eq!(
            lines(&model, out, None),
            [format!("{command} x.png --recipe page")]
        );
        model.written.push((0, "cleaned/board.jpg.png".into()));
        assert_eq!(lines(&model, None, None), ["wrote cleaned/board.jpg.png"]);
        model.recipe.finish.white = 80.0;
        assert_eq!(
            lines(&model, None, Some(Path::new("/state/studio.toml"))),
            [
                "wrote cleaned/board.jpg.png".to_owned(),
                format!("{command} cleaned --recipe /state/studio.toml"),
            ]
        );
    }

    #[test]
    fn names_are_safe_in_a_shell() {
        assert_eq!(quoted("a/b-c.jpg"), "a/b-c.jpg");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }
}
