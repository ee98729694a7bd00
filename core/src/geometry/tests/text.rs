use proptest::prelude::*;

use crate::geometry::{Corners, Crop, GeometryError, Point, Quad, Rect};

fn corners(text: &str) -> Result<Quad, String> {
    let parsed: Result<Corners, GeometryError> = text.parse();
    parsed
        .and_then(|corners| corners.at(1000, 500))
        .map_err(|error| error.to_string())
}

#[test]
fn corners_are_put_in_order_however_they_are_given() {
    let want = Quad::new([(10.0, 20.0), (90.0, 25.0), (95.0, 80.0), (5.0, 85.0)].map(at)).unwrap();
    assert_eq!(want.corners()[0], Point::new(10.0, 20.0));
    assert_eq!(want.corners()[2], Point::new(95.0, 80.0));
    let [a, b, c, d] = want.corners();
    for order in [[a, c, b, d], [d, c, b, a], [b, d, a, c], [c, d, a, b]] {
        assert_eq!(Quad::new(order).unwrap(), want);
    }
}

fn at((x, y): (f64, f64)) -> Point {
    Point::new(x, y)
}

#[test]
fn pixels_and_percentages_mean_the_same_corners() {
    assert_eq!(
        corners("100,50, 900,50, 900,450, 100,450").unwrap(),
        corners("10%,10%,90%,10%,90%,90%,10%,90%").unwrap(),
    );
}

#[test]
fn what_is_wrong_with_corners_is_said_in_one_sentence() {
    let said = |text: &str| corners(text).unwrap_err();
    assert_eq!(
        said("1,2,3"),
        "a quad needs 8 numbers with commas between them, but there are 3"
    );
    assert_eq!(
        said("1,2,3,4,five,6,7,8"),
        "`five` is neither a number of pixels (`120`) nor a percentage (`12.5%`)"
    );
    assert!(said("1,2,3,4,NaN,6,7,8").starts_with("`NaN` is neither"));
    assert!(said("0,0,100,0,50,10,50,100").contains("convex"));
    assert!(said("0,0,100,0,100,0,0,100").contains("convex"));
    assert!(said("0,0,5,0,5,5,0,5").contains("too close together"));
    assert!(said("0,0,5000,0,5000,400,0,400").contains("outside of the picture"));
}

#[test]
fn a_crop_is_cut_to_the_picture() {
    let rect = |text: &str| {
        let crop: Result<Crop, GeometryError> = text.parse();
        crop.and_then(|crop| crop.at(1000, 500))
            .map_err(|error| error.to_string())
    };
    let want = Rect {
        x: 100,
        y: 50,
        width: 800,
        height: 400,
    };
    assert_eq!(rect("10%,10%,80%,80%"), Ok(want));
    assert_eq!(rect("100,50,800,400px"), Ok(want));
    let right = Rect {
        x: 900,
        y: 0,
        width: 100,
        height: 500,
    };
    assert_eq!(rect("900,-20,500,1000"), Ok(right));
    assert!(
        rect("1200,0,10,10")
            .unwrap_err()
            .contains("outside of the picture")
    );
    assert!(rect("0,0,0,10").unwrap_err().contains("no width"));
    assert!(rect("0,0,10").unwrap_err().contains("needs 4 numbers"));
}

proptest! {
    #[test]
    fn no_text_makes_parsing_panic(text in "[-0-9.,%eEinfaNpx ]{0,60}") {
        let _ = text.parse::<Corners>().map(|corners| corners.at(40, 30));
        let _ = text.parse::<Crop>().map(|crop| crop.at(40, 30));
    }

    #[test]
    fn what_is_written_is_read_back(numbers in prop::array::uniform4(-1e6..1e6_f64), percent: bool) {
        let unit = if percent { "%" } else { "" };
        let [x, y, w, h] = numbers;
        let crop: Crop = format!("{x}{unit},{y}{unit},{w}{unit},{h}{unit}").parse().unwrap();
        prop_assert_eq!(crop.to_string().parse::<Crop>().unwrap(), crop);
    }
}
