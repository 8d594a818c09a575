use crate::alone;
use pool_core::measure::{Doubt, Row, Verdict};
use pool_core::{Measure, Pool};
use support::{caught, raise};

fn call(n: usize) -> Result<usize, String> {
    match n % 10 {
        3 => Err(format!("{n} ends with 3")),
        7 => raise("ends with 7"),
        _ => Ok(n),
    }
}

#[test]
fn errors_and_panics_are_in_the_row() {
    alone(|| {
        let pool = Pool::new(1);
        let counts = |row: Row| (row.calls(), row.failed(), row.panicked());
        let completed = || pool.as_completed(0..100, |n| call(*n));
        assert_eq!(
            Measure::new(completed).levels([4]).map(counts).collect::<Vec<_>>(),
            [(100, 20, 10)]
        );
        let in_order = || completed().in_order();
        assert_eq!(
            Measure::new(in_order).levels([4]).map(counts).collect::<Vec<_>>(),
            [(100, 20, 10)]
        );
        let map = || pool.map(0..100, |n| if n % 10 == 3 { Err(n) } else { Ok(n) });
        assert_eq!(Measure::new(map).levels([4]).map(counts).collect::<Vec<_>>(), [(100, 10, 0)]);
        let judged = Measure::judged(|| pool.map(0..100, |n| n), |n| *n >= 75).levels([4]);
        assert_eq!(judged.map(counts).collect::<Vec<_>>(), [(100, 25, 0)]);
    });
}

#[test]
fn a_map_ends_at_a_panic_and_so_does_its_measurement() {
    alone(|| {
        let pool = Pool::new(1);
        let seventh = |n| if n == 7 { raise("the seventh") } else { Ok::<usize, ()>(n) };
        let found = Measure::new(|| pool.map(0..100, seventh)).levels([2, 4]).run();
        assert_eq!(found.verdict(), Verdict::Unclear(Doubt::Panicked), "{found}");
        assert_eq!(found.rows().len(), 1);
        assert_eq!((found.rows()[0].failed(), found.rows()[0].panicked()), (1, 1), "{found}");
    });
}

#[test]
fn calls_that_fail_from_the_first_level_on_end_it() {
    alone(|| {
        let pool = Pool::new(1);
        let found = Measure::new(|| pool.map(0..100, Err::<(), _>)).run();
        assert_eq!(found.verdict(), Verdict::Unclear(Doubt::Failures), "{found}");
        assert_eq!((found.rows().len(), found.rows()[0].failed()), (1, 100));
    });
}

#[test]
fn failures_that_do_not_rise_end_nothing() {
    alone(|| {
        let pool = Pool::new(1);
        let build = || pool.as_completed(0..200, |n| if n % 5 == 0 { Err(*n) } else { Ok(*n) });
        let rows: Vec<_> =
            Measure::new(build).levels([1, 2, 4, 8]).map(|row| row.failed()).collect();
        assert_eq!(rows, [40; 4]);
    });
}

#[test]
fn a_panic_of_the_inputs_is_the_callers() {
    alone(|| {
        let pool = Pool::new(1);
        let inputs = || {
            (0..).inspect(|n| {
                if *n == 5 {
                    raise("no more")
                }
            })
        };
        let mut measure = Measure::new(|| pool.as_completed(inputs(), |n| Ok::<_, ()>(*n)));
        assert_eq!(caught(|| measure.next()).unwrap_err(), "no more");
        let mut measure = Measure::new(|| pool.map(0..9, Ok::<_, ()>).start());
        let told = caught(|| measure.next()).unwrap_err();
        assert_eq!(told, "a batch that is measured must not have started; leave `start` out");
    });
}
