//! The kinds of boards, from easy to hard. Dice place everything; this table says how much of it there is.

use super::ink::{BLACK, BLUE, BROWN, GREEN, ORANGE, PINK, PURPLE, RED, TEAL};
use super::kind::{CAMERA, CameraKind, Kind, LIGHT, LightKind, PLAIN};

pub const KINDS: [Kind; 14] = [
    Kind {
        name: "plain",
        camera: CameraKind {
            noise: 0.4,
            quality: 95,
            half_colours: false,
            ..CAMERA
        },
        ..PLAIN
    },
    Kind {
        name: "window",
        colours: &[BLUE, GREEN, RED, BLACK],
        smudges: 2,
        light: LightKind {
            ambient: [0.34, 0.40, 0.48],
            slope: 0.6,
            lamps: 1,
            lamp: [0.10, 0.14, 0.20],
            ..LIGHT
        },
        ..PLAIN
    },
    Kind {
        name: "evening",
        colours: &[BLACK, ORANGE, PURPLE, GREEN],
        smudges: 2,
        ghosts: 2,
        light: LightKind {
            ambient: [0.46, 0.38, 0.24],
            vignette: 0.3,
            lamps: 1,
            lamp: [0.22, 0.17, 0.09],
            ..LIGHT
        },
        camera: CameraKind {
            noise: 0.9,
            ..CAMERA
        },
        ..PLAIN
    },
    Kind {
        name: "upright",
        aspect: (3, 4),
        colours: &[BLACK, BLUE, BROWN],
        tips: (1.2, 2.0),
        fills: 0.06,
        smudges: 2,
        light: LightKind {
            vignette: 0.35,
            slope: 0.3,
            ..LIGHT
        },
        camera: CameraKind {
            noise: 0.8,
            quality: 88,
            ..CAMERA
        },
        ..PLAIN
    },
    Kind {
        name: "fills",
        colours: &[BLACK, RED, BLUE, ORANGE, TEAL],
        tips: (3.0, 5.5),
        fills: 0.65,
        smudges: 1,
        light: LightKind {
            slope: 0.35,
            shadows: 2,
            depth: 0.25,
            ..LIGHT
        },
        ..PLAIN
    },
    Kind {
        name: "ghosts",
        colours: &[BLUE, BLACK, RED, GREEN],
        ghosts: 14,
        ghost_strength: 0.10,
        smudges: 9,
        light: LightKind {
            ambient: [0.44, 0.45, 0.42],
            slope: 0.3,
            ..LIGHT
        },
        camera: CameraKind {
            noise: 0.7,
            ..CAMERA
        },
        ..PLAIN
    },
    Kind {
        name: "faint",
        colours: &[BLACK, BLUE, RED, GREEN],
        faint: 0.55,
        smudges: 1,
        light: LightKind {
            slope: 0.3,
            vignette: 0.2,
            ..LIGHT
        },
        ..PLAIN
    },
    Kind {
        name: "shadows",
        colours: &[BLACK, GREEN, PURPLE, PINK],
        faint: 0.12,
        ghosts: 3,
        smudges: 3,
        light: LightKind {
            ambient: [0.48, 0.46, 0.40],
            slope: 0.4,
            shadows: 4,
            depth: 0.6,
            ..LIGHT
        },
        camera: CameraKind {
            noise: 0.8,
            quality: 85,
            ..CAMERA
        },
        ..PLAIN
    },
    Kind {
        name: "hard-shadow",
        colours: &[BLACK, BLUE, RED, BROWN],
        faint: 0.1,
        fills: 0.2,
        smudges: 3,
        light: LightKind {
            ambient: [0.52, 0.49, 0.43],
            hard: 2,
            left: [0.38, 0.42, 0.52],
            ..LIGHT
        },
        camera: CameraKind {
            noise: 0.8,
            quality: 86,
            ..CAMERA
        },
        ..PLAIN
    },
    Kind {
        name: "glare",
        colours: &[BLACK, BLUE, ORANGE, GREEN],
        faint: 0.1,
        smudges: 4,
        ghosts: 3,
        light: LightKind {
            ambient: [0.36, 0.37, 0.36],
            slope: 0.3,
            lamps: 2,
            lamp: [0.16, 0.15, 0.13],
            glare: 3,
            shine: 0.45,
            ..LIGHT
        },
        camera: CameraKind {
            quality: 85,
            ..CAMERA
        },
        ..PLAIN
    },
    Kind {
        name: "wide",
        aspect: (16, 9),
        colours: &[BROWN, TEAL, PINK, BLACK, PURPLE],
        faint: 0.15,
        fills: 0.25,
        ghosts: 4,
        smudges: 3,
        light: LightKind {
            ambient: [0.30, 0.31, 0.31],
            slope: 0.3,
            lamps: 2,
            lamp: [0.22, 0.14, 0.05],
            shadows: 1,
            depth: 0.3,
            ..LIGHT
        },
        camera: CameraKind {
            noise: 0.9,
            quality: 84,
            ..CAMERA
        },
        ..PLAIN
    },
    Kind {
        name: "dim",
        colours: &[BLACK, BLUE, RED, GREEN],
        tips: (2.0, 3.2),
        faint: 0.1,
        ghosts: 2,
        smudges: 2,
        light: LightKind {
            ambient: [0.19, 0.16, 0.105],
            slope: 0.5,
            vignette: 0.4,
            ..LIGHT
        },
        camera: CameraKind {
            blur: 1.2,
            noise: 1.5,
            quality: 72,
            ..CAMERA
        },
        ..PLAIN
    },
    Kind {
        name: "square",
        aspect: (1, 1),
        colours: &[RED, BLACK, TEAL, ORANGE],
        tips: (1.6, 5.0),
        faint: 0.2,
        fills: 0.2,
        ghosts: 6,
        ghost_strength: 0.08,
        smudges: 4,
        light: LightKind {
            ambient: [0.38, 0.41, 0.45],
            slope: 0.4,
            vignette: 0.3,
            shadows: 2,
            depth: 0.4,
            glare: 1,
            shine: 0.3,
            ..LIGHT
        },
        camera: CameraKind {
            blur: 1.0,
            noise: 1.0,
            quality: 78,
            ..CAMERA
        },
    },
    Kind {
        name: "everything",
        aspect: (4, 3),
        colours: &[BLACK, BLUE, RED, GREEN, ORANGE, PURPLE],
        tips: (1.8, 4.0),
        faint: 0.2,
        fills: 0.3,
        ghosts: 6,
        ghost_strength: 0.08,
        smudges: 6,
        light: LightKind {
            ambient: [0.40, 0.36, 0.28],
            slope: 0.5,
            vignette: 0.35,
            lamps: 1,
            lamp: [0.12, 0.13, 0.15],
            shadows: 2,
            depth: 0.4,
            hard: 1,
            left: [0.45, 0.47, 0.52],
            glare: 1,
            shine: 0.4,
        },
        camera: CameraKind {
            blur: 1.0,
            noise: 1.3,
            quality: 60,
            half_colours: true,
        },
    },
];
