//! Which build a program is, and which of two is newer.

use std::time::UNIX_EPOCH;

/// A build, as the handshake tells it: `0.1.0+3f2a91c0b7de.1795233601000` is the version, the commit
/// where it is known, and the time in milliseconds at which the program file was written. The time tells
/// two builds of one commit apart, as they come up while developing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build(String);

impl Build {
    /// This program.
    pub fn own() -> Build {
        let written = std::env::current_exe()
            .and_then(std::fs::metadata)
            .and_then(|data| data.modified())
            .ok()
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
            .map_or(0, |since| since.as_millis());
        let version = env!("CARGO_PKG_VERSION");
        let commit = env!("WHITEBOARDER_VERSION")
            .split_once('(')
            .map_or("unknown", |(_, rest)| rest.trim_end_matches(')'));
        Build(format!("{version}+{commit}.{written}"))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this build should take the place of a cloud of the other. An older program works with a
    /// newer cloud: the protocols are AWS's, while a newer store may be beyond an older program.
    pub fn replaces(&self, other: &str) -> bool {
        rank(&self.0) > rank(other)
    }
}

/// Version, then time. What cannot be read counts as oldest. `0.2.0-rc.1` comes before `0.2.0`; of
/// two previews of one version the time decides.
fn rank(build: &str) -> (Vec<u64>, bool, u64) {
    let (version, rest) = build.split_once('+').unwrap_or((build, ""));
    let (release, preview) = match version.split_once('-') {
        Some((release, _)) => (release, true),
        None => (version, false),
    };
    let numbers = release
        .split('.')
        .map(|part| part.parse().unwrap_or(0))
        .collect();
    let written = rest
        .rsplit_once('.')
        .and_then(|(_, time)| time.parse().ok())
        .unwrap_or(0);
    (numbers, !preview, written)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(text: &str) -> Build {
        Build(text.to_owned())
    }

    #[test]
    fn newer_replaces_older_and_never_the_other_way_round() {
        let old = "0.1.0+aaaa.1000";
        for new in ["0.1.0+bbbb.2000", "0.2.0+aaaa.500", "0.10.0+aaaa.1"] {
            assert!(build(new).replaces(old), "{new}");
            assert!(!build(old).replaces(new), "{new}");
        }
        assert!(build("0.2.0+a.1").replaces("0.2.0-rc.1+a.9"));
        assert!(build("0.2.0-rc.1+a.1").replaces("0.1.9+a.9"));
        assert!(!build(old).replaces(old));
        assert!(build(old).replaces("what is this?"));
    }

    #[test]
    fn a_build_knows_its_version() {
        assert!(
            Build::own()
                .as_str()
                .starts_with(concat!(env!("CARGO_PKG_VERSION"), "+"))
        );
    }
}
