#![allow(clippy::unwrap_used, clippy::panic)]

use proptest::prelude::*;

use super::*;

#[test]
fn the_default_is_valid_and_differs_from_itself_in_nothing() {
    let recipe = Recipe::default();
    recipe.validate().unwrap();
    assert_eq!(recipe.differences(), "{}");
    assert_eq!(Recipe::from_differences("{}").unwrap(), recipe);
    assert_eq!(Recipe::from_toml("").unwrap(), recipe);
}

#[test]
fn what_is_written_as_toml_is_read_back() {
    let mut recipe = Recipe::default();
    recipe.background.method = Method::Ball;
    recipe.background.surface = SurfaceChoice::Dark;
    recipe.background.radius = 37.5;
    recipe.background.presmooth = false;
    recipe.finish.saturation = 0.0;
    let text = recipe.to_toml();
    assert_eq!(Recipe::from_toml(&text).unwrap(), recipe, "{text}");
    for field in FIELDS {
        assert!(
            text.contains(field.help),
            "{} has no help in\n{text}",
            field.name
        );
    }
}

#[test]
fn every_mistake_is_named() {
    let cases = [
        (
            "[background]\nradios = 3",
            "unknown field `radios` in [background]; did you mean `radius`?",
        ),
        (
            "[background]\nflavour = 3",
            "unknown field `flavour` in [background]",
        ),
        (
            "[backgrund]\nradius = 3",
            "unknown field `backgrund` in the recipe; did you mean `background`?",
        ),
        (
            "saturation = 1",
            "`saturation` belongs into the section [finish]",
        ),
        (
            "[background]\nradius = 0",
            "`radius` in [background] must be from 1 to 500 px, but is 0",
        ),
        (
            "[background]\nradius = nan",
            "`radius` in [background] must be a number, but is nothing",
        ),
        (
            "[finish]\nsaturation = 2.5",
            "`saturation` in [finish] must be from 0 to 2, but is 2.5",
        ),
        (
            "[background]\nsurface = \"bright\"",
            "`surface` in [background] must be \"auto\" or \"light\" or \"dark\", but is \"bright\"",
        ),
        (
            "[background]\npresmooth = 1",
            "`presmooth` in [background] must be true or false, but is 1",
        ),
        (
            "[finish]\nwhite = \"much\"",
            "`white` in [finish] must be a number, but is \"much\"",
        ),
        (
            "version = 4",
            "the recipe has version 4, and this build reads versions 1 to 3; it was written for a newer whiteboarder",
        ),
        (
            "version = 0",
            "the recipe has version 0, and this build reads versions 1 to 3",
        ),
        (
            "version = \"1\"",
            "the recipe cannot be read: `version` must be a whole number, but is \"1\"",
        ),
        (
            "finish = 1",
            "the recipe cannot be read: `finish` must be a section, but is 1",
        ),
    ];
    for (text, message) in cases {
        let error = Recipe::from_toml(text).unwrap_err();
        assert_eq!(error.to_string(), message, "for {text:?}");
        assert_eq!(error.name(), "RecipeInvalid");
    }
}

#[test]
fn a_field_is_set_by_name_and_text_or_the_recipe_stays_as_it_is() {
    let mut recipe = Recipe::default();
    for field in FIELDS {
        let before = (field.get)(&recipe);
        let text = match before {
            Value::Number(number) => number.to_string(),
            Value::Flag(flag) => (!flag).to_string(),
            Value::Choice(name) => name.to_owned(),
        };
        for name in [
            format!("{}.{}", field.section, field.name),
            field.name.to_owned(),
        ] {
            recipe.set(&name, &text).unwrap();
        }
        assert_eq!(
            (field.get)(&recipe) != before,
            matches!(before, Value::Flag(_))
        );
    }
    let before = recipe.clone();
    for (name, value, message) in [
        (
            "finish.wite",
            "90",
            "unknown field `wite` in [finish]; did you mean `white`?",
        ),
        (
            "finsh.white",
            "90",
            "unknown field `finsh` in the recipe; did you mean `finish`?",
        ),
        (
            "satuation",
            "1",
            "unknown field `satuation` in the recipe; did you mean `saturation`?",
        ),
        ("", "1", "unknown field `` in the recipe"),
        ("finish.", "1", "unknown field `` in [finish]"),
        (
            "finish.white",
            "much",
            "`white` in [finish] must be a number, but is \"much\"",
        ),
        (
            "finish.white",
            "NaN",
            "`white` in [finish] must be a number, but is \"NaN\"",
        ),
        (
            "finish.white",
            "",
            "`white` in [finish] must be a number, but is \"\"",
        ),
        (
            "finish.white",
            "100",
            "`white` in [finish] must be from 0 to 99 % of the board's light, but is 100",
        ),
        (
            "output.keep_metadata",
            "yes",
            "`keep_metadata` in [output] must be true or false, but is \"yes\"",
        ),
        (
            "background.surface",
            "green",
            "`surface` in [background] must be \"auto\" or \"light\" or \"dark\", but is \"green\"",
        ),
    ] {
        let error = recipe.set(name, value).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert_eq!(recipe, before);
    }
}

