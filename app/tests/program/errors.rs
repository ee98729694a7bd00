//! `docs/errors.md` is what people are told: each of its rows is produced here and compared.

mod backgrounds;
mod batches;
mod cloud;
mod here;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use crate::support::Ended;

/// What a person is told, and how the program ends. Sentence and hint of a row may have placeholders.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    sentence: String,
    hint: Option<String>,
    code: i32,
}

/// Brings something about and says what came of it; `None` where this machine cannot.
pub type Scenario = fn() -> Option<Told>;

impl Told {
    /// The one error of a command.
    #[track_caller]
    pub fn of(ended: &Ended) -> Told {
        let beginning = |words: &[&str]| {
            let found = ended.err.lines().filter_map(|line| {
                let line = line.trim_start();
                words.iter().find_map(|word| line.strip_prefix(word))
            });
            found.map(str::to_owned).collect::<Vec<_>>()
        };
        let [sentence] = &beginning(&["error: ", "interrupted: "])[..] else {
            panic!("not one sentence: {ended:?}")
        };
        let mut hints = beginning(&["hint: "]);
        // clap's own way to say what to do.
        hints.extend(
            ended
                .err
                .lines()
                .filter(|line| line.starts_with("For more information"))
                .map(str::to_owned),
        );
        assert!(hints.len() <= 1, "more than one hint: {ended:?}");
        Told {
            sentence: sentence.clone(),
            hint: hints.pop(),
            code: ended.code.unwrap(),
        }
    }

    /// What is said of one picture among others.
    pub fn of_picture(sentence: impl Into<String>, code: Option<i32>) -> Told {
        Told {
            sentence: sentence.into(),
            hint: None,
            code: code.unwrap(),
        }
    }

    /// Whether this is what a row of the page says.
    fn is_told_by(&self, row: &Told) -> bool {
        self.code == row.code
            && matches(&row.sentence, &self.sentence)
            && match (&row.hint, &self.hint) {
                (Some(pattern), Some(hint)) => matches(pattern, hint),
                (None, None) => true,
                _ => false,
            }
    }
}

/// Whether a text follows a pattern in which `‹…›` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((before, rest)) = pattern.split_once('‹') else {
        return pattern == text;
    };
    let (_, after) = rest.split_once('›').expect("a placeholder ends");
    let Some(text) = text.strip_prefix(before) else {
        return false;
    };
    text.char_indices()
        .map(|(at, _)| at)
        .chain([text.len()])
        .any(|at| matches(after, &text[at..]))
}

/// The rows of the page by their id.
fn rows() -> BTreeMap<String, Told> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors.md");
    let mut rows = BTreeMap::new();
    for line in fs::read_to_string(page).unwrap().lines() {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [id, _, sentence, hint, code] = cells[..] else {
            continue;
        };
        let Ok(code) = code.parse() else {
            continue;
        };
        let row = Told {
            sentence: sentence.to_owned(),
            hint: (hint != "–").then(|| hint.to_owned()),
            code,
        };
        assert!(
            rows.insert(id.to_owned(), row).is_none(),
            "{id} is there twice"
        );
    }
    rows
}

#[test]
fn the_page_of_errors_says_what_the_program_says() {
    let rows = rows();
    let lists = [
        here::SCENARIOS,
        backgrounds::SCENARIOS,
        cloud::SCENARIOS,
        batches::SCENARIOS,
    ];
    let scenarios: BTreeMap<&str, Scenario> = lists.into_iter().flatten().copied().collect();
    assert_eq!(
        scenarios.len(),
        lists.iter().map(|list| list.len()).sum::<usize>(),
        "an id has two scenarios"
    );
    assert_eq!(
        rows.keys().map(String::as_str).collect::<Vec<_>>(),
        scenarios.keys().copied().collect::<Vec<_>>(),
        "each row has its scenario, and each scenario its row"
    );

    let queue = Mutex::new(scenarios.into_iter());
    let wrong = Mutex::new(Vec::new());
    // Some wait for processes most of the time.
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let Some((id, scenario)) = queue.lock().unwrap().next() else {
                        break;
                    };
                    match scenario() {
                        None => eprintln!("skipped: {id} cannot be brought about here"),
                        Some(told) if told.is_told_by(&rows[id]) => {}
                        Some(told) => wrong.lock().unwrap().push(format!(
                            "{id}\n  docs/errors.md: {:?}\n  the program:    {told:?}",
                            rows[id]
                        )),
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn placeholders_stand_for_anything_and_nothing_else_does() {
    assert!(matches("‹path›: no such file", "a/b: no such file"));
    assert!(matches("‹a› and ‹b›", "x and y and z"));
    assert!(matches("port ‹n›", "port "));
    assert!(!matches("‹path›: no such file", "a/b: no such folder"));
    assert!(!matches("port ‹n› is", "the port 1 is"));
}
