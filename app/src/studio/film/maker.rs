//! The thread that makes thumbnails: one at a time, behind everything else, and only what is in sight.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use whiteboarder_core::image::Picture;

use super::Made;
use super::thumb::{NoThumb, read};
use crate::studio::layout::THUMB;
use crate::studio::message::Msg;
use crate::term::text;
use crate::ui::picture::Encoder;

/// Small pictures that are kept beside their drawings, so that a resize of the screen reads no file again.
const KEPT: usize = 128;

/// How much later than other work the thread's comes, as `nice` counts.
#[cfg(target_os = "linux")]
const NICE: i32 = 15;

/// The sending side. Dropping it ends the thread, for which nobody waits.
pub struct Maker {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Default)]
struct State {
    /// What is wanted, in this order.
    wish: Vec<usize>,
    closed: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The photograph that is wanted first; `None` when nothing ever will be.
    fn next(&self) -> Option<usize> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            if let Some(first) = state.wish.first() {
                return Some(*first);
            }
            state = self
                .arrived
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn wants(&self, photo: usize) -> bool {
        let state = self.lock();
        !state.closed && state.wish.contains(&photo)
    }

    fn done(&self, photo: usize) {
        self.lock().wish.retain(|wished| *wished != photo);
    }
}

impl Maker {
    /// Starts the thread; what it makes is told by `send`.
    pub fn start(
        paths: Vec<PathBuf>,
        encoder: Encoder,
        send: impl Fn(Msg) + Send + 'static,
    ) -> std::io::Result<Maker> {
        let shared = Arc::new(Shared::default());
        thread::Builder::new()
            .name("thumbnails".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                move || {
                    be_nice();
                    work(&shared, &paths, &encoder, &send);
                }
            })?;
        Ok(Maker { shared })
    }

    /// What is wanted from now on, the most wanted first, and nothing else.
    pub fn wish(&self, photos: Vec<usize>) {
        self.shared.lock().wish = photos;
        self.shared.arrived.notify_one();
    }
}

impl Drop for Maker {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.arrived.notify_one();
    }
}

/// Lets everything else go first. Only Linux knows this of a single thread.
fn be_nice() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::debug!(%error, "thumbnails have no low priority");
    }
}

fn work(shared: &Shared, paths: &[PathBuf], encoder: &Encoder, send: &dyn Fn(Msg)) {
    let mut kept: BTreeMap<usize, Picture> = BTreeMap::new();
    let mut kept_for = (0, 0);
    while let Some(photo) = shared.next() {
        let Some(path) = paths.get(photo) else {
            shared.done(photo);
            continue;
        };
        let within = encoder.pixels(THUMB.0, THUMB.1);
        if within != kept_for {
            kept.clear();
            kept_for = within;
        }
        let small = match kept.remove(&photo) {
            Some(small) => Ok(small),
            None => read(path, within, &|| !shared.wants(photo)),
        };
        let made = match small {
            Err(NoThumb::Unwanted) => continue,
            Err(NoThumb::TooLarge) => Made::TooLarge,
            Err(NoThumb::Unreadable(why)) => Made::Unreadable(why),
            Ok(small) => {
                let drawn = encoder.encode(&small, THUMB.0, THUMB.1);
                while kept.len() >= KEPT {
                    let ends = [kept.keys().next(), kept.keys().next_back()];
                    let farthest = ends.into_iter().flatten();
                    let Some(farthest) = farthest.max_by_key(|at| at.abs_diff(photo)).copied()
                    else {
                        break;
                    };
                    kept.remove(&farthest);
                }
                kept.insert(photo, small);
                match drawn {
                    Ok(shown) => Made::Thumb(shown),
                    Err(error) => Made::Unreadable(text::safe(&format!("{error:#}"))),
                }
            }
        };
        shared.done(photo);
        send(Msg::Thumb { photo, made });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use std::sync::mpsc::{Receiver, channel};
    use std::time::Duration;
    use whiteboarder_core::image::{Channels, encode_png};

    const PATIENCE: Duration = Duration::from_secs(20);

    fn boards(folder: &Path, count: usize) -> Vec<PathBuf> {
        let board = Picture::new(160, 120, Channels::Grey, vec![190; 160 * 120]).unwrap();
        let bytes = encode_png(&board).unwrap();
        let path = |number| folder.join(format!("{number}.png"));
        let paths: Vec<PathBuf> = (0..count).map(path).collect();
        for path in &paths {
            std::fs::write(path, &bytes).unwrap();
        }
        paths
    }

    fn maker(paths: Vec<PathBuf>) -> (Maker, Receiver<(usize, Made)>) {
        let (sender, made) = channel();
        let maker = Maker::start(paths, Encoder::half(), move |message| {
            if let Msg::Thumb { photo, made } = message {
                let _ = sender.send((photo, made));
            }
        });
        (maker.unwrap(), made)
    }

    #[test]
    fn what_is_wished_for_is_made_in_that_order_and_a_broken_file_holds_nothing_up() {
        let folder = tempfile::tempdir().unwrap();
        let paths = boards(folder.path(), 4);
        std::fs::write(&paths[1], "no picture").unwrap();
        let (maker, made) = maker(paths);
        maker.wish(vec![2, 1, 3, 99]);
        let (photo, thumb) = made.recv_timeout(PATIENCE).unwrap();
        let Made::Thumb(shown) = thumb else {
            panic!("no thumbnail");
        };
        assert_eq!((photo, shown.columns(), shown.rows()), (2, 13, 5));
        let (photo, broken) = made.recv_timeout(PATIENCE).unwrap();
        assert_eq!(photo, 1);
        assert!(matches!(broken, Made::Unreadable(why) if why.starts_with("this is not a")));
        assert_eq!(made.recv_timeout(PATIENCE).unwrap().0, 3);
        drop(maker);
        assert!(made.recv_timeout(PATIENCE).is_err(), "the thread has ended");
    }

    #[test]
    fn a_wish_that_is_repeated_reads_no_file_again() {
        let folder = tempfile::tempdir().unwrap();
        let paths = boards(folder.path(), 1);
        let file = paths[0].clone();
        let (maker, made) = maker(paths);
        maker.wish(vec![0]);
        made.recv_timeout(PATIENCE).unwrap();
        std::fs::remove_file(file).unwrap();
        maker.wish(vec![0]);
        let (_, again) = made.recv_timeout(PATIENCE).unwrap();
        assert!(matches!(again, Made::Thumb(_)));
    }
}
