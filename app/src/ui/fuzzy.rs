//! Finds names by some of their characters: `cnl` finds `CleanOnLambda`.
//!
//! The characters of a word must come in a name in their order. The best of all ways to find them counts, as in
//! sequence alignment with affine gaps (Gotoh, 1982): characters that follow one another and those that begin a word
//! of the name are worth more, and gaps cost.

/// Each character that is found.
const FOUND: i32 = 16;
/// Begins the name.
const FIRST: i32 = 10;
/// Begins a word of the name: behind a blank or a mark, or a capital behind a small letter.
const WORD: i32 = 8;
/// Follows the one found before it.
const FOLLOWS: i32 = 6;
/// The first character between two found ones, and each further one.
const GAP: i32 = 3;
const FURTHER: i32 = 1;
/// Less than anything that is found.
const NOTHING: i32 = i32::MIN / 2;
/// More characters of a name are not looked at.
const LONGEST: usize = 1024;

/// A name in which everything was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Which one it is.
    pub index: usize,
    /// The greater the better.
    pub score: i32,
    /// The characters that were found, by their index among the name's characters, ascending.
    pub positions: Vec<usize>,
}

/// The names in which all words of the query are found, the best first, and of equals the shorter and the earlier.
/// Upper and lower case are the same unless the query has a capital. An empty query finds all in their order.
pub fn matches<'a>(query: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<Match> {
    let exact = query.chars().any(char::is_uppercase);
    let fold = |character: char| if exact { character } else { small(character) };
    let words: Vec<Vec<char>> = query
        .split_whitespace()
        .map(|word| word.chars().map(fold).collect())
        .collect();
    let mut aligner = Aligner::default();
    let mut found: Vec<(Match, usize)> = Vec::new();
    for (index, name) in names.into_iter().enumerate() {
        if !words.iter().all(|word| comes_in(word, name, fold)) {
            continue;
        }
        let mut all = Match {
            index,
            score: 0,
            positions: Vec::new(),
        };
        aligner.take(name, fold);
        if words.iter().all(|word| aligner.align(word, &mut all)) {
            all.positions.sort_unstable();
            all.positions.dedup();
            found.push((all, name.len()));
        }
    }
    if !words.is_empty() {
        found.sort_by_key(|(one, length)| (-one.score, *length, one.index));
    }
    found.into_iter().map(|(one, _)| one).collect()
}

fn small(character: char) -> char {
    character.to_lowercase().next().unwrap_or(character)
}

/// Whether the characters come in their order at all: a quick look that most names do not pass.
fn comes_in(word: &[char], name: &str, fold: impl Fn(char) -> char) -> bool {
    let mut characters = name.chars().take(LONGEST);
    word.iter()
        .all(|wanted| characters.any(|character| fold(character) == *wanted))
}

/// What is needed again for each name.
#[derive(Default)]
struct Aligner {
    name: Vec<char>,
    worth: Vec<i32>,
    /// For each character of the word and each of the name: the best score with the one found at the other; the
    /// best with it found there or before; and where that was.
    at: Vec<i32>,
    until: Vec<i32>,
    from: Vec<usize>,
}

impl Aligner {
    fn take(&mut self, name: &str, fold: impl Fn(char) -> char) {
        self.name.clear();
        self.worth.clear();
        let mut before = None;
        for character in name.chars().take(LONGEST) {
            self.worth.push(worth(before, character));
            self.name.push(fold(character));
            before = Some(character);
        }
    }

    /// Adds the best way to find a word; false when there is none.
    fn align(&mut self, word: &[char], all: &mut Match) -> bool {
        let (rows, columns) = (word.len(), self.name.len());
        if rows == 0 || columns < rows {
            return rows == 0;
        }
        for cells in [&mut self.at, &mut self.until] {
            cells.clear();
            cells.resize(rows * columns, NOTHING);
        }
        self.from.clear();
        self.from.resize(rows * columns, 0);
        for (row, wanted) in word.iter().enumerate() {
            for column in row..columns {
                let cell = row * columns + column;
                if self.name[column] == *wanted {
                    self.at[cell] = FOUND + self.before(row, column, columns);
                }
                let (mut best, mut from) = (self.at[cell], column);
                if column > 0 {
                    // A gap begins behind a found one, or goes on.
                    let open = self.at[cell - 1] - GAP;
                    let on = if self.from[cell - 1] < column - 1 {
                        self.until[cell - 1] - FURTHER
                    } else {
                        NOTHING
                    };
                    let (gap, behind) = if open >= on {
                        (open, column - 1)
                    } else {
                        (on, self.from[cell - 1])
                    };
                    if gap > best {
                        (best, from) = (gap, behind);
                    }
                }
                self.until[cell] = best.max(NOTHING);
                self.from[cell] = from;
            }
        }
        let last = &self.at[(rows - 1) * columns..];
        let best = (0..columns).rev().max_by_key(|column| last[*column]);
        let Some(mut column) = best.filter(|column| last[*column] > NOTHING / 2) else {
            return false;
        };
        all.score += last[column];
        for row in (0..rows).rev() {
            all.positions.push(column);
            if row == 0 {
                break;
            }
            column = if self.follows(row, column, columns) {
                column - 1
            } else {
                self.from[(row - 1) * columns + column - 1]
            };
        }
        true
    }

