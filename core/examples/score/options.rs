//! What was asked for on the command line.

use std::path::PathBuf;

pub const USAGE: &str = "usage: score [--seed N] [--boards N] [--only NAMES] [--size 2MP] [--recipe FILE] [--raw] \
    [--write DIR] [--results DIR] [--baseline FILE] [--update-baseline]";

#[derive(Debug, PartialEq)]
pub struct Options {
    pub seed: u64,
    pub boards: usize,
    /// Of these boards alone, when there are any.
    pub only: Vec<String>,
    pub pixels: f64,
    pub recipe: Option<PathBuf>,
    /// Also score the photographs themselves.
    pub raw: bool,
    /// Where photographs, truths and results are written.
    pub write: Option<PathBuf>,
    /// Where another program's results are, instead of ours.
    pub results: Option<PathBuf>,
    pub baseline: Option<PathBuf>,
    pub update_baseline: bool,
}

impl Options {
    pub fn parse(arguments: impl Iterator<Item = String>, boards: usize) -> Result<Self, String> {
        let mut options = Self {
            seed: 1,
            boards,
            only: Vec::new(),
            pixels: 2e6,
            recipe: None,
            raw: false,
            write: None,
            results: None,
            baseline: None,
            update_baseline: false,
        };
        let mut arguments = arguments;
        while let Some(flag) = arguments.next() {
            let mut value = || {
                arguments
                    .next()
                    .ok_or(format!("{flag} needs a value; {USAGE}"))
            };
            match flag.as_str() {
                "--seed" => options.seed = number(&flag, &value()?)?,
                "--boards" => options.boards = number::<usize>(&flag, &value()?)?.max(1),
                "--only" => options.only = value()?.split(',').map(str::to_owned).collect(),
                "--size" => options.pixels = megapixels(&value()?)?,
                "--recipe" => options.recipe = Some(value()?.into()),
                "--raw" => options.raw = true,
                "--write" => options.write = Some(value()?.into()),
                "--results" => options.results = Some(value()?.into()),
                "--baseline" => options.baseline = Some(value()?.into()),
                "--update-baseline" => options.update_baseline = true,
                _ => return Err(format!("unknown argument {flag}; {USAGE}")),
            }
        }
        if options.results.is_some() && (options.update_baseline || options.recipe.is_some()) {
            return Err(
                "--results scores another program: no recipe and no baseline belong to it".into(),
            );
        }
        if !options.only.is_empty() && (options.update_baseline || options.baseline.is_some()) {
            return Err("--only is for a look at a few boards: the baseline is of all".into());
        }
        Ok(options)
    }
}

fn number<T: std::str::FromStr>(flag: &str, text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("{flag} needs a whole number, not {text}"))
}

/// `2MP` or `0.5MP`, in pixels.
fn megapixels(text: &str) -> Result<f64, String> {
    let size = text.strip_suffix("MP").unwrap_or(text).parse::<f64>().ok();
    size.filter(|size| (0.1..=50.0).contains(size))
        .map(|size| size * 1e6)
        .ok_or(format!("--size needs 0.1MP to 50MP, not {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(line.split_whitespace().map(str::to_owned), 14)
    }

    #[test]
    fn a_size_may_be_given_in_megapixels() {
        let options = parse("--size 0.5MP --seed 7 --raw").unwrap();
        assert_eq!((options.pixels, options.seed, options.raw), (5e5, 7, true));
        assert!(parse("--size 0").is_err());
    }

    #[test]
    fn what_is_not_known_is_said() {
        assert!(
            parse("--sed 7")
                .unwrap_err()
                .starts_with("unknown argument --sed")
        );
        assert!(
            parse("--seed")
                .unwrap_err()
                .starts_with("--seed needs a value")
        );
        assert!(parse("--results a --update-baseline").is_err());
    }
}
