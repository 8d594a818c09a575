//! Draws ten downloads as they ran: a row for each worker thread, a bar for each call.
//!
//! `cargo run --release -p timeline -- [--svg FILE] [--trace FILE]`
//!
//! The SVG is for any browser, the trace for Perfetto. One download fails and one panics, as they should.

mod arguments;
mod spans;
mod svg;

use crate::arguments::{Arguments, USAGE};
use crate::spans::Spans;
use crate::svg::Outcome;
use pool_core::{CallError, concurrent};
use std::error::Error;
use std::fs::{self, File};
use std::process::exit;
use tracing::Level;
use tracing_chrome::ChromeLayerBuilder;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;
use ureq::Agent;

/// Downloads one page and counts its bytes.
#[concurrent(max_workers = 4)]
fn download(#[shared] agent: &Agent, url: &str) -> Result<usize, ureq::Error> {
    let page = agent.get(url).call()?.body_mut().read_to_string()?;
    // A mistake on purpose: the last page is longer.
    assert!(page.len() < 20_000, "a page of {} bytes", page.len());
    Ok(page.len())
}

fn main() -> Result<(), Box<dyn Error>> {
    let files = Arguments::parse().unwrap_or_else(|error| {
        eprintln!("timeline: {error} ({USAGE})");
        exit(2)
    });

    let spans = Spans::new();
    let (chrome, trace) = ChromeLayerBuilder::new()
        .writer(File::create(&files.trace)?)
        .include_args(true)
        .include_locations(false)
        .build();
    let calls = Targets::new().with_target("pool_core", Level::DEBUG);
    tracing_subscriber::registry().with(calls).with(chrome).with(spans.clone()).init();

    let (urls, _) = server::pages()?;
    let agent: Agent = Agent::config_builder().proxy(None).build().into();
    let mut outcomes = vec![Outcome::Ok; urls.len()];
    download::as_completed(&agent, &urls).for_each(|done| {
        let (outcome, told) = match &done.result {
            Ok(bytes) => (Outcome::Ok, format!("{bytes} bytes")),
            Err(CallError::Failed(error)) => (Outcome::Failed, error.to_string()),
            Err(panic) => (Outcome::Panicked, panic.to_string()),
        };
        println!("call {}, {outcome}, {} ms: {told}", done.index, done.elapsed.as_millis());
        outcomes[done.index] = outcome;
    });

    // Each span is closed before its completion is there.
    fs::write(&files.svg, svg::draw(&spans.take(), &outcomes))?;
    drop(trace); // The file is whole when its guard is gone.
    println!("picture: {}", files.svg.display());
    println!("trace: {}", files.trace.display());
    Ok(())
}
