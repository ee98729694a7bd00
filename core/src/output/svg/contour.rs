//! Lines along which a field is at half: marching squares, followed from crossing to crossing.

/// A field of one byte per pixel, nothing around it.
pub(super) struct Field<'a> {
    pub width: usize,
    pub height: usize,
    pub values: &'a [u8],
}

/// Half: a pixel is inside when it is above this.
const HALF: u8 = 127;
const LEVEL: f32 = 127.5;

type Pixel = (i32, i32);

impl Field<'_> {
    fn at(&self, (x, y): Pixel) -> u8 {
        let inside = x >= 0 && y >= 0 && (x as usize) < self.width && (y as usize) < self.height;
        if inside {
            self.values[y as usize * self.width + x as usize]
        } else {
            0
        }
    }

    /// Where between two neighbours the field is at half. Pixels are squares from (0, 0): their centres lie at halves.
    fn crossing(&self, inside: Pixel, outside: Pixel) -> [f32; 2] {
        let (high, low) = (f32::from(self.at(inside)), f32::from(self.at(outside)));
        let share = (high - LEVEL) / (high - low);
        let step = |from: i32, to: i32| from as f32 + 0.5 + (to - from) as f32 * share;
        [step(inside.0, outside.0), step(inside.1, outside.1)]
    }

    /// All closed lines of at least this area, outer ones and holes, and how many were left out. Where they have more
    /// than `most` points together, the area is raised by fours until the rest has not: the largest stay.
    pub(super) fn contours(&self, least_area: f32, most: usize) -> (Vec<Vec<[f32; 2]>>, usize) {
        let mut area = least_area.max(0.0);
        loop {
            let (found, left_out, points) = self.larger(area, most);
            if points <= most {
                return (found, left_out);
            }
            area = area.max(1.0) * 4.0;
        }
    }

    /// The lines of at least this area, how many are smaller, and the number of their points, which may be more than
    /// `most`: then it is known only that they are too many.
    fn larger(&self, least_area: f32, most: usize) -> (Vec<Vec<[f32; 2]>>, usize, usize) {
        let mut seen = vec![false; self.width * self.height];
        let (mut found, mut left_out, mut points) = (Vec::new(), 0, 0);
        for y in 0..self.height {
            for x in 0..self.width {
                let here = y * self.width + x;
                // Every closed line somewhere has its inside on the left of its outside.
                if self.values[here] <= HALF || seen[here] {
                    continue;
                }
                let (inside, outside) = ((x as i32, y as i32), (x as i32 + 1, y as i32));
                if self.at(outside) > HALF {
                    continue;
                }
                let line = self.follow(inside, outside, &mut seen);
                if area(&line).abs() < least_area {
                    left_out += 1;
                    continue;
                }
                points += line.len();
                if points > most {
                    return (Vec::new(), 0, points);
                }
                found.push(line);
            }
        }
        (found, left_out, points)
    }

    /// The closed line that passes here, its inside on the left.
    fn follow(&self, inside: Pixel, outside: Pixel, seen: &mut [bool]) -> Vec<[f32; 2]> {
        let start = (inside, outside);
        let (mut a, mut b) = start;
        let mut line = Vec::new();
        loop {
            if b.0 > a.0 {
                seen[a.1 as usize * self.width + a.0 as usize] = true;
            }
            line.push(self.crossing(a, b));
            let ahead = (b.1 - a.1, a.0 - b.0);
            let (left, right) = (
                (a.0 + ahead.0, a.1 + ahead.1),
                (b.0 + ahead.0, b.1 + ahead.1),
            );
            (a, b) = match (self.at(left) > HALF, self.at(right) > HALF) {
                (true, false) => (left, right),
                (true, true) => (right, b),
                (false, false) => (a, left),
                // Two corners touch: they are one when the middle of the four is inside.
                (false, true) => {
                    let four = [a, b, left, right].map(|pixel| u32::from(self.at(pixel)));
                    if four.iter().sum::<u32>() > 4 * u32::from(HALF) {
                        (right, b)
                    } else {
                        (a, left)
                    }
                }
            };
            if (a, b) == start {
                return line;
            }
        }
    }
}

/// Area within a closed line; negative in one of the two directions.
fn area(line: &[[f32; 2]]) -> f32 {
    let next = line.iter().cycle().skip(1);
    let parts = line
        .iter()
        .zip(next)
        .map(|(a, b)| f64::from(a[0]) * f64::from(b[1]) - f64::from(b[0]) * f64::from(a[1]));
    (parts.sum::<f64>() / 2.0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disc_is_one_round_line_of_its_area() {
        let (side, radius) = (64, 20.25_f32);
        let values: Vec<u8> = (0..side * side)
            .map(|at| {
                let (x, y) = ((at % side) as f32 - 31.3, (at / side) as f32 - 30.8);
                let inside = radius - (x * x + y * y).sqrt() + 0.5;
                (inside.clamp(0.0, 1.0) * 255.0) as u8
            })
            .collect();
        let field = Field {
            width: side,
            height: side,
            values: &values,
        };
        let (lines, left_out) = field.contours(2.0, usize::MAX);
        assert_eq!((lines.len(), left_out), (1, 0));
        for point in &lines[0] {
            let (x, y) = (point[0] - 31.8, point[1] - 31.3);
            assert!(((x * x + y * y).sqrt() - radius).abs() < 0.15);
        }
    }

    #[test]
    fn a_ring_has_a_hole_that_runs_the_other_way() {
        let mut values = [255; 49];
        values[24] = 0;
        let field = Field {
            width: 7,
            height: 7,
            values: &values,
        };
        let (lines, _) = field.contours(0.0, usize::MAX);
        assert_eq!(lines.len(), 2);
        assert!(area(&lines[0]) * area(&lines[1]) < 0.0);
    }
}
