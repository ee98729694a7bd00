//! What is written of a cleaned picture is what was cleaned, in every format, whatever the picture is.

#![allow(clippy::unwrap_used)]

use std::io::Cursor;

use proptest::prelude::*;
use rayon::ThreadPoolBuilder;
use sha2::{Digest, Sha256};
use whiteboarder_core::image::{Channels, Limits, Picture, decode};
use whiteboarder_core::output::{
    Chosen, Format, OutputError, PageSize, Pdf, encode, palette, png16, svg, transparent_png,
};

const FORMATS: [Format; 8] = [
    Format::Png8,
    Format::Png,
    Format::JPEG,
    Format::WebP,
    Format::TransparentPng,
    Format::INK_MASK,
    Format::Pdf,
    Format::Svg,
];

fn picture(width: u32, height: u32, of: impl Fn(u32, u32) -> [u8; 3]) -> Picture {
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let data: Vec<u8> = pixels.flat_map(|(x, y)| of(x, y)).collect();
    Picture::new(width, height, Channels::Rgb, data).unwrap()
}

fn grey(width: u32, height: u32, of: impl Fn(u32, u32) -> u8) -> Picture {
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let data = pixels.map(|(x, y)| of(x, y)).collect();
    Picture::new(width, height, Channels::Grey, data).unwrap()
}

/// A number that looks like chance, the same on every run.
fn chance(x: u32, y: u32) -> u32 {
    let mixed =
        (x.wrapping_mul(0x9E37_79B1) ^ y.wrapping_mul(0x85EB_CA77)).wrapping_mul(0xC2B2_AE3D);
    (mixed ^ mixed >> 15).wrapping_mul(0x27D4_EB2F) >> 8
}

fn noise(width: u32, height: u32) -> Picture {
    picture(width, height, |x, y| {
        let [_, r, g, b] = chance(x, y).to_be_bytes();
        [r, g, b]
    })
}

/// A black ring and a red disc with soft edges on white.
fn board(width: u32, height: u32) -> Picture {
    picture(width, height, |x, y| {
        let from = |cx: f32, cy: f32| {
            let (x, y) = (x as f32 - cx, y as f32 - cy);
            (x * x + y * y).sqrt()
        };
        let ring = (3.0 - (from(60.0, 60.0) - 40.0).abs()).clamp(0.0, 1.0);
        let disc = (20.5 - from(150.0, 70.0)).clamp(0.0, 1.0);
        let ink = |depth: [f32; 3], share: f32| depth.map(|depth| 1.0 - depth * share);
        let (black, red) = (ink([0.92, 0.9, 0.88], ring), ink([0.2, 0.85, 0.8], disc));
        std::array::from_fn(|at| (black[at] * red[at] * 255.0 + 0.5) as u8)
    })
}

fn decoded(bytes: &[u8]) -> Picture {
    decode(bytes, &Limits::default()).unwrap()
}

fn info(bytes: &[u8]) -> png::Info<'static> {
    let decoder = png::Decoder::new(Cursor::new(bytes.to_vec()));
    decoder.read_info().unwrap().info().clone()
}

fn hostile() -> Vec<Picture> {
    vec![
        grey(1, 1, |_, _| 0),
        picture(1, 1, |_, _| [255; 3]),
        picture(1, 999, |_, y| [(y % 256) as u8, 9, 200]),
        picture(999, 1, |x, _| [7, (x % 256) as u8, 0]),
        grey(3000, 2, |x, _| (x % 256) as u8),
        picture(64, 64, |_, _| [255; 3]),
        picture(64, 64, |_, _| [0; 3]),
        picture(64, 64, |x, y| [if (x + y) % 2 == 0 { 255 } else { 0 }; 3]),
        noise(211, 97),
        board(200, 130),
    ]
}

#[test]
fn every_format_takes_every_picture_and_gives_the_same_bytes_with_any_number_of_threads() {
    for picture in hostile() {
        for format in FORMATS {
            let with = |threads| {
                let pool = ThreadPoolBuilder::new()
                    .num_threads(threads)
                    .build()
                    .unwrap();
                pool.install(|| encode(&picture, &format, None)).unwrap()
            };
            let one = with(1);
            assert!(!one.bytes.is_empty());
            assert_eq!(one, with(3), "{format:?}");
        }
    }
}

#[test]
fn large_pictures_are_the_same_with_any_number_of_threads_too() {
    let large = picture(1500, 1100, |x, y| match chance(x / 9, y / 7) % 5 {
        0 => [(x % 200) as u8, (y % 90) as u8, 40],
        _ => [255; 3],
    });
    for format in [Format::Png8, Format::Svg] {
        let with = |threads| {
            let pool = ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| encode(&large, &format, None)).unwrap()
        };
        assert!(with(1) == with(4), "{format:?}");
    }
}

