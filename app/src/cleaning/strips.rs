//! Pictures that are too large to be cleaned as a whole: in strips, in bounded memory.

use std::fs::File;
use std::path::Path;
use std::time::Instant;

use whiteboarder_core::cancel::Interrupt;
use whiteboarder_core::clean::Timings;
use whiteboarder_core::geometry::{Geometry, Said};
use whiteboarder_core::image::{Limits, read_header_of};
use whiteboarder_core::output;
use whiteboarder_core::strips::cleaning::{CleanError, OpenError, Photograph, clean_file};
use whiteboarder_core::strips::{OutputFormat, StripError, StripOptions};

use super::pool::{Cleaned, Options, Outcome, Reason, Written, write_failed};
use super::wishes::{Kind, Product, Task};
use super::write::Draft;

/// Memory for strips, beside the analysis, which needs up to 150 MB whatever the picture.
const MEMORY_BYTES: u64 = 256 << 20;
/// Pixels that even strips refuse: a small file can claim any number, and each of them takes time.
const MOST_PIXELS: u64 = 1 << 32;

/// Whether what is wished of a picture can be had in strips: one PNG of all of it.
pub fn suit(task: &Task, options: &Options) -> bool {
    options.geometry == Geometry::default()
        && matches!(
            task.products.as_slice(),
            [Product {
                kind: Kind::Png | Kind::PngTrue,
                ..
            }]
        )
}

/// Cleans a picture in strips; the PNG has all colours. `None` when `stopping` wanted it to end, and nothing is left then.
/// A picture that strips cannot do either has failed for the `reason` that it is too large as a whole, unless something
/// else is wrong with it: then that.
pub fn clean(
    task: &Task,
    options: &Options,
    reason: Reason,
    stopping: &(impl Fn() -> bool + Sync),
) -> Option<Outcome> {
    let started = Instant::now();
    let limits = Limits {
        max_side: i32::MAX as u32,
        max_pixels: MOST_PIXELS,
        ..options.limits
    };
    let Some(Product { kind, path }) = task.products.first() else {
        return Some(Outcome::Failed(reason));
    };
    let mut photograph = match Photograph::open(&task.source.path, &limits) {
        Ok(photograph) => photograph,
        Err(OpenError::Failed(error)) => return Some(Outcome::Failed(told(error, reason))),
        Err(OpenError::Whole(_)) => return Some(Outcome::Failed(reason)),
    };
    let layout = photograph.layout();
    let draft = match Draft::new(path).and_then(|draft| Ok((draft.handle()?, draft))) {
        Ok((file, draft)) => (file, draft),
        Err(error) => return Some(write_failed(path, &error)),
    };
    let (file, draft) = draft;
    let cleaned = clean_file(
        &mut photograph,
        file,
        OutputFormat::Png,
        &options.recipe,
        &StripOptions::new(MEMORY_BYTES),
        &Stop(stopping),
    );
    let report = match cleaned {
        Ok(report) => report,
        Err(CleanError::Stopped(Stopped)) => return None,
        Err(CleanError::Failed(StripError::Write(error))) => {
            return Some(write_failed(path, &error));
        }
        Err(CleanError::Failed(error)) => return Some(Outcome::Failed(told(error, reason))),
        Err(_) => return Some(Outcome::Failed(reason)),
    };
    if let Err(error) = draft.finish() {
        return Some(write_failed(path, &error));
    }
    let seconds = started.elapsed().as_secs_f64();
    Some(Outcome::Cleaned(Box::new(Cleaned {
        width: layout.width as u32,
        height: layout.height as u32,
        outputs: vec![Written {
            path: path.clone(),
            format: *kind,
            bytes: std::fs::metadata(path).map(|file| file.len()).ok(),
            page: None,
            held: Some(output::Chosen::TrueColour),
        }],
        chosen: report.chosen,
        said: Said::Whole,
        quad: None,
        more_pictures: more_pictures(&task.source.path),
        // Reading, finishing and writing go on at the same time.
        timings: Timings {
            finish: seconds,
            ..Timings::default()
        },
        seconds,
    })))
}

/// Whether a file that could be read holds more than the first picture.
fn more_pictures(path: &Path) -> bool {
    let header = File::open(path).and_then(|mut file| read_header_of(&mut file));
    matches!(header, Ok(Ok(header)) if header.more_pictures)
}

/// What is wrong with the file itself, such as that it is cut short; otherwise the `reason`.
fn told(error: StripError, reason: Reason) -> Reason {
    match error {
        StripError::Image(error) => Reason::from(error),
        _ => reason,
    }
}

struct Stop<'a, F>(&'a F);

struct Stopped;

impl<F: Fn() -> bool + Sync> Interrupt for Stop<'_, F> {
    type Stopped = Stopped;

    fn check(&self) -> Result<(), Stopped> {
        if (self.0)() { Err(Stopped) } else { Ok(()) }
    }
}
