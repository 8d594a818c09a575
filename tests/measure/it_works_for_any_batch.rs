use crate::alone;
use pool_core::{Completion, Feed, Measure, Pool, concurrent};
use std::convert::Infallible;
use std::sync::Barrier;

#[concurrent(max_workers = 2)]
fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
    text.parse()
}

#[concurrent]
fn length(#[shared] factor: usize, text: &str) -> usize {
    factor * text.len()
}

#[test]
fn functions_and_closures_and_feeds_are_measured() {
    alone(|| {
        let (pool, texts) = (Pool::new(1), vec!["1", "x", "3"]);
        fn calls<B: pool_core::measure::Batch>(measure: Measure<'_, B>) -> (usize, usize) {
            let row = measure.levels([2]).next().unwrap();
            (row.calls(), row.failed())
        }
        assert_eq!(calls(Measure::new(|| parse::map(&texts))), (3, 1));
        assert_eq!(calls(Measure::new(|| parse::as_completed(&texts))), (3, 1));
        assert_eq!(calls(Measure::new(|| length::as_completed(2, &texts))), (3, 0));
        assert_eq!(calls(Measure::judged(|| length::map(2, &texts), |n| *n > 2)), (3, 0));
        assert_eq!(calls(Measure::new(|| pool.map(&texts, |text| text.parse::<u32>()))), (3, 1));
        let late = |done: &Completion<_, u32, Infallible>| done.index > 0;
        let completed = || pool.as_completed(0..5_u32, |n| Ok::<_, Infallible>(*n));
        assert_eq!(calls(Measure::judged(completed, late)), (5, 4));
        let fed = || {
            let feed = Feed::from([1, 2, 3]);
            pool.as_completed(feed.inputs(), |n: &u32| Ok::<_, Infallible>(*n))
        };
        assert_eq!(calls(Measure::new(fed)), (3, 0));
    });
}

#[test]
fn a_buffer_of_the_batch_holds_no_worker_back() {
    alone(|| {
        let (pool, meter) = (Pool::new(1), support::Meter::default());
        let together = Barrier::new(4);
        let call = |_: u32| {
            meter.run(|| together.wait());
            Ok::<_, ()>(())
        };
        let measure = Measure::new(|| pool.map(0..8, call).buffer(1).max_workers(1));
        assert_eq!(measure.levels([4]).next().unwrap().calls(), 8);
        assert_eq!(meter.most(), 4);
    });
}

#[test]
fn the_stack_of_the_functions_pool_is_kept() {
    alone(|| {
        let pool = Pool::builder().stack_size(32 << 20).build();
        let deep = |n: usize| Ok::<_, ()>(std::hint::black_box([1_u8; 12 << 20])[n]);
        assert_eq!(Measure::new(|| pool.map(0..2, deep)).levels([1]).next().unwrap().calls(), 2);
    });
}
