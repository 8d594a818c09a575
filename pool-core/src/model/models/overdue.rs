//! Batches that go on without calls that take too long. Every limit is past at once, since a model has no clock.

use super::{Progress, model, pool};
use crate::{CallError, Feed, Pool};
use loom::sync::Arc;
use std::time::Duration;

const LIMIT: Duration = Duration::from_nanos(1);

/// Whether a call was timed out, by input. The calls for 0 end only after `progress` says so.
fn outcomes(pool: &Pool, inputs: Vec<usize>, progress: &Arc<Progress>) -> Vec<(usize, bool)> {
    let progress = Arc::clone(progress);
    let call = move |n: &usize| {
        if *n == 0 {
            progress.wait_for(1);
        }
        Ok::<_, ()>(*n)
    };
    let batch = pool.as_completed(inputs, call).abandon_after(LIMIT);
    batch.map(|done| (done.input, matches!(done.result, Err(CallError::TimedOut)))).collect()
}

#[test]
fn a_call_that_ends_while_it_is_abandoned_has_one_outcome() {
    model(|| {
        let (pool, progress) = (pool(1), Arc::new(Progress::new()));
        assert_eq!(outcomes(&pool, vec![7], &progress), [(7, true)]);
    });
}

#[test]
fn the_end_comes_without_an_overdue_call() {
    model(|| {
        let (pool, progress) = (pool(1), Arc::new(Progress::new()));
        assert_eq!(outcomes(&pool, vec![0], &progress), [(0, true)]);
        progress.advance();
    });
}

#[test]
fn the_others_run_beside_an_overdue_call() {
    model(|| {
        let (pool, progress) = (pool(2), Arc::new(Progress::new()));
        let mut outcomes = outcomes(&pool, vec![0, 1], &progress);
        outcomes.sort_unstable();
        assert_eq!(outcomes, [(0, true), (1, true)]);
        progress.advance();
    });
}

#[test]
fn a_consumer_that_waits_hears_of_a_call_that_begins() {
    model(|| {
        let (pool, progress) = (pool(2), Arc::new(Progress::new()));
        let other = Arc::clone(&progress);
        let inputs = std::iter::once_with(move || (other.wait_for(1), 0).1);
        let feeder = Arc::clone(&progress);
        let thread = loom::thread::spawn(move || feeder.advance());
        let last = Arc::clone(&progress);
        let batch =
            pool.as_completed(inputs, move |n: &usize| Ok::<_, ()>((last.wait_for(2), *n).1));
        let mut batch = batch.abandon_after(LIMIT);
        assert!(matches!(batch.next().unwrap().result, Err(CallError::TimedOut)));
        progress.advance();
        assert!(batch.next().is_none());
        thread.join().unwrap();
    });
}

#[test]
fn a_feed_ends_without_an_overdue_call() {
    model(|| {
        let (pool, progress) = (pool(1), Arc::new(Progress::new()));
        let feed = Feed::from([0_usize]);
        let waits = Arc::clone(&progress);
        let batch = pool
            .as_completed(feed.inputs(), move |n: &usize| Ok::<_, ()>((waits.wait_for(1), *n).1));
        assert_eq!(batch.abandon_after(LIMIT).count(), 1);
        assert_eq!(feed.push(1), Err(1));
        progress.advance();
    });
}

#[test]
fn a_feed_ends_when_its_overdue_call_ends_meanwhile() {
    model(|| {
        let feed = Feed::from([0_usize]);
        let batch = pool(1).as_completed(feed.inputs(), |n: &usize| Ok::<_, ()>(*n));
        assert_eq!(batch.abandon_after(LIMIT).count(), 1);
    });
}

#[test]
fn a_call_that_waits_for_such_a_batch_goes_on() {
    model(|| {
        let (pool, progress) = (Arc::new(pool(2)), Arc::new(Progress::new()));
        let (inner, waits) = (Arc::clone(&pool), Arc::clone(&progress));
        let task = pool.submit(move || outcomes(&inner, vec![0], &waits));
        assert_eq!(task.join().unwrap(), [(0, true)]);
        progress.advance();
    });
}
