//! Everything the studio knows: plain data. What changes it is [`mod@super::update`], what shows it is
//! [`mod@super::view`].

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use whiteboarder_core::analysis::Chosen;
use whiteboarder_core::preview::Quality;
use whiteboarder_core::recipe::{Recipe, Value};

use super::acting::Acting;
use super::compose::Halves;
use super::estimate::Measured;
use super::film::Film;
use super::history::History;
use super::layout;
use super::message::WriteJob;
use super::own::Owns;
use super::picker::Picker;
use super::rows;
use super::sight::{Reading, Sight};
use super::slots::Slots;
use super::viewport::Viewport;
use crate::presets::Preset;
use crate::ui::keys::Keymap;
use crate::ui::picture::{HALF, Shown};
use crate::ui::prompt::LineEdit;
use crate::ui::toast::{Toast, Told};
use crate::watch::price::Pricing;

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
    /// Which part of the photograph is seen, and how large.
    pub viewport: Viewport,
    /// Whether what is clipped is coloured.
    pub clipping: bool,
    /// Recipes that were put aside to be compared.
    pub slots: Slots,
    /// The cell whose pixel is read out; the middle of what is seen when there is none.
    pub pointer: Option<(u16, u16)>,
    /// What the mouse has hold of.
    pub grab: Option<Grab>,
    /// A cell's pixels, as far as is known.
    pub cell: (u16, u16),
    /// Whether the panel makes room for the picture.
    pub panel_hidden: bool,
    /// Other keys than the table's.
    pub keymap: Arc<Keymap>,
    /// What lies on top and has the keys.
    pub layer: Option<Layer>,
    /// The last message, while it lasts.
    pub toast: Option<Toast>,
    /// What was told since the log has last looked.
    pub told: Vec<Told>,
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
    /// What is seen of a photograph, by its index, before its first picture.
    pub glimpse: Option<(usize, Shown)>,
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
    /// The strip of photographs: thumbnails, marks, what was written.
    pub film: Film,
    /// The recipes of other photographs than the one on screen.
    pub owns: Owns,
    /// The cleaning of many photographs here.
    pub acting: Acting,
    /// What is known of the files of photographs that were opened, by their index.
    pub measured: BTreeMap<usize, Measured>,
    /// What the target costs, when that is known.
    pub pricing: Option<Pricing>,
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
            viewport: Viewport::default(),
            clipping: false,
            slots: Slots::default(),
            pointer: None,
            grab: None,
            cell: HALF,
            panel_hidden: false,
            keymap: Arc::default(),
            layer: None,
            toast: None,
            told: Vec::new(),
            size: (0, 0),
            profile: "local".to_owned(),
            protocol: String::new(),
            now_ms: 0,
            generation: 0,
            changed_ms: 0,
            ticket: 0,
            asked: None,
            glimpse: None,
            shown: None,
            trouble: None,
            writing: None,
            written: Vec::new(),
            leaving: None,
            film: Film::default(),
            owns: Owns::default(),
            acting: Acting::default(),
            measured: BTreeMap::new(),
            pricing: None,
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
    /// What it is compared with left of the split, the result right of it.
    Split,
    /// Both, side by side.
    Beside,
    /// The background that was found.
    Background,
    /// What was changed.
    Difference,
    /// What counts as ink.
    Mask,
    /// What the result is compared with: the photograph, or another result.
    Before,
}

impl Look {
    /// All of them, in the order in which a key goes through them.
    pub const ALL: [Look; 7] = [
        Look::After,
        Look::Split,
        Look::Beside,
        Look::Background,
        Look::Difference,
        Look::Mask,
        Look::Before,
    ];

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Look::After => "after",
            Look::Split => "split",
            Look::Beside => "side by side",
            Look::Background => "background",
            Look::Difference => "difference",
            Look::Mask => "ink mask",
            Look::Before => "before",
        }
    }

    /// The one after it, or before it.
    pub fn next(self, forward: bool) -> Look {
        let at = Look::ALL.iter().position(|look| *look == self).unwrap_or(0);
        let step = if forward { 1 } else { Look::ALL.len() - 1 };
        Look::ALL[(at + step) % Look::ALL.len()]
    }
}

