//! From picture and analysis to white paper and whole ink.
//!
//! Illumination multiplies, so it is divided out, per channel, in linear light. What is left is *absorption*: the
//! share of the board's light that ink swallows, 0 on paper. Absorption is linear in how much of a pixel ink covers, so
//! soft edges stay right. Then, with what the [`Analysis`] knows of the whole picture:
//!
//! 1. paper: outside of the regions that are ink, absorption becomes exactly 0;
//! 2. solid ink: what the ink around a pixel absorbs where it is whole gives the pixel its colour, and how much of it the
//!    pixel absorbs tells how far ink covers it;
//! 3. colour: nearly neutral ink becomes neutral, and each channel's distance to the strongest one grows by
//!    `saturation`;
//! 4. strength: below 100 %, each sample stops that far on its way from the photograph.
//!
//! A dark board works in the same way with the *excess* of light over the board, as a share of what could be added,
//! in the place of absorption; there the result is light writing on a black board.
//!
//! A pixel's result depends on pixels within [`reach`] around it, and is the same bits in whatever region it is
//! computed.

mod blur;
mod board;
mod depth;
mod ink;
pub mod light;
mod place;
mod plain;
mod region;
mod tile;

pub use depth::Depth;
pub(crate) use place::{Place, Stretch};
pub(crate) use region::{MOST_REACH, background_place, finish_place, smoothed_row};
pub use region::{Region, Samples, background_picture, finish, finish_region, reach};

#[allow(unused_imports, reason = "named in the text above")]
use crate::analysis::Analysis;
