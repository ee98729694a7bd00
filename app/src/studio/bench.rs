//! A script of keys, pressed in the running studio, and how long what they change takes to be seen.
//!
//! A line is a step; what is behind `#` is a remark:
//!
//! ```text
//! label sliders        # what the figures that follow are called
//! exact                # wait until the picture is exact
//! press l 20           # twenty presses, each when the one before is seen
//! hold l 30 33         # thirty presses, 33 ms apart, as a held key makes them
//! rest 3000            # milliseconds in which nothing happens: how busy the studio is then
//! ```
//!
//! *Seen* is when the frame with a picture of the changed recipe has left for the terminal.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crossterm::event::KeyEvent;
use whiteboarder_core::preview::Quality;

use super::model::Model;
use crate::error::Failure;
use crate::ui::keys;

/// A step that has not come about after this long ends the script.
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Label(String),
    Exact,
    Press(KeyEvent, u32),
    Hold(KeyEvent, u32, Duration),
    Rest(Duration),
}

/// A running script.
pub struct Bench {
    steps: VecDeque<Step>,
    label: String,
    /// Since when the step that is at hand is at hand.
    since: Instant,
    /// When the next held key is pressed.
    next_hold: Option<Instant>,
    /// Changes whose picture was not seen yet: their generation and when they were made.
    drafts: VecDeque<(u64, Instant)>,
    /// The last change, until its exact picture is seen.
    exact: Option<(u64, Instant)>,
    /// What the frame on its way shows: the generation, and whether it is exact.
    sent: Option<(u64, bool)>,
    /// What was seen last.
    seen: Option<(u64, bool)>,
    rest: Option<(Instant, f64)>,
    begun: Begun,
    figures: Vec<Figure>,
}

/// Since the program began.
#[derive(Clone, Copy, Debug, Default)]
struct Begun {
    at: Option<Instant>,
    screen: Option<Duration>,
    picture: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq)]
struct Figure {
    name: String,
    unit: &'static str,
    values: Vec<f64>,
}

impl Bench {
    /// Reads a script. `began` is when the program began.
    pub fn read(path: &Path, began: Instant) -> Result<Bench, Failure> {
        let text = fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
        let mut steps = VecDeque::new();
        for (number, line) in text.lines().enumerate() {
            let words = line.split('#').next().unwrap_or_default();
            if words.trim().is_empty() {
                continue;
            }
            let step = step(words).ok_or_else(|| {
                Failure::usage(format!(
                    "{}, line {}: \"{}\" is no step",
                    path.display(),
                    number + 1,
                    words.trim()
                ))
                .hint("steps are: label WORD, exact, press KEY N, hold KEY N MS, rest MS")
            })?;
            steps.push_back(step);
        }
        Ok(Bench {
            steps,
            label: "keys".to_owned(),
            since: Instant::now(),
            next_hold: None,
            drafts: VecDeque::new(),
            exact: None,
            sent: None,
            seen: None,
            rest: None,
            begun: Begun {
                at: Some(began),
                ..Begun::default()
            },
            figures: Vec::new(),
        })
    }

    /// Whether nothing is left to do.
    pub fn is_over(&self) -> bool {
        self.steps.is_empty()
    }

    /// The next key, if it is time for one.
    pub fn next(&mut self, now: Instant) -> Option<KeyEvent> {
        loop {
            if now.duration_since(self.since) > PATIENCE {
                tracing::warn!(step = ?self.steps.front(), "the script waits in vain");
                self.steps.clear();
            }
            let waits = !self.drafts.is_empty();
            match self.steps.front_mut()? {
                Step::Label(name) => {
                    self.label = std::mem::take(name);
                    self.done(now);
                }
                Step::Exact => {
                    let exact = self.seen.is_some_and(|(_, exact)| exact);
                    if waits || self.exact.is_some() || !exact {
                        return None;
                    }
                    self.done(now);
                }
                Step::Press(_, 0) | Step::Hold(_, 0, _) => {
                    self.next_hold = None;
                    self.done(now);
                }
                Step::Press(key, left) => {
                    if waits {
                        return None;
                    }
                    *left -= 1;
                    let key = *key;
                    self.since = now;
                    return Some(key);
                }
                Step::Hold(key, left, every) => {
                    let due = *self.next_hold.get_or_insert(now);
                    if now < due {
                        return None;
                    }
                    *left -= 1;
                    self.next_hold = Some(due + *every);
                    let key = *key;
                    self.since = now;
                    return Some(key);
                }
                Step::Rest(length) => {
                    let length = *length;
                    let (from, busy) = *self.rest.get_or_insert_with(|| (now, processor_seconds()));
                    if now.duration_since(from) < length {
                        return None;
                    }
                    let busy = processor_seconds() - busy;
                    let share = 100.0 * busy / now.duration_since(from).as_secs_f64();
                    self.figure("processor while at rest", "%", share);
                    self.rest = None;
                    self.done(now);
                }
            }
        }
    }

