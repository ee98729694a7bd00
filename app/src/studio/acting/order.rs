//! What of the photographs the Batch screen submits, and with which recipes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use whiteboarder_core::recipe::Recipe;

use super::groups;
use crate::batch::screen as batch;
use crate::studio::model::Model;

/// What is submitted: all photographs, or the marked ones, in a batch for each recipe.
pub fn order(model: &Model, paths: &[PathBuf], output: &Path) -> batch::Order {
    let one = |recipe_name: String, recipe: &Recipe| batch::Order {
        paths: paths.to_vec(),
        output: output.to_owned(),
        recipe_name,
        recipe: recipe.clone(),
        ..batch::Order::default()
    };
    // Someone may have unmarked them since.
    let marked = model.acting.submits_marked && !model.film.marked.is_empty();
    if !marked && model.own_count() == 0 {
        let (recipe, name) = model.recipe_of(model.current);
        return one(name, recipe);
    }
    let mut orders = groups(model, marked).into_iter().filter_map(|group| {
        let first = group.jobs.first()?.photo;
        let names = group.jobs.into_iter().map(|job| job.name);
        let (recipe, name) = model.recipe_of(first);
        Some(batch::Order {
            only: Some(names.collect()),
            ..one(name, recipe)
        })
    });
    let (recipe, name) = model.recipe_of(model.current);
    let first = orders.next().unwrap_or_else(|| batch::Order {
        only: Some(BTreeSet::new()),
        ..one(name, recipe)
    });
    batch::Order {
        then: orders.collect(),
        ..first
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studio::fixture::{drive, studio};

    fn told(order: &batch::Order) -> (Option<Vec<&str>>, &str, f64) {
        let names = order.only.as_ref();
        let names = names.map(|names| names.iter().map(String::as_str).collect());
        (names, &order.recipe_name, order.recipe.background.small)
    }

    #[test]
    fn what_is_submitted_has_the_recipe_that_counts_for_it() {
        let order_of = |keys: &str| {
            let mut model = studio(4, (80, 24));
            drive(&mut model, keys);
            order(&model, &["photos".into()], Path::new("out"))
        };
        let all = order_of("l");
        assert_eq!(told(&all), (None, "default*", 2.3));
        let grouped = order_of(". lll T o . S a");
        let shared = ["board-1.jpg", "board-3.jpg", "board-4.jpg"];
        assert_eq!(told(&grouped), (Some(shared.to_vec()), "default", 0.0));
        let own = Some(vec!["board-2.jpg"]);
        assert_eq!(grouped.then.len(), 1);
        assert_eq!(told(&grouped.then[0]), (own.clone(), "default*", 2.5));
        let marked = order_of(". lll T o <Space> S m");
        assert_eq!(
            (told(&marked), marked.then.len()),
            ((own, "default*", 2.5), 0)
        );
        // Marks that are gone are no choice any more.
        let all = order_of("<Space> S m <Space>");
        assert_eq!(told(&all).0, None);
    }
}