#[test]
fn formats_without_loss_give_the_picture_back() {
    for picture in hostile() {
        for format in [Format::Png, Format::WebP] {
            let encoded = encode(&picture, &format, None).unwrap();
            let back = decoded(&encoded.bytes);
            assert_eq!((back.width, back.height), (picture.width, picture.height));
            let step = if back.channels == picture.channels {
                1
            } else {
                3
            };
            let samples: Vec<u8> = back.data.iter().step_by(step).copied().collect();
            assert_eq!(samples, picture.data, "{format:?}");
        }
    }
}

#[test]
fn pictures_of_few_colours_are_kept_exactly_in_as_few_bits_as_they_need() {
    for (colours, bits) in [(2, 1), (3, 2), (4, 2), (5, 4), (16, 4), (17, 8), (32, 8)] {
        let few = picture(37, 23, |x, y| {
            let index = (x + y * 37) % colours;
            [255 - (index * 7) as u8, 255 - (index * 3) as u8, 255]
        });
        let encoded = encode(&few, &Format::Png8, None).unwrap();
        let head = info(&encoded.bytes);
        assert_eq!(head.bit_depth as u32, bits);
        assert_eq!(head.color_type, png::ColorType::Indexed);
        assert_eq!(decoded(&encoded.bytes).data, few.data);
    }
}

#[test]
fn grey_levels_that_fit_few_bits_need_no_palette() {
    for (levels, bits) in [(2_u32, 1), (4, 2), (16, 4)] {
        let step = 255 / (levels - 1);
        let even = grey(41, 9, |x, y| (chance(x, y) % levels * step) as u8);
        let encoded = encode(&even, &Format::Png8, None).unwrap();
        let head = info(&encoded.bytes);
        assert_eq!(head.color_type, png::ColorType::Grayscale);
        assert_eq!(head.bit_depth as u32, bits);
        assert_eq!(decoded(&encoded.bytes).data, even.data);
    }
}

/// Boards of five pens, and a word of a sixth that is rare.
fn rare_ink() -> Picture {
    const PENS: [[u8; 3]; 5] = [
        [40, 40, 44],
        [200, 40, 50],
        [40, 80, 180],
        [30, 130, 70],
        [240, 130, 30],
    ];
    const RARE: [u8; 3] = [130, 60, 170];
    picture(900, 700, |x, y| {
        let pen = if (300..330).contains(&x) && y < 20 {
            RARE
        } else {
            PENS[(x / 180) as usize]
        };
        // Strokes of 5 pixels with soft edges, each pressed a little differently.
        let share = (3.0 - (f32::from((y % 20) as u8) - 10.0).abs()).clamp(0.0, 1.0);
        let pressed = share * (0.85 + f32::from((chance(x / 40, y / 20) % 100) as u8) * 0.0015);
        pen.map(|level| (255.0 - (255.0 - f32::from(level)) * pressed + 0.5) as u8)
    })
}

/// If this changes, files that people have differ from those they would get: raise `ALGORITHM_VERSION` with it.
#[test]
fn files_by_palette_are_the_same_bytes_everywhere() {
    let hashes = [board(200, 130), rare_ink()].map(|picture| {
        let encoded = encode(&picture, &Format::Png8, None).unwrap();
        hex::encode(&Sha256::digest(&encoded.bytes)[..8])
    });
    assert_eq!(hashes, ["7de497bab417703c", "cca135be05a8f7e3"]);
}

#[test]
fn what_can_be_read_on_white_can_be_read_by_palette() {
    // Beside strong pens a faint one, most of whose pixels are soft edges that nobody would miss.
    let board = picture(900, 300, |x, y| {
        const PENS: [[u8; 3]; 4] = [[40, 60, 170], [190, 50, 60], [50, 130, 70], [60, 60, 60]];
        let share = (3.5 - (f32::from((y % 20) as u8) - 10.0).abs()).clamp(0.0, 1.0);
        let faint = f32::from(212 + (chance(x, y) % 7) as u8);
        let edge = 0.3 + f32::from((chance(y, x) % 40) as u8) * 0.01;
        match x / 180 {
            4 if share >= 1.0 && y % 20 == 10 => [faint as u8; 3],
            4 if share > 0.0 => [(255.0 - (255.0 - faint) * edge) as u8; 3],
            pen => {
                let pen = PENS[pen as usize % 4];
                pen.map(|level| (255.0 - (255.0 - f32::from(level)) * share + 0.5) as u8)
            }
        }
    });
    let back = decoded(&encode(&board, &Format::Png8, None).unwrap().bytes);
    let pixels = board.data.chunks_exact(3).zip(back.data.chunks_exact(3));
    for (before, after) in pixels.filter(|(before, _)| before.iter().any(|&v| v <= 212)) {
        assert!(
            after.iter().any(|&v| v <= 220),
            "{before:?} became {after:?}"
        );
    }
}

