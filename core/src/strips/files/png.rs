//! PNG: row by row, unless it is interlaced.

use std::io::BufReader;

use png::{BitDepth, ColorType};

use super::input::Input;
use super::{AnySource, FileInfo, Opened, Reading, Tags, check_memory};
use crate::image::png::{check_size, describe, meaning, open as open_reader};
use crate::image::{Format, ImageError, Limits, guarded};
use crate::strips::{ByteOrder, Layout, Pixel, RowSource, SampleKind, StripError};

type Reader = png::Reader<BufReader<Input>>;

const TRUNCATED: ImageError = ImageError::Truncated {
    format: Format::Png,
};

fn reader(input: &Input) -> Result<Reader, StripError> {
    // The decoder may panic as well as fail.
    guarded(Format::Png, || {
        Ok(open_reader(|| input.again().map_err(StripError::Read)))
    })?
}

pub(super) fn open(
    input: Input,
    file_bytes: u64,
    orientation: u8,
    limits: &Limits,
) -> Result<Opened, StripError> {
    let reader = reader(&input)?;
    let header = reader.info();
    check_size(header, file_bytes)?;
    let (colour, depth) = reader.output_color_type();
    let (channels, alpha) = match colour {
        ColorType::Grayscale => (1, false),
        ColorType::GrayscaleAlpha => (2, true),
        ColorType::Rgb | ColorType::Indexed => (3, false),
        ColorType::Rgba => (4, true),
    };
    let kind = match depth {
        BitDepth::Sixteen => SampleKind::U16,
        _ => SampleKind::U8,
    };
    let layout = super::layout((header.width, header.height), channels, alpha)?;
    let row_bytes = layout.row_len() * kind.bytes();
    let interlaced = header.interlaced;
    // The decoder holds two rows and what it has unpacked, of a frame all of it.
    let rows = if interlaced { layout.height + 4 } else { 4 };
    let buffer_bytes = (row_bytes as u64).saturating_mul(rows as u64) + (1 << 20);
    check_memory(&layout, buffer_bytes, limits)?;
    let info = FileInfo {
        format: Format::Png,
        layout,
        kind,
        reading: if interlaced {
            Reading::Frame
        } else {
            Reading::Rows
        },
        tags: Tags {
            orientation,
            profile: header.icc_profile.as_deref().map(Into::into),
        },
    };
    let meaning = meaning(&reader);
    let source = PngSource {
        input,
        reader: Some(reader),
        layout,
        interlaced,
        row_bytes,
        bytes: Vec::new(),
        next: 0,
        buffer_bytes,
    };
    let source = match kind {
        SampleKind::U16 => AnySource::U16(Box::new(source)),
        _ => AnySource::U8(Box::new(source)),
    };
    Ok((source, info, Some(meaning)))
}

struct PngSource {
    input: Input,
    /// `None` once all rows have been read.
    reader: Option<Reader>,
    layout: Layout,
    interlaced: bool,
    row_bytes: usize,
    /// A row as the decoder gives it; of an interlaced file all of them.
    bytes: Vec<u8>,
    next: usize,
    buffer_bytes: u64,
}

impl PngSource {
    /// The bytes of the next row.
    fn row(&mut self) -> Result<&[u8], ImageError> {
        let y = self.next;
        self.next += 1;
        let at = if self.interlaced {
            y * self.row_bytes
        } else {
            0
        };
        if let Some(reader) = &mut self.reader {
            if self.interlaced {
                self.bytes.resize(self.row_bytes * self.layout.height, 0);
                reader
                    .next_frame(&mut self.bytes)
                    .map_err(|error| describe(&error))?;
            } else {
                self.bytes.resize(self.row_bytes, 0);
                let row = reader.read_row(&mut self.bytes);
                row.map_err(|error| describe(&error))?.ok_or(TRUNCATED)?;
            }
            if self.interlaced || self.next == self.layout.height {
                // Checks what comes after the pixels, their checksum among it.
                reader.finish().map_err(|error| describe(&error))?;
                self.reader = None;
            }
        } else if !self.interlaced {
            return Err(TRUNCATED);
        }
        self.bytes.get(at..at + self.row_bytes).ok_or(TRUNCATED)
    }
}

impl<T: Pixel> RowSource<T> for PngSource {
    fn layout(&self) -> Layout {
        self.layout
    }

    fn read_rows(&mut self, rows: &mut [T]) -> Result<(), StripError> {
        guarded(Format::Png, || {
            for row in rows.chunks_exact_mut(self.layout.row_len()) {
                T::take(self.row()?, ByteOrder::Big, row);
            }
            Ok(())
        })?;
        Ok(())
    }

    fn rewind(&mut self) -> Result<(), StripError> {
        // Of an interlaced file all rows may be there already.
        if !self.interlaced || self.reader.is_some() {
            self.reader = None;
            let reader = reader(&self.input)?;
            let (width, height) = reader.info().size();
            let (colour, _) = reader.output_color_type();
            // It may have been written over meanwhile.
            if (width as usize, height as usize) != (self.layout.width, self.layout.height)
                || colour.samples() != self.layout.channels
                || reader.output_line_size(width) != Some(self.row_bytes)
            {
                return Err(TRUNCATED.into());
            }
            self.reader = Some(reader);
        }
        self.next = 0;
        Ok(())
    }

    fn buffer_bytes(&self) -> u64 {
        self.buffer_bytes
    }
}
