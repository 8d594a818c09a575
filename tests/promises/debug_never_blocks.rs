//! `{:?}` of everything a user holds is there at once, wherever it is asked for: beside calls that run, inside them, in
//! the inputs, and for contents that have no `Debug` of their own.

use pool_core::{CallError, Feed, Panic, Pool, ResultStream, StopHandle, Task, Timeout};
use std::fmt::Debug;
use std::sync::{Arc, Mutex, OnceLock};
use support::{Gate, LIMIT, forever, pools, raise, watched};

/// Has no `Debug`.
struct Opaque;

#[test]
fn of_all_that_has_begun_and_has_not() {
    watched(|| {
        for pool in pools() {
            let (gate, entered) = (Gate::default(), Gate::default());
            let wait = {
                let (gate, entered) = (gate.clone(), entered.clone());
                move || {
                    entered.open();
                    gate.wait();
                    Opaque
                }
            };
            let batch = pool.map(0..99, {
                let wait = wait.clone();
                move |_| wait()
            });
            let done = pool.as_completed(vec![Opaque], |_| Ok::<_, Opaque>(Opaque));
            let stream: ResultStream<Opaque> = pool.map([1], |_| Opaque).into_stream();
            assert_eq!(format!("{batch:?}"), "Map { started: false, .. }");
            assert_eq!(format!("{done:?}"), "AsCompleted { started: false, .. }");
            let (batch, done, task) = (batch.start(), done.start(), pool.submit(wait));
            entered.wait();
            assert_eq!(format!("{batch:?}"), "Map { started: true, .. }");
            assert_eq!(format!("{done:?}"), "AsCompleted { started: true, .. }");
            let states =
                ["waiting", "running"].map(|state| format!("Task {{ state: {state}, .. }}"));
            assert!(states.contains(&format!("{task:?}")), "{task:?}");
            let feed = Feed::from([Opaque]);
            assert_eq!(format!("{feed:?}"), "Feed { waiting: 1, closed: false }");
            assert_eq!(format!("{:?}", feed.inputs()), "Inputs { .. }");
            assert_eq!(format!("{feed:?}"), "Feed { waiting: 0, closed: true }");
            let guard = pool.submit(|| Opaque).cancel_on_drop();
            assert!(format!("{guard:?}").starts_with("TaskGuard(Some(Task { state: "), "{guard:?}");
            assert_eq!(format!("{stream:?}"), "ResultStream { ended: false, .. }");
            assert_eq!(format!("{:?}", batch.stop_handle()), "StopHandle { .. }");
            assert_eq!(format!("{pool:?}"), "Pool { name: \"pool\", .. }");
            assert!(format!("{:?}", pool.stats()).starts_with("Stats { max_workers: "));
            assert!(format!("{:?}", Pool::builder().name("disk")).contains("\"disk\""));
            gate.open();
            assert_eq!((batch.count(), done.count()), (99, 1));
            assert!(pool.wait_idle(LIMIT));
            assert_eq!(format!("{task:?}"), "Task { state: finished, .. }");
            assert!(task.join().is_ok());
        }
    });
}

#[test]
fn inside_calls_inputs_and_destructors() {
    /// Asks when it is dropped.
    struct Asks(Arc<OnceLock<StopHandle>>, &'static Pool);
    impl Drop for Asks {
        fn drop(&mut self) {
            let _ = format!("{:?} {:?}", self.0.get(), self.1);
        }
    }
    watched(|| {
        for pool in pools() {
            let pool = forever(pool);
            let stop = Arc::new(OnceLock::new());
            let asks = || Asks(Arc::clone(&stop), pool);
            let asked = |_: Asks| (format!("{:?}", stop.get()), asks()).1;
            let inputs = std::iter::repeat_with(|| (format!("{:?}", stop.get()), asks()).1);
            let batch = pool.map(inputs.take(50), asked);
            stop.set(batch.stop_handle()).unwrap();
            batch.scope(|results| {
                while results.next().is_some() {
                    assert_eq!(format!("{results:?}"), "Results { .. }");
                }
            });
        }
    });
}

#[test]
fn of_what_comes_out() {
    watched(|| {
        let pool = Pool::new(1);
        let mut done =
            pool.as_completed([3, 0], |n| if *n == 0 { raise("zero") } else { Err("no") });
        let (failed, panicked) = (done.next().unwrap(), done.next().unwrap());
        let text = format!("{failed:?}");
        assert!(text.starts_with("Completion { index: 0, input: 3, elapsed: "), "{text}");
        assert!(text.ends_with("result: Err(Failed(\"no\")) }"), "{text}");
        let error: Result<(), CallError<&str>> = panicked.result;
        assert_eq!(format!("{error:?}"), "Err(Panicked(Panic(\"zero\")))");
        assert_eq!(
            format!("{:#?}", error.unwrap_err()),
            "Panicked(\n    Panic(\n        \"zero\",\n    ),\n)"
        );
        assert_eq!(format!("{Timeout:?}"), "Timeout");
    });
}

#[test]
fn of_a_panic_whose_payload_is_looked_at_elsewhere() {
    watched(|| {
        let panic: Panic = Pool::new(1).submit(|| -> u8 { raise("twice") }).join().unwrap_err();
        let (panic, seen) = (Arc::new(panic), Mutex::new(Vec::new()));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| seen.lock().unwrap().push(format!("{panic:?}")));
            }
        });
        assert_eq!(seen.into_inner().unwrap(), ["Panic(\"twice\")"; 4]);
    });
}

/// Never called: no `Debug` of the contents is asked for.
#[allow(dead_code, reason = "that it compiles is the test")]
fn without_bounds<R>(task: &Task<R>, stream: &ResultStream<R>) -> [Box<dyn Debug>; 0] {
    let _ = format!("{task:?} {stream:?}");
    []
}
