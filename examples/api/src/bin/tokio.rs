//! The same client on tokio, to compare: `cargo run --release -p api --features tokio --bin tokio -- [ORDERS]`.

#[path = "../service.rs"]
mod service;

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{env, process};

use backon::{ExponentialBuilder, Retryable};
use indicatif::{ProgressBar, ProgressStyle};
use ratelimit::{Ratelimiter, TryWaitError::Insufficient};
use reqwest::header::HeaderMap;
use serde::Deserialize;
use tokio::signal::ctrl_c;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep, sleep_until, timeout};

/// How long one order may take, with all its attempts.
const LIMIT: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
struct Order {
    items: u32,
    total: u32,
}

#[derive(thiserror::Error, Debug)]
enum Failure {
    #[error("status 429")]
    Busy { retry_after: Duration },
    #[error("status {0}")]
    Status(u16),
    #[error("stopped before its turn")]
    Stopped,
    #[error(transparent)]
    Http(#[from] reqwest::Error),
}

struct Client {
    http: reqwest::Client,
    url: String,
    limiter: Ratelimiter,
    paused_until: Mutex<Instant>,
    stopped: watch::Sender<bool>,
    running: Mutex<BTreeMap<u32, Instant>>,
    attempts: AtomicU32,
    busy: AtomicU32,
}

impl Client {
    fn new(url: String) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            http: reqwest::Client::builder().no_proxy().build()?,
            url,
            limiter: Ratelimiter::builder(50).max_tokens(5).build()?,
            paused_until: Mutex::new(Instant::now()),
            stopped: watch::Sender::new(false),
            running: Mutex::default(),
            attempts: AtomicU32::new(0),
            busy: AtomicU32::new(0),
        })
    }

    /// Waits for the end of a pause, and then for a turn.
    async fn turn(&self) {
        loop {
            let paused_until = *self.paused_until.lock().unwrap();
            if paused_until > Instant::now() {
                sleep_until(paused_until).await;
            } else if let Err(Insufficient(wait)) = self.limiter.try_wait() {
                sleep(wait).await;
            } else {
                return;
            }
        }
    }

    /// Asks for one order, once.
    async fn get(&self, id: u32) -> Result<Order, Failure> {
        let mut stopped = self.stopped.subscribe();
        tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => return Err(Failure::Stopped),
            () = self.turn() => {}
        }
        self.attempts.fetch_add(1, Relaxed);
        let response = self.http.get(format!("{}{id}", self.url)).send().await?;
        match response.status().as_u16() {
            200 => Ok(response.json().await?),
            429 => {
                self.busy.fetch_add(1, Relaxed);
                Err(Failure::Busy { retry_after: retry_after(response.headers()) })
            }
            status => Err(Failure::Status(status)),
        }
    }

    /// Asks for one order, again where that can help.
    async fn order(&self, id: u32) -> Result<Order, Failure> {
        let delays = ExponentialBuilder::new().with_min_delay(Duration::from_millis(100));
        (|| self.get(id))
            .retry(delays.with_max_times(8).with_jitter())
            .sleep(sleep)
            .when(|failure| {
                matches!(failure, Failure::Busy { .. } | Failure::Status(500..) | Failure::Http(_))
            })
            .adjust(|failure, planned| match failure {
                // One answer like this holds back all calls.
                Failure::Busy { retry_after } => {
                    let mut paused_until = self.paused_until.lock().unwrap();
                    *paused_until = (*paused_until).max(Instant::now() + *retry_after);
                    planned.map(|_| *retry_after)
                }
                _ => planned,
            })
            .await
    }
}

fn retry_after(headers: &HeaderMap) -> Duration {
    let seconds = headers.get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
    Duration::from_secs(seconds.unwrap_or(1))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let count: u32 = env::args().nth(1).map_or(Ok(200), |text| text.parse())?;
    let client = Arc::new(Client::new(service::start()?)?);
    let start = Instant::now();

    let places = Arc::new(Semaphore::new(12));
    let (mut ids, mut calls) = (1..=count, JoinSet::new());
    let mut next = ids.next();
    let mut ticks = interval(Duration::from_millis(100));

    let mut stopped = client.stopped.subscribe();
    let stop = client.clone();
    tokio::spawn(async move {
        while ctrl_c().await.is_ok() {
            if stop.stopped.send_replace(true) {
                process::exit(130);
            }
            eprintln!("finishing what has been begun; Ctrl-C again exits at once");
        }
    });

    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len}, the oldest for {msg} s")?;
    let bar = ProgressBar::new(count.into()).with_style(style);
    let (mut ok, mut failed, mut timed_out) = (0, 0, 0);
    while next.is_some() || !calls.is_empty() {
        tokio::select! {
            permit = places.clone().acquire_owned(), if next.is_some() => {
                let (id, client) = (next.take().unwrap_or_default(), client.clone());
                next = ids.next();
                calls.spawn(async move {
                    let _permit = permit;
                    client.running.lock().unwrap().insert(id, Instant::now());
                    let result = timeout(LIMIT, client.order(id)).await;
                    client.running.lock().unwrap().remove(&id);
                    (id, result)
                });
            }
            Some(done) = calls.join_next() => {
                let (id, result) = done?;
                let (count, line) = match result {
                    Ok(Ok(Order { items, total })) => (&mut ok, format!("{items} items, {total} €")),
                    Ok(Err(error)) => (&mut failed, error.to_string()),
                    Err(_) => (&mut timed_out, "timed out".into()),
                };
                *count += 1;
                bar.inc(1);
                bar.suspend(|| println!("{id}: {line}"));
            }
            Ok(()) = stopped.changed() => next = None,
            _ = ticks.tick() => {
                let oldest = client.running.lock().unwrap().values().min().map_or(Duration::ZERO, Instant::elapsed);
                bar.set_message(format!("{:.1}", oldest.as_secs_f64()));
            }
        }
    }
    bar.finish_and_clear();

    let (attempts, busy) = (client.attempts.load(Relaxed), client.busy.load(Relaxed));
    println!(
        "{ok} ok, {failed} failed, {timed_out} timed out, {attempts} attempts, {busy} got 429"
    );
    println!("{:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}
