//! Other keys for what a screen can do, as somebody has configured them: laid over the screen's table, which stays as
//! it is.

use std::collections::BTreeMap;

use super::name::{canonical, writes};
use super::{Keyed, action_name};
use crate::term::text;

/// What the configuration asks for: the name of an action, and its keys.
pub type Wanted = BTreeMap<String, Vec<String>>;

/// The rows of a table that have other keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keymap(BTreeMap<usize, Vec<String>>);

/// Why a wish cannot be fulfilled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The name in the configuration that it is about.
    pub name: String,
    /// What is wrong, in a sentence.
    pub sentence: String,
}

impl Keymap {
    /// The keys of a screen that somebody wants.
    ///
    /// # Errors
    ///
    /// There is no such action or key, a key would have two meanings, or there would be no way out.
    pub fn of<M: Keyed>(wanted: &Wanted) -> Result<Keymap, Mistake> {
        let place = format!("[keys.{}]", M::NAME);
        let mut map = Keymap::default();
        for (name, keys) in wanted {
            let wrong = |sentence: String| Mistake {
                name: name.clone(),
                sentence,
            };
            let shown = text::safe(name);
            let named = M::TABLE
                .iter()
                .enumerate()
                .filter(|(_, row)| action_name(row) == *name);
            let rows: Vec<usize> = named.map(|(index, _)| index).collect();
            if rows.is_empty() {
                let known: Vec<String> = M::TABLE.iter().map(action_name).collect();
                let meant = text::did_you_mean(name, known.iter().map(String::as_str));
                return Err(wrong(format!("unknown action `{shown}` in {place}{meant}")));
            }
            let mut names = Vec::new();
            for written in keys {
                let key = canonical(written).map_err(|why| {
                    wrong(format!(
                        "`{shown}` in {place} has `{}`, {why}",
                        text::safe(written)
                    ))
                })?;
                if !names.contains(&key) {
                    names.push(key);
                }
            }
            if names.is_empty() && M::NEEDED.contains(&name.as_str()) {
                return Err(wrong(format!(
                    "`{shown}` in {place} needs a key: it is the way out of everything"
                )));
            }
            for row in rows {
                map.0.insert(row, names.clone());
            }
        }
        match map.clash::<M>(wanted) {
            Some(mistake) => Err(mistake),
            None => Ok(map),
        }
    }

    /// The keys of a row of the table.
    pub fn keys<M: Keyed>(&self, row: usize) -> Vec<&str> {
        match self.0.get(&row) {
            Some(keys) => keys.iter().map(String::as_str).collect(),
            None => M::TABLE
                .get(row)
                .map_or(Vec::new(), |row| row.keys.to_vec()),
        }
    }

    /// What cannot be: a key that would no longer be typed, or that would mean two things at the same time.
    fn clash<M: Keyed>(&self, wanted: &Wanted) -> Option<Mistake> {
        let mut rows = (0..M::TABLE.len()).flat_map(|row| {
            let keys = self.keys::<M>(row).into_iter();
            keys.map(move |key| (row, key))
        });
        rows.clone()
            .find_map(|(row, key)| untyped::<M>(row, key))
            .or_else(|| rows.find_map(|(row, key)| self.second::<M>(row, key, wanted)))
    }

    /// The second meaning of a row's key.
    fn second<M: Keyed>(&self, row: usize, key: &str, wanted: &Wanted) -> Option<Mistake> {
        let one = M::TABLE.get(row)?;
        let mut others = M::TABLE.iter().enumerate().skip(row + 1);
        let (_, other) = others.find(|(at, other)| {
            let meet = M::PLACES
                .iter()
                .any(|place| place.contains(&one.mode) && place.contains(&other.mode));
            meet && other.action != one.action && self.keys::<M>(*at).contains(&key)
        })?;
        let (name, other) = (action_name(one), action_name(other));
        // The one that was configured is to blame.
        let (name, other) = if wanted.contains_key(&name) {
            (name, other)
        } else {
            (other, name)
        };
        let sentence = format!(
            "`{name}` in [keys.{}] has `{key}`, which means `{other}` already; give that one another key, or []",
            M::NAME
        );
        Some(Mistake { name, sentence })
    }
}

/// A key of a row that holds where text is typed, and that somebody would want to type.
fn untyped<M: Keyed>(row: usize, key: &str) -> Option<Mistake> {
    let row = M::TABLE.get(row)?;
    let typing = M::PLACES.iter().any(|place| {
        place.contains(&row.mode) && M::TYPING.iter().any(|typing| place.contains(typing))
    });
    let name = action_name(row);
    (typing && writes(key)).then(|| Mistake {
        sentence: format!(
            "`{name}` in [keys.{}] has `{key}`, which could no longer be typed",
            M::NAME
        ),
        name,
    })
}

/// Holds a table to what every table promises: no key means two things in one place, each can be typed, and nothing is
/// typed by accident.
#[cfg(test)]
pub fn check<M: Keyed>() {
    assert_eq!(Keymap::default().clash::<M>(&Wanted::new()), None);
    for row in M::TABLE {
        assert!(
            M::PLACES.iter().any(|place| place.contains(&row.mode)),
            "{:?}",
            row.mode
        );
        let keys = row.keys.iter();
        assert!(
            keys.clone()
                .all(|key| canonical(key).as_deref() == Ok(*key)),
            "{:?}",
            row.keys
        );
    }
    for needed in M::NEEDED {
        assert!(
            M::TABLE.iter().any(|row| action_name(row) == *needed),
            "{needed}"
        );
    }
}