    /// The best that can stand before a character found here, with what this place is worth.
    fn before(&self, row: usize, column: usize, columns: usize) -> i32 {
        if row == 0 {
            return 2 * self.worth[column];
        }
        if column == 0 {
            return NOTHING;
        }
        let (next, behind) = self.ways(row, column, columns);
        next.max(behind)
    }

    /// Behind the character just before, and behind a gap.
    fn ways(&self, row: usize, column: usize, columns: usize) -> (i32, i32) {
        let cell = (row - 1) * columns + column - 1;
        let worth = self.worth[column];
        (self.at[cell] + worth.max(FOLLOWS), self.until[cell] + worth)
    }

    fn follows(&self, row: usize, column: usize, columns: usize) -> bool {
        let (next, behind) = self.ways(row, column, columns);
        next >= behind
    }
}

/// What it is worth to find a character behind this one.
fn worth(before: Option<char>, character: char) -> i32 {
    match before {
        None => FIRST,
        Some(before) if !before.is_alphanumeric() && character.is_alphanumeric() => WORD,
        Some(before) if before.is_lowercase() && character.is_uppercase() => WORD,
        Some(before) if !before.is_numeric() && character.is_numeric() => WORD,
        Some(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn order<'a>(query: &str, names: &[&'a str]) -> Vec<&'a str> {
        let found = matches(query, names.iter().copied());
        found.iter().map(|found| names[found.index]).collect()
    }

    /// The characters that were found, in brackets.
    fn marked(query: &str, name: &str) -> String {
        let found = matches(query, [name]);
        let positions = &found[0].positions;
        let mark = |(at, character): (usize, char)| {
            if positions.contains(&at) {
                format!("[{character}]")
            } else {
                character.to_string()
            }
        };
        name.chars().enumerate().map(mark).collect()
    }

    #[test]
    fn what_begins_words_and_what_stands_together_comes_first() {
        assert_eq!(
            order("und", &["a fund", "round", "undo", "u_n_d"]),
            ["undo", "u_n_d", "round", "a fund"]
        );
        assert_eq!(
            order("np", &["snapshot", "next-photo", "nip"]),
            ["next-photo", "nip", "snapshot"]
        );
    }

    #[test]
    fn the_best_of_all_ways_is_marked() {
        assert_eq!(
            marked("photo", "photos/p/photo"),
            "[p][h][o][t][o]s/p/photo"
        );
        assert_eq!(marked("b2", "board-12-2.jpg"), "[b]oard-12-[2].jpg");
        assert_eq!(marked("col", "CleanOnLambda"), "[C]lean[O]n[L]ambda");
    }

    #[test]
    fn words_are_found_each_for_itself_and_in_any_order() {
        assert_eq!(
            order("jpg 12", &["12.png", "board-12.jpg", "jpg"]),
            ["board-12.jpg"]
        );
        assert_eq!(order("xyz", &["abc"]), [""; 0]);
    }

    #[test]
    fn a_capital_asks_for_one() {
        assert_eq!(order("L", &["lambda", "Lambda"]), ["Lambda"]);
        assert_eq!(order("ü", &["Übung", "ubung"]), ["Übung"]);
    }

    #[test]
    fn nothing_asked_for_is_everything_as_it_was() {
        assert_eq!(order(" ", &["b", "a"]), ["b", "a"]);
        assert_eq!(order("a", &[]), [""; 0]);
    }

    #[test]
    fn of_equals_the_shorter_and_then_the_earlier_comes_first() {
        assert_eq!(order("a", &["abc", "ab", "ac"]), ["ab", "ac", "abc"]);
    }

    proptest! {
        #[test]
        fn what_is_marked_is_what_was_asked_for(query in "[a-cA-C ]{0,6}", names in prop::collection::vec("[a-cA-C_/]{0,12}", 0..8)) {
            let exact = query.chars().any(char::is_uppercase);
            for found in matches(&query, names.iter().map(String::as_str)) {
                let name: Vec<char> = names[found.index].chars().collect();
                prop_assert!(found.positions.is_sorted());
                let marked: String = found.positions.iter().map(|at| name[*at]).collect();
                for word in query.split_whitespace() {
                    let same = |a: char, b: char| if exact { a == b } else { small(a) == small(b) };
                    let mut rest = marked.chars();
                    prop_assert!(word.chars().all(|c| rest.any(|found| same(found, c))), "{} {}", word, marked);
                }
            }
        }

        #[test]
        fn nothing_that_has_the_characters_is_left_out(word in "[abc]{1,4}", names in prop::collection::vec("[abc_]{0,10}", 0..8)) {
            let found = matches(&word, names.iter().map(String::as_str));
            let has = |name: &String| {
                let mut rest = name.chars();
                word.chars().all(|c| rest.any(|other| other == c))
            };
            prop_assert_eq!(found.len(), names.iter().filter(|name| has(name)).count());
        }
    }

    #[test]
    #[ignore = "prints times, asserts nothing"]
    #[allow(clippy::print_stdout, reason = "what it is for")]
    fn ten_thousand_names_for_each_key() {
        let names: Vec<String> = (0..10_000)
            .map(|n| format!("photos/2026-{:02}/board_{n:05}.jpg", n % 12))
            .collect();
        for query in ["b", "bo", "board", "board 99", "ph 07 board_07.jpg"] {
            let started = std::time::Instant::now();
            let found = matches(query, names.iter().map(String::as_str)).len();
            println!("{query:>20} {found:>6} {:?}", started.elapsed());
        }
    }
}
