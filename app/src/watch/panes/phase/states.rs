//! All visits of a state together.

use std::collections::{HashMap, HashSet};

use ratatui::text::Span;
use whiteboarder_jobs::track::{ExecutionView, StateKind, Step};
use whiteboarder_jobs::watch::graph::Graph;

use super::{Phase, error};
use crate::term::text;
use crate::term::theme::Theme;

/// Iterations of a Map state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Items {
    /// Came to their end.
    pub done: u32,
    /// Failed.
    pub failed: u32,
    /// All.
    pub of: u32,
}

/// What became of a state, all visits together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// How far it is: what is open or failed in some iteration counts more than what is done in others.
    pub phase: Phase,
    /// How often it was entered.
    pub visits: u32,
    /// Whether these are items of a Map state.
    pub iterations: bool,
    /// Tries of the visit that has most of them.
    pub attempts: usize,
    /// Since when the visit lasts that is open, or of how many milliseconds it was. Of iterations the longest.
    took_ms: i64,
    since_ms: Option<i64>,
    /// The error that it failed with.
    pub error: Option<String>,
    /// Its iterations, of a Map state.
    pub items: Option<Items>,
}

impl Told {
    fn first(phase: Phase) -> Told {
        Told {
            phase,
            visits: 0,
            iterations: false,
            attempts: 0,
            took_ms: 0,
            since_ms: None,
            error: None,
            items: None,
        }
    }

    fn add(&mut self, step: &Step, phase: Phase, stopped_ms: Option<i64>) {
        self.visits += 1;
        self.iterations |= step.iteration.is_some();
        let weight = |phase: Phase| match phase {
            Phase::Done => 0,
            Phase::Caught | Phase::Stopped => 1,
            Phase::Failed => 2,
            _ => 3,
        };
        // In a loop the last visit tells; among iterations the most notable one.
        if !self.iterations || self.visits == 1 || weight(phase) >= weight(self.phase) {
            self.phase = phase;
            self.error = error(step).map(str::to_owned);
            self.since_ms = phase.is_open().then_some(step.entered_ms);
        }
        self.attempts = if self.iterations {
            self.attempts.max(step.attempts.len())
        } else {
            step.attempts.len()
        };
        let until = step.exited_ms.or_else(|| {
            let ended = step.attempts.last().and_then(|last| last.ended_ms);
            ended.or(stopped_ms)
        });
        let took = until.map_or(0, |until| (until - step.entered_ms).max(0));
        self.took_ms = if self.iterations {
            self.took_ms.max(took)
        } else {
            took
        };
    }

    /// Seconds that it took, or takes so far.
    pub fn seconds(&self, now_ms: i64) -> f64 {
        let ms = self.since_ms.map_or(self.took_ms, |since| now_ms - since);
        ms.max(0) as f64 / 1000.0
    }

    /// `✗ caught States.Timeout 60 s ×3 (2 visits)`. Without `words`, what the glyph says is not said again.
    pub fn spans(
        &self,
        kind: StateKind,
        words: bool,
        now_ms: i64,
        theme: &Theme,
    ) -> Vec<Span<'static>> {
        let unicode = !theme.ascii();
        let style = self.phase.style(theme);
        let mut said = self.phase.mark().glyph(unicode).to_owned();
        let wordless = matches!(self.phase, Phase::Done | Phase::Running | Phase::Failed);
        if words || !wordless {
            said.extend([" ", self.phase.word()]);
        }
        if let Some(error) = self.error.as_deref().filter(|_| self.phase != Phase::Done) {
            // In a little room the Catch's own row names the error.
            if words || self.phase == Phase::Failed {
                said.extend([" ", &text::safe(error)]);
            }
        }
        let mut rest = String::new();
        let seconds = self.seconds(now_ms);
        let instant = matches!(
            kind,
            StateKind::Choice | StateKind::Pass | StateKind::Succeed | StateKind::Fail
        );
        if !(instant && seconds < 0.5) {
            rest.extend([" ", &text::seconds(seconds)]);
        }
        if self.attempts > 1 {
            rest.push_str(if unicode { " ×" } else { " x" });
            rest.push_str(&self.attempts.to_string());
        }
        match self.items {
            Some(Items { done, failed, of }) => {
                rest = format!("{rest} {done}/{of} items");
                if failed > 0 {
                    rest = format!("{rest}, {failed} failed");
                }
            }
            None if self.visits > 1 && self.iterations => {
                rest = format!("{rest} ({} items)", self.visits);
            }
            None if self.visits > 1 => rest = format!("{rest} ({} visits)", self.visits),
            None => {}
        }
        vec![Span::styled(said, style), Span::styled(rest, theme.plain)]
    }
}

/// What became of every state of a machine in an execution.
#[derive(Clone, Debug, Default)]
pub struct States<'a> {
    told: HashMap<&'a str, Told>,
    taken: HashSet<(&'a str, &'a str)>,
    caught: HashMap<(&'a str, &'a str), &'a str>,
}

impl<'a> States<'a> {
    /// Adds the visits up.
    pub fn of(view: &'a ExecutionView, graph: &Graph) -> States<'a> {
        let mut states = States::default();
        let ends: HashSet<&str> = graph
            .nodes()
            .iter()
            .filter(|node| node.ends)
            .map(|node| node.name.as_str())
            .collect();
        let mut items: HashMap<usize, (HashSet<u32>, HashSet<u32>)> = HashMap::new();
        for step in &view.steps {
            let phase = Phase::of(step, view.status);
            states
                .told
                .entry(&step.name)
                .or_insert_with(|| Told::first(phase))
                .add(step, phase, view.stopped_ms);
            if let Some(from) = step.after.and_then(|after| view.steps.get(after)) {
                let way = (from.name.as_str(), step.name.as_str());
                match (Phase::of(from, view.status), error(from)) {
                    (Phase::Caught, Some(error)) => {
                        states.caught.insert(way, error);
                    }
                    _ => {
                        states.taken.insert(way);
                    }
                }
            }
            if let (Some(map), Some(item)) = (step.within, step.iteration) {
                let (done, failed) = items.entry(map).or_default();
                match phase {
                    Phase::Done if ends.contains(step.name.as_str()) => {
                        done.insert(item);
                    }
                    Phase::Failed => {
                        failed.insert(item);
                    }
                    _ => {}
                }
            }
        }
        for (index, step) in view.steps.iter().enumerate() {
            let Some(of) = step.items else { continue };
            let (done, failed) = items.get(&index).map_or((0, 0), |(done, failed)| {
                (done.len() as u32, failed.len() as u32)
            });
            if let Some(told) = states.told.get_mut(step.name.as_str()) {
                told.items = Some(Items { done, failed, of });
            }
        }
        states
    }

    /// What became of a state; `None` when it was not reached.
    pub fn get(&self, name: &str) -> Option<&Told> {
        self.told.get(name)
    }

    /// Whether the execution went on from one state to the other.
    pub fn took(&self, from: &str, to: &str) -> bool {
        self.taken.contains(&(from, to))
    }

    /// The error that led from one state to the other through a Catch.
    pub fn caught(&self, from: &str, to: &str) -> Option<&'a str> {
        self.caught.get(&(from, to)).copied()
    }
}
