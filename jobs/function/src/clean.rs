//! Clean one picture: download, clean, upload.
//!
//! Safe to run twice: the result is the same bytes under the same key.

use std::collections::HashMap;
use std::time::Instant;

use bytes::Bytes;
use serde::Serialize;
use sha2::{Digest, Sha256};
use whiteboarder_core::ALGORITHM_VERSION;
use whiteboarder_core::analysis::Chosen;
use whiteboarder_core::clean::clean_bytes;
use whiteboarder_core::image::Limits;

use crate::error::FunctionError;
use crate::event::{CleanRequest, Place, parse_key};
use crate::machine::{Machine, peak_memory_mb, reset_peak_memory};
use crate::objects::Objects;
use crate::plan::recipe_of;

/// Larger files are not downloaded: no picture of an allowed size makes a file that large, unless it is a TIFF of very
/// deep samples.
pub const MAX_FILE_BYTES: u64 = 1 << 30;

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The result.
    pub output: Output,
    /// The original.
    pub source: Source,
    /// The lane that it ran in.
    pub place: Place,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// What was chosen where the recipe leaves it to the picture.
    pub chosen: Chosen,
    /// Whether the file holds more pictures (pages, frames), of which only the first was cleaned.
    pub more_pictures: bool,
    /// Where the time went.
    pub seconds: Seconds,
    /// Peak memory of the process in MB, where the system tells.
    pub peak_memory_mb: Option<f64>,
    /// Whether this was the process's first cleaning.
    pub cold_start: bool,
    /// Hash of the recipe and the algorithm.
    pub recipe_hash: String,
    /// The algorithm's version.
    pub version: u32,
}

/// The result's object.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Output {
    /// The bucket.
    pub bucket: String,
    /// `cleaned/<batch>/<name>.png`.
    pub key: String,
    /// Its size.
    pub bytes: u64,
    /// Hexadecimal.
    pub sha256: String,
    /// Its `ETag`.
    pub etag: String,
}

/// The original's identity.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Source {
    /// Its `ETag`.
    pub etag: String,
    /// Hexadecimal.
    pub sha256: String,
}

/// Seconds of each part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct Seconds {
    pub download: f64,
    pub decode: f64,
    pub background: f64,
    pub finish: f64,
    pub encode: f64,
    pub upload: f64,
    pub total: f64,
}

/// Cleans the picture and stores the result; an earlier failure's record goes away.
pub async fn clean(
    objects: &impl Objects,
    machine: &Machine,
    request: &CleanRequest,
) -> Result<Report, FunctionError> {
    let began = Instant::now();
    let cold_start = machine.first();
    reset_peak_memory();
    let (bucket, place) = (&request.bucket, request.place);
    let (batch, name) = parse_key(&request.key)?;

    let original = objects.get(bucket, &request.key, MAX_FILE_BYTES).await?;
    let (info, bytes) = original.ok_or_else(|| FunctionError::ObjectMissing {
        bucket: bucket.clone(),
        key: request.key.clone(),
    })?;
    let download = began.elapsed().as_secs_f64();
    let recipe = recipe_of(&info)?;
    let expected = info.metadata.get("wb-sha256").cloned();

    let to_clean = recipe.clone();
    let worked = machine.work(place, move || -> Result<_, FunctionError> {
        let source = hex::encode(Sha256::digest(&bytes));
        if let Some(expected) = expected
            && expected != source
        {
            return Err(FunctionError::Damaged {
                found: source,
                expected,
            });
        }
        let cleaned = clean_bytes(&bytes, &to_clean, &Limits::default())?;
        let output = hex::encode(Sha256::digest(&cleaned.png));
        Ok((cleaned, source, output))
    });
    let (cleaned, source_sha256, output_sha256) = worked.await??;

    let mut seconds = Seconds {
        download: rounded(download),
        decode: rounded(cleaned.timings.decode),
        background: rounded(cleaned.timings.background),
        finish: rounded(cleaned.timings.finish),
        encode: rounded(cleaned.timings.encode),
        upload: 0.0,
        total: 0.0,
    };
    let recipe_hash = recipe.hash();
    let metadata = HashMap::from([
        ("wb-sha256".to_owned(), output_sha256.clone()),
        ("wb-source-etag".to_owned(), info.etag.clone()),
        ("wb-source-sha256".to_owned(), source_sha256.clone()),
        ("wb-recipe-hash".to_owned(), recipe_hash.clone()),
        ("wb-place".to_owned(), place.name().to_owned()),
        ("wb-timings".to_owned(), timings(&seconds)),
        ("wb-version".to_owned(), ALGORITHM_VERSION.to_string()),
    ]);
    let uploading = Instant::now();
    let key = format!("cleaned/{batch}/{name}.png");
    let size = cleaned.png.len() as u64;
    let body = Bytes::from(cleaned.png);
    let etag = objects
        .put(bucket, &key, body, "image/png", metadata)
        .await?;
    objects
        .delete(bucket, &format!("failed/{batch}/{name}.json"))
        .await?;
    seconds.upload = rounded(uploading.elapsed().as_secs_f64());
    seconds.total = rounded(began.elapsed().as_secs_f64());

    Ok(Report {
        output: Output {
            bucket: bucket.clone(),
            key,
            bytes: size,
            sha256: output_sha256,
            etag,
        },
        source: Source {
            etag: info.etag,
            sha256: source_sha256,
        },
        place,
        width: cleaned.width,
        height: cleaned.height,
        chosen: cleaned.chosen,
        more_pictures: cleaned.more_pictures,
        seconds,
        peak_memory_mb: peak_memory_mb(),
        cold_start,
        recipe_hash,
        version: ALGORITHM_VERSION,
    })
}

/// Milliseconds are exact enough, and short.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

/// What is known before the upload, compact: metadata has 2 KB in all.
fn timings(seconds: &Seconds) -> String {
    format!(
        r#"{{"download":{},"decode":{},"background":{},"finish":{},"encode":{}}}"#,
        seconds.download, seconds.decode, seconds.background, seconds.finish, seconds.encode
    )
}
