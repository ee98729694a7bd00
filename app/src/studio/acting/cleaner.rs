//! The thread that has many photographs cleaned: recipe after recipe, by the threads that `whiteboarder clean` uses.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use whiteboarder_core::cost::DEFAULT_LOCAL_LAMBDA;
use whiteboarder_core::geometry::Geometry;
use whiteboarder_core::image::Limits;
use whiteboarder_core::recipe::Recipe;
use whiteboarder_jobs::submit::{Scan, SourceFile, Wish, plan};

use super::{Existing, Group, Job, News};
use crate::cleaning::layout::check_writable;
use crate::cleaning::pool::{Message, Options, Outcome, Pool, Sized};
use crate::cleaning::wishes::{Kind, Product, Task};
use crate::error::sentence;

/// A cleaning that runs. Dropping it stops it, and returns when no file is being written any more.
pub struct Cleaner {
    control: Arc<Control>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Control {
    stop: AtomicBool,
    /// To the threads that clean just now.
    pool: Mutex<Option<Sender<Message>>>,
}

impl Control {
    fn lock(&self) -> MutexGuard<'_, Option<Sender<Message>>> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stops(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }
}

impl Cleaner {
    /// Begins; what becomes of it is told by `tell`.
    pub fn start(
        groups: Vec<Group>,
        existing: Existing,
        tell: impl Fn(News) + Send + 'static,
    ) -> std::io::Result<Cleaner> {
        let control = Arc::new(Control::default());
        let thread = thread::Builder::new().name("clean".to_owned()).spawn({
            let control = Arc::clone(&control);
            move || {
                let last = work(groups, existing, &control, &tell);
                tell(last);
            }
        })?;
        Ok(Cleaner {
            control,
            thread: Some(thread),
        })
    }

    /// Begins nothing more; what is being written is finished.
    pub fn stop(&self) {
        self.control.stop.store(true, Ordering::SeqCst);
        if let Some(pool) = &*self.control.lock() {
            let _ = pool.send(Message::Interrupted);
        }
    }
}

impl Drop for Cleaner {
    fn drop(&mut self) {
        self.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A group whose headers were read.
struct Ready {
    recipe: Recipe,
    photos: Vec<usize>,
    tasks: Vec<Sized>,
}

/// Does it, and gives back the last news.
fn work(
    mut groups: Vec<Group>,
    existing: Existing,
    control: &Control,
    tell: &dyn Fn(News),
) -> News {
    // A link that leads nowhere is something that is there, too.
    let is_there = |job: &Job| job.output.symlink_metadata().is_ok();
    match existing {
        Existing::Replace => {}
        Existing::Skip => {
            for group in &mut groups {
                group.jobs.retain(|job| !is_there(job));
            }
        }
        Existing::Ask => {
            let jobs = groups.iter().flat_map(|group| &group.jobs);
            let there = jobs.filter(|job| is_there(job)).count();
            if there > 0 {
                return News::Exists(there);
            }
        }
    }
    let first = groups.iter().flat_map(|group| &group.jobs).next();
    if let Err(error) = check_writable(first.map(|job| job.output.as_path())) {
        return News::Ended(Some(sentence(&error)));
    }
    let mut begun = Vec::new();
    let ready: Vec<Ready> = groups
        .into_iter()
        .filter(|group| !group.jobs.is_empty())
        .map(|group| sized(group, &mut begun))
        .collect();
    tell(News::Begun(begun));
    for group in ready {
        if control.stops() {
            break;
        }
        if let Err(why) = clean(group, control, tell) {
            return News::Ended(Some(why));
        }
    }
    News::Ended(None)
}

/// Reads the headers: what is cleaned at the same time must fit into memory.
fn sized(group: Group, begun: &mut Vec<(usize, u64)>) -> Ready {
    let bytes = |path: &Path| std::fs::metadata(path).map_or(0, |data| data.len());
    let files = group.jobs.iter().map(|job| SourceFile {
        path: job.path.clone(),
        name: job.name.clone(),
        bytes: bytes(&job.path),
    });
    let found = Scan {
        files: files.collect(),
        ..Scan::default()
    };
    let planned = plan(found, &group.recipe, Wish::Auto, &DEFAULT_LOCAL_LAMBDA);
    let mut photos = Vec::with_capacity(group.jobs.len());
    let tasks = planned
        .items
        .into_iter()
        .zip(group.jobs)
        .map(|(item, job)| {
            let pixels = u64::from(item.width.unwrap_or(0)) * u64::from(item.height.unwrap_or(0));
            begun.push((job.photo, pixels));
            photos.push(job.photo);
            Sized {
                task: Task {
                    source: item.file,
                    products: vec![Product {
                        kind: Kind::Png,
                        path: job.output,
                    }],
                },
                memory_bytes: item.memory_mb.unwrap_or(0) << 20,
            }
        });
    let tasks = tasks.collect();
    Ready {
        recipe: group.recipe,
        photos,
        tasks,
    }
}

/// Cleans a group; an error is one that all the others would meet, too.
fn clean(group: Ready, control: &Control, tell: &dyn Fn(News)) -> Result<(), String> {
    let Ready {
        recipe,
        photos,
        tasks,
    } = group;
    let options = Options {
        recipe,
        geometry: Geometry::default(),
        // Of JPEG files, which are none.
        quality: 90,
        limits: Limits::default(),
        threads: thread::available_parallelism().map_or(2, usize::from),
    };
    let pool = Pool::start(tasks, options, None).map_err(|failure| failure.to_string())?;
    *control.lock() = Some(pool.sender.clone());
    // It may have been told so before there was anybody to tell.
    if control.stops() {
        let _ = pool.sender.send(Message::Interrupted);
    }
    let mut fatal = None;
    let note = |index: usize, outcome: Outcome| {
        let failed = match outcome {
            Outcome::Cleaned(_) => None,
            Outcome::Failed(reason) => Some((reason.message, false)),
            Outcome::Fatal(reason) => Some((reason.message, true)),
        };
        let fatal = failed.as_ref().filter(|(_, fatal)| *fatal);
        let fatal = fatal.map(|(why, _)| why.clone());
        if let Some(photo) = photos.get(index).copied() {
            let failed = failed.map(|(why, _)| why);
            tell(News::Cleaned { photo, failed });
        }
        fatal
    };
    let mut finished = 0;
    while finished < photos.len() && fatal.is_none() {
        match pool.messages.recv() {
            Ok(Message::Finished { index, outcome }) => {
                finished += 1;
                fatal = note(index, outcome);
            }
            Ok(Message::Interrupted) | Err(_) => break,
        }
    }
    // After this nothing is written any more; what was finished meanwhile counts.
    pool.stop();
    *control.lock() = None;
    while let Ok(message) = pool.messages.try_recv() {
        if let Message::Finished { index, outcome } = message {
            note(index, outcome);
        }
    }
    fatal.map_or(Ok(()), Err)
}
