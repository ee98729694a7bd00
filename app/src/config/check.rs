//! What can be wrong in a configuration file, each with its line and in words.

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::KeyTables;
use super::keys::{self, Key, Table};
use crate::batch::target::LOCAL;
use crate::notify::rule::ONE_WAY;
use crate::term::text;
use crate::ui::keys::Wanted;

/// A found value is shown in at most so many characters.
const SHOWN: usize = 60;

/// The first mistake of a file that is TOML: its line, and a sentence.
pub fn first_mistake(content: &str) -> Option<(usize, String)> {
    let table = match DeTable::parse(content) {
        Ok(table) => table,
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            // The first line of toml's message is the sentence; the rest draws the place.
            let message = error.message().lines().next().unwrap_or_default();
            return Some((line_of(content, at), message.to_owned()));
        }
    };
    let mut found = Mistakes {
        content,
        mistakes: Vec::new(),
    };
    found.top(table.get_ref());
    let first = found.mistakes.into_iter().min_by_key(|(at, _)| *at);
    first.map(|(at, sentence)| (line_of(content, at), sentence))
}

/// The line of a place, counted from 1.
pub fn line_of(content: &str, at: usize) -> usize {
    let before = content.as_bytes().iter().take(at);
    before.filter(|byte| **byte == b'\n').count() + 1
}

struct Mistakes<'a> {
    content: &'a str,
    mistakes: Vec<(usize, String)>,
}

