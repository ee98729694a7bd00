//! What becomes an item, under which name, and what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use whiteboarder_jobs::JobsError;
use whiteboarder_jobs::submit::{Scan, ScanError, ScanOptions, scan, scan_with};

fn folder(files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, file.as_bytes()).unwrap();
    }
    folder
}

fn names(paths: &[PathBuf]) -> Vec<String> {
    scan(paths)
        .unwrap()
        .files
        .into_iter()
        .map(|file| file.name)
        .collect()
}

#[test]
fn a_folder_is_searched_and_names_are_relative_to_it() {
    let folder = folder(&["b.JPG", "a.png", "deep/er/c.jpeg", "a.jpg"]);
    assert_eq!(
        names(&[folder.path().into()]),
        ["a.jpg", "a.png", "b.JPG", "deep/er/c.jpeg"]
    );
    assert_eq!(names(&[folder.path().join("deep")]), ["er/c.jpeg"]);
    assert_eq!(names(&[folder.path().join("deep/er/c.jpeg")]), ["c.jpeg"]);
    assert_eq!(
        scan(&[folder.path().into()]).unwrap().bytes(),
        5 + 5 + 14 + 5
    );
}

#[test]
fn other_files_are_named_and_hidden_ones_are_not() {
    let folder = folder(&[
        "a.png",
        "notes.txt",
        "b.heic",
        "README",
        ".c.png",
        ".git/d.png",
    ]);
    let found = scan(&[folder.path().into()]).unwrap();
    assert_eq!(found.files.len(), 1);
    let skipped: Vec<_> = found
        .skipped
        .iter()
        .map(|s| {
            (
                s.path.file_name().unwrap().to_str().unwrap(),
                s.reason.as_str(),
            )
        })
        .collect();
    assert_eq!(
        skipped,
        [
            (
                "README",
                "a file without an extension is not taken for a picture"
            ),
            (
                "b.heic",
                "this is an HEIC picture, as iPhones take; set the camera to \"Most Compatible\", or convert it: \
                 `heif-convert IMG.heic IMG.jpg` on Linux, `sips -s format jpeg IMG.heic --out IMG.jpg` on a Mac"
            ),
            (
                "notes.txt",
                "`.txt` files are not supported (JPEG, PNG, TIFF, WebP and BMP are)"
            ),
        ]
    );
}

#[test]
fn every_picture_that_is_read_is_found_by_its_extension_in_any_case() {
    let pictures = [
        "a.jpg", "b.JPEG", "c.jpe", "d.jfif", "e.png", "f.tif", "g.TIFF", "h.webp", "i.Bmp",
    ];
    let folder = folder(&pictures);
    assert_eq!(names(&[folder.path().into()]), pictures);
}

#[test]
fn pictures_of_other_kinds_say_what_to_do_with_them() {
    let others = [
        ("a.CR2", "a Canon CR2"),
        ("b.avif", "`avifdec IMG.avif IMG.png`"),
        ("c.gif", "save it as PNG"),
        ("d.jxl", "`djxl IMG.jxl IMG.png`"),
        ("e.nef", "a Nikon NEF"),
        ("f.pdf", "`pdftoppm -png -r 200 FILE.pdf page`"),
        ("g.svg", "no pixels"),
    ];
    let names: Vec<&str> = others.iter().map(|(name, _)| *name).collect();
    let folder = folder(&names);
    std::fs::write(folder.path().join("z.png"), "z").unwrap();
    let found = scan(&[folder.path().into()]).unwrap();
    assert_eq!(found.skipped.len(), others.len());
    for (skipped, (name, words)) in found.skipped.iter().zip(others) {
        assert!(skipped.reason.contains(words), "{name}: {}", skipped.reason);
    }
}

#[test]
fn names_are_composed_unicode_wherever_they_were_typed() {
    let folder = folder(&["tafel-a\u{308}.png"]);
    assert_eq!(names(&[folder.path().into()]), ["tafel-\u{e4}.png"]);
}

#[test]
fn two_files_of_one_name_are_refused_with_both_paths() {
    let folder = folder(&["x/a.png", "y/a.png"]);
    let (x, y) = (folder.path().join("x"), folder.path().join("y"));
    let error = scan(&[x.clone(), y.clone()]).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, ScanError::Collision { .. }));
    assert!(text.contains(x.join("a.png").to_str().unwrap()), "{text}");
    assert!(text.contains(y.join("a.png").to_str().unwrap()), "{text}");
    // The same file twice is one item, and their common folder is fine.
    assert_eq!(names(&[x.clone(), x.join("a.png")]), ["a.png"]);
    assert_eq!(names(&[folder.path().into()]), ["x/a.png", "y/a.png"]);
    // Two spellings of one Unicode name collide, too.
    let twice = self::folder(&["p/\u{e4}.png", "q/a\u{308}.png"]);
    let both = [twice.path().join("p"), twice.path().join("q")];
    assert!(matches!(scan(&both), Err(ScanError::Collision { .. })));
}

