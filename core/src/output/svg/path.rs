//! Path data with as few bytes as it takes: relative, in tenths of a pixel, no space that can be left out.

use std::fmt::Write;

use super::curve::{Piece, Point};

pub(super) struct PathData {
    pub text: String,
    at: [i32; 2],
    /// Whether the last character is a digit, and the next number needs something between.
    digit: bool,
}

fn tenths(point: Point) -> [i32; 2] {
    point.map(|part| libm::roundf(part * 10.0) as i32)
}

impl PathData {
    pub(super) fn new() -> Self {
        Self {
            text: String::new(),
            at: [0; 2],
            digit: false,
        }
    }

    pub(super) fn closed(&mut self, start: Point, pieces: &[Piece]) {
        let start = tenths(start);
        self.command('M');
        self.pair(start);
        self.at = start;
        let mut last = 'M';
        for piece in pieces {
            let to = tenths(piece.to);
            let command = if piece.handles.is_some() { 'c' } else { 'l' };
            if to == self.at && command == 'l' {
                continue;
            }
            // A command is said once for all of its kind that follow.
            if command != last {
                self.command(command);
                last = command;
            }
            for handle in piece.handles.iter().flatten() {
                self.relative(tenths(*handle));
            }
            self.relative(to);
            self.at = to;
        }
        self.command('z');
    }

    fn command(&mut self, name: char) {
        self.text.push(name);
        self.digit = false;
    }

    fn relative(&mut self, point: [i32; 2]) {
        self.pair([point[0] - self.at[0], point[1] - self.at[1]]);
    }

    fn pair(&mut self, pair: [i32; 2]) {
        for number in pair {
            if number < 0 {
                self.text.push('-');
            } else if self.digit {
                self.text.push(' ');
            }
            let (whole, part) = (number.unsigned_abs() / 10, number.unsigned_abs() % 10);
            if whole > 0 || part == 0 {
                let _ = write!(self.text, "{whole}");
            }
            if part > 0 {
                let _ = write!(self.text, ".{part}");
            }
            self.digit = true;
        }
    }
}