/// What the mouse has hold of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grab {
    /// The line between before and after.
    Split,
    /// The picture, last at this cell.
    Picture((u16, u16)),
    /// The slider of a field.
    Slider(usize),
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
    /// The numbers behind it.
    pub sight: Arc<Sight>,
}

/// What can lie on top of the studio.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
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
    /// For which photographs the recipe is to count.
    Scope,
    /// A photograph is looked for by name, or a file to open.
    Picker(Box<Picker>),
    /// For which photographs something is done.
    Which(Deed),
    /// So many results are there already.
    Existing(usize),
    /// What could not be cleaned, scrolled down by so many rows.
    Failures {
        /// Rows above the first that is shown.
        scroll: u16,
    },
    /// What was left to the picture just now.
    Auto {
        /// The fields, as indices in the recipe's table, with their values before.
        changed: Vec<(usize, Value)>,
    },
    /// The presets, of which each is shown as it is passed.
    Presets {
        /// All of them.
        list: Vec<Preset>,
        /// The one that is shown.
        at: Option<usize>,
        /// The recipe before.
        from: Box<Recipe>,
    },
}

/// What is done with many photographs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// They are cleaned here.
    Clean,
    /// They are submitted.
    Submit,
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
    /// Many photographs are being cleaned.
    StopCleaning,
    /// So are they while somebody leaves.
    LeaveCleaning,
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
        self.recipe != self.kept || self.has_changes_aside()
    }

    /// Whether there is a result to write, and nothing else is being written.
    pub fn can_write(&self) -> bool {
        let opened = |photo: &Photo| matches!(photo.state, PhotoState::Opened(..));
        self.writing.is_none() && self.photo().is_some_and(opened)
    }

    /// The parts of the screen; `None` when it is too small.
    pub fn areas(&self) -> Option<layout::Areas> {
        layout::areas(self.size, self.panel_hidden, self.photos.len())
    }

    /// The pane for the picture in columns and rows; `None` when there is nothing to show in it.
    pub fn pane(&self) -> Option<(u16, u16)> {
        let area = self.areas()?.picture;
        match self.photo()?.state {
            PhotoState::Unreadable(_) | PhotoState::Refused(_) => None,
            PhotoState::Unread | PhotoState::Opened(..) => Some((area.width, area.height)),
        }
    }

    /// Pixels of the pane for one view of a photograph of this size: half of the pane when two are side by side.
    pub fn view_pane(&self, photo: (u32, u32)) -> Option<(u32, u32)> {
        let (columns, rows) = self.pane()?;
        Some(match self.look() {
            Look::Beside => Halves::of(columns, rows, self.cell, photo).pane,
            _ => (
                u32::from(columns) * u32::from(self.cell.0),
                u32::from(rows) * u32::from(self.cell.1),
            ),
        })
    }

    /// The pixel under the pointer, or in the middle of what is seen.
    pub fn reading(&self) -> Option<Reading> {
        let shown = self.shown.as_ref()?;
        let pane = self.areas()?.picture;
        let pointed = self
            .pointer
            .and_then(|at| shown.sight.pixel(pane, shown.shown.size(), at));
        shown
            .sight
            .reading(pointed.unwrap_or_else(|| shown.sight.middle()))
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

    /// When a [`Msg::Tick`](super::message::Msg::Tick) would change something.
    pub fn wake_ms(&self) -> Option<u64> {
        let toast = self.toast.as_ref().map(|toast| toast.until_ms);
        let works = self.writing.is_some() || self.acting.running;
        let age = works.then_some(self.now_ms + AGE_MS);
        [self.exact_due_ms(), toast, age]
            .into_iter()
            .flatten()
            .min()
    }
}
