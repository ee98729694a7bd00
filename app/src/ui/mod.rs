//! The toolkit of the screens: what any of them may draw.

pub mod footer;
pub mod help;
pub mod keys;
pub mod line;
pub mod picture;
pub mod prompt;
pub mod slider;
pub mod toast;

/// Below so many columns and rows a screen shows only what it would need.
pub const LEAST: (u16, u16) = (50, 15);