impl Mistakes<'_> {
    fn add(&mut self, at: usize, sentence: String) {
        self.mistakes.push((at, sentence));
    }

    fn top(&mut self, table: &DeTable<'_>) {
        for (name, value) in table {
            let at = name.span().start;
            match (name.get_ref().as_ref(), value.get_ref()) {
                ("local", DeValue::Table(table)) => self.keys(table, Table::Local, "[local]"),
                ("profiles", DeValue::Table(table)) => self.profiles(table),
                ("keys", DeValue::Table(tables)) => self.key_tables(tables),
                ("notify", DeValue::Array(rules)) => self.rules(rules),
                ("notify", _) => self.add(
                    at,
                    "`notify` is written [[notify]], once for each".to_owned(),
                ),
                (name @ ("local" | "profiles" | "keys"), _) => {
                    let found = self.shown(value);
                    self.add(at, format!("`{name}` must be a table, but is {found}"));
                }
                (name, _) => match keys::of(Table::Top).find(|key| key.name == name) {
                    Some(key) => self.value(key, value, ""),
                    None => self.unknown_at_top(at, name),
                },
            }
        }
    }

    fn unknown_at_top(&mut self, at: usize, name: &str) {
        let elsewhere = |table| keys::of(table).any(|key| key.name == name);
        let sentence = if elsewhere(Table::Local) {
            format!("`{}` belongs into the table [local]", text::safe(name))
        } else if elsewhere(Table::Profile) {
            format!(
                "`{}` belongs into a table [profiles.NAME]",
                text::safe(name)
            )
        } else {
            let known = keys::of(Table::Top).map(|key| key.name);
            let meant =
                text::did_you_mean(name, known.chain(["local", "keys", "profiles", "notify"]));
            format!("unknown key `{}`{meant}", text::safe(name))
        };
        self.add(at, sentence);
    }

    fn key_tables(&mut self, tables: &DeTable<'_>) {
        for (name, value) in tables {
            let at = name.span().start;
            let name = name.get_ref().as_ref();
            let screens = KeyTables::EACH;
            let Some((_, mistake)) = screens.iter().find(|(screen, _)| *screen == name) else {
                let meant = text::did_you_mean(name, screens.iter().map(|(screen, _)| *screen));
                let name = text::safe(name);
                self.add(at, format!("there is no [keys.{name}]{meant}"));
                continue;
            };
            let DeValue::Table(table) = value.get_ref() else {
                let found = self.shown(value);
                self.add(at, format!("[keys.{name}] must be a table, but is {found}"));
                continue;
            };
            let mut wanted = Wanted::new();
            for (action, value) in table {
                let at = action.span().start;
                if let Some(keys) = keys_of(value.get_ref()) {
                    wanted.insert(action.get_ref().to_string(), keys);
                    continue;
                }
                let (action, found) = (text::safe(action.get_ref()), self.shown(value));
                self.add(
                    at,
                    format!(
                        "`{action}` in [keys.{name}] must be a key or a list of keys, but is {found}"
                    ),
                );
            }
            if let Some(mistake) = mistake(&wanted) {
                let mut rows = table.iter();
                let row = rows.find(|(action, _)| action.get_ref() == mistake.name.as_str());
                let at = row.map_or(at, |(action, _)| action.span().start);
                self.add(at, mistake.sentence);
            }
        }
    }

    fn profiles(&mut self, profiles: &DeTable<'_>) {
        for (name, value) in profiles {
            let at = name.span().start;
            let name = text::safe(name.get_ref());
            let place = format!("[profiles.{name}]");
            let DeValue::Table(table) = value.get_ref() else {
                let found = self.shown(value);
                self.add(at, format!("{place} must be a table, but is {found}"));
                continue;
            };
            if name == LOCAL {
                self.add(
                    at,
                    format!("no profile can be named `{LOCAL}`: that is the cloud on this machine"),
                );
            }
            self.keys(table, Table::Profile, &place);
            for key in keys::of(Table::Profile).filter(|key| key.required) {
                if table.iter().all(|(name, _)| name.get_ref() != key.name) {
                    self.add(at, format!("{place} lacks `{}`: {}", key.name, key.help));
                }
            }
        }
    }

    fn rules(&mut self, rules: &DeArray<'_>) {
        for rule in rules {
            let at = rule.span().start;
            let DeValue::Table(table) = rule.get_ref() else {
                self.add(
                    at,
                    "`notify` is written [[notify]], once for each".to_owned(),
                );
                continue;
            };
            self.keys(table, Table::Notify, "[[notify]]");
            let has = |wanted: &str| table.iter().any(|(name, _)| name.get_ref() == wanted);
            if !has("on") {
                let help =
                    "of what shall be told, for example [\"batch-finished\", \"batch-failed\"]";
                self.add(at, format!("[[notify]] lacks `on`: {help}"));
            }
            let ways = ["terminal", "command", "webhook", "sns"];
            if ways.into_iter().filter(|way| has(way)).count() != 1 {
                self.add(at, ONE_WAY.to_owned());
            }
            for (key, way) in [
                ("secret_file", "webhook"),
                ("aws_profile", "sns"),
                ("endpoint", "sns"),
            ] {
                if has(key) && !has(way) {
                    self.add(at, format!("`{key}` in [[notify]] belongs to `{way}`"));
                }
            }
        }
    }

    fn keys(&mut self, table: &DeTable<'_>, kind: Table, place: &str) {
        for (name, value) in table {
            let at = name.span().start;
            let name = name.get_ref().as_ref();
            if let Some(key) = keys::of(kind).find(|key| key.name == name) {
                self.value(key, value, &format!(" in {place}"));
            } else {
                let meant = text::did_you_mean(name, keys::of(kind).map(|key| key.name));
                let name = text::safe(name);
                self.add(at, format!("unknown key `{name}` in {place}{meant}"));
            }
        }
    }

    fn value(&mut self, key: &Key, value: &Spanned<DeValue<'_>>, place: &str) {
        if !key.kind.accepts(value.get_ref()) {
            let (expected, found) = (key.kind.expected(), self.shown(value));
            let name = key.name;
            self.add(
                value.span().start,
                format!("`{name}`{place} must be {expected}, but is {found}"),
            );
        }
    }

    /// The value as it was written.
    fn shown(&self, value: &Spanned<DeValue<'_>>) -> String {
        match value.get_ref() {
            DeValue::Table(_) => "a table".to_owned(),
            DeValue::Array(_) => "a list".to_owned(),
            _ => {
                let written = self.content.get(value.span()).unwrap_or_default();
                text::safe(&written.chars().take(SHOWN).collect::<String>())
            }
        }
    }
}

