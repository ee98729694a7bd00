//! TIFF in strips (TIFF 6.0, and `BigTIFF` where offsets of four bytes may not do), little endian, the directory last.

use std::io::{Seek, SeekFrom, Write};

use tiff::encoder::compression::{CompressionAlgorithm, Deflate, DeflateLevel};

use super::{Compression, Tags};
use crate::strips::{ByteOrder, Layout, Pixel, RowSink, SampleKind, StripError};

/// Bytes of samples in a strip, about.
const STRIP: usize = 256 << 10;
/// Readers make room for lists of strips only up to some length.
const MOST_STRIPS: usize = 16 << 10;

pub(super) struct TiffSink<W> {
    target: W,
    layout: Layout,
    kind: SampleKind,
    compression: Compression,
    tags: Tags,
    /// Offsets have eight bytes.
    big: bool,
    rows_per_strip: usize,
    /// Samples of the strip that is not full yet, its differences taken.
    pending: Vec<u8>,
    packed: Vec<u8>,
    /// Rows that have been taken.
    rows: usize,
    /// Where the next strip goes.
    at: u64,
    /// Where strips lie and how long they are.
    strips: Vec<(u64, u64)>,
}

/// Types of values, as TIFF numbers them.
const SHORT: u16 = 3;
const LONG: u16 = 4;
const UNDEFINED: u16 = 7;
const LONG8: u16 = 16;

impl<W: Write + Seek> TiffSink<W> {
    pub fn new<T: Pixel>(
        target: W,
        layout: &Layout,
        compression: Compression,
        tags: &Tags,
    ) -> Result<Self, StripError> {
        if u32::try_from(layout.width.max(layout.height)).is_err() {
            return Err(StripError::Unwritable {
                format: "TIFF",
                detail: "a side is longer than 4,294,967,295 pixels".to_owned(),
            });
        }
        let row_bytes = layout.row_len() * size_of::<T>();
        let samples = (row_bytes * layout.height) as u64;
        // Deflate makes the worst samples longer by five bytes in 16 KiB; then the lists, and the profile.
        let profile = tags.profile.as_ref().map_or(0, |profile| profile.len());
        let beside = samples / 1000 + (4 << 20) + profile as u64;
        let big = samples.saturating_add(beside) > u64::from(u32::MAX);
        Self::with_offsets(target, layout, T::KIND, compression, tags, big)
    }

    fn with_offsets(
        mut target: W,
        layout: &Layout,
        kind: SampleKind,
        compression: Compression,
        tags: &Tags,
        big: bool,
    ) -> Result<Self, StripError> {
        let row_bytes = layout.row_len() * kind.bytes();
        let rows_per_strip = (STRIP / row_bytes)
            .max(layout.height.div_ceil(MOST_STRIPS))
            .clamp(1, layout.height);
        // Where the directory is will be told at the end; until then this is no TIFF.
        let head: u64 = if big { 16 } else { 8 };
        target
            .write_all(&[0; 16][..head as usize])
            .map_err(StripError::Write)?;
        Ok(Self {
            target,
            layout: *layout,
            kind,
            compression,
            tags: tags.clone(),
            big,
            rows_per_strip,
            pending: Vec::with_capacity(rows_per_strip * row_bytes),
            packed: Vec::new(),
            rows: 0,
            at: head,
            strips: Vec::new(),
        })
    }

    fn predicted(&self) -> bool {
        self.compression == Compression::Deflate && self.kind != SampleKind::F32
    }

    /// Writes the strip that is pending.
    fn strip(&mut self) -> Result<(), StripError> {
        self.packed.clear();
        let bytes = match self.compression {
            Compression::None => &self.pending,
            Compression::Deflate => {
                Deflate::with_level(DeflateLevel::Fast)
                    .write_to(&mut self.packed, &self.pending)
                    .map_err(StripError::Write)?;
                &self.packed
            }
        };
        self.target.write_all(bytes).map_err(StripError::Write)?;
        self.strips.push((self.at, bytes.len() as u64));
        self.at += bytes.len() as u64;
        self.pending.clear();
        Ok(())
    }

    /// Tags in order: number, type, values as they are written.
    fn entries(&self) -> Vec<(u16, u16, Vec<u8>)> {
        let short = |values: &[u16]| values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let long = |value: usize| (value as u32).to_le_bytes().to_vec();
        let offset = if self.big { LONG8 } else { LONG };
        let list = |value: fn(&(u64, u64)) -> u64| {
            let size = if self.big { 8 } else { 4 };
            let values = self.strips.iter().map(value);
            values
                .flat_map(|v| v.to_le_bytes().into_iter().take(size))
                .collect()
        };
        let channels = self.layout.channels;
        let rgb = self.layout.rolled() == 3;
        let mut extra = vec![0_u16; channels - if rgb { 3 } else { 1 }];
        if let (Some(last), true) = (extra.last_mut(), self.layout.alpha) {
            // Transparency by which colours have not been multiplied.
            *last = 2;
        }
        let float = self.kind == SampleKind::F32;
        let deflate = self.compression == Compression::Deflate;
        let mut entries = vec![
            (256, LONG, long(self.layout.width)),
            (257, LONG, long(self.layout.height)),
            (
                258,
                SHORT,
                short(&vec![8 * self.kind.bytes() as u16; channels]),
            ),
            (259, SHORT, short(&[if deflate { 8 } else { 1 }])),
            (262, SHORT, short(&[if rgb { 2 } else { 1 }])),
            (273, offset, list(|strip| strip.0)),
            (274, SHORT, short(&[u16::from(self.tags.orientation)])),
            (277, SHORT, short(&[channels as u16])),
            (278, LONG, long(self.rows_per_strip)),
            (279, offset, list(|strip| strip.1)),
            (284, SHORT, short(&[1])),
            (317, SHORT, short(&[if self.predicted() { 2 } else { 1 }])),
        ];
        if !extra.is_empty() {
            entries.push((338, SHORT, short(&extra)));
        }
        entries.push((
            339,
            SHORT,
            short(&vec![if float { 3 } else { 1 }; channels]),
        ));
        if let Some(profile) = &self.tags.profile {
            entries.push((34675, UNDEFINED, profile.to_vec()));
        }
        entries
    }

