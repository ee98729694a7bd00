//! Which files a cleaning gives, and what they are called.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::ValueEnum;
use serde::Serialize;
use whiteboarder_core::clean::Request;
use whiteboarder_core::output::Format;
use whiteboarder_core::recipe::Recipe;
use whiteboarder_jobs::submit::SourceFile;

use super::layout::{Destination, Places};

/// A kind of file that a cleaning gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// PNG, by palette where that loses nothing visible
    Png,
    /// PNG with all colours
    PngTrue,
    /// JPEG
    Jpeg,
    /// WebP, lossless
    Webp,
    /// The outlines of the ink
    Svg,
    /// A document of one page
    Pdf,
    /// PNG whose white is transparent
    Transparent,
    /// PNG of one bit: ink black, paper white
    Mask,
    /// The board without its ink, as PNG
    Background,
}

impl Kind {
    /// Those that may be the main result.
    pub const MAIN: [&'static str; 6] = ["png", "png-true", "jpeg", "webp", "svg", "pdf"];

    /// What a file of this ending is.
    pub fn of_ending(path: &Path) -> Option<Kind> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        Some(match ending.as_str() {
            "png" => Kind::Png,
            "jpg" | "jpeg" => Kind::Jpeg,
            "webp" => Kind::Webp,
            "svg" => Kind::Svg,
            "pdf" => Kind::Pdf,
            _ => return None,
        })
    }

    /// The format; the background is made in another way.
    pub fn format(self, recipe: &Recipe, quality: u8) -> Option<Format> {
        Some(match self {
            Kind::Png => Request::png(recipe),
            Kind::PngTrue => Format::Png,
            Kind::Jpeg => Format::Jpeg { quality },
            Kind::Webp => Format::WebP,
            Kind::Svg => Format::Svg,
            Kind::Pdf => Format::Pdf,
            Kind::Transparent => Format::TransparentPng,
            Kind::Mask => Format::INK_MASK,
            Kind::Background => return None,
        })
    }

    /// What the main result's name ends in.
    fn ending(self) -> &'static str {
        match self {
            Kind::Jpeg => "jpg",
            Kind::Webp => "webp",
            Kind::Svg => "svg",
            Kind::Pdf => "pdf",
            Kind::Png | Kind::PngTrue | Kind::Transparent | Kind::Mask | Kind::Background => "png",
        }
    }

    /// What a sibling's name ends in.
    fn sibling(self) -> &'static str {
        match self {
            Kind::PngTrue => "true.png",
            Kind::Transparent => "transparent.png",
            Kind::Mask => "mask.png",
            Kind::Background => "background.png",
            plain => plain.ending(),
        }
    }

    /// Whether a file of this name is of this kind.
    pub fn may_be_called(self, path: &Path) -> bool {
        Kind::of_ending(path).is_some_and(|named| named.ending() == self.ending())
    }
}

/// A file that a cleaning gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// What it is.
    pub kind: Kind,
    /// Where it goes.
    pub path: PathBuf,
}

/// A picture and its files, the main result first.
#[derive(Clone, Debug)]
pub struct Task {
    /// The picture.
    pub source: SourceFile,
    /// Its files; none when it is only a page of a document.
    pub products: Vec<Product>,
}

/// Where files go.
#[derive(Clone, Debug)]
pub struct Wishes<'a> {
    /// Where the main result goes; `None` when there is none beside a document.
    pub destination: Option<&'a Destination>,
    /// The main result, unless it is a document.
    pub main: Option<Kind>,
    /// What else.
    pub also: &'a [Kind],
    /// The document of all pictures.
    pub document: Option<&'a Path>,
}

/// Gives every file its name, and refuses names that are an input's or another file's.
pub fn lay_out(files: Vec<SourceFile>, wishes: &Wishes<'_>) -> Result<Vec<Task>> {
    let mut places = Places::new(&files);
    if let (Some(document), Some(first)) = (wishes.document, files.first()) {
        places.claim(&first.path, document)?;
    }
    files
        .into_iter()
        .map(|source| {
            let products = products(&source, wishes);
            for product in &products {
                places.claim(&source.path, &product.path)?;
            }
            Ok(Task { source, products })
        })
        .collect()
}

fn products(source: &SourceFile, wishes: &Wishes<'_>) -> Vec<Product> {
    let Some(destination) = wishes.destination else {
        return Vec::new();
    };
    // What names are made of: the picture's own, or the one that was asked for, without its ending.
    let base = match destination {
        Destination::Folder(folder) => folder.join(&source.name),
        Destination::File(file) => file.with_extension(""),
    };
    let named = |ending: &str| {
        let mut name = base.clone().into_os_string();
        name.push(".");
        name.push(ending);
        PathBuf::from(name)
    };
    let main = wishes.main.map(|kind| Product {
        kind,
        path: match destination {
            Destination::File(file) => file.clone(),
            Destination::Folder(_) => named(kind.ending()),
        },
    });
    let also = wishes.also.iter().map(|&kind| Product {
        kind,
        path: named(kind.sibling()),
    });
    main.into_iter().chain(also).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(destination: &Destination, main: Kind, also: &[Kind]) -> Result<Vec<String>> {
        let source = SourceFile {
            path: "in/mo/board.jpg".into(),
            name: "mo/board.jpg".to_owned(),
            bytes: 1,
        };
        let wishes = Wishes {
            destination: Some(destination),
            main: Some(main),
            also,
            document: None,
        };
        let tasks = lay_out(vec![source], &wishes)?;
        let paths = tasks[0].products.iter();
        Ok(paths.map(|file| file.path.display().to_string()).collect())
    }

    #[test]
    fn files_are_called_after_their_picture_and_after_what_they_are() {
        let folder = Destination::Folder("out".into());
        let also = [Kind::Background, Kind::Mask, Kind::Transparent, Kind::Svg];
        assert_eq!(
            names(&folder, Kind::Jpeg, &also).unwrap(),
            [
                "out/mo/board.jpg.jpg",
                "out/mo/board.jpg.background.png",
                "out/mo/board.jpg.mask.png",
                "out/mo/board.jpg.transparent.png",
                "out/mo/board.jpg.svg",
            ]
        );
        let file = Destination::File("x/clean.png".into());
        assert_eq!(
            names(&file, Kind::Png, &[Kind::Mask]).unwrap(),
            ["x/clean.png", "x/clean.mask.png"]
        );
    }

    #[test]
    fn two_files_of_one_name_are_refused() {
        let folder = Destination::Folder("out".into());
        let error = names(&folder, Kind::PngTrue, &[Kind::Png]).unwrap_err();
        assert!(
            error.to_string().contains("out/mo/board.jpg.png"),
            "{error}"
        );
    }
}
