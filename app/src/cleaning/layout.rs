//! Which pictures go where.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::Result;
use whiteboarder_core::image::Foreign;
use whiteboarder_jobs::submit::{Scan, ScanError, ScanOptions, Skipped, SourceFile, scan_with};

use crate::error::Failure;
use crate::term::text;

/// Where results go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// `<folder>/<name>.png`, subfolders as in the input.
    Folder(PathBuf),
    /// Exactly this file.
    File(PathBuf),
}

/// A picture and its result's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The picture.
    pub source: SourceFile,
    /// Where its result goes.
    pub output: PathBuf,
}

/// Finds the pictures in `paths`. What lies in the output folder is no input: it was written there by
/// an earlier run.
pub fn find(paths: &[PathBuf], output: Option<&Path>) -> Result<Scan> {
    find_with(paths, output, &ScanOptions::default())
}

/// The same for those pictures that are wanted.
pub fn find_with(paths: &[PathBuf], output: Option<&Path>, options: &ScanOptions) -> Result<Scan> {
    let mut found = scan_with(paths, options).map_err(|error| told(&error))?;
    if let Some(output) = output.and_then(|output| output.canonicalize().ok()) {
        let given: Vec<PathBuf> = paths
            .iter()
            .filter_map(|path| path.canonicalize().ok())
            .collect();
        // Naming the output folder, or a file in it, means just that.
        let meant = given.iter().any(|path| path.starts_with(&output));
        if output.is_dir() && !meant {
            found.files.retain(|file| {
                file.path
                    .canonicalize()
                    .map_or(true, |path| !path.starts_with(&output))
            });
        }
    }
    if found.files.is_empty() {
        return Err(told(&ScanError::Empty {
            paths: paths.to_vec(),
            skipped: found.skipped,
            excluded: found.excluded,
        }));
    }
    Ok(found)
}

/// A scan's error in our words and with our exit code.
fn told(error: &ScanError) -> anyhow::Error {
    if let ScanError::Unreadable { path, source } = error {
        return Failure::file("read", path, source).into();
    }
    let failure = Failure::usage(text::safe(&error.to_string()));
    match error.hint() {
        Some(hint) => failure.hint(hint).into(),
        None => failure.into(),
    }
}

/// What `-o` means for this many pictures whose results are PNG files.
pub fn destination(output: &Path, pictures: usize) -> Result<Destination> {
    destination_among(output, pictures, &["png"])
}

/// The same where a result may have any of these endings.
pub fn destination_among(output: &Path, pictures: usize, endings: &[&str]) -> Result<Destination> {
    let file = output.extension().is_some_and(|ending| {
        endings
            .iter()
            .any(|other| ending.eq_ignore_ascii_case(other))
    });
    if output.is_dir() || !file {
        if output.is_file() {
            let endings: Vec<String> = endings.iter().map(|ending| format!(".{ending}")).collect();
            let endings = endings.join(", ");
            return Err(
                Failure::usage(format!("{} is a file, not a folder", text::path(output)))
                    .hint(format!(
                        "name a folder, or a file that ends in {endings} for a single picture"
                    ))
                    .into(),
            );
        }
        return Ok(Destination::Folder(output.to_owned()));
    }
    if pictures > 1 {
        return Err(Failure::usage(format!(
            "{} names one file, but there are {pictures} pictures",
            text::path(output)
        ))
        .hint("name a folder with -o")
        .into());
    }
    Ok(Destination::File(output.to_owned()))
}

/// Gives every picture its PNG file, and refuses those that are inputs.
pub fn lay_out(files: Vec<SourceFile>, destination: &Destination) -> Result<Vec<Job>> {
    let mut places = Places::new(&files);
    files
        .into_iter()
        .map(|source| {
            let output = match destination {
                Destination::File(path) => path.clone(),
                Destination::Folder(folder) => folder.join(format!("{}.png", source.name)),
            };
            places.claim(&source.path, &output)?;
            Ok(Job { source, output })
        })
        .collect()
}

/// What is read, and what will be written.
#[derive(Debug)]
pub struct Places {
    inputs: HashSet<PathBuf>,
    outputs: HashSet<PathBuf>,
}

impl Places {
    /// Nothing but these inputs.
    pub fn new(files: &[SourceFile]) -> Places {
        let inputs = files
            .iter()
            .flat_map(|file| [file.path.canonicalize().ok(), Some(resolved(&file.path))]);
        Places {
            inputs: inputs.flatten().collect(),
            outputs: HashSet::new(),
        }
    }

    /// Takes a place for a result; an error when it is an input's or another result's.
    pub fn claim(&mut self, source: &Path, output: &Path) -> Result<()> {
        let place = resolved(output);
        if self.inputs.contains(&place) {
            return Err(Failure::usage(format!(
                "the result of {} would overwrite {}, which is an input",
                text::path(source),
                text::path(output)
            ))
            .hint("choose another folder with -o")
            .into());
        }
        if !self.outputs.insert(place) {
            return Err(Failure::usage(format!(
                "two results would be called {}",
                text::path(output)
            ))
            .hint("ask for each kind of file once, or clean the pictures into different folders")
            .into());
        }
        Ok(())
    }
}

