//! Scenes that are made up so that the truth is known: a board on a wall, a sheet on a table, and things around
//! them, photographed by a pinhole camera.
//!
//! Everything in a scene is a rectangle or a stroke on one plane (the wall or the table), later ones on top of earlier
//! ones; people stand in front.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::many_single_char_names,
    reason = "a scene is for tests only, and its places and sizes are named as in any drawing"
)]

use whiteboarder_core::geometry::{Detection, Point, Quad};
use whiteboarder_core::image::{Channels, Picture};

/// How a detection compares with the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All corners within 2 % of the picture's diagonal.
    Right,
    /// Nothing was found.
    Refused,
    /// Another quad was found.
    Wrong,
}

/// A scene and its truth.
pub struct Scene {
    pub picture: Picture,
    /// The inside of the frame, when all of it (but for 1 % of the picture's size) is in the picture.
    pub board: Option<Quad>,
    pub kind: &'static str,
}

impl Scene {
    pub fn verdict(&self, detection: &Detection) -> Verdict {
        let Detection::Found { quad, .. } = detection else {
            return Verdict::Refused;
        };
        let (width, height) = (
            f64::from(self.picture.width),
            f64::from(self.picture.height),
        );
        let near = 0.02 * (width * width + height * height).sqrt();
        match self.board {
            Some(board) if board.farthest_corner(quad) <= near => Verdict::Right,
            _ => Verdict::Wrong,
        }
    }
}

/// The generator `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn between(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn chance(&mut self, share: f64) -> bool {
        self.between(0.0, 1.0) < share
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[(self.next() % of.len() as u64) as usize]
    }
}

type Colour = [f64; 3];

/// Something flat, in units of the board's height.
enum Thing {
    Rectangle {
        x: f64,
        y: f64,
        width: f64,
        height: f64,
        colour: Colour,
    },
    Stroke {
        from: (f64, f64),
        to: (f64, f64),
        half: f64,
        colour: Colour,
    },
}

impl Thing {
    fn covers(&self, x: f64, y: f64) -> Option<Colour> {
        match *self {
            Self::Rectangle {
                x: left,
                y: top,
                width,
                height,
                colour,
            } => {
                let inside = x >= left && x < left + width && y >= top && y < top + height;
                inside.then_some(colour)
            }
            Self::Stroke {
                from,
                to,
                half,
                colour,
            } => {
                let (dx, dy) = (to.0 - from.0, to.1 - from.1);
                let t = ((x - from.0) * dx + (y - from.1) * dy) / (dx * dx + dy * dy).max(1e-12);
                let t = t.clamp(0.0, 1.0);
                let (ex, ey) = (x - from.0 - t * dx, y - from.1 - t * dy);
                (ex * ex + ey * ey < half * half).then_some(colour)
            }
        }
    }

    /// Left, top, right, bottom.
    fn extent(&self) -> [f64; 4] {
        match *self {
            Self::Rectangle {
                x,
                y,
                width,
                height,
                ..
            } => [x, y, x + width, y + height],
            Self::Stroke { from, to, half, .. } => [
                from.0.min(to.0) - half,
                from.1.min(to.1) - half,
                from.0.max(to.0) + half,
                from.1.max(to.1) + half,
            ],
        }
    }
}

const INKS: [Colour; 5] = [
    [0.03, 0.03, 0.04],
    [0.03, 0.03, 0.04],
    [0.6, 0.05, 0.05],
    [0.04, 0.09, 0.5],
    [0.03, 0.3, 0.1],
];
const WALLS: [Colour; 8] = [
    [0.72, 0.71, 0.68],
    [0.8, 0.8, 0.79],
    [0.55, 0.52, 0.44],
    [0.35, 0.4, 0.5],
    [0.5, 0.3, 0.22],
    [0.2, 0.2, 0.22],
    [0.62, 0.66, 0.5],
    [0.75, 0.6, 0.35],
];
const FRAMES: [Colour; 4] = [
    [0.35, 0.36, 0.38],
    [0.5, 0.5, 0.52],
    [0.05, 0.05, 0.05],
    [0.3, 0.17, 0.08],
];

