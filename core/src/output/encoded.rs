//! Formats, and files in them.

use serde::{Deserialize, Serialize};

use super::palette::{Indexed, Loss};

/// In what form a cleaned picture is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "format", rename_all = "kebab-case")]
pub enum Format {
    /// PNG by palette where that loses nothing visible, otherwise in true colour. The smallest for boards.
    #[default]
    Png8,
    /// PNG with all colours.
    Png,
    /// Baseline JPEG, colours at full resolution.
    Jpeg {
        /// 1 (coarse) to 100 (fine).
        quality: u8,
    },
    /// WebP with all colours, lossless.
    WebP,
    /// PNG whose white is transparent.
    TransparentPng,
    /// PNG of one bit per pixel: ink black, paper white.
    InkMask {
        /// Ink is where the darkest channel is below this.
        threshold: u8,
    },
    /// PDF of one page. [`super::Pdf`] writes more pages.
    Pdf,
    /// SVG: the outline of each ink in curves.
    Svg,
}

impl Format {
    /// A JPEG in which ringing around strokes is not seen.
    pub const JPEG: Self = Self::Jpeg { quality: 90 };
    /// What a viewer sees as ink.
    pub const INK_MASK: Self = Self::InkMask { threshold: 224 };

    /// What file names end in, without the dot.
    #[must_use]
    pub const fn extension(&self) -> &'static str {
        match self {
            Self::Png8 | Self::Png | Self::TransparentPng | Self::InkMask { .. } => "png",
            Self::Jpeg { .. } => "jpg",
            Self::WebP => "webp",
            Self::Pdf => "pdf",
            Self::Svg => "svg",
        }
    }

    /// The media type of the IANA.
    #[must_use]
    pub const fn media_type(&self) -> &'static str {
        match self {
            Self::Png8 | Self::Png | Self::TransparentPng | Self::InkMask { .. } => "image/png",
            Self::Jpeg { .. } => "image/jpeg",
            Self::WebP => "image/webp",
            Self::Pdf => "application/pdf",
            Self::Svg => "image/svg+xml",
        }
    }
}

/// A file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Encoded {
    /// The whole file.
    #[serde(skip)]
    pub bytes: Vec<u8>,
    /// What its name ends in, without the dot.
    pub extension: &'static str,
    /// The media type of the IANA.
    pub media_type: &'static str,
    /// What was chosen.
    pub chosen: Chosen,
}

impl Encoded {
    pub(super) fn new(format: Format, bytes: Vec<u8>, chosen: Chosen) -> Self {
        Self {
            bytes,
            extension: format.extension(),
            media_type: format.media_type(),
            chosen,
        }
    }
}

/// How a file holds its picture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "held", rename_all = "kebab-case")]
pub enum Chosen {
    /// By palette.
    Palette {
        /// Colours, white among them.
        colours: usize,
        /// What they lose.
        loss: Loss,
    },
    /// With all of its colours.
    TrueColour,
    /// As black and white.
    Bits,
    /// As outlines.
    Outlines {
        /// How many, holes among them.
        paths: usize,
        /// Inks.
        colours: usize,
        /// Outlines that were left out, as specks mostly.
        left_out: usize,
    },
}

impl Chosen {
    pub(super) fn of(indexed: &Indexed) -> Self {
        Self::Palette {
            colours: indexed.palette.len(),
            loss: indexed.loss,
        }
    }
}
