//! Recipes as text: TOML for files, JSON for metadata and hashes.

use serde_json::{Map, Number, Value as Json};

use super::{FIELDS, Field, Kind, RECIPE_VERSION, Recipe, RecipeError, Value};

impl Recipe {
    /// Reads a TOML recipe; fields that are not there keep their defaults.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, naming the field.
    pub fn from_toml(text: &str) -> Result<Self, RecipeError> {
        let table: toml::Table = toml::from_str(text).map_err(|error: toml::de::Error| {
            let line = error
                .span()
                .map(|span| text[..span.start].matches('\n').count() + 1);
            let message = match line {
                Some(line) => format!("{} (line {line})", error.message()),
                None => error.message().to_owned(),
            };
            RecipeError::Syntax { message }
        })?;
        let json = serde_json::to_value(table).map_err(|error| RecipeError::Syntax {
            message: error.to_string(),
        })?;
        from_json(&json)
    }

    /// Writes every field with its help, ready to be edited.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut lines = vec![format!("version = {}", self.version)];
        let mut section = "";
        for field in FIELDS {
            if field.section != section {
                section = field.section;
                lines.push(format!("\n[{section}]"));
            }
            lines.push(format!("# {}{}", field.help, range(field)));
            lines.push(format!("{} = {}", field.name, json_of((field.get)(self))));
        }
        lines.join("\n") + "\n"
    }

    /// Sets one field by its name and the text of its value: `finish.white` and `90`. The section may be left out where
    /// one field has the name.
    ///
    /// ```
    /// # use whiteboarder_core::recipe::Recipe;
    /// let mut recipe = Recipe::default();
    /// recipe.set("finish.white", "90").unwrap();
    /// recipe.set("surface", "dark").unwrap();
    /// let error = recipe.set("finish.wite", "90").unwrap_err();
    /// assert_eq!(error.to_string(), "unknown field `wite` in [finish]; did you mean `white`?");
    /// ```
    ///
    /// # Errors
    ///
    /// The field, if there is no such one, or its value; the recipe is then as it was.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), RecipeError> {
        let field = named(name)?;
        let json = match field.kind {
            // A number or a flag that cannot be read stays text, which says what was found.
            Kind::Number { .. } => value
                .parse()
                .ok()
                .and_then(Number::from_f64)
                .map(Json::Number),
            Kind::Flag => value.parse().ok().map(Json::Bool),
            Kind::Choice(_) => None,
        };
        let mut changed = self.clone();
        (field.set)(
            &mut changed,
            value_of(field, &json.unwrap_or_else(|| Json::from(value)))?,
        );
        field.check(&changed)?;
        *self = changed;
        Ok(())
    }

    /// What differs from the default, as compact ASCII JSON; `{}` when nothing does.
    #[must_use]
    pub fn differences(&self) -> String {
        let default = Self::default();
        let mut root = Map::new();
        for field in FIELDS {
            let value = (field.get)(self);
            if value != (field.get)(&default) {
                insert(&mut root, field, value);
            }
        }
        Json::Object(root).to_string()
    }

    /// The inverse of [`Recipe::differences`].
    pub fn from_differences(text: &str) -> Result<Self, RecipeError> {
        let json: Json = serde_json::from_str(text).map_err(|error| RecipeError::Syntax {
            message: error.to_string(),
        })?;
        from_json(&json)
    }

    /// All fields as JSON in the order of the rows: what the hash is taken over.
    pub(super) fn canonical(&self) -> String {
        let mut root = Map::new();
        root.insert("version".to_owned(), self.version.into());
        for field in FIELDS {
            insert(&mut root, field, (field.get)(self));
        }
        Json::Object(root).to_string()
    }
}

fn range(field: &Field) -> String {
    match field.kind {
        Kind::Number {
            min, max, unit: "", ..
        } => format!(" ({min} to {max})"),
        Kind::Number { min, max, unit, .. } => format!(" ({min} to {max} {unit})"),
        Kind::Flag | Kind::Choice(_) => String::new(),
    }
}

fn insert(root: &mut Map<String, Json>, field: &Field, value: Value) {
    let section = root
        .entry(field.section)
        .or_insert_with(|| Json::Object(Map::new()));
    if let Json::Object(section) = section {
        section.insert(field.name.to_owned(), json_of(value));
    }
}

/// Whole numbers are written without a fraction: `50`, not `50.0`.
fn json_of(value: Value) -> Json {
    match value {
        Value::Number(n) if n.fract() == 0.0 => Json::from(n as i64),
        Value::Number(n) => Number::from_f64(n).map_or(Json::Null, Json::Number),
        Value::Flag(flag) => Json::Bool(flag),
        Value::Choice(name) => Json::from(name),
    }
}

