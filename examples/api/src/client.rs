//! The client of the service: one request, within the rate and the time of its call.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use pool_core::{back_off, deadline};
use ratelimit::{Ratelimiter, TryWaitError::Insufficient};
use serde::Deserialize;
use ureq::{Agent, http::HeaderMap};

#[derive(Deserialize)]
pub(crate) struct Order {
    pub(crate) items: u32,
    pub(crate) total: u32,
}

#[derive(thiserror::Error, Debug)]
pub(crate) enum Failure {
    #[error("status 429")]
    Busy { retry_after: Duration },
    #[error("status {0}")]
    Status(u16),
    #[error("stopped before its turn")]
    Stopped,
    #[error(transparent)]
    Http(#[from] ureq::Error),
}

pub(crate) struct Client {
    agent: Agent,
    url: String,
    limiter: Ratelimiter,
    pub(crate) attempts: AtomicU32,
    pub(crate) busy: AtomicU32,
}

impl Client {
    pub(crate) fn new(url: String) -> Result<Self, ratelimit::Error> {
        Ok(Self {
            agent: Agent::config_builder().proxy(None).http_status_as_error(false).build().into(),
            url,
            limiter: Ratelimiter::builder(50).max_tokens(5).build()?,
            attempts: AtomicU32::new(0),
            busy: AtomicU32::new(0),
        })
    }

    /// Asks for one order, once.
    pub(crate) fn get(&self, id: u32) -> Result<Order, Failure> {
        while let Err(Insufficient(wait)) = self.limiter.try_wait() {
            // A pause holds a call that rests, too. With `sleep` it would go on.
            if !back_off(wait) {
                return Err(Failure::Stopped);
            }
        }
        self.attempts.fetch_add(1, Relaxed);
        let left = deadline().map(|at| at.saturating_duration_since(Instant::now()));
        let request = self.agent.get(format!("{}{id}", self.url));
        let mut response = request.config().timeout_global(left).build().call()?;
        match response.status().as_u16() {
            200 => Ok(response.body_mut().read_json()?),
            429 => {
                self.busy.fetch_add(1, Relaxed);
                Err(Failure::Busy { retry_after: retry_after(response.headers()) })
            }
            status => Err(Failure::Status(status)),
        }
    }
}

fn retry_after(headers: &HeaderMap) -> Duration {
    let seconds = headers.get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
    Duration::from_secs(seconds.unwrap_or(1))
}
