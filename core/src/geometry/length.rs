//! Lengths as people write them: pixels, or a percentage of a side of the picture.

use std::fmt;
use std::str::FromStr;

use super::GeometryError;

/// A length along one side of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Length {
    /// Pixels of the upright picture.
    Pixels(f64),
    /// Percent of the picture's width or height.
    Percent(f64),
}

impl Length {
    /// Pixels along a side of so many.
    #[must_use]
    pub fn of(self, side: u32) -> f64 {
        match self {
            Self::Pixels(pixels) => pixels,
            Self::Percent(percent) => percent * f64::from(side) / 100.0,
        }
    }

    /// Exactly `N` lengths with commas between them.
    pub(super) fn list<const N: usize>(
        text: &str,
        what: &'static str,
    ) -> Result<[Self; N], GeometryError> {
        let found = text.split(',').filter(|part| !part.trim().is_empty());
        let found: Vec<Self> = found.map(str::parse).collect::<Result<_, _>>()?;
        let count = found.len();
        found.try_into().map_err(|_| GeometryError::Count {
            what,
            want: N,
            found: count,
        })
    }
}

impl FromStr for Length {
    type Err = GeometryError;

    fn from_str(text: &str) -> Result<Self, GeometryError> {
        let text = text.trim();
        let (number, percent) = match text.strip_suffix('%') {
            Some(number) => (number.trim_end(), true),
            None => (text.strip_suffix("px").unwrap_or(text), false),
        };
        match number.parse::<f64>() {
            Ok(value) if value.is_finite() && percent => Ok(Self::Percent(value)),
            Ok(value) if value.is_finite() => Ok(Self::Pixels(value)),
            _ => Err(GeometryError::Number {
                text: text.chars().take(40).collect(),
            }),
        }
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pixels(pixels) => write!(f, "{pixels}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

/// Lengths with commas between them.
pub(super) fn join(f: &mut fmt::Formatter<'_>, lengths: &[Length]) -> fmt::Result {
    for (i, length) in lengths.iter().enumerate() {
        let comma = if i == 0 { "" } else { "," };
        write!(f, "{comma}{length}")?;
    }
    Ok(())
}
