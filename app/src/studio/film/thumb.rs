//! A photograph as small as a thumbnail, as cheaply as its file allows: the camera's own where it will do, a JPEG decoded at
//! a fraction of its size, and only otherwise the whole picture.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;

use jpeg_decoder::{Decoder, PixelFormat};
use whiteboarder_core::image::{
    Channels, Format, HEAD_BYTES, Header, Limits, Picture, decode, exif_thumbnail, read_header,
    read_header_of, upright,
};
use whiteboarder_core::preview::{Preview, View};

use crate::error::Failure;
use crate::term::text;

/// What is decoded as a whole has at most so many pixels: nobody waits half a minute and gives a gigabyte for a thumbnail.
const MOST_PIXELS: u64 = 32_000_000;
/// A JPEG that is decoded at a fraction of its size takes time for each of its pixels, but not memory.
const MOST_JPEG_PIXELS: u64 = 256_000_000;
/// A camera's thumbnail whose shape differs more than this from its photograph's has black bars, or was not cut with it.
const SHAPE: f64 = 0.02;

/// Why there is no thumbnail.
#[derive(Debug, PartialEq, Eq)]
pub enum NoThumb {
    /// Nobody wants it any more.
    Unwanted,
    /// It would take too much.
    TooLarge,
    /// The photograph cannot be read, in a sentence.
    Unreadable(String),
}

/// The photograph in a file, fitted into so many pixels. `stop` is asked between the steps that take time.
pub fn read(path: &Path, within: (u32, u32), stop: &dyn Fn() -> bool) -> Result<Picture, NoThumb> {
    let unreadable =
        |error: &io::Error| NoThumb::Unreadable(Failure::file("read", path, error).to_string());
    let mut file = File::open(path).map_err(|error| unreadable(&error))?;
    let header = read_header_of(&mut file).map_err(|error| unreadable(&error))?;
    let header = header.map_err(|error| NoThumb::Unreadable(text::safe(&error.to_string())))?;
    let go_on = || {
        if stop() {
            Err(NoThumb::Unwanted)
        } else {
            Ok(())
        }
    };
    go_on()?;
    if header.format == Format::Jpeg {
        let mut quick = cameras_own(&mut file, &header, within);
        go_on()?;
        if quick.is_none() && header.pixels() <= MOST_JPEG_PIXELS {
            quick = reduced(&mut file, &header, within);
        }
        if let Some(picture) = quick {
            go_on()?;
            return Ok(fitted(picture, within));
        }
    }
    if header.pixels() > MOST_PIXELS {
        return Err(NoThumb::TooLarge);
    }
    let mut bytes = Vec::new();
    file.rewind()
        .and_then(|()| file.read_to_end(&mut bytes))
        .map_err(|error| unreadable(&error))?;
    go_on()?;
    let limits = Limits {
        max_pixels: MOST_PIXELS,
        ..Limits::default()
    };
    let picture = decode(&bytes, &limits)
        .map_err(|error| NoThumb::Unreadable(text::safe(&error.to_string())))?;
    drop(bytes);
    go_on()?;
    Ok(fitted(picture, within))
}

fn fitted(picture: Picture, (width, height): (u32, u32)) -> Picture {
    let view = View::fit(picture.width, picture.height, width, height);
    if (view.to_width, view.to_height) == (picture.width, picture.height) {
        return picture;
    }
    Preview::new(picture).before(&view)
}

/// What a camera put into its file, as large as the whole photograph is drawn within so many pixels: something to see while
/// the photograph itself is read. `None` where there is nothing that is the same picture.
pub fn glimpse(bytes: &[u8], (width, height): (u32, u32)) -> Option<Picture> {
    let header = read_header(bytes).ok()?;
    let picture = cameras(&bytes[..bytes.len().min(HEAD_BYTES)], &header)?;
    let view = View {
        width: picture.width,
        height: picture.height,
        ..View::fit(header.width, header.height, width, height)
    };
    Some(Preview::new(picture).before(&view))
}

