//! A call's span is a child of the span that was current where its batch was built, wherever it is consumed and on
//! whatever thread it runs.

use pool_core::Pool;
use std::time::Duration;
use support::recorder::Recorder;
use tracing::dispatcher::with_default;
use tracing::{info, info_span};

fn pool(name: &'static str) -> Pool {
    Pool::builder().name(name).max_workers(2).build()
}

#[test]
fn of_the_one_and_not_of_that_where_it_is_consumed() {
    let recorder = Recorder::default();
    with_default(&recorder.dispatch(), || {
        let built = info_span!("built").in_scope(|| pool("inner").map(0..5, |n| n));
        info_span!("consumed").in_scope(|| assert_eq!(built.count(), 5));
    });
    let parent = recorder.position("built");
    assert!(recorder.calls("inner").iter().all(|call| call.parent == Some(parent)));
    assert_eq!(recorder.spans()[recorder.position("consumed")].entered, 1);
}

#[test]
fn of_none_where_there_was_none() {
    let recorder = Recorder::default();
    with_default(&recorder.dispatch(), || {
        let built = pool("inner").map(0..5, |n| n);
        info_span!("consumed").in_scope(|| assert_eq!(built.count(), 5));
    });
    assert_eq!(recorder.calls("inner").len(), 5);
    assert!(recorder.calls("inner").iter().all(|call| call.parent.is_none()));
}

#[test]
fn nested_batches_nest() {
    let (outer, inner) = (pool("outer"), pool("inner"));
    let recorder = Recorder::default();
    with_default(&recorder.dispatch(), || {
        info_span!("request").in_scope(|| {
            let sums = outer.map(0..4, |n| {
                info!("outer {n}");
                // On its own pool the call runs some of them itself, on the other pool others do.
                outer.map(0..3, move |m| (info!("own {n} {m}"), m).1).sum::<i32>()
                    + inner.map(0..3, move |m| (info!("inner {n} {m}"), m).1).sum::<i32>()
            });
            assert_eq!(sums.collect::<Vec<_>>(), [6; 4]);
        });
    });
    let spans = recorder.spans();
    let request = recorder.position("request");
    let (outermost, own): (Vec<_>, Vec<_>) =
        recorder.calls("outer").into_iter().partition(|call| call.said[0].starts_with("outer"));
    assert_eq!((outermost.len(), own.len(), recorder.calls("inner").len()), (4, 12, 12));
    assert!(outermost.iter().all(|call| call.parent == Some(request)));
    for call in own.iter().chain(&recorder.calls("inner")) {
        let parent = &spans[call.parent.expect("a nested call has a parent")];
        let n = call.said[0].split(' ').nth(1).unwrap();
        assert_eq!(parent.said, [format!("outer {n}")]);
    }
}

#[test]
fn tasks_have_one_too_which_stays_open_for_them() {
    let recorder = Recorder::default();
    let pool = pool("tasks");
    with_default(&recorder.dispatch(), || {
        let (open, gate) = std::sync::mpsc::channel();
        let task = info_span!("request").in_scope(|| pool.submit(move || gate.recv().unwrap()));
        assert!(recorder.spans()[recorder.position("request")].handles > 0);
        open.send(()).unwrap();
        task.join().unwrap();
    });
    assert!(pool.wait_idle(Duration::from_secs(60)));
    let request = recorder.position("request");
    assert_eq!(recorder.calls("tasks")[0].parent, Some(request));
}

#[test]
fn the_parent_is_closed_with_the_batch() {
    let recorder = Recorder::default();
    with_default(&recorder.dispatch(), || {
        let built = info_span!("built").in_scope(|| pool("inner").map(0..5, |n| n));
        assert_eq!(recorder.spans()[0].handles, 1);
        assert_eq!(built.collect::<Vec<_>>().len(), 5);
        assert_eq!(recorder.spans()[0].handles, 0);
    });
}
