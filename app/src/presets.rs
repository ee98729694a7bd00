//! Recipes by name: the built-in ones, and those that a person has saved.
//!
//! A saved preset is a TOML file in the folder `recipes` of the configuration folder, so that it can be edited,
//! copied and kept under version control like any other. A saved one wins over a built-in one of its name, which
//! cannot be saved here but may come with a later version of the program; only `default` is always the same.

pub mod edit;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Result;
use whiteboarder_core::recipe::{FIELDS, Recipe, Value};

use crate::cleaning::write::write_atomic;
use crate::config::{Dirs, read_text_there};
use crate::error::Failure;
use crate::term::text;

/// The recipe that is used when none is named: another name of the built-in `whiteboard`, which nothing saved hides.
pub const DEFAULT: &str = "default";
/// The longest name of a preset.
const LONGEST: usize = 64;
/// File names of saved presets end so.
const ENDING: &str = ".toml";

/// A built-in recipe's name and text.
macro_rules! built_in {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../assets/presets/", $name, ".toml")))),+]
    };
}

/// Name and text of those that come with the program: first what is used when none is named, then by name.
const BUILT_IN: &[(&str, &str)] = built_in![
    "whiteboard",
    "blackboard",
    "document",
    "hard",
    "imagej",
    "microscopy",
    "notebook",
    "scikit-image",
    "soft",
];

/// Names that other versions gave to built-in recipes, which scripts and notes still have, and what they are called now.
const ALIASES: &[(&str, &str)] = &[
    (DEFAULT, "whiteboard"),
    ("gentle", "soft"),
    ("microscope", "microscopy"),
    ("page", "document"),
    ("strong", "hard"),
];

/// A recipe with a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Preset {
    /// Its name.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
    /// The recipe itself.
    pub recipe: Recipe,
    /// One line for people: the first comment of its file, or else what differs from the default.
    pub help: String,
}

/// Where a preset comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It comes with the program.
    BuiltIn,
    /// A person has saved it in this file.
    Saved(PathBuf),
}

/// What a person means by the name or file of a recipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Built in: its name and text.
    BuiltIn(&'static str, &'static str),
    /// Saved under this name in this file.
    Saved(String, PathBuf),
    /// A file that the person named.
    File(PathBuf),
}

/// A recipe by name or file: `default`, a preset saved by the user, a built-in preset, or a path to a TOML file
/// (contains '/' or ends in .toml or exists).
pub fn find(dirs: &Dirs, wanted: &str) -> Result<Recipe> {
    read(&locate(dirs, wanted)?)
}

/// Where the recipe of this name or file is; see [`find`].
pub fn locate(dirs: &Dirs, wanted: &str) -> Result<Source> {
    let path = Path::new(wanted);
    if wanted.contains('/') || wanted.ends_with(ENDING) {
        return Ok(Source::File(path.to_owned()));
    }
    if wanted != DEFAULT && valid_name(wanted) {
        let saved = file_of(dirs, wanted);
        if saved.exists() {
            return Ok(Source::Saved(wanted.to_owned(), saved));
        }
    }
    if let Some((name, text)) = built_in(wanted) {
        return Ok(Source::BuiltIn(name, text));
    }
    if !wanted.is_empty() && path.exists() {
        return Ok(Source::File(path.to_owned()));
    }
    Err(unknown(dirs, wanted).into())
}

/// The text of a recipe, as it was written.
pub fn text_of(source: &Source) -> Result<String> {
    match source {
        Source::BuiltIn(_, text) => Ok((*text).to_owned()),
        Source::Saved(_, path) | Source::File(path) => read_text_there("the recipe", path),
    }
}

/// The recipe that is there.
pub fn read(source: &Source) -> Result<Recipe> {
    let content = text_of(source)?;
    let place = match source {
        Source::BuiltIn(name, _) => (*name).to_owned(),
        Source::Saved(_, path) | Source::File(path) => text::path(path),
    };
    Recipe::from_toml(&content).map_err(|error| {
        Failure::usage(format!("{place}: {error}"))
            .hint("`whiteboarder recipe show default` prints all fields with their defaults")
            .into()
    })
}

