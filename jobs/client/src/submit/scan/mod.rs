//! Files and folders → pictures with names.

mod error;
mod patterns;

use std::fs::Metadata;
use std::path::{Path, PathBuf};

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;
use walkdir::{DirEntry, WalkDir};
use whiteboarder_core::image::{Foreign, Format};

pub use error::ScanError;

use crate::names::MAX_NAME_BYTES;
use patterns::Patterns;

/// A picture to be submitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its path relative to what was submitted, NFC, `/` between parts, with its extension.
    pub name: String,
    /// Its size.
    pub bytes: u64,
}

/// A file that is left out, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Where it is.
    pub path: PathBuf,
    /// One clause: "`.txt` files are not supported", or a sentence that says what to do with a picture of such a kind.
    pub reason: String,
    /// Whether it was named itself, and not only lay in a folder: then somebody waits for its result.
    pub named: bool,
}

/// Which files are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanOptions {
    /// Only files whose names match one of these patterns; all when there is none. A pattern without `/` matches a file
    /// or folder at any depth (`*.jpg`), one with `/` begins at the submitted folder (`scans/**`); a folder that matches
    /// takes everything below with it. `*` stops at `/`, `**` does not; the case of letters does not matter.
    pub include: Vec<String>,
    /// Of those, no files whose names match one of these.
    pub exclude: Vec<String>,
    /// Whether folders within the submitted folders are searched, too.
    pub subfolders: bool,
}

impl Default for ScanOptions {
    fn default() -> Self {
        Self {
            include: Vec::new(),
            exclude: Vec::new(),
            subfolders: true,
        }
    }
}

/// What [`scan`] found, pictures in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Scan {
    /// The pictures.
    pub files: Vec<SourceFile>,
    /// What was left out.
    pub skipped: Vec<Skipped>,
    /// How many files the patterns kept out, whatever they are.
    pub excluded: usize,
    /// Patterns that met no file at all, as they were given.
    pub unmatched: Vec<String>,
    /// How many folders were not searched because subfolders were not wanted.
    pub subfolders: usize,
}

impl Scan {
    /// Whether a file that was named itself had to be left out.
    #[must_use]
    pub fn left_out_named(&self) -> bool {
        self.skipped.iter().any(|skipped| skipped.named)
    }

    /// Size of all pictures together.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

/// [`scan_with`] every picture wanted, in subfolders, too.
pub fn scan(paths: &[PathBuf]) -> Result<Scan, ScanError> {
    scan_with(paths, &ScanOptions::default())
}

/// Finds the pictures in files and folders (recursively, following no links inside folders).
///
/// A file that is named is taken by its own name, a folder's files by their path within it.
/// Hidden files and folders are passed over in silence, other files are reported in
/// [`Scan::skipped`]. The system is asked once for each picture. Blocks on the disk.
pub fn scan_with(paths: &[PathBuf], options: &ScanOptions) -> Result<Scan, ScanError> {
    let mut search = Search {
        patterns: Patterns::new(options)?,
        subfolders: options.subfolders,
        found: Scan::default(),
    };
    for path in paths {
        let data = std::fs::metadata(path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => ScanError::NotFound { path: path.clone() },
            _ => ScanError::Unreadable {
                path: path.clone(),
                source,
            },
        })?;
        if data.is_dir() {
            search.folder(path)?;
        } else {
            search.named(path, &data, paths.len() == 1)?;
        }
    }
    let unmatched = search.patterns.unmatched();
    let mut found = search.found;
    if found.files.is_empty() {
        return Err(ScanError::Empty {
            paths: paths.to_vec(),
            skipped: found.skipped,
            excluded: found.excluded,
        });
    }
    // A stable sort: of files with one name, the first stays the first.
    found.files.sort_by(|a, b| a.name.cmp(&b.name));
    found.files = refuse_collisions(found.files)?;
    found.skipped.sort_by(|a, b| a.path.cmp(&b.path));
    found.unmatched = unmatched;
    Ok(found)
}

struct Search {
    patterns: Patterns,
    subfolders: bool,
    found: Scan,
}

impl Search {
    /// A file that was named itself.
    fn named(&mut self, path: &Path, data: &Metadata, alone: bool) -> Result<(), ScanError> {
        let name = path.file_name().map_or(path, Path::new);
        if !self.wants(name) {
            return Ok(());
        }
        match unsupported(path) {
            Some(reason) if alone => Err(ScanError::Unsupported {
                path: path.to_owned(),
                reason,
            }),
            Some(reason) => {
                self.found.skipped.push(Skipped {
                    path: path.to_owned(),
                    reason,
                    named: true,
                });
                Ok(())
            }
            None => self.add(path.to_owned(), name, data.len()),
        }
    }

