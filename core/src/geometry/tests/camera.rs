//! A pinhole camera that photographs a plane.

use crate::geometry::{Point, Quad};
use crate::image::{Channels, Picture};

/// A camera in front of a plane, which is told by what it sees.
pub(super) struct View {
    pub(super) width: u32,
    pub(super) height: u32,
    /// In pixels.
    focal: f64,
    /// From the plane's directions (right, down, away) to the camera's, by rows.
    turn: [[f64; 3]; 3],
    /// The middle of the board in the camera's directions.
    middle: [f64; 3],
    /// The middle of the board on the plane.
    board: (f64, f64),
}

impl View {
    /// A view in which a board of this size fills most of the photograph: `focal` in long sides of the photograph,
    /// turned in degrees about the vertical, the horizontal and the camera's axis.
    pub(super) fn of_board(
        across: f64,
        down: f64,
        width: u32,
        height: u32,
        focal: f64,
        turns: [f64; 3],
    ) -> Self {
        let focal = focal * f64::from(width.max(height));
        let [yaw, pitch, roll] = turns.map(|degrees| {
            let angle = degrees.to_radians();
            (libm::sin(angle), libm::cos(angle))
        });
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
        let mut view = Self {
            width,
            height,
            focal,
            turn: product(about_z, product(about_x, about_y)),
            middle: [0.0, 0.0, 1.0],
            board: (across / 2.0, down / 2.0),
        };
        // Steps back until all of the board is in the picture with some room around it.
        let mut distance = across.max(down) * 0.2;
        loop {
            distance *= 1.02;
            view.middle = [across * 0.02, -down * 0.02, distance];
            let corners = [(0.0, 0.0), (across, 0.0), (across, down), (0.0, down)];
            let room = |at: f64, side: u32| (0.06..0.94).contains(&(at / f64::from(side)));
            if corners.iter().all(|&(x, y)| {
                view.depth(x, y) > 0.0 && {
                    let at = view.project(x, y);
                    room(at.x, width) && room(at.y, height)
                }
            }) {
                return view;
            }
        }
    }

    fn in_space(&self, x: f64, y: f64) -> [f64; 3] {
        let (x, y) = (x - self.board.0, y - self.board.1);
        std::array::from_fn(|i| self.turn[i][0] * x + self.turn[i][1] * y + self.middle[i])
    }

    fn depth(&self, x: f64, y: f64) -> f64 {
        self.in_space(x, y)[2]
    }

    /// Where a point of the plane is seen.
    pub(super) fn project(&self, x: f64, y: f64) -> Point {
        let [x, y, z] = self.in_space(x, y);
        Point::new(
            self.focal * x / z + f64::from(self.width) / 2.0,
            self.focal * y / z + f64::from(self.height) / 2.0,
        )
    }

    /// The board's corners in the photograph.
    pub(super) fn quad_of(&self, across: f64, down: f64) -> Quad {
        let corners = [(0.0, 0.0), (across, 0.0), (across, down), (0.0, down)];
        Quad::new(corners.map(|(x, y)| self.project(x, y))).unwrap()
    }

    /// The point of the plane that is seen there.
    fn seen(&self, at: Point) -> (f64, f64) {
        let ray = [
            (at.x - f64::from(self.width) / 2.0) / self.focal,
            (at.y - f64::from(self.height) / 2.0) / self.focal,
            1.0,
        ];
        // In the plane's directions, where the plane is at depth 0.
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

    /// A photograph of a plane with this light at each point.
    pub(super) fn render(&self, light: impl Fn(f64, f64) -> f64) -> Picture {
        const SUB: u32 = 4;
        let to_sample = crate::finish::light::ToSample::new();
        let (width, height) = (self.width, self.height);
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let data = pixels.map(|(x, y)| {
            let mut sum = 0.0;
            for i in 0..SUB * SUB {
                let within = |i: u32| (f64::from(i) + 0.5) / f64::from(SUB);
                let (x, y) = self.seen(Point::new(
                    f64::from(x) + within(i % SUB),
                    f64::from(y) + within(i / SUB),
                ));
                sum += light(x, y);
            }
            to_sample.of((sum / f64::from(SUB * SUB)) as f32)
        });
        Picture::new(width, height, Channels::Grey, data.collect()).unwrap()
    }
}

fn product(a: [[f64; 3]; 3], b: [[f64; 3]; 3]) -> [[f64; 3]; 3] {
    std::array::from_fn(|i| std::array::from_fn(|j| (0..3).map(|k| a[i][k] * b[k][j]).sum()))
}
