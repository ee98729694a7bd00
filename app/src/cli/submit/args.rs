//! The flags of `submit`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use whiteboarder_jobs::submit::{ScanOptions, Wish};

use crate::cli::recipe::RecipeChoice;

/// Clean pictures as a batch: upload, follow, download.
///
/// Each picture becomes an execution of a state machine that plans where it runs, on Lambda or on ECS, and
/// cleans it there. The target is the cloud on this machine unless --profile says otherwise; it starts by
/// itself. What was interrupted goes on with --resume.
///
/// Before anything is sent, folders are searched, headers read, and it is told how many pictures there are, where each
/// will probably run, how long that takes and what it costs, or would cost on AWS. --dry-run ends there.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  whiteboarder submit photos -o cleaned           upload, clean, download; a table of what ran where
  whiteboarder submit photos                      upload, print the batch's id; `watch` follows it
  whiteboarder submit photos --place ecs --wait   all on ECS, whatever the plan thinks
  whiteboarder submit photos --dry-run            only say what would happen, and what it would cost
  whiteboarder submit photos --include '*.jpg' --exclude 'drafts/' --exclude '*_raw.*'
  whiteboarder submit --resume 01JD… -o cleaned   go on with an interrupted batch

Patterns are matched with the name relative to the folder that is submitted, as in .gitignore: without a `/` at any
depth (`*.jpg`), with one from that folder on (`scans/**`); a folder that matches takes everything below with it
(`drafts/`). `*` and `?` stop at a `/`, `**` does not, `[0-9]` and `{png,tif}` choose. The case of letters does not
matter. --exclude wins. Put patterns into quotes, or the shell takes them.

--json prints one object per line with `time` and `event`: scan, plan, batch, upload_started,
upload_progress, upload_retry, uploaded, upload_failed, execution, cleaned, failed, stuck, waiting,
offline, downloaded, download_failed, and at the end submitted or summary (docs/formats.md has every field).")]
#[allow(clippy::struct_excessive_bools, reason = "they are flags")]
pub struct SubmitArgs {
    /// Pictures (JPEG, PNG, TIFF, WebP, BMP) and folders
    #[arg(required_unless_present = "resume", value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Only pictures whose names match this pattern; may be given several times
    #[arg(long, value_name = "GLOB", conflicts_with = "resume")]
    pub(super) include: Vec<String>,
    /// No pictures whose names match this pattern; may be given several times
    #[arg(long, value_name = "GLOB", conflicts_with = "resume")]
    pub(super) exclude: Vec<String>,
    /// Do not search the folders within the submitted ones
    #[arg(long, conflicts_with = "resume")]
    pub(super) no_subfolders: bool,
    /// Where to run them
    #[arg(
        long,
        value_name = "PLACE",
        default_value = "auto",
        conflicts_with = "resume"
    )]
    pub(super) place: PlaceArg,
    /// Wait until every picture is cleaned or has failed, and print a table
    #[arg(long)]
    pub(super) wait: bool,
    /// Download the results to a folder, or to a file (.png) for a single picture; implies --wait
    #[arg(long, short, value_name = "DIR|FILE.png")]
    pub(super) output: Option<PathBuf>,
    #[command(flatten)]
    pub(super) recipe: RecipeChoice,
    /// Clean again what has been cleaned before with the same recipe
    #[arg(long, conflicts_with = "resume")]
    pub(super) again: bool,
    /// Only say what would happen, and what it would cost
    #[arg(long, conflicts_with = "resume")]
    pub(super) dry_run: bool,
    /// Go on with a batch that was interrupted; its files are found where they were, or among PATHs
    #[arg(long, value_name = "BATCH", conflicts_with_all = ["recipe", "set", "keep_metadata"])]
    pub(super) resume: Option<String>,
    /// Print one JSON object per line as things happen
    #[arg(long)]
    pub(super) json: bool,
}

/// `--place`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum PlaceArg {
    /// The plan decides by size, time and memory
    Auto,
    /// On Lambda
    Lambda,
    /// On ECS
    Ecs,
}

impl From<PlaceArg> for Wish {
    fn from(place: PlaceArg) -> Wish {
        match place {
            PlaceArg::Auto => Wish::Auto,
            PlaceArg::Lambda => Wish::Lambda,
            PlaceArg::Ecs => Wish::Ecs,
        }
    }
}

impl SubmitArgs {
    /// Which of the files are wanted.
    pub(super) fn wanted(&self) -> ScanOptions {
        ScanOptions {
            include: self.include.clone(),
            exclude: self.exclude.clone(),
            subfolders: !self.no_subfolders,
        }
    }
}
