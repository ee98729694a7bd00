//! One row per field of the recipe: the only place that knows names, ranges, units, help and defaults.

use super::{Method, Recipe, RecipeError, Surface};

/// A field's value, as rows exchange it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A number in the field's unit.
    Number(f64),
    /// Yes or no.
    Flag(bool),
    /// One of the names of [`Kind::Choice`].
    Choice(&'static str),
}

/// What values a field takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A number in a closed range.
    Number {
        /// Smallest value allowed.
        min: f64,
        /// Largest value allowed.
        max: f64,
        /// What one press of a key changes it by.
        step: f64,
        /// Unit; empty for plain factors.
        unit: &'static str,
    },
    /// Yes or no.
    Flag,
    /// One of these names.
    Choice(&'static [&'static str]),
}

/// One field of the recipe.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Section: `background`, `finish` or `output`.
    pub section: &'static str,
    /// Name within the section.
    pub name: &'static str,
    /// Range and unit.
    pub kind: Kind,
    /// The default.
    pub default: Value,
    /// One line for people.
    pub help: &'static str,
    /// Reads the field.
    pub get: fn(&Recipe) -> Value,
    /// Writes the field; a value of another kind changes nothing.
    pub set: fn(&mut Recipe, Value),
}

impl Field {
    /// Checks this field's value in `recipe`.
    pub fn check(&self, recipe: &Recipe) -> Result<(), RecipeError> {
        let (Kind::Number { min, max, unit, .. }, Value::Number(value)) =
            (self.kind, (self.get)(recipe))
        else {
            return Ok(());
        };
        // Written so that NaN is refused, too.
        if value >= min && value <= max {
            return Ok(());
        }
        let (section, field) = (self.section, self.name);
        Err(RecipeError::OutOfRange {
            section,
            field,
            value,
            min,
            max,
            unit,
        })
    }
}

/// A row for a number: section, name, range, step, unit, default, help.
macro_rules! number {
    ($section:ident . $name:ident, $min:literal ..= $max:literal step $step:literal $unit:literal,
     $default:literal, $help:literal) => {
        Field {
            section: stringify!($section),
            name: stringify!($name),
            kind: Kind::Number {
                min: $min,
                max: $max,
                step: $step,
                unit: $unit,
            },
            default: Value::Number($default),
            help: $help,
            get: |recipe| Value::Number(recipe.$section.$name),
            set: |recipe, value| {
                if let Value::Number(number) = value {
                    recipe.$section.$name = number;
                }
            },
        }
    };
}

/// Every field, in the order of the file.
pub const FIELDS: &[Field] = &[
    Field {
        section: "background",
        name: "method",
        kind: Kind::Choice(&["whiteboard", "ball"]),
        default: Value::Choice("whiteboard"),
        help: "whiteboard: two balls on a reduced picture, quick; ball: one exact ball at full size",
        get: |recipe| Value::Choice(recipe.background.method.name()),
        set: |recipe, value| match value {
            Value::Choice("whiteboard") => recipe.background.method = Method::Whiteboard,
            Value::Choice("ball") => recipe.background.method = Method::Ball,
            _ => {}
        },
    },
    Field {
        section: "background",
        name: "surface",
        kind: Kind::Choice(&["light", "dark"]),
        default: Value::Choice("light"),
        help: "light: a whiteboard or paper; dark: light writing on a dark board",
        get: |recipe| Value::Choice(recipe.background.surface.name()),
        set: |recipe, value| match value {
            Value::Choice("light") => recipe.background.surface = Surface::Light,
            Value::Choice("dark") => recipe.background.surface = Surface::Dark,
            _ => {}
        },
    },
    number!(background.wide, 5.0..=50.0 step 1.0 "% of the long side", 20.0,
        "whiteboard: radius of the wide ball, which tells ink from board; wider than any filled box"),
    number!(background.wide_height, 1.0..=50.0 step 1.0 "% of full light", 10.0,
        "whiteboard: height of the wide ball; higher follows steeper shading"),
    number!(background.small, 0.5..=10.0 step 0.1 "% of the long side", 2.2,
        "whiteboard: radius of the small ball, which follows shading; wider than any stroke"),
    number!(background.small_height, 0.5..=25.0 step 0.5 "% of full light", 5.0,
        "whiteboard: height of the small ball; higher follows steeper shading"),
    number!(background.radius, 1.0..=500.0 step 1.0 "px", 50.0,
        "ball: radius at full size; wider than any stroke or filled box"),
    number!(background.height, 0.0..=255.0 step 1.0 "grey levels", 0.0,
        "ball: height in grey levels; 0 for a true ball, as high as its radius"),
    Field {
        section: "background",
        name: "presmooth",
        kind: Kind::Flag,
        default: Value::Flag(true),
        help: "ball: average 3×3 pixels first, so that the ball does not rest on noise",
        get: |recipe| Value::Flag(recipe.background.presmooth),
        set: |recipe, value| {
            if let Value::Flag(flag) = value {
                recipe.background.presmooth = flag;
            }
        },
    },
    number!(finish.white, 70.0..=99.0 step 0.5 "% of the board's light", 94.0,
        "what is at least this bright is pure paper; lower hides more dirt, higher keeps fainter marks"),
    number!(finish.black, 0.0..=60.0 step 1.0 "% of the board's light", 10.0,
        "what is at most this bright is pure black; higher makes ink darker"),
    number!(finish.saturation, 0.0..=2.0 step 0.05 "", 1.15,
        "how much stronger ink colours become; 1 leaves them, 0 makes everything grey"),
    number!(finish.strength, 0.0..=100.0 step 5.0 "%", 100.0,
        "how far to go from the photograph (0) to the cleaned picture (100)"),
    Field {
        section: "output",
        name: "keep_metadata",
        kind: Kind::Flag,
        default: Value::Flag(false),
        help: "keep the photograph's EXIF block, which may tell where and by whom it was taken",
        get: |recipe| Value::Flag(recipe.output.keep_metadata),
        set: |recipe, value| {
            if let Value::Flag(flag) = value {
                recipe.output.keep_metadata = flag;
            }
        },
    },
];
