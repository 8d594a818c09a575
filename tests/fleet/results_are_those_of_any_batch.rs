//! Batches over a fleet are those over a pool: their order, their inputs, their errors, what they may borrow, and how
//! they are consumed.

use crate::fleet;
use crate::functions::{NoRoot, describe, echo, length, rest, root, square};
use futures_lite::StreamExt as _;
use pool_core::{CallError, Pool, RemoteError};
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;
use support::executor::block_on;

#[test]
fn in_the_order_of_the_inputs() {
    let fleet = fleet(3);
    let squares = square::on(&fleet).map(0..300).collect::<Result<Vec<_>, _>>();
    assert_eq!(squares, Ok(Vec::from_iter((0..300).map(|n| n * n))));
}

#[test]
fn as_they_finish_with_their_inputs_handed_back() {
    let fleet = fleet(2);
    let words = [String::from("one"), String::from("three")];
    let mut seen = [false; 2];
    length::on(&fleet).as_completed(&words).for_each(|done| {
        assert!(std::ptr::eq(done.input, &raw const words[done.index]));
        assert_eq!(done.result.unwrap(), done.input.len());
        seen[done.index] = true;
    });
    assert_eq!(seen, [true; 2]);
}

#[test]
fn errors_are_told_with_their_input() {
    let fleet = fleet(2);
    for done in root::on(&fleet).as_completed([4.0, -1.0, 9.0]) {
        match done.result {
            Ok(root) => assert_eq!(root * root, done.input),
            Err(CallError::Failed(RemoteError::Failed(error))) => {
                assert_eq!(error, NoRoot { of: -1.0 })
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn until_the_first_error() {
    let fleet = fleet(2);
    let roots = root::on(&fleet).map((0..).map(|n| f64::from(9 - n))).try_collect::<Vec<_>>();
    assert_eq!(roots, Err(RemoteError::Failed(NoRoot { of: -1.0 })));
}

#[test]
fn parameters_of_each_kind_arrive_and_may_be_borrowed() {
    let fleet = fleet(2);
    let (names, words) =
        ([String::from("ä"), String::new()], [String::from("a"), String::from("b")]);
    let inputs =
        names.iter().map(|name| (name, "/a/b", &words, Some(3), NoRoot { of: f64::INFINITY }));
    let texts = describe::on(&fleet).map(inputs).try_collect::<Vec<_>>();
    assert_eq!(texts, Ok(vec!["ä /a/b a+b Some(3) inf".into(), " /a/b a+b Some(3) inf".into()]));
    let owned = [(String::from("x"), PathBuf::from("y"), vec![], None, &NoRoot { of: 0.5 })];
    assert_eq!(
        describe::on(&fleet).map(owned).scope(|results| results.next()),
        Some(Ok("x y  None 0.5".into()))
    );
}

#[test]
fn lazy_bounded_and_with_a_limit_on_the_wait() {
    let fleet = fleet(1);
    let (taken, inputs) = mpsc::channel();
    let mut batch =
        square::on(&fleet).map((0..).inspect(move |n| taken.send(*n).unwrap())).buffer(3);
    assert!(inputs.try_recv().is_err());
    assert_eq!(batch.next_timeout(Duration::MAX), Ok(Some(Ok(0))));
    assert!(inputs.try_iter().count() <= 5);
    assert_eq!(batch.nth(9), Some(Ok(100)));
}

#[test]
fn results_come_while_inputs_are_awaited() {
    let fleet = fleet(2);
    let (input, inputs) = mpsc::channel();
    let mut batch = square::on(&fleet).map(inputs);
    for n in 0..20 {
        input.send(n).unwrap();
        assert_eq!(batch.next(), Some(Ok(n * n)));
    }
    drop(input);
    assert_eq!(batch.next(), None);
}

#[test]
fn calls_of_a_pool_may_use_a_fleet() {
    let (fleet, pool) = (fleet(2), Pool::new(3));
    let squares = square::on(&fleet);
    let sums = pool.map(1..=6, |n| {
        squares.map(0..n).scope(|results| results.map(Result::unwrap).sum::<u64>())
    });
    assert_eq!(sums.collect::<Vec<_>>(), [0, 1, 5, 14, 30, 55]);
}

#[test]
fn streams() {
    let fleet = fleet(2);
    let squares = square::on(&fleet).map([2, 3]).into_stream();
    assert_eq!(block_on(squares.collect::<Vec<_>>()), [Ok(4), Ok(9)]);
}

#[test]
fn nothing_at_all_and_a_hundred_mebibytes() {
    let fleet = fleet(1);
    let long = "ä".repeat(50 << 20);
    for text in ["", &long, "", "x"] {
        let back = echo::on(&fleet).map([text.to_owned()]).next().unwrap().unwrap();
        assert!(back == text, "{} bytes", back.len());
    }
    assert_eq!(echo::on(&fleet).map(Vec::<String>::new()).next(), None);
}

#[test]
fn several_functions_at_once() {
    let fleet = fleet(2);
    let mut squares = square::on(&fleet).map(0..200).start();
    let mut echoes = echo::on(&fleet).map((0..200).map(|n| n.to_string())).start();
    let mut roots = root::on(&fleet).as_completed((0..200).map(f64::from)).in_order().start();
    for n in 0..200 {
        assert_eq!(squares.next(), Some(Ok(n * n)));
        assert_eq!(echoes.next(), Some(Ok(n.to_string())));
        assert_eq!(roots.next().unwrap().result.unwrap(), (n as f64).sqrt());
    }
    assert!(squares.next().is_none() && echoes.next().is_none() && roots.next().is_none());
    assert!(fleet.stats().workers <= 2);
}

#[test]
fn sizes_are_known() {
    let fleet = fleet(2);
    let mut batch = square::on(&fleet).map(0..30);
    for left in (0..=30).rev() {
        assert_eq!(batch.size_hint(), (left, Some(left)));
        batch.next();
    }
    let mut batch = square::on(&fleet).as_completed(0..30).buffer(2);
    for left in (0..=30).rev() {
        assert_eq!(batch.size_hint(), (left, Some(left)));
        batch.next();
    }
}

#[test]
fn watched() {
    let fleet = fleet(2);
    let folder = crate::folder("watched");
    let paths = ["0", "1", "2"].map(|name| folder.join(name));
    let batch = rest::on(&fleet).map(paths.clone().map(|path| (path, 3_600_000)));
    let watch = batch.watch();
    let mut batch = batch.start();
    support::until(|| paths[0].exists() && paths[1].exists());
    let running = watch.running();
    assert_eq!(running.iter().map(|call| call.index).collect::<Vec<_>>(), [0, 1]);
    assert!(
        running.iter().all(|call| call.thread().is_some_and(|name| name.starts_with("fleet-"))),
        "{running:?}"
    );
    assert_eq!(batch.next_timeout(Duration::ZERO), Err(pool_core::Timeout));
    batch.stop_handle().stop();
    assert_eq!(batch.by_ref().collect::<Vec<_>>(), [Ok(false), Ok(false)]);
    assert_eq!((watch.taken(), watch.finished(), watch.failed()), (2, 2, 0));
}

#[test]
fn the_loop_may_end_early() {
    let fleet = fleet(2);
    let ended = square::on(&fleet).map(0..).try_for_each(|square| match square.unwrap() {
        100 => Err(100),
        _ => Ok(()),
    });
    assert_eq!(ended, Err(100));
    let mut sum = 0;
    square::on(&fleet).map(0..10).scope(|squares| sum = squares.take(4).map(Result::unwrap).sum());
    assert_eq!(sum, 14);
    assert_eq!(square::on(&fleet).map([5]).next(), Some(Ok(25)));
}
