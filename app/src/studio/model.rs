//! Everything the studio knows: plain data. What changes it is [`mod@super::update`], what shows it is
//! [`mod@super::view`].

use std::path::PathBuf;

use crossterm::event::KeyEvent;
use whiteboarder_core::analysis::Chosen;
use whiteboarder_core::preview::Quality;
use whiteboarder_core::recipe::Recipe;

use super::history::History;
use super::layout;
use super::rows;
use crate::ui::picture::Shown;
use crate::ui::prompt::LineEdit;
use crate::ui::toast::Toast;

/// An exact preview begins when nothing has changed for this long.
pub const SETTLED_MS: u64 = 120;

/// How often running work's age is shown anew.
const AGE_MS: u64 = 500;

/// The state of one studio.
#[derive(Clone)]
pub struct Model {
    /// What was given, in the order of `,` and `.`.
    pub photos: Vec<Photo>,
    /// The one on screen.
    pub current: usize,
    /// The recipe under the fingers.
    pub recipe: Recipe,
    /// The recipe of that name as it was opened or saved.
    pub named: Recipe,
    /// Its name.
    pub recipe_name: String,
    /// The recipe as it was last written or saved: what leaving would lose is a difference from this.
    pub kept: Recipe,
    /// The selected field, as an index in the recipe's table.
    pub selected: usize,
    /// What can be taken back.
    pub history: History,
    /// The view that `s` chose.
    pub chosen_look: Look,
    /// Whether `b` shows the photograph for now.
    pub peeking: bool,
    /// Where the split is, in % of the picture's width.
    pub split: u16,
    /// Whether the panel makes room for the picture.
    pub panel_hidden: bool,
    /// What lies on top and has the keys.
    pub layer: Option<Layer>,
    /// The last message, while it lasts.
    pub toast: Option<Toast>,
    /// Columns and rows.
    pub size: (u16, u16),
    /// The profile's name.
    pub profile: String,
    /// How pictures are shown here: `sixel`, `half blocks`.
    pub protocol: String,
    /// Milliseconds since the studio began, as last told.
    pub now_ms: u64,
    /// Counts what makes previews out of date: recipes, photographs, pane sizes.
    pub generation: u64,
    /// When that was last counted.
    pub changed_ms: u64,
    /// Counts requests; a picture with a greater number replaces one with a smaller.
    pub ticket: u64,
    /// The last request.
    pub asked: Option<(u64, Quality)>,
    /// The picture on screen.
    pub shown: Option<Preview>,
    /// Why there is no newer picture, when there is a reason.
    pub trouble: Option<String>,
    /// The file that is being written.
    pub writing: Option<Writing>,
    /// The files that were written, the last one at the end.
    pub written: Vec<PathBuf>,
    /// How to leave when writing has ended.
    pub leaving: Option<Leave>,
    /// What goes on in the Batch screen: `batch 12/40`; empty when nothing does.
    pub elsewhere: String,
}

impl Default for Model {
    fn default() -> Model {
        let recipe = Recipe::default();
        Model {
            photos: Vec::new(),
            current: 0,
            named: recipe.clone(),
            recipe_name: "default".to_owned(),
            kept: recipe.clone(),
            selected: rows::radius(&recipe),
            recipe,
            history: History::default(),
            chosen_look: Look::After,
            peeking: false,
            split: 50,
            panel_hidden: false,
            layer: None,
            toast: None,
            size: (0, 0),
            profile: "local".to_owned(),
            protocol: String::new(),
            now_ms: 0,
            generation: 0,
            changed_ms: 0,
            ticket: 0,
            asked: None,
            shown: None,
            trouble: None,
            writing: None,
            written: Vec::new(),
            leaving: None,
            elsewhere: String::new(),
        }
    }
}

/// A photograph of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Photo {
    /// Where it is.
    pub path: PathBuf,
    /// Its name in the list.
    pub name: String,
    /// Where its result goes.
    pub output: PathBuf,
    /// What is known about it.
    pub state: PhotoState,
}

/// What is known about a photograph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PhotoState {
    /// It has not been read yet, or is being read.
    Unread,
    /// Its size in pixels.
    Opened(u32, u32),
    /// Why it cannot be read; it is tried again when somebody comes back to it.
    Unreadable(String),
    /// Why it is not even tried.
    Refused(String),
}

/// What of the picture is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// The result.
    After,
    /// The photograph left of the split, the result right of it.
    Split,
    /// The photograph.
    Before,
}

/// A picture on screen.
#[derive(Clone)]
pub struct Preview {
    /// The request that it answers.
    pub ticket: u64,
    /// What it was made from.
    pub generation: u64,
    /// What it shows.
    pub look: Look,
    /// Of the result in it; `None` when there is none.
    pub quality: Option<Quality>,
    /// What the full-size run chose, when it is what is shown.
    pub chosen: Option<Chosen>,
    /// How long the result took.
    pub seconds: f64,
    /// The picture as this terminal takes it.
    pub shown: Shown,
}

