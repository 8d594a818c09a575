//! What runs in the workers.

use pool_core::{Pool, Service, concurrent, is_cancelled, sleep};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub(crate) fn services() -> Vec<Service> {
    vec![
        square::service(),
        length::service(),
        root::service(),
        describe::service(),
        count::service(Counter::new),
        note::service(|| Note(None)),
        pid::service(),
        crash::service(),
        panics::service(),
        hang::service(),
        stops::service(),
        left::service(),
        rest::service(),
        nested::service(),
        say::service(),
        ask::service(),
        older::service(),
        older_measured::service(),
        strange::service(),
        start_more::service(),
        deeper::service(),
        echo::service(),
        starts::service(),
        pauses::service(),
        unready::service(Unready::new),
    ]
}

#[concurrent(fleet)]
pub(crate) fn square(n: u64) -> u64 {
    n * n
}

#[concurrent(fleet)]
pub(crate) fn length(text: &str) -> usize {
    text.len()
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub(crate) struct NoRoot {
    pub(crate) of: f64,
}

#[concurrent(fleet)]
pub(crate) fn root(of: f64) -> Result<f64, NoRoot> {
    if of < 0.0 { Err(NoRoot { of }) } else { Ok(of.sqrt()) }
}

/// A parameter of each kind.
#[concurrent(fleet)]
pub(crate) fn describe(
    name: &str,
    path: &Path,
    words: &[String],
    once: Option<u8>,
    root: &NoRoot,
) -> String {
    format!("{name} {} {} {once:?} {}", path.display(), words.join("+"), root.of)
}

/// A state that counts calls. The first one in a process cannot be made.
pub(crate) struct Counter {
    calls: u32,
}

impl Counter {
    fn new() -> Result<Self, String> {
        static ASKED: AtomicBool = AtomicBool::new(false);
        if ASKED.swap(true, Ordering::Relaxed) {
            Ok(Self { calls: 0 })
        } else {
            Err("not yet".into())
        }
    }
}

#[concurrent(fleet)]
pub(crate) fn count(by: u32, #[worker] counter: &mut Counter) -> Result<u32, String> {
    counter.calls += by;
    assert!(by > 0, "a count of nothing");
    Ok(counter.calls)
}

/// A state that writes a file when it is dropped.
pub(crate) struct Note(Option<PathBuf>);

impl Drop for Note {
    fn drop(&mut self) {
        self.0.iter().for_each(|path| fs::write(path, "dropped").unwrap());
    }
}

#[concurrent(fleet)]
pub(crate) fn note(#[worker] note: &mut Note, path: &Path) {
    note.0 = Some(path.to_owned());
}

#[concurrent(fleet)]
pub(crate) fn pid(_: u32) -> u32 {
    process::id()
}

/// Ends its process, or returns the number.
#[concurrent(fleet)]
pub(crate) fn crash(how: &str, n: u32) -> Result<u32, String> {
    match how {
        "abort" => process::abort(),
        "exit" => process::exit(3),
        "fault" => raise(libc::SIGSEGV),
        "kill" => raise(libc::SIGKILL),
        // The child has all that this process has, its line to the caller too.
        // SAFETY: The child does nothing but sleep.
        "leaves a fork" => match unsafe { libc::fork() } {
            0 => loop {
                std::thread::sleep(Duration::from_secs(3600));
            },
            _ => process::abort(),
        },
        "overflow" => Ok(deep(u64::from(n)) as u32),
        "error" => Err("refused".into()),
        _ => Ok(n),
    }
}

fn raise(signal: i32) -> ! {
    loop {
        // The standard library's handler of faults lets the first one pass that it does not know.
        // SAFETY: It takes a number.
        unsafe { libc::raise(signal) };
    }
}

/// Has no end but that of the stack.
#[expect(unconditional_recursion, reason = "that is what it is for")]
fn deep(n: u64) -> u64 {
    let frame = std::hint::black_box([n; 1000]);
    deep(n + 1) + frame[(n % 1000) as usize]
}

#[concurrent(fleet)]
pub(crate) fn panics(text: &str) -> u32 {
    match text {
        "" => process::id(),
        "payload" => std::panic::panic_any(7),
        "bomb" => std::panic::panic_any(Bomb),
        _ => panic!("no {text}"),
    }
}

/// Panics when it is dropped, with another one.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            std::panic::panic_any(Bomb);
        }
    }
}

/// A state whose init panics the first time.
pub(crate) struct Unready;

impl Unready {
    fn new() -> Self {
        static ASKED: AtomicBool = AtomicBool::new(false);
        assert!(ASKED.swap(true, Ordering::Relaxed), "no state yet");
        Self
    }
}

#[concurrent(fleet)]
pub(crate) fn unready(#[worker] _state: &mut Unready, n: u32) -> u32 {
    n
}

