//! Showing what is told while something runs.

use anyhow::Result;
use tokio::sync::mpsc::UnboundedReceiver;
use whiteboarder_jobs::{JobsError, Progress, Target};

use crate::batch::live::Live;
use crate::batch::target::bring_back;
use crate::config::Settings;

/// Shows events while something runs.
pub struct Show<'a> {
    /// Everything resolved.
    pub settings: &'a Settings,
    /// Who is talked to.
    pub target: Target,
    /// What is shown.
    pub live: Live<'a>,
    /// What happens.
    pub events: UnboundedReceiver<Progress>,
}

impl Show<'_> {
    /// Runs something that reports, and shows what it reports. A local cloud that has gone is brought back.
    pub async fn during<T>(
        &mut self,
        work: impl Future<Output = Result<T, JobsError>>,
    ) -> Result<T> {
        // On the heap: what the client does at the same time is a big value.
        let mut work = Box::pin(work);
        let target = self.target.clone();
        let mut rescue = None;
        let result = loop {
            tokio::select! {
                biased;
                Some(event) = self.events.recv() => {
                    if matches!(event, Progress::Offline { .. } | Progress::UploadRetry { .. })
                        && rescue.is_none()
                    {
                        rescue = Some(Box::pin(bring_back(self.settings, &target)));
                    }
                    self.live.event(&event)?;
                }
                () = async { if let Some(rescue) = &mut rescue { rescue.await } },
                    if rescue.is_some() => rescue = None,
                result = &mut work => break result,
            }
        };
        while let Ok(event) = self.events.try_recv() {
            self.live.event(&event)?;
        }
        self.live.finish();
        Ok(result?)
    }
}