/// What can lie on top of the studio.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    /// All keys, scrolled down by this many rows.
    Help {
        /// Rows above the first that is shown.
        scroll: u16,
    },
    /// A line to type.
    Prompt {
        /// What for.
        purpose: Purpose,
        /// What was typed.
        line: LineEdit,
        /// What is wrong with it.
        problem: Option<String>,
    },
    /// A question to answer with yes or no.
    Ask(Question),
}

/// What a line is typed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A field's value; its index in the recipe's table.
    Value(usize),
    /// A preset's name.
    PresetName,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// The result's file is there already.
    ReplaceFile(WriteJob),
    /// A preset of that name is there already.
    ReplacePreset {
        /// Its name.
        name: String,
        /// What would take its place.
        recipe: Recipe,
    },
    /// There are changes that were not written.
    LeaveChanges,
}

/// How to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// `q`.
    Quit,
    /// Ctrl-C, or the system asked.
    Interrupted,
}

/// A file that is being written.
#[derive(Clone, Debug, PartialEq)]
pub struct Writing {
    /// Which photograph's.
    pub photo: usize,
    /// By which recipe.
    pub recipe: Recipe,
    /// Since when.
    pub since_ms: u64,
}

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
}

/// What happened.
#[derive(Clone)]
pub enum Msg {
    /// The screen has this many columns and rows; also the first message of all.
    Resize(u16, u16),
    /// A key.
    Key(KeyEvent),
    /// Text from the clipboard.
    Paste(String),
    /// Milliseconds since the studio began.
    Tick(u64),
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
    /// A file could be written only over another.
    FileExists(WriteJob),
    /// A file was written, or why not.
    Written {
        /// What was to be done.
        job: WriteJob,
        /// How many seconds it took.
        seconds: Result<f64, String>,
    },
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
    /// Clean at full size and write the file.
    Write(WriteJob),
    /// Save a recipe under a name.
    SavePreset {
        /// Its name.
        name: String,
        /// The recipe.
        recipe: Recipe,
        /// Whether a preset of that name may be replaced.
        replace: bool,
    },
    /// Show the Batch screen.
    Batch,
    /// Show the dashboard.
    Watch,
    /// Name the terminal's window.
    SetTitle(String),
    /// Give the shell its terminal for a while.
    Suspend,
    /// End.
    Quit(Leave),
}

impl Model {
    /// What the full-size run chose, while what it made is what is shown.
    pub fn chosen(&self) -> Option<&Chosen> {
        let shown = self.shown.as_ref()?;
        (shown.generation == self.generation)
            .then_some(shown.chosen.as_ref())
            .flatten()
    }

    /// The photograph on screen.
    pub fn photo(&self) -> Option<&Photo> {
        self.photos.get(self.current)
    }

    /// What is to be seen now.
    pub fn look(&self) -> Look {
        if self.peeking {
            Look::Before
        } else {
            self.chosen_look
        }
    }

    /// Whether the recipe differs from the one that its name means.
    pub fn is_changed(&self) -> bool {
        self.recipe != self.named
    }

    /// Whether leaving now would lose something.
    pub fn has_unwritten_changes(&self) -> bool {
        self.recipe != self.kept
    }

    /// Whether there is a result to write, and nothing else is being written.
    pub fn can_write(&self) -> bool {
        let opened = |photo: &Photo| matches!(photo.state, PhotoState::Opened(..));
        self.writing.is_none() && self.photo().is_some_and(opened)
    }

    /// The pane for the picture in columns and rows; `None` when there is nothing to show in it.
    pub fn pane(&self) -> Option<(u16, u16)> {
        let area = layout::areas(self.size, self.panel_hidden)?.picture;
        match self.photo()?.state {
            PhotoState::Unreadable(_) | PhotoState::Refused(_) => None,
            PhotoState::Unread | PhotoState::Opened(..) => Some((area.width, area.height)),
        }
    }

    /// The quality of the result on screen, as far as it is the result of today's recipe.
    pub fn quality(&self) -> Option<Quality> {
        let preview = self.shown.as_ref()?;
        match preview.quality? {
            Quality::Exact if preview.generation == self.generation => Some(Quality::Exact),
            _ => Some(Quality::Draft),
        }
    }

    /// When the exact preview should begin: some time after the last change, and never before the draft
    /// has come.
    pub fn exact_due_ms(&self) -> Option<u64> {
        let preview = self.shown.as_ref()?;
        let draft = preview.generation == self.generation
            && preview.quality == Some(Quality::Draft)
            && self.asked != Some((self.generation, Quality::Exact));
        (draft && self.pane().is_some()).then_some(self.changed_ms + SETTLED_MS)
    }

    /// When a [`Msg::Tick`] would change something.
    pub fn wake_ms(&self) -> Option<u64> {
        let toast = self.toast.as_ref().map(|toast| toast.until_ms);
        let age = self.writing.as_ref().map(|_| self.now_ms + AGE_MS);
        [self.exact_due_ms(), toast, age]
            .into_iter()
            .flatten()
            .min()
    }
}
