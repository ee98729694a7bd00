//! Every kind of picture that is read, and the words for every kind that is not.
#![allow(clippy::unwrap_used)]

mod support;

use std::io::Cursor;

use image::codecs::bmp::BmpEncoder;
use image::{ExtendedColorType, ImageEncoder};
use support::{
    HEIGHT, Tiff, WIDTH, distance, exif, fixture, fixtures, gradient, grey, read, refused,
};
use tiff::encoder::{Compression, TiffEncoder, colortype};
use whiteboarder_core::image::{
    Channels, Format, HEAD_BYTES, HeaderReader, HeaderStep, ImageError, Limits, Picture, decode,
    encode_png, read_header, read_header_of,
};

#[test]
fn every_fixture_shows_the_gradient() {
    for (name, most) in [
        ("animated.webp", 0),
        ("big-endian-float.tif", 0),
        ("cmyk.jpg", 3),
        ("interlaced.png", 0),
        // The encoder filled the tiles that stick out with black, which bleeds into the last pixels.
        ("jpeg-tiles.tif", 48),
        ("jpeg-ycbcr.tif", 12),
        ("lossy.webp", 12),
        ("planar-tiles-16.tif", 0),
        ("progressive.jpg", 12),
        ("ycck.jpg", 12),
    ] {
        let picture = read(&fixture(name));
        let off = distance(&picture, &gradient());
        assert!(off <= most, "{name} is off by {off}");
    }
    let bilevel = read(&fixture("group4.tif"));
    assert_eq!(bilevel.channels, Channels::Grey);
    assert_eq!(bilevel.data[..4], [255, 0, 255, 0]);
    assert_eq!(bilevel.data[WIDTH as usize..][..4], [0, 255, 0, 255]);
}

#[test]
fn transparent_halves_are_white_paper() {
    for (name, most) in [("lossy-alpha.webp", 12), ("interlaced-alpha-16.png", 0)] {
        let picture = read(&fixture(name));
        let expected = gradient();
        for (i, (seen, opaque)) in picture.data.iter().zip(&expected.data).enumerate() {
            let left = (i / 3) % (WIDTH as usize) < WIDTH as usize / 2;
            let expected = if left { *opaque } else { 255 };
            assert!(
                seen.abs_diff(expected) <= most,
                "{name}: sample {i} is {seen}"
            );
        }
    }
}