/// The scene of a seed.
pub fn scene(seed: u64) -> Scene {
    let random = &mut Random(seed.wrapping_mul(0x5851_f42d_4c95_7f2d) ^ 0x1234);
    let kinds = [
        "board", "board", "board", "busy", "busy", "sheet", "partial", "full", "no-board", "two",
    ];
    let kind = kinds[(seed % 10) as usize];
    let width = random.between(1.1, 2.2);
    let mut things = Vec::new();
    let mut wall = random.pick(&WALLS);
    let paper = {
        let grey = random.between(0.74, 0.86);
        [
            grey,
            grey * random.between(0.97, 1.0),
            grey * random.between(0.92, 1.02),
        ]
    };
    match kind {
        "sheet" => {
            wall = random.pick(&[
                [0.4, 0.22, 0.1],
                [0.15, 0.15, 0.16],
                [0.3, 0.3, 0.32],
                [0.5, 0.38, 0.25],
            ]);
            rectangle(&mut things, [0.0, 0.0, width, 1.0], paper);
        }
        "full" => wall = paper,
        "no-board" => {}
        _ => {
            if kind == "busy" {
                clutter(&mut things, random, width);
            }
            framed(&mut things, random, [0.0, 0.0, width, 1.0], paper);
            if kind == "two" {
                let gap = random.between(0.1, 0.3);
                framed(&mut things, random, [width + gap, 0.0, width, 1.0], paper);
                writing(&mut things, random, [width + gap, 0.0, width, 1.0]);
            }
        }
    }
    if kind == "no-board" {
        clutter(&mut things, random, width);
        clutter(&mut things, random, width);
    } else {
        let [x, y, w, h] = match kind {
            "full" => [-0.6, -0.4, width + 1.2, 1.8],
            _ => [0.0, 0.0, width, 1.0],
        };
        writing(&mut things, random, [x, y, w, h]);
    }
    let mut view = pose(random, width, kind);
    if kind == "two" {
        view.board.0 += width * 0.5;
        view.middle[2] *= 1.6;
    }
    if kind == "partial" {
        // Aims beside the board.
        let side = random.pick(&[(-1.0, 0.0), (1.0, 0.0), (0.0, -1.0), (0.0, 1.0), (1.0, 1.0)]);
        view.board.0 += side.0 * width * random.between(0.35, 0.6);
        view.board.1 += side.1 * random.between(0.4, 0.6);
    }
    let board = view.quad(width);
    let (w, h) = (f64::from(view.width), f64::from(view.height));
    let within = |at: f64, side: f64| (-0.01 * side..=1.01 * side).contains(&at);
    let seen = board
        .corners()
        .iter()
        .all(|c| within(c.x, w) && within(c.y, h));
    let whole = seen && !matches!(kind, "full" | "no-board" | "two");
    Scene {
        picture: view.photograph(random, wall, &things, kind == "busy"),
        board: whole.then_some(board),
        kind,
    }
}

fn rectangle(things: &mut Vec<Thing>, [x, y, width, height]: [f64; 4], colour: Colour) {
    things.push(Thing::Rectangle {
        x,
        y,
        width,
        height,
        colour,
    });
}

fn framed(
    things: &mut Vec<Thing>,
    random: &mut Random,
    [x, y, width, height]: [f64; 4],
    paper: Colour,
) {
    let thick = random.between(0.012, 0.04);
    let frame = random.pick(&FRAMES);
    let grown = |by: f64| [x - by, y - by, width + 2.0 * by, height + 2.0 * by];
    let shadow = things.len();
    rectangle(things, grown(thick), frame);
    if let Some(Thing::Rectangle { x, y, .. }) = things.get(shadow) {
        let (x, y) = (x + 0.01, y + 0.015);
        let dark = [0.12, 0.12, 0.12];
        things.insert(
            shadow,
            Thing::Rectangle {
                x,
                y,
                width: width + 2.0 * thick,
                height: height + 2.0 * thick,
                colour: dark,
            },
        );
    }
    rectangle(things, [x, y, width, height], paper);
    if random.chance(0.6) {
        // A shelf with pens.
        let y = y + height + thick * 0.5;
        rectangle(
            things,
            [x + width * 0.2, y, width * 0.6, 0.05],
            [0.4, 0.4, 0.42],
        );
        for _ in 0..4 {
            let colour = random.pick(&INKS);
            let x = x + width * random.between(0.22, 0.7);
            rectangle(things, [x, y + 0.01, 0.1, 0.02], colour);
        }
    }
}