#[test]
fn a_rare_ink_keeps_its_colour() {
    let board = rare_ink();
    let back = decoded(&encode(&board, &Format::Png8, None).unwrap().bytes);
    let at = (10 * 900 + 315) * 3;
    for channel in 0..3 {
        let (before, after) = (board.data[at + channel], back.data[at + channel]);
        assert!(before.abs_diff(after) < 24, "{before} became {after}");
    }
}

#[test]
fn neighbours_make_files_smaller_and_change_no_pixel_visibly() {
    // Two fills whose colours waver, and a faint stroke.
    let board = picture(640, 480, |x, y| {
        let waver = (chance(x, y) % 17) as u8;
        match (x / 40 % 4, y / 40 % 3) {
            (0, 0) => [40 + waver * 2, 70 + waver, 160 + waver],
            (1, 1) => [190 + waver, 50 + waver * 2, 60 + waver],
            (2, _) if y % 40 < 4 => [205 + waver, 210 + waver / 2, 215],
            _ => [255; 3],
        }
    });
    let with = |hysteresis| {
        let options = palette::Options {
            hysteresis,
            ..palette::Options::default()
        };
        palette::reduce(&board, &options).unwrap()
    };
    let (nearest, settled) = (with(0.0), with(palette::Options::default().hysteresis));
    assert_eq!(nearest.palette, settled.palette);
    let changes = |indices: &[u8]| indices.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert!(changes(&settled.indices) * 5 < changes(&nearest.indices) * 4);
    assert!(settled.loss.visible_share <= nearest.loss.visible_share);
    let loss = palette::Options::default().mean;
    assert!(nearest.loss.mean <= settled.loss.mean && settled.loss.mean <= loss);
    for (near, index) in nearest.indices.iter().zip(&settled.indices) {
        // From white to black: no ink becomes white, no white becomes ink.
        assert_eq!(*near == 0, *index == 0);
        let pale = nearest.palette[*near as usize][1] > 200;
        assert!(!pale || index >= near, "pale ink became paler");
    }
}

#[test]
fn a_board_needs_32_colours_at_most_and_its_white_stays_white() {
    let board = board(200, 130);
    let encoded = encode(&board, &Format::Png8, None).unwrap();
    let Chosen::Palette { colours, loss } = encoded.chosen else {
        panic!("true colour was chosen");
    };
    assert!(colours <= 32 && loss.mean <= palette::Options::default().mean);
    let back = decoded(&encoded.bytes);
    let pairs = board.data.chunks(3).zip(back.data.chunks(3));
    for (before, after) in pairs.filter(|(before, _)| *before == [255; 3]) {
        assert_eq!(before, after);
    }
}

#[test]
fn noise_of_all_colours_stays_in_true_colour() {
    let options = palette::Options {
        mean: 1.0,
        ..palette::Options::default()
    };
    assert!(palette::reduce(&noise(300, 200), &options).is_none());
}

#[test]
fn ink_on_nothing_laid_over_white_is_the_picture() {
    let noise = noise(120, 80);
    let options = palette::Options {
        mean: 0.0,
        ..palette::Options::default()
    };
    let encoded = transparent_png(&noise, &options, None).unwrap();
    assert_eq!(encoded.chosen, Chosen::TrueColour);
    // Reading lays transparency over white.
    let back = decoded(&encoded.bytes);
    for (a, b) in back.data.iter().zip(&noise.data) {
        assert!(a.abs_diff(*b) <= 1);
    }
    let few = picture(50, 50, |x, _| if x < 25 { [255; 3] } else { [200, 30, 90] });
    let encoded = encode(&few, &Format::TransparentPng, None).unwrap();
    let head = info(&encoded.bytes);
    assert_eq!(head.trns.as_deref(), Some(&[0, 225][..]));
    for (a, b) in decoded(&encoded.bytes).data.iter().zip(&few.data) {
        assert!(a.abs_diff(*b) <= 1);
    }
}

