//! Pixels never depend on the system's mathematics library: `powf`, `exp`, `sin` and their like differ in the last bit
//! from machine to machine. `libm`, tables, and `sqrt` (which IEEE 754 defines exactly) do not.
#![allow(clippy::unwrap_used)]

use std::path::Path;

const FORBIDDEN: &[&str] = &[
    ".powf(",
    ".powi(",
    ".exp(",
    ".exp2(",
    ".exp_m1(",
    ".ln(",
    ".ln_1p(",
    ".log(",
    ".log2(",
    ".log10(",
    ".sin(",
    ".cos(",
    ".tan(",
    ".sin_cos(",
    ".asin(",
    ".acos(",
    ".atan(",
    ".atan2(",
    ".sinh(",
    ".cosh(",
    ".tanh(",
    ".cbrt(",
    ".hypot(",
    ".mul_add(",
    "f32::powf",
    "f64::powf",
    "f32::exp",
    "f64::exp",
    "f32::ln",
    "f64::ln",
];

/// Lines of the source before its unit tests that use something forbidden.
fn offences(text: &str) -> Vec<&str> {
    let code = text.split("#[cfg(test)]").next().unwrap_or(text);
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .filter(|line| FORBIDDEN.iter().any(|name| line.contains(name)))
        .collect()
}

fn walk(folder: &Path, found: &mut Vec<String>, files: &mut usize) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            *files += 1;
            let text = std::fs::read_to_string(&path).unwrap();
            found.extend(
                offences(&text)
                    .iter()
                    .map(|line| format!("{}: {line}", path.display())),
            );
        }
    }
}

#[test]
fn no_source_file_uses_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut found, mut files) = (Vec::new(), 0);
    walk(&root.join("src"), &mut found, &mut files);
    walk(&root.join("examples"), &mut found, &mut files);
    assert!(files > 15, "only {files} files were looked at");
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_search_finds_what_it_should() {
    assert_eq!(
        offences("let y = x.powf(2.4);\n// x.exp()\nlet z = libm::powf(x, 2.0);").len(),
        1
    );
}
