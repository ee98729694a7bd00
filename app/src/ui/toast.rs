//! A message that goes away by itself, and what of it stays in the log.

/// A message, and until when it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// One sentence.
    pub text: String,
    /// What it is about.
    pub kind: Kind,
    /// Milliseconds on the screen's own clock.
    pub until_ms: u64,
}

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something was done.
    Done,
    /// Something failed.
    Failed,
    /// Something is worth knowing.
    Note,
}

impl Toast {
    /// A message that begins now. What failed stays for longer.
    pub fn new(kind: Kind, text: impl Into<String>, now_ms: u64) -> Toast {
        let lasts = match kind {
            Kind::Done | Kind::Note => 5_000,
            Kind::Failed => 12_000,
        };
        Toast {
            text: text.into(),
            kind,
            until_ms: now_ms + lasts,
        }
    }
}

/// What a screen has told, for the log: every message, also one that another took the place of at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What it is about.
    pub kind: Kind,
    /// One sentence.
    pub text: String,
}

impl Told {
    /// Something to keep.
    pub fn new(kind: Kind, text: impl Into<String>) -> Told {
        Told {
            kind,
            text: text.into(),
        }
    }
}
