//! From strips and tiles to rows of samples, a band of rows at a time.

use std::io::Cursor;

use super::bands::{Band, Bands, Source, open, plain_grey};
use super::{Compression, Facts, Photometric, TRUNCATED, chunks, corrupt, tag, unsupported, whole};
use crate::image::colour::{Conversion, Depth, Profile};
use crate::image::ifd::{Directory, Ifds};
use crate::image::rows::{Rows, Sample, ycc_to_rgb};
use crate::image::{Header, ImageError, Picture};

/// How a sample is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::image) enum Kind {
    /// Whole numbers of 1, 2, 4 or 8 bits.
    Small(u32),
    Whole16,
    Whole32,
    Float32,
    Float64,
}

impl Kind {
    pub fn of(bits: u64, format: u64) -> Result<Self, ImageError> {
        Ok(match (bits, format) {
            (1 | 2 | 4 | 8, 1 | 4) => Self::Small(bits as u32),
            (16, 1 | 4) => Self::Whole16,
            (32, 1 | 4) => Self::Whole32,
            (32, 3) => Self::Float32,
            (64, 3) => Self::Float64,
            (_, 2) => return Err(unsupported("signed samples")),
            (_, 3) => return Err(unsupported(format!("floating point of {bits} bits"))),
            (_, 1) => return Err(unsupported(format!("{bits} bits per sample"))),
            _ => return Err(unsupported("complex samples")),
        })
    }

    const fn depth(self) -> Depth {
        match self {
            Self::Small(_) => Depth::Eight,
            _ => Depth::Sixteen,
        }
    }
}

/// Decodes the pixels of the first picture as stored, without orientation.
pub(in crate::image) fn decode(bytes: &[u8], header: &Header) -> Result<Picture, ImageError> {
    let parts = whole(bytes);
    let broken = |_| corrupt("its directory is broken");
    let ifds = Ifds::of_block(&parts).map_err(broken)?;
    let directory = ifds.directory(ifds.first).map_err(broken)?;
    let facts = Facts::read(&ifds, &directory)?;
    let format = ifds.first_value(&directory, tag::SAMPLE_FORMAT);
    let kind = Kind::of(facts.bits, format.ok().flatten().unwrap_or(1))?;
    let file_bytes = bytes.len() as u64;
    facts.check_size(file_bytes)?;
    let chunks = chunks(&ifds, &directory, &facts, file_bytes, |_| TRUNCATED)?;
    let palette = match facts.photometric {
        Photometric::Palette => Some(palette(&ifds, &directory, facts.bits)?),
        _ => None,
    };
    let profile = directory
        .find(tag::PROFILE)
        .and_then(|entry| ifds.bytes(entry).ok())
        .map(|icc| Profile::Icc(icc.into()));
    let layout = facts.layout();
    let conversion = Conversion::new(profile.as_ref(), layout.ink, kind.depth());
    let mut bands = Bands {
        source: if facts.compression == Compression::Jpeg {
            let tables = directory.find(tag::JPEG_TABLES);
            Source::Jpeg {
                bytes,
                tables: tables.and_then(|entry| ifds.bytes(entry).ok()),
                chunks: &chunks,
            }
        } else {
            let patch = plain_grey(&ifds, &directory, &facts);
            Source::Decoder(Box::new(open(Cursor::new(bytes), file_bytes, patch)?))
        },
        facts,
        wanted: facts.wanted(),
    };
    let pixels = facts.width as usize * facts.height as usize;
    let mut rows = Rows::new(pixels, layout, conversion);
    let count = facts.height.div_ceil(facts.chunk.1);
    for band in 0..count {
        let band = bands.read(band)?;
        for row in 0..band.rows {
            match (&palette, kind.depth()) {
                (Some(palette), _) => rows.push8(&mut band.colours(row, palette, &facts)),
                (None, Depth::Eight) => rows.push8(&mut band.eight(row, kind, &facts)),
                (None, Depth::Sixteen) => rows.push16(&mut band.sixteen(row, kind, &facts)),
            }
        }
    }
    Picture::new(facts.width, facts.height, header.channels, rows.finish())
}

/// The colours of a palette, as RGB of 8 bits.
fn palette(ifds: &Ifds<'_>, directory: &Directory, bits: u64) -> Result<Vec<[u8; 3]>, ImageError> {
    if bits > 8 {
        return Err(unsupported("a palette of more than 256 colours"));
    }
    let colours = 1_u64 << bits;
    let entry = directory.find(tag::COLOUR_MAP);
    let entry = entry.filter(|entry| entry.kind == 3 && entry.count >= 3 * colours);
    let entry = entry.ok_or_else(|| corrupt("its palette is missing"))?;
    let at = |index| {
        let value = ifds.value(entry, index);
        value.map(|v| v as u16).map_err(|_| TRUNCATED)
    };
    let map: Vec<u16> = (0..3 * colours).map(at).collect::<Result<_, _>>()?;
    // Colours of 8 bits, made 16 by repeating them or by adding zeros; some programs even write 8 where 16 belong.
    let wide = map.iter().any(|value| *value > 255);
    let eight = |value: u16| (if wide { value >> 8 } else { value }) as u8;
    let n = colours as usize;
    Ok((0..n)
        .map(|i| [eight(map[i]), eight(map[n + i]), eight(map[2 * n + i])])
        .collect())
}

