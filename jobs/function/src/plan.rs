//! Where should this picture be cleaned?

use serde::Serialize;
use whiteboarder_core::cost::{Capacity, estimate, fits};
use whiteboarder_core::image::{Header, HeaderReader, HeaderStep, Limits};
use whiteboarder_core::recipe::Recipe;

use crate::error::FunctionError;
use crate::event::{Place, PlanRequest};
use crate::objects::{Info, Objects};

/// What the task's own time-out adds to the function's: the function shall speak first, and a cold
/// start and a slow answer take their time.
const TASK_MARGIN_S: f64 = 10.0;

/// What the sender wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Wish {
    /// Whatever fits.
    Auto,
    /// On Lambda.
    Lambda,
    /// On the ECS lane.
    Ecs,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Planned {
    /// Where it shall run.
    pub place: Place,
    /// What the sender wants.
    pub wished: Wish,
    /// One sentence.
    pub why: String,
    /// What the header says.
    pub image: ImageFacts,
    /// What cleaning it would take on that Lambda.
    pub predicted: Predicted,
    /// What that Lambda has.
    pub limits: LambdaLimits,
    /// Hash of the recipe and the algorithm.
    pub recipe_hash: String,
}

/// What a picture's header says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImageFacts {
    /// Pixels, after orientation.
    pub width: u32,
    /// Pixels, after orientation.
    pub height: u32,
    /// 1 or 3.
    pub channels: usize,
    /// `JPEG`, `PNG`, `TIFF`, `WebP` or `BMP`.
    pub format: String,
    /// Size of the file.
    pub bytes: u64,
    /// `ETag` of the object.
    pub etag: String,
}

/// A prediction.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Predicted {
    /// Seconds on that Lambda.
    pub seconds: f64,
    /// Peak memory in MB.
    pub memory_mb: u64,
}

/// What the cleaning Lambda has.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LambdaLimits {
    /// Memory in MB.
    pub memory_mb: u32,
    /// Time-out in seconds.
    pub timeout_s: f64,
    /// `TimeoutSeconds` of the task around it: a whole number, a little more.
    pub task_timeout_s: u64,
}

/// Reads metadata and header, and decides.
pub async fn plan(objects: &impl Objects, request: &PlanRequest) -> Result<Planned, FunctionError> {
    let (bucket, key) = (&request.bucket, &request.key);
    let missing = || FunctionError::ObjectMissing {
        bucket: bucket.clone(),
        key: key.clone(),
    };
    let info = objects.head(bucket, key).await?.ok_or_else(missing)?;
    let recipe = recipe_of(&info)?;
    let header = header(objects, request, &info).await?.ok_or_else(missing)?;

    let needs = estimate(&header, info.bytes, &recipe);
    // What cannot be cleaned anywhere need not be moved around.
    Limits::default().check(&header, needs.memory_bytes)?;

    let memory_mb = request.limits.memory_mb as u32;
    let capacity = Capacity::lambda(memory_mb, request.limits.timeout_s);
    let predicted = Predicted {
        seconds: (needs.seconds / capacity.vcpus * 100.0).round() / 100.0,
        memory_mb: needs.memory_bytes.div_ceil(1 << 20),
    };
    let fit = fits(&needs, &capacity);
    let wished = wish_of(&info);
    let has = format!(
        "Lambda with {memory_mb} MB and {} s",
        request.limits.timeout_s
    );
    let (place, why) = match (wished, fit) {
        (Wish::Auto, Ok(())) => (
            Place::Lambda,
            format!(
                "about {:.1} s and {} MB fit {has}",
                predicted.seconds, predicted.memory_mb
            ),
        ),
        (Wish::Auto, Err(misfit)) => (Place::Ecs, format!("{misfit} ({has})")),
        (Wish::Lambda, Ok(())) => (Place::Lambda, "asked for".to_owned()),
        (Wish::Lambda, Err(misfit)) => (
            Place::Lambda,
            format!("asked for, although {misfit} ({has})"),
        ),
        (Wish::Ecs, _) => (Place::Ecs, "asked for".to_owned()),
    };
    Ok(Planned {
        place,
        wished,
        why,
        image: ImageFacts {
            width: header.width,
            height: header.height,
            channels: header.channels.count(),
            format: header.format.to_string(),
            bytes: info.bytes,
            etag: info.etag,
        },
        predicted,
        limits: LambdaLimits {
            memory_mb,
            timeout_s: request.limits.timeout_s,
            task_timeout_s: (request.limits.timeout_s + TASK_MARGIN_S).ceil() as u64,
        },
        recipe_hash: recipe.hash(),
    })
}

/// The recipe in the metadata; an object that was put there by other hands has none and gets the
/// defaults.
pub(crate) fn recipe_of(info: &Info) -> Result<Recipe, FunctionError> {
    match info.metadata.get("wb-recipe") {
        Some(differences) => Ok(Recipe::from_differences(differences)?),
        None => Ok(Recipe::default()),
    }
}

fn wish_of(info: &Info) -> Wish {
    match info.metadata.get("wb-place").map(String::as_str) {
        Some("lambda") => Wish::Lambda,
        Some("ecs") => Wish::Ecs,
        _ => Wish::Auto,
    }
}

/// Reads as little of the object as tells its header; `None` when it has gone meanwhile.
async fn header(
    objects: &impl Objects,
    request: &PlanRequest,
    info: &Info,
) -> Result<Option<Header>, FunctionError> {
    let mut reader = HeaderReader::new(info.bytes);
    loop {
        match reader.step()? {
            HeaderStep::Ready(header) => return Ok(Some(header)),
            HeaderStep::Read { offset, length } => {
                let range = objects.get_range(&request.bucket, &request.key, offset, length);
                let Some(bytes) = range.await? else {
                    return Ok(None);
                };
                reader.give(offset, bytes.to_vec());
            }
        }
    }
}
