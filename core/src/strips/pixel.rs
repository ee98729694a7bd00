//! The kinds of samples that rows are made of.

use std::fmt;

use crate::rolling::Sample;

/// What a sample is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleKind {
    /// A whole number of 8 bits.
    U8,
    /// A whole number of 16 bits.
    U16,
    /// A floating-point number of 32 bits.
    F32,
}

impl SampleKind {
    /// Bytes of a sample.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::U16 => 2,
            Self::F32 => 4,
        }
    }
}

impl fmt::Display for SampleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::U8 => "8 bits",
            Self::U16 => "16 bits",
            Self::F32 => "32-bit floating point",
        })
    }
}

/// Which byte of a number comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    /// The lowest.
    Little,
    /// The highest.
    Big,
}

/// A sample that can be read from and written to files. It is implemented for all there are.
pub trait Pixel: Sample + Default + 'static {
    /// Which kind it is.
    const KIND: SampleKind;
    /// How many grey levels two samples can be apart; infinite for floating point.
    const RANGE: f64;

    /// With black and white exchanged: the largest sample less this one; for floating point, 1 less this one.
    #[must_use]
    fn inverted(self) -> Self;

    /// Whether it is no number.
    #[must_use]
    fn is_nan(self) -> bool;

    /// The difference to another sample, modulo the number of values; of floating point, the difference.
    #[must_use]
    fn less(self, other: Self) -> Self;

    /// Reads samples from `bytes`, which has as many as `to`.
    fn take(bytes: &[u8], order: ByteOrder, to: &mut [Self]);

    /// Appends the bytes of samples.
    fn put(samples: &[Self], order: ByteOrder, out: &mut Vec<u8>);
}

macro_rules! bytes {
    ($size:literal) => {
        fn take(bytes: &[u8], order: ByteOrder, to: &mut [Self]) {
            let pairs = to.iter_mut().zip(bytes.as_chunks::<$size>().0);
            match order {
                ByteOrder::Little => pairs.for_each(|(to, from)| *to = Self::from_le_bytes(*from)),
                ByteOrder::Big => pairs.for_each(|(to, from)| *to = Self::from_be_bytes(*from)),
            }
        }

        fn put(samples: &[Self], order: ByteOrder, out: &mut Vec<u8>) {
            match order {
                ByteOrder::Little => out.extend(samples.iter().flat_map(|v| v.to_le_bytes())),
                ByteOrder::Big => out.extend(samples.iter().flat_map(|v| v.to_be_bytes())),
            }
        }
    };
}

impl Pixel for u8 {
    const KIND: SampleKind = SampleKind::U8;
    const RANGE: f64 = 255.0;

    fn inverted(self) -> Self {
        Self::MAX - self
    }

    fn is_nan(self) -> bool {
        false
    }

    fn less(self, other: Self) -> Self {
        self.wrapping_sub(other)
    }

    bytes!(1);
}

impl Pixel for u16 {
    const KIND: SampleKind = SampleKind::U16;
    const RANGE: f64 = 65_535.0;

    fn inverted(self) -> Self {
        Self::MAX - self
    }

    fn is_nan(self) -> bool {
        false
    }

    fn less(self, other: Self) -> Self {
        self.wrapping_sub(other)
    }

    bytes!(2);
}

impl Pixel for f32 {
    const KIND: SampleKind = SampleKind::F32;
    const RANGE: f64 = f64::INFINITY;

    fn inverted(self) -> Self {
        1.0 - self
    }

    fn is_nan(self) -> bool {
        self.is_nan()
    }

    fn less(self, other: Self) -> Self {
        self - other
    }

    bytes!(4);
}
