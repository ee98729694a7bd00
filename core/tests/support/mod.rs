//! Files to test with: a gradient whose every pixel is known, in many formats, with whatever a test wants to hang on.
#![allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "names are written as byte strings"
)]
#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "each test binary uses its part"
)]

use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder};
use whiteboarder_core::image::{Channels, ImageError, Limits, Picture, decode};

/// Size of the gradient, as in `fixtures/README.md`.
pub const WIDTH: u32 = 40;
pub const HEIGHT: u32 = 28;

/// The fixtures' gradient.
pub fn gradient() -> Picture {
    let pixels = (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (x, y)));
    let data = pixels.flat_map(|(x, y)| [6 * x as u8, 9 * y as u8, 128]);
    Picture::new(WIDTH, HEIGHT, Channels::Rgb, data.collect()).unwrap()
}

/// Its red channel.
pub fn grey() -> Picture {
    let data = gradient().data.iter().copied().step_by(3).collect();
    Picture::new(WIDTH, HEIGHT, Channels::Grey, data).unwrap()
}

pub fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    std::fs::read(folder.join(name)).unwrap()
}

/// All fixtures that are pictures.
pub fn fixtures() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().unwrap().is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .filter(|name| name != "README.md")
        .collect();
    names.sort();
    names
        .into_iter()
        .map(|n| (n.clone(), fixture(&n)))
        .collect()
}

pub fn read(bytes: &[u8]) -> Picture {
    decode(bytes, &Limits::default()).unwrap()
}

pub fn refused(bytes: &[u8]) -> ImageError {
    // Without the pixels, which nobody wants to see in a test's output.
    decode(bytes, &Limits::default())
        .map(|picture| (picture.width, picture.height))
        .unwrap_err()
}

/// The largest difference between two pictures of one shape.
pub fn distance(a: &Picture, b: &Picture) -> u8 {
    assert_eq!(
        (a.width, a.height, a.channels),
        (b.width, b.height, b.channels)
    );
    let pairs = a.data.iter().zip(&b.data);
    pairs.map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

pub fn jpeg(picture: &Picture) -> Vec<u8> {
    let mut bytes = Vec::new();
    let colour = match picture.channels {
        Channels::Grey => ExtendedColorType::L8,
        Channels::Rgb => ExtendedColorType::Rgb8,
    };
    JpegEncoder::new_with_quality(&mut bytes, 95)
        .encode(&picture.data, picture.width, picture.height, colour)
        .unwrap();
    bytes
}

/// A JPEG with this application segment.
pub fn jpeg_with(picture: &Picture, marker: u8, payload: &[u8]) -> Vec<u8> {
    let mut segment = vec![0xFF, marker];
    segment.extend((payload.len() as u16 + 2).to_be_bytes());
    segment.extend(payload);
    let mut bytes = jpeg(picture);
    bytes.splice(2..2, segment);
    bytes
}

/// A lossless WebP.
pub fn webp(picture: &Picture) -> Vec<u8> {
    let mut bytes = Vec::new();
    WebPEncoder::new_lossless(&mut bytes)
        .write_image(
            &picture.data,
            picture.width,
            picture.height,
            ExtendedColorType::Rgb8,
        )
        .unwrap();
    bytes
}

/// The same with chunks before and after the pixels; `flags` tell what they are.
pub fn webp_with(
    picture: &Picture,
    flags: u8,
    before: &[(&[u8; 4], &[u8])],
    after: &[(&[u8; 4], &[u8])],
) -> Vec<u8> {
    fn chunk(out: &mut Vec<u8>, name: &[u8; 4], bytes: &[u8]) {
        out.extend(name);
        out.extend((bytes.len() as u32).to_le_bytes());
        out.extend(bytes);
        out.resize(out.len().next_multiple_of(2), 0);
    }
    let plain = webp(picture);
    let mut body = b"WEBP".to_vec();
    let mut head = vec![flags, 0, 0, 0];
    head.extend(&(picture.width - 1).to_le_bytes()[..3]);
    head.extend(&(picture.height - 1).to_le_bytes()[..3]);
    chunk(&mut body, b"VP8X", &head);
    for (name, bytes) in before {
        chunk(&mut body, name, bytes);
    }
    body.extend(&plain[12..]);
    for (name, bytes) in after {
        chunk(&mut body, name, bytes);
    }
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((body.len() as u32).to_le_bytes());
    bytes.extend(body);
    bytes
}

pub fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| {
            (c >> 1) ^ (0xEDB8_8320 & 0_u32.wrapping_sub(c & 1))
        })
    })
}

/// Puts a chunk into a PNG, right after its header.
pub fn with_chunk(mut png: Vec<u8>, name: &[u8; 4], bytes: &[u8]) -> Vec<u8> {
    let mut chunk = (bytes.len() as u32).to_be_bytes().to_vec();
    chunk.extend(name);
    chunk.extend(bytes);
    chunk.extend(crc32(&chunk[4..]).to_be_bytes());
    png.splice(33..33, chunk);
    png
}

