//! External extensions: the programs in `/opt/extensions`, which nobody else starts.
//!
//! They are started before the function, each in a group of its own; the function's process starts
//! when all have registered, and is ready when all wait for their first event. One that ends before
//! it is told to shut down takes the function with it, whatever its exit status, as on Lambda.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::child::Child;
use super::failure::Failure;
use super::logs::Logs;

/// The extensions of one function process. Dropping it kills them.
#[derive(Debug)]
pub(super) struct Extensions {
    all: Vec<Extension>,
    /// The first that ended, and how.
    ended: watch::Sender<Option<(String, ExitStatus)>>,
}

#[derive(Debug)]
struct Extension {
    name: String,
    child: Child,
    /// Reads its output for as long as it runs.
    _logs: Logs,
}

impl Extensions {
    /// None.
    pub fn none() -> Extensions {
        Extensions {
            all: Vec::new(),
            ended: watch::Sender::new(None),
        }
    }

    /// Starts these programs, by the names of their files.
    pub async fn start(
        programs: Vec<PathBuf>,
        function: &str,
        variables: &BTreeMap<String, String>,
    ) -> Result<Extensions, Failure> {
        let mut extensions = Extensions::none();
        for program in programs {
            let name = name_of(&program);
            let unable = |reason: String| Failure::Extension {
                error_type: "Extension.LaunchError",
                message: format!("cannot start the extension `{name}`: {reason}"),
            };
            let command = [program.to_string_lossy().into_owned()];
            let (child, output) = Child::start(&command, variables.clone())
                .await
                .map_err(|error| unable(error.to_string()))?;
            let logs = Logs::collect(&format!("{function}/{name}"), output)
                .map_err(|error| unable(error.to_string()))?;
            extensions.watch(&name, child.end());
            extensions.all.push(Extension {
                name,
                child,
                _logs: logs,
            });
        }
        Ok(extensions)
    }

    fn watch(&self, name: &str, mut end: watch::Receiver<Option<ExitStatus>>) {
        let (ended, name) = (self.ended.clone(), name.to_owned());
        tokio::spawn(async move {
            if let Ok(status) = end.wait_for(Option::is_some).await {
                let status = status.unwrap_or_default();
                ended.send_if_modified(|first| {
                    let is_first = first.is_none();
                    if is_first {
                        *first = Some((name, status));
                    }
                    is_first
                });
            }
        });
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether all that there are run.
    pub fn all_run(&self) -> bool {
        self.all
            .iter()
            .all(|extension| !extension.child.has_exited())
    }

    /// Waits until one has ended; for ever when there are none.
    pub async fn crashed(&self) -> Failure {
        let mut ended = self.ended.subscribe();
        let first = ended.wait_for(Option::is_some).await;
        let Some((name, status)) = first.ok().and_then(|first| first.clone()) else {
            // The sender is part of `self`.
            return std::future::pending().await;
        };
        Failure::Extension {
            error_type: "Extension.Crash",
            message: format!("the extension `{name}` ended: {status}"),
        }
    }

    /// Gives them until then to end by themselves, then kills them.
    pub async fn end(&mut self, deadline: Instant) {
        for extension in &mut self.all {
            let ended = tokio::time::timeout_at(deadline, extension.child.exited()).await;
            if ended.is_err() {
                tracing::debug!(extension = extension.name, "did not end in time");
            }
        }
        for extension in self.all.drain(..) {
            extension.child.kill_group();
        }
    }
}

/// How long extensions have between being told of the end and being killed, as on Lambda.
pub(super) const GRACE: Duration = Duration::from_secs(2);

/// The executable files in a folder, by name; none when there is no such folder.
pub(super) fn programs(folder: &Path) -> Vec<PathBuf> {
    let executable = |path: &PathBuf| {
        let metadata = std::fs::metadata(path);
        metadata.is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    };
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(executable)
        .collect();
    found.sort();
    found
}

/// The name under which such a program has to register.
pub(super) fn name_of(program: &Path) -> String {
    let name = program.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
