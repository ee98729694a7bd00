//! What a kind of board says.

use super::ink::{BLACK, BLUE, RED, Through};

/// One kind of board, its light and its camera.
pub struct Kind {
    pub name: &'static str,
    /// Width and height, in any unit.
    pub aspect: (u16, u16),
    pub colours: &'static [Through],
    /// Narrowest and widest tip in thousandths of the long side.
    pub tips: (f32, f32),
    /// Share of cells drawn with faint or dying pens.
    pub faint: f32,
    /// Share of the other cells that hold fills.
    pub fills: f32,
    /// Words that an eraser left, of each of two colours, and their greatest contrast.
    pub ghosts: u16,
    pub ghost_strength: f32,
    /// Clouds of dust.
    pub smudges: u16,
    pub light: LightKind,
    pub camera: CameraKind,
}

/// How much of each light there is.
#[derive(Clone, Copy)]
pub struct LightKind {
    /// Linear light per channel on the board's middle: exposure and cast.
    pub ambient: [f32; 3],
    /// Greatest change from side to side, as a share.
    pub slope: f32,
    /// Loss in the corners, as a share.
    pub vignette: f32,
    /// Lamps or windows with a colour of their own, and their light beside the ambient.
    pub lamps: u16,
    pub lamp: [f32; 3],
    /// Soft shadows and their greatest depth.
    pub shadows: u16,
    pub depth: f32,
    /// Hard-edged shadows, and what they leave of each channel.
    pub hard: u16,
    pub left: [f32; 3],
    /// Reflections of lamps, and the linear light that they add at most.
    pub glare: u16,
    pub shine: f32,
}

/// How the picture is taken.
#[derive(Clone, Copy)]
pub struct CameraKind {
    /// Standard deviation of the lens's blur in pixels.
    pub blur: f32,
    /// Noise: 1 is about two and a half levels in sRGB's middle.
    pub noise: f32,
    /// Quality of the JPEG file.
    pub quality: u8,
    /// Whether it keeps colours at half the resolution, as most cameras do (4:2:0).
    pub half_colours: bool,
}

/// Even light.
pub const LIGHT: LightKind = LightKind {
    ambient: [0.50, 0.50, 0.49],
    slope: 0.15,
    vignette: 0.12,
    lamps: 0,
    lamp: [0.2, 0.2, 0.2],
    shadows: 0,
    depth: 0.0,
    hard: 0,
    left: [1.0; 3],
    glare: 0,
    shine: 0.0,
};

/// A good camera of a phone.
pub const CAMERA: CameraKind = CameraKind {
    blur: 0.6,
    noise: 0.6,
    quality: 90,
    half_colours: true,
};

/// What a kind is unless it says otherwise.
pub const PLAIN: Kind = Kind {
    name: "",
    aspect: (4, 3),
    colours: &[BLACK, BLUE, RED],
    tips: (2.2, 3.6),
    faint: 0.0,
    fills: 0.12,
    ghosts: 0,
    ghost_strength: 0.06,
    smudges: 0,
    light: LIGHT,
    camera: CAMERA,
};
