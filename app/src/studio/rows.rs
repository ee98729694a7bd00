//! The panel's rows: which of the recipe's fields matter now, and how their values are stepped, typed and
//! told. Ranges, steps, units and help are the recipe's own table's.

use whiteboarder_core::analysis::Chosen;
use whiteboarder_core::background::Surface;
use whiteboarder_core::recipe::{FIELDS, Field, Kind, Method, Recipe, Style, Value};

use super::model::Model;

/// The fields that do something with this recipe's method and style, as indices in [`FIELDS`].
pub fn rows(recipe: &Recipe) -> Vec<usize> {
    (0..FIELDS.len())
        .filter(|&index| matters(&FIELDS[index], recipe))
        .collect()
}

fn matters(field: &Field, recipe: &Recipe) -> bool {
    let whiteboard = recipe.background.method == Method::Whiteboard;
    let plain = recipe.finish.style == Style::Subtract;
    match (field.section, field.name) {
        ("background", "wide" | "wide_height" | "small" | "small_height") => whiteboard,
        ("background", "radius" | "height" | "presmooth" | "like") => !whiteboard,
        ("background", "stroke") => !plain || whiteboard,
        ("finish", "style" | "strength") => true,
        ("finish", "black" | "saturation") => !plain,
        ("finish", _) => recipe.finish.style == Style::Ink,
        _ => true,
    }
}

/// The row that a studio opens on: the radius of the recipe's method.
pub fn radius(recipe: &Recipe) -> usize {
    let name = match recipe.background.method {
        Method::Whiteboard => "small",
        Method::Ball | Method::Paraboloid => "radius",
    };
    index("background", name)
}

/// Whether this value of a field leaves it to the picture.
pub fn is_automatic(field: &Field, value: Value) -> bool {
    match (field.section, field.name) {
        ("background", "stroke" | "small") | ("finish", "white" | "black") => {
            value == Value::Number(0.0)
        }
        _ => value == Value::Choice("auto") && field.section == "background",
    }
}

/// What was chosen for a field that is left to the picture.
pub fn chosen(field: &Field, chosen: &Chosen) -> Option<Value> {
    let number = |value: f32| Some(Value::Number((f64::from(value) * 10.0).round() / 10.0));
    match (field.section, field.name) {
        ("background", "surface") => Some(Value::Choice(match chosen.surface {
            Surface::Light => "light",
            Surface::Dark => "dark",
        })),
        ("background", "stroke") => number(chosen.stroke_px),
        ("background", "small") => number(chosen.small),
        ("finish", "white") => number(chosen.white),
        ("finish", "black") => number(100.0 * (1.0 - 1.0 / chosen.lift.max(1.0))),
        _ => None,
    }
}

/// The value that leaves a field to the picture, or what follows for it from what was found there; `None` for a field that
/// is nothing but taste.
pub fn automatic(
    field: &Field,
    recipe: &Recipe,
    found: Option<&Chosen>,
    long_side: Option<u32>,
) -> Option<Value> {
    let left = match field.kind {
        Kind::Choice(names) if names.contains(&"auto") => Some(Value::Choice("auto")),
        Kind::Choice(_) | Kind::Flag => None,
        Kind::Number { .. } => Some(Value::Number(0.0)),
    };
    if let Some(left) = left.filter(|left| is_automatic(field, *left)) {
        return Some(left);
    }
    // One ball alone has no automatic radius: as large as the small one of two would be.
    let ball = recipe.background.method != Method::Whiteboard;
    match (field.section, field.name, field.kind) {
        (
            "background",
            "radius",
            Kind::Number {
                min,
                max,
                step,
                unit,
            },
        ) if ball => {
            let percent = f64::from(found?.small);
            let radius = if unit.starts_with('%') {
                percent
            } else {
                percent / 100.0 * f64::from(long_side?)
            };
            let steps = (radius / step).round().max(1.0);
            Some(Value::Number(tidy(steps * step).clamp(min, max)))
        }
        _ => None,
    }
}

