//! The page that tells what conforms.

use std::fmt::Write as _;

use super::{Case, Table};

/// What the interpreter leaves to its host, and what the local cloud does of it.
const HOST: &str = "\
## In the local cloud

Every operation of the service's model is there. Of the service integrations:

| resource | patterns |
|---|---|
| activities | – |
| Lambda functions by ARN, `lambda:invoke` | request, `.waitForTaskToken` (`lambda:invoke`) |
| `ecs:runTask` | request, `.sync`, `.waitForTaskToken`; a process for each task, from the task definitions of the stack |
| `states:startExecution` | request, `.sync`, `.sync:2`, `.waitForTaskToken` |
| `aws-sdk:s3`: `putObject`, `getObject`, `headObject`, `deleteObject`, `copyObject`, `listObjectsV2` | request |
| `sqs:sendMessage` | request, `.waitForTaskToken` |
| `aws-sdk:sqs`: messages in, out and away | request |
| `events:putEvents`, `aws-sdk:eventbridge:putEvents`, `sns:publish` | request; to the local event rules (there are no topics) |

A definition that names any other is refused when its machine is created, by the resource's name.

Distributed Map reads JSON, JSON Lines, CSV and listings, batches, tolerates failures, writes results and is redriven. \
It reads S3 inventories (`MANIFEST`, with files of CSV, packed or not) and loads what a listing lists \
(`LOAD_AND_FLATTEN`). Children are standard or express executions, as `ExecutionType` says. Missing, and refused by \
name: Parquet (files, and inventories in it or in ORC) and manifests of Athena (`ATHENA_DATA`).

Kept and given back, but without meaning here: logging, tracing and encryption configurations, roles and `Credentials`.
";

/// The page.
pub fn write(tables: &[Table], passes: impl Fn(&Case) -> bool) -> String {
    let mut page = String::from(
        "# Conformance of the state-machine engine\n\n\
         Written by the tests of `jobs/states` from the tables in `jobs/states/tests/conformance/tables`; do not edit.\n\
         What each case must do was taken from the service's documentation.\n\n\
         | feature | cases | pass |\n|---|---|---|\n",
    );
    for table in tables {
        let passed = table.cases.iter().filter(|case| passes(case)).count();
        let (feature, all) = (&table.feature, table.cases.len());
        let _ = writeln!(page, "| {feature} | {all} | {passed} |");
    }
    for table in tables {
        let _ = writeln!(page, "\n## {}\n", table.feature);
        for case in &table.cases {
            let mark = if passes(case) { "x" } else { " " };
            let _ = writeln!(page, "- [{mark}] {}", case.name.replace('|', "\\|"));
        }
        for note in &table.missing {
            let _ = writeln!(page, "\n{note}");
        }
    }
    let _ = write!(page, "\n{HOST}");
    page
}