/// The thumbnail that the camera put into the file, if it is the same picture and large enough.
fn cameras_own(file: &mut File, header: &Header, within: (u32, u32)) -> Option<Picture> {
    file.rewind().ok()?;
    let mut head = Vec::new();
    file.by_ref()
        .take(HEAD_BYTES as u64)
        .read_to_end(&mut head)
        .ok()?;
    let picture = cameras(&head, header)?;
    let view = View::fit(header.width, header.height, within.0, within.1);
    (picture.width >= view.to_width && picture.height >= view.to_height).then_some(picture)
}

/// The thumbnail in a file's head, if it has the photograph's shape.
fn cameras(head: &[u8], header: &Header) -> Option<Picture> {
    let picture = decoded(&mut Decoder::new(exif_thumbnail(head)?))?;
    let picture = upright(picture, header.orientation);
    let shape = |width: u32, height: u32| f64::from(width) / f64::from(height);
    let (own, whole) = (
        shape(picture.width, picture.height),
        shape(header.width, header.height),
    );
    ((own / whole - 1.0).abs() <= SHAPE).then_some(picture)
}

/// The JPEG decoded at the smallest of its fractions (to an eighth) that is large enough.
fn reduced(file: &mut File, header: &Header, within: (u32, u32)) -> Option<Picture> {
    file.rewind().ok()?;
    let mut decoder = Decoder::new(BufReader::new(file));
    let view = View::fit(header.width, header.height, within.0, within.1);
    let (width, height) = if header.transposed() {
        (view.to_height, view.to_width)
    } else {
        (view.to_width, view.to_height)
    };
    let size = |n: u32| u16::try_from(n).unwrap_or(u16::MAX);
    decoder.read_info().ok()?;
    decoder.scale(size(width), size(height)).ok()?;
    let picture = decoded(&mut decoder)?;
    Some(upright(picture, header.orientation))
}

