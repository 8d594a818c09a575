//! Each call runs in a span `call` of its own, which tells the pool and the index of the input; what a call says is
//! said in it.

use pool_core::Pool;
use std::time::Duration;
use support::recorder::{Recorder, Span};
use tracing::dispatcher::with_default;
use tracing::{Level, info};

fn is_a_call(span: &Span, pool: &str, index: usize) {
    assert_eq!((span.name, span.target, span.level), ("call", "pool_core", Level::DEBUG));
    let mut fields: Vec<_> =
        span.fields.iter().map(|(name, value)| (*name, value.clone())).collect();
    fields.sort();
    assert_eq!(fields, [("index", index.to_string()), ("pool", pool.to_string())]);
    assert_eq!((span.entered, span.exited), (1, 1));
}

#[test]
fn of_all_kinds_of_batches_and_of_tasks() {
    static ORDERED: Pool = Pool::builder().max_workers(3).name("ordered").build();
    static FINISHED: Pool = Pool::builder().max_workers(3).name("finished").build();
    static TASKS: Pool = Pool::builder().max_workers(3).name("tasks").build();
    let recorder = Recorder::default();
    with_default(&recorder.dispatch(), || {
        ORDERED.map(0..20, |n| info!("ordered {n}")).collect::<()>();
        let finish = |n: &u32| {
            info!("finished {n}");
            Ok::<_, ()>(())
        };
        FINISHED.as_completed(0..20, finish).for_each(|_| ());
        TASKS.submit(|| info!("task")).join().unwrap();
    });
    for pool in ["ordered", "finished"] {
        let calls = recorder.calls(pool);
        assert_eq!(calls.len(), 20);
        for (index, call) in calls.iter().enumerate() {
            is_a_call(call, pool, index);
            assert_eq!(call.said, [format!("{pool} {index}")]);
        }
    }
    let [task] = &recorder.calls("tasks")[..] else { panic!("one task") };
    is_a_call(task, "tasks", 0);
    assert_eq!(task.said, ["task"]);
    assert_eq!(recorder.spans().len(), 41);
}

#[test]
fn of_the_pool_that_runs_them() {
    let (usual, other) =
        (Pool::builder().name("usual").build(), Pool::builder().name("other").build());
    let recorder = Recorder::default();
    with_default(&recorder.dispatch(), || {
        usual.map([1], |_| info!("here")).on(&other).collect::<()>()
    });
    assert_eq!((recorder.calls("usual").len(), recorder.calls("other").len()), (0, 1));
}

#[test]
fn also_of_those_that_panic_and_all_are_closed() {
    let pool = Pool::builder().name("panics").build();
    let recorder = Recorder::default();
    with_default(&recorder.dispatch(), || {
        let call = |n: &u32| -> Result<(), ()> { panic!("{n}") };
        assert!(pool.as_completed([0, 1], call).all(|done| done.result.is_err()));
    });
    // A thread leaves a batch a moment after its last result.
    assert!(pool.wait_idle(Duration::from_secs(60)));
    let calls = recorder.calls("panics");
    assert_eq!(calls.len(), 2);
    for (index, call) in calls.iter().enumerate() {
        is_a_call(call, "panics", index);
        assert_eq!(call.handles, 0);
    }
}

#[test]
fn not_of_the_inputs() {
    let pool = Pool::builder().name("inputs").max_workers(1).build();
    let recorder = Recorder::default();
    with_default(&recorder.dispatch(), || {
        let inputs = (0..3).inspect(|_| assert!(tracing::Span::current().is_none()));
        pool.map(inputs, |n| n).collect::<Vec<_>>();
    });
    assert_eq!(recorder.calls("inputs").len(), 3);
}
