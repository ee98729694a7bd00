//! What a result says of itself: a line of text in its PNG file.

use serde::Serialize;

use crate::analysis::Chosen;
use crate::recipe::Recipe;

/// The keyword of the text chunk in which a result tells how it came about: one line of JSON with the algorithm's
/// version, the recipe's hash, what was chosen where the recipe leaves it to the picture, and whether the file holds more
/// pictures, of which only the first was cleaned.
pub const KEYWORD: &str = "whiteboarder";

#[derive(Serialize)]
struct Note {
    algorithm: u32,
    recipe: String,
    chosen: Chosen,
    /// Told only where it is so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    more_pictures: bool,
}

/// The line for a result.
pub(super) fn text(recipe: &Recipe, chosen: &Chosen, more_pictures: bool) -> String {
    let note = Note {
        algorithm: crate::ALGORITHM_VERSION,
        recipe: recipe.hash(),
        chosen: rounded(chosen),
        more_pictures,
    };
    // A structure of numbers and names can always be written.
    serde_json::to_string(&note).unwrap_or_default()
}

/// To a thousandth: what is further behind tells nobody anything.
fn rounded(chosen: &Chosen) -> Chosen {
    let round = |value: f32| (value * 1000.0).round() / 1000.0;
    Chosen {
        surface: chosen.surface,
        stroke_px: round(chosen.stroke_px),
        small: round(chosen.small),
        noise: round(chosen.noise),
        ink: round(chosen.ink),
        white: round(chosen.white),
        dark: round(chosen.dark),
        lift: round(chosen.lift),
    }
}

/// Puts a line of ASCII into a PNG file, before its pixels. A file that is no PNG stays as it is.
pub(super) fn put(png: &mut Vec<u8>, text: &str) {
    let Some(at) = pixels(png) else { return };
    let mut body = b"tEXt".to_vec();
    body.extend(KEYWORD.bytes());
    body.push(0);
    body.extend(text.bytes());
    let mut chunk = ((body.len() - 4) as u32).to_be_bytes().to_vec();
    chunk.extend(&body);
    chunk.extend(crc(&body).to_be_bytes());
    png.splice(at..at, chunk);
}

/// Where the first chunk of pixels begins.
fn pixels(png: &[u8]) -> Option<usize> {
    let mut at = 8;
    loop {
        let head = png.get(at..at + 8)?;
        let (length, kind) = head.split_at(4);
        if kind == b"IDAT" {
            return Some(at);
        }
        at += 12 + u32::from_be_bytes(length.try_into().ok()?) as usize;
    }
}

/// CRC-32 as PNG has it (ISO 3309), bit by bit: the text is short.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_png() {
        assert_eq!(crc(b"IEND"), 0xAE42_6082);
    }
}
