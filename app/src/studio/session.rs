//! What a studio that ends without being left leaves behind: the recipe with its steps, so that the next studio of the same
//! photographs goes on where it was.
//!
//! Each running studio holds one place in a folder, by a lock that the system gives back however it ends. After every step
//! a thread of its own writes what is to be kept there; leaving in good order removes it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use whiteboarder_core::recipe::{FIELDS, Field, Kind, Recipe, Value};

use super::history::{Change, History};
use super::model::Model;
use super::own::Held;
use crate::cleaning::write::write_private;
use crate::local::lock::Lock;
use crate::local::private_folder;

/// Steps that are kept in each direction.
const STEPS: usize = 500;
/// Studios at the same time, and such as were interrupted, that are kept.
const PLACES: usize = 32;
/// The format of the file.
const VERSION: u32 = 1;

/// What is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    version: u32,
    /// What was opened.
    paths: Vec<PathBuf>,
    /// The recipe that it was opened with.
    opened_with: String,
    /// The photograph on screen.
    current: Option<PathBuf>,
    /// The recipe that the photographs share.
    #[serde(flatten)]
    shared: Kept,
    /// Photographs with recipes of their own.
    #[serde(default)]
    own: Vec<(PathBuf, Kept)>,
}

/// A recipe with its steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Kept {
    recipe: String,
    recipe_name: String,
    named: String,
    /// Steps done, and steps taken back.
    steps: [Vec<Vec<Step>>; 2],
}

/// A field's change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Step {
    field: String,
    from: Json,
    to: Json,
}

impl Session {
    /// What there is to keep of a studio.
    pub fn of(model: &Model, paths: &[PathBuf], opened_with: &str) -> Session {
        let own = model.own().into_iter().filter_map(|(photo, held)| {
            let path = model.photos.get(photo)?.path.clone();
            Some((path, Kept::of(&held)))
        });
        Session {
            version: VERSION,
            paths: paths.to_vec(),
            opened_with: opened_with.to_owned(),
            current: model.photo().map(|photo| photo.path.clone()),
            shared: Kept::of(&model.shared()),
            own: own.collect(),
        }
    }

    /// Whether there is anything that somebody would miss.
    fn is_worth_keeping(&self) -> bool {
        let shared = &self.shared;
        shared.recipe != shared.named
            || shared.steps.iter().any(|steps| !steps.is_empty())
            || !self.own.is_empty()
    }

    /// Goes on with it. False when something in it cannot be understood; nothing is changed then.
    pub fn restore(self, model: &mut Model) -> bool {
        let at = |path: &PathBuf| model.photos.iter().position(|photo| photo.path == *path);
        let Some(shared) = self.shared.held() else {
            return false;
        };
        let mut own = BTreeMap::new();
        for (path, kept) in self.own {
            let Some(held) = kept.held() else {
                return false;
            };
            // A photograph that is gone needs no recipe.
            own.extend(at(&path).map(|photo| (photo, held)));
        }
        let current = self.current.as_ref().and_then(at);
        model.resume(shared, own, current.unwrap_or(model.current));
        true
    }
}

impl Kept {
    fn of(held: &Held) -> Kept {
        let step = |changes: Vec<Change>| changes.iter().filter_map(written).collect();
        let steps = held.history.steps(STEPS);
        Kept {
            recipe: held.recipe.to_toml(),
            recipe_name: held.name.clone(),
            named: held.named.to_toml(),
            steps: steps.map(|steps| steps.into_iter().map(step).collect()),
        }
    }

    fn held(self) -> Option<Held> {
        let recipe = Recipe::from_toml(&self.recipe).ok()?;
        let named = Recipe::from_toml(&self.named).ok()?;
        let steps = self.steps.map(|steps| {
            let step = |changes: Vec<Step>| changes.iter().map(read).collect::<Option<Vec<_>>>();
            steps.into_iter().map(step).collect::<Option<Vec<_>>>()
        });
        let [Some(done), Some(undone)] = steps else {
            return None;
        };
        Some(Held {
            recipe,
            kept: named.clone(),
            named,
            name: self.recipe_name,
            history: History::of_steps([done, undone]),
        })
    }
}