/// Why that value was found, in a few words.
pub fn reason(field: &Field, found: &Chosen) -> Option<String> {
    let stroke = plain(Value::Number(
        (f64::from(found.stroke_px) * 10.0).round() / 10.0,
    ));
    Some(match (field.section, field.name) {
        ("background", "surface") => match found.surface {
            Surface::Light => "most of the picture is light, ink is darker".to_owned(),
            Surface::Dark => "most of the picture is dark, ink is lighter".to_owned(),
        },
        ("background", "stroke") => format!("half of the strokes are narrower than {stroke} px"),
        ("background", "small" | "radius") => {
            format!("just wide enough not to follow strokes of {stroke} px")
        }
        ("finish", "white") => format!("paper varies by {:.1} %", found.noise),
        ("finish", "black") => format!("strong ink takes {:.0} % of the light", found.ink),
        _ => return None,
    })
}

/// A field's index in [`FIELDS`].
fn index(section: &str, name: &str) -> usize {
    FIELDS
        .iter()
        .position(|field| field.section == section && field.name == name)
        .unwrap_or(0)
}

/// What the panel calls a field. The ball that follows shading is *the* radius of either method.
pub fn label(field: &Field) -> &'static str {
    match (field.section, field.name) {
        ("background", "wide") => "wide radius",
        ("background", "wide_height") => "wide height",
        ("background", "small") => "radius",
        ("background", "small_height") => "height",
        ("output", "keep_metadata") => "metadata",
        (_, name) => name,
    }
}

/// Whether the selected field differs from the named recipe.
pub fn selected_is_changed(model: &Model) -> bool {
    let get = FIELDS[model.selected].get;
    !model.photos.is_empty() && get(&model.recipe) != get(&model.named)
}

/// Where stepping begins: what was chosen for a field that is left to the picture (or, before that is known, what is
/// mostly chosen), otherwise its value. One step from "auto" is then one step from what is seen.
pub fn start(field: &Field, value: Value, found: Option<&Chosen>) -> Value {
    if !is_automatic(field, value) || !matches!(value, Value::Number(_)) {
        return value;
    }
    found.and_then(|found| chosen(field, found)).unwrap_or({
        Value::Number(match field.name {
            "stroke" => 5.0,
            "small" => 2.2,
            "white" => 94.0,
            _ => 10.0,
        })
    })
}

/// The value so many steps on. Numbers stop at the ends of their range; choices go round.
pub fn stepped(field: &Field, value: Value, steps: i32) -> Value {
    match (field.kind, value) {
        (Kind::Number { min, max, step, .. }, Value::Number(number)) => {
            // Nobody steps into "auto", on the other side of nothing: it is typed, or what resetting goes back to.
            let least = if is_automatic(field, Value::Number(min)) {
                step
            } else {
                min
            };
            Value::Number(tidy(number + f64::from(steps) * step).clamp(least, max))
        }
        (Kind::Choice(names), Value::Choice(name)) => {
            let at = names.iter().position(|other| *other == name).unwrap_or(0) as i32;
            let next = (at + steps.signum()).rem_euclid(names.len().max(1) as i32);
            Value::Choice(names.get(next as usize).copied().unwrap_or(name))
        }
        (_, Value::Flag(flag)) => Value::Flag(!flag),
        _ => value,
    }
}

/// Without the dust of binary fractions: 2.2 + 0.1 is 2.3.
fn tidy(number: f64) -> f64 {
    (number * 1e6).round() / 1e6
}

