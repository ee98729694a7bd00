//! Everything the Batch screen knows: plain data. What changes it is [`mod@super::update`], what shows it is
//! [`mod@super::view`].

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use crossterm::event::{KeyEvent, MouseEvent};
use whiteboarder_core::recipe::Recipe;
use whiteboarder_jobs::Progress;
use whiteboarder_jobs::submit::Wish;
use whiteboarder_jobs::track::{ItemState, Place};

use crate::batch::numbers::Numbers;
use crate::term::text;
use crate::ui::Call;
use crate::ui::keys::Keymap;
use crate::ui::prompt::LineEdit;
use crate::ui::toast::{Toast, Told};

/// How often the numbers of a running batch are drawn anew while nothing happens.
const AGE_MS: u64 = 500;

/// What is to be cleaned, how, and where from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Order {
    /// Photographs and folders.
    pub paths: Vec<PathBuf>,
    /// Where results go.
    pub output: PathBuf,
    /// The recipe's name, with a `*` when it was changed.
    pub recipe_name: String,
    /// The recipe.
    pub recipe: Recipe,
    /// The names of the pictures that are meant, when not all are: those with this recipe.
    pub only: Option<BTreeSet<String>>,
    /// What has other recipes, and is submitted in batches of its own afterwards.
    pub then: Vec<Order>,
}

impl Order {
    /// How many pictures are meant, when not all are.
    pub fn count(&self) -> Option<usize> {
        self.only.as_ref().map(BTreeSet::len)
    }
}

/// How to submit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choices {
    /// Where to run.
    pub wish: Wish,
    /// Whether folders are looked through with all that is in them.
    pub subfolders: bool,
    /// Whether an earlier batch's result is taken when nothing has changed.
    pub skip_unchanged: bool,
    /// Whether results are downloaded.
    pub download: bool,
}

impl Default for Choices {
    fn default() -> Choices {
        Choices {
            wish: Wish::Auto,
            subfolders: true,
            skip_unchanged: true,
            download: true,
        }
    }
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Nothing was looked for yet, or it failed.
    #[default]
    Unplanned,
    /// Files are looked at.
    Scanning,
    /// It is known what would be done.
    Planned,
    /// It runs.
    Running,
    /// It was told to pause.
    Pausing,
    /// It waits to go on.
    Paused,
    /// Everything is settled.
    Ended,
}

/// A picture of the plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Its name in the batch.
    pub name: String,
    /// Size of the file.
    pub bytes: u64,
    /// Width times height, when the header could be read.
    pub pixels: Option<u64>,
    /// Where it will probably run.
    pub place: Option<Place>,
    /// Predicted seconds.
    pub seconds: Option<f64>,
    /// Predicted peak memory in MB.
    pub memory_mb: Option<u64>,
    /// What it would cost on AWS, US dollars.
    pub cost: Option<f64>,
    /// Why there, or what is wrong with it.
    pub why: String,
    /// Whether somebody left it out.
    pub out: bool,
}

/// What looking at the files told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Planned {
    /// The pictures in the order of their names.
    pub rows: Vec<Row>,
    /// What was left out, in lines.
    pub left_out: Vec<String>,
    /// Where the originals go: `s3://bucket/inbox/`.
    pub into: String,
}

/// What can lie on top.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    /// A filter is typed.
    Filter {
        /// What was typed.
        line: LineEdit,
    },
    /// Whether to leave while something is uploaded.
    AskLeave,
}

