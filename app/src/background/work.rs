//! From file to file: opens the input, lets it be rolled over, and gives the output its name.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use indicatif::ProgressBar;
use whiteboarder_core::cancel::{Cancel, Cancelled, Interrupt};
use whiteboarder_core::image::Limits;
use whiteboarder_core::strips::{
    self, AnySource, FileInfo, OutputFormat, Reading, RowSink, RowSource, SampleKind, StripError,
};

use super::choice::{Colors, Like};
use super::clock::{Clock, Timed};
use super::level::Level;
use super::memory;
use super::report::{Bias, Parameters, Report, Seconds};
use super::run::{Job, Shared, stopped};
use super::target::Kind;
use crate::error::{Exit, Failure};
use crate::term::text;

/// Pixels that a picture may have: more than fit on any disk, and far from overflowing anything.
const MOST_PIXELS: u64 = 1 << 40;

/// Does it on a pool of the threads that were asked for.
pub fn work(job: &Job, kind: Kind, shared: &Shared) -> Result<Report, Failure> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(job.threads)
        .build()
        .map_err(|error| Failure::usage(format!("cannot start threads: {error}")))?;
    pool.install(|| in_pool(job, kind, shared))
}

fn in_pool(job: &Job, kind: Kind, shared: &Shared) -> Result<Report, Failure> {
    let started = Instant::now();
    let limits = Limits {
        max_side: i32::MAX as u32,
        max_pixels: MOST_PIXELS,
        max_memory: most_bytes(job),
    };
    let (source, info) = strips::open(&job.input, &limits).map_err(|error| failure(&error, job))?;
    if info.kind == SampleKind::F32 && kind == Kind::Png {
        return Err(Failure::usage(format!(
            "{} has floating-point samples, which PNG cannot hold: use a name that ends in .tif with -o",
            text::path(&job.input)
        )));
    }
    let task = Task {
        job,
        kind,
        shared,
        info: &info,
        started,
        opening: started.elapsed().as_secs_f64(),
    };
    match source {
        AnySource::U8(source) if task.rolls_brightness() => task.run(source, Task::brightness),
        AnySource::U8(source) => task.run(source, Task::channels),
        AnySource::U16(source) => task.run(source, Task::channels),
        AnySource::F32(source) => task.run(source, Task::channels),
    }
}

/// Bytes that may be used where strips do not fit into what was asked for, or a decoder gives whole pictures only.
pub fn most_bytes(job: &Job) -> u64 {
    (job.memory_mb << 20).max(Limits::default().max_memory)
}

/// One background, when the input is open.
#[derive(Debug)]
pub struct Task<'a> {
    /// What was asked for.
    pub job: &'a Job,
    /// What is known of the input.
    pub info: &'a FileInfo,
    kind: Kind,
    shared: &'a Shared,
    started: Instant,
    opening: f64,
}

/// What is known when all rows are rolled over and written.
#[derive(Clone, Debug)]
pub struct Rolled {
    /// In how many pieces.
    pub strips: usize,
    /// Whether reading and writing went on meanwhile.
    pub overlapped: bool,
    /// What of a colour picture was rolled over.
    pub colors: Option<Colors>,
    /// Noise and bias of each channel, if they were asked for.
    pub bias: Option<Vec<Bias>>,
}

