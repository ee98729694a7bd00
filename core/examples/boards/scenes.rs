//! The six boards.

use super::file::File;
use super::ink::{BLACK, BLUE, Board, GREEN, ORANGE, PURPLE, RED};
use super::room::{Patch, Photo, Room};

/// One board: its file, its size, its light and what is on it.
pub struct Scene {
    pub name: &'static str,
    pub file: File,
    size: (usize, usize),
    room: Room,
    draw: fn(&mut Board),
}

impl Scene {
    pub fn photograph(&self) -> Photo {
        let mut board = Board::new(self.size.0, self.size.1, self.room.seed);
        (self.draw)(&mut board);
        self.room.photograph(&board)
    }
}

#[expect(clippy::too_many_lines, reason = "a table")]
pub fn all() -> [Scene; 6] {
    [
        Scene {
            name: "retro.png",
            file: File::Png,
            size: (1280, 960),
            room: Room {
                light: [0.56, 0.50, 0.38],
                slope: (-0.25, 0.15),
                vignette: 0.25,
                patches: &[Patch {
                    at: (0.3, 0.1),
                    size: (0.5, 0.4),
                    light: 0.35,
                }],
                glare: &[],
                shadow: None,
                noise: 1.6,
                seed: 11,
            },
            draw: retro,
        },
        Scene {
            name: "timetable.png",
            file: File::PngGrey,
            size: (2000, 1500),
            room: Room {
                light: [0.42, 0.42, 0.42],
                slope: (0.5, -0.2),
                vignette: 0.3,
                patches: &[Patch {
                    at: (0.85, 0.25),
                    size: (0.35, 0.5),
                    light: 0.5,
                }],
                glare: &[],
                shadow: Some((1.0, 0.4, 0.25, 1.0)),
                noise: 1.8,
                seed: 22,
            },
            draw: timetable,
        },
        Scene {
            name: "sketch.jpg",
            file: File::JpegOnItsSide(86),
            size: (2112, 2816),
            room: Room {
                light: [0.38, 0.42, 0.49],
                slope: (0.1, -0.55),
                vignette: 0.2,
                patches: &[Patch {
                    at: (0.2, 0.9),
                    size: (0.6, 0.3),
                    light: -0.3,
                }],
                glare: &[Patch {
                    at: (0.72, 0.30),
                    size: (0.10, 0.07),
                    light: 0.40,
                }],
                shadow: None,
                noise: 2.2,
                seed: 33,
            },
            draw: sketch,
        },
        Scene {
            name: "architecture.jpg",
            file: File::Jpeg(85),
            size: (3264, 2448),
            room: Room {
                light: [0.50, 0.47, 0.42],
                slope: (0.35, 0.1),
                vignette: 0.35,
                patches: &[Patch {
                    at: (0.5, -0.05),
                    size: (0.7, 0.35),
                    light: 0.4,
                }],
                glare: &[Patch {
                    at: (0.27, 0.20),
                    size: (0.07, 0.09),
                    light: 0.35,
                }],
                shadow: Some((0.8, 1.0, 1.35, 0.62)),
                noise: 2.0,
                seed: 44,
            },
            draw: architecture,
        },
        Scene {
            name: "roadmap.jpg",
            file: File::Jpeg(84),
            size: (4000, 3000),
            room: Room {
                light: [0.47, 0.46, 0.36],
                slope: (-0.4, 0.25),
                vignette: 0.4,
                patches: &[Patch {
                    at: (0.1, 0.5),
                    size: (0.3, 0.8),
                    light: 0.35,
                }],
                glare: &[
                    Patch {
                        at: (0.62, 0.52),
                        size: (0.05, 0.10),
                        light: 0.30,
                    },
                    Patch {
                        at: (0.70, 0.52),
                        size: (0.03, 0.09),
                        light: 0.22,
                    },
                ],
                shadow: None,
                noise: 2.4,
                seed: 55,
            },
            draw: roadmap,
        },
        Scene {
            name: "wall.jpg",
            file: File::Jpeg(82),
            size: (6000, 4000),
            room: Room {
                light: [0.44, 0.46, 0.45],
                slope: (0.2, 0.3),
                vignette: 0.45,
                patches: &[
                    Patch {
                        at: (0.2, 0.05),
                        size: (0.25, 0.5),
                        light: 0.45,
                    },
                    Patch {
                        at: (0.8, 0.05),
                        size: (0.25, 0.5),
                        light: 0.45,
                    },
                ],
                glare: &[Patch {
                    at: (0.5, 0.12),
                    size: (0.12, 0.05),
                    light: 0.30,
                }],
                shadow: Some((-1.0, 0.25, 0.05, 0.75)),
                noise: 2.0,
                seed: 66,
            },
            draw: wall,
        },
    ]
}

