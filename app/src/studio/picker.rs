//! Finding a photograph by some letters of its name, or one to open among the files.

use std::path::{Path, PathBuf};

use whiteboarder_core::image::Format;

use crate::error::Failure;
use crate::ui::fuzzy::{Match, matches};
use crate::ui::prompt::LineEdit;

/// Names, what is typed, and those of them that have it.
#[derive(Clone, Debug, PartialEq)]
pub struct Picker {
    /// What is typed.
    pub line: LineEdit,
    /// What is chosen from.
    pub source: Source,
    /// What has the typed letters, the best first.
    pub found: Vec<Match>,
    /// The selected one of these.
    pub at: usize,
}

/// What is chosen from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// The photographs that are open.
    Photos(Vec<String>),
    /// The files of a folder.
    Folder {
        /// Which.
        folder: PathBuf,
        /// What is in it.
        entries: Vec<Entry>,
    },
}

/// Something to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is called.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// What happens when it is chosen.
    pub kind: EntryKind,
}

/// What happens when an entry is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// Its entries are listed.
    Folder,
    /// It is opened: a photograph, or a folder with all in it.
    Open,
}

impl Picker {
    /// Everything, with nothing typed yet, and this one selected.
    pub fn new(source: Source, at: usize) -> Picker {
        let mut picker = Picker {
            line: LineEdit::default(),
            source,
            found: Vec::new(),
            at: 0,
        };
        picker.search();
        picker.at = at;
        picker
    }

    /// What there is to choose from.
    pub fn len(&self) -> usize {
        match &self.source {
            Source::Photos(names) => names.len(),
            Source::Folder { entries, .. } => entries.len(),
        }
    }

    /// The name of one.
    pub fn name(&self, index: usize) -> &str {
        match &self.source {
            Source::Photos(names) => names.get(index).map_or("", String::as_str),
            Source::Folder { entries, .. } => {
                entries.get(index).map_or("", |entry| entry.name.as_str())
            }
        }
    }

    /// What was typed has changed.
    pub fn search(&mut self) {
        let typed = self.line.text();
        self.found = match &self.source {
            Source::Photos(names) => matches(&typed, names.iter().map(String::as_str)),
            Source::Folder { entries, .. } => {
                matches(&typed, entries.iter().map(|entry| entry.name.as_str()))
            }
        };
        self.at = 0;
    }

    /// Selects another one.
    pub fn go(&mut self, by: isize) {
        let last = self.found.len().saturating_sub(1);
        self.at = self.at.saturating_add_signed(by).min(last);
    }

    /// The selected one.
    pub fn selected(&self) -> Option<usize> {
        self.found.get(self.at).map(|found| found.index)
    }
}

/// What of a folder can be opened: all photographs in it, its own folder, its folders, its photographs. Hidden files are
/// passed over. Blocks on the disk.
pub fn list(folder: &Path) -> Result<Vec<Entry>, String> {
    let failed = |error: &std::io::Error| Failure::file("read", folder, error).to_string();
    let (mut folders, mut photos) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(folder).map_err(|error| failed(&error))? {
        let entry = entry.map_err(|error| failed(&error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let path = entry.path();
        // A link is what it leads to.
        let is_folder = match entry.file_type() {
            Ok(kind) if kind.is_symlink() => path.is_dir(),
            Ok(kind) => kind.is_dir(),
            Err(_) => false,
        };
        let ending = path.extension().map(|ending| ending.to_string_lossy());
        if is_folder {
            folders.push(Entry {
                name: name + "/",
                path,
                kind: EntryKind::Folder,
            });
        } else if ending.is_some_and(|ending| Format::has_extension(&ending)) {
            photos.push(Entry {
                name,
                path,
                kind: EntryKind::Open,
            });
        }
    }
    folders.sort_by(|a, b| a.name.cmp(&b.name));
    photos.sort_by(|a, b| a.name.cmp(&b.name));
    let mut entries = Vec::new();
    if !photos.is_empty() || !folders.is_empty() {
        entries.push(Entry {
            name: "all photographs in this folder and below".to_owned(),
            path: folder.to_owned(),
            kind: EntryKind::Open,
        });
    }
    let whole = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    entries.extend(whole.parent().map(|parent| Entry {
        name: "../".to_owned(),
        path: parent.to_owned(),
        kind: EntryKind::Folder,
    }));
    entries.extend(folders);
    entries.extend(photos);
    Ok(entries)
}

#[cfg(test)]
#[path = "picker_tests.rs"]
mod tests;
