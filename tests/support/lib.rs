//! What the tests of the pool's promises share: pools to try, values that count their drops, gates, and a bound for what must not hang.

pub mod executor;
pub mod program;
pub mod recorder;

use pool_core::Pool;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::time::Duration;
use std::{env, fs, thread};

/// A minute. What lasts longer hangs.
pub const LIMIT: Duration = Duration::from_secs(60);

/// The limit, or as many seconds as `PATIENCE` says: for tools under which everything takes ten times as long.
fn patience() -> Duration {
    let seconds = env::var("PATIENCE").ok().and_then(|text| text.parse().ok());
    seconds.map_or(LIMIT, Duration::from_secs)
}

/// Runs `test`, and fails if it hangs.
pub fn watched(test: impl FnOnce() + Send + 'static) {
    let patience = patience();
    let (alive, ended) = mpsc::channel::<()>();
    let test = thread::spawn(move || {
        let _alive = alive;
        test();
    });
    if ended.recv_timeout(patience) == Err(mpsc::RecvTimeoutError::Timeout) {
        panic!("it hangs: still not over after {patience:?}");
    }
    if let Err(payload) = test.join() {
        resume_unwind(payload);
    }
}

/// Blocks until `condition` holds, for what nobody tells of: a thread's end, a counter of the pool.
pub fn until(mut condition: impl FnMut() -> bool) {
    while !condition() {
        thread::sleep(Duration::from_millis(1));
    }
}

/// Pools of 1, 2, 4 and the default number of workers.
pub fn pools() -> [Pool; 4] {
    [Pool::new(1), Pool::new(2), Pool::new(4), Pool::default()]
}

/// Each of these pools with fewer inputs than workers, as many, one more, and many more.
pub fn pools_and_lengths() -> impl Iterator<Item = (Pool, usize)> {
    (0..4).flat_map(|length| {
        pools().into_iter().map(move |pool| {
            let workers = pool.max_workers();
            (pool, [workers - 1, workers, workers + 1, 20 * workers][length])
        })
    })
}

/// A pool that can start no thread: no machine has room for such a stack.
pub fn threadless(max_workers: usize) -> Pool {
    Pool::builder().max_workers(max_workers).stack_size(isize::MAX as usize).build()
}

/// Makes something live as long as the process, so that what refers to it is `'static`.
pub fn forever<T>(value: T) -> &'static T {
    /// Where a leak sanitizer finds them: these are none.
    static KEPT: Mutex<Vec<usize>> = Mutex::new(Vec::new());
    let kept: &'static T = Box::leak(Box::new(value));
    KEPT.lock().unwrap().push(std::ptr::from_ref(kept) as usize);
    kept
}

/// Panics with `text`, without a word from the panic hook.
pub fn raise(text: &'static str) -> ! {
    resume_unwind(Box::new(text))
}

/// What `code` panicked with, or what it returned.
pub fn caught<R>(code: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(code)).map_err(|payload| {
        match payload.downcast::<&'static str>() {
            Ok(text) => (*text).to_owned(),
            Err(payload) => {
                payload.downcast::<String>().map_or_else(|_| "no text".to_owned(), |text| *text)
            }
        }
    })
}

/// Counts the values it has made and those of them that were dropped.
#[derive(Clone, Default)]
pub struct Ledger(Arc<Counts>);

#[derive(Default)]
struct Counts {
    made: AtomicUsize,
    dropped: AtomicUsize,
    most: AtomicUsize,
}

/// A value whose life is in the ledger. A clone of it is another one.
pub struct Entry {
    ledger: Ledger,
    /// Panics when it is dropped, unless a panic is under way.
    bomb: bool,
    /// So that a second drop frees twice, and a read after the drop reads freed memory.
    heap: Box<u8>,
}

impl Ledger {
    /// A value that it keeps count of.
    pub fn entry(&self) -> Entry {
        self.write(false)
    }

    /// An entry that panics with `"drop"` when it is dropped.
    pub fn bomb(&self) -> Entry {
        self.write(true)
    }

    fn write(&self, bomb: bool) -> Entry {
        let made = self.0.made.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.most.fetch_max(
            made.saturating_sub(self.0.dropped.load(Ordering::SeqCst)),
            Ordering::SeqCst,
        );
        Entry { ledger: self.clone(), bomb, heap: Box::new(7) }
    }

