//! Characters that are drawn rather than looked up, so that lines join and bars end where they should.

/// How much of each pixel of a cell is ink, 0 to 255.
#[derive(Clone, Debug)]
pub struct Mask {
    pub width: u32,
    pub height: u32,
    pub ink: Vec<u8>,
}

impl Mask {
    pub fn new(width: u32, height: u32) -> Mask {
        Mask {
            width,
            height,
            ink: vec![0; (width * height) as usize],
        }
    }

    pub fn at(&self, x: u32, y: u32) -> u8 {
        self.ink[(y * self.width + x) as usize]
    }

    /// Fills whole pixels.
    fn fill(&mut self, x: (u32, u32), y: (u32, u32), ink: u8) {
        for row in y.0..y.1.min(self.height) {
            for column in x.0..x.1.min(self.width) {
                self.ink[(row * self.width + column) as usize] = ink;
            }
        }
    }

    /// Fills a part of the cell, in eighths of its width and height.
    fn eighths(&mut self, x: (u32, u32), y: (u32, u32)) {
        let round = |part: u32, whole: u32| (part * whole + 4) / 8;
        let (width, height) = (self.width, self.height);
        self.fill(
            (round(x.0, width), round(x.1, width)),
            (round(y.0, height), round(y.1, height)),
            255,
        );
    }

    /// Fills what `inside` says, by sixteen samples a pixel. Coordinates are in cells' widths, from the centre.
    fn shape(&mut self, inside: impl Fn(f32, f32) -> bool) {
        let (width, height) = (self.width as f32, self.height as f32);
        for y in 0..self.height {
            for x in 0..self.width {
                let mut hits = 0_u32;
                for sample in 0..16 {
                    let (dx, dy) = ((sample % 4) as f32, (sample / 4) as f32);
                    let px = x as f32 + (dx + 0.5) / 4.0 - width / 2.0;
                    let py = y as f32 + (dy + 0.5) / 4.0 - height / 2.0;
                    hits += u32::from(inside(px / width, py / width));
                }
                let ink = &mut self.ink[(y * self.width + x) as usize];
                *ink = (*ink).max((hits * 255 / 16) as u8);
            }
        }
    }
}

/// Lines: the character and its arms up, right, down, left; 0 none, 1 light, 2 heavy.
const LINES: &str = "\
─0101 ━0202 │1010 ┃2020 ┌0110 ┏0220 ┐0011 ┓0022 └1100 ┗2200 ┘1001 ┛2002 ├1110 ┣2220 ┤1011 ┫2022 ┬0111 ┳0222 \
┴1101 ┻2202 ┼1111 ╋2222 ╭0110 ╮0011 ╯1001 ╰1100 ╴0001 ╵1000 ╶0100 ╷0010 ╸0002 ╹2000 ╺0200 ╻0020 ╼0201 ╽1020 \
╾0102 ╿2010 ┝1210 ┠2120 ┥1012 ┨2021 ┯0212 ┷1202 ┿1212 ╂2121 ┰0121 ┸2101";

/// The drawing of a character in a cell of this many pixels.
pub fn draw(c: char, width: u32, height: u32) -> Option<Mask> {
    let mut mask = Mask::new(width, height);
    if lines(c, &mut mask) || blocks(c, &mut mask) || signs(c, &mut mask) {
        Some(mask)
    } else {
        None
    }
}