/// A TIFF in the making: values are of type SHORT (3), LONG (4), or bytes of any type.
#[derive(Clone, Debug)]
pub struct Tiff {
    pub big_endian: bool,
    /// The directory comes after the pixels, as most programs write it.
    pub directory_last: bool,
    pub tags: Vec<(u16, u16, Vec<u8>)>,
    pub pixels: Vec<u8>,
}

impl Tiff {
    /// An uncompressed picture in one strip. Samples of 16 bits and more must have the file's byte order (little endian).
    pub fn new(width: u32, height: u32, photometric: u16, bits: &[u16], pixels: Vec<u8>) -> Self {
        let mut tiff = Self {
            big_endian: false,
            directory_last: false,
            tags: Vec::new(),
            pixels,
        };
        tiff.long(256, &[width]);
        tiff.long(257, &[height]);
        tiff.short(258, bits);
        tiff.short(259, &[1]);
        tiff.short(262, &[photometric]);
        tiff.short(277, &[bits.len() as u16]);
        tiff.long(278, &[height]);
        tiff
    }

    /// The gradient, in colour.
    pub fn gradient() -> Self {
        Self::new(WIDTH, HEIGHT, 2, &[8; 3], gradient().data)
    }

    pub fn set(&mut self, tag: u16, kind: u16, bytes: Vec<u8>) -> &mut Self {
        self.tags.retain(|(old, ..)| *old != tag);
        self.tags.push((tag, kind, bytes));
        self
    }

    pub fn short(&mut self, tag: u16, values: &[u16]) -> &mut Self {
        let bytes = |v: &u16| {
            if self.big_endian {
                v.to_be_bytes()
            } else {
                v.to_le_bytes()
            }
        };
        let bytes = values.iter().flat_map(bytes).collect();
        self.set(tag, 3, bytes)
    }

    pub fn long(&mut self, tag: u16, values: &[u32]) -> &mut Self {
        let bytes = |v: &u32| {
            if self.big_endian {
                v.to_be_bytes()
            } else {
                v.to_le_bytes()
            }
        };
        let bytes = values.iter().flat_map(bytes).collect();
        self.set(tag, 4, bytes)
    }

    /// The file. Pixels lie at byte 8, or behind the directory.
    pub fn bytes(&self) -> Vec<u8> {
        let mut tiff = self.clone();
        let place = if self.directory_last {
            8
        } else {
            // Their place does not change the directory's size.
            tiff.long(273, &[0]);
            tiff.long(279, &[0]);
            8 + tiff.directory(8).len() as u32
        };
        tiff.long(273, &[place]);
        tiff.long(279, &[self.pixels.len() as u32]);
        let directory_at = if self.directory_last {
            8 + self.pixels.len().next_multiple_of(2) as u32
        } else {
            8
        };
        let mut out = if self.big_endian { *b"MM" } else { *b"II" }.to_vec();
        out.extend(tiff.two(42));
        out.extend(tiff.four(directory_at));
        if self.directory_last {
            out.extend(&self.pixels);
            out.resize(directory_at as usize, 0);
            out.extend(tiff.directory(directory_at));
        } else {
            out.extend(tiff.directory(8));
            out.extend(&self.pixels);
        }
        out
    }

    fn two(&self, value: u16) -> [u8; 2] {
        if self.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    }

    fn four(&self, value: u32) -> [u8; 4] {
        if self.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    }

    fn directory(&self, at: u32) -> Vec<u8> {
        let mut tags = self.tags.clone();
        tags.sort_by_key(|(tag, ..)| *tag);
        let mut entries = self.two(tags.len() as u16).to_vec();
        let mut values = Vec::new();
        let values_at = at + 2 + 12 * tags.len() as u32 + 4;
        for (tag, kind, bytes) in &tags {
            let size = match kind {
                3 => 2,
                4 | 13 => 4,
                5 => 8,
                _ => 1,
            };
            entries.extend(self.two(*tag));
            entries.extend(self.two(*kind));
            entries.extend(self.four((bytes.len() / size) as u32));
            if bytes.len() <= 4 {
                entries.extend(bytes);
                entries.resize(entries.len() + 4 - bytes.len(), 0);
            } else {
                entries.extend(self.four(values_at + values.len() as u32));
                values.extend(bytes);
                values.resize(values.len().next_multiple_of(2), 0);
            }
        }
        entries.extend([0; 4]);
        entries.extend(values);
        entries
    }
}

