//! What a screen's table of keys is made of.
//!
//! Each screen has one table; its input, its footer, its list of keys, the commands that can be searched and its page of
//! the documentation are all read from it, so that none of them can disagree with another. Other keys that somebody has
//! configured lie over it in a [`Keymap`].

mod map;
mod name;

use std::fmt::Debug;

use crossterm::event::KeyEvent;

#[cfg(test)]
pub use map::check;
pub use map::{Keymap, Mistake, Wanted};
#[cfg(test)]
pub use name::typed;
pub use name::{event, name, pretty};

use super::help::{Entry, Section};

/// A row of a screen's table: `M` is its model, `A` what a key means there, `D` its modes (which layer has the keys).
pub struct Binding<M: 'static, A: 'static, D: 'static> {
    /// Names as [`name()`] makes them; the first is the one that the footer shows.
    pub keys: &'static [&'static str],
    /// What it does.
    pub action: A,
    /// Where it holds.
    pub mode: D,
    /// Whether it would do anything now.
    pub live: fn(&M) -> bool,
    /// One or two words for the footer; empty when the footer never shows it.
    pub label: &'static str,
    /// What it does, for the list of keys.
    pub help: &'static str,
}

/// A row.
pub const fn key<M, A: Copy, D: Copy>(
    mode: D,
    keys: &'static [&'static str],
    action: A,
    live: fn(&M) -> bool,
    label: &'static str,
    help: &'static str,
) -> Binding<M, A, D> {
    Binding {
        keys,
        action,
        mode,
        live,
        label,
        help,
    }
}

/// A row of the table of `M`.
pub type Row<M> = Binding<M, <M as Keyed>::Action, <M as Keyed>::Mode>;

/// What has a table of keys: a screen's model.
pub trait Keyed: Sized + 'static {
    /// What a key can mean.
    type Action: Copy + PartialEq + Debug + 'static;
    /// Where it can mean that.
    type Mode: Copy + PartialEq + Debug + 'static;
    /// Its section in the configuration: `studio` for `[keys.studio]`.
    const NAME: &'static str;
    /// Every key, in the order in which the footer offers them.
    const TABLE: &'static [Row<Self>];
    /// The sections of the list of keys.
    const SECTIONS: &'static [(Self::Mode, &'static str)];
    /// Which modes hold together, the one that the footer begins with first.
    const PLACES: &'static [&'static [Self::Mode]];
    /// Modes in which text is typed: no key that writes something can mean anything there.
    const TYPING: &'static [Self::Mode];
    /// Modes of layers: their actions have the mode's name before their own, since they are called alike in each.
    const LAYERS: &'static [Self::Mode];
    /// Names of actions that must have a key.
    const NEEDED: &'static [&'static str];

    /// A mode that is in every place: its keys work also under what lies over the screen.
    fn is_everywhere(mode: Self::Mode) -> bool {
        Self::PLACES.iter().all(|place| place.contains(&mode))
    }

    /// The modes that hold now: one of the places.
    fn modes(&self) -> &'static [Self::Mode];
    /// Other keys than the table's.
    fn keymap(&self) -> &Keymap;
}

/// What the configuration calls the action of a row: `much-higher`, `ask-yes`.
pub fn action_name<M: Keyed>(row: &Row<M>) -> String {
    let action = kebab(&format!("{:?}", row.action));
    if M::LAYERS.contains(&row.mode) {
        return format!("{}-{action}", kebab(&format!("{:?}", row.mode)));
    }
    action
}

/// `Show(Timeline)` as `show-timeline`.
fn kebab(debug: &str) -> String {
    let mut name = String::new();
    for character in debug.chars() {
        let begins = character.is_uppercase() && !name.is_empty();
        if (begins || !character.is_alphanumeric()) && !name.ends_with('-') {
            name.push('-');
        }
        name.extend(character.to_lowercase().filter(|c| c.is_alphanumeric()));
    }
    name.trim_end_matches('-').to_owned()
}

/// What a key means now.
pub fn action<M: Keyed>(model: &M, key: &KeyEvent) -> Option<M::Action> {
    let name = name(key)?;
    let modes = model.modes();
    let mut rows = M::TABLE.iter().enumerate();
    let found = rows.find(|(index, row)| {
        modes.contains(&row.mode)
            && model.keymap().keys::<M>(*index).contains(&name.as_str())
            && (row.live)(model)
    });
    found.map(|(_, row)| row.action)
}

/// What a row of the table means, when it would do anything now.
pub fn row<M: Keyed>(model: &M, row: usize) -> Option<M::Action> {
    let row = M::TABLE.get(row)?;
    let now = model.modes().contains(&row.mode) && (row.live)(model);
    now.then_some(row.action)
}

/// Whether a key means something in every place.
pub fn is_everywhere<M: Keyed>(model: &M, key: &KeyEvent) -> bool {
    let Some(name) = name(key) else {
        return false;
    };
    M::TABLE.iter().enumerate().any(|(index, row)| {
        let keys = model.keymap().keys::<M>(index);
        M::is_everywhere(row.mode) && keys.contains(&name.as_str())
    })
}

