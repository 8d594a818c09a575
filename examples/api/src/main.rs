//! Asks a service that takes 50 requests a second for many orders, and says of each how it went.
//!
//! `cargo run --release -p api -- [ORDERS]`
//!
//! It serves the orders itself. The first Ctrl-C asks for no more of them, the second one exits at once.

mod client;
mod service;

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};
use std::{env, process, sync::Arc};

use backon::{BackoffBuilder, ExponentialBuilder};
use client::{Client, Failure, Order};
use indicatif::{ProgressBar, ProgressStyle};
use pool_core::{CallError, Running, concurrent, pause, retry};

/// How long one order may take, with all its attempts.
const LIMIT: Duration = Duration::from_secs(5);

/// Asks for one order, again where that can help.
#[concurrent(max_workers = 8)]
fn order(#[shared] client: &Client, id: &u32) -> Result<Order, Failure> {
    let delays = ExponentialBuilder::new().with_min_delay(Duration::from_millis(100));
    let delays = delays.with_max_times(8).with_jitter().build();
    retry(
        delays,
        || client.get(*id),
        |failure, planned| match failure {
            // One answer like this holds back all calls.
            Failure::Busy { retry_after } => pause(*retry_after).then_some(*retry_after),
            Failure::Status(500..) | Failure::Http(_) => Some(planned),
            Failure::Status(_) | Failure::Stopped => None,
        },
    )
}

fn main() -> Result<(), Box<dyn Error>> {
    let ids: u32 = env::args().nth(1).map_or(Ok(200), |text| text.parse())?;
    let client = Arc::new(Client::new(service::start()?)?);
    let start = Instant::now();

    // Four more than run at once may rest or wait for their turn. Their time runs meanwhile, so there are few.
    let batch = order::as_completed(client.clone(), 1..=ids).buffer(12);
    let mut batch = batch.abandon_after(LIMIT);

    let (watch, stop, pressed) = (batch.watch(), batch.stop_handle(), AtomicBool::new(false));
    ctrlc::set_handler(move || {
        if pressed.swap(true, Relaxed) {
            process::exit(130);
        }
        eprintln!("finishing what has been begun; Ctrl-C again exits at once");
        stop.stop();
    })?;

    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len}, the oldest for {msg} s")?;
    let bar = ProgressBar::new(ids.into()).with_style(style);
    let (mut ok, mut failed, mut timed_out) = (0, 0, 0);
    while let Some(next) = batch.next_timeout(Duration::from_millis(100)).transpose() {
        let oldest = watch.running().first().map_or(Duration::ZERO, Running::age);
        bar.set_message(format!("{:.1}", oldest.as_secs_f64()));
        let Ok(done) = next else { continue };
        let (count, line) = match done.result {
            Ok(Order { items, total }) => (&mut ok, format!("{items} items, {total} €")),
            Err(
                CallError::TimedOut | CallError::Failed(Failure::Http(ureq::Error::Timeout(_))),
            ) => (&mut timed_out, "timed out".into()),
            Err(error) => (&mut failed, error.to_string()),
        };
        *count += 1;
        bar.inc(1);
        bar.suspend(|| println!("{}: {line}", done.input));
    }
    bar.finish_and_clear();

    let (attempts, busy) = (client.attempts.load(Relaxed), client.busy.load(Relaxed));
    println!(
        "{ok} ok, {failed} failed, {timed_out} timed out, {attempts} attempts, {busy} got 429"
    );
    println!("{:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}