    fn done(&mut self, now: Instant) {
        self.steps.pop_front();
        self.since = now;
    }

    /// How long nothing is to be done here.
    pub fn wait(&self, now: Instant) -> Option<Duration> {
        match self.steps.front()? {
            Step::Hold(..) => Some(self.next_hold?.saturating_duration_since(now)),
            Step::Rest(length) => {
                let (from, _) = self.rest?;
                Some(length.saturating_sub(now.duration_since(from)))
            }
            Step::Press(..) | Step::Label(_) => {
                Some(Duration::ZERO).filter(|_| self.drafts.is_empty())
            }
            Step::Exact => None,
        }
    }

    /// A key was pressed, and this came of it.
    pub fn pressed(&mut self, before: u64, model: &Model, at: Instant) {
        if model.generation == before {
            return;
        }
        self.drafts.push_back((model.generation, at));
        self.exact = Some((model.generation, at));
    }

    /// A frame is on its way.
    pub fn drawn(&mut self, model: &Model, at: Instant) {
        if let Some(began) = self.begun.at {
            self.begun.screen.get_or_insert(at.duration_since(began));
        }
        let shown = model.shown.as_ref();
        self.sent = shown.map(|shown| {
            let exact = shown.quality == Some(Quality::Exact);
            (shown.generation, exact)
        });
    }

    /// The frame on its way has left.
    pub fn written(&mut self, at: Instant) {
        let Some((generation, exact)) = self.sent else {
            return;
        };
        if let Some(began) = self.begun.at {
            self.begun.picture.get_or_insert(at.duration_since(began));
        }
        self.seen = self.sent;
        while let Some((wanted, since)) = self.drafts.front().copied() {
            if wanted > generation {
                break;
            }
            self.drafts.pop_front();
            self.figure("key to draft", "ms", millis(at - since));
        }
        if let Some((wanted, since)) = self.exact
            && exact
            && wanted <= generation
        {
            self.exact = None;
            self.figure("last key to exact", "ms", millis(at - since));
        }
    }

    /// A picture came from the render thread; how long its result took there.
    pub fn rendered(&mut self, seconds: f64, quality: Option<Quality>) {
        match quality {
            Some(Quality::Exact) => self.figure("exact, rendering alone", "ms", seconds * 1e3),
            Some(Quality::Draft) => self.figure("draft, rendering alone", "ms", seconds * 1e3),
            None => {}
        }
    }

    fn figure(&mut self, name: &str, unit: &'static str, value: f64) {
        let name = format!("{}: {name}", self.label);
        match self.figures.iter_mut().find(|figure| figure.name == name) {
            Some(figure) => figure.values.push(value),
            None => self.figures.push(Figure {
                name,
                unit,
                values: vec![value],
            }),
        }
    }