/// All that can be used: the built-in ones first, then the saved ones, by name. Saved ones that cannot be read are
/// left out; [`broken`] tells them.
pub fn list(dirs: &Dirs) -> Result<Vec<Preset>> {
    let saved: Vec<Preset> = saved(dirs)?
        .into_iter()
        .filter_map(|(_, preset)| preset.ok())
        .collect();
    let mut all = Vec::new();
    for (name, text) in BUILT_IN {
        if saved.iter().all(|preset| preset.name != *name) {
            let recipe = read(&Source::BuiltIn(name, text))?;
            all.push(preset(name, Origin::BuiltIn, recipe, text));
        }
    }
    all.extend(saved);
    Ok(all)
}

/// The saved ones that cannot be read: their name and why.
pub fn broken(dirs: &Dirs) -> Result<Vec<(String, anyhow::Error)>> {
    let saved = saved(dirs)?.into_iter();
    Ok(saved
        .filter_map(|(name, preset)| Some((name, preset.err()?)))
        .collect())
}

/// Saves a recipe under a name and says in which file. Names are `[a-z0-9][a-z0-9-_.]{0,63}` and not built-in ones; one
/// that exists is only replaced when asked to.
pub fn save(dirs: &Dirs, name: &str, recipe: &Recipe, replace: bool) -> Result<PathBuf> {
    recipe.validate()?;
    let path = place_for(dirs, name)?;
    if !replace && path.exists() {
        return Err(
            Failure::usage(format!("there is a recipe `{name}` already"))
                .hint("--force replaces it; another name keeps both")
                .into(),
        );
    }
    write(&path, &recipe.to_toml())?;
    Ok(path)
}

/// Where a recipe of this name is saved; an error when the name cannot be used.
pub fn place_for(dirs: &Dirs, name: &str) -> Result<PathBuf> {
    if !valid_name(name) {
        return Err(Failure::usage(format!(
            "`{}` cannot be the name of a recipe",
            text::safe(name)
        ))
        .hint(format!(
            "use a-z, 0-9, `-`, `_` and `.`, a letter or digit first, not `{ENDING}` at the end, at most {LONGEST}"
        ))
        .into());
    }
    if built_in(name).is_some() {
        return Err(
            Failure::usage(format!("`{name}` is a built-in recipe and stays as it is"))
                .hint(format!(
                    "`whiteboarder recipe save my-{name} --from {name}` makes one of your own"
                ))
                .into(),
        );
    }
    Ok(file_of(dirs, name))
}

/// Writes the text of a recipe whole or not at all. Of a symbolic link it is the file behind it that is replaced.
pub fn write(path: &Path, content: &str) -> Result<()> {
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    write_atomic(&real, content.as_bytes())
        .map_err(|error| Failure::file("write", path, &error).into())
}

/// Removes a saved recipe.
pub fn remove(dirs: &Dirs, name: &str) -> Result<()> {
    if valid_name(name) && name != DEFAULT {
        let path = file_of(dirs, name);
        match std::fs::remove_file(&path) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(Failure::file("remove", &path, &error).into()),
        }
    }
    if built_in(name).is_some() {
        return Err(Failure::usage(format!(
            "`{name}` is a built-in recipe and cannot be removed"
        ))
        .into());
    }
    Err(unknown(dirs, name).into())
}

/// The folder of the saved ones.
fn folder(dirs: &Dirs) -> PathBuf {
    dirs.config.join("recipes")
}

fn file_of(dirs: &Dirs, name: &str) -> PathBuf {
    folder(dirs).join(format!("{name}{ENDING}"))
}

fn built_in(wanted: &str) -> Option<(&'static str, &'static str)> {
    let wanted = called_now(wanted);
    BUILT_IN.iter().find(|(name, _)| *name == wanted).copied()
}

/// What a recipe of this name is called now.
pub fn called_now(wanted: &str) -> &str {
    let alias = ALIASES.iter().find(|(name, _)| *name == wanted);
    alias.map_or(wanted, |(_, now)| now)
}

