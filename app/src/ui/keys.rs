//! What a screen's table of keys is made of, and how keys are called.
//!
//! Each screen has one table; its input, its footer, its `?` layer and its page of the documentation are all read
//! from it, so that none of them can disagree with another.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A row of a screen's table: `M` is its model, `A` what a key means there, `D` its modes (which layer has the keys).
pub struct Binding<M: 'static, A: 'static, D: 'static> {
    /// Names as [`name`] makes them; the first is the one that the footer shows.
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

/// What a key means in a mode, or everywhere.
pub fn find<M, A: Copy, D: Copy + PartialEq>(
    table: &[Binding<M, A, D>],
    model: &M,
    modes: [D; 2],
    key: &KeyEvent,
) -> Option<A> {
    let name = name(key)?;
    table
        .iter()
        .filter(|binding| modes.contains(&binding.mode))
        .find(|binding| binding.keys.contains(&name.as_str()) && (binding.live)(model))
        .map(|binding| binding.action)
}

/// The keys that would do something in a mode now, for the footer.
pub fn live<'a, M, A, D: Copy + PartialEq>(
    table: &'a [Binding<M, A, D>],
    model: &'a M,
    mode: D,
) -> impl Iterator<Item = &'a Binding<M, A, D>> {
    table.iter().filter(move |binding| {
        binding.mode == mode && !binding.label.is_empty() && (binding.live)(model)
    })
}

/// A key's name, as the tables and people write it: `h`, `H`, `Left`, `Shift-Left`, `Ctrl-R`, `F1`.
pub fn name(key: &KeyEvent) -> Option<String> {
    let base = match key.code {
        // Shift is in the character itself; Ctrl comes with the small one.
        KeyCode::Char(c) if key.modifiers.contains(KeyModifiers::CONTROL) => {
            return Some(format!("Ctrl-{}", c.to_uppercase()));
        }
        KeyCode::Char(c) if key.modifiers.contains(KeyModifiers::ALT) => {
            return Some(format!("Alt-{c}"));
        }
        KeyCode::Char(' ') => "Space".to_owned(),
        KeyCode::Char(c) => return Some(c.to_string()),
        KeyCode::F(number) => format!("F{number}"),
        KeyCode::Left => "Left".to_owned(),
        KeyCode::Right => "Right".to_owned(),
        KeyCode::Up => "Up".to_owned(),
        KeyCode::Down => "Down".to_owned(),
        KeyCode::Enter => "Enter".to_owned(),
        KeyCode::Esc => "Esc".to_owned(),
        KeyCode::Tab => "Tab".to_owned(),
        KeyCode::BackTab => return Some("Shift-Tab".to_owned()),
        KeyCode::Backspace => "Backspace".to_owned(),
        KeyCode::Home => "Home".to_owned(),
        KeyCode::End => "End".to_owned(),
        KeyCode::PageUp => "PgUp".to_owned(),
        KeyCode::PageDown => "PgDn".to_owned(),
        _ => return None,
    };
    Some(if key.modifiers.contains(KeyModifiers::SHIFT) {
        format!("Shift-{base}")
    } else {
        base
    })
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

/// Some sections of a table as Markdown, for the documentation.
#[cfg(test)]
pub fn markdown<M, A, D: Copy + PartialEq>(
    table: &[Binding<M, A, D>],
    sections: &[(D, &str)],
) -> String {
    let mut text = String::new();
    for (mode, heading) in sections {
        text.extend(["\n## ", heading, "\n\n| key | what it does |\n|---|---|\n"]);
        for row in table.iter().filter(|row| row.mode == *mode) {
            let keys: Vec<String> = row
                .keys
                .iter()
                .map(|key| format!("`{}`", pretty(key, true)))
                .collect();
            text.extend(["| ", &keys.join(" "), " | ", row.help, " |\n"]);
        }
    }
    text
}

/// Holds a table to what every table promises: no key means two things in one place, and each can be typed.
#[cfg(test)]
pub fn check<M, A, D: Copy + PartialEq>(table: &[Binding<M, A, D>], everywhere: D) {
    for (index, one) in table.iter().enumerate() {
        for other in &table[index + 1..] {
            let meets =
                one.mode == other.mode || one.mode == everywhere || other.mode == everywhere;
            let shared = one.keys.iter().find(|key| other.keys.contains(key));
            assert!(!meets || shared.is_none(), "{shared:?}");
        }
    }
    for key in table.iter().flat_map(|binding| binding.keys) {
        assert_eq!(name(&typed(key)).unwrap(), *key);
    }
}

/// The event that a key's name means.
#[cfg(test)]
pub fn typed(key: &str) -> KeyEvent {
    let (modifiers, base) = match key.split_once('-') {
        Some(("Ctrl", base)) => (KeyModifiers::CONTROL, base.to_lowercase()),
        Some(("Shift", base)) => (KeyModifiers::SHIFT, base.to_owned()),
        _ => (KeyModifiers::NONE, key.to_owned()),
    };
    let code = match base.as_str() {
        "Tab" if modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
        "Tab" => KeyCode::Tab,
        "Backspace" => KeyCode::Backspace,
        "Left" => KeyCode::Left,
        "Right" => KeyCode::Right,
        "Up" => KeyCode::Up,
        "Down" => KeyCode::Down,
        "Enter" => KeyCode::Enter,
        "Esc" => KeyCode::Esc,
        "Home" => KeyCode::Home,
        "End" => KeyCode::End,
        "PgUp" => KeyCode::PageUp,
        "PgDn" => KeyCode::PageDown,
        "F1" => KeyCode::F(1),
        "Space" => KeyCode::Char(' '),
        one => KeyCode::Char(one.chars().next().unwrap()),
    };
    KeyEvent::new(code, modifiers)
}
