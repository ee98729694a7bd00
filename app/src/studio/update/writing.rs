//! Writing the result, and leaving.

use super::toast;
use crate::studio::message::{Effect, WriteJob};
use crate::studio::model::{Layer, Leave, Model, Question, Writing};
use crate::term::text;
use crate::ui::toast::Kind as ToastKind;

pub(super) fn write_current(model: &mut Model) -> Vec<Effect> {
    let Some(photo) = model.photo() else {
        return Vec::new();
    };
    let job = WriteJob {
        photo: model.current,
        path: photo.path.clone(),
        output: photo.output.clone(),
        recipe: model.recipe.clone(),
        replace: false,
    };
    write(model, job)
}

pub(super) fn write(model: &mut Model, job: WriteJob) -> Vec<Effect> {
    model.writing = Some(Writing {
        photo: job.photo,
        recipe: job.recipe.clone(),
        since_ms: model.now_ms,
    });
    vec![Effect::Write(job)]
}

pub(super) fn written(
    model: &mut Model,
    job: WriteJob,
    seconds: Result<f64, String>,
) -> Vec<Effect> {
    model.writing = None;
    match seconds {
        Ok(seconds) => {
            let place = text::path(&job.output);
            let took = text::seconds(seconds);
            toast(model, ToastKind::Done, format!("wrote {place} in {took}"));
            model.keep(job.photo, &job.recipe);
            model.written.retain(|output| *output != job.output);
            model.written.push(job.output);
            model.film.written.insert(job.photo);
        }
        Err(sentence) => {
            toast(model, ToastKind::Failed, sentence);
            // Whoever wanted to leave after the writing wanted the file.
            if model.leaving == Some(Leave::Quit) {
                model.leaving = None;
            }
        }
    }
    model.leaving.map(Effect::Quit).into_iter().collect()
}

pub(super) fn quit(model: &mut Model) -> Vec<Effect> {
    if model.acting.running {
        model.layer = Some(Layer::Ask(Question::LeaveCleaning));
        return Vec::new();
    }
    // What is being written now is not lost.
    let safe = model
        .writing
        .as_ref()
        .is_some_and(|writing| writing.recipe == model.recipe);
    if model.has_unwritten_changes() && !safe {
        model.layer = Some(Layer::Ask(Question::LeaveChanges));
        return Vec::new();
    }
    quit_when_written(model)
}

pub(super) fn quit_when_written(model: &mut Model) -> Vec<Effect> {
    if model.writing.is_some() {
        model.leaving = Some(Leave::Quit);
        return Vec::new();
    }
    vec![Effect::Quit(Leave::Quit)]
}

pub(super) fn leave(model: &mut Model) -> Vec<Effect> {
    if model.writing.is_none() || model.leaving == Some(Leave::Interrupted) {
        return vec![Effect::Quit(Leave::Interrupted)];
    }
    model.leaving = Some(Leave::Interrupted);
    Vec::new()
}