/// Names that are file names on every system and arguments in every shell. One that ends like a file could not be told
/// from a file.
fn valid_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.starts_with(plain)
        && name.len() <= LONGEST
        && name.chars().all(|c| plain(c) || "-_.".contains(c))
        && !name.ends_with(ENDING)
}

/// Every saved preset by name, or why it cannot be read. Other files in the folder are somebody else's.
fn saved(dirs: &Dirs) -> Result<Vec<(String, Result<Preset>)>> {
    let folder = folder(dirs);
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Failure::file("read", &folder, &error).into()),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| Failure::file("read", &folder, &error))?;
        let file = entry.file_name();
        let Some(name) = file.to_str().and_then(|file| file.strip_suffix(ENDING)) else {
            continue;
        };
        if valid_name(name) && name != DEFAULT {
            found.push((name.to_owned(), load(name, entry.path())));
        }
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(found)
}

fn load(name: &str, path: PathBuf) -> Result<Preset> {
    let source = Source::Saved(name.to_owned(), path.clone());
    let recipe = read(&source)?;
    let content = text_of(&source)?;
    Ok(preset(name, Origin::Saved(path), recipe, &content))
}

fn preset(name: &str, origin: Origin, recipe: Recipe, content: &str) -> Preset {
    let comment = content
        .lines()
        .next()
        .and_then(|line| line.strip_prefix('#'))
        .map(|line| text::safe(line.trim()))
        .filter(|line| !line.is_empty());
    Preset {
        name: name.to_owned(),
        origin,
        help: comment.unwrap_or_else(|| differences(&recipe)),
        recipe,
    }
}

/// `white 90, black 20`: what a recipe has of its own.
pub fn differences(recipe: &Recipe) -> String {
    let default = Recipe::default();
    let own: Vec<String> = FIELDS
        .iter()
        .filter(|field| (field.get)(recipe) != (field.get)(&default))
        .map(|field| match (field.get)(recipe) {
            Value::Number(number) => format!("{} {number}", field.name),
            Value::Flag(flag) => format!("{} {flag}", field.name),
            Value::Choice(choice) => format!("{} {choice}", field.name),
        })
        .collect();
    if own.is_empty() {
        "as the default".to_owned()
    } else {
        own.join(", ")
    }
}