/// The path with the folders that exist resolved, and its own name as it is: what a rename would hit.
fn resolved(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return path;
    };
    match folder.canonicalize() {
        Ok(folder) => folder.join(name),
        // The folder does not exist yet, so nothing in it can be an input.
        Err(_) => path,
    }
}

/// Finds out before any work whether results can be written at all.
pub fn check_writable(first: Option<&Path>) -> Result<()> {
    let Some(folder) = first.and_then(Path::parent) else {
        return Ok(());
    };
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    std::fs::create_dir_all(folder)
        .and_then(|()| {
            tempfile::Builder::new()
                .prefix(".whiteboarder-")
                .tempfile_in(folder)
        })
        .map(drop)
        .map_err(|error| Failure::file("write", folder, &error).into())
}

/// What was left out: a line for each file that was named itself; of those that lay in folders, a line for each kind
/// of picture that is not read, and one for all the rest.
pub fn skipped_lines(skipped: &[Skipped]) -> Vec<String> {
    let line = |file: &Skipped| format!("left out {}: {}", text::path(&file.path), file.reason);
    let (named, found): (Vec<_>, Vec<_>) = skipped.iter().partition(|file| file.named);
    let mut lines: Vec<String> = named.into_iter().map(line).collect();
    let (pictures, others): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|file| is_foreign_picture(file));
    let mut groups: Vec<Vec<&Skipped>> = Vec::new();
    for file in pictures {
        match groups.iter_mut().find(|g| g[0].reason == file.reason) {
            Some(group) => group.push(file),
            None => groups.push(vec![file]),
        }
    }
    groups.push(others);
    for group in groups {
        match group.as_slice() {
            [] => {}
            [only] => lines.push(line(only)),
            [first, ..] => lines.push(format!(
                "left out {} files, for example {}: {}",
                group.len(),
                text::path(&first.path),
                first.reason
            )),
        }
    }
    lines
}

/// Whether it is a picture by its name, only of a kind that is not read.
fn is_foreign_picture(file: &Skipped) -> bool {
    file.path
        .extension()
        .and_then(|extension| Foreign::of_extension(&extension.to_string_lossy()))
        .is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(path: &Path, name: &str) -> SourceFile {
        SourceFile {
            path: path.to_owned(),
            name: name.to_owned(),
            bytes: 1,
        }
    }

    #[test]
    fn outputs_keep_subfolders_and_the_extension() {
        let jobs = lay_out(
            vec![picture(Path::new("in/mo/board.jpg"), "mo/board.jpg")],
            &Destination::Folder("out".into()),
        )
        .unwrap();
        assert_eq!(jobs[0].output, Path::new("out/mo/board.jpg.png"));
    }

    #[test]
    fn an_output_that_is_an_input_is_refused_also_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().join("real");
        std::fs::create_dir(&real).unwrap();
        std::fs::write(real.join("a.jpg"), "x").unwrap();
        std::fs::write(real.join("a.jpg.png"), "x").unwrap();
        std::os::unix::fs::symlink(&real, folder.path().join("link")).unwrap();
        let files = vec![
            picture(&real.join("a.jpg"), "a.jpg"),
            picture(&real.join("a.jpg.png"), "a.jpg.png"),
        ];
        let through_link = Destination::Folder(folder.path().join("link"));
        let error = lay_out(files, &through_link).unwrap_err();
        assert!(error.to_string().contains("would overwrite"), "{error}");
    }

    #[test]
    fn pictures_that_are_not_read_are_not_lost_among_other_files() {
        let skipped = |path: &str, reason: &str| Skipped {
            path: path.into(),
            reason: reason.to_owned(),
            named: false,
        };
        let lines = skipped_lines(&[
            skipped("a.txt", "text"),
            skipped("b.heic", "iPhone"),
            skipped("c.toml", "settings"),
            skipped("d.heic", "iPhone"),
            skipped("e.gif", "GIF"),
        ]);
        assert_eq!(
            lines,
            [
                "left out 2 files, for example b.heic: iPhone",
                "left out e.gif: GIF",
                "left out 2 files, for example a.txt: text",
            ]
        );
    }

    #[test]
    fn one_png_name_is_for_one_picture() {
        assert_eq!(
            destination(Path::new("/nowhere/x.png"), 1).unwrap(),
            Destination::File("/nowhere/x.png".into())
        );
        assert!(destination(Path::new("/nowhere/x.png"), 2).is_err());
        assert_eq!(
            destination(Path::new("/nowhere/x"), 1).unwrap(),
            Destination::Folder("/nowhere/x".into())
        );
    }

    #[test]
    fn earlier_results_within_the_input_are_not_cleaned_again() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("cleaned");
        std::fs::create_dir(&out).unwrap();
        std::fs::write(folder.path().join("a.jpg"), "x").unwrap();
        std::fs::write(out.join("a.jpg.png"), "x").unwrap();
        let found = find(&[folder.path().to_owned()], Some(&out)).unwrap();
        assert_eq!(
            found
                .files
                .iter()
                .map(|file| file.name.as_str())
                .collect::<Vec<_>>(),
            ["a.jpg"]
        );
    }
}
