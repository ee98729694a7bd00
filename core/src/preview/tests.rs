//! What is kept and what is found again, seen from inside.

use super::*;
use std::sync::Arc;

use crate::analysis::Backdrop;
use crate::image::Channels;
use crate::recipe::Method;

fn photograph() -> Picture {
    let data = (0..300 * 200_usize).map(|i| if i % 300 % 40 < 3 { 60 } else { 190 });
    Picture::new(300, 200, Channels::Grey, data.collect()).unwrap()
}

/// Makes the background that was found recognisable.
fn mark(survey: &mut Survey) {
    match Arc::make_mut(&mut survey.backdrop) {
        Backdrop::Reduced(planes) => planes[0].data[0] = 0.123,
        Backdrop::Full(picture) => picture.data[0] = 123,
    }
}

fn is_marked(survey: &Survey) -> bool {
    match &*survey.backdrop {
        Backdrop::Reduced(planes) => planes[0].data[0].to_bits() == 0.123_f32.to_bits(),
        Backdrop::Full(picture) => picture.data[0] == 123,
    }
}

#[test]
fn a_change_of_finish_alone_does_not_find_the_background_again() {
    for method in [Method::Whiteboard, Method::Ball] {
        let mut recipe = Recipe::default();
        recipe.background.method = method;
        recipe.background.radius = 8.0;
        let (view, never) = (View::fit(300, 200, 90, 60), Cancel::new());
        let mut preview = Preview::new(photograph());
        // First the draft's own rough background, then the full-size run's.
        preview.draft(&recipe, &view, &never).unwrap();
        mark(&mut preview.rough.survey.0.as_mut().unwrap().1);
        recipe.finish.white = 80.0;
        preview.draft(&recipe, &view, &never).unwrap();
        assert!(is_marked(&preview.rough.survey.0.as_ref().unwrap().1));

        preview.exact(&recipe, &view, &never).unwrap();
        let found = |preview: &mut Preview, recipe: &Recipe| {
            is_marked(preview.found.survey.get(&recipe.background).unwrap())
        };
        mark(&mut preview.found.survey.0.as_mut().unwrap().1);
        recipe.finish.black = 20.0;
        recipe.finish.strength = 50.0;
        preview.draft(&recipe, &view, &never).unwrap();
        preview.exact(&recipe, &view, &never).unwrap();
        assert!(found(&mut preview, &recipe));
        // And the mark is not simply for ever.
        recipe.background.small += 0.1;
        recipe.background.radius += 1.0;
        preview.exact(&recipe, &view, &never).unwrap();
        assert!(!found(&mut preview, &recipe));
    }
}

#[test]
fn pan_zoom_and_the_name_of_a_result_run_nothing_again() {
    let mut recipe = Recipe::default();
    let never = Cancel::new();
    let mut preview = Preview::new(photograph());
    preview
        .exact(&recipe, &View::fit(300, 200, 90, 60), &never)
        .unwrap();
    // Whoever looked for the background now would not get far.
    preview.found = Found::default();
    recipe.output.keep_metadata = true;
    let close = View {
        x: 20,
        y: 30,
        width: 60,
        height: 40,
        to_width: 120,
        to_height: 80,
    };
    let exact = preview.exact(&recipe, &close, &never).unwrap();
    let draft = preview.draft(&recipe, &close, &never).unwrap();
    assert_eq!(exact.picture, draft.picture);
    assert_eq!(draft.quality, Quality::Exact);
    preview.full(&recipe, &never).unwrap();
    assert!(preview.found.analysis.0.is_none() && preview.found.survey.0.is_none());
}

#[test]
fn a_new_value_that_fails_leaves_the_old_one() {
    let mut kept = Kept::default();
    assert_eq!(kept.get_or_make(1, || Ok::<_, ()>("one")), Ok(&mut "one"));
    assert_eq!(kept.get_or_make(2, || Err(())), Err(()));
    assert_eq!(kept.get(&1), Some(&mut "one"));
    assert_eq!(kept.get_or_make(2, || Ok::<_, ()>("two")), Ok(&mut "two"));
    assert_eq!(kept.get(&1), None);
}