    /// What was measured, a line each.
    pub fn report(mut self) -> String {
        "start".clone_into(&mut self.label);
        let begun = self.begun;
        for (name, value) in [
            ("first screen", begun.screen),
            ("first picture", begun.picture),
        ] {
            if let Some(value) = value {
                self.figure(name, "ms", millis(value));
            }
        }
        "all".clone_into(&mut self.label);
        if let Some(peak) = peak_megabytes() {
            self.figure("memory at most", "MB", peak);
        }
        let rows = self.figures.iter_mut().map(|figure| {
            figure.values.sort_by(f64::total_cmp);
            let at = |share: f64| {
                let last = figure.values.len().saturating_sub(1);
                figure
                    .values
                    .get((share * last as f64).round() as usize)
                    .copied()
            };
            let cell = |share| at(share).unwrap_or(0.0);
            (
                &figure.name,
                figure.unit,
                figure.values.len(),
                [cell(0.5), cell(0.95), cell(1.0)],
            )
        });
        let mut text = format!(
            "{:<38} {:>4} {:>9} {:>9} {:>9}\n",
            "", "n", "p50", "p95", "most"
        );
        for (name, unit, n, [p50, p95, most]) in rows {
            let _ = writeln!(
                text,
                "{name:<38} {n:>4} {p50:>9.1} {p95:>9.1} {most:>9.1} {unit}"
            );
        }
        text
    }
}

fn step(words: &str) -> Option<Step> {
    let mut words = words.split_whitespace();
    let name = words.next()?;
    let mut rest: Vec<&str> = words.collect();
    rest.reverse();
    let step = match name {
        "label" => Step::Label(rest.pop()?.to_owned()),
        "exact" => Step::Exact,
        "press" => Step::Press(keys::event(rest.pop()?)?, rest.pop()?.parse().ok()?),
        "hold" => Step::Hold(
            keys::event(rest.pop()?)?,
            rest.pop()?.parse().ok()?,
            Duration::from_millis(rest.pop()?.parse().ok()?),
        ),
        "rest" => Step::Rest(Duration::from_millis(rest.pop()?.parse().ok()?)),
        _ => return None,
    };
    rest.is_empty().then_some(step)
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// Processor time of the whole process.
fn processor_seconds() -> f64 {
    let usage = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    usage.tv_sec as f64 + usage.tv_nsec as f64 / 1e9
}

/// The most memory that the process had; `None` where the system does not tell.
fn peak_megabytes() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024.0 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studio::fixture::{answer, studio};
    use crate::studio::message::Msg;
    use crate::studio::update::update;

    #[test]
    fn a_script_is_read_and_what_is_no_step_is_told_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        fs::write(
            &path,
            "# remark\nlabel wide\npress l 3 # three\n\nhold H 2 33\nexact\nrest 10\n",
        )
        .unwrap();
        let bench = Bench::read(&path, Instant::now()).ok().unwrap();
        assert_eq!(bench.steps.len(), 5);
        for wrong in [
            "press l",
            "press l x",
            "hold l 3",
            "dance",
            "exact now",
            "press NoKey 3",
        ] {
            fs::write(&path, format!("exact\n{wrong}\n")).unwrap();
            let error = Bench::read(&path, Instant::now()).err().unwrap();
            assert!(error.to_string().contains("line 2"), "{wrong}: {error}");
        }
    }

    #[test]
    fn a_press_waits_for_the_picture_of_the_one_before_and_is_measured_to_when_it_has_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        fs::write(&path, "label x\npress l 2\nexact\n").unwrap();
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut bench = Bench::read(&path, start).ok().unwrap();
        let mut model = studio(1, (80, 24));
        bench.drawn(&model, at(5));
        bench.written(at(6));

        let key = bench.next(at(10)).unwrap();
        let before = model.generation;
        let effects = update(&mut model, Msg::Key(key));
        bench.pressed(before, &model, at(10));
        assert_eq!(bench.next(at(20)), None, "its picture was not seen");
        answer(&mut model, &effects);
        bench.drawn(&model, at(25));
        assert_eq!(bench.next(at(26)), None, "it is on its way");
        bench.written(at(30));
        assert!(bench.next(at(31)).is_some());
        assert_eq!(bench.figures[0].values, [20.0]);
        assert!(bench.next(at(32)).is_none() && !bench.is_over());

        let now = model.now_ms + 1000;
        let effects = update(&mut model, Msg::Tick(now));
        answer(&mut model, &effects);
        bench.drawn(&model, at(150));
        bench.written(at(160));
        assert_eq!(bench.next(at(161)), None);
        assert!(bench.is_over());
        let report = bench.report();
        for line in [
            "x: key to draft",
            "x: last key to exact",
            "start: first picture",
        ] {
            assert!(report.contains(line), "{report}");
        }
    }
}
