//! Simulated services. The number of calls inside decides how they behave, so their capacity is known.

use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) type Answer = Result<(), &'static str>;

/// A service, and how many calls a second it can do with so many at once, as a multiple of what it does with one.
pub(crate) struct Service {
    pub(crate) name: &'static str,
    /// What there is to find.
    pub(crate) truth: &'static str,
    pub(crate) call: Box<dyn Fn(usize) -> Answer + Send + Sync>,
    pub(crate) capacity: fn(usize) -> f64,
}

impl Service {
    /// How much better the best number of workers is than this one.
    pub(crate) fn factor(&self, workers: usize) -> f64 {
        let best = (1..=1024).map(self.capacity).fold(0.0, f64::max);
        best / (self.capacity)(workers)
    }
}

fn wait(milliseconds: f64) {
    thread::sleep(Duration::from_secs_f64(milliseconds / 1e3));
}

/// Counts who is inside.
#[derive(Default)]
struct Inside(AtomicUsize);

impl Inside {
    /// Runs `call` with the number of calls inside, this one included.
    fn enter(&self, call: impl FnOnce(usize)) {
        call(self.0.fetch_add(1, Ordering::SeqCst) + 1);
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Twelve servers behind one queue.
pub(crate) fn queue() -> Service {
    let (free, freed) = (Mutex::new(12), Condvar::new());
    let call = move |_| {
        let mut servers = freed.wait_while(free.lock().unwrap(), |free| *free == 0).unwrap();
        *servers -= 1;
        drop(servers);
        wait(10.0);
        *free.lock().unwrap() += 1;
        freed.notify_one();
        Ok(())
    };
    Service {
        name: "12 servers behind a queue",
        truth: "waits, 12",
        call: Box::new(call),
        capacity: |n| n.min(12) as f64,
    }
}

/// No limit, and one call in twenty takes ten times as long.
pub(crate) fn stragglers() -> Service {
    let call = |n| {
        wait(if n % 20 == 7 { 300.0 } else { 30.0 });
        Ok(())
    };
    Service {
        name: "no limit, 5 % stragglers",
        truth: "no limit",
        call: Box::new(call),
        capacity: |n| n as f64,
    }
}

fn slowdown(n: usize) -> f64 {
    let n = n as f64;
    1.0 + 0.05 * (n - 1.0) + 0.95 / (22.0 * 22.0) * n * (n - 1.0)
}

/// Calls disturb each other: throughput falls beyond 22.
pub(crate) fn retrograde() -> Service {
    let inside = Inside::default();
    let call = move |_| {
        inside.enter(|n| wait(5.0 * slowdown(n)));
        Ok(())
    };
    let capacity = |n| n as f64 / slowdown(n);
    Service { name: "falls beyond 22", truth: "waits, 22", call: Box::new(call), capacity }
}

/// Keeps the CPU busy.
pub(crate) fn spinner() -> Service {
    let call = |_| {
        (0..300_000_u64).for_each(|n| {
            black_box(n);
        });
        Ok(())
    };
    let capacity = |n: usize| n.min(thread::available_parallelism().unwrap().get()) as f64;
    Service {
        name: "keeps the CPU busy",
        truth: "the number of cores",
        call: Box::new(call),
        capacity,
    }
}

/// A hundred starts a second, and an error at once for those beyond. Four workers make 90 a second.
pub(crate) fn limited() -> Service {
    let tokens = Mutex::new((10.0_f64, Instant::now()));
    let call = move |_| {
        {
            let (left, at) = &mut *tokens.lock().unwrap();
            *left = (*left + 100.0 * at.elapsed().as_secs_f64()).min(10.0);
            *at = Instant::now();
            if *left < 1.0 {
                return Err("429");
            }
            *left -= 1.0;
        }
        wait(44.0);
        Ok(())
    };
    let capacity = |n| if n <= 4 { n as f64 } else { 0.0 };
    Service {
        name: "100 a second, then 429",
        truth: "fails from 5 on",
        call: Box::new(call),
        capacity,
    }
}

/// A link that eight calls fill. Each sends ten packets.
pub(crate) fn link() -> Service {
    let inside = Inside::default();
    let call = move |_| {
        inside.enter(|_| {
            (0..10)
                .for_each(|_| wait(2.0 * (inside.0.load(Ordering::SeqCst) as f64 / 8.0).max(1.0)))
        });
        Ok(())
    };
    Service {
        name: "a link that 8 calls fill",
        truth: "waits, 8",
        call: Box::new(call),
        capacity: |n| n.min(8) as f64,
    }
}
