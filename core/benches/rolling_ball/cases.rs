//! What is measured, and what it should cost. One row of the table each.

use whiteboarder_core::rolling::{Element, Operation, Rolling, Shape};

use crate::generator::Hard;

/// The picture that a case rolls over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Picture {
    /// The generated light board with Gaussian noise of this standard deviation.
    Board(f64),
    /// One that was made to be hard.
    Hard(Hard),
}

/// The samples of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Samples {
    U8,
    F32,
    /// Three channels of u8, interleaved, rolled one after the other.
    Rgb,
}

/// What a case is held against.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// Nothing; it is there to be seen.
    None,
    /// At most so many yardsticks.
    Yardsticks(f64),
    /// At most so many times what another case costs.
    Case(f64, String),
    /// At least so many times as fast as the direct method over all offsets.
    Direct(f64),
}

/// One measurement.
#[derive(Clone, Debug)]
pub struct Case {
    /// Words by which it is chosen and found.
    pub name: String,
    pub picture: Picture,
    pub samples: Samples,
    pub rolling: Rolling,
    pub targets: Vec<Target>,
}

fn case(name: &str, picture: Picture, samples: Samples, rolling: Rolling, target: Target) -> Case {
    Case {
        name: name.into(),
        picture,
        samples,
        rolling,
        targets: vec![target],
    }
}

/// Everything. A board is light, so its background is found with the element on top: dilation and closing, which are the erosion
/// and the opening of the negated picture and must cost the same.
pub fn all() -> Vec<Case> {
    let mut cases = boards();
    cases.extend(hard());
    cases
}

fn ball(radius: f64, operation: Operation) -> Option<Rolling> {
    Element::ball(radius).map(|ball| Rolling::new(ball, operation))
}

fn boards() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |name: String, picture, samples, rolling: Option<Rolling>, target| {
        cases.extend(rolling.map(|rolling| case(&name, picture, samples, rolling, target)));
    };

    let one_pass = [
        (6.0, 10.0, 45.0),
        (6.0, 25.0, 15.0),
        (6.0, 50.0, 15.0),
        (6.0, 100.0, 15.0),
        (6.0, 200.0, 15.0),
        (2.0, 25.0, 22.0),
        (2.0, 50.0, 22.0),
        (2.0, 100.0, 22.0),
        (2.0, 200.0, 22.0),
        (0.0, 25.0, 45.0),
        (0.0, 50.0, 45.0),
        (0.0, 100.0, 45.0),
        (0.0, 200.0, 45.0),
    ];
    for (sigma, radius, limit) in one_pass {
        let name = format!("erosion u8 noise={sigma} r={radius}");
        let rolling = ball(radius, Operation::Dilation);
        let target = Target::Yardsticks(limit);
        add(name, Picture::Board(sigma), Samples::U8, rolling, target);
    }
    for radius in [10.0, 25.0, 50.0, 100.0, 200.0] {
        let rolling = ball(radius, Operation::Closing);
        let target = if radius < 50.0 {
            Target::None
        } else {
            Target::Yardsticks(150.0)
        };
        let name = format!("opening u8 noise=6 r={radius}");
        add(name, Picture::Board(6.0), Samples::U8, rolling, target);
    }

    let smooth = |radius, operation| {
        ball(radius, operation).map(|rolling| Rolling {
            presmooth: true,
            ..rolling
        })
    };
    for (radius, target) in [(25.0, Target::None), (100.0, Target::Yardsticks(400.0))] {
        let rolling = smooth(radius, Operation::Closing);
        let name = format!("opening f32 presmooth noise=6 r={radius}");
        add(name, Picture::Board(6.0), Samples::F32, rolling, target);
    }
    for (name, operation, samples) in [
        ("erosion u8", Operation::Dilation, Samples::U8),
        ("opening u8", Operation::Closing, Samples::U8),
        ("opening f32", Operation::Closing, Samples::F32),
    ] {
        for radius in [25.0, 100.0] {
            let element = Element::new(Shape::Paraboloid, radius, radius);
            let rolling = element.map(|element| Rolling::new(element, operation));
            let target = match operation {
                Operation::Closing => Target::Yardsticks(300.0),
                _ => Target::None,
            };
            let name = format!("paraboloid {name} noise=6 r={radius}");
            add(name, Picture::Board(6.0), samples, rolling, target);
        }
    }
    for (name, operation) in [
        ("erosion", Operation::Dilation),
        ("opening", Operation::Closing),
    ] {
        let name = format!("{name} rgb noise=6 r=100");
        let of = name.replace("rgb", "u8");
        let rolling = ball(100.0, operation);
        let target = Target::Case(3.1, of);
        add(name, Picture::Board(6.0), Samples::Rgb, rolling, target);
    }

    for case in &mut cases {
        if case.name == "erosion u8 noise=6 r=200" {
            let flat = Target::Case(1.2, "erosion u8 noise=6 r=25".into());
            case.targets.push(flat);
        }
    }
    cases
}

fn hard() -> Vec<Case> {
    let mut cases = Vec::new();
    for (kind, samples, operation, radius) in [
        ("erosion u8", Samples::U8, Operation::Erosion, 25.0),
        ("erosion u8", Samples::U8, Operation::Erosion, 200.0),
        ("opening u8", Samples::U8, Operation::Opening, 100.0),
        ("erosion f32", Samples::F32, Operation::Erosion, 200.0),
        ("opening f32", Samples::F32, Operation::Opening, 50.0),
    ] {
        for (name, hard) in adversaries(radius) {
            let name = format!("hard {name} {kind} r={radius}");
            let target = Target::Direct(1.0);
            let picture = Picture::Hard(hard);
            let rolling = ball(radius, operation);
            cases.extend(rolling.map(|rolling| case(&name, picture, samples, rolling, target)));
        }
    }
    cases
}

fn adversaries(radius: f64) -> Vec<(String, Hard)> {
    let mut hard = vec![
        ("hills".to_owned(), Hard::Hills(radius)),
        ("bowls".to_owned(), Hard::Bowls(radius)),
        ("checkerboard".to_owned(), Hard::Checkerboard),
        ("random".to_owned(), Hard::Random),
        ("dark-pixel".to_owned(), Hard::Dark),
        ("diagonal-0.5".to_owned(), Hard::Diagonal(0.5)),
    ];
    hard.extend([0.1, 0.5, 1.0, 3.0].map(|slope| (format!("saw-{slope}"), Hard::Saw(slope))));
    hard.extend([40.0, 400.0].map(|length| (format!("waves-{length}"), Hard::Waves(length))));
    hard
}

/// A few that end within a second on a small picture, for a smoke test.
pub fn quick() -> Vec<Case> {
    let chosen = |case: &Case| {
        let name = case.name.as_str();
        case.rolling.element.radius() <= 25.0
            && (["noise=6 r=10", "paraboloid opening u8"]
                .iter()
                .any(|part| name.contains(part))
                || name.starts_with("opening f32 presmooth")
                || name.starts_with("hard saw-0.5"))
    };
    all().into_iter().filter(chosen).collect()
}