fn written(change: &Change) -> Option<Step> {
    let field = FIELDS.get(change.field)?;
    let json = |value| match value {
        Value::Number(number) => Json::from(number),
        Value::Flag(flag) => Json::from(flag),
        Value::Choice(name) => Json::from(name),
    };
    Some(Step {
        field: name(field),
        from: json(change.from),
        to: json(change.to),
    })
}

fn name(field: &Field) -> String {
    format!("{}.{}", field.section, field.name)
}

fn read(step: &Step) -> Option<Change> {
    let index = FIELDS.iter().position(|field| name(field) == step.field)?;
    let value = |json: &Json| match FIELDS[index].kind {
        Kind::Number { min, max, .. } => {
            let number = json
                .as_f64()
                .filter(|number| (min..=max).contains(number))?;
            Some(Value::Number(number))
        }
        Kind::Flag => json.as_bool().map(Value::Flag),
        Kind::Choice(names) => {
            let wanted = json.as_str()?;
            let name = names.iter().find(|name| **name == wanted)?;
            Some(Value::Choice(name))
        }
    };
    Some(Change {
        field: index,
        from: value(&step.from)?,
        to: value(&step.to)?,
    })
}

/// A running studio's place.
pub struct Journal {
    path: PathBuf,
    paths: Vec<PathBuf>,
    opened_with: String,
    /// The history's version that was last handed over.
    noted: (u64, u64, bool),
    thread: Option<(Sender<Session>, JoinHandle<()>)>,
    _lock: Lock,
}

impl Journal {
    /// Takes a place in `folder`, and what an interrupted studio of the same photographs and recipe has left there.
    pub fn open(
        folder: &Path,
        paths: &[PathBuf],
        opened_with: &str,
    ) -> io::Result<(Journal, Option<Session>)> {
        private_folder(folder).map_err(|error| io::Error::other(error.to_string()))?;
        let paths: Vec<PathBuf> = paths
            .iter()
            .map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone()))
            .collect();
        let mut free = None;
        let mut found = None;
        for place in 0..PLACES {
            let Some(lock) = Lock::try_take(&folder.join(format!("{place}.lock")))? else {
                continue;
            };
            let path = folder.join(format!("{place}.json"));
            match fs::read(&path) {
                Err(_) if free.is_none() => free = Some((path, lock)),
                Err(_) => {}
                Ok(bytes) => {
                    let session = serde_json::from_slice::<Session>(&bytes).ok();
                    let ours = session.filter(|session| {
                        session.version == VERSION
                            && session.paths == paths
                            && session.opened_with == opened_with
                    });
                    if let Some(session) = ours {
                        found = Some((path, lock, session));
                        break;
                    }
                }
            }
        }
        let (path, lock, session) = match (found, free) {
            (Some((path, lock, session)), _) => (path, lock, Some(session)),
            (None, Some((path, lock))) => (path, lock, None),
            (None, None) => return Err(io::Error::other("too many studios were interrupted")),
        };
        let journal = Journal {
            path,
            paths,
            opened_with: opened_with.to_owned(),
            noted: (0, 0, false),
            thread: None,
            _lock: lock,
        };
        Ok((journal, session))
    }

    /// Keeps what has changed since it was last called. Writing is the thread's.
    pub fn note(&mut self, model: &Model) {
        let version = model.steps_version();
        if version == self.noted {
            return;
        }
        self.noted = version;
        let session = Session::of(model, &self.paths, &self.opened_with);
        let sender = match &self.thread {
            Some((sender, _)) => sender,
            None => match self.start() {
                Ok(thread) => &self.thread.insert(thread).0,
                Err(error) => {
                    tracing::warn!(%error, "steps are not kept: no thread");
                    return;
                }
            },
        };
        let _ = sender.send(session);
    }

    fn start(&self) -> io::Result<(Sender<Session>, JoinHandle<()>)> {
        let (sender, sessions) = channel::<Session>();
        let path = self.path.clone();
        let thread = thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || {
                while let Ok(session) = sessions.recv() {
                    // Of what came meanwhile only the last counts.
                    let session = sessions.try_iter().last().unwrap_or(session);
                    if let Err(error) = keep(&path, &session) {
                        tracing::warn!(%error, path = %path.display(), "steps are not kept");
                    }
                }
            })?;
        Ok((sender, thread))
    }

    /// Leaves in good order: nothing has to be kept.
    pub fn close(mut self) {
        if let Some((sender, thread)) = self.thread.take() {
            drop(sender);
            let _ = thread.join();
        }
        let _ = fs::remove_file(&self.path);
    }
}

