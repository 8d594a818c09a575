//! A batch over Redis is one like any other, though no thread waits for its calls.

use crate::faults::{fleet, until};
use crate::server::Server;
use crate::{LEASE, double};
use futures_lite::{StreamExt as _, future};
use pool_core::{CallError, Feed, Fleet, FleetError, Pool, RemoteError};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

struct Bench {
    fleet: Fleet,
    log: String,
    server: Server,
    _worker: crate::server::Process,
}

fn bench() -> Bench {
    let server = Server::start();
    let (fleet, log) = (fleet(&server), server.log().to_str().unwrap().to_owned());
    Bench { _worker: server.beside("worker"), fleet, log, server }
}

/// In the order of the inputs, which are borrowed, and within a scope.
pub(crate) fn inputs_may_be_borrowed() {
    let Bench { fleet, log, server: _server, _worker } = bench();
    let inputs: Vec<_> = (0..500_u64).map(|n| (log.clone(), n, n % 3)).collect();
    let lent = || inputs.iter().map(|(log, n, wait)| (log, *n, *wait));
    let doubled: Vec<_> = double::on(&fleet).map(lent()).try_collect().unwrap();
    assert!(doubled.into_iter().eq((0..500).map(|n| 2 * n)));

    let mut seen = BTreeSet::new();
    double::on(&fleet).as_completed(lent()).for_each(|done| {
        assert!(std::ptr::eq(done.input.0, &inputs[done.index].0));
        assert!(seen.insert(done.result.unwrap()));
    });
    assert_eq!(seen.len(), 500);

    let in_order = double::on(&fleet).as_completed(lent()).in_order();
    let first = in_order.scope(|results| {
        let first = results.next().unwrap();
        assert!(results.next_timeout(10 * LEASE).unwrap().is_some());
        first.index
    });
    assert_eq!(first, 0);
    let found = double::on(&fleet).as_completed(lent()).try_for_each(|done| match done.index {
        100 => ControlFlow::Break(done.result.unwrap()),
        _ => ControlFlow::Continue(()),
    });
    assert_eq!(found, ControlFlow::Break(200));
}

/// Nothing is taken before a result is asked for, and no more than the buffer ahead of the consumer.
pub(crate) fn inputs_are_taken_as_the_buffer_says() {
    let Bench { fleet, log, server, _worker } = bench();
    let taken = AtomicUsize::new(0);
    let inputs = (0..1000_u64).map(|n| {
        taken.fetch_add(1, Ordering::Relaxed);
        (&log, n, 0)
    });
    let batch = double::on(&fleet).map(inputs).buffer(8);
    thread::sleep(Duration::from_millis(100));
    assert_eq!((taken.load(Ordering::Relaxed), fleet.stats().queued), (0, 0));
    batch.scope(|results| {
        for n in 0..20 {
            assert_eq!(results.size_hint(), (1000 - n, Some(1000 - n)));
            assert_eq!(results.next(), Some(Ok(2 * n as u64)));
            assert!(taken.load(Ordering::Relaxed) <= n + 1 + 8);
        }
        until(&server, 20 + 6);
        thread::sleep(Duration::from_millis(100));
        assert!(taken.load(Ordering::Relaxed) <= 20 + 8);
    });
    let most = Cell::new(0);
    let long = (0..20).map(|n| (&log, n, 20));
    double::on(&fleet).as_completed(long).max_workers(3).for_each(|_| {
        let stats = fleet.stats();
        most.set(most.get().max(stats.queued + stats.running));
    });
    assert!(most.get() <= 3, "{most:?}");
}

/// Inputs that results push, and an iterator that waits for a result.
pub(crate) fn results_may_feed_the_inputs() {
    let Bench { fleet, log, server: _server, _worker } = bench();
    let feed = Feed::from([(log.clone(), 1, 0)]);
    let mut doubled = Vec::new();
    double::on(&fleet).as_completed(feed.inputs()).for_each(|done| {
        let double = done.result.unwrap();
        doubled.push(double);
        if double < 1 << 20 {
            feed.push((log.clone(), double, 0)).unwrap();
        }
    });
    assert!(doubled.into_iter().eq((1..=20).map(|power| 1 << power)));

    let (sender, inputs) = std::sync::mpsc::channel();
    sender.send(1_u64).unwrap();
    let inputs = inputs.into_iter().map(move |n| (log.clone(), n, 0));
    let mut sender = Some(sender);
    for double in double::on(&fleet).map(inputs).start().map(Result::unwrap) {
        match &sender {
            Some(open) if double < 1024 => open.send(double).unwrap(),
            _ => sender = None,
        }
    }
}