fn compressions() -> [(&'static str, Compression); 4] {
    let deflate = Compression::Deflate(tiff::encoder::DeflateLevel::Fast);
    [
        ("none", Compression::Uncompressed),
        ("LZW", Compression::Lzw),
        ("deflate", deflate),
        ("PackBits", Compression::Packbits),
    ]
}

#[test]
fn tiff_is_read_in_all_depths_and_compressions() {
    macro_rules! through {
        ($colour:ty, $samples:expr, $expected:expr) => {
            for (name, compression) in compressions() {
                let mut bytes = Cursor::new(Vec::new());
                TiffEncoder::new(&mut bytes)
                    .unwrap()
                    .with_compression(compression)
                    .write_image::<$colour>(WIDTH, HEIGHT, &$samples)
                    .unwrap();
                let bytes = bytes.into_inner();
                assert_eq!(read_header(&bytes).unwrap().format, Format::Tiff);
                assert!(read(&bytes) == $expected, "{} {name}", stringify!($colour));
            }
        };
    }
    let (rgb, grey) = (gradient(), grey());
    let deep: Vec<u16> = rgb.data.iter().map(|v| u16::from(*v) * 257 + 100).collect();
    let float: Vec<f32> = rgb.data.iter().map(|v| f32::from(*v) / 255.0).collect();
    let inks: Vec<u8> = rgb
        .data
        .chunks(3)
        .flat_map(|p| [255 - p[0], 255 - p[1], 255 - p[2], 0])
        .collect();
    through!(colortype::Gray8, grey.data, grey);
    through!(colortype::RGB8, rgb.data, rgb);
    through!(colortype::RGB16, deep, rgb);
    through!(colortype::RGB32Float, float, rgb);
    through!(colortype::CMYK8, inks, rgb);
}

#[test]
fn white_may_be_zero_and_bits_may_be_few() {
    // Four pixels: white, light, dark, black, in 1, 2, 4, 8 and 16 bits.
    let line = |bits: u16, photometric, bytes: &[u8]| {
        let width = if bits == 1 { 8 } else { 4 };
        read(&Tiff::new(width, 1, photometric, &[bits], bytes.to_vec()).bytes()).data
    };
    assert_eq!(line(1, 0, &[0b0011_0101]), [255, 255, 0, 0, 255, 0, 255, 0]);
    assert_eq!(line(1, 1, &[0b0011_0101]), [0, 0, 255, 255, 0, 255, 0, 255]);
    assert_eq!(line(2, 0, &[0b0001_1011]), [255, 170, 85, 0]);
    assert_eq!(line(4, 1, &[0xF8, 0x10]), [255, 136, 17, 0]);
    assert_eq!(line(8, 0, &[0, 55, 200, 255]), [255, 200, 55, 0]);
    let deep = [0xFF, 0xFF, 0x80, 0x40, 0x7F, 0x40, 0, 0];
    assert_eq!(line(16, 1, &deep), [255, 64, 64, 0]);
    assert_eq!(line(16, 0, &deep), [0, 191, 191, 255]);
}

#[test]
fn palettes_are_looked_up() {
    let mut tiff = Tiff::new(3, 2, 3, &[4], vec![0x01, 0x20, 0xF0, 0x10]);
    let colours = |shift: u16| {
        let mut map = [0_u16; 48];
        for (index, [r, g, b]) in [
            (0, [1, 2, 3]),
            (1, [40, 50, 60]),
            (2, [255, 0, 255]),
            (15, [9, 8, 7]),
        ] {
            (map[index], map[16 + index], map[32 + index]) = (r << shift, g << shift, b << shift);
        }
        map
    };
    let expected = [
        1, 2, 3, 40, 50, 60, 255, 0, 255, 9, 8, 7, 1, 2, 3, 40, 50, 60,
    ];
    // In 16 bits, as it should be, and in 8, as some programs do it.
    for shift in [8, 0] {
        tiff.short(320, &colours(shift));
        let picture = read(&tiff.bytes());
        assert_eq!(
            (picture.channels, picture.data.as_slice()),
            (Channels::Rgb, &expected[..])
        );
    }
    tiff.tags.retain(|(tag, ..)| *tag != 320);
    assert_eq!(
        refused(&tiff.bytes()).to_string(),
        "the TIFF file is damaged: its palette is missing; copy or download it again, or save it anew in another program"
    );
}

#[test]
fn tiff_transparency_lies_over_white_whether_multiplied_or_not() {
    let pixels = vec![10, 20, 30, 255, 10, 20, 30, 0, 0, 100, 200, 128];
    let mut tiff = Tiff::new(3, 1, 2, &[8; 4], pixels);
    let mut over = |extra: u16| read(&tiff.short(338, &[extra]).bytes()).data;
    assert_eq!(over(2), [10, 20, 30, 255, 255, 255, 127, 177, 227]);
    // Multiplied: nothing is brighter than it is opaque.
    assert_eq!(over(1), [10, 20, 30, 255, 255, 255, 127, 227, 255]);
    // Something else altogether, which is nobody's business.
    assert_eq!(over(0), [10, 20, 30, 10, 20, 30, 0, 100, 200]);
    let mut grey = Tiff::new(2, 1, 1, &[8; 2], vec![40, 255, 40, 0]);
    assert_eq!(read(&grey.short(338, &[2]).bytes()).data, [40, 255]);
    let mut ink = Tiff::new(2, 1, 5, &[8; 5], vec![255, 0, 0, 0, 255, 9, 9, 9, 9, 0]);
    assert_eq!(
        read(&ink.short(338, &[2]).bytes()).data,
        [0, 255, 255, 255, 255, 255]
    );
}

#[test]
fn bmp_is_read_in_colour_with_palette_and_from_top_to_bottom() {
    let bmp = |samples: &[u8], width, height, colour| {
        let mut bytes = Vec::new();
        BmpEncoder::new(&mut bytes)
            .write_image(samples, width, height, colour)
            .unwrap();
        bytes
    };
    let rgb = gradient();
    let bytes = bmp(&rgb.data, WIDTH, HEIGHT, ExtendedColorType::Rgb8);
    assert_eq!(read_header(&bytes).unwrap().format, Format::Bmp);
    assert!(read(&bytes) == rgb);
    // The encoder writes grey as a palette.
    let bytes = bmp(&grey().data, WIDTH, HEIGHT, ExtendedColorType::L8);
    let picture = read(&bytes);
    assert_eq!(picture.channels, Channels::Rgb);
    assert_eq!(picture.data[..6], [0, 0, 0, 6, 6, 6]);
    let clear = [10, 20, 30, 255, 10, 20, 30, 0, 0, 100, 200, 128];
    let bytes = bmp(&clear, 3, 1, ExtendedColorType::Rgba8);
    assert_eq!(
        read(&bytes).data,
        [10, 20, 30, 255, 255, 255, 127, 177, 227]
    );
    // A negative height turns the rows around.
    let mut down = bmp(&rgb.data, WIDTH, HEIGHT, ExtendedColorType::Rgb8);
    down[22..26].copy_from_slice(&(-(HEIGHT as i32)).to_le_bytes());
    let turned = read(&down);
    let rows = |picture: &Picture| {
        picture
            .data
            .chunks(WIDTH as usize * 3)
            .map(<[u8]>::to_vec)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        rows(&turned),
        rows(&rgb).into_iter().rev().collect::<Vec<_>>()
    );
}

#[test]
fn webp_without_loss_is_exact() {
    let bytes = support::webp(&gradient());
    let header = read_header(&bytes).unwrap();
    assert_eq!(
        (header.format, header.width, header.height),
        (Format::WebP, WIDTH, HEIGHT)
    );
    assert!(read(&bytes) == gradient());
}

#[test]
fn every_format_says_how_the_camera_was_held() {
    let picture = gradient();
    let mut app1 = b"Exif\0\0".to_vec();
    app1.extend(exif(6));
    let files = [
        support::jpeg_with(&picture, 0xE1, &app1),
        support::with_chunk(encode_png(&picture).unwrap(), b"eXIf", &exif(6)),
        support::webp_with(&picture, 0x08, &[], &[(b"EXIF", &exif(6))]),
        support::webp_with(&picture, 0x08, &[], &[(b"EXIF", &app1)]),
        Tiff::gradient().short(274, &[6]).bytes(),
    ];
    for bytes in files {
        let header = read_header(&bytes).unwrap();
        assert_eq!(
            (header.width, header.height, header.orientation),
            (HEIGHT, WIDTH, 6),
            "{}",
            header.format
        );
        let turned = read(&bytes);
        assert_eq!((turned.width, turned.height), (HEIGHT, WIDTH));
        // Stored red grows to the right; seen, downwards. Stored green grows downwards; seen, to the left.
        let at =
            |x: u32, y: u32, channel: u32| turned.data[((y * HEIGHT + x) * 3 + channel) as usize];
        assert!(at(0, WIDTH - 1, 0) > at(0, 0, 0) + 150, "{}", header.format);
        assert!(
            at(0, 0, 1) > at(HEIGHT - 1, 0, 1) + 150,
            "{}",
            header.format
        );
    }
}

/// Width, height and orientation.
type Told = Result<(u32, u32, u8), ImageError>;

/// Reads a header by parts, and counts them.
fn by_parts(bytes: &[u8]) -> (Told, Vec<(u64, u64)>) {
    let mut reader = HeaderReader::new(bytes.len() as u64);
    let mut asked = Vec::new();
    loop {
        match reader.step() {
            Ok(HeaderStep::Ready(h)) => return (Ok((h.width, h.height, h.orientation)), asked),
            Ok(HeaderStep::Read { offset, length }) => {
                asked.push((offset, length));
                assert!(asked.len() < 10, "it never ends: {asked:?}");
                let part = &bytes[offset as usize..(offset + length) as usize];
                reader.give(offset, part.to_vec());
            }
            Err(error) => return (Err(error), asked),
        }
    }
}

#[test]
fn a_directory_at_the_end_of_a_tiff_costs_one_small_part_more() {
    let (width, height) = (2000, 500);
    let pixels = vec![200; width as usize * height as usize * 3];
    let mut tiff = Tiff::new(width, height, 2, &[8; 3], pixels);
    tiff.directory_last = true;
    tiff.short(274, &[8]);
    let bytes = tiff.bytes();
    assert_eq!(
        read_header(&bytes[..HEAD_BYTES]),
        Err(ImageError::HeaderElsewhere {
            format: Format::Tiff,
            offset: 3_000_008,
            length: 2
        })
    );
    let (header, asked) = by_parts(&bytes);
    assert_eq!(header, Ok((height, width, 8)));
    assert_eq!(asked.len(), 2);
    assert!(
        asked.iter().map(|(_, length)| length).sum::<u64>() < 400_000,
        "{asked:?}"
    );
    // Here it is the same as from a file.
    let header = read_header_of(&mut Cursor::new(&bytes)).unwrap().unwrap();
    assert_eq!((header.width, header.height), (height, width));
    // Cut off, it is missed at once.
    assert_eq!(
        by_parts(&bytes[..bytes.len() - 300]).0,
        Err(ImageError::Truncated {
            format: Format::Tiff
        })
    );
}

#[test]
fn the_orientation_at_the_end_of_a_webp_is_found() {
    let mut noise = 1_u32;
    let data = (0..400 * 400 * 3).map(|_| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (noise >> 24) as u8
    });
    let picture = Picture::new(400, 400, Channels::Rgb, data.collect()).unwrap();
    let bytes = support::webp_with(&picture, 0x08, &[], &[(b"EXIF", &exif(3))]);
    assert!(bytes.len() > HEAD_BYTES + 1000);
    let (header, asked) = by_parts(&bytes);
    assert_eq!(header, Ok((400, 400, 3)));
    assert_eq!(asked.len(), 2);
    // Without one, the beginning suffices.
    let (header, asked) = by_parts(&support::webp_with(&picture, 0, &[], &[]));
    assert_eq!((header, asked.len()), (Ok((400, 400, 1)), 1));
}

