//! Runs forty commands, eight at a time. A command beyond its limit is killed. Each has its line, in order.
//!
//! `cargo run --release -p subprocess -- [LIMIT_IN_MILLISECONDS]`
//!
//! Each command is this program, started again. Ctrl-C starts no more of them; those that run end, or are killed.

mod command;

use pool_core::{concurrent, deadline};
use process_control::{ChildExt, Control, Output};
use std::error::Error;
use std::num::NonZero;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, io};

const LIMIT: Duration = Duration::from_millis(300);

/// Runs a command and reads what it prints. `None` is a command that was killed.
#[concurrent(max_workers = 8, timeout = LIMIT)]
fn run(#[shared] program: &Path, words: &str) -> io::Result<Option<Output>> {
    let mut command = Command::new(program);
    command.arg(command::MARK).args(words.split(' '));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // The pipes are read meanwhile, since a full one would block the command. At the deadline the command is killed,
    // and waited for. A plain call has none.
    let child = command.spawn()?.controlled_with_output();
    let left = deadline().map_or(Duration::MAX, |at| at.saturating_duration_since(Instant::now()));
    child.time_limit(left).terminate_for_timeout().wait()
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let limit = match &arguments[..] {
        [mark, words @ ..] if mark == command::MARK => command::act(words),
        [limit] => Some(Duration::from_millis(limit.parse::<NonZero<u64>>()?.get())),
        _ => None,
    };

    let program = env::current_exe()?;
    let commands: Vec<String> = (0..40).map(command::words).collect();
    let start = Instant::now();
    let mut batch = run::as_completed(&program, &commands).in_order();
    if let Some(limit) = limit {
        batch = batch.timeout(limit);
    }
    let stop = batch.stop_handle();
    ctrlc::set_handler(move || stop.stop())?;

    let limit = limit.unwrap_or(LIMIT).as_millis();
    let (mut succeeded, mut failed, mut killed) = (0, 0, 0);
    batch.for_each(|done| {
        let (count, told) = match done.result {
            Ok(Some(output)) if output.status.success() => {
                (&mut succeeded, last_line(&output.stdout))
            }
            Ok(Some(output)) => {
                (&mut failed, format!("{}, {}", output.status, last_line(&output.stderr)))
            }
            Ok(None) => (&mut killed, format!("killed after {limit} ms")),
            Err(error) => (&mut failed, error.to_string()),
        };
        *count += 1;
        println!("{:>2}  {:<12} {told}", done.index, done.input);
    });
    let seconds = start.elapsed().as_secs_f64();
    println!("{succeeded} succeeded, {failed} failed, {killed} killed, {seconds:.1} s");
    Ok(())
}

fn last_line(text: &[u8]) -> String {
    String::from_utf8_lossy(text).lines().next_back().unwrap_or_default().into()
}