#[test]
fn broken_toml_is_refused_with_its_line() {
    let error = Recipe::from_toml("version = 1\n[background\n")
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("the recipe cannot be read: "), "{error}");
    assert!(error.ends_with("(line 2)"), "{error}");
}

#[test]
fn a_newer_version_is_named_before_its_unknown_fields() {
    let error = Recipe::from_toml("version = 9\n[dewarp]\nauto = true\n").unwrap_err();
    assert_eq!(error, RecipeError::Version { found: 9 });
}

#[test]
fn a_recipe_of_version_1_means_the_same_today() {
    let text = "version = 1\n[background]\nradius = 37.5\n[finish]\nwhite = 90.0\n";
    let recipe = Recipe::from_toml(text).unwrap();
    assert_eq!(recipe.version, RECIPE_VERSION);
    assert_eq!(
        (recipe.background.radius, recipe.finish.white),
        (37.5, 90.0)
    );
    assert_eq!(
        (recipe.finish.strength, recipe.output.keep_metadata),
        (100.0, false)
    );
    // As a manifest of version 1 holds it.
    let json = r#"{"version":1,"background":{"radius":37.5},"finish":{"white":90.0}}"#;
    assert_eq!(serde_json::from_str::<Recipe>(json).unwrap(), recipe);
    let newer: Recipe = serde_json::from_str(r#"{"version":9}"#).unwrap();
    assert_eq!(newer.validate(), Err(RecipeError::Version { found: 9 }));
}

#[test]
fn the_hash_tells_recipes_apart_and_is_stable() {
    let default = Recipe::default();
    assert_eq!(default.hash().len(), 16);
    assert_eq!(
        default.hash(),
        Recipe::from_toml(&default.to_toml()).unwrap().hash()
    );
    for field in FIELDS {
        let mut changed = default.clone();
        let value = match (field.default, field.kind) {
            (Value::Number(n), Kind::Number { step, max, .. }) => {
                Value::Number(if n + step <= max { n + step } else { n - step })
            }
            (Value::Flag(flag), _) => Value::Flag(!flag),
            (Value::Choice(name), Kind::Choice(names)) => {
                Value::Choice(names.iter().find(|other| **other != name).unwrap())
            }
            other => panic!("{}: {other:?}", field.name),
        };
        (field.set)(&mut changed, value);
        assert_eq!(
            (field.get)(&changed),
            value,
            "{} is not written",
            field.name
        );
        assert_ne!(
            changed.hash(),
            default.hash(),
            "{} is not hashed",
            field.name
        );
        changed.validate().unwrap();
    }
}

/// Recipes with every field drawn from its range.
fn recipes() -> impl Strategy<Value = Recipe> {
    proptest::collection::vec(0.0..=1.0_f64, FIELDS.len()).prop_map(|draws| {
        let mut recipe = Recipe::default();
        for (field, draw) in FIELDS.iter().zip(draws) {
            let value = match field.kind {
                Kind::Number { min, max, .. } => Value::Number(min + draw * (max - min)),
                Kind::Flag => Value::Flag(draw < 0.5),
                Kind::Choice(names) => {
                    Value::Choice(names[(draw * names.len() as f64) as usize % names.len()])
                }
            };
            (field.set)(&mut recipe, value);
        }
        recipe
    })
}

proptest! {
    #[test]
    fn any_recipe_survives_both_texts(recipe in recipes()) {
        let differences = recipe.differences();
        prop_assert!(differences.is_ascii() && differences.len() <= 1024, "{}", differences);
        let back = Recipe::from_differences(&differences).unwrap();
        prop_assert_eq!(back.hash(), recipe.hash());
        prop_assert_eq!(&back, &recipe);
        prop_assert_eq!(Recipe::from_toml(&recipe.to_toml()).unwrap(), recipe);
    }

    #[test]
    fn no_text_makes_the_parsers_panic(text in ".{0,200}") {
        let _ = Recipe::from_toml(&text);
        let _ = Recipe::from_differences(&text);
    }
}
