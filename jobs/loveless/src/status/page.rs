//! The metrics as text (Prometheus exposition format 0.0.4).

use std::fmt::{Display, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use super::{BOUNDS, Phase, WorkerStatus};

const POLLS: [&str; 3] = ["task", "nothing", "failed"];
const HEARTBEATS: [&str; 2] = ["sent", "failed"];
const TASKS: [&str; 4] = ["succeeded", "failed", "gone", "undelivered"];
const STARTS: [&str; 2] = ["ready", "failed"];

/// All metrics of a worker.
pub(super) fn of(status: &WorkerStatus) -> String {
    let mut page = Page(String::new());
    page.head("loveless_slots", "gauge", "Slots by what they are at.");
    for phase in Phase::ALL {
        page.line(
            "loveless_slots",
            &[("phase", phase.name())],
            status.in_phase(phase),
        );
    }
    page.head(
        "loveless_draining",
        "gauge",
        "1 while the worker takes no more tasks.",
    );
    let draining = u8::from(status.draining.load(Ordering::Relaxed));
    page.line("loveless_draining", &[], draining);
    page.counters(
        "loveless_polls_total",
        "Polls by what they brought.",
        "result",
        &POLLS,
        &status.polls,
    );
    page.counters(
        "loveless_tasks_total",
        "Tasks by how they ended.",
        "outcome",
        &TASKS,
        &status.tasks,
    );
    page.counters(
        "loveless_heartbeats_total",
        "Heartbeats.",
        "result",
        &HEARTBEATS,
        &status.heartbeats,
    );
    page.counters(
        "loveless_process_checks_total",
        "Times that a function process was made ready, or could not be.",
        "result",
        &STARTS,
        &status.starts,
    );
    page.head(
        "loveless_heartbeat_gap_max_seconds",
        "gauge",
        "Longest time between two heartbeats of one task.",
    );
    let gap = status.longest_heartbeat_gap().as_secs_f64();
    page.line("loveless_heartbeat_gap_max_seconds", &[], gap);
    page.head(
        "loveless_answers_failed_total",
        "counter",
        "Attempts to answer that were not accepted.",
    );
    let failed = status.answers_failed.load(Ordering::Relaxed);
    page.line("loveless_answers_failed_total", &[], failed);
    page.head(
        "loveless_function_memory_max_bytes",
        "gauge",
        "Highest resident memory of a function.",
    );
    let memory = status.memory_mb.load(Ordering::Relaxed) << 20;
    page.line("loveless_function_memory_max_bytes", &[], memory);
    page.invocations(status);
    page.0
}

struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<String> = labels
            .iter()
            .map(|(label, value)| format!("{label}=\"{}\"", escaped(value)))
            .collect();
        let labels = if labels.is_empty() {
            String::new()
        } else {
            format!("{{{}}}", labels.join(","))
        };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }

    fn counters(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: &[&str],
        counters: &[AtomicU64],
    ) {
        self.head(name, "counter", help);
        for (value, counter) in values.iter().zip(counters) {
            self.line(name, &[(label, value)], counter.load(Ordering::Relaxed));
        }
    }

    fn invocations(&mut self, status: &WorkerStatus) {
        let all = status.invocations();
        let name = "loveless_invocation_seconds";
        self.head(name, "histogram", "How long the function took.");
        let mut so_far = 0;
        for (bound, count) in BOUNDS.iter().zip(all.buckets) {
            so_far += count;
            let bound = bound.to_string();
            self.line(&format!("{name}_bucket"), &[("le", &bound)], so_far);
        }
        self.line(&format!("{name}_bucket"), &[("le", "+Inf")], all.count);
        self.line(&format!("{name}_sum"), &[], all.seconds);
        self.line(&format!("{name}_count"), &[], all.count);
        let name = "loveless_invocation_failures_total";
        self.head(
            name,
            "counter",
            "Invocations that failed, by the platform's name; `function` for its own errors.",
        );
        for (error, count) in &all.failures {
            self.line(name, &[("error", error)], count);
        }
    }
}

fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::function::{Completed, FunctionError, Report};
    use crate::status::{Poll, TaskEnd};

    fn completed(millis: u64, error: Option<&str>) -> Completed {
        Completed {
            result: match error {
                None => Ok("1".into()),
                Some(error_type) => Err(FunctionError {
                    error_type: error_type.into(),
                    body: "{}".into(),
                }),
            },
            report: Report {
                duration: Duration::from_millis(millis),
                init_duration: None,
                max_memory_mb: 37,
            },
            log_tail: Vec::new(),
        }
    }

    #[test]
    fn tells_what_was_counted() {
        let status = WorkerStatus::new(2);
        status.slot_is(1, Phase::Working);
        status.polled(Poll::Task);
        status.task_ended(TaskEnd::Gone);
        status.beat(true, Duration::from_millis(20_500));
        status.beat(false, Duration::from_millis(5));
        status.invoked(&completed(20, None));
        status.invoked(&completed(700, Some("Runtime.ExitError")));
        status.invoked(&completed(700_000_000, Some("My \"own\" error")));
        let page = of(&status);
        for line in [
            "# TYPE loveless_slots gauge",
            "loveless_slots{phase=\"starting\"} 1",
            "loveless_slots{phase=\"working\"} 1",
            "loveless_polls_total{result=\"task\"} 1",
            "loveless_polls_total{result=\"failed\"} 0",
            "loveless_tasks_total{outcome=\"gone\"} 1",
            "loveless_heartbeats_total{result=\"sent\"} 1",
            "loveless_heartbeats_total{result=\"failed\"} 1",
            "loveless_heartbeat_gap_max_seconds 20.5",
            "loveless_invocation_seconds_bucket{le=\"0.005\"} 0",
            "loveless_invocation_seconds_bucket{le=\"0.025\"} 1",
            "loveless_invocation_seconds_bucket{le=\"1\"} 2",
            "loveless_invocation_seconds_bucket{le=\"+Inf\"} 3",
            "loveless_invocation_seconds_count 3",
            "loveless_invocation_failures_total{error=\"Runtime.ExitError\"} 1",
            "loveless_invocation_failures_total{error=\"function\"} 1",
            "loveless_function_memory_max_bytes 38797312",
        ] {
            assert!(page.lines().any(|found| found == line), "{line}\n{page}");
        }
        let well_formed = |line: &str| line.starts_with("# ") || line.split(' ').count() == 2;
        assert!(page.lines().all(well_formed), "{page}");
    }

    #[test]
    fn ready_means_that_tasks_are_asked_for() {
        let status = WorkerStatus::new(1);
        assert!(status.is_healthy() && !status.is_ready());
        status.slot_is(0, Phase::Polling);
        assert!(status.is_ready());
        status.slot_is(0, Phase::Resting);
        assert!(!status.is_ready(), "the function or the source is ill");
        status.slot_is(0, Phase::Working);
        status.drains();
        assert!(status.is_healthy() && !status.is_ready());
        status.slot_is(0, Phase::Ended);
        assert!(!status.is_healthy());
    }
}