/// All kinds of files there are here.
fn zoo() -> Vec<(String, Vec<u8>)> {
    let picture = gradient();
    let mut zoo = fixtures();
    let mut bmp = Vec::new();
    BmpEncoder::new(&mut bmp)
        .write_image(&picture.data, WIDTH, HEIGHT, ExtendedColorType::Rgb8)
        .unwrap();
    let mut last = Tiff::gradient();
    last.directory_last = true;
    let more = [
        ("jpeg", support::jpeg(&picture)),
        ("png", encode_png(&picture).unwrap()),
        ("webp", support::webp(&picture)),
        ("bmp", bmp),
        ("tiff", Tiff::gradient().bytes()),
        ("tiff, directory last", last.bytes()),
    ];
    zoo.extend(more.map(|(name, bytes)| (name.to_owned(), bytes)));
    zoo
}

#[test]
fn a_file_that_is_cut_anywhere_is_an_error_or_whole_but_never_half_a_picture() {
    for (name, bytes) in zoo() {
        let whole = read(&bytes);
        let mut errors = 0;
        for cut in 0..bytes.len() {
            match decode(&bytes[..cut], &Limits::default()) {
                // Only what does not belong to the picture may be missing: padding, a resolution.
                Ok(picture) => assert!(picture == whole, "{name}, cut at {cut} of {}", bytes.len()),
                Err(error) => {
                    errors += 1;
                    // Too short to be known at all, or known to be cut.
                    let words = error.name();
                    assert!(
                        words == "ImageCorrupt" || cut < 18,
                        "{name}, cut at {cut}: {error}"
                    );
                }
            }
        }
        assert!(
            errors * 10 >= bytes.len() * 9,
            "{name}: {errors} of {}",
            bytes.len()
        );
    }
}

