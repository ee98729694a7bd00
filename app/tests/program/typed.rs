//! The program on a terminal, where it may ask, with somebody who types.

use std::io::{Read, Write};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use crate::support::{Home, PROGRAM};

/// No question takes longer to come, also on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// Runs the program on a terminal; types each answer when its question has come. Gives the exit code and all that was
/// to be seen.
#[track_caller]
pub fn typed(home: &Home, arguments: &[&str], talk: &[(&str, &str)]) -> (u32, String) {
    let like = home.command(arguments);
    let mut command = CommandBuilder::new(PROGRAM);
    command.args(arguments);
    command.cwd(home.path("."));
    for (name, value) in like.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        }
    }
    let size = PtySize {
        rows: 24,
        cols: 200,
        ..PtySize::default()
    };
    let pty = native_pty_system().openpty(size).unwrap();
    let mut child = pty.slave.spawn_command(command).unwrap();
    drop(pty.slave);
    let mut reader = pty.master.try_clone_reader().unwrap();
    let mut writer = pty.master.take_writer().unwrap();
    let (sender, seen) = mpsc::channel();
    thread::spawn(move || {
        let mut some = [0; 4096];
        // The end of the program is an error on Linux and an end elsewhere.
        while let Ok(count @ 1..) = reader.read(&mut some) {
            if sender.send(some[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    let mut screen = Vec::new();
    let mut from = 0;
    for (question, answer) in talk {
        loop {
            let text = String::from_utf8_lossy(&screen).into_owned();
            if let Some(at) = text.get(from..).and_then(|text| text.find(question)) {
                from += at + question.len();
                break;
            }
            match seen.recv_timeout(PATIENCE) {
                Ok(more) => screen.extend(more),
                Err(error) => panic!("`{question}` never came ({error}):\n{text}"),
            }
        }
        writer.write_all(answer.as_bytes()).unwrap();
        writer.flush().unwrap();
    }
    while let Ok(more) = seen.recv_timeout(PATIENCE) {
        screen.extend(more);
    }
    let code = child.wait().unwrap().exit_code();
    (code, String::from_utf8_lossy(&screen).into_owned())
}
