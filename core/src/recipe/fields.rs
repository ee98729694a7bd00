//! One row per field of the recipe: the only place that knows names, ranges, units, help and defaults.

use super::{Colors, Depth, Like, Method, Recipe, RecipeError, Style, SurfaceChoice};

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

/// A row for a choice: section, name, type, default, help.
macro_rules! choice {
    ($section:ident . $name:ident, $kind:ident, $default:literal, $help:literal) => {
        Field {
            section: stringify!($section),
            name: stringify!($name),
            kind: Kind::Choice($kind::NAMES),
            default: Value::Choice($default),
            help: $help,
            get: |recipe| Value::Choice(recipe.$section.$name.name()),
            set: |recipe, value| {
                if let Value::Choice(name) = value
                    && let Some(choice) = $kind::named(name)
                {
                    recipe.$section.$name = choice;
                }
            },
        }
    };
}

/// A row for a flag: section, name, default, help.
macro_rules! flag {
    ($section:ident . $name:ident, $default:literal, $help:literal) => {
        Field {
            section: stringify!($section),
            name: stringify!($name),
            kind: Kind::Flag,
            default: Value::Flag($default),
            help: $help,
            get: |recipe| Value::Flag(recipe.$section.$name),
            set: |recipe, value| {
                if let Value::Flag(flag) = value {
                    recipe.$section.$name = flag;
                }
            },
        }
    };
}

/// Every field, in the order of the file.
pub const FIELDS: &[Field] = &[
    choice!(
        background.method,
        Method,
        "whiteboard",
        "whiteboard: two balls on a reduced picture, quick; ball, paraboloid: an exact one at full size"
    ),
    choice!(
        background.surface,
        SurfaceChoice,
        "auto",
        "light: a whiteboard or paper; dark: light writing on a dark board; auto: the picture decides"
    ),
    number!(background.stroke, 0.0..=100.0 step 1.0 "px", 0.0,
        "width of a typical stroke at full size; 0 measures it"),
    number!(background.wide, 5.0..=50.0 step 1.0 "% of the long side", 20.0,
        "whiteboard: radius of the wide ball, which tells ink from board; wider than any filled box"),
    number!(background.wide_height, 1.0..=50.0 step 1.0 "% of full light", 10.0,
        "whiteboard: height of the wide ball; higher follows steeper shading"),
    number!(background.small, 0.0..=10.0 step 0.1 "% of the long side", 0.0,
        "whiteboard: radius of the small ball, which follows shading; wider than any stroke; 0 takes it from the strokes"),
    number!(background.small_height, 0.5..=25.0 step 0.5 "% of full light", 5.0,
        "whiteboard: height of the small ball; higher follows steeper shading"),
    number!(background.radius, 1.0..=500.0 step 1.0 "px", 50.0,
        "ball, paraboloid: radius at full size; wider than any stroke or filled box"),
    number!(background.height, 0.0..=255.0 step 1.0 "grey levels", 0.0,
        "ball, paraboloid: height in grey levels; 0 makes it as high as its radius"),
    flag!(
        background.presmooth,
        true,
        "ball, paraboloid: average 3×3 pixels first, so that nothing rests on noise"
    ),
    choice!(
        background.like,
        Like,
        "exact",
        "ball, paraboloid: exact, or bit for bit what another program finds"
    ),
    choice!(
        finish.style,
        Style,
        "ink",
        "ink: white paper and whole ink; light: even light, texture stays; subtract: nothing but the background goes"
    ),
    number!(finish.faint, 0.0..=100.0 step 5.0 "%", 50.0,
        "keep faint marks: more keeps fainter ones, less hides ghosts and dirt"),
    number!(finish.white, 0.0..=99.0 step 0.5 "% of the board's light", 0.0,
        "what is at least this bright is pure paper; 0 takes it from the picture's noise and ink"),
    number!(finish.black, 0.0..=60.0 step 1.0 "% of the board's light", 0.0,
        "what is at most this bright becomes full ink; 0 takes it from the picture's strokes"),
    number!(finish.solid, 0.0..=100.0 step 5.0 "%", 100.0,
        "how far every stroke gets the colour of its own middle"),
    number!(finish.sharpness, 1.0..=3.0 step 0.1 "", 1.8,
        "how steep the edges of ink become; 1 leaves them as soft as they are"),
    number!(finish.neutral, 0.0..=100.0 step 5.0 "%", 100.0,
        "how far nearly black ink loses the light's tint"),
    number!(finish.saturation, 0.0..=2.0 step 0.05 "", 1.15,
        "how much stronger ink colours become; 1 leaves them, 0 makes everything grey"),
    number!(finish.strength, 0.0..=100.0 step 5.0 "%", 100.0,
        "how far to go from the photograph (0) to the cleaned picture (100)"),
    choice!(
        output.colors,
        Colors,
        "auto",
        "auto: a palette where it loses nothing visible, a fifth of the size; true: every pixel its own colour"
    ),
    choice!(
        output.depth,
        Depth,
        "8",
        "8: 8 bits a sample; source: 16 where the photograph has 16"
    ),
    flag!(
        output.keep_metadata,
        false,
        "keep the photograph's EXIF block, which may tell where and by whom it was taken"
    ),
];
