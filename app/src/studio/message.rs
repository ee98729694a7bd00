//! What happens to the studio, and what it wants done.

use std::path::PathBuf;

use crossterm::event::{KeyEvent, MouseEvent};
use whiteboarder_core::preview::Quality;
use whiteboarder_core::recipe::Recipe;

use super::acting::{Existing, Group, News};
use super::estimate::Measured;
use super::files::Gathered;
use super::film::Made;
use super::model::{Leave, Look, Preview};
use super::picker::Entry;
use super::viewport::Viewport;
use crate::presets::Preset;
use crate::ui::Call;
use crate::ui::picture::Shown;

/// What to write where.
#[derive(Clone, Debug, PartialEq)]
pub struct WriteJob {
    /// Index of the photograph.
    pub photo: usize,
    /// The photograph's file.
    pub path: PathBuf,
    /// The result's file.
    pub output: PathBuf,
    /// How to clean.
    pub recipe: Recipe,
    /// Whether a file of that name may be replaced.
    pub replace: bool,
}

/// What to render.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Greater than that of every request before.
    pub ticket: u64,
    /// What the result is made from; the same again means that only the composition has changed.
    pub generation: u64,
    /// Index of the photograph.
    pub photo: usize,
    /// Draft or exact.
    pub quality: Quality,
    /// How to clean.
    pub recipe: Recipe,
    /// Columns and rows to fill.
    pub pane: (u16, u16),
    /// What to show.
    pub look: Look,
    /// Where the split is, in % of the width.
    pub split: u16,
    /// Which part of the photograph, and how large.
    pub viewport: Viewport,
    /// Whether what is clipped is coloured.
    pub clipping: bool,
    /// The recipe whose result stands in the photograph's place; `None` for the photograph.
    pub against: Option<Box<Recipe>>,
}

/// What happened.
#[derive(Clone)]
pub enum Msg {
    /// The screen has this many columns and rows; also the first message of all.
    Resize(u16, u16),
    /// A key.
    Key(KeyEvent),
    /// The mouse.
    Mouse(MouseEvent),
    /// Do what a row of the key table does, if it would do anything now.
    Do(usize),
    /// The mouse was taken, or released.
    MouseTaken(bool),
    /// Text from the clipboard.
    Paste(String),
    /// Milliseconds since the studio began.
    Tick(u64),
    /// A photograph is being read, and this is what its camera put into the file beside it.
    Glimpse {
        /// Index of the photograph.
        photo: usize,
        /// The small picture, as large as the photograph will be.
        shown: Shown,
    },
    /// A photograph was read.
    Opened {
        /// Index of the photograph.
        photo: usize,
        /// Its size, or why it cannot be read.
        size: Result<(u32, u32), String>,
    },
    /// A picture is ready, or why there is none.
    Rendered {
        /// Index of the photograph.
        photo: usize,
        /// The picture.
        preview: Result<Box<Preview>, String>,
    },
    /// A thumbnail was made, or not.
    Thumb {
        /// Index of the photograph.
        photo: usize,
        /// What became of it.
        made: Made,
    },
    /// A file could be written only over another.
    FileExists(WriteJob),
    /// A file was written, or why not.
    Written {
        /// What was to be done.
        job: WriteJob,
        /// How many seconds it took.
        seconds: Result<f64, String>,
    },
    /// A file's header was read.
    Measured {
        /// Index of the photograph.
        photo: usize,
        /// What it tells, if it can be read.
        measured: Option<Measured>,
    },
    /// A folder was looked into.
    Listed {
        /// Which.
        folder: PathBuf,
        /// What is in it, or why that is not known.
        entries: Result<Vec<Entry>, String>,
    },
    /// Photographs were found where there were none open, or why not.
    Gathered(Result<Gathered, String>),
    /// What becomes of many photographs that are cleaned here.
    Cleaning(News),
    /// Somebody leaves from another screen while they are.
    Leave,
    /// A preset of that name is there already.
    PresetExists {
        /// Its name.
        name: String,
        /// What would take its place.
        recipe: Recipe,
    },
    /// A preset was saved, or why not.
    Saved {
        /// Its name.
        name: String,
        /// What was saved.
        recipe: Recipe,
        /// Where.
        path: Result<PathBuf, String>,
    },
    /// The presets there are, or why they cannot be read.
    Presets(Result<Vec<Preset>, String>),
    /// What goes on in the Batch screen, in a few words.
    Elsewhere(String),
    /// The studio is shown again.
    Shown,
    /// The system wants us to end.
    Terminate,
}

/// What is to be done about it.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Render, and open the photograph for it when it is not.
    Render(Request),
    /// Make the thumbnails of these photographs, in this order, and of no others.
    Thumbs(Vec<usize>),
    /// Clean at full size and write the file.
    Write(WriteJob),
    /// Read the header of this photograph's file.
    Measure(usize),
    /// Look into a folder.
    List(PathBuf),
    /// Open these files and folders.
    Open(Vec<PathBuf>),
    /// Clean many photographs here.
    Clean {
        /// Which, by recipe.
        groups: Vec<Group>,
        /// What happens to results that are there.
        existing: Existing,
    },
    /// Stop that.
    StopCleaning,
    /// Save a recipe under a name.
    SavePreset {
        /// Its name.
        name: String,
        /// The recipe.
        recipe: Recipe,
        /// Whether a preset of that name may be replaced.
        replace: bool,
    },
    /// Read the presets.
    ListPresets,
    /// Put text on the clipboard.
    Copy(String),
    /// Show the Batch screen.
    Batch,
    /// Show the dashboard.
    Watch,
    /// Name the terminal's window.
    SetTitle(String),
    /// What every screen can ask for.
    Call(Call),
    /// Give the shell its terminal for a while.
    Suspend,
    /// End.
    Quit(Leave),
}
