//! Pictures of whiteboards in, clean pictures out: everything Whiteboarder knows about pixels.
//!
//! This crate knows nothing of networks, terminals, clouds or async. Bytes of a JPEG, PNG, TIFF, WebP or BMP file and a
//! [`Recipe`](recipe::Recipe) come in, bytes of a PNG file go out, and the same input gives the same bytes
//! on every machine and with any number of threads. (Files with a colour profile made of tables are the exception:
//! there a sample may be rounded the other way on a processor with other vector units.)
//!
//! ```
//! use whiteboarder_core::{clean, image, recipe::Recipe};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let grey = image::Picture::new(64, 48, image::Channels::Grey, vec![190; 64 * 48])?;
//! # let photo = image::encode_png(&grey)?;
//! let cleaned = clean::clean_bytes(&photo, &Recipe::default(), &image::Limits::default())?;
//! assert_eq!((cleaned.width, cleaned.height), (64, 48));
//! # Ok(())
//! # }
//! ```
//!
//! Where to start reading:
//!
//! - [`clean`]: one cleaning from file to file, and its stages; [`clean_deep`]: the same in 16 bits;
//! - [`rolling`]: the rolling ball; [`rolling::definition`] is what it equals;
//! - [`strips`]: the same over pictures larger than memory, from file to file, and cleaning them;
//! - [`background`]: what the background of a board needs beside it;
//! - [`analysis`]: what is learnt once from the whole picture: thresholds, strokes, where ink is;
//! - [`finish`]: from picture and analysis to white paper and whole ink, region by region;
//! - [`preview`]: the same cleaning at the size of a screen, while its recipe is being tuned;
//! - [`geometry`]: cropping to the board, and straightening it;
//! - [`recipe`]: every parameter of a cleaning, one table row each;
//! - [`image`]: reading and writing files, their colours, and the limits that are checked first;
//! - [`output`]: what a cleaning gives: files of many formats;
//! - [`cost`]: what a cleaning will need, and whether a machine has it.

mod average;
mod plane;

pub mod analysis;
pub mod background;
pub mod cancel;
pub mod clean;
pub mod clean_deep;
pub mod cost;
pub mod finish;
pub mod geometry;
pub mod image;
pub mod output;
pub mod preview;
pub mod recipe;
pub mod rolling;
pub mod strips;

/// Version of the pixel algorithm. It changes whenever the bytes of any output change, is part of every recipe's
/// hash, and travels with results, so that a cleaning is repeated only when it would differ.
pub const ALGORITHM_VERSION: u32 = 6;
