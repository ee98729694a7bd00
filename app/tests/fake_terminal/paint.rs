//! What the screen looks like, as a picture.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder, Rgb, RgbImage};
use vt100::{Cell, Color};

use super::emulator::Emulator;
use super::font;
use super::graphics::Part;
use super::shapes::Mask;

/// Behind everything.
pub const BACKGROUND: [u8; 3] = [0x16, 0x18, 0x1c];
const FOREGROUND: [u8; 3] = [0xd3, 0xd7, 0xcf];

/// The sixteen colours that programs choose by number.
const SIXTEEN: [[u8; 3]; 16] = [
    [0x22, 0x26, 0x2b],
    [0xd9, 0x5f, 0x5f],
    [0x7f, 0xb3, 0x5c],
    [0xd7, 0xa6, 0x4b],
    [0x5f, 0x9e, 0xe8],
    [0xb3, 0x85, 0xd6],
    [0x56, 0xb6, 0xc2],
    [0xc5, 0xc9, 0xc2],
    [0x7c, 0x83, 0x8b],
    [0xf0, 0x7c, 0x7c],
    [0x9f, 0xd0, 0x77],
    [0xf0, 0xc6, 0x6b],
    [0x84, 0xb8, 0xf5],
    [0xcf, 0xa5, 0xee],
    [0x7a, 0xd3, 0xde],
    [0xf4, 0xf5, 0xf0],
];

/// Paints cells and pictures, each pixel `scale` times as large.
pub fn paint(emulator: &Emulator, scale: u32) -> RgbImage {
    let screen = emulator.screen();
    let (rows, columns) = screen.size();
    let natural = (u32::from(emulator.cell.0), u32::from(emulator.cell.1));
    let (width, height) = (natural.0 * scale, natural.1 * scale);
    let mut image = RgbImage::from_pixel(
        u32::from(columns.get()) * width,
        u32::from(rows.get()) * height,
        Rgb(BACKGROUND),
    );
    let mut glyphs: HashMap<(char, bool), Mask> = HashMap::new();
    let cursor = (!screen.hide_cursor()).then(|| screen.cursor_position());
    for row in 0..rows.get() {
        let mut left: Option<Part> = None;
        for column in 0..columns.get() {
            let Some(cell) = screen.cell(row, column) else {
                continue;
            };
            let at = (u32::from(column) * width, u32::from(row) * height);
            let part = emulator.graphics.part(cell, left.as_ref());
            let (fg, bg) = colors(cell, cursor == Some((row, column)));
            for y in 0..height {
                for x in 0..width {
                    let shown = part.as_ref().and_then(|part| {
                        emulator.graphics.pixel(part, natural, x / scale, y / scale)
                    });
                    let color = shown.map_or(bg, |pixel| [pixel.0[0], pixel.0[1], pixel.0[2]]);
                    image.put_pixel(at.0 + x, at.1 + y, Rgb(color));
                }
            }
            if part.is_none() && !cell.is_wide_continuation() {
                let c = cell.contents().chars().next().unwrap_or(' ');
                let wide = cell.is_wide();
                let mask = glyphs
                    .entry((c, wide))
                    .or_insert_with(|| font::draw(c, if wide { 2 * width } else { width }, height));
                stamp(&mut image, at, mask, fg);
                if cell.underline() {
                    for x in 0..width {
                        for y in height - 2 * scale..height - scale {
                            image.put_pixel(at.0 + x, at.1 + y, Rgb(fg));
                        }
                    }
                }
            }
            left = part;
        }
    }
    image
}

fn stamp(image: &mut RgbImage, at: (u32, u32), mask: &Mask, color: [u8; 3]) {
    for y in 0..mask.height {
        for x in 0..mask.width {
            let ink = mask.at(x, y);
            if ink > 0 && at.0 + x < image.width() {
                let under = image.get_pixel(at.0 + x, at.1 + y).0;
                image.put_pixel(at.0 + x, at.1 + y, Rgb(mix(under, color, ink)));
            }
        }
    }
}

/// Foreground and background of a cell.
fn colors(cell: &Cell, cursor: bool) -> ([u8; 3], [u8; 3]) {
    let bold = cell.bold();
    let mut fg = rgb(cell.fgcolor(), bold).unwrap_or(if bold { SIXTEEN[15] } else { FOREGROUND });
    let mut bg = rgb(cell.bgcolor(), false).unwrap_or(BACKGROUND);
    if cell.dim() {
        fg = mix(bg, fg, 140);
    }
    if cell.inverse() != cursor {
        std::mem::swap(&mut fg, &mut bg);
    }
    (fg, bg)
}

fn rgb(color: Color, bold: bool) -> Option<[u8; 3]> {
    match color {
        Color::Default => None,
        Color::Rgb(r, g, b) => Some([r, g, b]),
        Color::Idx(index @ 0..=7) if bold => Some(SIXTEEN[usize::from(index) + 8]),
        Color::Idx(index @ 0..=15) => Some(SIXTEEN[usize::from(index)]),
        Color::Idx(index @ 16..=231) => {
            let index = index - 16;
            let level = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
            Some([level(index / 36), level(index / 6 % 6), level(index % 6)])
        }
        Color::Idx(index) => Some([8 + 10 * (index - 232); 3]),
    }
}

fn mix(under: [u8; 3], over: [u8; 3], ink: u8) -> [u8; 3] {
    let ink = u32::from(ink);
    std::array::from_fn(|i| {
        ((u32::from(under[i]) * (255 - ink) + u32::from(over[i]) * ink + 127) / 255) as u8
    })
}

/// Writes a small PNG.
pub fn save(image: &RgbImage, path: &Path) {
    let mut bytes = Vec::new();
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Best, FilterType::Adaptive)
        .write_image(
            image.as_raw(),
            image.width(),
            image.height(),
            ExtendedColorType::Rgb8,
        )
        .expect("the picture is encoded");
    fs::write(path, bytes).expect("the picture is written");
}