/// Three columns after a sprint.
fn retro(b: &mut Board) {
    b.ghost("SPRINT 13", (90.0, 600.0), 40.0, BLUE);
    b.text("RETRO", (60.0, 40.0), 48.0, 4.2, BLACK);
    b.text("SPRINT 14", (700.0, 48.0), 32.0, 3.2, BLUE);
    b.line(&[(55.0, 110.0), (300.0, 113.0)], 3.6, RED);
    for x in [345.0, 660.0] {
        b.line(
            &[(x, 130.0), (x + 2.0, 400.0), (x - 1.0, 715.0)],
            3.0,
            BLACK,
        );
    }
    b.text("GOOD", (80.0, 140.0), 30.0, 3.4, GREEN);
    b.text("BAD", (390.0, 140.0), 30.0, 3.4, RED);
    b.text("TRY", (710.0, 140.0), 30.0, 3.4, BLUE);
    for (i, words) in ["+ FAST CI", "+ PAIRING", "+ NEW DOCS", "+ NO PAGES"]
        .iter()
        .enumerate()
    {
        b.text(words, (70.0, 210.0 + 62.0 * i as f32), 24.0, 2.8, GREEN);
    }
    for (i, words) in ["- FLAKY TEST", "- 3 DEMOS", "- SLOW VPN"]
        .iter()
        .enumerate()
    {
        b.text(words, (375.0, 210.0 + 62.0 * i as f32), 24.0, 2.8, RED);
    }
    for (i, words) in ["> MOB DAY", "> LESS WIP", "> RETRIES"].iter().enumerate() {
        b.text(words, (690.0, 210.0 + 62.0 * i as f32), 24.0, 2.8, BLUE);
    }
    b.filled((720.0, 470.0), (110.0, 62.0), 6.0, ORANGE);
    b.text("DO IT", (850.0, 486.0), 24.0, 2.8, BLACK);
    b.ring((480.0, 505.0), (95.0, 42.0), 3.0, PURPLE);
    b.text("WHY?", (435.0, 492.0), 26.0, 2.8, PURPLE);
    b.arrow(
        &[(575.0, 505.0), (640.0, 492.0), (712.0, 500.0)],
        3.0,
        BLACK,
    );
    b.text("NEXT: 9:30", (80.0, 640.0), 26.0, 2.6, BLACK.faint(0.30));
    b.text("ROOM 4 ?", (400.0, 640.0), 22.0, 2.4, BLUE.faint(0.28));
}

/// A timetable on a copier's scan: grey.
fn timetable(b: &mut Board) {
    b.text("TIMETABLE", (60.0, 35.0), 40.0, 3.8, BLACK);
    b.ghost("HOLIDAYS!", (550.0, 630.0), 46.0, BLACK);
    for i in 0..6 {
        let y = 110.0 + 105.0 * i as f32;
        b.line(&[(50.0, y), (500.0, y + 1.5), (950.0, y)], 2.8, BLACK);
    }
    for i in 0..7 {
        let x = 50.0 + 150.0 * i as f32;
        b.line(&[(x, 110.0), (x + 1.0, 380.0), (x, 635.0)], 2.8, BLACK);
    }
    for (i, day) in ["MON", "TUE", "WED", "THU", "FRI"].iter().enumerate() {
        b.text(day, (225.0 + 150.0 * i as f32, 145.0), 30.0, 3.2, BLACK);
    }
    for (i, hour) in ["9:00", "10:30", "13:00", "14:30"].iter().enumerate() {
        b.text(hour, (66.0, 250.0 + 105.0 * i as f32), 24.0, 2.6, BLACK);
    }
    let cells = [
        "ALG", "LAB 2", "", "STATS", "ALG", "", "TALK", "LAB 1", "", "ALG", "STATS", "",
    ];
    for (i, words) in cells.iter().enumerate() {
        let at = (
            218.0 + 150.0 * (i % 5) as f32,
            252.0 + 105.0 * (i / 5) as f32,
        );
        b.text(words, at, 24.0, 2.8, if i % 4 == 1 { RED } else { BLACK });
    }
    b.filled((512.0, 556.0), (125.0, 66.0), 6.0, BLACK);
    b.filled((812.0, 452.0), (60.0, 60.0), 5.0, BLUE);
    b.text("EXAM", (215.0, 570.0), 28.0, 3.0, BLACK);
    b.text(
        "SWAP WITH TUE?",
        (660.0, 570.0),
        18.0,
        2.2,
        BLACK.faint(0.28),
    );
    b.arrow(
        &[(330.0, 585.0), (420.0, 560.0), (505.0, 585.0)],
        2.8,
        BLACK,
    );
}

