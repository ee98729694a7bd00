//! Constraints of the service's model, and the `ValidationException` that tells of them.

use crate::states::error::ApiError;

/// Whether a value may be repeated in an error. The model marks inputs, outputs and the like as sensitive.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// `Value 'x' at 'field' …`
    Yes,
    /// `Value at 'field' …`
    No,
}

/// Collects what a request does wrong.
#[derive(Default)]
pub(super) struct Checks {
    found: Vec<String>,
}

impl Checks {
    fn fail(&mut self, value: Option<&str>, field: &str, constraint: &str) {
        let value = value.map(|value| format!(" '{value}'")).unwrap_or_default();
        self.found.push(format!(
            "Value{value} at '{field}' failed to satisfy constraint: Member must {constraint}"
        ));
    }

    /// The field has to be there.
    pub(super) fn required(&mut self, field: &str, present: bool) {
        if !present {
            self.fail(None, field, "not be null");
        }
    }

    /// The text, if it is there, has so many characters.
    pub(super) fn length(
        &mut self,
        field: &str,
        value: Option<&str>,
        (min, max): (usize, usize),
        shown: Shown,
    ) {
        let Some(value) = value else { return };
        let length = value.chars().count();
        let shown = Some(value).filter(|_| shown == Shown::Yes);
        if length < min {
            let constraint = format!("have length greater than or equal to {min}");
            self.fail(shown, field, &constraint);
        } else if length > max {
            self.fail(
                shown,
                field,
                &format!("have length less than or equal to {max}"),
            );
        }
    }

    /// An ARN that has to be there.
    pub(super) fn arn(&mut self, field: &str, value: Option<&str>) {
        self.required(field, value.is_some());
        self.length(field, value, (1, 256), Shown::Yes);
    }

    /// The number, if it is there, lies between these, both included.
    pub(super) fn range(&mut self, field: &str, value: Option<i64>, (min, max): (i64, i64)) {
        let Some(value) = value else { return };
        let shown = value.to_string();
        if value < min {
            let constraint = format!("have value greater than or equal to {min}");
            self.fail(Some(&shown), field, &constraint);
        } else if value > max {
            self.fail(
                Some(&shown),
                field,
                &format!("have value less than or equal to {max}"),
            );
        }
    }

    /// The text, if it is there, is one of these.
    pub(super) fn one_of(&mut self, field: &str, value: Option<&str>, values: &[&str]) {
        let Some(value) = value else { return };
        if !values.contains(&value) {
            let constraint = format!("satisfy enum value set: [{}]", values.join(", "));
            self.fail(Some(value), field, &constraint);
        }
    }

    /// The error, if anything was found.
    pub(super) fn finish(self) -> Result<(), ApiError> {
        let count = self.found.len();
        if count == 0 {
            return Ok(());
        }
        let errors = if count == 1 { "error" } else { "errors" };
        Err(ApiError::validation(format!(
            "{count} validation {errors} detected: {}",
            self.found.join("; ")
        )))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn message(check: impl FnOnce(&mut Checks)) -> String {
        let mut checks = Checks::default();
        check(&mut checks);
        checks.finish().unwrap_err().message
    }

    #[test]
    fn the_texts_are_the_services() {
        assert_eq!(
            message(|checks| checks.range("maxResults", Some(1001), (0, 1000))),
            "1 validation error detected: Value '1001' at 'maxResults' failed to satisfy constraint: \
             Member must have value less than or equal to 1000"
        );
        assert_eq!(
            message(|checks| checks.one_of("statusFilter", Some("x"), &["A", "B"])),
            "1 validation error detected: Value 'x' at 'statusFilter' failed to satisfy constraint: \
             Member must satisfy enum value set: [A, B]"
        );
        assert_eq!(
            message(|checks| checks.length("input", Some("xyz"), (0, 2), Shown::No)),
            "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must \
             have length less than or equal to 2"
        );
    }

    #[test]
    fn what_is_in_range_passes() {
        let mut checks = Checks::default();
        checks.range("maxResults", Some(0), (0, 1000));
        checks.length("x", Some("ééé"), (1, 3), Shown::Yes);
        checks.length("x", None, (1, 3), Shown::Yes);
        assert_eq!(checks.finish(), Ok(()));
    }
}