/// The keys that would do something now with their words, for the footer.
pub fn live<M: Keyed>(model: &M, unicode: bool) -> Vec<(String, &'static str)> {
    let mut keys = Vec::new();
    for mode in model.modes() {
        for (index, row) in M::TABLE.iter().enumerate() {
            if row.mode != *mode || row.label.is_empty() || !(row.live)(model) {
                continue;
            }
            if let Some(key) = model.keymap().keys::<M>(index).first() {
                keys.push((pretty(key, unicode), row.label));
            }
        }
    }
    keys
}

/// The key that does something now, for sentences that speak of it; its name when it has none.
pub fn key_of<M: Keyed>(model: &M, action: M::Action) -> String {
    let row = M::TABLE.iter().position(|row| row.action == action);
    let key = row.and_then(|row| {
        model
            .keymap()
            .keys::<M>(row)
            .first()
            .map(|key| (*key).to_owned())
    });
    key.or_else(|| row.map(|row| action_name::<M>(&M::TABLE[row])))
        .unwrap_or_default()
}

/// The table by sections, for the list of keys.
pub fn sections<M: Keyed>(keymap: &Keymap, unicode: bool) -> Vec<Section> {
    let section = |(mode, heading): &(M::Mode, &'static str)| {
        let rows = M::TABLE.iter().enumerate();
        let entries = rows
            .filter(|(_, row)| row.mode == *mode)
            .map(|(index, row)| {
                let keys = keymap.keys::<M>(index);
                let drawn: Vec<String> = keys.iter().map(|key| pretty(key, unicode)).collect();
                Entry {
                    keys: drawn.join(" "),
                    written: keys.join(" "),
                    name: action_name(row),
                    help: row.help,
                }
            });
        (*heading, entries.collect())
    };
    M::SECTIONS.iter().map(section).collect()
}

/// The table as Markdown, for the documentation.
#[cfg(test)]
pub fn markdown<M: Keyed>() -> String {
    let mut text = String::new();
    for (mode, heading) in M::SECTIONS {
        text.extend([
            "\n## ",
            heading,
            "\n\n| key | name | what it does |\n|---|---|---|\n",
        ]);
        for row in M::TABLE.iter().filter(|row| row.mode == *mode) {
            let keys = row
                .keys
                .iter()
                .map(|key| format!("`{}`", pretty(key, true)));
            let keys: Vec<String> = keys.collect();
            let name = action_name(row);
            text.extend([
                "| ",
                &keys.join(" "),
                " | `",
                &name,
                "` | ",
                row.help,
                " |\n",
            ]);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch;

    #[test]
    fn names_are_made_of_what_the_code_calls_the_actions() {
        assert_eq!(kebab("MuchHigher"), "much-higher");
        assert_eq!(kebab("Show(Timeline)"), "show-timeline");
        assert_eq!(kebab("Slot { number: 3 }"), "slot-number-3");
    }

    fn wanted(pairs: &[(&str, &[&str])]) -> Wanted {
        let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
        pairs
            .iter()
            .map(|(name, list)| ((*name).to_owned(), keys(list)))
            .collect()
    }

    fn told(pairs: &[(&str, &[&str])]) -> String {
        watch::keymap(&wanted(pairs)).unwrap_err().sentence
    }

    #[test]
    fn a_mistake_says_what_is_wrong_and_what_was_meant() {
        for (pairs, sentence) in [
            (
                &[("refrehs", &["x"][..])][..],
                "unknown action `refrehs` in [keys.watch]; did you mean `refresh`?",
            ),
            (
                &[("refresh", &["Ctl-R"])],
                "`refresh` in [keys.watch] has `Ctl-R`, which is no key",
            ),
            (
                &[("refresh", &["x"])],
                "`refresh` in [keys.watch] has `x`, which means `stop` already; give that one another key, or []",
            ),
            // The list's own keys meet those that hold in both.
            (
                &[("pause", &["s"])],
                "`pause` in [keys.watch] has `s`, which means `sort` already; give that one another key, or []",
            ),
            (
                &[("refresh", &["F7"]), ("pause", &["F7"])],
                "`pause` in [keys.watch] has `F7`, which means `refresh` already; give that one another key, or []",
            ),
            (
                &[("suspend", &["Z"])],
                "`suspend` in [keys.watch] has `Z`, which could no longer be typed",
            ),
            (
                &[("prompt-accept", &["a"])],
                "`prompt-accept` in [keys.watch] has `a`, which could no longer be typed",
            ),
            (
                &[("leave", &[])],
                "`leave` in [keys.watch] needs a key: it is the way out of everything",
            ),
        ] {
            assert_eq!(told(pairs), sentence);
        }
    }

    #[test]
    fn a_key_is_free_once_its_action_has_another() {
        let free = wanted(&[("stop", &["F9"]), ("refresh", &["x", "r"]), ("mouse", &[])]);
        assert!(watch::keymap(&free).is_ok());
        // In the list and in the details the same key can mean two things.
        assert!(watch::keymap(&wanted(&[("fold-all", &["L"])])).is_ok());
    }
}
