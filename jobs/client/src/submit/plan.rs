//! Headers → where each picture will probably run, how long it will take there, and what that costs.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use rayon::prelude::*;
use serde::Serialize;
use whiteboarder_core::cost::{Capacity, Estimate, estimate, fits};
use whiteboarder_core::image::{Header, ImageError, read_header, read_header_of};
use whiteboarder_core::recipe::Recipe;

use super::{Scan, Skipped, SourceFile, Wish};
use crate::price::{Cost, Worker};
use crate::track::Place;

/// A picture with what is known before anything is sent.
#[derive(Clone, Debug, Serialize)]
pub struct PlannedItem {
    /// The file.
    #[serde(flatten)]
    pub file: SourceFile,
    /// Width in pixels after orientation, when the header could be read.
    pub width: Option<u32>,
    /// Height in pixels after orientation.
    pub height: Option<u32>,
    /// Predicted seconds on one whole virtual processor, without network.
    pub cpu_seconds: Option<f64>,
    /// Predicted seconds where it will probably run: on the target's Lambda, or on a [`Worker`] with the default size.
    pub seconds: Option<f64>,
    /// Predicted peak memory in MB.
    pub memory_mb: Option<u64>,
    /// Where it will probably run; the function's plan decides.
    pub place: Option<Place>,
    /// One clause that says why there, or what is wrong with the picture.
    pub why: String,
    /// What it will probably cost; `None` until [`crate::price::quote`] was asked.
    pub cost: Option<Cost>,
}

/// A batch before it exists.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// The items, in the order of their names.
    pub items: Vec<PlannedItem>,
    /// What was left out.
    pub skipped: Vec<Skipped>,
    /// How many files the patterns kept out.
    pub excluded: usize,
    /// Patterns that met no file, as they were given.
    pub unmatched: Vec<String>,
    /// How many folders were not searched because subfolders were not wanted.
    pub subfolders: usize,
    /// Where the sender wants them.
    pub wish: Wish,
}

impl Plan {
    /// Size of all items together.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.items.iter().map(|item| item.file.bytes).sum()
    }

    /// How many items will probably run at a place.
    #[must_use]
    pub fn count(&self, place: Place) -> usize {
        self.at(place).count()
    }

    /// Predicted seconds until all items are cleaned when so many of them run at the same time, on Lambda and on ECS;
    /// without the upload. No lane is quicker than its longest item. A concurrency of 0 counts as 1.
    #[must_use]
    pub fn seconds(&self, lambdas: usize, workers: usize) -> f64 {
        let lane = |place, concurrency: usize| {
            let seconds = || self.at(place).filter_map(|item| item.seconds);
            let shared = seconds().sum::<f64>() / concurrency.max(1) as f64;
            seconds().fold(shared, f64::max)
        };
        lane(Place::Lambda, lambdas).max(lane(Place::Ecs, workers))
    }

    fn at(&self, place: Place) -> impl Iterator<Item = &PlannedItem> {
        self.items
            .iter()
            .filter(move |item| item.place == Some(place))
    }
}

/// Headers that are read at the same time: a disk, and even more a network's file system, answers several questions
/// together sooner than one after the other.
const READERS: usize = 8;

/// Reads the headers and predicts places. Blocks on the disk.
///
/// A picture whose header cannot be read stays in the plan: the function says what is wrong with
/// it, and the rest of the batch is not held up.
#[must_use]
pub fn plan(scan: Scan, recipe: &Recipe, wish: Wish, lambda: &Capacity) -> Plan {
    let files = scan.files;
    let item = |file| item(file, recipe, wish, lambda);
    // For a few files, threads take longer than the headers.
    let pool = (files.len() > READERS)
        .then(|| rayon::ThreadPoolBuilder::new().num_threads(READERS).build());
    let items = match pool {
        Some(Ok(pool)) => pool.install(|| files.into_par_iter().map(item).collect()),
        _ => files.into_iter().map(item).collect(),
    };
    Plan {
        items,
        skipped: scan.skipped,
        excluded: scan.excluded,
        unmatched: scan.unmatched,
        subfolders: scan.subfolders,
        wish,
    }
}

fn item(file: SourceFile, recipe: &Recipe, wish: Wish, lambda: &Capacity) -> PlannedItem {
    match header(&file.path) {
        Ok(header) => {
            let estimate = estimate(&header, file.bytes, recipe);
            let (place, why) = place(wish, &estimate, lambda);
            let vcpus = match place {
                Place::Lambda => lambda.vcpus,
                Place::Ecs => Worker::default().vcpus,
            };
            PlannedItem {
                width: Some(header.width),
                height: Some(header.height),
                cpu_seconds: Some(estimate.seconds),
                seconds: Some(estimate.seconds / vcpus),
                memory_mb: Some(estimate.memory_bytes.div_ceil(1024 * 1024)),
                place: Some(place),
                why,
                cost: None,
                file,
            }
        }
        Err(why) => PlannedItem {
            file,
            width: None,
            height: None,
            cpu_seconds: None,
            seconds: None,
            memory_mb: None,
            place: None,
            why,
            cost: None,
        },
    }
}