/// Words, lines, boxes and fills.
fn writing(things: &mut Vec<Thing>, random: &mut Random, [x, y, width, height]: [f64; 4]) {
    let half = random.between(0.0025, 0.005);
    for _ in 0..3 + random.next() % 6 {
        let colour = random.pick(&INKS);
        let size = random.between(0.025, 0.05);
        let (left, top) = (
            x + width * random.between(0.04, 0.5),
            y + height * random.between(0.06, 0.86),
        );
        for letter in 0..5 + random.next() % 12 {
            let at = left + letter as f64 * size * 1.3;
            if at + size > x + width * 0.96 {
                break;
            }
            for _ in 0..3 {
                let mut end = || {
                    (
                        at + size * random.between(0.0, 1.0),
                        top + size * random.between(0.0, 1.5),
                    )
                };
                things.push(Thing::Stroke {
                    from: end(),
                    to: end(),
                    half,
                    colour,
                });
            }
        }
    }
    for _ in 0..random.next() % 4 {
        // A box, now and then a large one or one that is filled.
        let colour = random.pick(&INKS);
        let (w, h) = (
            width * random.between(0.1, 0.7),
            height * random.between(0.1, 0.7),
        );
        let (l, t) = (
            x + (width - w) * random.between(0.05, 0.95),
            y + (height - h) * random.between(0.05, 0.95),
        );
        let corners = [(l, t), (l + w, t), (l + w, t + h), (l, t + h)];
        for i in 0..4 {
            things.push(Thing::Stroke {
                from: corners[i],
                to: corners[(i + 1) % 4],
                half,
                colour,
            });
        }
        if w * h < 0.05 && random.chance(0.5) {
            rectangle(things, [l, t, w, h], colour);
        }
    }
}

/// Windows, doors, posters and shelves around the board, which comes on top of them.
fn clutter(things: &mut Vec<Thing>, random: &mut Random, width: f64) {
    for _ in 0..2 + random.next() % 3 {
        let left = random.chance(0.5);
        let w = random.between(0.3, 1.0);
        let x = if left {
            -w - random.between(0.1, 0.4)
        } else {
            width + random.between(0.1, 0.4)
        };
        let y = random.between(-0.5, 0.4);
        match random.next() % 5 {
            0 => {
                // A window with bars.
                rectangle(things, [x - 0.05, y - 0.05, w + 0.1, 1.1], [0.6, 0.6, 0.6]);
                rectangle(things, [x, y, w, 1.0], [0.98, 0.98, 1.0]);
                rectangle(things, [x + w / 2.0 - 0.02, y, 0.04, 1.0], [0.5, 0.5, 0.5]);
            }
            1 => {
                // A door with panels.
                let colour = random.pick(&[[0.75, 0.75, 0.72], [0.35, 0.2, 0.1], [0.8, 0.8, 0.8]]);
                rectangle(things, [x - 0.04, -0.6, w + 0.08, 3.0], [0.3, 0.28, 0.25]);
                rectangle(things, [x, -0.56, w, 3.0], colour);
                let shade = colour.map(|c| c * 0.6);
                for y in [-0.4, 0.5] {
                    rectangle(things, [x + 0.08, y, w - 0.16, 0.7], shade);
                    rectangle(things, [x + 0.09, y + 0.01, w - 0.18, 0.68], colour);
                }
            }
            2 => {
                // A poster with text.
                let paper = random.pick(&[[0.8, 0.8, 0.78], [0.7, 0.3, 0.2], [0.2, 0.4, 0.6]]);
                let h = w * 1.2;
                rectangle(things, [x, y, w, h], paper);
                writing(things, random, [x, y, w, h]);
            }
            3 => {
                // A bookcase.
                rectangle(things, [x, y, w, 1.5], [0.25, 0.15, 0.08]);
                for i in 0..24 {
                    let colour = std::array::from_fn(|_| random.between(0.05, 0.8));
                    let (column, row) = (f64::from(i % 8), f64::from(i / 8));
                    rectangle(
                        things,
                        [
                            x + 0.02 + column * w / 8.2,
                            y + 0.05 + row * 0.5,
                            w / 9.0,
                            0.4,
                        ],
                        colour,
                    );
                }
            }
            _ => {
                // A table along the wall's foot, and a strip of lamps above.
                rectangle(things, [-2.0, 1.2, width + 4.0, 0.08], [0.5, 0.35, 0.2]);
                rectangle(things, [-1.0, -0.5, width + 2.0, 0.06], [0.95, 0.95, 0.95]);
            }
        }
    }
}

