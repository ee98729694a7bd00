//! Colours as terminals tell and take them.

use ratatui::style::Color;

/// Red, green and blue, 0 to 255 each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

impl Rgb {
    /// What a terminal answers to `OSC 11 ; ?`: `rgb:1616/1818/1c1c`, with one to four digits each, or `rgba:` with a
    /// fourth number; or `#rrggbb`.
    pub fn of_terminal(text: &str) -> Option<Rgb> {
        if text.starts_with('#') {
            return Rgb::of_hex(text);
        }
        let (numbers, count) = match text.strip_prefix("rgb:") {
            Some(numbers) => (numbers, 3),
            None => (text.strip_prefix("rgba:")?, 4),
        };
        let parts: Vec<&str> = numbers.split('/').collect();
        let [red, green, blue, ..] = parts[..] else {
            return None;
        };
        let part = |digits: &str| {
            let most = 16_u32.checked_pow(digits.len() as u32)?.checked_sub(1)?;
            let plain = digits.len() <= 4 && digits.bytes().all(|b| b.is_ascii_hexdigit());
            let number = u32::from_str_radix(digits, 16).ok().filter(|_| plain)?;
            Some((number * 255 / most) as u8)
        };
        (parts.len() == count).then_some(Rgb(part(red)?, part(green)?, part(blue)?))
    }

    /// `#rrggbb`.
    pub fn of_hex(text: &str) -> Option<Rgb> {
        let digits = text.strip_prefix('#')?;
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let number = u32::from_str_radix(digits, 16).ok()?;
        let [_, red, green, blue] = number.to_be_bytes();
        Some(Rgb(red, green, blue))
    }

    /// One of the 256 colours that terminals number; the first 16 as xterm has them, since each terminal may have its
    /// own.
    pub fn of_index(index: u8) -> Rgb {
        const FIRST: [(u8, u8, u8); 16] = [
            (0, 0, 0),
            (205, 0, 0),
            (0, 205, 0),
            (205, 205, 0),
            (0, 0, 238),
            (205, 0, 205),
            (0, 205, 205),
            (229, 229, 229),
            (127, 127, 127),
            (255, 0, 0),
            (0, 255, 0),
            (255, 255, 0),
            (92, 92, 255),
            (255, 0, 255),
            (0, 255, 255),
            (255, 255, 255),
        ];
        match index {
            0..=15 => {
                let (red, green, blue) = FIRST[usize::from(index)];
                Rgb(red, green, blue)
            }
            16..=231 => {
                let step = |number: u8| if number == 0 { 0 } else { 55 + 40 * number };
                let at = index - 16;
                Rgb(step(at / 36), step(at / 6 % 6), step(at % 6))
            }
            232..=255 => {
                let grey = 8 + 10 * (index - 232);
                Rgb(grey, grey, grey)
            }
        }
    }

    /// The relative luminance of WCAG 2, from 0 to 1.
    pub fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// Whether black can be read better on it than white.
    pub fn is_light(self) -> bool {
        // Where both have the same contrast: (1 + 0.05) / (l + 0.05) = (l + 0.05) / 0.05.
        self.luminance() > 0.179
    }

    /// For a terminal that shows all colours, or else the nearest of those that have a number.
    pub fn shown(self, true_color: bool) -> Color {
        if true_color {
            return Color::Rgb(self.0, self.1, self.2);
        }
        let far = |index: u8| {
            let other = Rgb::of_index(index);
            let part = |one: u8, other: u8| u32::from(one.abs_diff(other)).pow(2);
            part(self.0, other.0) + part(self.1, other.1) + part(self.2, other.2)
        };
        let nearest = (16..=255).min_by_key(|index| far(*index));
        Color::Indexed(nearest.unwrap_or(231))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_with_any_number_of_digits() {
        for (text, rgb) in [
            ("rgb:1616/1818/1c1c", Rgb(0x16, 0x18, 0x1c)),
            ("rgb:ffff/ffff/ffff", Rgb(255, 255, 255)),
            ("rgb:f/0/8", Rgb(255, 0, 136)),
            ("rgb:ff/00/80", Rgb(255, 0, 128)),
            ("rgba:ffff/0000/0000/8000", Rgb(255, 0, 0)),
            ("#fdf6e3", Rgb(0xfd, 0xf6, 0xe3)),
        ] {
            assert_eq!(Rgb::of_terminal(text), Some(rgb), "{text}");
        }
    }

    #[test]
    fn rubbish_is_no_colour() {
        for text in [
            "",
            "?",
            "rgb:",
            "rgb://",
            "rgb:1/2",
            "rgb:1/2/3/4",
            "rgba:1/2/3",
            "rgb:12345/0/0",
            "rgb:+1/0/0",
            "rgb:ffffffffffffffff/0/0",
            "#12345",
            "#+12345",
            "#ü1234",
        ] {
            assert_eq!(Rgb::of_terminal(text), None, "{text}");
        }
    }

    #[test]
    fn light_and_dark_are_told_by_how_bright_they_are_to_the_eye() {
        for light in ["#ffffff", "#fdf6e3", "#00ff00", "#c0c0c0"] {
            assert!(Rgb::of_hex(light).unwrap().is_light(), "{light}");
        }
        for dark in ["#000000", "#002b36", "#0000ff", "#282828", "#5f00af"] {
            assert!(!Rgb::of_hex(dark).unwrap().is_light(), "{dark}");
        }
    }

    #[test]
    fn a_colour_becomes_the_nearest_numbered_one() {
        for index in 16..=255 {
            let again = Rgb::of_index(index).shown(false);
            let Color::Indexed(again) = again else {
                panic!("{again:?}");
            };
            // Some greys stand in the table twice.
            assert_eq!(Rgb::of_index(again), Rgb::of_index(index));
        }
        assert_eq!(Rgb(1, 2, 3).shown(true), Color::Rgb(1, 2, 3));
    }
}
