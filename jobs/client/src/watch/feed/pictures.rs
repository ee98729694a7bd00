//! An item's two pictures.

use super::ask::Asker;
use crate::download::picture_within;
use crate::error::JobsError;
use crate::names;
use crate::watch::run::Run;

/// Larger files are not brought into memory to be looked at.
const LARGEST: u64 = 64 * 1024 * 1024;

/// What was found.
pub(super) struct Pictures {
    pub(super) arn: String,
    pub(super) before: Option<Vec<u8>>,
    pub(super) after: Option<Vec<u8>>,
    pub(super) error: Option<JobsError>,
}

/// Fetches the original and the result of an execution's item.
pub(super) async fn fetch(ask: Asker, run: Run) -> Pictures {
    let mut pictures = Pictures {
        arn: run.arn.clone(),
        before: None,
        after: None,
        error: None,
    };
    let Some(subject) = &run.subject else {
        return pictures;
    };
    let fetch = |key: String| {
        ask.counters().object();
        let target = ask.target().clone();
        async move { picture_within(&target, &key, LARGEST).await }
    };
    let original = names::inbox_key(&subject.batch, &subject.name);
    let (before, after) =
        tokio::join!(fetch(original), fetch(result_key(&run).unwrap_or_default()));
    for (picture, place) in [(before, &mut pictures.before), (after, &mut pictures.after)] {
        match picture {
            Ok(picture) => *place = picture,
            Err(error) => pictures.error = Some(error),
        }
    }
    pictures
}

/// Where the result of an execution's item is: as it said itself, else where every execution puts it.
pub(crate) fn result_key(run: &Run) -> Option<String> {
    let subject = run.subject.as_ref()?;
    let said = run
        .digest
        .as_ref()
        .and_then(|digest| digest.result.as_ref());
    let said = said.map(|result| &result.output.key);
    let said = said.filter(|key| key.starts_with("cleaned/"));
    Some(
        said.cloned()
            .unwrap_or_else(|| names::cleaned_key(&subject.batch, &subject.name)),
    )
}