fn unknown(dirs: &Dirs, wanted: &str) -> Failure {
    let saved = saved(dirs).unwrap_or_default();
    let names = BUILT_IN
        .iter()
        .chain(ALIASES)
        .map(|(name, _)| *name)
        .chain(saved.iter().map(|(name, _)| name.as_str()));
    let meant = text::did_you_mean(wanted, names);
    Failure::usage(format!(
        "there is no recipe `{}`{meant}",
        text::safe(wanted)
    ))
    .hint("`whiteboarder recipe list` names them; a file of your own is named by its path")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dirs(home: &Path) -> Dirs {
        Dirs::within(home)
    }

    #[test]
    fn every_built_in_preset_is_valid_different_and_explained() {
        let home = tempfile::tempdir().unwrap();
        let all = list(&dirs(home.path())).unwrap();
        assert_eq!(all.len(), BUILT_IN.len());
        assert_eq!(all[0].name, called_now(DEFAULT));
        assert_eq!(all[0].recipe, Recipe::default());
        for (at, preset) in all.iter().enumerate() {
            assert_eq!(preset.origin, Origin::BuiltIn);
            assert!(valid_name(&preset.name), "{}", preset.name);
            assert!(
                preset.help.ends_with('.'),
                "{}: {}",
                preset.name,
                preset.help
            );
            for other in &all[..at] {
                assert_ne!(
                    preset.recipe, other.recipe,
                    "{} and {}",
                    preset.name, other.name
                );
            }
        }
        assert!(all[1..].is_sorted_by_key(|preset| &preset.name));
    }

    #[test]
    fn names_of_earlier_versions_still_work_and_are_not_listed_twice() {
        let home = tempfile::tempdir().unwrap();
        let dirs = dirs(home.path());
        let listed = list(&dirs).unwrap();
        for (old, now) in ALIASES {
            assert_eq!(find(&dirs, old).unwrap(), find(&dirs, now).unwrap());
            assert!(listed.iter().all(|preset| preset.name != *old), "{old}");
            assert!(listed.iter().any(|preset| preset.name == *now), "{now}");
            assert!(save(&dirs, old, &Recipe::default(), true).is_err());
        }
    }

    #[test]
    fn what_was_saved_is_found_listed_and_removed() {
        let home = tempfile::tempdir().unwrap();
        let dirs = dirs(home.path());
        let mut recipe = Recipe::default();
        recipe.finish.white = 90.0;
        let path = save(&dirs, "mine", &recipe, false).unwrap();
        assert_eq!(path, home.path().join("config/recipes/mine.toml"));
        assert_eq!(find(&dirs, "mine").unwrap(), recipe);
        assert_eq!(find(&dirs, path.to_str().unwrap()).unwrap(), recipe);
        let last = list(&dirs).unwrap().pop().unwrap();
        assert_eq!(
            (last.name.as_str(), last.help.as_str()),
            ("mine", "white 90")
        );
        assert_eq!(last.origin, Origin::Saved(path));

        let again = save(&dirs, "mine", &Recipe::default(), false).unwrap_err();
        assert_eq!(again.to_string(), "there is a recipe `mine` already");
        assert_eq!(find(&dirs, "mine").unwrap(), recipe);
        save(&dirs, "mine", &Recipe::default(), true).unwrap();
        assert_eq!(find(&dirs, "mine").unwrap(), Recipe::default());
        remove(&dirs, "mine").unwrap();
        let gone = find(&dirs, "mine").unwrap_err();
        assert_eq!(gone.to_string(), "there is no recipe `mine`");
    }

    #[test]
    fn names_that_could_be_anything_else_are_refused() {
        let home = tempfile::tempdir().unwrap();
        let dirs = dirs(home.path());
        let long = "a".repeat(65);
        for name in [
            "",
            "../x",
            "a/b",
            ".hidden",
            "-x",
            "A",
            "a b",
            "ü",
            "x.toml",
            &long,
            "a\u{1b}[2J",
        ] {
            let error = save(&dirs, name, &Recipe::default(), true).unwrap_err();
            assert!(
                error
                    .to_string()
                    .ends_with("cannot be the name of a recipe"),
                "{error}"
            );
            assert!(!error.to_string().contains('\u{1b}'));
            assert!(remove(&dirs, name).is_err());
        }
        for name in ["default", "strong"] {
            assert!(save(&dirs, name, &Recipe::default(), true).is_err());
            assert!(remove(&dirs, name).is_err());
        }
        assert!(!home.path().join("config").exists(), "nothing was written");
        save(&dirs, "a.b-c_9", &Recipe::default(), false).unwrap();
    }

    #[test]
    fn a_saved_recipe_that_is_broken_hides_no_other() {
        let home = tempfile::tempdir().unwrap();
        let dirs = dirs(home.path());
        save(&dirs, "good", &Recipe::default(), false).unwrap();
        std::fs::write(folder(&dirs).join("bad.toml"), "[finish]\nwite = 1\n").unwrap();
        std::fs::write(folder(&dirs).join("Notes on recipes.txt"), "x").unwrap();
        std::fs::write(folder(&dirs).join("default.toml"), "[finish]\nwhite = 75\n").unwrap();
        assert_eq!(list(&dirs).unwrap().pop().unwrap().name, "good");
        let broken = broken(&dirs).unwrap();
        assert_eq!(broken.len(), 1);
        assert!(
            broken[0].1.to_string().ends_with("did you mean `white`?"),
            "{}",
            broken[0].1
        );
        assert_eq!(find(&dirs, "default").unwrap(), Recipe::default());
    }

    #[test]
    fn a_misspelt_name_is_answered_with_the_nearest() {
        let home = tempfile::tempdir().unwrap();
        let error = find(&dirs(home.path()), "blakboard").unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no recipe `blakboard`; did you mean `blackboard`?"
        );
    }
}