#[concurrent(fleet)]
pub(crate) fn echo(text: String) -> String {
    text
}

/// Starts a program that runs on, and tells its number.
#[concurrent(fleet)]
pub(crate) fn starts(_: u32) -> Result<u32, String> {
    let program = Command::new("sleep").arg("3600").spawn().map_err(|error| error.to_string())?;
    Ok(program.id())
}

/// Says that it runs, and does not end.
#[concurrent(fleet)]
pub(crate) fn hang(how: &str) {
    println!("runs");
    match how {
        "sleeps" => std::thread::sleep(Duration::from_secs(3600)),
        "waits for a program" => drop(Command::new("sleep").arg("3600").status()),
        _ => loop {
            std::hint::spin_loop();
        },
    }
}

/// Stops its own process, as SIGSTOP from anywhere would.
#[concurrent(fleet, timeout = Duration::from_millis(200))]
pub(crate) fn stops(n: u32) -> u32 {
    if n == 1 {
        // SAFETY: It takes a number.
        unsafe { libc::raise(libc::SIGSTOP) };
    }
    n
}

/// How many milliseconds the call has left.
#[concurrent(fleet)]
pub(crate) fn left(_: u32) -> Option<u128> {
    Some(pool_core::deadline()?.saturating_duration_since(std::time::Instant::now()).as_millis())
}

/// Makes a file to say that it runs, and rests until it is cancelled or the time is over.
#[concurrent(fleet)]
pub(crate) fn rest(begun: &Path, milliseconds: u64) -> bool {
    fs::write(begun, "").unwrap();
    sleep(Duration::from_millis(milliseconds)) && !is_cancelled()
}

/// A batch of its own, whose calls see what happens to the batch around them.
#[concurrent(fleet)]
pub(crate) fn nested(begun: &Path, calls: u32) -> u32 {
    fs::write(begun, "").unwrap();
    let whole = |_| u32::from(sleep(Duration::from_secs(if calls > 2 { 0 } else { 3600 })));
    Pool::new(2).map(0..calls, whole).scope(|results| results.sum())
}

/// Prints in all ways there are, and gives back what it has read.
#[concurrent(fleet)]
pub(crate) fn say(text: &str) -> Result<usize, String> {
    println!("{text}");
    eprintln!("{text}");
    let told = Command::new("echo").arg(text).status().map_err(|error| error.to_string())?;
    if told.success() { Ok(text.len()) } else { Err(told.to_string()) }
}

/// Reads the standard input, and lets another program read it.
#[concurrent(fleet)]
pub(crate) fn ask(_: u32) -> Result<(String, String), String> {
    let mine = std::io::read_to_string(std::io::stdin()).map_err(|error| error.to_string())?;
    let other = Command::new("cat").output().map_err(|error| error.to_string())?;
    Ok((mine, String::from_utf8_lossy(&other.stdout).into_owned()))
}

/// What callers know of a function whose types have changed.
pub(crate) mod newer {
    #[pool_core::concurrent(fleet = "changed")]
    pub(crate) fn changed(n: u64, text: &str) -> String {
        format!("{n} {text}")
    }

    #[pool_core::concurrent(fleet = "measured")]
    pub(crate) fn measured(n: u64) -> String {
        n.to_string()
    }
}

#[concurrent(fleet = "changed")]
fn older(n: u64) -> u64 {
    n
}

#[concurrent(fleet = "measured")]
fn older_measured(n: u64) -> u64 {
    n
}

/// A value that cannot be written, or read.
#[derive(Debug)]
pub(crate) struct Strange;

impl Serialize for Strange {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("strange"))
    }
}

impl<'de> Deserialize<'de> for Strange {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        panic!("read what cannot be written")
    }
}

#[concurrent(fleet)]
pub(crate) fn strange(_: u32) -> Strange {
    Strange
}

#[concurrent(fleet)]
pub(crate) fn takes_strange(_: &Strange) {}

/// A fleet of a worker.
#[concurrent(fleet)]
pub(crate) fn start_more(n: u64) -> Result<u64, String> {
    let fleet = crate::fleet(1);
    square::on(&fleet).map([n]).next().expect("a result").map_err(|error| error.to_string())
}

/// Fleets within calls of fleets, so many.
#[concurrent(fleet)]
pub(crate) fn deeper(levels: u32) -> Result<u32, String> {
    if levels == 0 {
        return Ok(0);
    }
    let fleet = crate::try_fleet(1).map_err(|error| error.to_string())?;
    let inner = deeper::on(&fleet).map([levels - 1]).next().expect("a result");
    inner.map(|depth| depth + 1).map_err(|error| error.to_string())
}

/// Lets its worker begin no call for so many milliseconds.
#[concurrent(fleet)]
pub(crate) fn pauses(milliseconds: u64) -> bool {
    pool_core::pause(Duration::from_millis(milliseconds))
}
