//! One cleaning, as a process of its own does it: from a file to a file, and what that took.

use std::error::Error;
use std::fs::{self, File};
use std::path::Path;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use whiteboarder_core::cancel::Never;
use whiteboarder_core::clean::{self, Request};
use whiteboarder_core::image::{Limits, decode};
use whiteboarder_core::recipe::Recipe;
use whiteboarder_core::strips::cleaning::{Photograph, clean_file};
use whiteboarder_core::strips::{OutputFormat, StripOptions};
use whiteboarder_core::{finish, output};

#[path = "../../examples/processor/mod.rs"]
mod processor;
use processor::processor_seconds;

/// Memory for strips: what `whiteboarder clean` gives them.
pub const STRIPS_BYTES: u64 = 256 << 20;

/// How a file is cleaned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By [`clean::run`], as everywhere in the program.
    Whole,
    /// The same stage by stage, with a look at the clock between them.
    Stages,
    /// In strips.
    Strips,
}

impl Way {
    const ALL: [(&'static str, Self); 3] = [
        ("whole", Self::Whole),
        ("stages", Self::Stages),
        ("in-strips", Self::Strips),
    ];

    pub fn named(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, way)| *way)
    }

    pub fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(_, way)| *way == self);
        found.map_or("", |(name, _)| name)
    }
}

/// What a cleaning took.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Told {
    /// Processor seconds of all threads: decode, background, finish, encode. Only when it was done by stages.
    pub stages: Option<[f64; 4]>,
    /// Processor seconds of the whole process so far (Linux; 0 elsewhere).
    pub processor: f64,
    /// Seconds from file to file.
    pub wall: f64,
    /// The most memory that the process has had, in bytes (Linux; 0 elsewhere).
    pub peak: u64,
    pub width: u64,
    pub height: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
}

/// Cleans by the default recipe.
pub fn clean(way: Way, input: &Path, output: &Path) -> Result<Told, Box<dyn Error>> {
    let start = Instant::now();
    let mut stages = None;
    let (width, height) = match way {
        Way::Whole => whole(input, output)?,
        Way::Stages => {
            let (seconds, size) = by_stages(input, output)?;
            stages = Some(seconds);
            size
        }
        Way::Strips => in_strips(input, output)?,
    };
    let wall = start.elapsed().as_secs_f64();
    let length = |file: &Path| fs::metadata(file).map(|file| file.len());
    Ok(Told {
        stages,
        processor: process_seconds().unwrap_or(0.0),
        wall,
        peak: peak_bytes().unwrap_or(0),
        width,
        height,
        bytes_in: length(input)?,
        bytes_out: length(output)?,
    })
}

fn whole(input: &Path, output: &Path) -> Result<(u64, u64), Box<dyn Error>> {
    let recipe = Recipe::default();
    let done = clean::run(&fs::read(input)?, &Request::new(&recipe))?;
    let [file] = &done.outputs[..] else {
        return Err("one result was wished for".into());
    };
    write(output, &file.bytes)?;
    Ok((done.width.into(), done.height.into()))
}

/// The stages of [`clean::run`] without further wishes, one after the other.
#[allow(clippy::type_complexity, reason = "seconds and sides")]
fn by_stages(input: &Path, output: &Path) -> Result<([f64; 4], (u64, u64)), Box<dyn Error>> {
    let recipe = Recipe::default();
    let mut marks = vec![processor_seconds()];
    let photograph = decode(&fs::read(input)?, &Limits::default())?;
    marks.push(processor_seconds());
    let analysis = clean::analyse(&photograph, &recipe);
    marks.push(processor_seconds());
    let picture = finish::finish(&photograph, &analysis);
    drop((photograph, analysis));
    marks.push(processor_seconds());
    let file = output::encode(&picture, &Request::png(&recipe), None)?;
    write(output, &file.bytes)?;
    marks.push(processor_seconds());
    let mut stages = [0.0; 4];
    for (stage, marks) in stages.iter_mut().zip(marks.windows(2)) {
        *stage = marks[1] - marks[0];
    }
    Ok((stages, (picture.width.into(), picture.height.into())))
}

fn in_strips(input: &Path, output: &Path) -> Result<(u64, u64), Box<dyn Error>> {
    let limits = Limits {
        max_side: i32::MAX as u32,
        max_pixels: 1 << 32,
        ..Limits::default()
    };
    let mut photograph = Photograph::open(input, &limits)?;
    if !photograph.is_read_by_rows() {
        return Err("this file is not read row by row".into());
    }
    let layout = photograph.layout();
    let draft = output.with_extension("part");
    let report = clean_file(
        &mut photograph,
        File::create(&draft)?,
        OutputFormat::Png,
        &Recipe::default(),
        &StripOptions::new(STRIPS_BYTES),
        &Never,
    );
    report.map_err(|error| error.to_string())?;
    fs::rename(draft, output)?;
    Ok((layout.width as u64, layout.height as u64))
}

/// As results are written everywhere: whole or not at all.
fn write(output: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let draft = output.with_extension("part");
    fs::write(&draft, bytes)?;
    fs::rename(draft, output)
}

/// Processor seconds of the process with all threads it ever had, to a hundredth.
fn process_seconds() -> Option<f64> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    // Behind the program's name, which may contain anything: the state, ten numbers, then user and system time.
    let (_, fields) = text.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11);
    let mut next = || times.next()?.parse::<f64>().ok();
    Some((next()? + next()?) / 100.0)
}

fn peak_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes << 10)
}
