//! PNG: row by row, compressed as results of a cleaning are.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use png::{BitDepth, ColorType, EncodingError};

use super::Tags;
use crate::image::exif_of_orientation;
use crate::strips::{ByteOrder, Layout, Pixel, RowSink, SampleKind, StripError};

/// Bytes of a chunk of compressed pixels.
const CHUNK: usize = 256 << 10;

fn unwritable(detail: impl Into<String>) -> StripError {
    StripError::Unwritable {
        format: "PNG",
        detail: detail.into(),
    }
}

fn failed(error: EncodingError) -> StripError {
    match error {
        EncodingError::IoError(error) => StripError::Write(error),
        other => unwritable(other.to_string()),
    }
}

/// The target, with the first error that it gave: the crate writes a file's last bytes while it is dropped, where errors
/// are lost.
struct Target<W>(Arc<Mutex<(W, Option<io::Error>)>>);

impl<W> Target<W> {
    fn inner(&self) -> MutexGuard<'_, (W, Option<io::Error>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Write> Target<W> {
    fn call<V>(&self, f: impl FnOnce(&mut W) -> io::Result<V>) -> io::Result<V> {
        let (target, first) = &mut *self.inner();
        f(target).inspect_err(|error| {
            if error.kind() != io::ErrorKind::Interrupted && first.is_none() {
                *first = Some(error.kind().into());
            }
        })
    }
}

impl<W: Write> Write for Target<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.call(|target| target.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.call(Write::flush)
    }
}

pub(super) struct PngSink<W: Write + 'static> {
    target: Target<W>,
    /// `None` once the file is finished.
    stream: Option<png::StreamWriter<'static, Target<W>>>,
    bytes: Vec<u8>,
    layout: Layout,
    written: usize,
}

impl<W: Write + 'static> PngSink<W> {
    pub fn new<T: Pixel>(
        target: W,
        layout: &Layout,
        tags: &Tags,
        srgb: bool,
    ) -> Result<Self, StripError> {
        let side = |side: usize| {
            let side = u32::try_from(side)
                .ok()
                .filter(|side| i32::try_from(*side).is_ok());
            side.ok_or_else(|| unwritable("a side is longer than 2,147,483,647 pixels"))
        };
        let mut info = png::Info::with_size(side(layout.width)?, side(layout.height)?);
        info.bit_depth = match T::KIND {
            SampleKind::U8 => BitDepth::Eight,
            SampleKind::U16 => BitDepth::Sixteen,
            SampleKind::F32 => return Err(unwritable("it has no floating point; write a TIFF")),
        };
        info.color_type = match (layout.channels, layout.alpha) {
            (1, false) => ColorType::Grayscale,
            (2, true) => ColorType::GrayscaleAlpha,
            (3, false) => ColorType::Rgb,
            (4, true) => ColorType::Rgba,
            (channels, _) => {
                let what = format!("it has no colours of {channels} channels; write a TIFF");
                return Err(unwritable(what));
            }
        };
        info.icc_profile = tags.profile.as_ref().map(|profile| profile.to_vec().into());
        info.srgb = srgb.then_some(png::SrgbRenderingIntent::Perceptual);
        if tags.orientation != 1 {
            info.exif_metadata = Some(exif_of_orientation(tags.orientation).into());
        }
        let target = Target(Arc::new(Mutex::new((target, None))));
        let twin = Target(Arc::clone(&target.0));
        let mut encoder = png::Encoder::with_info(twin, info).map_err(failed)?;
        // The same as `image::encode_png`, where the reasons are.
        encoder.set_compression(png::Compression::Fast);
        encoder.set_filter(png::Filter::Adaptive);
        let writer = encoder.write_header().map_err(failed)?;
        let stream = writer.into_stream_writer_with_size(CHUNK).map_err(failed)?;
        Ok(Self {
            target,
            stream: Some(stream),
            bytes: Vec::new(),
            layout: *layout,
            written: 0,
        })
    }

    fn rows(&self, more: bool) -> StripError {
        StripError::Rows {
            expected: self.layout.height,
            more,
        }
    }
}

impl<T: Pixel, W: Write + Send + 'static> RowSink<T> for PngSink<W> {
    fn write_rows(&mut self, rows: &[T]) -> Result<(), StripError> {
        let row = self.layout.row_len();
        if self.written + rows.len() / row > self.layout.height {
            return Err(self.rows(true));
        }
        let too_many = self.rows(true);
        let stream = self.stream.as_mut().ok_or(too_many)?;
        for row in rows.chunks_exact(row) {
            self.bytes.clear();
            T::put(row, ByteOrder::Big, &mut self.bytes);
            stream.write_all(&self.bytes).map_err(StripError::Write)?;
        }
        self.written += rows.len() / row;
        Ok(())
    }

    fn finish(&mut self) -> Result<(), StripError> {
        if self.written < self.layout.height {
            return Err(self.rows(false));
        }
        if let Some(stream) = self.stream.take() {
            stream.finish().map_err(failed)?;
        }
        self.target.flush().map_err(StripError::Write)?;
        match self.target.inner().1.take() {
            Some(error) => Err(StripError::Write(error)),
            None => Ok(()),
        }
    }

    fn buffer_bytes(&self) -> u64 {
        (6 * self.layout.row_len() * size_of::<T>() + 2 * CHUNK) as u64
    }
}
