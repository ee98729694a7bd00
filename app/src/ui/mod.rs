//! The toolkit of the screens: what any of them may draw.

pub mod footer;
pub mod help;
pub mod picture;
pub mod prompt;
pub mod slider;
pub mod toast;