/// Calls of a pool wait for calls of the fleet, on a pool of their own and on their own pool.
pub(crate) fn batches_may_be_nested() {
    let Bench { fleet, log, server: _server, _worker } = bench();
    let pool = Pool::new(2);
    let sums = pool.map(0..12_u64, |of| {
        let inputs = (0..20).map(|n| (&log, 20 * of + n, 0));
        let batch = double::on(&fleet).map(inputs);
        let batch = if of % 2 == 0 { batch.on(&pool) } else { batch };
        batch.try_collect::<Vec<_>>().unwrap().iter().sum::<u64>()
    });
    assert!(sums.collect::<Vec<_>>().into_iter().eq((0..12).map(|of| 2 * (400 * of + 190))));
}

/// It tells what runs and what has ended, and how long calls ran at their worker.
pub(crate) fn batches_can_be_watched() {
    let Bench { fleet, log, server, _worker } = bench();
    let inputs = vec![(log.clone(), 1, 300), (log.clone(), 2, 300), (log, 13_000_000, 0)];
    let batch = double::on(&fleet).as_completed(inputs);
    let watch = batch.watch();
    let batch = batch.start();
    until(&server, 3);
    let begun = Instant::now();
    while watch.finished() < 1 {
        assert!(begun.elapsed() < LEASE);
        thread::yield_now();
    }
    assert_eq!((watch.taken(), watch.running().len(), watch.failed()), (3, 2, 1));
    for done in batch {
        let elapsed = done.elapsed;
        match done.result {
            Ok(_) => assert!((Duration::from_millis(300)..LEASE).contains(&elapsed), "{elapsed:?}"),
            Err(error) => assert!(matches!(error, CallError::Panicked(_)), "{error}"),
        }
    }
    assert_eq!((watch.finished(), watch.running().len()), (3, 0));
}

/// A call that takes too long is left, with the server there or not.
pub(crate) fn calls_may_be_abandoned() {
    let Bench { fleet, log, mut server, _worker } = bench();
    let inputs = vec![(log.clone(), 1, 0), (log.clone(), 2, 3_600_000)];
    let batch = double::on(&fleet).as_completed(inputs).abandon_after(Duration::from_millis(300));
    let late: Vec<_> =
        batch.map(|done| (done.input.1, matches!(done.result, Err(CallError::TimedOut)))).collect();
    assert_eq!(late, [(1, false), (2, true)]);
    server.kill();
    let batch = double::on(&fleet).as_completed(vec![(log, 3, 0)]);
    let mut batch = batch.abandon_after(Duration::from_millis(300));
    assert!(matches!(batch.next().unwrap().result, Err(CallError::TimedOut)));
    let begun = Instant::now();
    drop((batch, fleet));
    assert!(begun.elapsed() < Duration::from_secs(1));
}

pub(crate) fn streams() {
    let Bench { fleet, log, server: _server, _worker } = bench();
    let inputs: Vec<_> = (0..100_u64).map(|n| (log.clone(), n, 1)).collect();
    let stream = double::on(&fleet).as_completed(inputs.clone()).into_stream();
    let sum = future::block_on(stream.fold(0, |sum, done| sum + done.result.unwrap()));
    assert_eq!(sum, 9900);
    let stream = double::on(&fleet).map(inputs).into_stream();
    let doubled = future::block_on(stream.map(Result::unwrap).collect::<Vec<_>>());
    assert!(doubled.into_iter().eq((0..100).map(|n| 2 * n)));
}

/// What is too large is refused at the caller, and the others run.
pub(crate) fn large_inputs_are_refused() {
    let Bench { fleet, log, server: _server, _worker } = bench();
    let large = "x".repeat((1 << 20) + 1);
    let results: Vec<_> =
        double::on(&fleet).map([(&log, 1, 0), (&large, 2, 0), (&log, 3, 0)]).collect();
    match &results[..] {
        [Ok(2), Err(RemoteError::Lost(FleetError::Encoding(why))), Ok(6)] => {
            assert!(why.contains("1 MiB"), "{why}");
        }
        other => panic!("{other:?}"),
    }
}
