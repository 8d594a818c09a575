//! A web server that streams the results of blocking calls in order, while later ones run, and stops calling when the
//! client goes away.
//!
//! `cargo run -p axum_stream`, and then `curl -N http://127.0.0.1:3000/primes/1000000` until Ctrl-C

use std::convert::Infallible;
use std::io;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::routing::get;
use futures_lite::StreamExt;
use pool_core::concurrent;
use tokio::net::TcpListener;

/// Work that would hold up every other request if it ran in the executor.
#[concurrent(max_workers = 2)]
pub(crate) fn is_prime(n: u64) -> (u64, bool) {
    (n, n > 1 && (2..).take_while(|d| d * d <= n).all(|d| n % d != 0))
}

/// All primes from `start`, one a line, until the reader goes away.
async fn primes(Path(start): Path<u64>) -> Body {
    // If the client reads slowly, no more than 64 numbers are ahead of it. If it goes away, the server drops the body,
    // and with it the batch.
    let numbers = is_prime::map(start..).buffer(64).into_stream();
    let lines =
        numbers.filter_map(|(n, prime)| prime.then(|| Ok::<_, Infallible>(format!("{n}\n"))));
    Body::from_stream(lines)
}

/// The server, for whatever listens.
pub(crate) fn app() -> Router {
    Router::new().route("/primes/{start}", get(primes))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    println!("http://{}/primes/1000000", listener.local_addr()?);
    axum::serve(listener, app()).await
}