fn place(wish: Wish, estimate: &Estimate, lambda: &Capacity) -> (Place, String) {
    match (wish, fits(estimate, lambda)) {
        (Wish::Ecs, _) => (Place::Ecs, "asked for".to_owned()),
        (Wish::Lambda, Ok(())) => (Place::Lambda, "asked for".to_owned()),
        (Wish::Lambda, Err(misfit)) => (Place::Lambda, format!("asked for, although {misfit}")),
        (Wish::Auto, Ok(())) => (Place::Lambda, "fits time and memory".to_owned()),
        (Wish::Auto, Err(misfit)) => (Place::Ecs, misfit.to_string()),
    }
}

/// How much of a file is read at first, and then: what scanners and editors write has its header at the very beginning,
/// in what cameras write a preview of up to 64 kB comes first.
const HEADS: [u64; 2] = [8 << 10, 80 << 10];

/// The header, from as few bytes as it takes.
fn header(path: &Path) -> Result<Header, String> {
    let read = || -> std::io::Result<Result<Header, ImageError>> {
        let mut file = File::open(path)?;
        let mut head = Vec::with_capacity(HEADS[0] as usize);
        for length in HEADS {
            let missing = length.saturating_sub(head.len() as u64);
            file.by_ref().take(missing).read_to_end(&mut head)?;
            if let Ok(header) = read_header(&head) {
                return Ok(Ok(header));
            }
            if (head.len() as u64) < length {
                break;
            }
        }
        // It goes on, lies elsewhere, or is wrong: the careful reader finds out which.
        file.seek(SeekFrom::Start(0))?;
        read_header_of(&mut file)
    };
    read()
        .map_err(|error| error.to_string())?
        .map_err(|error| format!("{}: {error}", error.name()))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn boards() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/boards")
    }

    #[test]
    fn the_first_bytes_tell_the_same_as_the_whole_header() {
        let mut seen = 0;
        for entry in std::fs::read_dir(boards()).unwrap() {
            let path = entry.unwrap().path();
            let whole = read_header_of(&mut File::open(&path).unwrap()).unwrap();
            assert_eq!(header(&path).unwrap(), whole.unwrap(), "{}", path.display());
            seen += 1;
        }
        assert!(seen > 3);
    }

    #[test]
    fn a_header_behind_a_long_preview_is_found() {
        // A JPEG with a comment of 60 kB, and one with 5 of them, before the frame.
        let board = std::fs::read(boards().join("sketch.jpg")).unwrap();
        for comments in [1_usize, 5] {
            let mut bytes = board[..2].to_vec();
            for _ in 0..comments {
                bytes.extend([0xff, 0xfe, 0xea, 0x60]);
                bytes.resize(bytes.len() + 0xea60 - 2, b'x');
            }
            bytes.extend(&board[2..]);
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a.jpg");
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(
                header(&path).unwrap(),
                header(&boards().join("sketch.jpg")).unwrap()
            );
        }
    }

    #[test]
    fn what_is_no_picture_says_so_and_stays_in_the_plan() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.png"), "no picture").unwrap();
        std::fs::write(folder.path().join("b.png"), "").unwrap();
        let found = super::super::scan(&[folder.path().to_owned()]).unwrap();
        let lambda = Capacity::lambda(512, 15.0);
        let plan = plan(found, &Recipe::default(), Wish::Auto, &lambda);
        assert_eq!(plan.items.len(), 2);
        assert!(plan.items[0].why.starts_with("ImageUnsupported: "));
        assert!(plan.items[1].why.starts_with("ImageCorrupt: "));
        assert!(plan.items.iter().all(|item| item.place.is_none()));
    }

    fn lasting(seconds: &[(Place, f64)]) -> Plan {
        let item = |&(place, seconds): &(Place, f64)| PlannedItem {
            file: SourceFile {
                path: "a.png".into(),
                name: "a.png".to_owned(),
                bytes: 1,
            },
            width: None,
            height: None,
            cpu_seconds: None,
            seconds: Some(seconds),
            memory_mb: None,
            place: Some(place),
            why: String::new(),
            cost: None,
        };
        Plan {
            items: seconds.iter().map(item).collect(),
            skipped: Vec::new(),
            excluded: 0,
            unmatched: Vec::new(),
            subfolders: 0,
            wish: Wish::Auto,
        }
    }

    #[test]
    fn lanes_work_side_by_side_and_none_is_quicker_than_its_longest_item() {
        let plan = lasting(&[
            (Place::Lambda, 4.0),
            (Place::Lambda, 2.0),
            (Place::Lambda, 2.0),
            (Place::Ecs, 3.0),
        ]);
        let about = |lambdas, workers| plan.seconds(lambdas, workers).round() as u32;
        assert_eq!(about(1, 1), 8);
        assert_eq!(about(2, 1), 4);
        assert_eq!(about(1000, 1), 4, "its longest");
        assert_eq!(about(1000, 0), 4, "nobody works: as if one did");
    }
}
