//! A stream yields what its batch would, under tokio, smol and an executor written by hand.

use futures_core::Stream;
use futures_lite::StreamExt;
use pool_core::{AsCompleted, Completion, Map, Pool, ResultStream, concurrent};
use std::num::ParseIntError;
use support::executor;

const INPUTS: usize = 500;

fn ordered(pool: &Pool) -> Map<'static, usize> {
    pool.map(0..INPUTS, |n| 2 * n)
}

fn as_completed(pool: &Pool) -> AsCompleted<'static, String, usize, ParseIntError> {
    let texts = (0..INPUTS).map(|n| if n % 7 == 0 { format!("x{n}") } else { n.to_string() });
    pool.as_completed(texts, |text| text.parse())
}

async fn all_of_it() {
    let pool = Pool::new(4);
    let doubled: Vec<usize> = ordered(&pool).into_stream().collect().await;
    assert_eq!(doubled, (0..INPUTS).map(|n| 2 * n).collect::<Vec<_>>());

    let mut seen = vec![false; INPUTS];
    let mut done = as_completed(&pool).into_stream();
    while let Some(Completion { index, input, result, .. }) = done.next().await {
        assert!(!std::mem::replace(&mut seen[index], true), "each input has one outcome");
        match result {
            Ok(number) => assert_eq!((number, input), (index, index.to_string())),
            Err(_) => assert_eq!(input, format!("x{index}")),
        }
    }
    assert!(seen.iter().all(|seen| *seen));
}

#[test]
fn tokio_on_one_thread() {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(all_of_it());
}

#[test]
fn tokio_on_several_threads_and_spawned() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let tasks: Vec<_> = (0..4).map(|_| runtime.spawn(all_of_it())).collect();
    runtime.block_on(async {
        for task in tasks {
            task.await.unwrap();
        }
    });
}

#[test]
fn smol_and_spawned() {
    smol::block_on(async {
        let tasks: Vec<_> = (0..4).map(|_| smol::spawn(all_of_it())).collect();
        for task in tasks {
            task.await;
        }
    });
}

#[test]
fn an_executor_written_by_hand() {
    executor::block_on(all_of_it());
}

#[concurrent(max_workers = 2)]
fn double(n: &usize) -> usize {
    2 * n
}

#[test]
fn annotated_functions_have_streams_too() {
    let doubled: Vec<usize> = executor::block_on(double::map(1..=3).into_stream().collect());
    assert_eq!(doubled, [2, 4, 6]);
}

#[test]
fn a_batch_goes_on_as_a_stream_where_it_was_as_an_iterator() {
    let mut batch = ordered(&Pool::new(2));
    assert_eq!(batch.next(), Some(0));
    let rest: Vec<usize> = executor::block_on(batch.into_stream().collect());
    assert_eq!(rest, (1..INPUTS).map(|n| 2 * n).collect::<Vec<_>>());
}

#[test]
fn a_stream_can_be_kept_moved_and_sent() {
    fn is_unpin_and_send<S: Stream + Unpin + Send + 'static>(stream: S) -> S {
        stream
    }
    struct Kept {
        results: ResultStream<usize>,
    }
    let kept = Kept { results: is_unpin_and_send(ordered(&Pool::new(2)).into_stream()) };
    let sum = std::thread::spawn(|| executor::block_on(kept.results.fold(0, |sum, n| sum + n)))
        .join()
        .unwrap();
    assert_eq!(sum, INPUTS * (INPUTS - 1));
}
