//! Each option of `#[concurrent]` does to the pool what it says.

#![allow(dead_code, reason = "of some functions only the pool is looked at")]

use pool_core::{Pool, concurrent, deadline};
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

const HOUR: Duration = Duration::from_secs(3_600);

fn thread_name() -> String {
    thread::current().name().unwrap_or_default().to_owned()
}

const WORKERS: usize = 3;

#[concurrent(max_workers = WORKERS)]
fn capped(_: u32) -> String {
    thread_name()
}

#[concurrent(max_workers = if cfg!(debug_assertions) { WORKERS - 1 } else { 2 })]
fn computed(_: u32) {}

#[test]
fn max_workers_is_a_constant_expression() {
    assert_eq!(capped::pool().max_workers(), 3);
    assert_eq!(computed::pool().max_workers(), 2);
}

#[concurrent]
fn default(_: u32) {}

#[test]
fn without_max_workers_there_is_room_for_waiting() {
    let expected = 32.min(thread::available_parallelism().map_or(1, usize::from) + 4);
    assert_eq!(default::pool().max_workers(), expected);
}

static SHARED: Pool = Pool::new(5);
static LAZY: LazyLock<Pool> = LazyLock::new(|| Pool::new(6));

#[concurrent(pool = &SHARED)]
fn one(x: u32) -> u32 {
    x
}

#[concurrent(pool = &SHARED)]
fn other(x: u32) -> u32 {
    x
}

#[concurrent(pool = &LAZY)]
fn lazy(x: u32) -> u32 {
    x
}

#[concurrent(pool = one::pool())]
fn same(x: u32) -> u32 {
    x
}

#[test]
fn a_pool_is_shared() {
    assert!(std::ptr::eq(one::pool(), &SHARED));
    assert!(std::ptr::eq(other::pool(), &SHARED));
    assert!(std::ptr::eq(same::pool(), &SHARED));
    assert!(std::ptr::eq(lazy::pool(), &*LAZY));
    assert_eq!(lazy::map([1]).collect::<Vec<_>>(), [1]);
}

#[concurrent(name = "fetcher")]
fn named(_: u32) -> String {
    thread_name()
}

#[concurrent]
fn r#async(_: u32) -> String {
    thread_name()
}

struct Client;

impl Client {
    #[concurrent]
    fn fetch(&self, _: u32) -> String {
        thread_name()
    }
}

#[test]
fn threads_have_the_name_of_the_function_or_of_the_option() {
    assert!(named::submit(1).join().unwrap().starts_with("fetcher-"));
    assert!(capped::submit(1).join().unwrap().starts_with("capped-"));
    assert!(r#async::submit(1).join().unwrap().starts_with("async-"));
    assert!(Client::fetch_submit(&Client, 1).join().unwrap().starts_with("fetch-"));
}

#[concurrent(keep_alive = Duration::ZERO, max_workers = 1)]
fn brief(x: u32) -> u32 {
    x
}

#[test]
fn keep_alive_ends_idle_threads() {
    assert_eq!(brief::submit(1).join().unwrap(), 1);
    while brief::pool().stats().threads > 0 {
        thread::yield_now();
    }
}

#[concurrent(stack_size = 16 << 20)]
fn deep(depth: usize) -> u8 {
    fn descend(depth: usize) -> u8 {
        let frame = std::hint::black_box([1_u8; 1 << 10]);
        if depth == 0 { frame[0] } else { descend(depth - 1).min(frame[depth % frame.len()]) }
    }
    descend(depth)
}

#[test]
fn stack_size_is_that_of_the_threads() {
    // Four MiB of frames, twice what a thread has by default.
    assert_eq!(deep::submit(4 << 10).join().unwrap(), 1);
}

mod facade {
    pub(crate) mod inner {
        pub(crate) use pool_core as engine;
    }
}

mod user {
    /// Hides the library.
    mod pool_core {}

    #[::pool_core::concurrent(crate = crate::options_configure_the_pool::facade::inner::engine, max_workers = 2)]
    pub(crate) fn through_a_facade(x: &u32) -> Result<u32, ()> {
        Ok(*x)
    }

    /// Hides no crate, though the path to the library goes through a module of that name.
    #[::pool_core::concurrent(crate = crate::options_configure_the_pool::facade::inner::engine)]
    pub(crate) fn inner(x: u32) -> u32 {
        x
    }
}

macro_rules! through_a_macro {
    ($name:ident) => {
        #[pool_core::concurrent(crate = $crate::options_configure_the_pool::facade::inner::engine)]
        fn $name(x: u32) -> u32 {
            x
        }
    };
}

through_a_macro!(from_a_macro);

#[test]
fn the_library_may_be_re_exported() {
    assert_eq!(user::through_a_facade::map([1]).collect::<Vec<_>>(), [Ok(1)]);
    assert_eq!(user::through_a_facade::pool().max_workers(), 2);
    assert_eq!(user::inner::map([1]).collect::<Vec<_>>(), [1]);
    assert_eq!(from_a_macro::map([1]).collect::<Vec<_>>(), [1]);
}

#[concurrent(pool = &SHARED, timeout = Duration::from_secs(7_200))]
fn limited(_: u32) -> Option<Duration> {
    deadline().map(|at| at.saturating_duration_since(Instant::now()))
}

struct Limited;

impl Limited {
    #[concurrent(timeout = HOUR)]
    fn limited<T: Send + 'static>(&self, _: T) -> Result<Duration, ()> {
        deadline().map(|at| at.saturating_duration_since(Instant::now())).ok_or(())
    }
}

#[test]
fn timeout_is_the_limit_of_each_call() {
    let is_hours = |left: Duration, hours: u32| left <= hours * HOUR && left > (hours - 1) * HOUR;
    assert!(is_hours(limited::map([1]).next().unwrap().unwrap(), 2));
    assert!(is_hours(limited::as_completed([1]).next().unwrap().result.unwrap().unwrap(), 2));
    assert!(is_hours(limited::submit(1).join().unwrap().unwrap(), 2));
    assert!(is_hours(Limited.limited_map([1]).collect::<Result<Vec<_>, _>>().unwrap()[0], 1));
    // The plain call has none, and a batch may have another one.
    assert_eq!(limited(1), None);
    assert!(is_hours(limited::map([1]).timeout(HOUR).next().unwrap().unwrap(), 1));
}