impl Task<'_> {
    fn run<T: Level>(
        &self,
        source: Box<dyn RowSource<T>>,
        roll: impl Fn(&Self, &mut dyn RowSource<T>, &mut dyn RowSink<T>) -> Result<Rolled, Failure>,
    ) -> Result<Report, Failure> {
        let Job { input, output, .. } = self.job;
        let layout = self.info.layout;
        let bar = &self.shared.bar;
        bar.set_length((layout.width * layout.height) as u64);
        let write_failed = |error: io::Error| unwritable(&error, self.job);
        let slot = &self.shared.slot;
        let file = slot.open(output).map_err(write_failed)?;
        let format = match self.kind {
            Kind::Png => OutputFormat::Png,
            Kind::Tiff => OutputFormat::Tiff(strips::Compression::default()),
        };
        let file = file.ok_or_else(stopped)?;
        let sink = strips::create::<T, _>(file, format, &layout, &self.info.tags)
            .map_err(|error| failure(&error, self.job))?;
        let (reading, writing) = (Clock::new(), Clock::new());
        let rolling = Instant::now();
        let rolled = roll(
            self,
            &mut Timed::new(source, &reading),
            &mut Timed::new(sink, &writing),
        )?;
        let roll = rolling.elapsed().as_secs_f64() - reading.blocking() - writing.blocking();
        let finishing = Instant::now();
        if !slot.finish().map_err(write_failed)? {
            return Err(stopped());
        }
        let mut choice = self.job.choice;
        choice.colors = rolled.colors;
        Ok(Report {
            input: input.clone(),
            output: output.clone(),
            width: layout.width,
            height: layout.height,
            channels: layout.rolled(),
            alpha: layout.alpha,
            sample: T::NAME,
            parameters: Parameters {
                choice,
                threads: self.job.threads,
                memory_mb: self.job.memory_mb,
            },
            bias: rolled.bias,
            strips: rolled.strips,
            overlapped: rolled.overlapped,
            whole_frame: self.info.reading != Reading::Rows,
            peak_memory_bytes: memory::peak_bytes(),
            seconds: Seconds {
                read: self.opening + reading.all(),
                roll: roll.max(0.0),
                write: writing.all() + finishing.elapsed().as_secs_f64(),
                total: self.started.elapsed().as_secs_f64(),
            },
        })
    }

    /// Each channel by itself.
    fn channels<T: Level>(
        &self,
        source: &mut dyn RowSource<T>,
        sink: &mut dyn RowSink<T>,
    ) -> Result<Rolled, Failure> {
        if self.job.choice.colors == Some(Colors::Brightness) {
            return Err(Failure::usage(format!(
                "{} is no colour picture of 8 bits, whose brightness ImageJ rolls over: use --colors separate",
                text::path(&self.job.input)
            )));
        }
        match self.job.choice.like {
            Like::ImageJ => self.channels_like_imagej(source, sink),
            Like::Exact | Like::Scikit => self.in_strips(source, sink),
        }
    }

    /// Whether this is a colour picture of which `ImageJ` rolls over the brightness.
    fn rolls_brightness(&self) -> bool {
        let choice = self.job.choice;
        choice.like == Like::ImageJ
            && choice.colors != Some(Colors::Separate)
            && self.info.layout.rolled() == 3
    }

    /// What was rolled over when nothing but the channels was.
    pub fn separate(&self) -> Option<Colors> {
        (self.info.layout.rolled() > 1).then_some(Colors::Separate)
    }

    /// An error when somebody wants the work to end.
    pub fn check(&self) -> Result<(), Failure> {
        self.shared.cancel.check().map_err(|Cancelled| stopped())
    }

    /// What stops the work, and counts pixels that are each rolled over so many times.
    pub fn watch(&self, passes: usize) -> Watch<'_> {
        Watch {
            cancel: &self.shared.cancel,
            bar: &self.shared.bar,
            passes: passes.max(1) as u64,
            done: AtomicU64::new(0),
        }
    }
}

/// Moves the bar, and stops when somebody wants it.
#[derive(Debug)]
pub struct Watch<'a> {
    cancel: &'a Cancel,
    bar: &'a ProgressBar,
    passes: u64,
    done: AtomicU64,
}

impl Interrupt for Watch<'_> {
    type Stopped = Cancelled;

    fn check(&self) -> Result<(), Cancelled> {
        self.cancel.check()
    }

    fn advance(&self, pixels: u64) {
        let done = self.done.fetch_add(pixels, Ordering::Relaxed) + pixels;
        self.bar.set_position(done / self.passes);
    }
}

/// What went wrong between the files, in words.
pub fn failure(error: &StripError, job: &Job) -> Failure {
    let input = text::path(&job.input);
    let of_picture = || {
        let sentence = text::safe(&error.to_string());
        Failure::usage(format!("{input}: {sentence}")).exit(Exit::SomeFailed)
    };
    match error {
        StripError::Read(error) => Failure::file("read", &job.input, error),
        StripError::Write(error) => unwritable(error, job),
        StripError::Unwritable { .. } => Failure::usage(format!(
            "cannot write {}: {}",
            text::path(&job.output),
            text::safe(&error.to_string())
        )),
        StripError::NeedsMemory { .. } => {
            of_picture().hint("--memory MB allows more; a smaller radius needs less")
        }
        StripError::Image(_) | StripError::Rows { .. } | StripError::Shape { .. } => of_picture(),
    }
}

fn unwritable(error: &io::Error, job: &Job) -> Failure {
    let failure = Failure::file("write", &job.output, error);
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => failure.exit(Exit::SomeFailed),
        _ => failure,
    }
}