fn lines(c: char, mask: &mut Mask) -> bool {
    let dashes = match c {
        '┄' | '┅' | '╌' | '╍' | '┈' | '┉' => Some('─'),
        '┆' | '┇' | '╎' | '╏' | '┊' | '┋' => Some('│'),
        _ => None,
    };
    let wanted = dashes.unwrap_or(c);
    let Some(arms) = LINES.split(' ').find_map(|line| {
        line.strip_prefix(wanted)
            .map(|arms| arms.bytes().map(|arm| u32::from(arm - b'0')))
    }) else {
        return false;
    };
    let (width, height) = (mask.width, mask.height);
    let thin = (width / 8).max(1);
    let middle = |whole: u32, thick: u32| (whole - thick) / 2;
    for (direction, weight) in arms.enumerate().filter(|(_, weight)| *weight > 0) {
        let thick = thin * weight;
        let (left, top) = (middle(width, thick), middle(height, thick));
        match direction {
            0 => mask.fill((left, left + thick), (0, top + thick), 255),
            1 => mask.fill((left, width), (top, top + thick), 255),
            2 => mask.fill((left, left + thick), (top, height), 255),
            _ => mask.fill((0, left + thick), (top, top + thick), 255),
        }
    }
    if dashes == Some('─') {
        mask.fill((width / 2 - thin, width / 2), (0, height), 0);
    } else if dashes.is_some() {
        mask.fill((0, width), (height / 2 - 2 * thin, height / 2), 0);
    }
    true
}

fn blocks(c: char, mask: &mut Mask) -> bool {
    let code = c as u32;
    match c {
        '▀' => mask.eighths((0, 8), (0, 4)),
        '▁'..='█' => mask.eighths((0, 8), (8 - (code - 0x2580), 8)),
        '▉'..='▏' => mask.eighths((0, 0x2590 - code), (0, 8)),
        '▐' => mask.eighths((4, 8), (0, 8)),
        '░' | '▒' | '▓' => {
            let ink = 64 * (code - 0x2590) as u8;
            mask.ink.fill(ink);
        }
        '▔' => mask.eighths((0, 8), (0, 1)),
        '▕' => mask.eighths((7, 8), (0, 8)),
        '▖'..='▟' => {
            // Quarters: upper left 1, upper right 2, lower left 4, lower right 8.
            const QUARTERS: [u8; 10] = [4, 8, 1, 13, 9, 7, 11, 2, 6, 14];
            let quarters = QUARTERS[(code - 0x2596) as usize];
            for quarter in (0..4).filter(|quarter| quarters >> quarter & 1 == 1) {
                let (x, y) = (quarter % 2 * 4, quarter / 2 * 4);
                mask.eighths((x, x + 4), (y, y + 4));
            }
        }
        '\u{2800}'..='\u{28ff}' => {
            const DOTS: [(u32, u32); 8] = [
                (0, 0),
                (0, 1),
                (0, 2),
                (1, 0),
                (1, 1),
                (1, 2),
                (0, 3),
                (1, 3),
            ];
            for (bit, (x, y)) in DOTS.iter().enumerate() {
                if (code - 0x2800) >> bit & 1 == 1 {
                    mask.eighths((x * 4 + 1, x * 4 + 3), (y * 2 + 1, y * 2 + 2));
                }
            }
        }
        _ => return false,
    }
    true
}

