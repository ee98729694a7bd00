//! What can be wrong with a recipe, in words for the person who wrote it.

use super::RECIPE_VERSION;

/// Why a recipe is refused. The text of each is one sentence that names the field.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RecipeError {
    /// The text is not TOML (or not JSON).
    #[error("the recipe cannot be read: {message}")]
    Syntax {
        /// The parser's words, with the line where it knows.
        message: String,
    },
    /// A field that does not exist.
    #[error("unknown field `{field}` in {place}{}", suggest(*.suggestion))]
    UnknownField {
        /// The name as written.
        field: String,
        /// Where it stands: `[background]` or "the recipe".
        place: String,
        /// The nearest name that does exist.
        suggestion: Option<&'static str>,
    },
    /// A field that stands outside of its section.
    #[error("`{field}` belongs into the section [{section}]")]
    OutsideSection {
        /// The field.
        field: &'static str,
        /// Its section.
        section: &'static str,
    },
    /// A value of the wrong kind.
    #[error("`{field}` in [{section}] must be {expected}, but is {found}")]
    WrongKind {
        /// The section.
        section: String,
        /// The field.
        field: String,
        /// What it should be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A number outside of its range.
    #[error("`{field}` in [{section}] must be from {min} to {max}{}, but is {value}", spaced(.unit))]
    OutOfRange {
        /// The section.
        section: &'static str,
        /// The field.
        field: &'static str,
        /// The value as written.
        value: f64,
        /// Smallest value allowed.
        min: f64,
        /// Largest value allowed.
        max: f64,
        /// Unit of all three; may be empty.
        unit: &'static str,
    },
    /// A version of the format that this build does not know.
    #[error("the recipe has version {found}, and this build reads versions 1 to {RECIPE_VERSION}{}", later(*.found))]
    Version {
        /// The version as written.
        found: i64,
    },
}

impl RecipeError {
    /// The name under which the function reports this error.
    #[must_use]
    pub fn name(&self) -> &'static str {
        "RecipeInvalid"
    }
}

/// What a version that is too high means.
fn later(found: i64) -> &'static str {
    if found > i64::from(RECIPE_VERSION) {
        "; it was written for a newer whiteboarder"
    } else {
        ""
    }
}

fn suggest(suggestion: Option<&'static str>) -> String {
    suggestion.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

fn spaced(unit: &str) -> String {
    if unit.is_empty() {
        String::new()
    } else {
        format!(" {unit}")
    }
}
