//! Crawls a site: fetches a page, then what it links to, each page once, until 200 have been fetched.
//!
//! `cargo run --release -p crawl -- [MILLISECONDS_PER_PAGE]`
//!
//! It serves the site itself. Ctrl-C ends the crawl early: what has been begun is still finished and printed.

use std::collections::HashSet;
use std::env;
use std::error::Error;
use std::time::{Duration, Instant};

use pool_core::{Feed, concurrent};
use ureq::Agent;

const MOST: usize = 200;

/// Fetches one page and returns its links.
#[concurrent(max_workers = 8)]
fn fetch(
    #[shared] agent: &Agent,
    #[shared] site: &str,
    path: &str,
) -> Result<Vec<String>, ureq::Error> {
    let page = agent.get(format!("{site}{path}")).call()?.body_mut().read_to_string()?;
    let links = page.split("href=\"").skip(1).filter_map(|link| link.split('"').next());
    Ok(links.map(String::from).collect())
}

fn main() -> Result<(), Box<dyn Error>> {
    let wait = env::args().nth(1).map_or(Ok(20), |text| text.parse())?;
    let site = server::site(Duration::from_millis(wait))?;
    let agent: Agent = Agent::config_builder().proxy(None).build().into();
    let start = Instant::now();

    let feed = Feed::from([String::from("/0")]);
    let mut seen = HashSet::from([String::from("/0")]);
    let batch = fetch::as_completed(&agent, &site, feed.inputs());

    let stop = batch.stop_handle();
    ctrlc::set_handler(move || {
        eprintln!("finishing what has been begun");
        stop.stop();
    })?;

    let (mut pages, mut failed) = (0, 0);
    batch.for_each(|done| match done.result {
        Ok(links) => {
            println!("{}: {} links", done.input, links.len());
            pages += 1;
            for link in links {
                if seen.len() < MOST && seen.insert(link.clone()) {
                    // Refused after Ctrl-C, when the crawl takes no more pages.
                    let _ = feed.push(link);
                }
            }
        }
        Err(error) => {
            println!("{}: {error}", done.input);
            failed += 1;
        }
    });
    println!("{pages} pages, {failed} failed, {:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}
