//! An analysis as text: what one machine found, for another to finish with.
//!
//! Planes and masks travel as base64 of little-endian numbers, so that every bit arrives.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Analysis, Backdrop, Bits, Settled};
use crate::image::{Channels, Picture};
use crate::plane::Plane;
use crate::recipe::Finish;

#[derive(Serialize, Deserialize)]
struct StoredPlane {
    width: usize,
    height: usize,
    f32: String,
}

#[derive(Serialize, Deserialize)]
struct StoredBits {
    width: usize,
    height: usize,
    u64: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum StoredBackdrop {
    Reduced(Vec<StoredPlane>),
    Full {
        width: u32,
        height: u32,
        rgb: bool,
        u8: String,
    },
}

#[derive(Serialize, Deserialize)]
struct Stored {
    /// [`crate::ALGORITHM_VERSION`] of whoever found it.
    algorithm: u32,
    size: (usize, usize),
    backdrop: StoredBackdrop,
    settled: Settled,
    paper: [f32; 3],
    noise: f32,
    ink: f32,
    low: f32,
    high: f32,
    lift: f32,
    mask: StoredBits,
    surroundings: Vec<StoredPlane>,
    finish: Finish,
}

impl StoredPlane {
    fn of(plane: &Plane<f32>) -> Self {
        let bytes: Vec<u8> = plane.data.iter().flat_map(|v| v.to_le_bytes()).collect();
        Self {
            width: plane.width,
            height: plane.height,
            f32: STANDARD.encode(bytes),
        }
    }

    fn plane(&self) -> Option<Plane<f32>> {
        let bytes = STANDARD.decode(&self.f32).ok()?;
        let (values, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() || self.width.checked_mul(self.height)? != values.len() {
            return None;
        }
        let data = values.iter().map(|v| f32::from_le_bytes(*v)).collect();
        Plane::new(self.width, self.height, data)
    }
}

impl StoredBits {
    fn of(bits: &Bits) -> Self {
        let bytes: Vec<u8> = bits.words().iter().flat_map(|v| v.to_le_bytes()).collect();
        Self {
            width: bits.width(),
            height: bits.height(),
            u64: STANDARD.encode(bytes),
        }
    }

    fn bits(&self) -> Option<Bits> {
        let bytes = STANDARD.decode(&self.u64).ok()?;
        let (words, rest) = bytes.as_chunks::<8>();
        let words = words.iter().map(|v| u64::from_le_bytes(*v)).collect();
        rest.is_empty()
            .then(|| Bits::from_words(self.width, self.height, words))?
    }
}

impl StoredBackdrop {
    fn of(backdrop: &Backdrop) -> Self {
        match backdrop {
            Backdrop::Reduced(planes) => {
                Self::Reduced(planes.iter().map(StoredPlane::of).collect())
            }
            Backdrop::Full(picture) => Self::Full {
                width: picture.width,
                height: picture.height,
                rgb: picture.channels == Channels::Rgb,
                u8: STANDARD.encode(&picture.data),
            },
        }
    }

    fn backdrop(&self) -> Option<Backdrop> {
        match self {
            Self::Reduced(planes) => planes_of(planes).map(Backdrop::Reduced),
            Self::Full {
                width,
                height,
                rgb,
                u8,
            } => {
                let channels = if *rgb { Channels::Rgb } else { Channels::Grey };
                let picture = Picture::new(*width, *height, channels, STANDARD.decode(u8).ok()?);
                picture.ok().map(Backdrop::Full)
            }
        }
    }
}

/// Planes of one size, at least one.
fn planes_of(stored: &[StoredPlane]) -> Option<Vec<Plane<f32>>> {
    let planes: Vec<_> = stored
        .iter()
        .map(StoredPlane::plane)
        .collect::<Option<_>>()?;
    let first = planes.first()?;
    let size = (first.width, first.height);
    let alike = planes
        .iter()
        .all(|plane| (plane.width, plane.height) == size);
    alike.then_some(planes)
}

impl Serialize for Analysis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Stored {
            algorithm: crate::ALGORITHM_VERSION,
            size: self.size,
            backdrop: StoredBackdrop::of(&self.backdrop),
            settled: self.settled,
            paper: self.paper,
            noise: self.noise,
            ink: self.ink,
            low: self.low,
            high: self.high,
            lift: self.lift,
            mask: StoredBits::of(&self.mask),
            surroundings: self.surroundings.iter().map(StoredPlane::of).collect(),
            finish: self.finish.clone(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Analysis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = Stored::deserialize(deserializer)?;
        if stored.algorithm != crate::ALGORITHM_VERSION {
            return Err(D::Error::custom(
                "this analysis was made by another version of the algorithm",
            ));
        }
        let broken = || D::Error::custom("this analysis is damaged");
        let analysis = Self {
            size: stored.size,
            backdrop: stored.backdrop.backdrop().ok_or_else(broken)?.into(),
            settled: stored.settled,
            paper: stored.paper,
            noise: stored.noise,
            ink: stored.ink,
            low: stored.low,
            high: stored.high,
            lift: stored.lift,
            mask: stored.mask.bits().ok_or_else(broken)?,
            surroundings: planes_of(&stored.surroundings).ok_or_else(broken)?,
            finish: stored.finish,
        };
        let (width, height) = analysis.size;
        let fits = width > 0 && height > 0 && {
            let cell = analysis.cell();
            let mask = &analysis.mask;
            (mask.width(), mask.height()) == (width.div_ceil(cell), height.div_ceil(cell))
        };
        // Grey, or of three channels, throughout.
        let channels = match &*analysis.backdrop {
            Backdrop::Reduced(planes) => planes.len(),
            Backdrop::Full(found) => found.channels.count(),
        };
        let around = if channels == 1 { 2 } else { 5 };
        let fits = fits && matches!(channels, 1 | 3) && analysis.surroundings.len() == around;
        let full_fits = match &*analysis.backdrop {
            Backdrop::Reduced(_) => true,
            Backdrop::Full(found) => {
                (found.width as usize, found.height as usize) == (width, height)
            }
        };
        if fits && full_fits {
            Ok(analysis)
        } else {
            Err(broken())
        }
    }
}
