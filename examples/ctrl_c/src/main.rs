//! The first Ctrl-C stops taking inputs, and what has been begun is finished and counted; the second one exits at once.
//!
//! `cargo run -p ctrl_c -- [MILLISECONDS_PER_CALL]`

use std::env;
use std::process::exit;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use pool_core::concurrent;

/// Any work that cannot be interrupted. One that can asks `pool_core::is_cancelled()` now and then, or waits with
/// `pool_core::sleep`.
#[concurrent(max_workers = 4)]
fn collatz(#[shared] pause: &Duration, start: u64) -> (u64, u32) {
    eprintln!("{start} begins");
    thread::sleep(*pause);
    let (mut n, mut steps) = (start, 0);
    while n != 1 {
        n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
        steps += 1;
    }
    (start, steps)
}

fn main() {
    let pause =
        env::args().nth(1).map_or(200, |text| text.parse().expect("a number of milliseconds"));

    // There is no end to the inputs: only Ctrl-C ends it.
    let batch = collatz::map(Duration::from_millis(pause), 1..);

    let stop = batch.stop_handle();
    let pressed = AtomicBool::new(false);
    ctrlc::set_handler(move || {
        if pressed.swap(true, Ordering::Relaxed) {
            exit(130);
        }
        eprintln!("finishing what has been begun; Ctrl-C again exits at once");
        stop.stop();
    })
    .expect("no other handler of Ctrl-C is set");
    eprintln!("press Ctrl-C");

    let mut longest = (0, 0);
    let mut results = 0;
    batch.for_each(|(start, steps)| {
        println!("{start}: {steps} steps");
        longest = longest.max((steps, start));
        results += 1;
    });
    println!("{results} results; the longest has {} steps, from {}", longest.0, longest.1);
}
