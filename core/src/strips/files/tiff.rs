//! TIFF: rows of strips and tiles, chunky or in planes.

use std::io::{BufReader, Seek};

use super::input::Input;
use super::{AnySource, FileInfo, Opened, Reading, Tags, check_memory};
use crate::image::tiff::{Plan, Stream};
use crate::image::{Format, Limits, guarded};
use crate::strips::{ByteOrder, Layout, Pixel, RowSource, SampleKind, StripError};

pub(super) fn open(
    mut input: Input,
    file_bytes: u64,
    mut plan: Plan,
    limits: &Limits,
) -> Result<Opened, StripError> {
    let meaning = (plan.kind != SampleKind::F32 || !plan.white_is_zero()).then(|| plan.meaning());
    let layout = super::layout(plan.size(), plan.channels, plan.alpha())?;
    let buffer_bytes = plan.buffer_bytes();
    check_memory(&layout, buffer_bytes, limits)?;
    let info = FileInfo {
        format: Format::Tiff,
        layout,
        kind: plan.kind,
        reading: if plan.whole() {
            Reading::Frame
        } else {
            Reading::Rows
        },
        tags: Tags {
            orientation: plan.orientation(),
            profile: plan.profile.take().map(Into::into),
        },
    };
    input.rewind().map_err(StripError::Read)?;
    let white_is_zero = plan.white_is_zero();
    let stream = guarded(Format::Tiff, || {
        Stream::new(input.buffered(), file_bytes, plan)
    })?;
    let source = TiffSource {
        stream,
        layout,
        white_is_zero,
        buffer_bytes,
    };
    let source = match info.kind {
        SampleKind::U8 => AnySource::U8(Box::new(source)),
        SampleKind::U16 => AnySource::U16(Box::new(source)),
        SampleKind::F32 => AnySource::F32(Box::new(source)),
    };
    Ok((source, info, meaning))
}

struct TiffSource {
    stream: Stream<BufReader<Input>>,
    layout: Layout,
    white_is_zero: bool,
    buffer_bytes: u64,
}

impl<T: Pixel> RowSource<T> for TiffSource {
    fn layout(&self) -> Layout {
        self.layout
    }

    fn read_rows(&mut self, rows: &mut [T]) -> Result<(), StripError> {
        let order = if self.stream.big_endian() {
            ByteOrder::Big
        } else {
            ByteOrder::Little
        };
        let (stream, layout) = (&mut self.stream, &self.layout);
        guarded(Format::Tiff, || {
            for row in rows.chunks_exact_mut(layout.row_len()) {
                T::take(stream.row()?, order, row);
                if self.white_is_zero {
                    // Black and white are exchanged, opaque and transparent are not.
                    for pixel in row.chunks_exact_mut(layout.channels) {
                        for sample in &mut pixel[..layout.rolled()] {
                            *sample = sample.inverted();
                        }
                    }
                }
            }
            Ok(())
        })?;
        Ok(())
    }

    fn rewind(&mut self) -> Result<(), StripError> {
        self.stream.rewind();
        Ok(())
    }

    fn buffer_bytes(&self) -> u64 {
        self.buffer_bytes
    }
}
