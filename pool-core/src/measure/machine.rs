//! The machine: its [`cores`], and which part of them its other programs leave [`free`] for this process.

use cpu_time::ThreadTime;
use std::thread;
use std::time::{Duration, Instant};

/// How long to look.
const LOOK: Duration = Duration::from_millis(30);

/// Keeps each core busy for a moment, and tells which part of that time this process got, from 0 to 1.
pub(super) fn free() -> f64 {
    let shares: Vec<f64> = thread::scope(|scope| {
        let looks: Vec<_> = (0..cores())
            .filter_map(|_| thread::Builder::new().spawn_scoped(scope, look).ok())
            .collect();
        looks.into_iter().filter_map(|look| look.join().ok()).collect()
    });
    if shares.is_empty() { 1.0 } else { shares.iter().sum::<f64>() / shares.len() as f64 }
}

/// How many cores this process may use.
pub(super) fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

fn look() -> f64 {
    let (begun, cpu) = (Instant::now(), ThreadTime::now());
    while begun.elapsed() < LOOK {
        std::hint::spin_loop();
    }
    (cpu.elapsed().as_secs_f64() / begun.elapsed().as_secs_f64()).min(1.0)
}