/// A curve and some mathematics, taken upright.
fn sketch(b: &mut Board) {
    b.ghost("X = 17", (420.0, 690.0), 40.0, BLACK);
    b.text("F(X) = SIN X / X", (60.0, 50.0), 30.0, 3.2, BLACK);
    b.arrow(&[(70.0, 480.0), (70.0, 300.0), (70.0, 140.0)], 3.0, BLACK);
    b.arrow(&[(50.0, 400.0), (350.0, 402.0), (700.0, 400.0)], 3.0, BLACK);
    let mut points = Vec::new();
    for i in 0..=40 {
        let t = i as f32 * 0.45 + 0.02;
        points.push((75.0 + 15.0 * i as f32, 400.0 - 220.0 * libm::sinf(t) / t));
    }
    b.line(&points, 3.2, BLUE);
    for i in 1..5 {
        let x = 70.0 + 140.0 * i as f32;
        b.line(&[(x, 390.0), (x, 412.0)], 2.4, BLACK);
        b.text(&i.to_string(), (x - 6.0, 424.0), 20.0, 2.2, BLACK);
    }
    b.text("PEAK", (180.0, 190.0), 24.0, 2.8, RED);
    b.arrow(&[(175.0, 205.0), (130.0, 195.0), (92.0, 186.0)], 2.8, RED);
    b.text("1. SAMPLE", (70.0, 540.0), 28.0, 3.0, BLACK);
    b.text("2. FIT, CHECK", (70.0, 605.0), 28.0, 3.0, BLACK);
    b.text("3. PLOT", (70.0, 670.0), 28.0, 3.0, GREEN);
    b.filled((520.0, 530.0), (120.0, 90.0), 7.0, RED);
    b.boxed((495.0, 505.0), (170.0, 140.0), 3.0, BLACK);
    b.text("ERROR", (520.0, 655.0), 22.0, 2.6, RED);
    b.ring((180.0, 820.0), (110.0, 60.0), 3.0, GREEN);
    b.text("OK!", (140.0, 800.0), 38.0, 3.6, GREEN);
    b.arrow(
        &[(300.0, 820.0), (400.0, 780.0), (520.0, 650.0)],
        3.0,
        PURPLE,
    );
    b.text("SEE P. 42", (420.0, 850.0), 24.0, 2.4, BLACK.faint(0.28));
    b.text("(HOMEWORK)", (420.0, 900.0), 22.0, 2.2, BLUE.faint(0.25));
}

