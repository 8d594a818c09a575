//! `#[worker]`: a state that a call has to itself, made by a closure that is given before the inputs.

use pool_core::{CallError, concurrent, is_cancelled, sleep};
use std::cell::Cell;
use std::convert::Infallible;
use std::num::ParseIntError;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use support::until;

/// A connection that borrows, and is not `Sync`.
struct Connection<'a> {
    asked: Cell<usize>,
    open: &'a AtomicUsize,
}

impl<'a> Connection<'a> {
    fn open(open: &'a AtomicUsize) -> Result<Self, ParseIntError> {
        open.fetch_add(1, SeqCst);
        Ok(Self { asked: Cell::new(0), open })
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        self.open.fetch_sub(1, SeqCst);
    }
}

#[concurrent(max_workers = 4)]
fn ask(#[worker] db: &mut Connection<'_>, text: &str) -> Result<usize, ParseIntError> {
    db.asked.set(db.asked.get() + 1);
    text.parse()
}

#[test]
fn a_state_that_borrows_is_gone_when_the_batch_returns() {
    let open = AtomicUsize::new(0);
    let texts: Vec<String> = (0..500).map(|n| n.to_string()).collect();
    let numbers = ask::map(|| Connection::open(&open), &texts).try_collect::<Vec<_>>().unwrap();
    assert_eq!(numbers, Vec::from_iter(0..500));
    assert_eq!(open.load(SeqCst), 0);
    let mut seen = 0;
    ask::as_completed(|| Connection::open(&open), &texts)
        .for_each(|done| seen += done.result.unwrap());
    assert_eq!(seen, (0..500).sum());
    assert_eq!(open.load(SeqCst), 0);
}

#[test]
fn the_plain_call_stays_as_it_was() {
    let open = AtomicUsize::new(0);
    let mut db = Connection::open(&open).unwrap();
    assert_eq!(ask(&mut db, "7"), Ok(7));
    assert_eq!(ask(&mut db, "x"), Err("x".parse::<usize>().unwrap_err()));
    assert_eq!(db.asked.get(), 2);
}

#[test]
fn what_makes_a_state_may_use_the_question_mark() {
    let (open, limit) = (AtomicUsize::new(0), "12");
    let init = || {
        let _: usize = limit.parse()?;
        let db = Connection::open(&open)?;
        db.asked.set(1);
        Ok(db)
    };
    assert_eq!(ask::map(init, ["1", "2"]).collect::<Result<Vec<_>, _>>(), Ok(vec![1, 2]));
}

#[test]
fn a_state_that_cannot_be_made_fails_its_input_only() {
    let (open, tries) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let init = || match tries.fetch_add(1, SeqCst) {
        0 => Err("no".parse::<usize>().unwrap_err()),
        _ => Connection::open(&open),
    };
    let results: Vec<_> = ask::map(&init, ["1", "2", "3"]).max_workers(1).collect();
    assert!(results[0].is_err());
    assert_eq!(results[1..], [Ok(2), Ok(3)]);

    tries.store(0, SeqCst);
    let done = ask::as_completed(init, ["1", "2", "3"]).max_workers(1).in_order();
    let results: Vec<_> =
        done.scope(|done| done.map(|done| done.result.map_err(CallError::into_error)).collect());
    assert!(results[0].is_err());
    assert_eq!(results[1..], [Ok(2), Ok(3)]);
}

/// No `Result`: what makes the state does not fail.
#[concurrent(max_workers = 2)]
fn join(
    #[shared] separator: char,
    #[worker] line: &mut String,
    left: String,
    right: &str,
) -> String {
    line.clear();
    line.push_str(&left);
    line.push(separator);
    line.push_str(right);
    line.clone()
}

#[test]
fn states_stand_among_what_is_shared() {
    let pairs = [("a".to_owned(), "b"), ("c".to_owned(), "d")];
    let joined: Vec<_> = join::map('-', String::new, pairs.clone()).collect();
    assert_eq!(joined, ["a-b", "c-d"]);
    let joined = join::as_completed('+', || String::with_capacity(8), pairs).in_order();
    let joined: Vec<Result<String, CallError<Infallible>>> =
        joined.map(|done| done.result).collect();
    assert_eq!(joined.into_iter().map(Result::unwrap).collect::<Vec<_>>(), ["a+b", "c+d"]);
    let task = join::submit('/', String::new, ("a".to_owned(), "b"));
    assert_eq!(task.join().unwrap(), "a/b");
}

