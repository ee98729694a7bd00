//! Files and folders → pictures with names.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;
use walkdir::WalkDir;
use whiteboarder_core::image::{Foreign, Format};

use crate::names::MAX_NAME_BYTES;

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

/// What [`scan`] found, pictures in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Scan {
    /// The pictures.
    pub files: Vec<SourceFile>,
    /// What was left out.
    pub skipped: Vec<Skipped>,
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

/// Why nothing can be submitted.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// A path that does not exist.
    #[error("{path}: no such file or folder")]
    NotFound {
        /// As it was given.
        path: PathBuf,
    },
    /// A path that cannot be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The only file named is no picture we read. (Among others it is [`Skipped`], and they go on.)
    #[error("{path}: {reason}")]
    Unsupported {
        /// As it was given.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Neither of the paths holds a picture.
    #[error("no pictures ({}) in {}", Format::LIST, list(.paths))]
    Empty {
        /// As they were given.
        paths: Vec<PathBuf>,
        /// What was there instead.
        skipped: Vec<Skipped>,
    },
    /// Two files would get the same name.
    #[error("{first} and {second} would both be called `{name}`")]
    Collision {
        /// The name.
        name: String,
        /// The file that had it first.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// A name that cannot be a key.
    #[error("{path}: {reason}")]
    BadName {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

impl ScanError {
    /// What to try next.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Empty { .. } => Some("pictures end in .jpg, .png, .tif, .webp or .bmp"),
            Self::Collision { .. } => Some("submit their common folder, or one after the other"),
            _ => None,
        }
    }
}

fn list(paths: &[PathBuf]) -> String {
    paths
        .iter()
        .map(|path| path.display().to_string())
        .collect::<Vec<_>>()
        .join(", ")
}

/// Finds the pictures in files and folders (recursively, following no links inside folders).
///
/// A file that is named is taken by its own name, a folder's files by their path within it.
/// Hidden files and folders are passed over in silence, other files are reported in
/// [`Scan::skipped`]. Blocks on the disk.
pub fn scan(paths: &[PathBuf]) -> Result<Scan, ScanError> {
    let mut found = Scan::default();
    for path in paths {
        let data = std::fs::metadata(path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => ScanError::NotFound { path: path.clone() },
            _ => ScanError::Unreadable {
                path: path.clone(),
                source,
            },
        })?;
        if data.is_dir() {
            folder(path, &mut found)?;
        } else {
            if let Some(reason) = unsupported(path) {
                if let [_] = paths {
                    return Err(ScanError::Unsupported {
                        path: path.clone(),
                        reason,
                    });
                }
                found.skipped.push(Skipped {
                    path: path.clone(),
                    reason,
                    named: true,
                });
                continue;
            }
            let name = path.file_name().map_or(path.as_path(), Path::new);
            found.files.push(source_file(path, name, data.len())?);
        }
    }
    if found.files.is_empty() {
        return Err(ScanError::Empty {
            paths: paths.to_vec(),
            skipped: found.skipped,
        });
    }
    refuse_collisions(&mut found)?;
    found.files.sort_by(|a, b| a.name.cmp(&b.name));
    found.skipped.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn folder(root: &Path, found: &mut Scan) -> Result<(), ScanError> {
    let visible = |entry: &walkdir::DirEntry| {
        entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.')
    };
    for entry in WalkDir::new(root)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(visible)
    {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = error.path().unwrap_or(root).to_owned();
                let deep = error.depth() > 0;
                let source = error
                    .into_io_error()
                    .unwrap_or_else(|| std::io::Error::other("the folder contains itself"));
                if deep {
                    found.skipped.push(Skipped {
                        path,
                        reason: source.to_string(),
                        named: false,
                    });
                    continue;
                }
                return Err(ScanError::Unreadable { path, source });
            }
        };
        if entry.file_type().is_dir() {
            continue;
        }
        let path = entry.path();
        if entry.path_is_symlink() && path.is_dir() {
            let reason = "a link to a folder is not followed".to_owned();
            found.skipped.push(Skipped {
                path: path.to_owned(),
                reason,
                named: false,
            });
            continue;
        }
        if let Some(reason) = unsupported(path) {
            found.skipped.push(Skipped {
                path: path.to_owned(),
                reason,
                named: false,
            });
            continue;
        }
        // A link to a picture is a picture; a broken one is reported.
        match std::fs::metadata(path) {
            Ok(data) if data.is_file() => {
                let name = path.strip_prefix(root).unwrap_or(path);
                found.files.push(source_file(path, name, data.len())?);
            }
            Ok(_) => {
                let reason = "not a regular file".to_owned();
                found.skipped.push(Skipped {
                    path: path.to_owned(),
                    reason,
                    named: false,
                });
            }
            Err(error) => {
                found.skipped.push(Skipped {
                    path: path.to_owned(),
                    reason: error.to_string(),
                    named: false,
                });
            }
        }
    }
    Ok(())
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

fn source_file(path: &Path, relative: &Path, bytes: u64) -> Result<SourceFile, ScanError> {
    let bad = |reason: &str| ScanError::BadName {
        path: path.to_owned(),
        reason: reason.to_owned(),
    };
    let mut parts = Vec::new();
    for part in relative.components() {
        let part = part
            .as_os_str()
            .to_str()
            .ok_or_else(|| bad("its name is not Unicode"))?;
        if part.chars().any(char::is_control) {
            return Err(bad("its name contains control characters"));
        }
        parts.push(part.nfc().collect::<String>());
    }
    let name = parts.join("/");
    if name.len() > MAX_NAME_BYTES {
        return Err(bad("its name is too long for a key"));
    }
    Ok(SourceFile {
        path: path.to_owned(),
        name,
        bytes,
    })
}

/// A name that is taken by another file is refused; the very same file twice is one item.
fn refuse_collisions(found: &mut Scan) -> Result<(), ScanError> {
    let mut taken: HashMap<String, PathBuf> = HashMap::new();
    let mut kept = Vec::with_capacity(found.files.len());
    for file in found.files.drain(..) {
        match taken.get(&file.name) {
            None => {
                taken.insert(file.name.clone(), file.path.clone());
                kept.push(file);
            }
            Some(first) if same_file(first, &file.path) => {}
            Some(first) => {
                return Err(ScanError::Collision {
                    name: file.name,
                    first: first.clone(),
                    second: file.path,
                });
            }
        }
    }
    found.files = kept;
    Ok(())
}

fn same_file(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}