/// What was typed as this field's value, or a sentence about what is wrong with it.
pub fn parse(field: &Field, recipe: &Recipe, typed: &str) -> Result<Value, String> {
    let number = typed.trim().trim_end_matches(['%', 'p', 'x']).trim_end();
    let automatic = Value::Number(0.0);
    let value = (number == "auto" && is_automatic(field, automatic))
        .then_some(automatic)
        .or_else(|| {
            let number = number.replace(',', ".").parse::<f64>().ok();
            number
                .filter(|number| number.is_finite())
                .map(Value::Number)
        })
        .ok_or_else(|| format!("\"{}\" is not a number", typed.trim()))?;
    let mut tried = recipe.clone();
    (field.set)(&mut tried, value);
    match field.check(&tried) {
        Ok(()) => Ok(value),
        Err(_) => Err(format!("{} goes from {}", label(field), range(field))),
    }
}

/// A value as it is typed: `2.2`, `light`, `on`.
pub fn plain(value: Value) -> String {
    match value {
        Value::Number(number) => tidy(number).to_string(),
        Value::Flag(true) => "on".to_owned(),
        Value::Flag(false) => "off".to_owned(),
        Value::Choice(name) => name.to_owned(),
    }
}

/// A value with the short form of its unit: `2.2 %`, or `auto` when it is left to the picture.
pub fn with_unit(field: &Field, value: Value) -> String {
    if is_automatic(field, value) {
        return "auto".to_owned();
    }
    match unit(field) {
        "" => plain(value),
        unit => format!("{} {unit}", plain(value)),
    }
}

/// The unit in few columns.
fn unit(field: &Field) -> &'static str {
    match field.kind {
        Kind::Number { unit, .. } if unit.starts_with('%') => "%",
        Kind::Number {
            unit: "grey levels",
            ..
        } => "grey",
        Kind::Number { unit, .. } => unit,
        Kind::Flag | Kind::Choice(_) => "",
    }
}

/// A radius in % of the long side as pixels of the full-size picture.
pub fn pixels(field: &Field, value: Value, long_side: u32) -> Option<u32> {
    match (field.kind, value) {
        (
            Kind::Number {
                unit: "% of the long side",
                ..
            },
            Value::Number(percent),
        ) => Some((percent / 100.0 * f64::from(long_side)).round() as u32),
        _ => None,
    }
}

/// Where a number lies in its range, from 0 to 1.
pub fn share(field: &Field, value: Value) -> Option<f64> {
    match (field.kind, value) {
        (Kind::Number { min, max, .. }, Value::Number(number)) => {
            Some(((number - min) / (max - min)).clamp(0.0, 1.0))
        }
        _ => None,
    }
}

/// The number that lies at this share of its range, as steps reach it; never the one that leaves it to the picture.
pub fn at_share(field: &Field, share: f64) -> Option<Value> {
    let Kind::Number { min, max, step, .. } = field.kind else {
        return None;
    };
    let number = min + share.clamp(0.0, 1.0) * (max - min);
    let stepped = min + ((number - min) / step).round() * step;
    let least = if is_automatic(field, Value::Number(min)) {
        step
    } else {
        min
    };
    Some(Value::Number(tidy(stepped).clamp(least, max)))
}

/// `0 to 10 % of the long side`.
pub fn range(field: &Field) -> String {
    match field.kind {
        Kind::Number {
            min, max, unit: "", ..
        } => format!("{min} to {max}"),
        Kind::Number { min, max, unit, .. } => format!("{min} to {max} {unit}"),
        Kind::Choice(names) => names.join(" or "),
        Kind::Flag => "on or off".to_owned(),
    }
}

