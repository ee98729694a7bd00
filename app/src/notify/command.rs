//! A program of the user's: no shell, the facts in its environment and as JSON on its standard input.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::Notice;

/// A program that takes longer is ended.
const LIMIT: Duration = Duration::from_secs(10);

/// Runs it to its end.
pub async fn run(command: &[String], notice: &Notice) -> Result<(), String> {
    let [program, arguments @ ..] = command else {
        return Err("there is no program".to_owned());
    };
    let mut child = Command::new(program)
        .args(arguments.iter().map(|argument| filled(argument, notice)))
        .envs(facts(notice))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| crate::error::system(&error))?;
    let document = serde_json::to_vec(notice).map_err(|error| error.to_string())?;
    let ended = tokio::time::timeout(LIMIT, async {
        if let Some(mut stdin) = child.stdin.take() {
            // A program that does not read it is none the worse for that.
            let _ = stdin.write_all(&document).await;
        }
        child.wait().await
    });
    match ended.await {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(format!("it ended with {status}")),
        Ok(Err(error)) => Err(crate::error::system(&error)),
        Err(_) => Err(format!("it took longer than {} s", LIMIT.as_secs())),
    }
}

/// `{title}`, `{text}`, `{event}` and `{batch}` of an argument, in one pass: what a name says is not filled again. None of
/// these begins with a dash, so that none can be taken for a flag.
fn filled(argument: &str, notice: &Notice) -> String {
    let mut rest = argument;
    let mut result = String::new();
    while let Some(start) = rest.find('{') {
        result.push_str(&rest[..start]);
        rest = &rest[start..];
        let known = [
            ("{title}", notice.title.as_str()),
            ("{text}", &notice.text),
            ("{event}", notice.event.name()),
            ("{batch}", &notice.batch),
        ];
        if let Some((key, value)) = known.iter().find(|(key, _)| rest.starts_with(key)) {
            result.extend(value.chars().filter(|c| *c != '\0'));
            rest = &rest[key.len()..];
        } else {
            result.push('{');
            rest = &rest[1..];
        }
    }
    result + rest
}

fn facts(notice: &Notice) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("WB_ID", notice.id.clone()),
        ("WB_EVENT", notice.event.name().to_owned()),
        ("WB_TIME", notice.time.clone()),
        ("WB_PROFILE", notice.profile.clone()),
        ("WB_BATCH", notice.batch.clone()),
        ("WB_TITLE", notice.title.clone()),
        ("WB_TEXT", notice.text.clone()),
    ];
    if let Some(item) = &notice.item {
        facts.push(("WB_ITEM", item.name.clone()));
        facts.push(("WB_ERROR", item.error.clone().unwrap_or_default()));
    }
    if let Some(counts) = &notice.counts {
        facts.push(("WB_CLEANED", counts.cleaned.to_string()));
        facts.push(("WB_FAILED", (counts.failed + counts.stopped).to_string()));
    }
    // A NUL would make the whole command impossible.
    for (_, fact) in &mut facts {
        fact.retain(|c| c != '\0');
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::sample;

    #[tokio::test]
    async fn hostile_names_reach_the_program_as_they_are_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let mut notice = sample();
        notice.text = "failed: $(touch x); `id` {title} \"'\\ | > y & z".into();
        let script = "printf '%s\\n%s\\n' \"$1\" \"$WB_TEXT\" > \"$0\"; cat >> \"$0\"";
        let command = ["sh", "-c", script, out.to_str().unwrap(), "{text}"].map(str::to_owned);
        run(&command, &notice).await.unwrap();
        let written = std::fs::read_to_string(&out).unwrap();
        let lines: Vec<_> = written.lines().collect();
        assert_eq!(lines[..2], [notice.text.as_str(), notice.text.as_str()]);
        let document: serde_json::Value = serde_json::from_str(lines[2]).unwrap();
        assert_eq!(document, serde_json::to_value(&notice).unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn a_program_that_fails_or_is_not_there_is_told() {
        let run = async |command: &[&str]| {
            let command: Vec<_> = command.iter().map(|&word| word.to_owned()).collect();
            run(&command, &sample()).await
        };
        assert!(run(&["false"]).await.unwrap_err().contains('1'));
        let missing = run(&["/no/such/program"]).await;
        assert_eq!(missing, Err("no such file or folder".to_owned()));
        assert_eq!(run(&["true"]).await, Ok(()));
    }

    #[test]
    fn what_is_filled_in_is_not_filled_again() {
        let mut notice = sample();
        notice.title = "{batch}".into();
        assert_eq!(filled("a {title} {x} {", &notice), "a {batch} {x} {");
    }
}