#[test]
fn a_mask_is_black_where_any_channel_is_dark() {
    let steps = picture(4, 1, |x, _| {
        [[255; 3], [223, 255, 255], [224; 3], [0; 3]][x as usize]
    });
    let encoded = encode(&steps, &Format::INK_MASK, None).unwrap();
    assert_eq!(info(&encoded.bytes).bit_depth, png::BitDepth::One);
    assert_eq!(decoded(&encoded.bytes).data, [255, 0, 255, 0]);
}

#[test]
fn metadata_goes_along_where_there_is_room_for_it() {
    let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x01\0\0\0\0\0\0\0";
    for format in [
        Format::Png8,
        Format::Png,
        Format::JPEG,
        Format::WebP,
        Format::TransparentPng,
    ] {
        for picture in [board(200, 130), noise(90, 60)] {
            let encoded = encode(&picture, &format, Some(exif)).unwrap();
            let mut windows = encoded.bytes.windows(exif.len());
            assert!(windows.any(|window| window == exif), "{format:?}");
            decoded(&encoded.bytes);
        }
    }
}

#[test]
fn samples_of_16_bits_come_back() {
    let samples: Vec<u16> = (0..5 * 3 * 3).map(|at| at * 1371).collect();
    let bytes = png16(5, 3, Channels::Rgb, &samples).unwrap();
    let mut reader = png::Decoder::new(Cursor::new(bytes)).read_info().unwrap();
    let mut back = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut back).unwrap();
    let want: Vec<u8> = samples
        .iter()
        .flat_map(|sample| sample.to_be_bytes())
        .collect();
    assert_eq!(back, want);
    assert!(png16(5, 3, Channels::Grey, &samples).is_err());
}

#[test]
fn sides_that_a_format_has_no_room_for_are_refused_in_words() {
    let wide = grey(70_000, 1, |_, _| 255);
    for format in [Format::JPEG, Format::WebP] {
        let refused = encode(&wide, &format, None).unwrap_err();
        assert!(matches!(refused, OutputError::SideTooLong { .. }));
    }
    for format in [Format::Png8, Format::Pdf, Format::Svg] {
        encode(&wide, &format, None).unwrap();
    }
}

#[test]
fn a_document_finds_each_of_its_objects_where_its_table_says() {
    let mut pdf = Pdf::new(Vec::new(), Some("Tafel – 7")).unwrap();
    for picture in hostile() {
        pdf.page(&picture, PageSize::Dpi(150.0)).unwrap();
    }
    let bytes = pdf.finish().unwrap();
    let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
    let start: usize = text.lines().rev().nth(1).unwrap().parse().unwrap();
    let mut lines = text[text.char_indices().nth(start).unwrap().0..].lines();
    assert_eq!(lines.next(), Some("xref"));
    let count: usize = lines.next().unwrap()[2..].parse().unwrap();
    assert_eq!(count, 1 + 3 + 3 * hostile().len());
    for (object, line) in lines.take(count).enumerate().skip(1) {
        let offset: usize = line[..10].parse().unwrap();
        let want = format!("{object} 0 obj\n");
        assert_eq!(&bytes[offset..offset + want.len()], want.as_bytes());
    }
    assert!(text.contains(&format!("/Count {}", hostile().len())));
    assert!(matches!(
        Pdf::new(Vec::new(), None).unwrap().finish(),
        Err(OutputError::NoPages)
    ));
}

#[test]
fn a_drawing_has_an_outline_per_edge_and_a_colour_per_ink() {
    let drawn = svg::svg(&board(200, 130), &svg::Options::default()).unwrap();
    // Outside and inside of the ring, and the disc.
    assert_eq!((drawn.colours, drawn.paths), (2, 3), "{}", drawn.text);
    assert!(drawn.text.len() < 3000, "{}", drawn.text.len());
    assert!(drawn.text.contains("fill-rule=\"evenodd\""));
}

#[test]
fn a_drawing_of_noise_is_bounded() {
    let options = svg::Options {
        most_points: 20_000,
        ..svg::Options::default()
    };
    let drawn = svg::svg(&noise(600, 500), &options).unwrap();
    assert!(drawn.left_out > 0);
    assert!(drawn.text.len() < 8 * 20_000 * 24);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_picture_makes_a_format_panic(
        width in 1_u32..40,
        height in 1_u32..40,
        seed in any::<u32>(),
        levels in 1_u32..8,
    ) {
        let odd = picture(width, height, |x, y| {
            let [_, r, g, b] = chance(x ^ seed, y).to_be_bytes();
            [r, g, b].map(|sample| (u32::from(sample) % levels * 255 / levels.max(2)) as u8)
        });
        for format in FORMATS {
            encode(&odd, &format, None).unwrap();
        }
    }
}
