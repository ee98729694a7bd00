//! What a file's samples mean, for those who read them row by row: the same steps as [`decode`](super::decode) takes.

use super::Channels;
use super::colour::{Conversion, Depth, Profile};
use super::rows::{Ink, Layout, Rows};

/// What the samples of a file mean.
#[derive(Clone, Debug)]
pub(crate) struct Meaning {
    layout: Layout,
    /// Samples of a pixel as they are read; those beyond the layout's are not looked at.
    read: usize,
    /// Samples have more than 8 bits.
    deep: bool,
    profile: Option<Profile<'static>>,
}

impl Meaning {
    pub(super) fn new(
        layout: Layout,
        read: usize,
        deep: bool,
        profile: Option<Profile<'_>>,
    ) -> Self {
        Self {
            layout,
            read,
            deep,
            profile: profile.map(Profile::into_owned),
        }
    }

    /// Samples that are ready: grey or RGB, sRGB of 8 bits, opaque.
    pub(crate) fn ready(channels: Channels) -> Self {
        let ink = match channels {
            Channels::Grey => Ink::Grey,
            Channels::Rgb => Ink::Rgb,
        };
        Self::new(Layout::opaque(ink), ink.count(), false, None)
    }

    /// The channels that are left.
    pub(crate) fn channels(&self) -> Channels {
        self.layout.ink.channels()
    }
}

/// Makes rows of a file rows of sRGB, opaque.
pub(crate) struct ToSrgb {
    read: usize,
    wanted: usize,
    rows: Rows,
}

impl ToSrgb {
    pub(crate) fn new(meaning: &Meaning) -> Self {
        let depth = if meaning.deep {
            Depth::Sixteen
        } else {
            Depth::Eight
        };
        let ink = meaning.layout.ink;
        let conversion = Conversion::new(meaning.profile.as_ref(), ink, depth);
        Self {
            read: meaning.read,
            wanted: meaning.layout.count(),
            rows: Rows::new(0, meaning.layout, conversion),
        }
    }

    /// Rows of 8 bits, which are used as working space.
    pub(crate) fn eight(&mut self, rows: &mut [u8], out: &mut [u8]) {
        let length = self.pick(rows);
        self.rows.push8(&mut rows[..length]);
        self.rows.hand_out(out);
    }

    /// Rows of 16 bits as the nearest 8.
    pub(crate) fn reduced(&mut self, rows: &mut [u16], out: &mut [u8]) {
        let length = self.pick(rows);
        self.rows.push16(&mut rows[..length]);
        self.rows.hand_out(out);
    }

    /// Rows of 16 bits as such.
    pub(crate) fn sixteen(&mut self, rows: &mut [u16], out: &mut [u16]) {
        let length = self.pick(rows);
        let length = self.rows.deep(&mut rows[..length]);
        out.copy_from_slice(&rows[..length]);
    }

    /// Puts the samples that are wanted first; tells how many they are.
    fn pick<T: Copy>(&self, rows: &mut [T]) -> usize {
        if self.read == self.wanted {
            return rows.len();
        }
        let pixels = rows.len() / self.read;
        for pixel in 0..pixels {
            let from = pixel * self.read;
            rows.copy_within(from..from + self.wanted, pixel * self.wanted);
        }
        pixels * self.wanted
    }
}
