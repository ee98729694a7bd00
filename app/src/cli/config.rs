//! `whiteboarder config`: what is set, and by whom.

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::json;

use crate::config::keys::{self, Key, Table as Part};
use crate::config::{LocalOptions, Settings};
use crate::error::Exit;
use crate::notify::Notifier;
use crate::term::glyph::Style;
use crate::term::table::{Align, Cell, Table};
use crate::term::text;

/// Show the settings that are in force, and where they come from.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  whiteboarder config show
  \"${EDITOR:-vi}\" \"$(whiteboarder config path)\"

A flag beats a variable, which beats the configuration file, which beats the default.")]
pub struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Every setting with its value and where that comes from. Wrong files and variables are told here, too.
    #[command(after_help = "Example:\n  whiteboarder config show --json | jq .settings")]
    Show {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Where the configuration file is, or would be.
    #[command(after_help = "Example:\n  mkdir -p \"$(dirname \"$(whiteboarder config path)\")\"")]
    Path,
    /// Send a trial by every [[notify]] of the file, and say what became of each.
    #[command(
        after_help = "Example:\n  whiteboarder config notify\n\nEnds with 1 when one could not be sent."
    )]
    Notify,
}

impl ConfigArgs {
    /// Whether the file need not be right for this: it is asked for in order to be mended.
    pub fn only_path(&self) -> bool {
        matches!(self.command, ConfigCommand::Path)
    }
}

/// Tries the notifications.
fn notify(settings: &Settings) -> Result<Exit> {
    let terminal = &settings.terminal;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let tried = runtime.block_on(Notifier::new(settings).trial());
    if tried.is_empty() {
        terminal.note("the configuration has no [[notify]]: docs/configuration.md explains it");
    }
    let mut exit = Exit::Success;
    for (way, sent) in tried {
        let outcome = match sent {
            Ok(()) => "sent".to_owned(),
            Err(wrong) => {
                exit = Exit::SomeFailed;
                wrong
            }
        };
        terminal.line(&text::safe(&format!("{way}: {outcome}")))?;
    }
    Ok(exit)
}

/// A setting in force.
struct InForce {
    key: &'static Key,
    value: String,
    from: &'static str,
}

pub fn run(args: &ConfigArgs, settings: &Settings) -> Result<Exit> {
    let terminal = &settings.terminal;
    let json = match args.command {
        ConfigCommand::Notify => return notify(settings),
        ConfigCommand::Path => {
            terminal.line(&settings.file_path().to_string_lossy())?;
            return Ok(Exit::Success);
        }
        ConfigCommand::Show { json } => json,
    };
    let path = settings.file_path();
    let found = in_force(settings)?;
    if json {
        let mut values = serde_json::Map::new();
        for setting in &found {
            let name = match setting.key.table {
                Part::Top => setting.key.name.to_owned(),
                _ => format!("local.{}", setting.key.name),
            };
            let document = json!({ "value": setting.value, "from": setting.from });
            values.insert(name, document);
        }
        let profiles: Vec<_> = settings.file.profiles.keys().collect();
        terminal.document(&json!({
            "file": path,
            "exists": path.exists(),
            "settings": values,
            "profiles": profiles,
        }))?;
        return Ok(Exit::Success);
    }
    let mut table = Table::new(&[
        ("setting", Align::Left),
        ("value", Align::Left),
        ("from", Align::Left),
    ]);
    for setting in &found {
        let name = match setting.key.table {
            Part::Top => setting.key.name.to_owned(),
            _ => format!("local.{}", setting.key.name),
        };
        let from = if setting.from == DEFAULT {
            Cell::styled(DEFAULT, Style::Faint)
        } else {
            setting.from.into()
        };
        table.row(vec![name.into(), text::safe(&setting.value).into(), from]);
    }
    for line in table.lines(terminal) {
        terminal.line(&line)?;
    }
    for (name, profile) in &settings.file.profiles {
        let at = profile.endpoint.as_deref().unwrap_or("AWS");
        terminal.line(&text::safe(&format!(
            "profile {name}: {at}, {}, bucket {}",
            profile.region, profile.bucket
        )))?;
    }
    let there = if path.exists() { "" } else { " (not there)" };
    terminal.note(&format!("file: {}{there}", text::path(&path)));
    Ok(Exit::Success)
}

const DEFAULT: &str = "default";
const FILE: &str = "file";
const VARIABLE: &str = "variable";

fn in_force(settings: &Settings) -> Result<Vec<InForce>> {
    let file = settings.file.local.to_table();
    let variables = LocalOptions::from_environment()?.to_table();
    let plain = |value: &toml::Value| match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let top = keys::of(Part::Top).map(|key| {
        let said = match key.name {
            "prices" => Some((&None, &settings.file.prices)),
            "theme" => Some((&settings.theme, &settings.file.theme)),
            _ => None,
        };
        if let Some((flag, file)) = said {
            let (value, from) = match (flag, file) {
                (Some(value), _) => (value.clone(), "flag or variable"),
                (None, Some(value)) => (value.clone(), FILE),
                (None, None) => (key.default.to_owned(), DEFAULT),
            };
            return InForce { key, value, from };
        }
        let from = match &settings.file.profile {
            Some(profile) if *profile == settings.profile => FILE,
            None if settings.profile == key.default => DEFAULT,
            _ => "flag or variable",
        };
        InForce {
            key,
            value: settings.profile.clone(),
            from,
        }
    });
    let local = keys::of(Part::Local).map(|key| {
        let asked = [(&variables, VARIABLE), (&file, FILE)]
            .into_iter()
            .find_map(|(table, from)| Some((plain(table.get(key.name)?), from)));
        let (value, from) = asked.unwrap_or_else(|| (key.default.to_owned(), DEFAULT));
        InForce { key, value, from }
    });
    Ok(top.chain(local).collect())
}
