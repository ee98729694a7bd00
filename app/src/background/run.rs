//! One background from file to file: a thread that works, and one that listens to Ctrl-C.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;

use indicatif::ProgressBar;
use whiteboarder_core::cancel::Cancel;

use super::choice::Choice;
use super::report::Report;
use super::target::{self, Kind, Slot};
use super::work::work;
use crate::error::{Exit, Failure};
use crate::interrupt::on_interrupt;
use crate::term::progress::{Bars, Unit};
use crate::term::{Terminal, text};

/// What to do.
#[derive(Clone, Debug)]
pub struct Job {
    /// The picture.
    pub input: PathBuf,
    /// The result's name.
    pub output: PathBuf,
    /// Which background.
    pub choice: Choice,
    /// Threads for the pixels.
    pub threads: usize,
    /// Memory for the pixels.
    pub memory_mb: u64,
}

/// What the two threads share.
#[derive(Debug)]
pub struct Shared {
    /// Ends the work soon.
    pub cancel: Cancel,
    /// The result, while it is written.
    pub slot: Slot,
    /// Counts pixels of the picture; its length is set when that is known.
    pub bar: ProgressBar,
}

enum Message {
    Finished(Box<Result<Report, Failure>>),
    Interrupted,
}

/// Does it, with a bar while it lasts. Ctrl-C ends it at once, whatever a decoder is doing, and leaves nothing.
pub fn run(job: Job, terminal: &Terminal) -> Result<Report, Failure> {
    target::check(&job.input, &job.output)?;
    let kind = Kind::of(&job.output)?;
    let bars = Bars::new(terminal);
    let shared = Arc::new(Shared {
        cancel: Cancel::new(),
        slot: Slot::default(),
        bar: bars.add("roll", 0, Unit::Pixels),
    });
    let (sender, messages) = channel();
    let interrupted = sender.clone();
    on_interrupt(move || {
        let _ = interrupted.send(Message::Interrupted);
    });
    let worker = {
        let shared = Arc::clone(&shared);
        move || {
            // Decoders are long programs of others. One that trips must not leave us waiting for its answer.
            let done = catch_unwind(AssertUnwindSafe(|| work(&job, kind, &shared)));
            let done = done.unwrap_or_else(|_| Err(tripped(&job)));
            let _ = sender.send(Message::Finished(Box::new(done)));
        }
    };
    thread::Builder::new()
        .name("background".to_owned())
        .spawn(worker)
        .map_err(|error| Failure::usage(format!("cannot start a thread: {error}")))?;
    let end = loop {
        match messages.recv() {
            Ok(Message::Finished(done)) => break *done,
            Ok(Message::Interrupted) => {
                shared.cancel.cancel();
                // What is complete stays, and is told in a moment.
                if !shared.slot.close() {
                    break Err(stopped());
                }
            }
            Err(_) => break Err(stopped()),
        }
    };
    if end.is_err() {
        // The other thread may be slow to let go of what they share.
        shared.slot.close();
    }
    shared.bar.finish_and_clear();
    bars.clear();
    end
}

/// Ended by Ctrl-C.
pub fn stopped() -> Failure {
    Failure::interrupted("stopped; nothing was written")
}

fn tripped(job: &Job) -> Failure {
    Failure::usage(format!(
        "{}: something in it confuses this program",
        text::path(&job.input)
    ))
    .exit(Exit::SomeFailed)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::choice::Asked;
    use super::*;
    use crate::term::ColorChoice;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        asked: Asked,
    }

    /// The program may end right after, with the other thread still about to let go of what they share.
    #[test]
    fn nothing_is_left_of_a_failure_by_the_time_it_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("half.png");
        let mut png = std::io::Cursor::new(Vec::new());
        image::GrayImage::from_fn(64, 64, |x, y| image::Luma([(x * 31 + y * 17) as u8]))
            .write_to(&mut png, image::ImageFormat::Png)
            .unwrap();
        std::fs::write(&input, &png.into_inner()[..200]).unwrap();
        let terminal = Terminal::detect(ColorChoice::Never, true, true, 0);
        for _ in 0..300 {
            let job = Job {
                input: input.clone(),
                output: folder.path().join("out.png"),
                choice: Line::parse_from(["x", "--radius", "3"])
                    .asked
                    .choice()
                    .unwrap(),
                threads: 1,
                memory_mb: 64,
            };
            run(job, &terminal).unwrap_err();
            let left = std::fs::read_dir(folder.path()).unwrap().count();
            assert_eq!(left, 1, "the picture, and nothing beside it");
        }
    }
}
