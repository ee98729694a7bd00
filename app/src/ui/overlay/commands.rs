//! What can be done in a screen now, in words that can be searched.

use crate::ui::keys::{Keyed, action_name, pretty};

/// Something that can be done.
pub struct Command {
    /// Its row in the screen's table.
    pub row: usize,
    /// Its name and what it does: what is searched and shown.
    pub words: String,
    /// How many characters of the words are the name.
    pub name: usize,
    /// The keys that do it, too.
    pub keys: String,
}

/// All that would do something now.
pub fn live<M: Keyed>(model: &M, unicode: bool) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    for mode in model.modes() {
        for (row, binding) in M::TABLE.iter().enumerate() {
            if binding.mode != *mode || !(binding.live)(model) {
                continue;
            }
            let name = action_name(binding);
            let keys: Vec<String> = model
                .keymap()
                .keys::<M>(row)
                .iter()
                .map(|key| pretty(key, unicode))
                .collect();
            commands.push(Command {
                row,
                words: format!("{name:<16}  {}", binding.help),
                name: name.chars().count(),
                keys: keys.join(" "),
            });
        }
    }
    commands
}
