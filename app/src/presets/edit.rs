//! Editing a recipe with the person's own editor, on a copy, so that nothing that is wrong is ever put in place and
//! nothing that was typed is lost.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::Result;
use tempfile::TempPath;
use whiteboarder_core::recipe::Recipe;

use super::{Source, locate, read_text_there, text_of, write};
use crate::config::Dirs;
use crate::error::Failure;
use crate::interrupt::on_interrupt;
use crate::term::ask;
use crate::term::{Terminal, text};

/// What the shell answers when there is no such program.
const NOT_FOUND: i32 = 127;

/// Lets a person edit a saved recipe or a file.
pub fn edit(dirs: &Dirs, wanted: &str, terminal: &Terminal) -> Result<()> {
    let source = locate(dirs, wanted)?;
    let path = match &source {
        Source::BuiltIn(name, _) => {
            return Err(Failure::usage(format!(
                "`{name}` is a built-in recipe and stays as it is"
            ))
            .hint(format!(
                "`whiteboarder recipe save my-{name} --from {name}` makes one of your own"
            ))
            .into());
        }
        Source::Saved(_, path) | Source::File(path) => path.clone(),
    };
    let editor = editor()?;
    // Also a broken one: this is the way to mend it.
    let before = text_of(&source)?;
    let typed = Typed {
        copy: copy_of(&path, &before)?,
        before: &before,
        source: &source,
    };
    // Ctrl-C belongs to the editor.
    on_interrupt(|| {});
    let shown = text::path(&path);
    let after = loop {
        if let Err(failed) = open(&editor, &typed.copy) {
            return Err(typed.keep(failed));
        }
        let wrong = match read_text_there("the recipe", &typed.copy) {
            Ok(edited) if edited == before => {
                terminal.note("nothing was changed");
                return Ok(());
            }
            Ok(edited) => match Recipe::from_toml(&edited) {
                Ok(_) => break edited,
                Err(error) => error.to_string(),
            },
            Err(error) => error.to_string(),
        };
        if !ask::somebody_there() {
            return Err(typed.keep(Failure::usage(format!("{shown} is not changed: {wrong}"))));
        }
        terminal.complain(&wrong);
        if !ask::answer("Edit it again?", true)? {
            return Err(typed.keep(Failure::usage(format!("{shown} is not changed"))));
        }
    };
    // Somebody else may have been quicker.
    if text_of(&source).ok().as_deref() != Some(before.as_str()) {
        let changed = format!("{shown} was changed by somebody else meanwhile");
        return Err(typed.keep(Failure::usage(changed)));
    }
    if let Err(error) = write(&path, &after) {
        return Err(typed.keep(Failure::usage(error.to_string())));
    }
    terminal.note(&format!("changed {shown}"));
    Ok(())
}

/// The editor: `$VISUAL`, `$EDITOR` or vi, as people write it: with arguments and quotes.
fn editor() -> Result<OsString> {
    let named = ["VISUAL", "EDITOR"]
        .into_iter()
        .filter_map(std::env::var_os)
        .find(|editor| !editor.to_string_lossy().trim().is_empty());
    match named {
        Some(editor) => Ok(editor),
        None if ask::somebody_there() => Ok("vi".into()),
        None => Err(Failure::usage("there is no editor to open here")
            .hint("set VISUAL or EDITOR to a program, or change the file itself")
            .into()),
    }
}

/// A copy that only its owner can read, with an ending by which editors know the language.
fn copy_of(path: &Path, content: &str) -> Result<TempPath> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let copy = tempfile::Builder::new()
        .prefix(&format!("whiteboarder-{stem}-"))
        .suffix(".toml")
        .tempfile()
        .and_then(|copy| {
            std::fs::write(copy.path(), content)?;
            Ok(copy.into_temp_path())
        });
    copy.map_err(|error| Failure::file("write", &std::env::temp_dir(), &error).into())
}

/// Opens the editor and waits for its end.
fn open(editor: &OsString, copy: &Path) -> Result<(), Failure> {
    let name = text::safe(&editor.to_string_lossy());
    // By the shell, as git does it: people write arguments, quotes and variables into it.
    let mut script = editor.clone();
    script.push(" \"$@\"");
    let status = Command::new("sh")
        .arg("-c")
        .arg(script)
        .arg(editor)
        .arg(copy)
        .status()
        .map_err(|error| Failure::usage(format!("cannot start the editor `{name}`: {error}")))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::usage(match status.code() {
        Some(NOT_FOUND) => format!("there is no editor `{name}`"),
        Some(code) => format!("the editor `{name}` ended with {code}: the recipe is not changed"),
        None => format!("the editor `{name}` was killed: the recipe is not changed"),
    }))
}

/// What was typed, until it is where it belongs.
struct Typed<'a> {
    copy: TempPath,
    before: &'a str,
    source: &'a Source,
}

impl Typed<'_> {
    /// Keeps what was typed, if anything was, and says where.
    fn keep(self, failure: Failure) -> anyhow::Error {
        if std::fs::read(&self.copy).is_ok_and(|now| now == self.before.as_bytes()) {
            return failure.hint("VISUAL or EDITOR names the editor").into();
        }
        match self.copy.keep() {
            Ok(kept) => {
                let kept = text::path(&kept);
                let then = match self.source {
                    Source::Saved(name, _) => {
                        format!("`whiteboarder recipe save {name} --from {kept} --force`")
                    }
                    Source::BuiltIn(..) | Source::File(_) => "copy it".to_owned(),
                };
                failure
                    .hint(format!(
                        "your text is kept in {kept}; mend it there, then {then}"
                    ))
                    .into()
            }
            Err(error) => anyhow::Error::from(error).context(failure.to_string()),
        }
    }
}
