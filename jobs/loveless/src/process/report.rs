//! The lines that Lambda writes around an invocation.

use std::fmt::Write;

use crate::function::{FunctionError, Report};

/// The REPORT line, with tabs as Lambda has them.
pub(super) fn line(
    request_id: &str,
    report: &Report,
    memory_mb: u32,
    failure: Option<&FunctionError>,
) -> String {
    let duration_ms = report.duration.as_secs_f64() * 1e3;
    // Writing to a string does not fail.
    let mut line = format!(
        "REPORT RequestId: {request_id}\tDuration: {duration_ms:.2} ms\tBilled Duration: {:.0} ms\t\
         Memory Size: {memory_mb} MB\tMax Memory Used: {} MB\t",
        duration_ms.ceil(),
        report.max_memory_mb
    );
    if let Some(init) = report.init_duration {
        let _ = write!(line, "Init Duration: {:.2} ms\t", init.as_secs_f64() * 1e3);
    }
    match failure.map(|error| error.error_type.as_str()) {
        Some("Sandbox.Timedout") => line.push_str("Status: timeout"),
        // Names of this form are the platform's; a function's own errors are no news here.
        Some(name) if name.starts_with("Runtime.") => {
            let _ = write!(line, "Status: error\tError Type: {name}");
        }
        _ => {}
    }
    line
}

/// The function's own lines between START, END and REPORT, cut to the size callers get.
pub(super) fn tail(request_id: &str, logged: Vec<u8>, report: &str) -> Vec<u8> {
    let mut tail = format!("START RequestId: {request_id} Version: $LATEST\n").into_bytes();
    tail.extend(logged);
    if !tail.ends_with(b"\n") {
        tail.push(b'\n');
    }
    tail.extend(format!("END RequestId: {request_id}\n{report}\n").bytes());
    let excess = tail.len().saturating_sub(super::logs::TAIL);
    tail.drain(..excess);
    tail
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn reads_like_lambdas() {
        let mut report = Report {
            duration: Duration::from_micros(3350),
            init_duration: None,
            max_memory_mb: 37,
        };
        assert_eq!(
            line("id", &report, 128, None),
            "REPORT RequestId: id\tDuration: 3.35 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\t\
             Max Memory Used: 37 MB\t"
        );
        report.init_duration = Some(Duration::from_micros(121_090));
        assert!(line("id", &report, 128, None).ends_with("37 MB\tInit Duration: 121.09 ms\t"));
    }

    #[test]
    fn the_tail_keeps_the_report_however_much_was_logged() {
        let tail = tail("id", vec![b'x'; 5000], "REPORT RequestId: id");
        assert_eq!(tail.len(), 4096);
        assert!(tail.ends_with(b"\nEND RequestId: id\nREPORT RequestId: id\n"));
    }
}
