//! Cleaning many photographs here: what is known while it runs, and what became of it.
//!
//! The [`cleaner`] does it on threads of its own, by the same path as `whiteboarder clean`.

pub mod cleaner;
pub mod order;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;

use whiteboarder_core::recipe::Recipe;

use super::model::{Model, PhotoState};

/// No time left is guessed before this much has passed.
const GUESS_AFTER_MS: u64 = 3_000;

/// A photograph to be cleaned.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Its index.
    pub photo: usize,
    /// Its file.
    pub path: PathBuf,
    /// Its name.
    pub name: String,
    /// Its result's file.
    pub output: PathBuf,
}

/// Photographs with one recipe.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The recipe.
    pub recipe: Recipe,
    /// Its photographs.
    pub jobs: Vec<Job>,
}

/// What happens to results that are there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It is asked about them before anything is done.
    Ask,
    /// They are replaced.
    Replace,
    /// Their photographs are left out.
    Skip,
}

/// What the cleaner tells.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// So many results are there already. Nothing was done.
    Exists(usize),
    /// It begins; the photographs that are cleaned with their pixels.
    Begun(Vec<(usize, u64)>),
    /// A photograph is finished.
    Cleaned {
        /// Its index.
        photo: usize,
        /// Why it has no result, when it has none.
        failed: Option<String>,
    },
    /// All is done, or it was stopped; or why it had to end.
    Ended(Option<String>),
}

/// A cleaning of many photographs.
#[derive(Clone, Debug, Default)]
pub struct Acting {
    /// What was asked for, while it runs or waits for an answer.
    pub groups: Vec<Group>,
    /// Whether it runs.
    pub running: bool,
    /// Whether only the marked ones are to be submitted.
    pub submits_marked: bool,
    /// Whether it was told to stop.
    pub stopping: bool,
    /// Pixels of each photograph that is cleaned.
    pixels: BTreeMap<usize, u64>,
    /// How many are finished, well or badly.
    pub finished: usize,
    /// Their pixels.
    finished_pixels: u64,
    /// When it began.
    pub since_ms: u64,
    /// Photographs that could not be cleaned, and why: of the last run, and of those before it as long as it is so.
    pub failed: BTreeMap<usize, String>,
}

impl Acting {
    /// It begins with these photographs.
    pub fn begin(&mut self, pixels: Vec<(usize, u64)>, now_ms: u64) {
        self.pixels = pixels.into_iter().collect();
        self.finished = 0;
        self.finished_pixels = 0;
        self.since_ms = now_ms;
    }

    /// A photograph is finished.
    pub fn finish(&mut self, photo: usize, failed: Option<String>) {
        self.finished += 1;
        self.finished_pixels += self.pixels.get(&photo).copied().unwrap_or(0);
        match failed {
            Some(why) => self.failed.insert(photo, why),
            None => self.failed.remove(&photo),
        };
    }

    /// How many photographs are cleaned.
    pub fn count(&self) -> usize {
        self.pixels.len()
    }

    /// How many of them have failed.
    pub fn failures(&self) -> usize {
        let here = |photo: &&usize| self.pixels.contains_key(photo);
        self.failed.keys().filter(here).count()
    }

    /// How far it is, from 0 to 1.
    pub fn share(&self) -> f64 {
        let all: u64 = self.pixels.values().sum();
        if all == 0 {
            return self.finished as f64 / self.pixels.len().max(1) as f64;
        }
        self.finished_pixels as f64 / all as f64
    }

    /// Photographs a second; `None` until there is something to go by.
    pub fn rate(&self, now_ms: u64) -> Option<f64> {
        let seconds = now_ms.saturating_sub(self.since_ms) as f64 / 1000.0;
        (self.finished > 0 && seconds > 0.5).then(|| self.finished as f64 / seconds)
    }

    /// Seconds that are left, once a guess is worth something.
    pub fn left(&self, now_ms: u64) -> Option<f64> {
        let lasted = now_ms.saturating_sub(self.since_ms);
        let share = self.share();
        (lasted >= GUESS_AFTER_MS && share > 0.0)
            .then(|| lasted as f64 / 1000.0 * (1.0 / share - 1.0))
    }

    /// The recipe by which a photograph is cleaned.
    pub fn recipe_of(&self, photo: usize) -> Option<&Recipe> {
        let has = |group: &&Group| group.jobs.iter().any(|job| job.photo == photo);
        self.groups.iter().find(has).map(|group| &group.recipe)
    }

    /// Where its result is.
    pub fn output_of(&self, photo: usize) -> Option<&PathBuf> {
        let mut jobs = self.groups.iter().flat_map(|group| &group.jobs);
        jobs.find(|job| job.photo == photo).map(|job| &job.output)
    }
}

/// The photographs that can be read, or those of them that are marked, with the recipes that count for them: the one that
/// most of them share first.
pub fn groups(model: &Model, marked: bool) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (photo, entry) in model.photos.iter().enumerate() {
        let refused = matches!(entry.state, PhotoState::Refused(_));
        if refused || (marked && !model.film.marked.contains(&photo)) {
            continue;
        }
        let (recipe, _) = model.recipe_of(photo);
        let job = Job {
            photo,
            path: entry.path.clone(),
            name: entry.name.clone(),
            output: entry.output.clone(),
        };
        match groups.iter_mut().find(|group| group.recipe == *recipe) {
            Some(group) => group.jobs.push(job),
            None => groups.push(Group {
                recipe: recipe.clone(),
                jobs: vec![job],
            }),
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.jobs.len()));
    groups
}
