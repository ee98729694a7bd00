//! Pictures that have few colours, kept exactly.

use rayon::prelude::*;

use super::{BAND, Indexed, Loss};
use crate::image::{Channels, Picture};

/// Places for 256 colours, so many that few of them meet.
const PLACES: usize = 2048;
const EMPTY: u32 = u32::MAX;

/// Colours, each found by a few comparisons.
pub(super) struct Few {
    places: Box<[(u32, u8); PLACES]>,
    colours: Vec<[u8; 3]>,
}

fn packed([red, green, blue]: [u8; 3]) -> u32 {
    u32::from(red) << 16 | u32::from(green) << 8 | u32::from(blue)
}

impl Few {
    /// All colours of a picture, unless they are more than `most`.
    pub(super) fn of(picture: &Picture, most: usize) -> Option<Self> {
        let mut few = Self {
            places: Box::new([(EMPTY, 0); PLACES]),
            colours: Vec::new(),
        };
        let mut last = EMPTY;
        for colour in colours(picture.channels, &picture.data) {
            let colour = packed(colour);
            if colour != last {
                last = colour;
                if !few.take(colour, most) {
                    return None;
                }
            }
        }
        // From the lightest to the darkest, whatever the order in the picture.
        let mut sorted = std::mem::take(&mut few.colours);
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        few.places.fill((EMPTY, 0));
        for &colour in &sorted {
            few.take(packed(colour), most);
        }
        Some(few)
    }

    pub(super) fn colours(&self) -> &[[u8; 3]] {
        &self.colours
    }

    /// Where a colour is or would be.
    #[inline]
    fn place(&self, colour: u32) -> usize {
        // Knuth's multiplicative hashing.
        let mut place = (colour.wrapping_mul(0x9E37_79B1) >> 21) as usize % PLACES;
        while self.places[place].0 != colour && self.places[place].0 != EMPTY {
            place = (place + 1) % PLACES;
        }
        place
    }

    /// Whether there is room for a colour, which is then remembered.
    fn take(&mut self, colour: u32, most: usize) -> bool {
        let place = self.place(colour);
        if self.places[place].0 == EMPTY {
            if self.colours.len() == most {
                return false;
            }
            self.places[place] = (colour, self.colours.len() as u8);
            let [_, red, green, blue] = colour.to_be_bytes();
            self.colours.push([red, green, blue]);
        }
        true
    }

    /// The picture that these are the colours of, by palette.
    pub(super) fn index(&self, picture: &Picture) -> Indexed {
        let mut indices = vec![0; picture.width as usize * picture.height as usize];
        let samples = picture.data.par_chunks(BAND * picture.channels.count());
        let bands = indices.par_chunks_mut(BAND);
        bands.zip(samples).for_each(|(indices, samples)| {
            let (mut last, mut known) = (EMPTY, 0);
            for (index, colour) in indices.iter_mut().zip(colours(picture.channels, samples)) {
                let colour = packed(colour);
                if colour != last {
                    (last, known) = (colour, self.places[self.place(colour)].1);
                }
                *index = known;
            }
        });
        Indexed {
            width: picture.width,
            height: picture.height,
            palette: self.colours.clone(),
            indices,
            loss: Loss::default(),
        }
    }
}

fn colours(channels: Channels, samples: &[u8]) -> impl Iterator<Item = [u8; 3]> {
    let step = channels.count();
    samples.chunks_exact(step).map(move |pixel| {
        let first = pixel[0];
        match *pixel {
            [red, green, blue] => [red, green, blue],
            _ => [first; 3],
        }
    })
}
