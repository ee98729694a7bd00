//! JPEG: our own walk over the markers (size, orientation, profile, completeness), pixels by `zune-jpeg`.
//!
//! Decoders are lenient by tradition: where data ends they paint grey and call it a success. Here a board that lost
//! its lower half must be an error, so the walk demands a complete file first and the decoder runs strict. Some tools
//! hide the loss under an end marker of their own; see [`extent::closed_so_that_reading_on_fails`].

mod extent;
mod pixels;

use super::{Channels, Format, Header, ImageError, exif as exif_block};
pub(super) use pixels::{Wanted, decode, decode_raw};

/// Start of image, and the first byte of the next marker.
pub(super) const SIGNATURE: [u8; 3] = [0xFF, 0xD8, 0xFF];

const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;
const DRI: u8 = 0xDD;
const APP1: u8 = 0xE1;
const APP2: u8 = 0xE2;
const APP14: u8 = 0xEE;
const EXIF_PREFIX: &[u8] = b"Exif\0\0";
const ICC_PREFIX: &[u8] = b"ICC_PROFILE\0";

/// One marker segment: its code and payload (without the two length bytes).
struct Segment<'a> {
    marker: u8,
    payload: &'a [u8],
}

/// Walks marker segments; after a start of scan the caller may skip its entropy-coded data.
struct Markers<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// The bytes ended before the segment did.
struct Ended;

impl<'a> Markers<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next segment; `Ok(None)` where there should be a marker and is none.
    fn next(&mut self) -> Result<Option<Segment<'a>>, Ended> {
        if *self.bytes.get(self.at).ok_or(Ended)? != 0xFF {
            return Ok(None);
        }
        // Any number of 0xFF may fill the space before a marker code.
        while *self.bytes.get(self.at).ok_or(Ended)? == 0xFF {
            self.at += 1;
        }
        let marker = *self.bytes.get(self.at).ok_or(Ended)?;
        self.at += 1;
        if matches!(marker, SOI | EOI | 0x01 | 0xD0..=0xD7) {
            return Ok(Some(Segment {
                marker,
                payload: &[],
            }));
        }
        let length = self.bytes.get(self.at..self.at + 2).ok_or(Ended)?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        if length < 2 {
            return Ok(None);
        }
        let payload = self.bytes.get(self.at + 2..self.at + length).ok_or(Ended)?;
        self.at += length;
        Ok(Some(Segment { marker, payload }))
    }

    /// Skips entropy-coded data up to the marker that ends it; tells how many restart markers there were.
    fn skip_scan(&mut self) -> Result<usize, Ended> {
        let mut restarts = 0;
        loop {
            let rest = self.bytes.get(self.at..).ok_or(Ended)?;
            self.at += rest.iter().position(|&b| b == 0xFF).ok_or(Ended)?;
            match self.bytes.get(self.at + 1).ok_or(Ended)? {
                // A stuffed 0xFF, or a restart marker: still inside the scan.
                0x00 => self.at += 2,
                0xD0..=0xD7 => {
                    restarts += 1;
                    self.at += 2;
                }
                0xFF => self.at += 1,
                _ => return Ok(restarts),
            }
        }
    }
}

fn corrupt(detail: impl Into<String>) -> ImageError {
    ImageError::Corrupt {
        format: Format::Jpeg,
        detail: detail.into(),
    }
}

fn unsupported(what: impl Into<String>) -> ImageError {
    ImageError::Unsupported {
        format: Format::Jpeg,
        what: what.into(),
    }
}

/// Reads markers up to the first scan.
pub(super) fn read_header(head: &[u8]) -> Result<Header, ImageError> {
    let beyond = |_: Ended| ImageError::HeaderBeyond {
        format: Format::Jpeg,
        given: head.len(),
    };
    let mut markers = Markers::new(head);
    let mut frame = None;
    let mut orientation = None;
    loop {
        let segment = markers.next().map_err(beyond)?;
        let segment = segment.ok_or_else(|| corrupt("a marker is missing in its header"))?;
        match segment.marker {
            APP1 => {
                if let Some(tiff) = segment.payload.strip_prefix(EXIF_PREFIX) {
                    orientation.get_or_insert_with(|| exif_block::orientation(tiff));
                }
            }
            // Start of frame, all coding processes; C4, C8 and CC are other things.
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                if frame.is_some() {
                    return Err(corrupt("it has two frames"));
                }
                frame = Some(Frame::parse(segment.marker, segment.payload)?);
            }
            SOS => {
                let frame = frame.ok_or_else(|| corrupt("its pixels begin before their size"))?;
                let in_scan = segment.payload.first().copied().unwrap_or(0);
                return Ok(frame.header(orientation.unwrap_or(1), in_scan));
            }
            EOI => return Err(corrupt("it has no pixels")),
            _ => {}
        }
    }
}

