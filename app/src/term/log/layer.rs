//! What `tracing` tells goes into the log that the screens show.

use std::error::Error;
use std::fmt::{Debug, Write as _};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::ring::keep;
use crate::ui::toast::Kind;

/// Our own crates tell what they do, the others only what goes wrong.
const OURS: [&str; 4] = ["whiteboarder", "local_cloud", "loveless", "states_language"];

/// Keeps events.
pub struct Keeper;

/// The layer with its filter.
pub fn keeper<S: Subscriber + for<'a> LookupSpan<'a>>() -> impl Layer<S> {
    let targets = Targets::new()
        .with_default(LevelFilter::WARN)
        .with_targets(OURS.map(|name| (name, LevelFilter::INFO)));
    Keeper.with_filter(targets)
}

impl<S: Subscriber> Layer<S> for Keeper {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut words = Words::default();
        event.record(&mut words);
        let kind = match *event.metadata().level() {
            Level::ERROR | Level::WARN => Kind::Failed,
            _ => Kind::Note,
        };
        let text = format!("{}{}", words.message, words.fields);
        keep(kind, text.trim_start(), &words.causes);
    }
}

/// The message, the other fields, and the causes of errors among them.
#[derive(Default)]
struct Words {
    message: String,
    fields: String,
    causes: Vec<String>,
}

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            let _ = write!(self.fields, "  {}={value:?}", field.name());
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            let _ = write!(self.fields, "  {}={value}", field.name());
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let _ = write!(self.fields, "  {}={value}", field.name());
        let mut cause = value.source();
        while let Some(error) = cause {
            self.causes.push(format!("because: {error}"));
            cause = error.source();
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::term::log::entries;

    #[test]
    fn events_are_kept_with_their_fields_and_causes_and_without_secrets() {
        let subscriber = tracing_subscriber::registry().with(keeper());
        tracing::subscriber::with_default(subscriber, || {
            let inner = std::io::Error::other("connection reset");
            let error = std::io::Error::other(inner);
            let error: &(dyn Error + 'static) = &error;
            tracing::warn!(error, note = "a/b", token = "abc", "kept for the test");
            tracing::info!("also for the test");
            tracing::debug!("never for the test");
            tracing::info!(target: "hyper", "never for the test");
        });
        // Other tests keep things, too.
        let (entries, _) = entries();
        let ours: Vec<_> = entries
            .iter()
            .filter(|entry| entry.text.contains("for the test"))
            .collect();
        assert_eq!(ours.len(), 2, "{ours:?}");
        assert_eq!(
            ours[0].text,
            "kept for the test  error=connection reset  note=a/b  token=***"
        );
        assert_eq!(ours[0].kind, Kind::Failed);
        assert_eq!(ours[1].kind, Kind::Note);
    }
}