/// An EXIF block: held so, by this maker, taken there (a GPS directory), with a thumbnail behind.
pub fn exif(orientation: u16) -> Vec<u8> {
    let mut block = b"MM\0\x2A\0\0\0\x08".to_vec();
    let tag = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        let mut entry = tag.to_be_bytes().to_vec();
        entry.extend(kind.to_be_bytes());
        entry.extend(count.to_be_bytes());
        entry.extend(value);
        entry
    };
    let [high, low] = orientation.to_be_bytes();
    // Directory at 8, of 4 entries, until 62; the next one at 120.
    block.extend([0, 4]);
    block.extend(tag(0x010F, 2, 10, [0, 0, 0, 62]));
    block.extend(tag(0x0112, 3, 1, [high, low, 0, 0]));
    block.extend(tag(0x8769, 4, 1, [0, 0, 0, 96]));
    block.extend(tag(0x8825, 4, 1, [0, 0, 0, 72]));
    block.extend([0, 0, 0, 140]);
    block.extend(b"Kamera AG\0");
    // GPS at 72: its version, and the name of a place.
    block.extend([0, 1]);
    block.extend(tag(0x001B, 7, 8, [0, 0, 0, 88]));
    block.extend([0; 2]);
    block.extend(b"Somewher");
    // EXIF at 96: when, what the maker noted.
    block.extend([0, 2]);
    block.extend(tag(0x9003, 2, 4, *b"Now\0"));
    block.extend(tag(0x927C, 7, 12, [0, 0, 0, 128]));
    block.extend([0; 4]);
    block.extend([0; 2]);
    block.extend(b"Maker's note");
    // The thumbnail's directory at 140.
    block.extend([0, 1]);
    block.extend(tag(0x0201, 4, 1, [0, 0, 0, 160]));
    block.extend([0; 4]);
    block.extend([0; 2]);
    block.extend(b"Thumbnail");
    block
}

/// An ICC profile of version 2 with these tags.
pub fn profile(space: &[u8; 4], connection: &[u8; 4], tags: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut table = (tags.len() as u32).to_be_bytes().to_vec();
    let mut data = Vec::new();
    let data_at = 128 + 4 + 12 * tags.len();
    for (name, bytes) in tags {
        table.extend(*name);
        table.extend(((data_at + data.len()) as u32).to_be_bytes());
        table.extend((bytes.len() as u32).to_be_bytes());
        data.extend(bytes);
        data.resize(data.len().next_multiple_of(4), 0);
    }
    let mut head = ((data_at + data.len()) as u32).to_be_bytes().to_vec();
    head.extend(b"\0\0\0\0\x02\x40\0\0");
    head.extend(if space == b"CMYK" { b"prtr" } else { b"mntr" });
    head.extend(space);
    head.extend(connection);
    head.extend([0x07, 0xE6, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]);
    head.extend(b"acsp");
    head.resize(68, 0);
    head.extend([0.9642, 1.0, 0.8249].into_iter().flat_map(fixed));
    head.resize(128, 0);
    head.extend(table);
    head.extend(data);
    head
}

/// A number of 16 bits before and 16 behind the point.
pub fn fixed(value: f64) -> [u8; 4] {
    ((value * 65_536.0).round() as i32).to_be_bytes()
}

pub fn xyz(colour: [f64; 3]) -> Vec<u8> {
    let mut bytes = b"XYZ \0\0\0\0".to_vec();
    bytes.extend(colour.into_iter().flat_map(fixed));
    bytes
}

/// A curve that is a power.
pub fn power(gamma: f64) -> Vec<u8> {
    let mut bytes = b"curv\0\0\0\0\0\0\0\x01".to_vec();
    bytes.extend(((gamma * 256.0).round() as u16).to_be_bytes());
    bytes
}

/// sRGB's curve, as parameters.
pub fn srgb_curve() -> Vec<u8> {
    let mut bytes = b"para\0\0\0\0\0\x03\0\0".to_vec();
    let numbers = [2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.040_45];
    bytes.extend(numbers.into_iter().flat_map(fixed));
    bytes
}

pub fn matrix_profile(colours: [[f64; 3]; 3], curve: &[u8]) -> Vec<u8> {
    let tags: Vec<(&[u8; 4], Vec<u8>)> = vec![
        (b"rXYZ", xyz(colours[0])),
        (b"gXYZ", xyz(colours[1])),
        (b"bXYZ", xyz(colours[2])),
        (b"rTRC", curve.to_vec()),
        (b"gTRC", curve.to_vec()),
        (b"bTRC", curve.to_vec()),
    ];
    profile(b"RGB ", b"XYZ ", &tags)
}

/// Display P3, as Apple's devices embed it.
pub fn display_p3() -> Vec<u8> {
    let colours = [
        [0.515_12, 0.241_20, -0.001_05],
        [0.291_98, 0.692_25, 0.041_89],
        [0.157_10, 0.066_57, 0.784_07],
    ];
    matrix_profile(colours, &srgb_curve())
}

/// sRGB, as the ICC publishes it.
pub fn srgb() -> Vec<u8> {
    let colours = [
        [0.436_07, 0.222_49, 0.013_92],
        [0.385_15, 0.716_87, 0.097_08],
        [0.143_07, 0.060_61, 0.714_10],
    ];
    matrix_profile(colours, &srgb_curve())
}