#[test]
fn a_strip_that_ends_early_under_cover_is_an_error() {
    // The compressed pixels stop halfway, but the directory does not say so.
    for (name, compression) in compressions().into_iter().skip(1) {
        let mut bytes = Cursor::new(Vec::new());
        TiffEncoder::new(&mut bytes)
            .unwrap()
            .with_compression(compression)
            .write_image::<colortype::RGB8>(WIDTH, HEIGHT, &gradient().data)
            .unwrap();
        let mut bytes = bytes.into_inner();
        read(&bytes);
        let middle = bytes.len() / 3;
        let end = bytes.len() * 2 / 3;
        bytes[middle..end].fill(0);
        assert_eq!(refused(&bytes).name(), "ImageCorrupt", "{name}");
    }
    // A WebP whose pixels stop halfway, with all lengths put right.
    for name in ["lossy.webp", "animated.webp"] {
        let mut bytes = fixture(name);
        let half = bytes.len() / 2;
        bytes[half..].fill(0);
        let whole = read(&fixture(name));
        match decode(&bytes, &Limits::default()) {
            // Arithmetic coding cannot know; but it must not be taken for the picture.
            Ok(picture) => assert!(distance(&picture, &whole) > 0),
            Err(error) => assert_eq!(error.name(), "ImageCorrupt", "{name}"),
        }
    }
}