/// The state of the screen.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// Columns and rows.
    pub size: (u16, u16),
    /// Milliseconds since the program began, as last told.
    pub now_ms: u64,
    /// The profile's name.
    pub profile: String,
    /// What is to be cleaned.
    pub order: Order,
    /// What the screen was opened with; `order` is the part of it whose turn it is.
    pub opened: Order,
    /// How.
    pub choices: Choices,
    /// How far it is.
    pub phase: Phase,
    /// Counts plans; an answer to an older one is dropped.
    pub generation: u64,
    /// The pictures.
    pub rows: Vec<Row>,
    /// What was left out, in lines.
    pub left_out: Vec<String>,
    /// Where the originals go.
    pub into: String,
    /// Indices of the rows that the filter lets through.
    pub shown: Vec<usize>,
    /// The filter.
    pub filter: String,
    /// The selected one, as an index in `shown`.
    pub cursor: usize,
    /// The batch's id, once it has one.
    pub batch: Option<String>,
    /// What became of the batches before it, in lines.
    pub earlier: Vec<String>,
    /// Its numbers.
    pub numbers: Numbers,
    /// When it began, and how long it took.
    pub began_ms: u64,
    /// See `began_ms`.
    pub took_ms: Option<u64>,
    /// Why it cannot go on, in a sentence.
    pub trouble: Option<String>,
    /// Other keys than the table's.
    pub keymap: Arc<Keymap>,
    /// What lies on top and has the keys.
    pub layer: Option<Layer>,
    /// The last message, while it lasts.
    pub toast: Option<Toast>,
    /// What was told since the log has last looked.
    pub told: Vec<Told>,
    /// Whether to leave as soon as it has paused.
    pub leaving: bool,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Msg {
    /// The screen has this many columns and rows.
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
    /// Milliseconds since the program began.
    Tick(u64),
    /// The screen is opened, with what the studio has now.
    Open(Box<Order>),
    /// The files were looked at.
    Planned {
        /// Which plan it was.
        generation: u64,
        /// What there is, or why not.
        plan: Result<Box<Planned>, String>,
    },
    /// What the client tells.
    Progress(Vec<Progress>),
    /// The uploads have stopped as asked.
    Paused,
    /// Somebody wants to leave the program from another screen.
    Leave,
    /// It has ended: well, or why not.
    Ended(Result<(), String>),
}

/// What is to be done about it.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Look at the files.
    Plan {
        /// Which plan it is.
        generation: u64,
        /// What to look at.
        order: Box<Order>,
        /// How.
        choices: Choices,
    },
    /// Submit the plan, without those of these names; or go on with it.
    Submit {
        /// Names left out.
        without: Vec<String>,
        /// How.
        choices: Choices,
    },
    /// Stop the uploads.
    Pause,
    /// Show the studio.
    Studio,
    /// Show the dashboard.
    Watch,
    /// Name the terminal's window.
    SetTitle(String),
    /// What every screen can ask for.
    Call(Call),
    /// Give the shell its terminal for a while.
    Suspend,
    /// End; true when it was Ctrl-C.
    Quit {
        /// Whether without a question.
        interrupted: bool,
    },
}

impl Model {
    /// What became of a batch that has ended: `batch 01J…: 12 cleaned, 1 failed`.
    pub fn summary(&self) -> Option<String> {
        let batch = self.batch.as_ref().filter(|_| self.phase == Phase::Ended)?;
        let count = self.numbers.tally.count();
        Some(format!(
            "batch {batch}: {} cleaned{}",
            count.cleaned,
            text::counts(&[(count.failed, "failed"), (count.stopped, "stopped")])
        ))
    }

    /// Whether uploads or executions are followed.
    pub fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Running | Phase::Pausing)
    }

    /// Whether Enter would begin or go on with something.
    pub fn can_submit(&self) -> bool {
        match self.phase {
            Phase::Planned => self.taken().next().is_some(),
            Phase::Paused => true,
            Phase::Ended => !self.order.then.is_empty(),
            _ => false,
        }
    }

    /// Whether there is something to pause.
    pub fn can_pause(&self) -> bool {
        self.phase == Phase::Running
    }

    /// The pictures that are not left out.
    pub fn taken(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| !row.out)
    }

    /// The state of a picture, once anything was heard of it.
    pub fn state(&self, row: &Row) -> Option<ItemState> {
        self.numbers.tally.get(&row.name).map(|known| known.state)
    }

    /// When a [`Msg::Tick`] would change something.
    pub fn wake_ms(&self) -> Option<u64> {
        let toast = self.toast.as_ref().map(|toast| toast.until_ms);
        let age = self.is_running().then_some(self.now_ms + AGE_MS);
        [toast, age].into_iter().flatten().min()
    }
}