#[test]
fn wrong_paths_and_empty_folders_have_their_own_words() {
    let empty = folder(&["notes.txt", "deep/.hidden.png"]);
    let error = scan(&[empty.path().into()]).unwrap_err();
    let ScanError::Empty { skipped, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(skipped.len(), 1);
    assert!(
        error
            .to_string()
            .starts_with("no pictures (JPEG, PNG, TIFF, WebP and BMP) in ")
    );
    assert!(error.hint().is_some());

    let error = scan(&[Path::new("/no/such/folder").into()]).unwrap_err();
    assert_eq!(error.to_string(), "/no/such/folder: no such file or folder");
    let error = JobsError::from(error);
    assert_eq!(error.kind(), whiteboarder_jobs::ErrorKind::Usage);

    let error = scan(&[empty.path().join("notes.txt")]).unwrap_err();
    assert!(
        matches!(error, ScanError::Unsupported { .. }),
        "a file that was named: {error}"
    );
}

#[test]
fn among_others_a_named_file_that_is_no_picture_is_left_out_with_a_reason_and_the_rest_goes_on() {
    let folder = folder(&["a.png", "notes.txt"]);
    let named = ["a.png", "notes.txt"].map(|name| folder.path().join(name));
    let found = scan(&named).unwrap();
    assert_eq!(found.files.len(), 1);
    assert_eq!(
        found.skipped[0].reason,
        "`.txt` files are not supported (JPEG, PNG, TIFF, WebP and BMP are)"
    );
    assert!(found.left_out_named());

    let found = scan(&[folder.path().into()]).unwrap();
    assert_eq!(found.skipped.len(), 1);
    assert!(!found.left_out_named(), "it only lay in the folder");
}

#[cfg(unix)]
#[test]
fn names_that_cannot_be_keys_are_refused() {
    use std::os::unix::ffi::OsStrExt;
    let folder = folder(&["a.png"]);
    let bad = folder
        .path()
        .join(std::ffi::OsStr::from_bytes(b"a\xff.png"));
    // Some file systems refuse such names themselves.
    if std::fs::write(&bad, "x").is_ok() {
        assert!(matches!(
            scan(&[folder.path().into()]),
            Err(ScanError::BadName { .. })
        ));
        std::fs::remove_file(bad).unwrap();
    }
    std::fs::write(folder.path().join("a\nb.png"), "x").unwrap();
    let error = scan(&[folder.path().into()]).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("its name contains control characters")
    );
}

#[cfg(unix)]
#[test]
fn links_are_taken_for_what_they_point_to_but_folders_behind_links_are_not_entered() {
    let folder = folder(&["real/a.png"]);
    let link = |to: &str, name: &str| {
        std::os::unix::fs::symlink(to, folder.path().join(name)).unwrap();
    };
    link("real/a.png", "link.png");
    link("nowhere.png", "broken.png");
    link(".", "loop");
    let found = scan(&[folder.path().into()]).unwrap();
    let names: Vec<_> = found.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["link.png", "real/a.png"]);
    assert!(
        found
            .skipped
            .iter()
            .any(|skipped| skipped.path.ends_with("broken.png"))
    );
}

fn options(include: &[&str], exclude: &[&str]) -> ScanOptions {
    let owned = |patterns: &[&str]| patterns.iter().map(|&p| p.to_owned()).collect();
    ScanOptions {
        include: owned(include),
        exclude: owned(exclude),
        subfolders: true,
    }
}

fn kept(found: &Scan) -> Vec<&str> {
    found.files.iter().map(|file| file.name.as_str()).collect()
}