    /// How many values it has made.
    pub fn made(&self) -> usize {
        self.0.made.load(Ordering::SeqCst)
    }

    /// How many of them live: fewer than none where one was dropped twice.
    pub fn alive(&self) -> isize {
        let dropped = self.0.dropped.load(Ordering::SeqCst);
        self.made() as isize - dropped as isize
    }

    /// The most that were ever alive at once.
    pub fn most(&self) -> usize {
        self.0.most.load(Ordering::SeqCst)
    }
}

impl Entry {
    /// Fails where the value is not alive.
    pub fn touch(&self) {
        assert_eq!(*self.heap, 7);
    }
}

impl Clone for Entry {
    fn clone(&self) -> Self {
        self.touch();
        self.ledger.write(self.bomb)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.touch();
        self.ledger.0.dropped.fetch_add(1, Ordering::SeqCst);
        if self.bomb && !thread::panicking() {
            raise("drop");
        }
    }
}

/// Closed until somebody opens it, then open for ever.
#[derive(Clone, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// Lets everybody pass who waits, and who ever will.
    pub fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    /// Blocks until it is open.
    pub fn wait(&self) {
        drop(self.0.1.wait_while(self.0.0.lock().unwrap(), |open| !*open).unwrap());
    }
}

/// Measures how many calls run at once.
#[derive(Clone, Default)]
pub struct Meter(Arc<(AtomicUsize, AtomicUsize)>);

impl Meter {
    /// Counts itself among those that run as long as `call` does.
    pub fn run<R>(&self, call: impl FnOnce() -> R) -> R {
        struct Leave<'a>(&'a Meter);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                self.0.0.0.fetch_sub(1, Ordering::SeqCst);
            }
        }
        let running = self.0.0.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.1.fetch_max(running, Ordering::SeqCst);
        let _leave = Leave(self);
        call()
    }

    /// How many run now.
    pub fn running(&self) -> usize {
        self.0.0.load(Ordering::SeqCst)
    }

    /// The most that ever ran at once.
    pub fn most(&self) -> usize {
        self.0.1.load(Ordering::SeqCst)
    }
}

/// Gives others the processor a few times: a call that is not over at once.
pub fn linger() {
    (0..20).for_each(|_| thread::yield_now());
}

/// The threads of this process whose names begin with `name`, which has at most 13 characters: the system keeps 15.
pub fn threads(name: &str) -> usize {
    let named = |task: std::io::Result<fs::DirEntry>| {
        let comm = fs::read_to_string(task.ok()?.path().join("comm")).ok()?;
        comm.starts_with(name).then_some(())
    };
    fs::read_dir("/proc/self/task").unwrap().filter_map(named).count()
}

/// Runs `body` in a process of its own, which is this test run again, and tells how that process ended. In the child it does not
/// return, unless `body` does: then the child's `main` returns.
pub fn in_child(body: impl FnOnce() + Send + 'static) -> Option<Output> {
    in_child_of(Command::new(env::current_exe().unwrap()), body)
}

/// The same where `command` runs the program, which the arguments of the test are for.
pub fn in_child_of<F: FnOnce() + Send + 'static>(mut command: Command, body: F) -> Option<Output> {
    // The closure's type has the name of the test around it, behind that of the program.
    let name = std::any::type_name::<F>();
    let (test, _) = name.split_once("::{{closure}}").expect("a closure within a test");
    let (_, test) = test.split_once("::").expect("a test within a program");
    if env::var_os(CHILD).is_some_and(|name| name == test) {
        watched(body);
        return None;
    }
    let child = command
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, test)
        .env("RUST_BACKTRACE", "0")
        .output()
        .unwrap();
    assert!(child.stdout.starts_with(b"\nrunning 1 test\n"), "{test} is no test");
    Some(child)
}

/// Names the test that a child runs.
const CHILD: &str = "RUN_IN_CHILD";

/// Whether this process is the child of a test.
pub fn is_child() -> bool {
    env::var_os(CHILD).is_some()
}

/// Fails with all that the child said unless it ended well.
pub fn assert_success(child: Option<Output>) {
    if let Some(Output { status, stdout, stderr }) = child {
        let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        assert!(status.success(), "the child ended with {status}\n{stdout}\n{stderr}");
    }
}