    /// The directory that begins at `at`, and what its entries point to.
    fn directory(&self, at: u64) -> Vec<u8> {
        let entries = self.entries();
        let number = |value: u64, size: usize| value.to_le_bytes().into_iter().take(size);
        let (count, entry, inline) = if self.big { (8, 20, 8) } else { (2, 12, 4) };
        let values_at = at + (count + entries.len() * entry + inline) as u64;
        let (mut out, mut values) = (Vec::new(), Vec::new());
        out.extend(number(entries.len() as u64, count));
        for (tag, kind, bytes) in entries {
            let size = match kind {
                SHORT => 2,
                LONG => 4,
                LONG8 => 8,
                _ => 1,
            };
            out.extend(number(u64::from(tag), 2));
            out.extend(number(u64::from(kind), 2));
            out.extend(number((bytes.len() / size) as u64, inline));
            if bytes.len() <= inline {
                out.extend(&bytes);
                out.resize(out.len() + inline - bytes.len(), 0);
            } else {
                out.extend(number(values_at + values.len() as u64, inline));
                values.extend(bytes);
                // Values begin at even places.
                values.resize(values.len().next_multiple_of(2), 0);
            }
        }
        // There is no second picture.
        out.resize(out.len() + inline, 0);
        out.extend(values);
        out
    }

    fn complete(&mut self) -> std::io::Result<()> {
        let pad = self.at % 2;
        self.target.write_all(&[0][..pad as usize])?;
        let at = self.at + pad;
        let directory = self.directory(at);
        self.target.write_all(&directory)?;
        self.target.seek(SeekFrom::Start(0))?;
        if self.big {
            self.target.write_all(b"II\x2B\0\x08\0\0\0")?;
            self.target.write_all(&at.to_le_bytes())?;
        } else {
            self.target.write_all(b"II\x2A\0")?;
            self.target.write_all(&(at as u32).to_le_bytes())?;
        }
        self.target.seek(SeekFrom::End(0))?;
        self.target.flush()
    }

    fn rows_error(&self, more: bool) -> StripError {
        StripError::Rows {
            expected: self.layout.height,
            more,
        }
    }
}

impl<T: Pixel, W: Write + Seek + Send> RowSink<T> for TiffSink<W> {
    fn write_rows(&mut self, rows: &[T]) -> Result<(), StripError> {
        let (length, channels) = (self.layout.row_len(), self.layout.channels);
        if self.rows + rows.len() / length > self.layout.height {
            return Err(self.rows_error(true));
        }
        let mut differences = Vec::new();
        for row in rows.chunks_exact(length) {
            if self.predicted() {
                differences.clear();
                differences.extend_from_slice(&row[..channels]);
                let pairs = row[channels..].iter().zip(row);
                differences.extend(pairs.map(|(this, before)| this.less(*before)));
                T::put(&differences, ByteOrder::Little, &mut self.pending);
            } else {
                T::put(row, ByteOrder::Little, &mut self.pending);
            }
            self.rows += 1;
            if self.rows.is_multiple_of(self.rows_per_strip) || self.rows == self.layout.height {
                self.strip()?;
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), StripError> {
        if self.rows < self.layout.height {
            return Err(self.rows_error(false));
        }
        self.complete().map_err(StripError::Write)
    }

    fn buffer_bytes(&self) -> u64 {
        3 * (self.rows_per_strip * self.layout.row_len() * size_of::<T>()) as u64
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::image::Limits;
    use crate::strips::{AnySource, open_bytes};

    #[test]
    fn offsets_have_eight_bytes_when_four_may_not_do() {
        let tags = Tags::default();
        let new = |height| {
            let layout = Layout::new(70_000, height, 1, false).unwrap();
            TiffSink::new::<u8>(Cursor::new(Vec::new()), &layout, Compression::None, &tags)
        };
        assert!(!new(61_000).unwrap().big);
        assert!(new(62_000).unwrap().big);
    }

    #[test]
    fn a_bigtiff_is_read_again() {
        let layout = Layout::new(600, 1000, 1, false).unwrap();
        let samples: Vec<u16> = (0..600_000_u32)
            .map(|i| (i.wrapping_mul(i) >> 7) as u16)
            .collect();
        let tags = Tags {
            orientation: 8,
            profile: Some(vec![7; 1001].into()),
        };
        for compression in [Compression::None, Compression::Deflate] {
            let target = Cursor::new(Vec::new());
            let kind = SampleKind::U16;
            let sink = TiffSink::with_offsets(target, &layout, kind, compression, &tags, true);
            let mut sink = sink.unwrap();
            sink.write_rows(&samples).unwrap();
            RowSink::<u16>::finish(&mut sink).unwrap();
            let bytes = sink.target.into_inner();
            assert!(bytes.starts_with(b"II\x2B\0"));
            let (source, info) = open_bytes(bytes, &Limits::default()).unwrap();
            assert_eq!((info.layout, info.tags), (layout, tags.clone()));
            let AnySource::U16(mut source) = source else {
                panic!("these are 16 bits")
            };
            let mut read = vec![0; samples.len()];
            source.read_rows(&mut read).unwrap();
            assert!(read == samples);
        }
    }
}