/// Boxes and arrows.
fn architecture(b: &mut Board) {
    b.ghost("OLD PLAN", (620.0, 560.0), 44.0, RED);
    b.ghost("QUEUE", (120.0, 520.0), 36.0, BLACK);
    b.text("HOW IT RUNS", (60.0, 40.0), 38.0, 3.6, BLACK);
    let boxes = [
        ("PHOTO", (60.0, 200.0), BLACK),
        ("BUCKET", (290.0, 200.0), BLUE),
        ("STEPS", (520.0, 200.0), BLUE),
        ("DONE", (780.0, 200.0), GREEN),
        ("LAMBDA", (420.0, 420.0), ORANGE),
        ("ECS", (690.0, 420.0), PURPLE),
    ];
    for (words, (x, y), marker) in boxes {
        b.boxed((x, y), (160.0, 90.0), 3.2, marker);
        b.text(words, (x + 18.0, y + 32.0), 26.0, 3.0, marker);
    }
    b.arrow(
        &[(222.0, 245.0), (255.0, 242.0), (286.0, 245.0)],
        3.0,
        BLACK,
    );
    b.arrow(
        &[(452.0, 245.0), (485.0, 248.0), (516.0, 245.0)],
        3.0,
        BLACK,
    );
    b.arrow(
        &[(575.0, 292.0), (540.0, 350.0), (505.0, 416.0)],
        3.0,
        BLACK,
    );
    b.arrow(
        &[(625.0, 292.0), (680.0, 350.0), (750.0, 416.0)],
        3.0,
        BLACK,
    );
    b.arrow(&[(582.0, 465.0), (630.0, 455.0), (686.0, 465.0)], 3.0, RED);
    b.text("TOO BIG", (585.0, 480.0), 17.0, 2.4, RED);
    b.arrow(
        &[(790.0, 416.0), (830.0, 350.0), (860.0, 294.0)],
        3.0,
        GREEN,
    );
    b.filled((70.0, 400.0), (130.0, 100.0), 7.0, BLUE);
    b.text("CACHE", (84.0, 515.0), 24.0, 2.8, BLUE);
    b.filled((240.0, 420.0), (70.0, 70.0), 6.0, BLACK);
    b.text("DB", (252.0, 502.0), 22.0, 2.6, BLACK);
    b.text("RETRY 3X, THEN STOP", (60.0, 620.0), 24.0, 2.8, BLACK);
    b.line(&[(60.0, 662.0), (250.0, 668.0), (420.0, 660.0)], 3.0, RED);
    b.text(
        "ASK ANNA ABOUT LIMITS",
        (520.0, 650.0),
        20.0,
        2.2,
        BLACK.faint(0.26),
    );
    b.text("COST?", (720.0, 90.0), 24.0, 2.6, GREEN.faint(0.32));
}

/// Bars over quarters, with much small writing.
fn roadmap(b: &mut Board) {
    b.ghost("2019 GOALS", (300.0, 640.0), 44.0, BLACK);
    b.text("ROADMAP", (50.0, 35.0), 42.0, 3.8, BLACK);
    b.arrow(&[(50.0, 620.0), (500.0, 622.0), (950.0, 620.0)], 3.0, BLACK);
    for (i, quarter) in ["Q1", "Q2", "Q3", "Q4"].iter().enumerate() {
        let x = 60.0 + 220.0 * i as f32;
        b.line(
            &[(x, 110.0), (x + 1.0, 360.0), (x, 630.0)],
            2.2,
            BLACK.faint(0.5),
        );
        b.text(quarter, (x + 80.0, 640.0), 28.0, 3.0, BLACK);
    }
    let bars = [
        ("IMPORT", 70.0, 130.0, 230.0, GREEN),
        ("STUDIO", 180.0, 210.0, 330.0, BLUE),
        ("CLOUD", 330.0, 290.0, 280.0, ORANGE),
        ("DASHBOARD", 520.0, 370.0, 250.0, PURPLE),
        ("RELEASE", 680.0, 450.0, 140.0, RED),
    ];
    for (words, x, y, length, marker) in bars {
        b.filled((x, y), (length, 26.0), 6.0, marker);
        b.text(words, (x + length + 14.0, y + 2.0), 20.0, 2.5, marker);
    }
    b.text("MVP", (840.0, 130.0), 34.0, 3.6, RED);
    b.ring((875.0, 148.0), (62.0, 38.0), 3.2, RED);
    b.arrow(&[(868.0, 190.0), (840.0, 300.0), (765.0, 440.0)], 3.0, RED);
    for (i, words) in ["2 PEOPLE", "HIRE 1", "NO SCOPE CREEP", "DEMO EVERY FRI"]
        .iter()
        .enumerate()
    {
        b.text(words, (70.0, 330.0 + 45.0 * i as f32), 18.0, 2.2, BLACK);
    }
    b.text("BUDGET 40K", (80.0, 530.0), 22.0, 2.4, BLUE.faint(0.28));
    b.text(
        "MAYBE MOVE TO Q4",
        (520.0, 540.0),
        20.0,
        2.2,
        BLACK.faint(0.26),
    );
}

