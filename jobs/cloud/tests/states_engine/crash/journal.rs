//! What was acknowledged, one line each, written after the answer came. A line that SIGKILL cut short has no end and
//! does not count.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;

pub struct Journal(Mutex<fs::File>);

/// All lives' notes.
#[derive(Default)]
pub struct Notes {
    /// Names of executions whose start was acknowledged, and their machines.
    pub started: Vec<(String, String)>,
    /// The results of activity tasks that were accepted, by the execution's name.
    pub worked: BTreeMap<String, Vec<String>>,
    /// Tokens that were handed out and are not known to be answered.
    pub tokens: Vec<String>,
    /// How many answers to tokens were accepted.
    pub answered: usize,
}

impl Journal {
    pub fn open(folder: &Path) -> Self {
        let path = folder.join("journal");
        // The rest of a line that was cut short must not begin the next one.
        if let Ok(text) = fs::read(&path) {
            let whole = text
                .iter()
                .rposition(|&byte| byte == b'\n')
                .map_or(0, |end| end + 1);
            let file = fs::File::options().write(true).open(&path).unwrap();
            file.set_len(whole as u64).unwrap();
        }
        let file = fs::File::options().create(true).append(true).open(path);
        Self(Mutex::new(file.unwrap()))
    }

    pub fn note(&self, line: &str) {
        let mut file = self.0.lock().unwrap();
        file.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    pub fn read(folder: &Path) -> Notes {
        let text = fs::read_to_string(folder.join("journal")).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let mut notes = Notes::default();
        let (mut tokens, mut answered) = (Vec::new(), BTreeSet::new());
        for line in whole.lines() {
            match line.split(' ').collect::<Vec<_>>().as_slice() {
                ["started", name, machine] => {
                    let start = ((*name).to_owned(), (*machine).to_owned());
                    notes.started.push(start);
                }
                ["worked", name, result] => {
                    let results = notes.worked.entry((*name).to_owned()).or_default();
                    results.push((*result).to_owned());
                }
                ["token", token] => tokens.push((*token).to_owned()),
                ["answered", token] => {
                    assert!(answered.insert(*token), "{token} was answered twice");
                }
                other => panic!("{other:?}"),
            }
        }
        notes.answered = answered.len();
        tokens.retain(|token| !answered.contains(token.as_str()));
        notes.tokens = tokens;
        notes
    }
}
