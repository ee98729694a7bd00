//! How keys are called: `h`, `H`, `Left`, `Shift-Left`, `Ctrl-R`, `F1`.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::term::text;

/// The keys that have a name.
const NAMED: [(&str, KeyCode); 15] = [
    ("Space", KeyCode::Char(' ')),
    ("Enter", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("Backspace", KeyCode::Backspace),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PgUp", KeyCode::PageUp),
    ("PgDn", KeyCode::PageDown),
    ("Insert", KeyCode::Insert),
    ("Delete", KeyCode::Delete),
];

const MODIFIERS: [(&str, KeyModifiers); 3] = [
    ("Ctrl-", KeyModifiers::CONTROL),
    ("Alt-", KeyModifiers::ALT),
    ("Shift-", KeyModifiers::SHIFT),
];

/// A key's name, as the tables and people write it.
pub fn name(key: &KeyEvent) -> Option<String> {
    let held = |modifiers: KeyModifiers| -> String {
        let held = MODIFIERS
            .iter()
            .filter(|(_, one)| modifiers.contains(*one) && key.modifiers.contains(*one));
        held.map(|(prefix, _)| *prefix).collect()
    };
    let named = |code: KeyCode| NAMED.iter().find(|(_, known)| *known == code);
    match key.code {
        KeyCode::Char(' ') => Some(held(KeyModifiers::all()) + "Space"),
        // Shift is in the character itself; Ctrl comes with the small one.
        KeyCode::Char(c) if key.modifiers.contains(KeyModifiers::CONTROL) => {
            Some(format!("Ctrl-{}", c.to_uppercase()))
        }
        KeyCode::Char(c) => Some(held(KeyModifiers::ALT) + &c.to_string()),
        KeyCode::BackTab => Some("Shift-Tab".to_owned()),
        KeyCode::F(number) => Some(format!("{}F{number}", held(KeyModifiers::all()))),
        code => named(code).map(|(name, _)| held(KeyModifiers::all()) + name),
    }
}

/// The name of the key that somebody means, as [`name`] makes it: `ctrl-r` is `Ctrl-R`.
///
/// # Errors
///
/// What follows a key's name in a sentence: `which is no key; did you mean `Enter`?`.
pub fn canonical(written: &str) -> Result<String, String> {
    let Some(key) = event(written) else {
        let base = written.rsplit('-').next().unwrap_or(written);
        let near = NAMED.iter().find(|(name, _)| {
            let near =
                text::nearest(&base.to_lowercase(), [name.to_lowercase().as_str()]).is_some();
            near && base.len() > 1
        });
        let meant = near.map_or(String::new(), |(name, _)| {
            format!("; did you mean `{name}`?")
        });
        return Err(format!("which is no key{meant}"));
    };
    let name = name(&key).ok_or_else(|| "which is no key".to_owned())?;
    match name.as_str() {
        "Ctrl-I" => Err("which terminals send as Tab".to_owned()),
        "Ctrl-M" => Err("which terminals send as Enter".to_owned()),
        _ if untold(&key) => Err("which terminals do not tell".to_owned()),
        _ => Ok(name),
    }
}

/// Of the characters with Ctrl only the letters and the blank arrive as what they are.
fn untold(key: &KeyEvent) -> bool {
    match key.code {
        KeyCode::Char(c) if key.modifiers.contains(KeyModifiers::CONTROL) => {
            !(c.is_ascii_lowercase() || c == ' ')
        }
        KeyCode::F(number) => !(1..=20).contains(&number),
        _ => false,
    }
}

/// The key of a name; upper and lower case are the same but in single characters.
pub fn event(written: &str) -> Option<KeyEvent> {
    let mut modifiers = KeyModifiers::NONE;
    let mut base = written;
    'more: loop {
        for (prefix, modifier) in MODIFIERS {
            let front = base.get(..prefix.len()).unwrap_or_default();
            if front.eq_ignore_ascii_case(prefix) && base.len() > prefix.len() {
                modifiers |= modifier;
                base = &base[prefix.len()..];
                continue 'more;
            }
        }
        break;
    }
    let mut characters = base.chars();
    let code = match (characters.next()?, characters.next()) {
        (one, None) if one.is_control() || one == ' ' => return None,
        (one, None) if modifiers.contains(KeyModifiers::CONTROL) => {
            KeyCode::Char(one.to_ascii_lowercase())
        }
        (one, None) if modifiers.contains(KeyModifiers::SHIFT) => {
            KeyCode::Char(one.to_ascii_uppercase())
        }
        (one, None) => KeyCode::Char(one),
        ('f' | 'F', Some('0'..='9')) => KeyCode::F(base[1..].parse().ok()?),
        _ => {
            let found = NAMED
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(base));
            found.map(|(_, code)| *code)?
        }
    };
    let code = match code {
        KeyCode::Tab if modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
        code => code,
    };
    Some(KeyEvent::new(code, modifiers))
}

/// Whether pressing it where text is typed would write something.
pub fn writes(name: &str) -> bool {
    name.chars().count() == 1 || name == "Space"
}

/// A key's name with arrows as arrows.
pub fn pretty(name: &str, unicode: bool) -> String {
    if !unicode || name.starts_with("Pg") {
        return name.to_owned();
    }
    name.replace("Left", "←")
        .replace("Right", "→")
        .replace("Up", "↑")
        .replace("Down", "↓")
}

/// The event that a key's name means.
#[cfg(test)]
pub fn typed(key: &str) -> KeyEvent {
    event(key).unwrap_or_else(|| panic!("{key} is no key"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_is_found_however_its_name_is_written() {
        for (written, name) in [
            ("h", "h"),
            ("H", "H"),
            ("shift-h", "H"),
            ("ctrl-r", "Ctrl-R"),
            ("CTRL-R", "Ctrl-R"),
            ("alt-x", "Alt-x"),
            ("esc", "Esc"),
            ("pgup", "PgUp"),
            ("shift-left", "Shift-Left"),
            ("ctrl-shift-left", "Ctrl-Shift-Left"),
            ("shift-tab", "Shift-Tab"),
            ("f12", "F12"),
            ("shift-f5", "Shift-F5"),
            ("space", "Space"),
            ("ctrl-space", "Ctrl-Space"),
            ("-", "-"),
            ("Alt--", "Alt--"),
            ("ü", "ü"),
        ] {
            assert_eq!(canonical(written), Ok(name.to_owned()), "{written}");
        }
    }

    #[test]
    fn what_no_terminal_sends_is_no_key() {
        for (written, why) in [
            ("", "which is no key"),
            ("Ctrl-", "which is no key"),
            ("entre", "which is no key"),
            ("Entr", "which is no key; did you mean `Enter`?"),
            ("Ctrl-Lefd", "which is no key; did you mean `Left`?"),
            ("F99", "which terminals do not tell"),
            ("F999", "which is no key"),
            ("ctrl-i", "which terminals send as Tab"),
            ("Ctrl-M", "which terminals send as Enter"),
            ("Ctrl-1", "which terminals do not tell"),
            (" ", "which is no key"),
        ] {
            assert_eq!(canonical(written), Err(why.to_owned()), "{written:?}");
        }
    }

    proptest! {
        #[test]
        fn a_name_means_the_key_that_it_is_the_name_of(written in "(Ctrl-|Alt-|Shift-){0,2}(\\PC|F[1-9]|Left|Tab|Enter)") {
            if let Ok(name) = canonical(&written) {
                prop_assert_eq!(canonical(&name), Ok(name));
            }
        }
    }
}
