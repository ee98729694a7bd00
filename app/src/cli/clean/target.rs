//! What `-o`, `--format`, `--also`, `--quality` and `--pdf` mean together.

use std::path::PathBuf;

use anyhow::Result;
use whiteboarder_core::output::Format;

use super::CleanArgs;
use crate::cleaning::layout::{Destination, destination_among};
use crate::cleaning::wishes::{Kind, Wishes};
use crate::error::Failure;
use crate::term::text;

/// Which files are written.
#[derive(Debug)]
pub struct Target {
    destination: Option<Destination>,
    main: Option<Kind>,
    /// One document of all pictures.
    pub document: Option<PathBuf>,
    /// Of JPEG files.
    pub quality: u8,
}

impl Target {
    /// For so many pictures.
    pub fn of(args: &CleanArgs, pictures: usize) -> Result<Target> {
        let quality = quality(args)?;
        let output = args.output.as_ref();
        let named = output
            .filter(|path| !path.is_dir())
            .and_then(|path| Kind::of_ending(path).map(|kind| (path, kind)));
        if let (Some((path, _)), Some(format)) = (named, args.format)
            && !format.may_be_called(path)
        {
            return Err(Failure::usage(format!(
                "{} does not end as the files of --format do",
                text::path(path)
            ))
            .hint("leave --format out: the name tells it")
            .into());
        }
        if let Some((path, Kind::Pdf)) = named {
            if args.pdf.is_some() {
                return Err(Failure::usage("-o and --pdf both name a document")
                    .hint("leave one of them out, or name a folder with -o")
                    .into());
            }
            return Target::document(args, path.clone(), pictures, quality);
        }
        if let Some(path) = &args.pdf
            && Kind::of_ending(path) != Some(Kind::Pdf)
        {
            return Err(
                Failure::usage(format!("{} does not end in .pdf", text::path(path)))
                    .hint("name the document with --pdf, and a folder for other results with -o")
                    .into(),
            );
        }
        let Some(output) = output else {
            if args.format.is_some() || !args.also.is_empty() {
                return Err(nowhere().into());
            }
            return Ok(Target {
                destination: None,
                main: None,
                document: args.pdf.clone(),
                quality,
            });
        };
        let endings = ["png", "jpg", "jpeg", "webp", "svg", "pdf"];
        Ok(Target {
            destination: Some(destination_among(output, pictures, &endings)?),
            main: args
                .format
                .or(named.map(|(_, kind)| kind))
                .or(Some(Kind::Png)),
            document: args.pdf.clone(),
            quality,
        })
    }

    /// `-o` names a document. What else is wished for goes beside it, when there is one picture to name it after.
    fn document(args: &CleanArgs, path: PathBuf, pictures: usize, quality: u8) -> Result<Target> {
        if !args.also.is_empty() && pictures > 1 {
            return Err(nowhere().into());
        }
        Ok(Target {
            destination: (!args.also.is_empty()).then(|| Destination::File(path.clone())),
            main: None,
            document: Some(path),
            quality,
        })
    }

    /// As the layout wants it.
    pub fn wishes<'a>(&'a self, also: &'a [Kind]) -> Wishes<'a> {
        Wishes {
            destination: self.destination.as_ref(),
            main: self.main,
            also,
            document: self.document.as_deref(),
        }
    }
}

fn nowhere() -> Failure {
    Failure::usage("there is no folder for the files beside the document")
        .hint("name a folder with -o, and the document with --pdf")
}

fn quality(args: &CleanArgs) -> Result<u8> {
    let named = args.output.as_deref().and_then(Kind::of_ending);
    let jpeg = args.format.or(named) == Some(Kind::Jpeg) || args.also.contains(&Kind::Jpeg);
    match args.quality {
        Some(_) if !jpeg => Err(Failure::usage(
            "--quality is for JPEG files, and none is asked for",
        )
        .hint("add --format jpeg")
        .into()),
        Some(quality) => Ok(quality),
        None => Ok(match Format::JPEG {
            Format::Jpeg { quality } => quality,
            _ => 90,
        }),
    }
}
