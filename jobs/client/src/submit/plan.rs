//! Headers → where each picture will probably run.

use serde::Serialize;
use whiteboarder_core::cost::{Capacity, Estimate, estimate, fits};
use whiteboarder_core::image::{Header, ImageError, read_header_of};
use whiteboarder_core::recipe::Recipe;

use super::{Scan, Skipped, SourceFile, Wish};
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
    /// Predicted seconds on the target's Lambda.
    pub seconds: Option<f64>,
    /// Predicted peak memory in MB.
    pub memory_mb: Option<u64>,
    /// Where it will probably run; the function's plan decides.
    pub place: Option<Place>,
    /// One clause that says why there, or what is wrong with the picture.
    pub why: String,
}

/// A batch before it exists.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// The items, in the order of their names.
    pub items: Vec<PlannedItem>,
    /// What was left out.
    pub skipped: Vec<Skipped>,
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
        self.items
            .iter()
            .filter(|item| item.place == Some(place))
            .count()
    }
}

/// Reads the headers and predicts places. Blocks on the disk.
///
/// A picture whose header cannot be read stays in the plan: the function says what is wrong with
/// it, and the rest of the batch is not held up.
#[must_use]
pub fn plan(scan: Scan, recipe: &Recipe, wish: Wish, lambda: &Capacity) -> Plan {
    let items = scan
        .files
        .into_iter()
        .map(|file| item(file, recipe, wish, lambda))
        .collect();
    Plan {
        items,
        skipped: scan.skipped,
        wish,
    }
}

fn item(file: SourceFile, recipe: &Recipe, wish: Wish, lambda: &Capacity) -> PlannedItem {
    match header(&file) {
        Ok(header) => {
            let estimate = estimate(&header, file.bytes, recipe);
            let (place, why) = place(wish, &estimate, lambda);
            PlannedItem {
                width: Some(header.width),
                height: Some(header.height),
                seconds: Some(estimate.seconds / lambda.vcpus),
                memory_mb: Some(estimate.memory_bytes.div_ceil(1024 * 1024)),
                place: Some(place),
                why,
                file,
            }
        }
        Err(why) => PlannedItem {
            file,
            width: None,
            height: None,
            seconds: None,
            memory_mb: None,
            place: None,
            why,
        },
    }
}

fn place(wish: Wish, estimate: &Estimate, lambda: &Capacity) -> (Place, String) {
    match wish {
        Wish::Lambda => (Place::Lambda, "asked for".to_owned()),
        Wish::Ecs => (Place::Ecs, "asked for".to_owned()),
        Wish::Auto => match fits(estimate, lambda) {
            Ok(()) => (Place::Lambda, "fits time and memory".to_owned()),
            Err(misfit) => (Place::Ecs, misfit.to_string()),
        },
    }
}

fn header(file: &SourceFile) -> Result<Header, String> {
    std::fs::File::open(&file.path)
        .and_then(|mut opened| read_header_of(&mut opened))
        .map_err(|error| error.to_string())?
        .map_err(|error: ImageError| format!("{}: {error}", error.name()))
}