struct View {
    width: u32,
    height: u32,
    focal: f64,
    turn: [[f64; 3]; 3],
    middle: [f64; 3],
    board: (f64, f64),
}

fn pose(random: &mut Random, width: f64, kind: &str) -> View {
    let (w, h) = random.pick(&[(800, 600), (800, 450), (600, 800), (1000, 750)]);
    let focal = random.between(0.68, 1.3) * f64::from(w.max(h));
    let limit = if kind == "sheet" { 25.0 } else { 35.0 };
    let mut angle = |limit: f64| {
        let angle = random.between(-limit, limit).to_radians();
        (libm::sin(angle), libm::cos(angle))
    };
    let (yaw, pitch, roll) = (angle(limit), angle(limit * 0.6), angle(4.0));
    let about_y = [[yaw.1, 0.0, yaw.0], [0.0, 1.0, 0.0], [-yaw.0, 0.0, yaw.1]];
    let about_x = [
        [1.0, 0.0, 0.0],
        [0.0, pitch.1, -pitch.0],
        [0.0, pitch.0, pitch.1],
    ];
    let about_z = [
        [roll.1, -roll.0, 0.0],
        [roll.0, roll.1, 0.0],
        [0.0, 0.0, 1.0],
    ];
    let product = |a: [[f64; 3]; 3], b: [[f64; 3]; 3]| -> [[f64; 3]; 3] {
        std::array::from_fn(|i| std::array::from_fn(|j| (0..3).map(|k| a[i][k] * b[k][j]).sum()))
    };
    // The board takes this share of the picture's width or height.
    let share = random.between(0.55, 0.9);
    let distance = (focal * width / (share * f64::from(w))).max(focal / (share * f64::from(h)));
    View {
        width: w,
        height: h,
        focal,
        turn: product(about_z, product(about_x, about_y)),
        middle: [
            width * random.between(-0.05, 0.05),
            random.between(-0.05, 0.05),
            distance,
        ],
        board: (width / 2.0, 0.5),
    }
}

impl View {
    fn project(&self, x: f64, y: f64) -> Point {
        let (x, y) = (x - self.board.0, y - self.board.1);
        let p: [f64; 3] =
            std::array::from_fn(|i| self.turn[i][0] * x + self.turn[i][1] * y + self.middle[i]);
        Point::new(
            self.focal * p[0] / p[2] + f64::from(self.width) / 2.0,
            self.focal * p[1] / p[2] + f64::from(self.height) / 2.0,
        )
    }

    fn quad(&self, width: f64) -> Quad {
        let corners = [(0.0, 0.0), (width, 0.0), (width, 1.0), (0.0, 1.0)];
        Quad::new(corners.map(|(x, y)| self.project(x, y))).unwrap()
    }

