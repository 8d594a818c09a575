//! A bar for each of three ways to consume a batch: in order, as completed, and in a scope over borrowed data.
//!
//! `cargo run -p progress`

use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressIterator};
use pool_core::concurrent;

/// Something slow with a text.
#[concurrent(max_workers = 8)]
fn length(text: &str) -> Result<usize, String> {
    thread::sleep(Duration::from_millis(20 + text.len() as u64));
    if text.ends_with('7') { Err(format!("{text:?} ends with 7")) } else { Ok(text.len()) }
}

fn main() {
    let texts: Vec<String> = (0..100).map(|n| format!("text {n}")).collect();

    // In order. An owned batch is an iterator, which knows its length wherever its inputs do.
    let ordered = length::map(texts.clone());
    let lengths: usize = ordered.try_progress().expect("a `Vec` knows its length").flatten().sum();
    println!("in order: {lengths} bytes");

    // As completed: the bar moves with each call that ends, whichever it is.
    let bar = ProgressBar::new(texts.len() as u64);
    let mut failed = 0;
    length::as_completed(&texts).for_each(|done| {
        if let Err(error) = done.result {
            bar.suspend(|| println!("input {}: {error}", done.index));
            failed += 1;
        }
        bar.inc(1);
    });
    bar.finish_and_clear();
    println!("as completed: {failed} failed");

    // In a scope: adaptors over borrowed data, up to the first failure.
    let before = length::map(&texts).scope(|results| {
        let bar = ProgressBar::new(results.size_hint().0 as u64);
        results.progress_with(bar).take_while(Result::is_ok).count()
    });
    println!("in a scope: {before} before the first failure");
}