#[test]
fn patterns_choose_among_what_is_there_and_the_rest_is_counted() {
    let folder = folder(&[
        "a.jpg",
        "a_raw.jpg",
        "b.png",
        "notes.txt",
        "scans/c.tif",
        "scans/old/d.tif",
        "drafts/e.jpg",
    ]);
    let root = [folder.path().to_owned()];
    let found = scan_with(
        &root,
        &options(&["*.jpg", "scans/**"], &["*_raw.*", "old/"]),
    )
    .unwrap();
    assert_eq!(kept(&found), ["a.jpg", "drafts/e.jpg", "scans/c.tif"]);
    assert_eq!(found.excluded, 4, "raw, b.png, notes.txt, old/d.tif");
    assert!(
        found.skipped.is_empty(),
        "what is kept out is not also named"
    );
    assert!(found.unmatched.is_empty());
}

#[test]
fn a_pattern_that_meets_nothing_is_told() {
    let folder = folder(&["a.jpg", "b.png"]);
    let root = [folder.path().to_owned()];
    let found = scan_with(&root, &options(&["*.jpg", "*.jpgg"], &["drafts", "*.png"])).unwrap();
    assert_eq!(kept(&found), ["a.jpg"]);
    assert_eq!(found.unmatched, ["*.jpgg", "drafts"]);
}

#[test]
fn patterns_that_leave_nothing_over_say_so() {
    let folder = folder(&["a.jpg", "b.png"]);
    let root = [folder.path().to_owned()];
    let error = scan_with(&root, &options(&["*.tif"], &[])).unwrap_err();
    assert!(matches!(error, ScanError::Empty { excluded: 2, .. }));
    assert!(error.hint().unwrap().contains("--include"));
    let error = scan_with(&root, &options(&["a["], &[])).unwrap_err();
    assert!(
        error.to_string().starts_with("`a[` is no pattern: "),
        "{error}"
    );
    // A file that was named and is kept out by a pattern is not missed.
    let named = [folder.path().join("a.jpg"), folder.path().join("b.png")];
    let found = scan_with(&named, &options(&[], &["*.png"])).unwrap();
    assert_eq!((kept(&found), found.excluded), (vec!["a.jpg"], 1));
    assert!(!found.left_out_named());
}

#[test]
fn without_subfolders_only_the_folder_itself_is_searched() {
    let folder = folder(&["a.jpg", "mo/b.jpg", "tu/we/c.jpg", ".hidden/d.jpg"]);
    let flat = ScanOptions {
        subfolders: false,
        ..ScanOptions::default()
    };
    let found = scan_with(&[folder.path().to_owned()], &flat).unwrap();
    assert_eq!((kept(&found), found.subfolders), (vec!["a.jpg"], 2));
    let found = scan_with(&[folder.path().join("mo")], &flat).unwrap();
    assert_eq!((kept(&found), found.subfolders), (vec!["b.jpg"], 0));
}

#[cfg(unix)]
#[test]
fn a_link_is_judged_by_its_own_name() {
    let folder = folder(&["real/a.png"]);
    std::os::unix::fs::symlink("real/a.png", folder.path().join("link.jpg")).unwrap();
    std::os::unix::fs::symlink("real", folder.path().join("folder")).unwrap();
    let root = [folder.path().to_owned()];
    let found = scan_with(&root, &options(&["*.jpg"], &[])).unwrap();
    assert_eq!(kept(&found), ["link.jpg"]);
    let found = scan_with(&root, &options(&[], &["folder"])).unwrap();
    assert!(found.skipped.is_empty(), "{:?}", found.skipped);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Every file that is not hidden is a picture, left out with a reason, or kept out by a pattern: none is lost.
    #[test]
    fn every_file_is_accounted_for(
        names in prop::collection::btree_set(
            "[ab]{1,2}(/[ab]{1,2}){0,2}\\.(png|jpg|txt)", 1..12),
        include in prop::sample::select(vec!["", "*.png", "a*", "b/**", "a/*", "ab/"]),
        exclude in prop::sample::select(vec!["", "*.jpg", "b", "/a*", "**/b/*"]),
    ) {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let folder = folder(&names);
        let some = |pattern: &'static str| Some(pattern).filter(|p| !p.is_empty());
        let (include, exclude) = (some(include), some(exclude));
        let options = options(include.as_slice(), exclude.as_slice());
        let root = [folder.path().to_owned()];
        let (files, skipped, excluded) = match scan_with(&root, &options) {
            Ok(found) => (found.files.len(), found.skipped.len(), found.excluded),
            Err(ScanError::Empty { skipped, excluded, .. }) => (0, skipped.len(), excluded),
            Err(error) => panic!("{error}"),
        };
        prop_assert_eq!(files + skipped + excluded, names.len());
        if include.is_none() && exclude.is_none() {
            prop_assert_eq!(excluded, 0);
        }
    }
}
