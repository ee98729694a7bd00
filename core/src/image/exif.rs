//! EXIF: how the camera was held, which colours it meant, and what of it may go into the result.

use super::ifd::{Directory, Entry, Ifds};
use super::parts::Part;
use super::{Format, header, jpeg, png, webp};

const ORIENTATION: u16 = 0x0112;
const EXIF_IFD: u16 = 0x8769;
const GPS_IFD: u16 = 0x8825;
const INTEROP_IFD: u16 = 0xA005;
const COLOUR_SPACE: u16 = 0xA001;
/// Where in the block a thumbnail lies, and its length (`JPEGInterchangeFormat`).
const THUMBNAIL: u16 = 0x0201;
const THUMBNAIL_LENGTH: u16 = 0x0202;

/// No camera's block is as large, thumbnails and maker's notes apart; what would make one larger is left out.
const MOST_BYTES: usize = 256 << 10;
/// Longer values are pictures or programs' own data, not facts about the photograph.
const LONGEST_VALUE: u64 = 16 << 10;

/// Calls `f` with the tags of an EXIF block (without an `Exif\0\0` prefix); `None` when it is not one.
///
/// A broken EXIF block is no reason to refuse a picture: viewers show it upright, and so do we.
fn in_block<T>(block: &[u8], f: impl FnOnce(&Ifds<'_>, &Directory) -> Option<T>) -> Option<T> {
    let parts = [Part {
        offset: 0,
        bytes: block,
    }];
    let ifds = Ifds::of_block(&parts).ok()?;
    let directory = ifds.directory(ifds.first).ok()?;
    f(&ifds, &directory)
}

/// The orientation that a directory tells; 1 when it says nothing usable.
pub(super) fn orientation_in(ifds: &Ifds<'_>, directory: &Directory) -> u8 {
    match ifds.first_value(directory, ORIENTATION) {
        Ok(Some(value @ 1..=8)) => value as u8,
        _ => 1,
    }
}

/// The orientation in an EXIF block; 1 when it says nothing usable.
pub(super) fn orientation(block: &[u8]) -> u8 {
    in_block(block, |ifds, directory| {
        Some(orientation_in(ifds, directory))
    })
    .unwrap_or(1)
}

/// An EXIF block that tells an orientation, and nothing else.
pub(crate) fn of_orientation(orientation: u8) -> Vec<u8> {
    let [_, tag] = ORIENTATION.to_be_bytes();
    // A directory at byte 8 of one entry: a SHORT, once.
    let mut block = b"MM\0\x2A\0\0\0\x08\0\x01".to_vec();
    block.extend([1, tag, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
    block.extend([0; 4]);
    block
}

/// Whether the camera says "Adobe RGB" in EXIF's own way (DCF 2.0): colour space "uncalibrated" and interoperability
/// index `R03`. Such files often have no profile.
pub(super) fn is_adobe_rgb(block: &[u8]) -> bool {
    in_block(block, |ifds, directory| {
        let exif = sub_directory(ifds, directory, EXIF_IFD)?;
        let uncalibrated = ifds.first_value(&exif, COLOUR_SPACE) == Ok(Some(0xFFFF));
        let interop = sub_directory(ifds, &exif, INTEROP_IFD)?;
        Some(uncalibrated && ifds.text(&interop, 1) == Some("R03"))
    })
    .unwrap_or(false)
}

fn sub_directory(ifds: &Ifds<'_>, directory: &Directory, tag: u16) -> Option<Directory> {
    let offset = ifds.first_value(directory, tag).ok().flatten()?;
    ifds.directory(offset).ok()
}

/// The EXIF block of a whole file. A TIFF is one itself.
fn block(bytes: &[u8]) -> Option<&[u8]> {
    match header::format_of(bytes)? {
        Format::Jpeg => jpeg::exif(bytes),
        Format::Png => png::exif(bytes),
        Format::WebP => webp::exif(bytes),
        Format::Tiff => Some(bytes),
        Format::Bmp => None,
    }
}

/// The thumbnail in a file's EXIF block (the second directory's, EXIF 2.32, 4.5.2): a small JPEG, as it lies in the file.
pub(super) fn thumbnail(bytes: &[u8]) -> Option<&[u8]> {
    let block = match header::format_of(bytes)? {
        // A TIFF's second directory is another picture.
        Format::Tiff => return None,
        _ => block(bytes)?,
    };
    let (at, length) = in_block(block, |ifds, directory| {
        let second = ifds.directory(directory.next).ok()?;
        let at = ifds.first_value(&second, THUMBNAIL).ok().flatten()?;
        let length = ifds.first_value(&second, THUMBNAIL_LENGTH).ok().flatten()?;
        Some((usize::try_from(at).ok()?, usize::try_from(length).ok()?))
    })?;
    let found = block.get(at..at.checked_add(length)?)?;
    found.starts_with(&jpeg::SIGNATURE).then_some(found)
}

/// What a file's EXIF says, written anew for a result: upright, without thumbnail, without what describes the old
/// file's pixels, and without the maker's notes, whose inner offsets would no longer be right. `None` when there is
/// nothing to keep.
pub(super) fn for_result(bytes: &[u8]) -> Option<Vec<u8>> {
    in_block(block(bytes)?, |ifds, directory| {
        let exif = sub_directory(ifds, directory, EXIF_IFD);
        let interop = exif
            .as_ref()
            .and_then(|exif| sub_directory(ifds, exif, INTEROP_IFD));
        let gps = sub_directory(ifds, directory, GPS_IFD);
        let mut writer = Writer::new(ifds.big_endian);
        // Inner directories first: the outer ones tell where they are.
        let interop = interop.and_then(|d| writer.directory(ifds, &d, &|_| true, &[]));
        let inner: Vec<_> = interop.map(|at| (INTEROP_IFD, at)).into_iter().collect();
        let exif = exif.and_then(|d| writer.directory(ifds, &d, &is_about_the_photograph, &inner));
        let gps = gps.and_then(|d| writer.directory(ifds, &d, &|_| true, &[]));
        let inner: Vec<_> = exif
            .map(|at| (EXIF_IFD, at))
            .into_iter()
            .chain(gps.map(|at| (GPS_IFD, at)))
            .collect();
        let first = writer.directory(ifds, directory, &is_of_the_image, &inner)?;
        Some(writer.finish(first))
    })
}

/// Tags of a first directory that stay true for the result (TIFF 6.0, EXIF 2.32): who, when, with what, on what paper.
fn is_of_the_image(tag: u16) -> bool {
    matches!(
        tag,
        0x010D..=0x0110        // document name, description, make, model
            | ORIENTATION
            | 0x011A | 0x011B | 0x0128 // resolution and its unit
            | 0x011D           // page name
            | 0x0131 | 0x0132  // software, date and time
            | 0x013B | 0x013C  // artist, host computer
            | 0x4746 | 0x4749  // rating
            | 0x8298           // copyright
            | 0x9C9B..=0x9C9F  // what Windows keeps: title, comment, author, keywords, subject
    )
}

/// Everything but the maker's notes, the inner directory (which is told anew), the size of the old picture, and the
/// colour space, which is sRGB now.
fn is_about_the_photograph(tag: u16) -> bool {
    !matches!(
        tag,
        0x927C | INTEROP_IFD | 0xA002 | 0xA003 | COLOUR_SPACE | 0xA500
    )
}

/// Writes an EXIF block in the byte order of its source, so that values can be copied as they are.
struct Writer {
    big_endian: bool,
    out: Vec<u8>,
}

impl Writer {
    fn new(big_endian: bool) -> Self {
        let mut writer = Self {
            big_endian,
            out: if big_endian { *b"MM" } else { *b"II" }.to_vec(),
        };
        writer.short(42);
        writer.long(0);
        writer
    }

    fn short(&mut self, value: u16) {
        let bytes = if self.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        };
        self.out.extend(bytes);
    }

    fn long(&mut self, value: u32) {
        let bytes = if self.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        };
        self.out.extend(bytes);
    }

    /// Writes the tags that are wanted, and pointers to inner directories; tells where, or `None` when there was
    /// nothing to write. Types of `BigTIFF`, which EXIF does not know, are left out.
    fn directory(
        &mut self,
        ifds: &Ifds<'_>,
        source: &Directory,
        wanted: &dyn Fn(u16) -> bool,
        inner: &[(u16, u32)],
    ) -> Option<u32> {
        let mut entries: Vec<(Entry, Vec<u8>)> = Vec::new();
        let mut space = MOST_BYTES.saturating_sub(self.out.len());
        for entry in source.entries.iter().filter(|entry| wanted(entry.tag)) {
            let small = entry.length().is_some_and(|l| l <= LONGEST_VALUE) && entry.kind <= 12;
            let twice = entries.iter().any(|(seen, _)| seen.tag == entry.tag);
            let Some(bytes) = ifds.bytes(entry).ok().filter(|_| small && !twice) else {
                continue;
            };
            if bytes.len() + 12 > space {
                break;
            }
            space -= bytes.len() + 12;
            entries.push((*entry, bytes.to_vec()));
        }
        let pointer = |&(tag, at): &(u16, u32)| {
            let bytes = if self.big_endian {
                at.to_be_bytes()
            } else {
                at.to_le_bytes()
            };
            let entry = Entry {
                tag,
                kind: 4,
                count: 1,
                at: 0,
            };
            (entry, bytes.to_vec())
        };
        entries.extend(inner.iter().map(pointer));
        if entries.is_empty() {
            return None;
        }
        entries.sort_by_key(|(entry, _)| entry.tag);
        // Long values first, each at an even offset.
        let mut places = Vec::with_capacity(entries.len());
        for (entry, bytes) in &mut entries {
            if entry.tag == ORIENTATION {
                // Upright already. A pixel's place is told as one short number.
                (entry.kind, entry.count) = (3, 1);
                *bytes = if self.big_endian {
                    vec![0, 1]
                } else {
                    vec![1, 0]
                };
            }
            if bytes.len() <= 4 {
                places.push(None);
                continue;
            }
            self.even();
            places.push(Some(self.out.len() as u32));
            self.out.extend_from_slice(bytes);
        }
        self.even();
        let at = self.out.len() as u32;
        self.short(entries.len() as u16);
        for ((entry, bytes), place) in entries.iter().zip(places) {
            self.short(entry.tag);
            self.short(entry.kind);
            self.long(entry.count as u32);
            if let Some(place) = place {
                self.long(place);
            } else {
                self.out.extend_from_slice(bytes);
                self.out.extend(std::iter::repeat_n(0, 4 - bytes.len()));
            }
        }
        // No next directory: that would be the thumbnail.
        self.long(0);
        Some(at)
    }

    fn even(&mut self) {
        if self.out.len() % 2 == 1 {
            self.out.push(0);
        }
    }

    fn finish(mut self, first: u32) -> Vec<u8> {
        let bytes = if self.big_endian {
            first.to_be_bytes()
        } else {
            first.to_le_bytes()
        };
        self.out[4..8].copy_from_slice(&bytes);
        self.out
    }
}
