//! A file's rows as cleaning wants them.

use std::path::Path;
use std::sync::Arc;

use super::{OpenError, WholeOnly};
use crate::image::{Limits, ToSrgb, guarded, reverse};
use crate::recipe::{self, Recipe, Style};
use crate::strips::files::{open_bytes_with_meaning, open_with_meaning};
use crate::strips::{AnySource, FileInfo, Layout, Reading, RowSource, SampleKind, StripError};

/// A file whose rows are read as [`image::decode`](crate::image::decode) would give them: sRGB, transparency laid over
/// white, mirrored where the orientation says so.
///
/// It is a source of 8 bits, whatever the file has: those of `decode`. And it is a source of 16 bits, for results that
/// keep what the file has: there nothing is rounded to 8 on the way, and 8 bits become 16 by repeating them.
pub struct Photograph {
    source: AnySource,
    to_srgb: ToSrgb,
    layout: Layout,
    info: FileInfo,
    mirrored: bool,
    eight: Vec<u8>,
    sixteen: Vec<u16>,
    float: Vec<f32>,
}

impl std::fmt::Debug for Photograph {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Photograph")
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

impl Photograph {
    /// Opens a file. `limits` hold as for [`strips::open`](crate::strips::open).
    ///
    /// # Errors
    ///
    /// [`OpenError::Whole`] when its rows cannot be had one after the other as they are seen; otherwise what is wrong with
    /// the file.
    pub fn open(path: &Path, limits: &Limits) -> Result<Self, OpenError> {
        Self::of(open_with_meaning(path, limits)?)
    }

    /// [`Photograph::open`] for a file that is in memory already.
    ///
    /// # Errors
    ///
    /// As [`Photograph::open`].
    pub fn of_bytes(bytes: impl Into<Arc<[u8]>>, limits: &Limits) -> Result<Self, OpenError> {
        Self::of(open_bytes_with_meaning(bytes.into(), limits)?)
    }

    fn of(opened: crate::strips::files::Opened) -> Result<Self, OpenError> {
        let orientation = opened.1.tags.orientation;
        if orientation > 2 {
            return Err(WholeOnly::Turned(orientation).into());
        }
        Self::as_stored(opened)
    }

    /// The same for a picture that will be turned once it is there.
    pub(crate) fn of_bytes_as_stored(
        bytes: impl Into<Arc<[u8]>>,
        limits: &Limits,
    ) -> Result<Self, OpenError> {
        let mut photograph = Self::as_stored(open_bytes_with_meaning(bytes.into(), limits)?)?;
        photograph.mirrored = false;
        Ok(photograph)
    }

    fn as_stored((source, info, meaning): crate::strips::files::Opened) -> Result<Self, OpenError> {
        let meaning = meaning.ok_or(WholeOnly::Inverted)?;
        let layout = Layout {
            channels: meaning.channels().count(),
            alpha: false,
            ..info.layout
        };
        Ok(Self {
            source,
            to_srgb: ToSrgb::new(&meaning),
            layout,
            mirrored: info.tags.orientation == 2,
            info,
            eight: Vec::new(),
            sixteen: Vec::new(),
            float: Vec::new(),
        })
    }

    /// What is known of the file. Its layout is that of the file's samples, which may have transparency.
    #[must_use]
    pub fn info(&self) -> &FileInfo {
        &self.info
    }

    /// The shape of its rows, and of the result's: grey or RGB.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Whether it is read row by row; otherwise it is in memory as a whole, or will be.
    #[must_use]
    pub fn is_read_by_rows(&self) -> bool {
        self.info.reading == Reading::Rows
    }

    /// The samples of the result that a recipe asks for: [`SampleKind::U16`] when it wants the source's depth, its style is
    /// not `subtract`, and the file has more than 8 bits; otherwise [`SampleKind::U8`].
    #[must_use]
    pub fn depth(&self, recipe: &Recipe) -> SampleKind {
        if self.info.kind != SampleKind::U8 && wants_depth(recipe) {
            SampleKind::U16
        } else {
            SampleKind::U8
        }
    }

    /// Reads the next row of a file of more than 8 bits, as 16; floating point goes from 0 to 1.
    fn read_deep(&mut self) -> Result<(), StripError> {
        let length = self.info.layout.row_len();
        self.sixteen.resize(length, 0);
        match &mut self.source {
            AnySource::U8(_) => {}
            AnySource::U16(source) => source.read_rows(&mut self.sixteen)?,
            AnySource::F32(source) => {
                self.float.resize(length, 0.0);
                source.read_rows(&mut self.float)?;
                let share = |value: f32| (f64::from(value).clamp(0.0, 1.0) * 65_535.0 + 0.5) as u16;
                let pairs = self.sixteen.iter_mut().zip(&self.float);
                pairs.for_each(|(to, from)| *to = share(*from));
            }
        }
        Ok(())
    }

    fn read_eight(&mut self, row: &mut [u8]) -> Result<(), StripError> {
        if let AnySource::U8(source) = &mut self.source {
            self.eight.resize(self.info.layout.row_len(), 0);
            source.read_rows(&mut self.eight)?;
            self.to_srgb.eight(&mut self.eight, row);
        } else {
            self.read_deep()?;
            self.to_srgb.reduced(&mut self.sixteen, row);
        }
        Ok(())
    }

    fn read_sixteen(&mut self, row: &mut [u16]) -> Result<(), StripError> {
        if self.info.kind == SampleKind::U8 {
            let mut eight = vec![0; row.len()];
            self.read_eight(&mut eight)?;
            let pairs = row.iter_mut().zip(eight);
            pairs.for_each(|(to, from)| *to = u16::from(from) * 257);
        } else {
            self.read_deep()?;
            self.to_srgb.sixteen(&mut self.sixteen, row);
        }
        Ok(())
    }

    fn back_to_the_first(&mut self) -> Result<(), StripError> {
        match &mut self.source {
            AnySource::U8(source) => source.rewind(),
            AnySource::U16(source) => source.rewind(),
            AnySource::F32(source) => source.rewind(),
        }
    }

    fn bytes_held(&self) -> u64 {
        let file = match &self.source {
            AnySource::U8(source) => source.buffer_bytes(),
            AnySource::U16(source) => source.buffer_bytes(),
            AnySource::F32(source) => source.buffer_bytes(),
        };
        file.saturating_add(12 * self.info.layout.row_len() as u64)
    }
}

/// Whether a recipe wants 16 bits where the photograph has them.
pub(crate) fn wants_depth(recipe: &Recipe) -> bool {
    recipe.output.depth == recipe::Depth::Source && recipe.finish.style != Style::Subtract
}

macro_rules! source {
    ($sample:ty, $read:ident) => {
        impl RowSource<$sample> for Photograph {
            fn layout(&self) -> Layout {
                self.layout
            }

            fn read_rows(&mut self, rows: &mut [$sample]) -> Result<(), StripError> {
                let (format, length) = (self.info.format, self.layout.row_len());
                let channels = self.layout.channels;
                let mut row = |row: &mut [$sample]| {
                    self.$read(row)?;
                    if self.mirrored {
                        reverse(row, channels);
                    }
                    Ok(())
                };
                // Tables of colour profiles are read by others' programs, too.
                let mut rows = rows.chunks_exact_mut(length);
                guarded(format, || Ok(rows.try_for_each(&mut row)))?
            }

            fn rewind(&mut self) -> Result<(), StripError> {
                self.back_to_the_first()
            }

            fn buffer_bytes(&self) -> u64 {
                self.bytes_held()
            }
        }
    };
}

source!(u8, read_eight);
source!(u16, read_sixteen);