#[test]
fn what_is_not_read_is_named_with_what_to_do() {
    let cases: [(&[u8], &str); 20] = [
        (
            b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
            "`heif-convert IMG.heic IMG.jpg`",
        ),
        (b"\0\0\0\x18ftypheix........", "an HEIC picture"),
        (b"\0\0\0\x18ftyphevc........", "an HEIC picture"),
        (b"\0\0\0\x18ftyphevx........", "an HEIC picture"),
        (b"\0\0\0\x1Cftypmif1\0\0\0\0mif1heicmiaf", "an HEIC picture"),
        (b"\0\0\0\x18ftypmsf1........", "an HEIC picture"),
        (b"\0\0\0\x1Cftypmif1\0\0\0\0mif1avifmiaf", "an AVIF picture"),
        (b"\0\0\0\x18ftypavis........", "an AVIF picture"),
        (b"\0\0\0\x18ftypcrx ........", "a Canon CR3"),
        (b"FUJIFILMCCD-RAW 0201", "a Fujifilm RAF"),
        (b"IIRO\x08\0\0\0............", "an Olympus ORF"),
        (b"IIU\0\x18\0\0\0............", "a Panasonic RW2"),
        (b"II*\0\x10\0\0\0CR\x02\0........", "a Canon CR2"),
        (b"GIF89a............", "this is a GIF"),
        (b"%PDF-1.7 .........", "this is a PDF"),
        (b"<svg xmlns=.......", "an SVG drawing"),
        (b"<?xml version=\"1.0\"?>\n<svg>", "an SVG drawing"),
        (b"\0\0\0\x0CJXL \r\n\x87\n....", "a JPEG XL picture"),
        (b"\0\0\0\x0CjP  \r\n\x87\n....", "a JPEG 2000 picture"),
        (b"8BPS\0\x01..............", "a Photoshop file"),
    ];
    for (bytes, words) in cases {
        let error = refused(bytes);
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(error.name(), "ImageUnsupported");
    }
    let video = refused(b"\0\0\0\x18ftypisom\0\0\0\0isommp42");
    assert_eq!(
        video.to_string(),
        "this is not a picture; JPEG, PNG, TIFF, WebP and BMP are read"
    );
}

#[test]
fn a_raw_file_is_never_cleaned_as_its_thumbnail() {
    let raw = |change: &dyn Fn(&mut Tiff)| {
        let mut tiff = Tiff::gradient();
        change(&mut tiff);
        refused(&tiff.bytes()).to_string()
    };
    let dng = raw(&|tiff| {
        tiff.set(50706, 1, vec![1, 4, 0, 0]);
    });
    assert!(
        dng.starts_with("this is a DNG, a camera's raw file; develop it"),
        "{dng}"
    );
    // A small copy first, and the pixels in a directory below.
    let nef = raw(&|tiff| {
        tiff.long(254, &[1])
            .long(330, &[8])
            .set(271, 2, b"NIKON CORPORATION\0".to_vec());
    });
    assert!(nef.starts_with("this is a Nikon NEF"), "{nef}");
    let mosaic = raw(&|tiff| {
        tiff.short(262, &[32803]);
    });
    assert!(mosaic.starts_with("this is a RAW"), "{mosaic}");
    // A pyramid, as scanners write it, has its full picture first.
    let mut pyramid = Tiff::gradient();
    pyramid.long(254, &[0]).long(330, &[8]);
    assert!(read(&pyramid.bytes()) == gradient());
}

#[test]
fn kinds_of_tiff_and_bmp_that_are_not_read_are_named() {
    let words = |change: &dyn Fn(&mut Tiff)| {
        let mut tiff = Tiff::gradient();
        change(&mut tiff);
        let words = refused(&tiff.bytes()).to_string();
        words
            .split_once(" uses ")
            .unwrap()
            .1
            .split_once(", which")
            .unwrap()
            .0
            .to_owned()
    };
    let compression = |number: u16| {
        words(&|tiff| {
            tiff.short(259, &[number]);
        })
    };
    assert_eq!(compression(6), "JPEG compression of the old kind");
    assert_eq!(compression(50000), "Zstandard compression");
    assert_eq!(compression(34712), "JPEG 2000 compression");
    assert_eq!(compression(3), "fax compression of group 3");
    assert_eq!(
        words(&|tiff| {
            tiff.short(262, &[8]);
        }),
        "Lab colours"
    );
    assert_eq!(
        words(&|tiff| {
            tiff.short(339, &[2; 3]);
        }),
        "signed samples"
    );
    assert_eq!(
        words(&|tiff| {
            tiff.short(258, &[12; 3]);
        }),
        "12 bits per sample"
    );
    let mut bmp =
        b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x08\0\0\0\x08\0\0\0\x01\0\x18\0\x05".to_vec();
    bmp.resize(500, 0);
    assert!(refused(&bmp).to_string().contains("uses PNG inside"));
}

#[test]
fn two_letters_do_not_make_a_bmp() {
    assert_eq!(
        refused(b"BMW sells cars, this is text"),
        ImageError::NotAPicture
    );
}
