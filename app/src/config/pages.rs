//! The tables of the documentation say what the code's tables say: these tests compare them, and write them anew with
//! `BLESS=1 cargo test -p whiteboarder --bin whiteboarder pages`.

use std::fmt::Write as _;
use std::path::Path;

use serde::de::{Deserializer, Error as _, Visitor, value};
use serde::{Deserialize, forward_to_deserialize_any};
use whiteboarder_core::recipe::{FIELDS, Kind as FieldKind, Value};

use super::keys::{self, Kind, Table};
use super::{ConfigFile, Dirs, LocalOptions, ProfileTable};
use crate::notify::rule::NotifyRule;
use crate::presets;

/// Compares what stands between `<!-- NAME -->` and `<!-- end of NAME -->` of a page with `expected`.
#[track_caller]
fn compare(page: &str, name: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docs")
        .join(page);
    let text = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = (
        format!("<!-- {name} -->\n"),
        format!("<!-- end of {name} -->"),
    );
    let from = text.find(&begin).unwrap() + begin.len();
    let to = text.find(&end).unwrap();
    let expected = format!("\n{expected}\n");
    if std::env::var_os("BLESS").is_some() {
        let written = format!("{}{expected}{}", &text[..from], &text[to..]);
        std::fs::write(&path, written).unwrap();
    } else {
        assert_eq!(
            text[from..to],
            expected,
            "docs/{page} is not what the code says: see {}",
            file!()
        );
    }
}

/// A cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn code(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!("`{text}`")
    }
}

fn kind(kind: Kind) -> String {
    match kind {
        Kind::Whole(min, max) => format!("{min} to {max}"),
        Kind::Number(min, max) => format!("{min} to {max}, also fractions"),
        Kind::Choice(words) => {
            let words: Vec<_> = words
                .iter()
                .map(|word| code(&format!("\"{word}\"")))
                .collect();
            words.join(" or ")
        }
        Kind::Text => "text".to_owned(),
        Kind::Url => "URL".to_owned(),
        Kind::MachineArn | Kind::TopicArn => "ARN".to_owned(),
        Kind::Words(words) => {
            let words: Vec<_> = words
                .iter()
                .map(|word| code(&format!("\"{word}\"")))
                .collect();
            format!("list of {}", words.join(", "))
        }
        Kind::Texts => "list of texts".to_owned(),
        Kind::Span => "time: `\"30s\"`, `\"5m\"`, `\"2h\"`".to_owned(),
    }
}

#[test]
fn the_page_of_the_configuration_has_every_key() {
    for (table, name) in [(Table::Top, "top"), (Table::Local, "local")] {
        let mut text =
            "| key | value | default | variable | flag | what it says |\n|---|---|---|---|---|---|\n".to_owned();
        for key in keys::of(table) {
            let (name, kind, default) = (key.name, kind(key.kind), key.default);
            let (variable, flag, help) = (code(key.variable), code(key.flag), cell(key.help));
            writeln!(
                text,
                "| `{name}` | {kind} | {default} | {variable} | {flag} | {help} |"
            )
            .unwrap();
        }
        compare("configuration.md", name, &text);
    }
    for (table, name) in [(Table::Profile, "profiles"), (Table::Notify, "notify")] {
        let mut text =
            "| key | value | without it | what it says |\n|---|---|---|---|\n".to_owned();
        for key in keys::of(table) {
            let without = if key.required {
                "an error"
            } else {
                key.default
            };
            let (kind, help) = (kind(key.kind), cell(key.help));
            writeln!(text, "| `{}` | {kind} | {without} | {help} |", key.name).unwrap();
        }
        compare("configuration.md", name, &text);
    }
}

#[test]
fn the_page_of_the_recipes_has_every_field_and_preset() {
    let mut text = "| field | value | default | what it does |\n|---|---|---|---|\n".to_owned();
    for field in FIELDS {
        let kind = match field.kind {
            FieldKind::Number { min, max, unit, .. } => format!("{min} to {max} {unit}"),
            FieldKind::Flag => "`true` or `false`".to_owned(),
            FieldKind::Choice(names) => names
                .iter()
                .map(|name| format!("`\"{name}\"`"))
                .collect::<Vec<_>>()
                .join(" or "),
        };
        let default = match field.default {
            Value::Number(number) => number.to_string(),
            Value::Flag(flag) => flag.to_string(),
            Value::Choice(name) => format!("\"{name}\""),
        };
        let (kind, help) = (kind.trim_end(), cell(field.help));
        writeln!(
            text,
            "| `{}.{}` | {kind} | {default} | {help} |",
            field.section, field.name
        )
        .unwrap();
    }
    compare("recipes.md", "fields", &text);

    let home = tempfile::tempdir().unwrap();
    let mut text = "| name | for | differs from the default in |\n|---|---|---|\n".to_owned();
    for preset in presets::list(&Dirs::within(home.path())).unwrap() {
        let own = presets::differences(&preset.recipe);
        writeln!(
            text,
            "| `{}` | {} | {own} |",
            preset.name,
            cell(&preset.help)
        )
        .unwrap();
    }
    compare("recipes.md", "presets", &text);
}

/// Notes the names of a structure's fields, as its `Deserialize` asks for them.
struct Fields(Vec<&'static str>);

impl<'de> Deserializer<'de> for &mut Fields {
    type Error = value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, value::Error> {
        Err(value::Error::custom("not a structure"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, value::Error> {
        self.0 = fields.to_vec();
        Err(value::Error::custom("only the names are wanted"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

fn fields<T: for<'de> Deserialize<'de>>() -> Vec<&'static str> {
    let mut fields = Fields(Vec::new());
    assert!(T::deserialize(&mut fields).is_err());
    fields.0
}

#[test]
fn every_field_of_the_file_is_in_the_table_and_every_row_has_a_field() {
    let names = |table| keys::of(table).map(|key| key.name).collect::<Vec<_>>();
    let mut top = names(Table::Top);
    top.extend(["local", "keys", "profiles", "notify"]);
    assert_eq!(fields::<ConfigFile>(), top);
    assert_eq!(fields::<LocalOptions>(), names(Table::Local));
    assert_eq!(fields::<ProfileTable>(), names(Table::Profile));
    assert_eq!(fields::<NotifyRule>(), names(Table::Notify));
}