/// What a field does, without the method's name in front: only fields of today's method are shown.
pub fn help(field: &Field, ascii: bool) -> String {
    let words = match field.help.split_once(": ") {
        Some(("whiteboard" | "ball, paraboloid", words)) if field.name != "method" => words,
        _ => field.help,
    };
    if ascii {
        words.replace('×', "x")
    } else {
        words.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_matters_to_its_method_and_the_radius_is_among_them() {
        let mut recipe = Recipe::default();
        for method in [Method::Whiteboard, Method::Ball, Method::Paraboloid] {
            recipe.background.method = method;
            let rows = rows(&recipe);
            assert!(rows.contains(&radius(&recipe)));
            let other = match method {
                Method::Whiteboard => "ball, paraboloid:",
                Method::Ball | Method::Paraboloid => "whiteboard:",
            };
            for index in rows {
                let Field { name, help, .. } = FIELDS[index];
                assert!(name == "method" || !help.starts_with(other), "{help}");
            }
        }
    }

    #[test]
    fn what_is_left_to_the_picture_is_told_with_what_was_chosen() {
        let found = Chosen {
            surface: Surface::Light,
            stroke_px: 5.26,
            small: 2.31,
            noise: 1.0,
            ink: 70.0,
            white: 93.46,
            dark: 80.0,
            lift: 1.25,
        };
        let told = |section: &str, name: &str| {
            let field = &FIELDS[index(section, name)];
            let value = (field.get)(&Recipe::default());
            assert!(is_automatic(field, value), "{name}");
            chosen(field, &found).map(plain).unwrap_or_default()
        };
        assert_eq!(told("background", "surface"), "light");
        assert_eq!(told("background", "stroke"), "5.3");
        assert_eq!(told("background", "small"), "2.3");
        assert_eq!(told("finish", "white"), "93.5");
        assert_eq!(told("finish", "black"), "20");
        let white = &FIELDS[index("finish", "white")];
        let recipe = Recipe::default();
        assert_eq!(parse(white, &recipe, "auto"), Ok(Value::Number(0.0)));
        assert_eq!(with_unit(white, Value::Number(0.0)), "auto");
        let strength = &FIELDS[index("finish", "strength")];
        assert!(!is_automatic(strength, Value::Number(0.0)));
        assert!(parse(strength, &recipe, "auto").is_err());
    }

    #[test]
    fn a_step_up_and_a_step_down_is_no_change_away_from_the_ends() {
        let recipe = Recipe::default();
        for field in FIELDS {
            let value = (field.get)(&recipe);
            let Value::Number(number) = value else {
                continue;
            };
            let Kind::Number { min, max, step, .. } = field.kind else {
                continue;
            };
            if number - step < min || number + step > max {
                continue;
            }
            let there = stepped(field, value, 1);
            assert_ne!(there, value);
            assert_eq!(stepped(field, there, -1), value, "{}", field.name);
        }
    }

    #[test]
    fn numbers_stop_at_their_ends_and_choices_go_round() {
        let small = &FIELDS[index("background", "small")];
        assert_eq!(stepped(small, Value::Number(9.95), 10), Value::Number(10.0));
        assert_eq!(stepped(small, Value::Number(2.2), 1), Value::Number(2.3));
        let surface = &FIELDS[index("background", "surface")];
        let dark = stepped(surface, Value::Choice("light"), 1);
        assert_eq!(dark, Value::Choice("dark"));
        assert_eq!(stepped(surface, dark, 10), Value::Choice("auto"));
    }

    #[test]
    fn typed_values_are_checked_in_words() {
        let recipe = Recipe::default();
        let small = &FIELDS[index("background", "small")];
        for typed in ["3.5", " 3,5 ", "3.5 %", "3.5%"] {
            assert_eq!(
                parse(small, &recipe, typed),
                Ok(Value::Number(3.5)),
                "{typed}"
            );
        }
        for (typed, wrong) in [
            ("much", "\"much\" is not a number"),
            ("nan", "\"nan\" is not a number"),
            ("1e999", "\"1e999\" is not a number"),
            ("12", "radius goes from 0 to 10 % of the long side"),
        ] {
            assert_eq!(parse(small, &recipe, typed), Err(wrong.to_owned()));
        }
    }

    #[test]
    fn the_ball_is_told_in_pixels_of_the_whole_picture() {
        let small = &FIELDS[index("background", "small")];
        assert_eq!(pixels(small, Value::Number(2.2), 4032), Some(89));
        let white = &FIELDS[index("finish", "white")];
        assert_eq!(pixels(white, Value::Number(94.0), 4032), None);
    }
}
