//! Cleaning many photographs here: which, and what becomes of it.

use super::toast;
use super::writing::quit;
use crate::studio::acting::{Existing, News, groups};
use crate::studio::message::Effect;
use crate::studio::model::{Deed, Layer, Leave, Model, Question};
use crate::term::text;
use crate::ui::toast::Kind;

/// Asks for which photographs something is done.
pub(super) fn ask_which(model: &mut Model, deed: Deed) -> Vec<Effect> {
    model.layer = Some(Layer::Which(deed));
    Vec::new()
}

/// Does what was asked about.
pub(super) fn do_it(model: &mut Model, marked: bool) -> Vec<Effect> {
    match model.layer.take() {
        Some(Layer::Which(Deed::Clean)) => clean(model, marked),
        Some(Layer::Which(Deed::Submit)) => {
            model.acting.submits_marked = marked;
            vec![Effect::Batch]
        }
        _ => Vec::new(),
    }
}

/// Submits: asks which, where there is a choice.
pub(super) fn submit(model: &mut Model) -> Vec<Effect> {
    if model.film.marked.is_empty() && model.own_count() == 0 {
        model.acting.submits_marked = false;
        return vec![Effect::Batch];
    }
    ask_which(model, Deed::Submit)
}

fn clean(model: &mut Model, marked: bool) -> Vec<Effect> {
    model.acting.groups = groups(model, marked);
    begin(model, Existing::Ask)
}

/// Goes on after the question about results that are there.
pub(super) fn begin(model: &mut Model, existing: Existing) -> Vec<Effect> {
    model.layer = None;
    if model.acting.groups.is_empty() {
        return Vec::new();
    }
    model.acting.begin(Vec::new(), model.now_ms);
    model.acting.running = true;
    model.acting.stopping = false;
    // How far it is matters more now.
    model.toast = None;
    vec![Effect::Clean {
        groups: model.acting.groups.clone(),
        existing,
    }]
}

pub(super) fn ask_to_stop(model: &mut Model) -> Vec<Effect> {
    model.layer = Some(Layer::Ask(Question::StopCleaning));
    Vec::new()
}

pub(super) fn stop(model: &mut Model) -> Vec<Effect> {
    if !model.acting.running {
        return Vec::new();
    }
    model.acting.stopping = true;
    vec![Effect::StopCleaning]
}

/// Somebody wants to leave, and does not mind that it stops.
pub(super) fn stop_and_quit(model: &mut Model) -> Vec<Effect> {
    let mut effects = stop(model);
    model.acting.running = false;
    effects.extend(quit(model));
    effects
}

pub(super) fn told(model: &mut Model, news: News) -> Vec<Effect> {
    match news {
        News::Exists(count) => {
            model.acting.running = false;
            if model.leaving != Some(Leave::Interrupted) {
                model.layer = Some(Layer::Existing(count));
            }
        }
        News::Begun(pixels) => model.acting.begin(pixels, model.now_ms),
        News::Cleaned { photo, failed } => {
            if failed.is_none() {
                cleaned(model, photo);
            }
            model.acting.finish(photo, failed);
        }
        News::Ended(trouble) => ended(model, trouble),
    }
    Vec::new()
}

fn cleaned(model: &mut Model, photo: usize) {
    model.film.written.insert(photo);
    if let Some(recipe) = model.acting.recipe_of(photo).cloned() {
        model.keep(photo, &recipe);
    }
    if let Some(output) = model.acting.output_of(photo).cloned() {
        model.written.retain(|written| *written != output);
        model.written.push(output);
    }
}

fn ended(model: &mut Model, trouble: Option<String>) {
    let acting = &mut model.acting;
    acting.running = false;
    let (count, failures) = (acting.count(), acting.failures());
    let cleaned = acting.finished - failures.min(acting.finished);
    let seconds = model.now_ms.saturating_sub(acting.since_ms) as f64 / 1000.0;
    let took = text::seconds(seconds);
    let (kind, said) = match trouble {
        Some(why) => (Kind::Failed, why),
        None if acting.finished < count => {
            (Kind::Note, format!("stopped: {cleaned} of {count} cleaned"))
        }
        None if failures > 0 => (
            Kind::Failed,
            format!("{cleaned} of {count} cleaned in {took}, {failures} failed"),
        ),
        None if count == 0 => (Kind::Note, "all results are there already".to_owned()),
        None => (
            Kind::Done,
            format!("{} cleaned in {took}", text::count(count, "photograph")),
        ),
    };
    toast(model, kind, said);
    if failures > 0 && model.layer.is_none() {
        model.layer = Some(Layer::Failures { scroll: 0 });
    }
    if model.layer == Some(Layer::Ask(Question::StopCleaning)) {
        model.layer = None;
    }
}