/// What lies beside the pixels and matters for them.
#[derive(Debug, Default)]
struct Aside<'a> {
    exif: Option<&'a [u8]>,
    /// Adobe's marker: how it has transformed the colours.
    adobe: Option<u8>,
    /// Pieces of the profile: number, how many there are, bytes.
    icc: Vec<(u8, u8, &'a [u8])>,
}

impl<'a> Aside<'a> {
    /// Everything before the first scan. What cannot be read is not there.
    fn of(bytes: &'a [u8]) -> Self {
        let mut aside = Self::default();
        let mut markers = Markers::new(bytes);
        while let Ok(Some(Segment { marker, payload })) = markers.next() {
            match (marker, payload) {
                (APP1, payload) if aside.exif.is_none() => {
                    aside.exif = payload.strip_prefix(EXIF_PREFIX);
                }
                (APP2, payload) => {
                    if let Some([number, count, piece @ ..]) = payload.strip_prefix(ICC_PREFIX) {
                        aside.icc.push((*number, *count, piece));
                    }
                }
                (
                    APP14,
                    [
                        b'A',
                        b'd',
                        b'o',
                        b'b',
                        b'e',
                        _,
                        _,
                        _,
                        _,
                        _,
                        _,
                        transform,
                        ..,
                    ],
                ) => {
                    aside.adobe = Some(*transform);
                }
                (SOS | EOI, _) => break,
                _ => {}
            }
        }
        aside
    }

    /// The whole profile; `None` when a piece is missing.
    fn profile(&self) -> Option<Vec<u8>> {
        let count = self.icc.first()?.1;
        let mut profile = Vec::new();
        for number in 1..=count {
            let found = self.icc.iter().find(|piece| piece.0 == number)?;
            profile.extend_from_slice(found.2);
        }
        Some(profile)
    }
}

/// The EXIF block.
pub(super) fn exif(bytes: &[u8]) -> Option<&[u8]> {
    Aside::of(bytes).exif
}

/// The frame header (SOF).
struct Frame {
    width: u32,
    height: u32,
    components: u8,
    progressive: bool,
}

impl Frame {
    fn parse(marker: u8, payload: &[u8]) -> Result<Self, ImageError> {
        match marker {
            0xC0..=0xC2 => {}
            0xC3 => return Err(unsupported("lossless coding")),
            0xC9..=0xCB => return Err(unsupported("arithmetic coding")),
            _ => return Err(unsupported("hierarchical or lossless coding")),
        }
        let &[precision, h1, h0, w1, w0, components, ..] = payload else {
            return Err(corrupt("its frame header is too short"));
        };
        if precision != 8 {
            return Err(unsupported(format!("{precision} bits per sample")));
        }
        match components {
            1 | 3 | 4 => {}
            n => return Err(unsupported(format!("{n} channels"))),
        }
        let (width, height) = (u16::from_be_bytes([w1, w0]), u16::from_be_bytes([h1, h0]));
        if height == 0 {
            return Err(unsupported("a height that is told only after the pixels"));
        }
        if width == 0 {
            return Err(corrupt("its width or height is zero"));
        }
        Ok(Self {
            width: u32::from(width),
            height: u32::from(height),
            components,
            progressive: marker == 0xC2,
        })
    }

    fn header(&self, orientation: u8, components_in_first_scan: u8) -> Header {
        let pixels = u64::from(self.width) * u64::from(self.height);
        let progressive = self.progressive || components_in_first_scan < self.components;
        // All coefficients, of two bytes each, when the scans come one after the other; and the fourth ink, which the
        // picture has no room for.
        let waiting = if progressive {
            2 * u64::from(self.components)
        } else {
            0
        };
        let fourth = u64::from(self.components == 4);
        let header = Header {
            width: self.width,
            height: self.height,
            channels: if self.components == 1 {
                Channels::Grey
            } else {
                Channels::Rgb
            },
            format: Format::Jpeg,
            orientation: 1,
            progressive,
            decoder_bytes: pixels * (waiting + fourth),
            more_pictures: false,
        };
        header.held(orientation)
    }
}