#[test]
fn the_state_of_a_task_is_made_once_where_it_runs() {
    let open: &AtomicUsize = Box::leak(Box::default());
    let once = String::from("moved");
    let init = move || {
        drop(once);
        Connection::open(open)
    };
    assert_eq!(ask::submit(init, "7").join().unwrap(), Ok(7));
    assert_eq!(open.load(SeqCst), 0);
    let failed = ask::submit(|| Err("no".parse::<usize>().unwrap_err()), "7");
    assert!(failed.join().unwrap().is_err());
}

type Fallible<T> = std::result::Result<T, String>;
type Result<T, E = String> = std::result::Result<T, E>;

#[concurrent]
fn aliased(#[worker] count: &mut usize, input: u32) -> Result<u32> {
    *count += 1;
    Fallible::Ok(input * 2)
}

#[test]
fn the_error_of_an_alias_is_that_of_the_state() {
    let doubled = aliased::map(|| Ok(0), [1, 2]).try_collect::<Vec<_>>();
    assert_eq!(doubled, Ok(vec![2, 4]));
    let failed: Vec<_> = aliased::map(|| Err("none".to_owned()), [1]).collect();
    assert_eq!(failed, [Err("none".to_owned())]);
}

struct Site(AtomicUsize);

impl Site {
    #[concurrent(max_workers = 3)]
    fn visit(&self, #[worker] seen: &mut Vec<u32>, page: u32) -> usize {
        seen.push(page);
        self.0.fetch_add(1, SeqCst);
        seen.len()
    }

    #[concurrent(max_workers = 1)]
    fn shared_visit(self: Arc<Self>, #[worker] seen: &mut Vec<u32>, page: &u32) -> u32 {
        seen.push(*page);
        seen.iter().sum()
    }
}

#[test]
fn methods_have_states() {
    let site = Site(AtomicUsize::new(0));
    let mut most = 0;
    site.visit_map(Vec::new, 0..100).for_each(|seen| most = most.max(seen));
    assert!(most >= 100 / 3);
    assert_eq!(site.0.load(SeqCst), 100);
    let sums: Vec<_> = Arc::new(site).shared_visit_map(Vec::new, [1, 2, 3]).collect();
    assert_eq!(sums, [1, 3, 6]);
}

#[concurrent(max_workers = 1)]
fn depth(#[worker] levels: &mut Vec<u32>, level: u32) -> usize {
    levels.push(level);
    match level {
        0 => levels.len(),
        _ => depth::map(Vec::new, [level - 1, level - 1]).collect::<Vec<_>>().iter().sum(),
    }
}

#[test]
fn nested_batches_of_the_same_function_have_their_own() {
    // Each innermost batch has one state for its two calls, one after the other: 1 + 2.
    assert_eq!(depth::map(Vec::new, [2]).collect::<Vec<_>>(), [6]);
}

#[concurrent]
fn generic<T: Clone + Send + Into<u64>>(#[worker] last: &mut Option<T>, input: T) -> u64 {
    *last = Some(input.clone());
    input.into()
}

#[test]
fn a_state_may_be_generic() {
    assert_eq!(generic::map(|| None, [1_u32, 2]).collect::<Vec<_>>(), [1, 2]);
}

#[concurrent]
fn cancelled(#[worker] state: &mut bool, _: u32) -> bool {
    *state
}

#[test]
fn what_makes_a_state_runs_inside_the_call() {
    let batch = cancelled::map(
        || {
            assert!(!is_cancelled());
            sleep(Duration::from_secs(3_600))
        },
        [1],
    );
    let stop = batch.stop_handle();
    let batch = batch.start();
    until(|| cancelled::pool().stats().running == 1);
    stop.stop();
    assert_eq!(batch.collect::<Vec<_>>(), [false]);
}
