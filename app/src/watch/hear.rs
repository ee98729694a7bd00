//! What the feed tells, taken in.

use std::sync::Arc;

use whiteboarder_jobs::watch::graph::Graph;
use whiteboarder_jobs::watch::{Acted, Health, News, Order};

use super::model::{Effect, Model};
use super::update::{note, tell, title};
use super::{acts, moves};
use crate::term::text;
use crate::ui::toast::Kind;

/// Takes one piece of news in.
pub fn hear(model: &mut Model, news: News) -> Vec<Effect> {
    match news {
        News::Machine(machine) => {
            match Graph::parse(&machine.definition) {
                Ok(graph) => model.graph = Some(Arc::new(graph)),
                Err(error) => note(
                    model,
                    Kind::Failed,
                    format!("the state machine cannot be drawn: {error}"),
                ),
            }
            model.machine = Some(*machine);
            return vec![title(model)];
        }
        News::Runs(runs) => {
            for run in runs {
                if let Some(&at) = model.index.get(&run.arn) {
                    model.runs[at] = run;
                } else {
                    model.index.insert(run.arn.clone(), model.runs.len());
                    model.runs.push(run);
                }
            }
            model.dirty = true;
        }
        News::Listed { count, complete } => {
            model.listed = (count, complete);
            model.dirty = true;
        }
        News::Opened(opened) if model.details.arn.as_deref() == Some(&opened.arn) => {
            let definition = opened.definition.as_deref();
            model.details.graph = definition
                .and_then(|definition| Graph::parse(definition).ok())
                .map(Arc::new);
            moves::opened(model, &opened);
        }
        News::NotOpened { arn, why } if model.details.arn.as_deref() == Some(&arn) => {
            note(model, Kind::Failed, format!("{arn}: {why}"));
            model.details.trouble = Some(why);
        }
        News::Health(health) => heard_health(model, health),
        News::Acted(acted) => return heard_acted(model, &acted),
        // Of an execution that is open no longer; pictures are drawn outside first.
        News::Opened(_) | News::NotOpened { .. } | News::Pictures { .. } => {}
    }
    Vec::new()
}

fn heard_health(model: &mut Model, health: Health) {
    match &health {
        Health::Denied { action, why } => {
            if !model.denied.iter().any(|(known, _)| known == action) {
                model.denied.push((action.clone(), why.clone()));
                tell(
                    model,
                    Kind::Failed,
                    format!("the permission {action} is missing: {why}"),
                );
            }
            return;
        }
        Health::Offline { why, .. } | Health::Failed { why, .. } => {
            let known = matches!(&model.health,
                Some((Health::Offline { why: old, .. } | Health::Failed { why: old, .. }, _)) if old == why);
            if !known {
                note(model, Kind::Failed, why.clone());
            }
        }
        Health::Live { throttled, .. } => {
            let was = matches!(
                &model.health,
                Some((
                    Health::Live {
                        throttled: true,
                        ..
                    },
                    _
                ))
            );
            if *throttled && !was {
                note(
                    model,
                    Kind::Note,
                    "the service asks to slow down: it is asked less often",
                );
            }
        }
    }
    model.health = Some((health, model.now_ms));
}

fn heard_acted(model: &mut Model, acted: &Acted) -> Vec<Effect> {
    let so_far = acted.done.len() + acted.refused.len();
    if !acted.complete {
        model.acting = Some((acted.action.clone(), so_far, acted.of));
        return Vec::new();
    }
    model.acting = None;
    for refused in &acted.refused {
        let name = refused.arn.rsplit(':').next().unwrap_or(&refused.arn);
        note(
            model,
            Kind::Failed,
            format!(
                "not {}: {}: {}",
                acts::done_word(&acted.action),
                text::safe(name),
                text::safe(&refused.why)
            ),
        );
    }
    let (kind, words) = acts::outcome(acted);
    tell(model, kind, words);
    for arn in &acted.done {
        model.marks.remove(arn);
    }
    vec![Effect::Order(Order::Refresh)]
}
