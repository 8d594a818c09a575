//! Downloads pages over HTTP, many at a time, and says of each how it went as soon as it is known.
//!
//! `cargo run --release -p download -- [-j WORKERS] [URL]...`
//!
//! Without URLs it serves ten pages itself and downloads them twice: in their order, and as they finish.

use std::fmt::Display;
use std::io::{self, Write};
use std::num::NonZero;
use std::process::{ExitCode, exit};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use pool_core::{Pool, concurrent};
use ureq::{Agent, Proxy, http::Uri};

const USAGE: &str = "usage: download [-j WORKERS] [URL]...";

struct Page {
    status: u16,
    bytes: u64,
    time: Duration,
}

/// Downloads one page. Its text is counted and let go, so it may be of any size.
#[concurrent(max_workers = 16)]
fn download(#[shared] agent: &Agent, url: &str) -> Result<Page, ureq::Error> {
    let start = Instant::now();
    let response = agent.get(url).call()?;
    let status = response.status().as_u16();
    let bytes = io::copy(&mut response.into_body().into_reader(), &mut io::sink())?;
    Ok(Page { status, bytes, time: start.elapsed() })
}

fn main() -> ExitCode {
    let (workers, urls) = arguments().unwrap_or_else(|error| {
        eprintln!("download: {error} ({USAGE})");
        exit(2)
    });
    // The function's own pool has a cap of 16. `-j` may ask for more, so it brings a pool of its own.
    let own = workers.map(|workers| Pool::new(workers.get()));
    let pool = own.as_ref().unwrap_or_else(|| download::pool());

    if urls.is_empty() {
        return demo(pool);
    }
    let failed = as_they_finish(pool, &agent(Proxy::try_from_env()), &urls);
    summary(urls.len(), failed);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Downloads the same ten pages in both ways. One of them is missing, which is as it should be.
fn demo(pool: &Pool) -> ExitCode {
    let (urls, waits) = server::pages().unwrap_or_else(|error| {
        eprintln!("download: cannot serve pages: {error}");
        exit(1)
    });
    let agent = agent(None);
    let took = |start: Instant| {
        let (wall, waits) = (start.elapsed().as_secs_f64(), waits.as_secs_f64());
        print(format_args!("{wall:.2} s, and the waits add up to {waits:.2} s\n"));
    };

    print("In order:");
    let start = Instant::now();
    in_order(pool, &agent, &urls);
    took(start);

    print("As they finish:");
    let start = Instant::now();
    let failed = as_they_finish(pool, &agent, &urls);
    took(start);

    summary(urls.len(), failed);
    ExitCode::SUCCESS
}

/// Downloads `urls` and tells of each in its turn.
fn in_order(pool: &Pool, agent: &Agent, urls: &[String]) {
    let bar = ProgressBar::new(urls.len() as u64);
    download::map(agent, urls).on(pool).scope(|pages| {
        for (page, url) in pages.zip(urls) {
            tell(&bar, url, &page);
        }
    });
    bar.finish_and_clear();
}

/// Downloads `urls` and tells of each as it finishes. Returns how many failed.
fn as_they_finish(pool: &Pool, agent: &Agent, urls: &[String]) -> usize {
    let bar = ProgressBar::new(urls.len() as u64);
    let mut failed = 0;
    download::as_completed(agent, urls).on(pool).for_each(|done| {
        tell(&bar, done.input, &done.result);
        failed += usize::from(done.result.is_err());
    });
    bar.finish_and_clear();
    failed
}

/// Prints the line of one URL, above the bar.
fn tell(bar: &ProgressBar, url: &str, page: &Result<Page, impl Display>) {
    bar.inc(1);
    bar.suspend(|| match page {
        Ok(Page { status, bytes, time }) => {
            print(format_args!("{status} {bytes:>8} bytes {:>6} ms  {url}", time.as_millis()));
        }
        Err(error) => print(format_args!("{url}: {error}")),
    });
}

fn summary(all: usize, failed: usize) {
    print(format_args!("{} ok, {failed} failed", all - failed));
}

/// Prints one line. Ends the program where the output has no reader any more (`| head`).
fn print(line: impl Display) {
    if let Err(error) = writeln!(io::stdout(), "{line}") {
        if error.kind() != io::ErrorKind::BrokenPipe {
            eprintln!("download: cannot print: {error}");
        }
        exit(1)
    }
}

/// A client that gives up on a server that is silent for ten seconds, however long the page is.
fn agent(proxy: Option<Proxy>) -> Agent {
    let patience = Some(Duration::from_secs(10));
    let config = Agent::config_builder()
        .proxy(proxy)
        .timeout_resolve(patience)
        .timeout_connect(patience)
        .timeout_recv_response(patience)
        .timeout_per_read(patience);
    config.build().into()
}

fn arguments() -> Result<(Option<NonZero<usize>>, Vec<String>), lexopt::Error> {
    use lexopt::prelude::*;

    let (mut workers, mut urls) = (None, Vec::new());
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('j') => {
                let number = |text: &str| text.parse().map_err(|_| "-j takes a number from 1");
                workers = Some(arguments.value()?.parse_with(number)?);
            }
            Short('h') | Long("help") => {
                print(USAGE);
                exit(0)
            }
            Value(url) => urls.push(url.parse_with(|text| match text.parse::<Uri>() {
                Ok(uri) if matches!(uri.scheme_str(), Some("http" | "https")) => Ok(text.into()),
                _ => Err("not a URL that begins with http:// or https://"),
            })?),
            other => return Err(other.unexpected()),
        }
    }
    Ok((workers, urls))
}
