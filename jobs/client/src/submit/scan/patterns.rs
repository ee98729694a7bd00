//! Which names `--include` and `--exclude` take.
//!
//! A pattern is matched against a name relative to what was submitted, as `.gitignore` does: without a `/` it matches a
//! file or a folder at any depth, with one it begins at the submitted folder; a folder that matches takes everything
//! below with it, and a `/` at the end matches folders only. `*` and `?` stop at a `/`, `**` does not. Unlike there, the
//! case of the letters a to z does not matter (`*.jpg` takes `A.JPG`), and there is no `!`.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use unicode_normalization::UnicodeNormalization;

use super::{ScanError, ScanOptions};

/// The patterns of one scan, and what they have met so far.
#[derive(Debug)]
pub(super) struct Patterns {
    include: Set,
    exclude: Set,
}

#[derive(Debug)]
struct Set {
    globs: GlobSet,
    /// Which pattern each glob comes from: some need two.
    owner: Vec<usize>,
    patterns: Vec<String>,
    met: Vec<bool>,
    /// Room for the matches of one name.
    hits: Vec<usize>,
}

impl Patterns {
    pub(super) fn new(options: &ScanOptions) -> Result<Self, ScanError> {
        Ok(Self {
            include: Set::new(&options.include)?,
            exclude: Set::new(&options.exclude)?,
        })
    }

    /// Whether a file of this name (`/` between parts, NFC) is wanted. Exclusion wins.
    pub(super) fn take(&mut self, name: &str) -> bool {
        let included = self.include.patterns.is_empty() || self.include.matches(name);
        // Asked in any case: a pattern that only meets what is not included has met something.
        let excluded = self.exclude.matches(name);
        included && !excluded
    }

    /// Whether there is none, and every file is wanted.
    pub(super) fn is_empty(&self) -> bool {
        self.include.patterns.is_empty() && self.exclude.patterns.is_empty()
    }

    /// The patterns that no file met, as they were given.
    pub(super) fn unmatched(&self) -> Vec<String> {
        [&self.include, &self.exclude]
            .into_iter()
            .flat_map(|set| set.patterns.iter().zip(&set.met))
            .filter(|(_, met)| !**met)
            .map(|(pattern, _)| pattern.clone())
            .collect()
    }
}

impl Set {
    fn new(patterns: &[String]) -> Result<Self, ScanError> {
        let mut builder = GlobSetBuilder::new();
        let mut owner = Vec::new();
        for (index, pattern) in patterns.iter().enumerate() {
            let bad = |reason: String| ScanError::BadPattern {
                pattern: pattern.clone(),
                reason,
            };
            for glob in globs(pattern).ok_or_else(|| bad("it is empty".to_owned()))? {
                let glob = GlobBuilder::new(&glob)
                    .literal_separator(true)
                    .case_insensitive(true)
                    .build()
                    .map_err(|error| bad(error.kind().to_string()))?;
                builder.add(glob);
                owner.push(index);
            }
        }
        let globs = builder.build().map_err(|error| ScanError::BadPattern {
            pattern: patterns.join(", "),
            reason: error.kind().to_string(),
        })?;
        Ok(Self {
            globs,
            owner,
            patterns: patterns.to_vec(),
            met: vec![false; patterns.len()],
            hits: Vec::new(),
        })
    }

    fn matches(&mut self, name: &str) -> bool {
        self.globs.matches_into(name, &mut self.hits);
        for hit in &self.hits {
            self.met[self.owner[*hit]] = true;
        }
        !self.hits.is_empty()
    }
}

/// A pattern as globs over whole names; `None` when it says nothing.
fn globs(pattern: &str) -> Option<Vec<String>> {
    let pattern: String = pattern.nfc().collect();
    let pattern = pattern.strip_prefix("./").unwrap_or(&pattern);
    let folders_only = pattern.ends_with('/');
    let body = pattern.trim_end_matches('/');
    let anchored = body.contains('/');
    let body = body.trim_start_matches('/');
    if body.is_empty() {
        return None;
    }
    let body = if anchored {
        body.to_owned()
    } else {
        format!("**/{body}")
    };
    let below = format!("{body}/**");
    Some(if folders_only {
        vec![below]
    } else {
        vec![body, below]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(include: &[&str], exclude: &[&str], name: &str) -> bool {
        let owned = |patterns: &[&str]| patterns.iter().map(|&p| p.to_owned()).collect();
        let options = ScanOptions {
            include: owned(include),
            exclude: owned(exclude),
            subfolders: true,
        };
        Patterns::new(&options).unwrap().take(name)
    }

    #[test]
    fn a_pattern_without_a_slash_matches_at_any_depth_and_in_any_case() {
        for name in ["a.jpg", "A.JPG", "mo/a.jpg", "mo/tu/a.Jpg"] {
            assert!(takes(&["*.jpg"], &[], name), "{name}");
        }
        assert!(!takes(&["*.jpg"], &[], "a.jpg.png"));
        assert!(takes(&["scan_?.{png,tif}"], &[], "x/scan_1.tif"));
        assert!(takes(&["[ab]*"], &[], "b.png"));
    }

    #[test]
    fn a_pattern_with_a_slash_begins_at_the_submitted_folder() {
        assert!(takes(&["scans/**"], &[], "scans/deep/a.png"));
        assert!(!takes(&["scans/**"], &[], "old/scans/a.png"));
        assert!(takes(&["scans/*.png"], &[], "scans/a.png"));
        assert!(
            !takes(&["scans/*.png"], &[], "scans/deep/a.png"),
            "one level"
        );
        assert!(takes(&["/a.png"], &[], "a.png"));
        assert!(!takes(&["/a.png"], &[], "mo/a.png"));
        assert!(takes(&["./a.png"], &[], "a.png"));
        assert!(takes(&["**/scans/*.png"], &[], "old/scans/a.png"));
    }

    #[test]
    fn a_folder_that_matches_takes_what_lies_below_with_it() {
        assert!(!takes(&[], &["drafts"], "mo/drafts/tu/a.png"));
        assert!(!takes(&[], &["mo/drafts"], "mo/drafts/a.png"));
        assert!(!takes(&[], &["drafts/"], "drafts/a.png"));
        assert!(takes(&[], &["drafts.png/"], "drafts.png"), "folders only");
    }

    #[test]
    fn what_is_excluded_is_so_even_when_it_is_included() {
        assert!(takes(&["*.png"], &["*_raw.*"], "a.png"));
        assert!(!takes(&["*.png"], &["*_raw.*"], "a_raw.png"));
        assert!(!takes(&["*.png"], &[], "a.tif"));
    }

    #[test]
    fn a_pattern_typed_with_other_unicode_meets_the_name() {
        assert!(takes(&["tafel-a\u{308}*"], &[], "tafel-\u{e4}.png"));
    }

    #[test]
    fn a_pattern_that_is_none_is_refused_with_what_is_wrong() {
        for (pattern, reason) in [
            ("", "it is empty"),
            ("/", "it is empty"),
            ("a[", "unclosed"),
        ] {
            let options = ScanOptions {
                exclude: vec![pattern.to_owned()],
                ..ScanOptions::default()
            };
            let error = Patterns::new(&options).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