fn from_json(json: &Json) -> Result<Recipe, RecipeError> {
    let Json::Object(root) = json else {
        let message = format!(
            "it should be a table of sections, but is {}",
            describe(json)
        );
        return Err(RecipeError::Syntax { message });
    };
    // The version comes first: a newer recipe's unknown fields are not the reader's spelling mistakes.
    if let Some(version) = root.get("version") {
        let found = version.as_i64().ok_or_else(|| RecipeError::Syntax {
            message: format!(
                "`version` must be a whole number, but is {}",
                describe(version)
            ),
        })?;
        if found < 1 || found > i64::from(RECIPE_VERSION) {
            return Err(RecipeError::Version { found });
        }
    }
    let mut recipe = Recipe::default();
    for (section, entries) in root {
        if section == "version" {
            continue;
        }
        if !FIELDS.iter().any(|field| field.section == section) {
            return Err(unknown_at_top(section));
        }
        let Json::Object(entries) = entries else {
            let message = format!(
                "`{section}` must be a section, but is {}",
                describe(entries)
            );
            return Err(RecipeError::Syntax { message });
        };
        for (name, value) in entries {
            let field = FIELDS
                .iter()
                .find(|field| field.section == section && field.name == name)
                .ok_or_else(|| RecipeError::UnknownField {
                    field: name.clone(),
                    place: format!("[{section}]"),
                    suggestion: nearest(
                        name,
                        FIELDS
                            .iter()
                            .filter(|f| f.section == section)
                            .map(|f| f.name),
                    ),
                })?;
            (field.set)(&mut recipe, value_of(field, value)?);
        }
    }
    recipe.validate()?;
    Ok(recipe)
}

/// The field of a name with or without its section.
fn named(name: &str) -> Result<&'static Field, RecipeError> {
    let Some((section, name)) = name.split_once('.') else {
        let mut found = FIELDS.iter().filter(|field| field.name == name);
        return match (found.next(), found.next()) {
            (Some(field), None) => Ok(field),
            _ => Err(RecipeError::UnknownField {
                field: name.to_owned(),
                place: "the recipe".to_owned(),
                suggestion: nearest(name, FIELDS.iter().map(|field| field.name)),
            }),
        };
    };
    let mut within = FIELDS.iter().filter(|field| field.section == section);
    if within.clone().next().is_none() {
        return Err(RecipeError::UnknownField {
            field: section.to_owned(),
            place: "the recipe".to_owned(),
            suggestion: nearest(section, FIELDS.iter().map(|field| field.section)),
        });
    }
    let names = within.clone().map(|field| field.name);
    within
        .find(|field| field.name == name)
        .ok_or_else(|| RecipeError::UnknownField {
            field: name.to_owned(),
            place: format!("[{section}]"),
            suggestion: nearest(name, names),
        })
}

/// A name at the top that is no section: perhaps a section misspelt, perhaps a field without its section.
fn unknown_at_top(name: &str) -> RecipeError {
    if let Some(field) = FIELDS.iter().find(|field| field.name == name) {
        return RecipeError::OutsideSection {
            field: field.name,
            section: field.section,
        };
    }
    RecipeError::UnknownField {
        field: name.to_owned(),
        place: "the recipe".to_owned(),
        suggestion: nearest(name, FIELDS.iter().map(|field| field.section)),
    }
}

fn value_of(field: &Field, json: &Json) -> Result<Value, RecipeError> {
    let wrong = |expected: String| RecipeError::WrongKind {
        section: field.section.to_owned(),
        field: field.name.to_owned(),
        expected,
        found: describe(json),
    };
    match (field.kind, json) {
        (Kind::Number { .. }, Json::Number(number)) => number
            .as_f64()
            .map(Value::Number)
            .ok_or_else(|| wrong("a number".to_owned())),
        (Kind::Number { .. }, _) => Err(wrong("a number".to_owned())),
        (Kind::Flag, Json::Bool(flag)) => Ok(Value::Flag(*flag)),
        (Kind::Flag, _) => Err(wrong("true or false".to_owned())),
        (Kind::Choice(names), _) => names
            .iter()
            .find(|name| json.as_str() == Some(name))
            .map(|name| Value::Choice(name))
            .ok_or_else(|| {
                let names: Vec<_> = names.iter().map(|name| format!("\"{name}\"")).collect();
                wrong(names.join(" or "))
            }),
    }
}

fn describe(json: &Json) -> String {
    match json {
        Json::Null => "nothing".to_owned(),
        Json::Array(_) => "a list".to_owned(),
        Json::Object(_) => "a section".to_owned(),
        // A person's typing slip is short; anything longer does not belong into a message.
        plain => plain.to_string().chars().take(60).collect(),
    }
}

/// The nearest of `names` by edit distance, when it is near enough to be what was meant.
fn nearest(wrong: &str, names: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let allowed = (wrong.chars().count() / 3).clamp(1, 3);
    names
        .map(|name| (strsim::levenshtein(&wrong.to_lowercase(), name), name))
        .filter(|&(distance, _)| distance <= allowed)
        .min()
        .map(|(_, name)| name)
}
