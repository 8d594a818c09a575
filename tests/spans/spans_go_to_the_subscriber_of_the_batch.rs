//! Spans and events of a call go to the subscriber that was current where the batch was built, and otherwise to that of
//! everybody; one that listens to other levels costs and hears nothing.

use pool_core::Pool;
use std::sync::Barrier;
use std::thread;
use support::recorder::Recorder;
use support::{assert_success, in_child};
use tracing::dispatcher::{set_global_default, with_default};
use tracing::{info, info_span};

/// In a process of its own, since what is set for everybody is set once in a process.
#[test]
fn its_own_one_then_that_of_everybody() {
    assert_success(in_child(|| {
        let pool = Pool::builder().name("shared").max_workers(2).build();

        // Two threads with a subscriber each, whose spans have the same ids, share the workers.
        let recorders = [Recorder::default(), Recorder::default()];
        let both = Barrier::new(2);
        thread::scope(|scope| {
            for (who, recorder) in recorders.iter().enumerate() {
                let (both, pool) = (&both, &pool);
                scope.spawn(move || {
                    with_default(&recorder.dispatch(), || {
                        let _entered = info_span!("mine").entered();
                        both.wait();
                        pool.map(0..50, |n| info!("{who}: {n}")).collect::<()>();
                    });
                });
            }
        });
        for (who, recorder) in recorders.iter().enumerate() {
            let calls = recorder.calls("shared");
            assert_eq!(calls.len(), 50);
            for (n, call) in calls.iter().enumerate() {
                assert_eq!((call.parent, &call.said), (Some(0), &vec![format!("{who}: {n}")]));
            }
        }

        // One that is set for everybody after the batch was built hears of it.
        let batch = pool.map(0..5, |n| info!("late {n}"));
        let everybody = Recorder::default();
        set_global_default(everybody.dispatch()).unwrap();
        batch.collect::<()>();
        assert_eq!(everybody.calls("shared").len(), 5);

        info_span!("global").in_scope(|| pool.map(0..5, |n| info!("global {n}")).collect::<()>());
        let global = everybody.position("global");
        assert_eq!(everybody.spans().iter().filter(|span| span.parent == Some(global)).count(), 5);
    }));
}
