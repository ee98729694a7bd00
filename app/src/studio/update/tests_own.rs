use proptest::prelude::*;
use whiteboarder_core::recipe::Recipe;

use crate::studio::fixture::{drawn, drive, press, studio};
use crate::studio::message::{Effect, Msg};
use crate::studio::model::Model;
use crate::studio::update::update;

const SIZE: (u16, u16) = (80, 24);

/// The small ball's radius of each photograph's recipe.
fn radii(model: &Model) -> Vec<f64> {
    (0..model.photos.len())
        .map(|photo| model.recipe_of(photo).0.background.small)
        .collect()
}

fn after(keys: &str) -> Model {
    let mut model = studio(4, SIZE);
    drive(&mut model, keys);
    model
}

#[test]
fn a_recipe_counts_for_those_it_was_chosen_for() {
    for (keys, wanted) in [
        // Shared by all, whatever is on screen.
        ("l", [2.3; 4]),
        ("l . l", [2.4; 4]),
        // The others keep what they had when the photograph came on screen.
        (". l T o", [0.0, 2.3, 0.0, 0.0]),
        ("l . l T o", [2.3, 2.4, 2.3, 2.3]),
        (". T o l", [0.0, 2.3, 0.0, 0.0]),
        // And go on without it.
        (". l T o . l", [2.3, 2.3, 2.3, 2.3]),
        (". lll T o . l", [2.3, 2.5, 2.3, 2.3]),
        (". lll T o . l , l", [2.3, 2.6, 2.3, 2.3]),
        // The marked ones.
        ("<Space>.. <Space> ll T m", [2.4, 0.0, 2.4, 0.0]),
        ("<Space>. ll T m", [2.4, 2.4, 2.4, 2.4]),
        ("<Space>. ll T m l", [2.4, 2.5, 2.5, 2.5]),
        // All again.
        (". lll T o . l T a", [2.3; 4]),
        (". lll T o T a", [2.5; 4]),
        // One back to the shared one.
        (". lll T o . l , T s", [2.3; 4]),
        // Not chosen after all.
        (". lll T <Esc>", [2.5; 4]),
    ] {
        let radii = radii(&after(keys));
        let same = radii.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-9);
        assert!(same, "{keys}: {radii:?}");
    }
}

#[test]
fn whom_a_recipe_counts_for_is_one_step_that_can_be_taken_back_and_done_again() {
    for (keys, wanted) in [
        (". l T o u", [2.3; 4]),
        (". l T o uu", [0.0; 4]),
        (". l T o u <Ctrl-R>", [0.0, 2.3, 0.0, 0.0]),
        (". l T o l u", [0.0, 2.3, 0.0, 0.0]),
        (". l T o l uu", [2.3; 4]),
        // What was done there is taken back there.
        (". l T o . l u", [0.0, 2.3, 0.0, 0.0]),
        // Giving a recipe to one took it from the others.
        (". l T o . l u u", [2.3; 4]),
        ("<Space>.. <Space> ll T m u", [2.4; 4]),
        ("<Space>.. <Space> ll T m gu", [2.4; 4]),
        (". lll T o . l T a u", [2.3, 2.5, 2.3, 2.3]),
        (". lll T o T s u", [0.0, 2.5, 0.0, 0.0]),
        // A change in between ends what could be done again.
        (". l T o u l <Ctrl-R>", [2.4; 4]),
    ] {
        let radii = radii(&after(keys));
        let same = radii.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-9);
        assert!(same, "{keys}: {radii:?}");
    }
}

#[test]
fn a_photographs_own_recipe_is_what_is_rendered_and_written() {
    let mut model = after(". lll T o .");
    let small = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::Render(request) => Some(request.recipe.background.small),
            Effect::Write(job) => Some(job.recipe.background.small),
            _ => None,
        })
    };
    assert_eq!(small(&drive(&mut model, ",")), Some(2.5));
    let effects = drive(&mut model, "w");
    assert_eq!(small(&effects), Some(2.5));
    // Written while something else is on screen.
    drive(&mut model, ",");
    assert!(model.has_unwritten_changes());
    let job = effects.into_iter().find_map(|effect| match effect {
        Effect::Write(job) => Some(job),
        _ => None,
    });
    let (job, seconds) = (job.unwrap(), Ok(1.0));
    update(&mut model, Msg::Written { job, seconds });
    assert!(!model.has_unwritten_changes());
}

#[test]
fn the_header_the_strip_and_the_question_say_whose_recipe_it_is() {
    let mut model = after(". lll T o");
    let screen = drawn(&model);
    assert!(screen.contains("default* (own)"), "{screen}");
    assert!(screen.contains("* board-2.jpg"), "{screen}");
    drive(&mut model, ", <Space>");
    assert!(!drawn(&model).contains("(own)"));
    press(&mut model, "T");
    let screen = drawn(&model);
    let asked = "this recipe for all 4 (1 of their own), the 1 marked, or only this one?";
    assert!(screen.contains(asked), "{screen}");
    assert!(
        screen.contains("a all  m marked  o only this  Esc back"),
        "{screen}"
    );
}

proptest! {
    /// However a photograph's recipe is changed, given and taken: what is taken back step by step comes back step by step.
    #[test]
    fn all_that_is_taken_back_can_be_done_again(keys in proptest::collection::vec(0..7_usize, 1..40)) {
        let all = ["l", "h", "<Space>", "T o", "T m", "T a", "T s"];
        let mut model = studio(4, SIZE);
        for key in keys {
            drive(&mut model, all[key]);
            drive(&mut model, "<Esc>");
        }
        let recipes = |model: &Model| -> Vec<Recipe> {
            (0..4).map(|photo| model.recipe_of(photo).0.clone()).collect()
        };
        let mut seen = vec![recipes(&model)];
        while model.can_undo() {
            drive(&mut model, "u");
            seen.push(recipes(&model));
            prop_assert!(seen.len() < 200, "undoing comes to an end");
        }
        while let Some(wanted) = seen.pop() {
            prop_assert_eq!(recipes(&model), wanted);
            if !seen.is_empty() {
                prop_assert!(model.can_redo());
                drive(&mut model, "<Ctrl-R>");
            }
        }
    }
}
