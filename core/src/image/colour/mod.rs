//! Colours: from what a file's profile says to sRGB.
//!
//! Profiles are read by `moxcms`. Where a profile is three curves and a matrix (every camera's and screen's: Display P3,
//! Adobe RGB, `ProPhoto`) or one curve (grey), the arithmetic is ours: tables by software `pow`, products and sums that
//! no compiler may fuse, so that every machine gives the same bytes. Profiles made of tables (printing inks, a few
//! scanners) go through `moxcms` itself. It does not depend on the number of threads, but it chooses code by the
//! processor's vector units (`image` asks for these variants, so we cannot leave them out), and where these fuse
//! multiplication and addition a sample may rarely come out one level apart.
//!
//! A profile that is (nearly) sRGB changes nothing. A broken one is ignored, as if there were none: a picture in
//! slightly wrong colours is better than no picture.

mod curve;
mod tables;

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use moxcms::{
    ColorProfile, DataColorSpace, Layout as CmsLayout, ParsingOptions, ToneReprCurve,
    TransformExecutor, TransformOptions,
};

use super::rows::Ink;
use tables::{Curve, Matrix};

/// Larger profiles are ignored; those of presses have up to a few MB.
pub(super) const MOST_PROFILE_BYTES: usize = 4 << 20;
/// Levels by which a profile may differ from sRGB and still be taken for it. Common sRGB profiles are rounded curves.
const SAME_LEVELS: u8 = 2;

/// What a file says of its colours.
#[derive(Clone, Debug)]
pub(super) enum Profile<'a> {
    /// An ICC profile.
    Icc(Cow<'a, [u8]>),
    DisplayP3,
    AdobeRgb,
    /// sRGB's primaries with a plain power instead of its curve: light = sample to the power of this.
    Gamma(f64),
}

impl Profile<'_> {
    /// The same with bytes of its own.
    pub fn into_owned(self) -> Profile<'static> {
        match self {
            Self::Icc(bytes) => Profile::Icc(Cow::Owned(bytes.into_owned())),
            Self::DisplayP3 => Profile::DisplayP3,
            Self::AdobeRgb => Profile::AdobeRgb,
            Self::Gamma(gamma) => Profile::Gamma(gamma),
        }
    }
}

/// Bits of the samples that will be converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    Eight,
    Sixteen,
}

impl Depth {
    const fn levels(self) -> usize {
        match self {
            Self::Eight => 256,
            Self::Sixteen => 65_536,
        }
    }
}

/// Tables, as their reader applies them.
type Executor<T> = Arc<dyn TransformExecutor<T> + Send + Sync>;

/// From a picture's own colours to sRGB.
pub(super) enum Conversion {
    /// They are the same.
    None,
    Curve(Curve),
    Matrix(Box<Matrix>),
    /// RGB by a profile's tables.
    Tables(Executor<u8>, Option<Executor<u16>>),
    /// Inks; without tables the plain formula.
    Inks(Option<Executor<u8>>),
}

impl std::fmt::Debug for Conversion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Curve(_) => "Curve",
            Self::Matrix(_) => "Matrix",
            Self::Tables(..) => "Tables",
            Self::Inks(Some(_)) => "Inks by tables",
            Self::Inks(None) => "Inks",
        })
    }
}

impl Conversion {
    /// The conversion for samples of this kind; a profile for another kind counts as none.
    pub fn new(profile: Option<&Profile<'_>>, ink: Ink, depth: Depth) -> Self {
        let found = profile.and_then(|profile| {
            // Profiles are programs of strangers, and the reader has assertions.
            catch_unwind(AssertUnwindSafe(|| Self::of_profile(profile, ink, depth)))
                .ok()
                .flatten()
        });
        match (found, ink) {
            (Some(conversion), _) => conversion,
            (None, Ink::Cmyk) => Self::Inks(None),
            (None, _) => Self::None,
        }
    }

    fn of_profile(profile: &Profile<'_>, ink: Ink, depth: Depth) -> Option<Self> {
        let profile = match profile {
            Profile::Icc(bytes) => {
                if bytes.len() >= MOST_PROFILE_BYTES {
                    return None;
                }
                let options = ParsingOptions {
                    max_profile_size: MOST_PROFILE_BYTES,
                    max_allowed_clut_size: MOST_PROFILE_BYTES,
                    ..ParsingOptions::default()
                };
                ColorProfile::new_from_slice_with_options(bytes, options).ok()?
            }
            Profile::DisplayP3 => ColorProfile::new_display_p3(),
            Profile::AdobeRgb => ColorProfile::new_adobe_rgb(),
            Profile::Gamma(gamma) => {
                let curve = Some(ToneReprCurve::Parametric(vec![*gamma as f32]));
                let mut profile = ColorProfile::new_srgb();
                profile.gray_trc.clone_from(&curve);
                profile.red_trc.clone_from(&curve);
                profile.green_trc.clone_from(&curve);
                profile.blue_trc = curve;
                if ink == Ink::Grey {
                    profile.color_space = DataColorSpace::Gray;
                }
                profile
            }
        };
        let conversion = match (ink, profile.color_space) {
            (Ink::Grey, DataColorSpace::Gray) => Self::Curve(Curve::new(&profile, depth)?),
            (Ink::Rgb, DataColorSpace::Rgb) if profile.is_matrix_shaper() => {
                Self::Matrix(Box::new(Matrix::new(&profile, depth)?))
            }
            (Ink::Rgb, DataColorSpace::Rgb) => {
                let deep = (depth == Depth::Sixteen).then(|| deep_tables_of(&profile));
                Self::Tables(tables_of(&profile, CmsLayout::Rgb)?, deep.flatten())
            }
            (Ink::Cmyk, DataColorSpace::Cmyk) => {
                return Some(Self::Inks(Some(tables_of(&profile, CmsLayout::Rgba)?)));
            }
            _ => return None,
        };
        let far = match &conversion {
            Self::Curve(curve) => curve.distance(),
            Self::Matrix(_) if depth == Depth::Sixteen => Matrix::new(&profile, Depth::Eight)
                .map(|matrix| Self::Matrix(Box::new(matrix)))?
                .distance(),
            other => other.distance(),
        };
        Some(if far <= SAME_LEVELS {
            Self::None
        } else {
            conversion
        })
    }