fn keep(path: &Path, session: &Session) -> io::Result<()> {
    if !session.is_worth_keeping() {
        return match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
    }
    write_private(
        path,
        &serde_json::to_vec(session).map_err(io::Error::other)?,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studio::fixture::{drive, studio};

    const SIZE: (u16, u16) = (80, 24);

    fn open(folder: &Path, photos: &str, recipe: &str) -> (Journal, Option<Session>) {
        Journal::open(folder, &[PathBuf::from(photos)], recipe).unwrap()
    }

    /// Ends without leaving: what was handed over is written, and the lock is given back.
    fn kill(mut journal: Journal) {
        let (sender, thread) = journal.thread.take().unwrap();
        drop(sender);
        thread.join().unwrap();
    }

    #[test]
    fn an_interrupted_studio_goes_on_with_its_steps() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, session) = open(folder.path(), "photos", "default");
        assert_eq!(session, None);
        let mut model = studio(3, SIZE);
        drive(&mut model, ". lll jjj l u l");
        journal.note(&model);
        kill(journal);

        let (mut journal, session) = open(folder.path(), "photos", "default");
        let mut again = studio(3, SIZE);
        assert!(session.unwrap().restore(&mut again));
        assert_eq!((&again.recipe, again.current), (&model.recipe, 1));
        for keys in ["u", "u", "<Ctrl-R>", "<Ctrl-R>", "u"] {
            drive(&mut model, keys);
            drive(&mut again, keys);
            assert_eq!(again.recipe, model.recipe, "{keys}");
        }
        journal.note(&again);
        journal.close();
        let (_, session) = open(folder.path(), "photos", "default");
        assert_eq!(session, None, "it was left in good order");
    }

    #[test]
    fn recipes_of_single_photographs_are_kept_too() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(folder.path(), "photos", "default");
        let mut model = studio(3, SIZE);
        drive(&mut model, ". lll T o l");
        journal.note(&model);
        kill(journal);
        let (journal, session) = open(folder.path(), "photos", "default");
        let mut again = studio(3, SIZE);
        assert!(session.unwrap().restore(&mut again));
        assert_eq!(again.current, 1);
        for photo in 0..3 {
            assert_eq!(again.recipe_of(photo), model.recipe_of(photo), "{photo}");
            assert_eq!(again.has_own(photo), photo == 1);
        }
        drive(&mut again, "u");
        assert!((again.recipe.background.small - 2.5).abs() < 1e-9);
        journal.close();
    }

    #[test]
    fn what_was_interrupted_is_kept_for_its_own_photographs_and_recipe() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(folder.path(), "photos", "default");
        let mut model = studio(1, SIZE);
        drive(&mut model, "l");
        journal.note(&model);
        kill(journal);
        for (photos, recipe) in [("others", "default"), ("photos", "hard")] {
            let (journal, session) = open(folder.path(), photos, recipe);
            assert_eq!(session, None);
            journal.close();
        }
        let (first, session) = open(folder.path(), "photos", "default");
        assert!(session.is_some());
        // While that one runs, another begins anew.
        let (second, session) = open(folder.path(), "photos", "default");
        assert_eq!(session, None);
        second.close();
        first.close();
    }

    #[test]
    fn what_cannot_be_understood_changes_nothing() {
        let mut model = studio(1, SIZE);
        drive(&mut model, "lll");
        let good = Session::of(&model, &[], "default");
        let mut fresh = studio(1, SIZE);
        let before = fresh.recipe.clone();
        let mut bad = good.clone();
        bad.shared.steps[0][0][0].field = "finish.magic".to_owned();
        assert!(!bad.restore(&mut fresh));
        let mut bad = good.clone();
        bad.shared.steps[0][0][0].to = Json::from(1e9);
        assert!(!bad.restore(&mut fresh));
        let mut bad = good;
        bad.shared.recipe = "finish.white = 'green'".to_owned();
        assert!(!bad.restore(&mut fresh));
        assert_eq!(fresh.recipe, before);
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("0.json"), "{").unwrap();
        assert_eq!(open(folder.path(), "photos", "default").1, None);
    }
}
