//! A stream whose results feed its batch ends when no call and no handle is left that could push more.

use futures_lite::StreamExt;
use pool_core::Feed;
use support::executor::block_on;
use support::{pools, watched};

#[test]
fn it_is_fed_from_the_loop_over_its_results() {
    watched(|| {
        for pool in pools() {
            let (feed, mut seen) = (Feed::from([1]), Vec::new());
            let mut stream = pool.as_completed(feed.inputs(), |n| Ok::<_, ()>(2 * n)).into_stream();
            block_on(async {
                while let Some(done) = stream.next().await {
                    seen.push(done.input);
                    if done.input < 100 {
                        feed.push(done.result.unwrap()).unwrap();
                    }
                }
            });
            assert_eq!(seen, [1, 2, 4, 8, 16, 32, 64, 128]);
            assert_eq!(feed.push(9), Err(9));
        }
    });
}

#[test]
fn dropped_it_closes_the_feed() {
    watched(|| {
        for pool in pools() {
            let feed = Feed::from([1, 2, 3]);
            let mut stream = pool.as_completed(feed.inputs(), |n| Ok::<_, ()>(*n)).into_stream();
            assert!(block_on(stream.next()).is_some());
            drop(stream);
            assert!(pool.wait_idle(support::LIMIT));
            assert_eq!(feed.push(9), Err(9));
        }
    });
}