/// Pixels that are grey or RGB; what a decoder that forgives more than ours cannot read is left to ours.
fn decoded<R: Read>(decoder: &mut Decoder<R>) -> Option<Picture> {
    let pixels = decoder.decode().ok()?;
    let info = decoder.info()?;
    let channels = match info.pixel_format {
        PixelFormat::L8 => Channels::Grey,
        PixelFormat::RGB24 => Channels::Rgb,
        PixelFormat::L16 | PixelFormat::CMYK32 => return None,
    };
    Picture::new(info.width.into(), info.height.into(), channels, pixels).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::jpeg::JpegEncoder;
    use image::{ExtendedColorType, ImageEncoder as _};
    use std::cell::Cell;
    use whiteboarder_core::image::encode_png;

    const WITHIN: (u32, u32) = (140, 100);

    fn board(width: u32, height: u32, shade: u8) -> Picture {
        let data = vec![shade; (width * height * 3) as usize];
        Picture::new(width, height, Channels::Rgb, data).unwrap()
    }

    fn jpeg(picture: &Picture) -> Vec<u8> {
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, 90)
            .write_image(
                &picture.data,
                picture.width,
                picture.height,
                ExtendedColorType::Rgb8,
            )
            .unwrap();
        bytes
    }

    /// A photograph that was taken with the camera on its side (orientation 6), with a thumbnail.
    fn photograph(whole: &Picture, small: &Picture) -> Vec<u8> {
        let small = jpeg(small);
        let mut block = b"Exif\0\0MM\0\x2A\0\0\0\x08".to_vec();
        block.extend(b"\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\x1A");
        block.extend(b"\0\x02\x02\x01\0\x04\0\0\0\x01\0\0\0\x38\x02\x02\0\x04\0\0\0\x01");
        block.extend((small.len() as u32).to_be_bytes());
        block.extend([0; 4]);
        block.extend(small);
        let mut bytes = jpeg(whole);
        let mut segment = vec![0xFF, 0xE1];
        segment.extend((block.len() as u16 + 2).to_be_bytes());
        segment.extend(block);
        bytes.splice(2..2, segment);
        bytes
    }

    fn thumb_of(bytes: &[u8]) -> Result<Picture, NoThumb> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        read(file.path(), WITHIN, &|| false)
    }

    fn sizes(picture: &Picture) -> (u32, u32) {
        (picture.width, picture.height)
    }

    #[test]
    fn every_format_is_fitted_into_the_tile_and_turned_upright() {
        let whole = board(1600, 1200, 200);
        for bytes in [jpeg(&whole), encode_png(&whole).unwrap()] {
            let thumb = thumb_of(&bytes).unwrap();
            assert_eq!(sizes(&thumb), (133, 100));
            assert!(thumb.data.iter().all(|value| value.abs_diff(200) < 4));
        }
        let small = board(16, 12, 200);
        assert_eq!(sizes(&thumb_of(&jpeg(&small)).unwrap()), (16, 12));
        // Too small a thumbnail is none: the photograph itself is read, and turned.
        let turned = thumb_of(&photograph(&whole, &small)).unwrap();
        assert_eq!(sizes(&turned), (75, 100));
    }

    #[test]
    fn the_cameras_own_thumbnail_is_taken_only_when_it_is_the_same_picture() {
        let whole = board(1600, 1200, 200);
        // Of another shade, so that one sees which it is.
        let own = thumb_of(&photograph(&whole, &board(160, 120, 50))).unwrap();
        assert_eq!(sizes(&own), (75, 100));
        assert!(own.data.iter().all(|value| value.abs_diff(50) < 4));
        let barred = thumb_of(&photograph(&whole, &board(160, 160, 50))).unwrap();
        assert!(barred.data.iter().all(|value| value.abs_diff(200) < 4));
    }

    #[test]
    fn a_glimpse_is_as_large_as_the_photograph_will_be_drawn() {
        let whole = board(1600, 1200, 200);
        let file = photograph(&whole, &board(160, 120, 50));
        for within in [(300, 400), (60, 80)] {
            let glimpse = glimpse(&file, within).unwrap();
            assert_eq!(sizes(&glimpse), within);
            assert!(glimpse.data.iter().all(|value| value.abs_diff(50) < 4));
        }
        // Black bars are no part of the photograph.
        let barred = photograph(&whole, &board(160, 160, 50));
        assert_eq!(glimpse(&barred, (60, 80)), None);
        assert_eq!(glimpse(&jpeg(&whole), (60, 80)), None);
        assert_eq!(glimpse(b"no picture", (60, 80)), None);
    }

    #[test]
    fn what_cannot_be_read_says_what_opening_it_says() {
        let told = |bytes: &[u8]| match thumb_of(bytes) {
            Err(NoThumb::Unreadable(why)) => why,
            other => panic!("{other:?}"),
        };
        assert!(told(b"no picture").starts_with("this is not a"));
        let png = encode_png(&board(160, 120, 200)).unwrap();
        let cut = &png[..png.len() - 30];
        let opening = decode(cut, &Limits::default()).unwrap_err().to_string();
        assert_eq!(told(cut), opening);
        let gone = read(Path::new("/nowhere/a.jpg"), WITHIN, &|| false);
        assert!(matches!(gone, Err(NoThumb::Unreadable(_))));
    }

    #[test]
    fn it_is_given_up_between_its_steps_when_nobody_wants_it_any_more() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), encode_png(&board(160, 120, 200)).unwrap()).unwrap();
        for steps in 0..3 {
            let asked = Cell::new(0);
            let stop = || {
                asked.set(asked.get() + 1);
                asked.get() > steps
            };
            assert_eq!(
                read(file.path(), WITHIN, &stop).unwrap_err(),
                NoThumb::Unwanted
            );
        }
    }
}