    fn folder(&mut self, root: &Path) -> Result<(), ScanError> {
        let visible = |entry: &DirEntry| {
            entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b".")
        };
        let depth = if self.subfolders { usize::MAX } else { 1 };
        for entry in WalkDir::new(root)
            .max_depth(depth)
            .sort_by_file_name()
            .into_iter()
            .filter_entry(visible)
        {
            match entry {
                Ok(entry) => self.entry(root, entry)?,
                Err(error) => {
                    let path = error.path().unwrap_or(root).to_owned();
                    let deep = error.depth() > 0;
                    let source = error
                        .into_io_error()
                        .unwrap_or_else(|| std::io::Error::other("the folder contains itself"));
                    if !deep {
                        return Err(ScanError::Unreadable { path, source });
                    }
                    self.skip(path, source.to_string());
                }
            }
        }
        Ok(())
    }

    /// A file of a folder. The folder's listing says whether it is a link; only what may be a picture is looked up.
    fn entry(&mut self, root: &Path, entry: DirEntry) -> Result<(), ScanError> {
        if entry.file_type().is_dir() {
            if !self.subfolders && entry.depth() > 0 {
                self.found.subfolders += 1;
            }
            return Ok(());
        }
        let link = entry.path_is_symlink();
        let path = entry.into_path();
        let name = path.strip_prefix(root).unwrap_or(&path);
        if !self.wants(name) {
            return Ok(());
        }
        let refused = unsupported(&path);
        if let (Some(reason), false) = (&refused, link) {
            self.skip(path, reason.clone());
            return Ok(());
        }
        // A link to a picture is a picture; a broken one is reported.
        match (std::fs::metadata(&path), refused) {
            (Ok(data), _) if data.is_dir() => {
                self.skip(path, "a link to a folder is not followed".to_owned());
            }
            (_, Some(reason)) => self.skip(path, reason),
            (Ok(data), None) if data.is_file() => {
                let name = name.to_owned();
                self.add(path, &name, data.len())?;
            }
            (Ok(_), None) => self.skip(path, "not a regular file".to_owned()),
            (Err(error), None) => self.skip(path, error.to_string()),
        }
        Ok(())
    }

    /// Whether the patterns want a file of this name; counts it when they do not.
    fn wants(&mut self, name: &Path) -> bool {
        if self.patterns.is_empty() {
            return true;
        }
        let wanted = self.patterns.take(&composed(&name.to_string_lossy()));
        if !wanted {
            self.found.excluded += 1;
        }
        wanted
    }

    fn add(&mut self, path: PathBuf, name: &Path, bytes: u64) -> Result<(), ScanError> {
        let name = key_name(name).map_err(|reason| ScanError::BadName {
            path: path.clone(),
            reason: reason.to_owned(),
        })?;
        self.found.files.push(SourceFile { path, name, bytes });
        Ok(())
    }

    fn skip(&mut self, path: PathBuf, reason: String) {
        self.found.skipped.push(Skipped {
            path,
            reason,
            named: false,
        });
    }
}

/// Why a file is left out, judged by its name alone. What is in it is judged when it is read.
fn unsupported(path: &Path) -> Option<String> {
    let Some(extension) = path.extension().map(|e| e.to_string_lossy().to_lowercase()) else {
        return Some("a file without an extension is not taken for a picture".to_owned());
    };
    if Format::has_extension(&extension) {
        return None;
    }
    Some(match Foreign::of_extension(&extension) {
        Some(kind) => kind.to_string(),
        None => format!(
            "`.{extension}` files are not supported ({} are)",
            Format::LIST
        ),
    })
}

/// A relative path as a name, or why it cannot be one.
fn key_name(relative: &Path) -> Result<String, &'static str> {
    let text = relative.to_str().ok_or("its name is not Unicode")?;
    if text.chars().any(char::is_control) {
        return Err("its name contains control characters");
    }
    let name = composed(text);
    if name.len() > MAX_NAME_BYTES {
        return Err("its name is too long for a key");
    }
    Ok(name)
}

fn composed(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    text.nfc().collect()
}

/// A name that is taken by another file is refused; the very same file twice is one item. Files come in the order of
/// their names.
fn refuse_collisions(files: Vec<SourceFile>) -> Result<Vec<SourceFile>, ScanError> {
    let mut kept: Vec<SourceFile> = Vec::with_capacity(files.len());
    for file in files {
        match kept.last() {
            Some(first) if first.name == file.name => {
                if !same_file(&first.path, &file.path) {
                    return Err(ScanError::Collision {
                        name: file.name,
                        first: first.path.clone(),
                        second: file.path,
                    });
                }
            }
            _ => kept.push(file),
        }
    }
    Ok(kept)
}

fn same_file(a: &Path, b: &Path) -> bool {
    a == b
        || match (a.canonicalize(), b.canonicalize()) {
            (Ok(a), Ok(b)) => a == b,
            _ => false,
        }
}
