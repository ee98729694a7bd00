//! What is told after leaving: what was written, or how to get what was seen.

use std::path::Path;

use super::files::OUTPUT;
use super::model::{Model, Photo, PhotoState};
use crate::presets::{DEFAULT, called_now};
use crate::term::text;

/// The lines. `kept` is the file in which a recipe was kept that has changes and no name.
pub fn lines(model: &Model, output: Option<&Path>, kept: Option<&Path>) -> Vec<String> {
    let mut lines = Vec::new();
    let unwritten = model.written.is_empty() || model.has_unwritten_changes();
    if let Some(last) = model.written.last() {
        let mut line = match model.written.len() {
            1 => format!("wrote {}", text::path(last)),
            several => format!("wrote {several} files, the last one {}", text::path(last)),
        };
        if let (false, Some(path)) = (unwritten, kept) {
            line.extend(["; the recipe is in ", &text::path(path)]);
        }
        lines.push(line);
    }
    let opened = |photo: &&Photo| matches!(photo.state, PhotoState::Opened(..));
    if let (true, Some(photo)) = (unwritten, model.photo().filter(opened)) {
        let recipe = match kept {
            Some(path) => format!(" --recipe {}", quoted(&text::path(path))),
            // It could not be kept, and nothing else can clean like it.
            None if model.is_changed() => return lines,
            None if called_now(&model.recipe_name) == called_now(DEFAULT) => String::new(),
            None => format!(" --recipe {}", quoted(&model.recipe_name)),
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
        model.written.push("cleaned/board.jpg.png".into());
        assert_eq!(lines(&model, None, None), ["wrote cleaned/board.jpg.png"]);
        model.recipe.finish.white = 80.0;
        model.kept = model.recipe.clone();
        assert_eq!(
            lines(&model, None, Some(Path::new("/state/studio.toml"))),
            ["wrote cleaned/board.jpg.png; the recipe is in /state/studio.toml"]
        );
        model.kept = model.named.clone();
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
