//! The toolkit of the screens: what any of them may draw.

pub mod footer;
pub mod fuzzy;
pub mod help;
pub mod keys;
pub mod line;
pub mod mouse;
pub mod overlay;
pub mod picture;
pub mod prompt;
pub mod slider;
pub mod toast;

/// What any screen can ask of the program that is not its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Release the mouse, or take it again.
    Mouse,
    /// Show all keys of the screen.
    Keys,
    /// Show the commands that can be done now.
    Commands,
    /// Show what has happened.
    Log,
}

/// Below so many columns and rows a screen shows only what it would need.
pub const LEAST: (u16, u16) = (50, 15);