/// A long wall with a whole workshop on it.
#[expect(clippy::too_many_lines, reason = "a drawing is a list")]
fn wall(b: &mut Board) {
    b.ghost("WELCOME", (400.0, 560.0), 50.0, BLUE);
    b.ghost("LUNCH 12:30", (60.0, 420.0), 30.0, GREEN);
    b.text("WORKSHOP: CLEAN BOARDS", (40.0, 30.0), 30.0, 3.0, BLACK);
    b.line(&[(40.0, 74.0), (300.0, 78.0), (560.0, 73.0)], 2.8, BLUE);
    // A flow on the left.
    let steps = [
        ("SCAN", BLUE),
        ("ROLL", GREEN),
        ("DIVIDE", RED),
        ("SAVE", PURPLE),
    ];
    for (i, (words, marker)) in steps.into_iter().enumerate() {
        let y = 110.0 + 78.0 * i as f32;
        b.boxed((50.0, y), (120.0, 46.0), 2.4, marker);
        b.text(words, (64.0, y + 13.0), 18.0, 2.2, marker);
        if i < 3 {
            b.arrow(
                &[(110.0, y + 48.0), (112.0, y + 60.0), (110.0, y + 75.0)],
                2.2,
                BLACK,
            );
        }
    }
    // A chart in the middle.
    b.arrow(
        &[(250.0, 330.0), (250.0, 220.0), (250.0, 110.0)],
        2.4,
        BLACK,
    );
    b.arrow(
        &[(240.0, 320.0), (400.0, 321.0), (560.0, 320.0)],
        2.4,
        BLACK,
    );
    for (i, (h, marker)) in [
        (60.0, BLUE),
        (110.0, GREEN),
        (90.0, ORANGE),
        (160.0, RED),
        (130.0, BLACK),
    ]
    .into_iter()
    .enumerate()
    {
        b.filled((275.0 + 55.0 * i as f32, 318.0 - h), (34.0, h), 5.0, marker);
    }
    b.text("MP PER SECOND", (300.0, 340.0), 16.0, 2.0, BLACK);
    // A list on the right.
    let list = [
        "1. NO SHADOWS",
        "2. NO GHOSTS",
        "3. TRUE COLOURS",
        "4. FAINT INK STAYS",
        "5. SMALL FILES",
        "6. SAME BYTES",
    ];
    for (i, words) in list.iter().enumerate() {
        let marker = [BLACK, BLACK, RED, BLUE, BLACK, GREEN][i];
        b.text(words, (640.0, 110.0 + 42.0 * i as f32), 18.0, 2.2, marker);
    }
    b.ring((775.0, 160.0), (165.0, 26.0), 2.4, RED);
    // A wave, a formula, notes.
    let points: Vec<_> = (0..=60)
        .map(|i| {
            let t = i as f32 * 0.25;
            (
                60.0 + 6.0 * i as f32,
                520.0 - 40.0 * libm::sinf(t) * libm::expf(-t * 0.08),
            )
        })
        .collect();
    b.line(&points, 2.4, BLUE);
    b.line(&[(50.0, 520.0), (250.0, 521.0), (430.0, 520.0)], 2.0, BLACK);
    b.text(
        "E(P) = MIN( I(Q) + K(Q-P) )",
        (500.0, 400.0),
        18.0,
        2.2,
        BLACK,
    );
    b.text(
        "O(P) = MAX( E(Q) - K(Q-P) )",
        (500.0, 440.0),
        18.0,
        2.2,
        BLACK,
    );
    b.boxed((490.0, 388.0), (390.0, 84.0), 2.4, GREEN);
    b.filled((520.0, 520.0), (90.0, 60.0), 6.0, ORANGE);
    b.text("TODO", (624.0, 540.0), 20.0, 2.4, ORANGE);
    b.text(
        "FOLLOW UP IN MAY",
        (700.0, 520.0),
        17.0,
        2.0,
        BLACK.faint(0.26),
    );
    b.text(
        "ADA, GRACE, LIN",
        (700.0, 560.0),
        17.0,
        2.0,
        BLUE.faint(0.28),
    );
    b.text("THANKS!", (100.0, 590.0), 28.0, 3.0, PURPLE);
}