    fn seen(&self, x: f64, y: f64) -> (f64, f64) {
        let ray = [
            (x - f64::from(self.width) / 2.0) / self.focal,
            (y - f64::from(self.height) / 2.0) / self.focal,
            1.0,
        ];
        let back = |v: [f64; 3]| -> [f64; 3] {
            std::array::from_fn(|i| (0..3).map(|j| self.turn[j][i] * v[j]).sum())
        };
        let (ray, middle) = (back(ray), back(self.middle));
        let t = middle[2] / ray[2];
        (
            t * ray[0] - middle[0] + self.board.0,
            t * ray[1] - middle[1] + self.board.1,
        )
    }

    /// Light falls off across the scene, shadows are soft, and the camera's grain is the seed's.
    fn photograph(
        &self,
        random: &mut Random,
        wall: Colour,
        things: &[Thing],
        people: bool,
    ) -> Picture {
        const SUB: u32 = 2;
        const CELL: f64 = 0.05;
        let to_sample = whiteboarder_core::finish::light::ToSample::new();
        let slope = (random.between(-0.25, 0.25), random.between(-0.2, 0.2));
        let tint = [1.0, random.between(0.93, 1.0), random.between(0.75, 1.02)];
        let exposure = random.between(0.6, 1.05);
        let noise = random.between(0.0, 0.02);
        // Somebody at the edge of the board, now and then.
        let person = (people && random.chance(0.4)).then(|| {
            let x = f64::from(self.width) * random.pick(&[0.05, 0.12, 0.9, 0.97]);
            (
                x,
                f64::from(self.height) * random.between(0.55, 0.9),
                random.pick(&INKS),
            )
        });
        let extents: Vec<[f64; 4]> = things.iter().map(Thing::extent).collect();
        // What may be seen where: lists of things by cells of the plane.
        let (across, down) = (160, 120);
        let mut cells: Vec<Vec<usize>> = vec![Vec::new(); across * down];
        let cell =
            |at: f64, n: usize| ((at / CELL) + n as f64 / 2.0).clamp(0.0, n as f64 - 1.0) as usize;
        for (i, &[left, top, right, bottom]) in extents.iter().enumerate() {
            for row in cell(top, down)..=cell(bottom, down) {
                for column in cell(left, across)..=cell(right, across) {
                    cells[row * across + column].push(i);
                }
            }
        }
        let mut data = Vec::new();
        for y in 0..self.height {
            for x in 0..self.width {
                let mut sum = [0.0; 3];
                for i in 0..SUB * SUB {
                    let within = |i: u32| (f64::from(i) + 0.5) / f64::from(SUB);
                    let (px, py) = (
                        f64::from(x) + within(i % SUB),
                        f64::from(y) + within(i / SUB),
                    );
                    let colour = match person {
                        Some((at, top, colour))
                            if standing(px - at, py - top, f64::from(self.height)) =>
                        {
                            colour
                        }
                        _ => {
                            let (x, y) = self.seen(px, py);
                            let here = &cells[cell(y, down) * across + cell(x, across)];
                            let top = here.iter().rev().find_map(|&i| things[i].covers(x, y));
                            top.unwrap_or(wall)
                        }
                    };
                    sum = std::array::from_fn(|c| sum[c] + colour[c] / f64::from(SUB * SUB));
                }
                let u = f64::from(x) / f64::from(self.width) - 0.5;
                let v = f64::from(y) / f64::from(self.height) - 0.5;
                let light = exposure * (1.0 + 2.0 * slope.0 * u + 2.0 * slope.1 * v);
                let grain = noise * (random.between(-1.0, 1.0) + random.between(-1.0, 1.0));
                data.extend(
                    (0..3).map(|c| to_sample.of((sum[c] * tint[c] * light * (1.0 + grain)) as f32)),
                );
            }
        }
        Picture::new(self.width, self.height, Channels::Rgb, data).unwrap()
    }
}

/// A head and shoulders below it, from the middle of the head.
fn standing(x: f64, y: f64, height: f64) -> bool {
    let unit = height * 0.07;
    let (x, y) = (x / unit, y / unit);
    x * x + y * y < 1.0 || (y > 0.8 && x.abs() < 2.0)
}
