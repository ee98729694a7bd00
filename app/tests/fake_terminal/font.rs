//! Letters: a bitmap font of 8×8 pixels, smoothed and stretched to the cell.

use font8x8::{BASIC_FONTS, BOX_FONTS, GREEK_FONTS, LATIN_FONTS, MISC_FONTS, UnicodeFonts};

use super::shapes::{self, Mask};

/// The ink of a character in a cell of this many pixels.
pub fn draw(c: char, width: u32, height: u32) -> Mask {
    if let Some(mask) = shapes::draw(c, width, height) {
        return mask;
    }
    let mut mask = Mask::new(width, height);
    let Some(rows) = rows(c) else {
        return mask;
    };
    // Doubled twice with smoothed diagonals; the cell's pixels are then averages of that.
    let fine = smooth(&smooth(&bits(rows)));
    let side = fine.len() as u32;
    // The glyph takes 8 of 8 columns and 13 of 16 rows, the rest is space between lines.
    let scale = (width / 8).min(height / 16).max(1);
    let (glyph_width, glyph_height) = (8 * scale, 13 * scale);
    let (left, top) = (
        (width - glyph_width) / 2,
        (height - glyph_height).div_ceil(2),
    );
    for y in 0..glyph_height {
        for x in 0..glyph_width {
            let columns = x * side / glyph_width..((x + 1) * side / glyph_width);
            let lines = y * side / glyph_height..((y + 1) * side / glyph_height);
            let (mut ink, mut count) = (0, 0);
            for line in lines {
                for column in columns.clone() {
                    ink += u32::from(fine[line as usize][column as usize]);
                    count += 1;
                }
            }
            let index = (top + y) * width + left + x;
            mask.ink[index as usize] = (ink * 255 / count.max(1)) as u8;
        }
    }
    mask
}

/// The font's own rows, least bit left.
fn rows(c: char) -> Option<[u8; 8]> {
    let c = match c {
        '“' | '”' => '"',
        '‘' | '’' => '\'',
        '‹' => '<',
        '›' => '>',
        '\u{a0}' => ' ',
        c => c,
    };
    BASIC_FONTS
        .get(c)
        .or_else(|| LATIN_FONTS.get(c))
        .or_else(|| GREEK_FONTS.get(c))
        .or_else(|| BOX_FONTS.get(c))
        .or_else(|| MISC_FONTS.get(c))
        // A box says that the character exists but has no glyph here.
        .or((!c.is_whitespace()).then_some([0x7e, 0x42, 0x42, 0x42, 0x42, 0x42, 0x7e, 0]))
}

fn bits(rows: [u8; 8]) -> Vec<Vec<bool>> {
    rows.iter()
        .map(|row| (0..8).map(|bit| row >> bit & 1 == 1).collect())
        .collect()
}

/// Twice the size, by the rule known as Scale2x.
fn smooth(rows: &[Vec<bool>]) -> Vec<Vec<bool>> {
    let at = |x: i32, y: i32| {
        usize::try_from(y)
            .ok()
            .and_then(|y| rows.get(y))
            .and_then(|row| row.get(usize::try_from(x).ok()?))
            .copied()
            .unwrap_or(false)
    };
    let size = rows.len() as i32;
    let mut larger = vec![vec![false; rows.len() * 2]; rows.len() * 2];
    for y in 0..size {
        for x in 0..size {
            let (here, up, down) = (at(x, y), at(x, y - 1), at(x, y + 1));
            let (left, right) = (at(x - 1, y), at(x + 1, y));
            let corner = |one: bool, other: bool, not_one: bool, not_other: bool| {
                if one == other && one != not_one && other != not_other {
                    one
                } else {
                    here
                }
            };
            let (row, column) = ((y * 2) as usize, (x * 2) as usize);
            larger[row][column] = corner(left, up, down, right);
            larger[row][column + 1] = corner(up, right, left, down);
            larger[row + 1][column] = corner(left, down, up, right);
            larger[row + 1][column + 1] = corner(down, right, left, up);
        }
    }
    larger
}