impl Band {
    /// Puts the samples of a row in order: pixel after pixel, only those that are wanted.
    fn gather<S: Copy + Default, const BYTES: usize>(
        &self,
        row: usize,
        facts: &Facts,
        read: impl Fn([u8; BYTES]) -> S,
    ) -> Vec<S> {
        let wanted = facts.wanted();
        let mut out = vec![S::default(); facts.width as usize * wanted];
        let mut place = |raw: &[u8], from: usize, to: usize| {
            let samples = raw.as_chunks::<BYTES>().0;
            let pixels = samples.iter().skip(from).step_by(self.samples);
            for (out, sample) in out.iter_mut().skip(to).step_by(wanted).zip(pixels) {
                *out = read(*sample);
            }
        };
        for (plane, data) in self.planes.iter().enumerate() {
            let raw = &data[row * self.stride..(row + 1) * self.stride];
            if self.planes.len() > 1 {
                place(raw, 0, plane);
            } else {
                (0..wanted.min(self.samples)).for_each(|sample| place(raw, sample, sample));
            }
        }
        out
    }

    /// Samples of fewer than 8 bits, the highest bits first, as they are.
    fn unpacked(&self, row: usize, bits: u32, width: u32) -> Vec<u8> {
        let raw = &self.planes[0][row * self.stride..(row + 1) * self.stride];
        let per_byte = 8 / bits;
        let mask = (1_u32 << bits) - 1;
        (0..width)
            .map(|x| {
                let byte = u32::from(raw[(x / per_byte) as usize]);
                (byte >> (8 - bits - bits * (x % per_byte)) & mask) as u8
            })
            .collect()
    }

    /// A row of palette numbers, as RGB.
    fn colours(&self, row: usize, palette: &[[u8; 3]], facts: &Facts) -> Vec<u8> {
        let numbers = if facts.bits == 8 {
            self.gather(row, facts, |[sample]| sample)
        } else {
            self.unpacked(row, facts.bits as u32, facts.width)
        };
        let colour = |number: u8| palette.get(usize::from(number)).copied().unwrap_or([0; 3]);
        numbers.into_iter().flat_map(colour).collect()
    }

    /// A row of at most 8 bits a sample, as 8.
    fn eight(&self, row: usize, kind: Kind, facts: &Facts) -> Vec<u8> {
        let mut out = match kind {
            Kind::Small(bits @ (1 | 2 | 4)) => {
                let most = (1 << bits) - 1;
                let mut row = self.unpacked(row, bits, facts.width);
                for sample in &mut row {
                    *sample = (u32::from(*sample) * 255 / most) as u8;
                }
                row
            }
            _ => self.gather(row, facts, |[sample]| sample),
        };
        match facts.photometric {
            Photometric::WhiteIsZero => invert(&mut out, facts),
            // JPEG has been through this already.
            Photometric::YCbCr if facts.compression != Compression::Jpeg => to_rgb(&mut out, facts),
            _ => {}
        }
        out
    }

    /// A row of deeper samples, as 16 bits. Floating point goes from 0 to 1.
    fn sixteen(&self, row: usize, kind: Kind, facts: &Facts) -> Vec<u16> {
        let share = |value: f64| (value.clamp(0.0, 1.0) * 65_535.0 + 0.5) as u16;
        let mut out = match kind {
            Kind::Whole32 => self.gather(row, facts, |bytes| {
                let value = u64::from(u32::from_ne_bytes(bytes));
                ((value * 65_535 + u64::from(u32::MAX) / 2) / u64::from(u32::MAX)) as u16
            }),
            Kind::Float32 => self.gather(row, facts, |bytes| {
                share(f64::from(f32::from_ne_bytes(bytes)))
            }),
            Kind::Float64 => self.gather(row, facts, |bytes| share(f64::from_ne_bytes(bytes))),
            Kind::Whole16 | Kind::Small(_) => self.gather(row, facts, u16::from_ne_bytes),
        };
        if facts.photometric == Photometric::WhiteIsZero {
            invert(&mut out, facts);
        }
        out
    }
}

/// Exchanges black and white, but not opaque and transparent.
fn invert<S: Sample>(row: &mut [S], facts: &Facts) {
    for sample in row.iter_mut().step_by(facts.layout().count()) {
        *sample = S::narrow(S::MOST - sample.wide());
    }
}

/// A row of brightness and colour differences to RGB.
fn to_rgb(row: &mut [u8], facts: &Facts) {
    for pixel in row.chunks_exact_mut(facts.layout().count()) {
        ycc_to_rgb(pixel);
    }
}
