//! The toolkit of the screens: what any of them may draw.

pub mod picture;
