//! A hand that writes: an unsteady single-stroke alphabet, and curves through points.

/// Splitmix64: small, good enough for pictures, the same everywhere.
#[derive(Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Evenly from −1 to 1.
    pub fn even(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    }

    /// Nearly normal with standard deviation 1: the sum of four even numbers.
    pub fn normal(&mut self) -> f32 {
        let word = self.next();
        let sum: u64 = (0..4).map(|i| (word >> (16 * i)) & 0xFFFF).sum();
        (sum as f32 / 65_535.0 - 2.0) * 1.732_050_8
    }
}

pub type Point = (f32, f32);

/// A smooth curve through `points` (Catmull–Rom), in steps short enough to draw straight.
pub fn curve(points: &[Point]) -> Vec<Point> {
    const STEPS: usize = 8;
    let at = |i: isize| points[i.clamp(0, points.len() as isize - 1) as usize];
    let mut result = vec![points[0]];
    for i in 0..points.len() as isize - 1 {
        let (p0, p1, p2, p3) = (at(i - 1), at(i), at(i + 1), at(i + 2));
        for step in 1..=STEPS {
            let t = step as f32 / STEPS as f32;
            let blend = |a: f32, b: f32, c: f32, d: f32| {
                // Tension below the usual 0.5 keeps corners from swinging out.
                let (m1, m2) = ((c - a) * 0.38, (d - b) * 0.38);
                let (t2, t3) = (t * t, t * t * t);
                (2.0 * t3 - 3.0 * t2 + 1.0) * b
                    + (t3 - 2.0 * t2 + t) * m1
                    + (3.0 * t2 - 2.0 * t3) * c
                    + (t3 - t2) * m2
            };
            result.push((blend(p0.0, p1.0, p2.0, p3.0), blend(p0.1, p1.1, p2.1, p3.1)));
        }
    }
    result
}

/// The strokes of a text line whose letters are `size` high, beginning at the left end of its baseline's top.
pub fn write(dice: &mut Dice, text: &str, at: Point, size: f32) -> Vec<Vec<Point>> {
    let unit = size / 6.0;
    let mut strokes = Vec::new();
    let mut x = at.0;
    let mut drift = 0.0;
    for letter in text.chars() {
        if letter == ' ' {
            x += 3.6 * unit;
            continue;
        }
        let glyph = glyph(letter);
        let narrow = matches!(letter, 'I' | '1' | '.' | ',' | ':' | '!' | '\'' | '(' | ')');
        let scale = 1.0 + 0.07 * dice.even();
        let slant = 0.10 + 0.03 * dice.even();
        drift = 0.8 * drift + 0.25 * unit * dice.even();
        for stroke in glyph.split(' ').filter(|stroke| !stroke.is_empty()) {
            let digits: Vec<f32> = stroke
                .bytes()
                .map(|digit| f32::from(digit - b'0') * scale)
                .collect();
            let mut points: Vec<Point> = digits
                .chunks_exact(2)
                .map(|p| {
                    let (gx, gy) = (p[0] + 0.16 * dice.even(), p[1] + 0.16 * dice.even());
                    (
                        x + (gx + slant * (6.0 - gy)) * unit,
                        at.1 + gy * unit + drift,
                    )
                })
                .collect();
            if let [only] = points[..] {
                points.push((only.0 + 0.2 * unit, only.1 + 0.2 * unit));
            }
            strokes.push(curve(&points));
        }
        x += (if narrow { 3.4 } else { 5.3 } + 0.3 * dice.even()) * unit;
    }
    strokes
}

/// A letter's strokes on a grid of 5 columns and 7 rows: two digits a point, a space between strokes.
fn glyph(letter: char) -> &'static str {
    match letter {
        'A' => "062046 1434",
        'B' => "0006 0030413303 0334453606",
        'C' => "4130100105163645",
        'D' => "0006 002041452606",
        'E' => "40000646 0333",
        'F' => "400006 0333",
        'G' => "413010010516364423",
        'H' => "0006 4046 0343",
        'I' => "1016",
        'J' => "3035261605",
        'K' => "0006 400346",
        'L' => "000646",
        'M' => "0600244046",
        'N' => "06004640",
        'O' | '0' => "2010010516364541302010",
        'P' => "0006 0030413303",
        'Q' => "201001051636454130 3446",
        'R' => "0006 0030413303 2346",
        'S' => "4130100112324345361605",
        'T' => "0040 2026",
        'U' => "0005163645 4046",
        'V' => "002640",
        'W' => "0016234640",
        'X' => "0046 4006",
        'Y' => "0023 402326",
        'Z' => "00400646",
        '1' => "011016",
        '2' => "01103041420646",
        '3' => "01103041332334453616 05",
        '4' => "300444 3336",
        '5' => "4000023243453616",
        '6' => "3010020516364534231304",
        '7' => "004016",
        '8' => "2010011334453616051331413020",
        '9' => "3341302010011223334136",
        '.' => "1616",
        ',' => "1617",
        ':' => "1212 1515",
        '!' => "1013 1616",
        '?' => "01103041422324 2626",
        '-' => "1333",
        '+' => "1343 2125",
        '=' => "0242 0444",
        '/' => "4006",
        '(' => "2012142636",
        ')' => "1032342616",
        '\'' => "1011",
        '%' => "4006 0111 3545",
        '#' => "1016 3036 0242 0444",
        '>' => "014305",
        _ => "0046",
    }
}