    pub fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// How many levels any colour changes by, at most, as far as a coarse look tells. For RGB of 8 bits.
    fn distance(&self) -> u8 {
        let step = || (0..=255_u8).step_by(15);
        let mut lattice: Vec<u8> = Vec::new();
        for red in step() {
            for green in step() {
                lattice.extend(step().flat_map(|blue| [red, green, blue]));
            }
        }
        lattice.extend((0..=255_u8).flat_map(|grey| [grey; 3]));
        let mut converted = lattice.clone();
        self.in_place(&mut converted);
        let pairs = lattice.iter().zip(&converted);
        pairs.map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0)
    }

    /// Converts grey or RGB samples of 8 bits.
    pub fn in_place(&self, samples: &mut [u8]) {
        match self {
            Self::None | Self::Inks(_) => {}
            Self::Curve(curve) => curve.in_place(samples),
            Self::Matrix(matrix) => matrix.in_place(samples),
            Self::Tables(tables, _) => {
                let source = samples.to_vec();
                // Cannot fail: the lengths are equal and whole pixels.
                let _ = tables.transform(&source, samples);
            }
        }
    }

    /// Converts grey or RGB samples of 16 bits and appends them as 8.
    pub fn reduce(&self, samples: &[u16], out: &mut Vec<u8>) {
        use super::rows::Sample;
        match self {
            Self::Curve(curve) => curve.reduce(samples, out),
            Self::Matrix(matrix) => matrix.reduce(samples, out),
            Self::None | Self::Inks(_) | Self::Tables(..) => {
                let start = out.len();
                out.extend(samples.iter().map(|sample| sample.to_eight()));
                self.in_place(&mut out[start..]);
            }
        }
    }

    /// Converts grey or RGB samples of 16 bits, which stay 16.
    pub fn deep_in_place(&self, samples: &mut [u16]) {
        match self {
            Self::None | Self::Inks(_) => {}
            Self::Curve(curve) => curve.deep_in_place(samples),
            Self::Matrix(matrix) => matrix.deep_in_place(samples),
            Self::Tables(_, Some(tables)) => {
                let source = samples.to_vec();
                // Cannot fail: the lengths are equal and whole pixels.
                let _ = tables.transform(&source, samples);
            }
            // Its reader has no tables for 16 bits: better coarse than in wrong colours.
            Self::Tables(_, None) => {
                let mut eight = Vec::with_capacity(samples.len());
                self.reduce(samples, &mut eight);
                for (sample, eight) in samples.iter_mut().zip(eight) {
                    *sample = u16::from(eight) * 257;
                }
            }
        }
    }

    /// Converts inks (0 is none) and appends them as RGB.
    pub fn inks_to_rgb(&self, inks: &[u8], out: &mut Vec<u8>) {
        if let Self::Inks(Some(tables)) = self {
            let start = out.len();
            out.resize(start + inks.len() / 4 * 3, 255);
            let _ = tables.transform(inks, &mut out[start..]);
            return;
        }
        for pixel in inks.chunks_exact(4) {
            let light = |ink: u8| {
                let share = (255 - u32::from(ink)) * (255 - u32::from(pixel[3]));
                ((share + 127) / 255) as u8
            };
            out.extend([light(pixel[0]), light(pixel[1]), light(pixel[2])]);
        }
    }
}

fn tables_of(profile: &ColorProfile, layout: CmsLayout) -> Option<Executor<u8>> {
    let srgb = ColorProfile::new_srgb();
    let options = TransformOptions::default();
    let tables = profile
        .create_transform_8bit(layout, &srgb, CmsLayout::Rgb, options)
        .ok()?;
    // One pixel now, under the caller's guard, rather than a surprise later.
    let mut pixel = [0; 3];
    tables
        .transform(&[0; 4][..layout.channels()], &mut pixel)
        .ok()?;
    Some(tables)
}

fn deep_tables_of(profile: &ColorProfile) -> Option<Executor<u16>> {
    let srgb = ColorProfile::new_srgb();
    let options = TransformOptions::default();
    let tables = profile
        .create_transform_16bit(CmsLayout::Rgb, &srgb, CmsLayout::Rgb, options)
        .ok()?;
    // As for 8 bits.
    tables.transform(&[0; 3], &mut [0; 3]).ok()?;
    Some(tables)
}