/// One key, or a list of them.
fn keys_of(value: &DeValue<'_>) -> Option<Vec<String>> {
    let text = |value: &DeValue<'_>| match value {
        DeValue::String(text) => Some(text.to_string()),
        _ => None,
    };
    match value {
        DeValue::Array(list) => list.iter().map(|value| text(value.get_ref())).collect(),
        value => text(value).map(|key| vec![key]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = "region = \"r\"\nbucket = \"b\"\n\
                           state_machine_arn = \"arn:aws:states:r:1:stateMachine:m\"\n";

    #[test]
    fn every_mistake_is_named_with_its_line() {
        let cases = [
            (
                "[local]\nlamda_memory_mb = 3",
                2,
                "unknown key `lamda_memory_mb` in [local]; did you mean `lambda_memory_mb`?",
            ),
            (
                "[local]\n\nflavour = 3",
                3,
                "unknown key `flavour` in [local]",
            ),
            (
                "profil = \"a\"",
                1,
                "unknown key `profil`; did you mean `profile`?",
            ),
            (
                "[profile.work]\n",
                1,
                "`profile` must be a text, but is a table",
            ),
            ("workers = 2", 1, "`workers` belongs into the table [local]"),
            (
                "bucket = \"b\"",
                1,
                "`bucket` belongs into a table [profiles.NAME]",
            ),
            ("local = 3", 1, "`local` must be a table, but is 3"),
            (
                "[local]\nworkers = \"two\"",
                2,
                "`workers` in [local] must be a whole number from 0 to 64, but is \"two\"",
            ),
            (
                "[local]\nlambda_memory_mb = 20_000",
                2,
                "`lambda_memory_mb` in [local] must be a whole number from 128 to 10240, but is 20_000",
            ),
            (
                "[local]\nport = -1",
                2,
                "`port` in [local] must be a whole number from 0 to 65535, but is -1",
            ),
            (
                "[local]\nport = 99999999999999999999",
                2,
                "`port` in [local] must be a whole number from 0 to 65535, but is 99999999999999999999",
            ),
            (
                "[local]\nworkers = 1.5",
                2,
                "`workers` in [local] must be a whole number from 0 to 64, but is 1.5",
            ),
            (
                "[local]\nidle_minutes = nan",
                2,
                "`idle_minutes` in [local] must be a number from 0 to 525600, but is nan",
            ),
            (
                "[local]\nidle_minutes = -0.5",
                2,
                "`idle_minutes` in [local] must be a number from 0 to 525600, but is -0.5",
            ),
            (
                "[local]\ndurability = \"none\"",
                2,
                "`durability` in [local] must be \"normal\" or \"full\", but is \"none\"",
            ),
            ("[local\n", 1, "unclosed table, expected `]`"),
            (
                "\n[profiles.work]\nregion = \"r\"\nstate_machine_arn = \"arn:aws:states:r:1:stateMachine:m\"",
                2,
                "[profiles.work] lacks `bucket`: the bucket that the batches lie in",
            ),
        ];
        for (content, line, sentence) in cases {
            assert_eq!(
                first_mistake(content),
                Some((line, sentence.to_owned())),
                "{content:?}"
            );
        }
    }

    #[test]
    fn a_profile_s_mistakes_are_named_too() {
        for (more, sentence) in [
            (
                "endpoint = \"localhost:9000\"",
                "`endpoint` in [profiles.work] must be a URL that begins with http:// or https://, but is \"localhost:9000\"",
            ),
            (
                "lambda_timeout_s = 901",
                "`lambda_timeout_s` in [profiles.work] must be a whole number from 1 to 900, but is 901",
            ),
            (
                "buckets = 1",
                "unknown key `buckets` in [profiles.work]; did you mean `bucket`?",
            ),
        ] {
            let content = format!("[profiles.work]\n{PROFILE}{more}\n");
            assert_eq!(first_mistake(&content), Some((5, sentence.to_owned())));
        }
        let local = format!("[profiles.local]\n{PROFILE}");
        assert!(
            first_mistake(&local)
                .unwrap()
                .1
                .starts_with("no profile can be named `local`")
        );
    }

    #[test]
    fn a_key_s_mistakes_are_named_too() {
        for (content, line, sentence) in [
            (
                "[keys.studio]\nundo = \"U\"\nredoo = \"Ctrl-Y\"",
                3,
                "unknown action `redoo` in [keys.studio]; did you mean `redo`?",
            ),
            (
                "[keys.batch]\n\npause = \"Entr\"",
                3,
                "`pause` in [keys.batch] has `Entr`, which is no key; did you mean `Enter`?",
            ),
            (
                "[keys.studio]\nundo = \"w\"",
                2,
                "`undo` in [keys.studio] has `w`, which means `write` already; give that one another key, or []",
            ),
            (
                "[keys.studio]\nundo = 3",
                2,
                "`undo` in [keys.studio] must be a key or a list of keys, but is 3",
            ),
            (
                "[keys.stduio]\nundo = \"w\"",
                1,
                "there is no [keys.stduio]; did you mean `studio`?",
            ),
            ("keys = 3", 1, "`keys` must be a table, but is 3"),
            (
                "[keys]\nlists = 3",
                2,
                "[keys.lists] must be a table, but is 3",
            ),
        ] {
            let found = first_mistake(content);
            assert_eq!(found, Some((line, sentence.to_owned())), "{content:?}");
        }
        let right = "[keys.studio]\nundo = [\"U\", \"Ctrl-Z\"]\nsuspend = []\n[keys.watch]\nask-yes = \"j\"";
        assert_eq!(first_mistake(right), None);
    }

    #[test]
    fn a_notification_s_mistakes_are_named_too() {
        let on = "on = [\"batch-failed\"]\n";
        for (rule, sentence) in [
            (
                "on = [\"batch-ended\"]\nterminal = \"bell\"",
                "`on` in [[notify]] must be a list of \"batch-finished\", \"batch-failed\", \"item-failed\", but is a list",
            ),
            (
                "terminal = \"bell\"",
                "[[notify]] lacks `on`: of what shall be told, for example [\"batch-finished\", \"batch-failed\"]",
            ),
            (on, ONE_WAY),
            (
                &format!("{on}terminal = \"bell\"\nsns = \"arn:aws:sns:r:1:t\""),
                ONE_WAY,
            ),
            (
                &format!("{on}terminal = \"bell\"\nafter = \"30\""),
                "`after` in [[notify]] must be a time like \"30s\", \"5m\" or \"2h\", but is \"30\"",
            ),
            (
                &format!("{on}command = []"),
                "`command` in [[notify]] must be a list of texts: a program and its arguments, but is a list",
            ),
            (
                &format!("{on}sns = \"arn:aws:s3:::b\""),
                "`sns` in [[notify]] must be the ARN of a topic of SNS, but is \"arn:aws:s3:::b\"",
            ),
            (
                &format!("{on}terminal = \"bell\"\nsecret_file = \"s\""),
                "`secret_file` in [[notify]] belongs to `webhook`",
            ),
        ] {
            let content = format!("[[notify]]\n{rule}\n");
            let found = first_mistake(&content).map(|(_, sentence)| sentence);
            assert_eq!(found, Some(sentence.to_owned()), "{content}");
        }
        let right = format!(
            "[[notify]]\n{on}command = [\"notify-send\", \"{{title}}\"]\n[[notify]]\n{on}terminal = \"osc9\""
        );
        assert_eq!(first_mistake(&right), None);
        assert!(
            first_mistake("notify = 3")
                .unwrap()
                .1
                .contains("[[notify]]")
        );
    }

    #[test]
    fn of_two_mistakes_the_first_line_is_told() {
        let content = "[local]\nzzz = 1\naaa = 1\n";
        assert_eq!(first_mistake(content).unwrap().0, 2);
    }

    #[test]
    fn what_is_right_is_let_through() {
        for content in [
            "",
            "# only a comment\n",
            "\u{feff}profile = \"work\"\r\n",
            "local = { workers = 0, idle_minutes = 0 }",
            "local.idle_minutes = 0.5\nlocal.port = 0x1F90",
            &format!("[profiles.\"a b\"]\n{PROFILE}endpoint = \"http://127.0.0.1:1\""),
        ] {
            assert_eq!(first_mistake(content), None, "{content:?}");
        }
    }
}
