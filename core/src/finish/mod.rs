//! From a picture and its background to white paper and whole ink.
//!
//! Illumination multiplies, so it is divided out, per channel, in linear light. What is left is *absorption*: the
//! share of the board's light that ink swallows, 0 on paper. Absorption is linear in how much of a pixel ink covers, so
//! soft edges stay right. Then:
//!
//! 1. paper: absorption below a threshold, judged in a 3×3 neighbourhood, becomes exactly 0; the threshold comes from
//!    the recipe's `white` or, on noisy pictures, from the noise;
//! 2. colour: each channel's distance to the strongest one grows by `saturation`;
//! 3. ink: absorption is stretched so that `black` becomes full;
//! 4. strength: below 100 %, each sample stops that far on its way from the photograph.
//!
//! A dark board works in the same way with the *excess* of light over the board, as a share of what could be added,
//! in the place of absorption; there the result is light writing on a black board.

mod analysis;
pub mod light;
mod rows;

pub(crate) use analysis::SAMPLED_ROWS;
pub use analysis::{Analysis, Backdrop};
pub(crate) use rows::{Place, Stretch, finish_until};
pub use rows::{background_picture, finish};
