//! Sees to it that no program hangs: one that makes no progress is shown with all its threads, and ends the process.

use crate::world::World;
use std::io::Write;
use std::process::{Command, exit};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};
use std::{fs, thread};

static EVENTS: AtomicU64 = AtomicU64::new(0);
static WATCHED: Mutex<Option<Weak<World>>> = Mutex::new(None);

/// Says that something happened.
pub(crate) fn progress() {
    EVENTS.fetch_add(1, Relaxed);
}

/// From now on this is the program that runs.
pub(crate) fn watch(world: &Arc<World>) {
    progress();
    *WATCHED.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::downgrade(world));
}

pub(crate) fn start(patience: Duration) {
    let work = move || {
        let (mut seen, mut since) = (0, Instant::now());
        loop {
            thread::sleep(Duration::from_millis(200));
            let events = EVENTS.load(Relaxed);
            if events != seen {
                (seen, since) = (events, Instant::now());
            } else if since.elapsed() > patience {
                report(patience);
                exit(1);
            }
        }
    };
    thread::Builder::new().name("watchdog".into()).spawn(work).expect("a watchdog");
}

fn report(patience: Duration) {
    let watched =
        WATCHED.lock().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(Weak::upgrade);
    println!("\nHANGS: no progress in {patience:?}");
    if let Some(world) = watched {
        world.describe();
    }
    let _ = std::io::stdout().flush();
    let id = std::process::id().to_string();
    let gdb = ["-p", &id, "-batch", "-ex", "set pagination off", "-ex", "thread apply all bt"];
    let shown = Command::new("timeout").args(["60", "gdb"]).args(gdb).status();
    if !shown.is_ok_and(|status| status.success()) {
        let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
        for task in tasks {
            let read = |name: &str| fs::read_to_string(task.path().join(name)).unwrap_or_default();
            println!(
                "{:?}: {} in {}\n{}",
                task.file_name(),
                read("comm").trim(),
                read("wchan"),
                read("stack")
            );
        }
    }
}
