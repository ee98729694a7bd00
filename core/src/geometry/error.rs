//! What can be wrong with a crop or with four corners, in words for the person who gave them.

/// Why a crop or a quad is refused. The text of each is one sentence.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GeometryError {
    /// Not as many numbers as are needed.
    #[error("{what} needs {want} numbers with commas between them, but there are {found}")]
    Count {
        /// "a crop" or "a quad".
        what: &'static str,
        /// How many it needs.
        want: usize,
        /// How many there are.
        found: usize,
    },
    /// Something that is not a number.
    #[error("`{text}` is neither a number of pixels (`120`) nor a percentage (`12.5%`)")]
    Number {
        /// The text as written.
        text: String,
    },
    /// A crop that leaves nothing.
    #[error("the crop has no width or no height")]
    EmptyCrop,
    /// A crop that begins outside of the picture or before it.
    #[error("the crop lies outside of the picture, which is {width} × {height} pixels")]
    CropOutside {
        /// Width of the picture.
        width: u32,
        /// Height of the picture.
        height: u32,
    },
    /// Corners that no convex quad has, in whatever order.
    #[error("the four corners do not make a convex shape: one lies between or on a line of others")]
    NotConvex,
    /// A side that is too short.
    #[error(
        "the four corners are too close together: each side must be at least {min} pixels long"
    )]
    TooSmall {
        /// Shortest side allowed.
        min: f64,
    },
    /// A corner far outside of the picture.
    #[error(
        "the corner {x:.0},{y:.0} lies too far outside of the picture, which is {width} × {height} pixels"
    )]
    CornerOutside {
        /// Pixels from the left.
        x: f64,
        /// Pixels from the top.
        y: f64,
        /// Width of the picture.
        width: u32,
        /// Height of the picture.
        height: u32,
    },
    /// Both a crop and corners.
    #[error("give a crop or four corners, not both: the corners already say what is kept")]
    CropAndCorners,
}

impl GeometryError {
    /// The name under which the function reports this error.
    #[must_use]
    pub fn name(&self) -> &'static str {
        "GeometryInvalid"
    }
}