/// Signs with a simple outline.
fn signs(c: char, mask: &mut Mask) -> bool {
    let radius = |x: f32, y: f32| (x * x + y * y).sqrt();
    let square = |x: f32, y: f32| x.abs().max(y.abs());
    // A triangle that points right, from −size to size.
    let right = |x: f32, y: f32, size: f32| x >= -size * 0.8 && y.abs() <= (size * 0.8 - x) * 0.62;
    match c {
        '●' | '⬤' => mask.shape(|x, y| radius(x, y) < 0.42),
        '•' => mask.shape(|x, y| radius(x, y) < 0.25),
        '·' | '⋅' => mask.shape(|x, y| radius(x, y) < 0.13),
        '○' | '◯' => mask.shape(|x, y| (0.28..0.44).contains(&radius(x, y))),
        '◌' => mask.shape(|x, y| {
            let around = (y.atan2(x) / std::f32::consts::TAU * 8.0).rem_euclid(1.0);
            (0.28..0.44).contains(&radius(x, y)) && around < 0.55
        }),
        '◉' | '◎' => {
            mask.shape(|x, y| radius(x, y) < 0.2 || (0.32..0.46).contains(&radius(x, y)));
        }
        '◐' => mask
            .shape(|x, y| (0.3..0.44).contains(&radius(x, y)) || (radius(x, y) < 0.44 && x < 0.0)),
        '■' | '◼' => mask.shape(|x, y| square(x, y) < 0.4),
        '▪' | '◾' => mask.shape(|x, y| square(x, y) < 0.26),
        '□' | '▢' | '◻' | '☐' => mask.shape(|x, y| (0.3..0.44).contains(&square(x, y))),
        '▣' | '☑' => {
            mask.shape(|x, y| (0.34..0.47).contains(&square(x, y)) || square(x, y) < 0.21);
        }
        '▶' | '►' | '▸' | '⏵' | '❯' => {
            let size = if c == '▸' { 0.36 } else { 0.48 };
            mask.shape(|x, y| right(x, y, size));
        }
        '◀' | '◄' | '◂' => {
            let size = if c == '◂' { 0.36 } else { 0.48 };
            mask.shape(|x, y| right(-x, y, size));
        }
        '▼' | '▾' => {
            let size = if c == '▾' { 0.36 } else { 0.48 };
            mask.shape(|x, y| right(y, x, size));
        }
        '▲' | '▴' => {
            let size = if c == '▴' { 0.36 } else { 0.48 };
            mask.shape(|x, y| right(-y, x, size));
        }
        '◆' => mask.shape(|x, y| x.abs() + y.abs() < 0.46),
        '◇' => mask.shape(|x, y| (0.3..0.48).contains(&(x.abs() + y.abs()))),
        '…' => mask.shape(|x, y| {
            let x = (x + 0.5).rem_euclid(1.0 / 3.0) - 1.0 / 6.0;
            radius(x, y - 0.5) < 0.11
        }),
        '–' | '−' | '—' | '‒' => {
            let half = if c == '—' { 0.5 } else { 0.36 };
            mask.shape(|x, y| x.abs() <= half && y.abs() < 0.075);
        }
        '→' | '⟶' => mask.shape(arrow),
        '←' => mask.shape(|x, y| arrow(-x, y)),
        '↑' => mask.shape(|x, y| arrow(-y, x)),
        '↓' => mask.shape(|x, y| arrow(y, x)),
        '↔' => mask.shape(|x, y| arrow(x, y) || arrow(-x, y)),
        '↕' => mask.shape(|x, y| arrow(y, x) || arrow(-y, x)),
        '⇄' => mask.shape(|x, y| arrow(x, y + 0.3) || arrow(-x, y - 0.3)),
        '✓' | '✔' => mask.shape(|x, y| {
            near(x, y, (-0.4, 0.1), (-0.12, 0.42)) || near(x, y, (-0.12, 0.42), (0.42, -0.45))
        }),
        '✗' | '✘' | '×' => {
            let size = if c == '×' { 0.26 } else { 0.36 };
            mask.shape(|x, y| {
                near(x, y, (-size, -size), (size, size)) || near(x, y, (-size, size), (size, -size))
            });
        }
        '↻' | '⟳' => mask.shape(|x, y| {
            let around = y.atan2(x);
            ((0.26..0.42).contains(&radius(x, y)) && !(-1.2..-0.1).contains(&around))
                || right(x - 0.1, y + 0.38, 0.3)
        }),
        _ => return false,
    }
    true
}

/// An arrow to the right.
fn arrow(x: f32, y: f32) -> bool {
    near(x, y, (-0.44, 0.0), (0.42, 0.0))
        || near(x, y, (0.42, 0.0), (0.12, -0.3))
        || near(x, y, (0.42, 0.0), (0.12, 0.3))
}

/// Within a pen's breadth of a stroke.
fn near(x: f32, y: f32, from: (f32, f32), to: (f32, f32)) -> bool {
    const PEN: f32 = 0.085;
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let along = ((x - from.0) * dx + (y - from.1) * dy) / (dx * dx + dy * dy);
    let along = along.clamp(0.0, 1.0);
    let (ox, oy) = (x - from.0 - along * dx, y - from.1 - along * dy);
    (ox * ox + oy * oy).sqrt() < PEN
}
