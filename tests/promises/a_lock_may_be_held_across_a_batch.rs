//! A call may hold a lock while it waits for a batch on its own pool, whatever blocks on that lock meanwhile.

use pool_core::Pool;
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::time::Duration;
use support::{Gate, forever, until, watched};

/// Lets a call wait for another pool until the gate opens, and then take the lock.
fn returning(
    pool: &Pool,
    other: &'static Pool,
    lock: &Arc<Mutex<()>>,
    gate: mpsc::Receiver<()>,
) -> pool_core::Task<()> {
    let lock = Arc::clone(lock);
    pool.submit(move || {
        other.submit(move || gate.recv().unwrap()).join().unwrap();
        drop(lock.lock().unwrap());
    })
}

#[test]
fn while_calls_return_that_block_on_it() {
    watched(|| {
        for cap in [1, 2, 4] {
            let (pool, other) = (forever(Pool::new(cap)), forever(Pool::new(cap)));
            let lock = Arc::new(Mutex::new(()));
            let (gates, returning): (Vec<_>, Vec<_>) = (0..cap)
                .map(|_| {
                    let (open, gate) = mpsc::channel();
                    (open, returning(pool, other, &lock, gate))
                })
                .unzip();
            until(|| other.stats().running == cap);
            let (has, holds) = mpsc::channel();
            let (go, goes) = mpsc::channel::<()>();
            let held = Arc::clone(&lock);
            let holder = pool.submit(move || {
                let _held = held.lock().unwrap();
                has.send(()).unwrap();
                goes.recv().unwrap();
                let mut seen = 0;
                pool.map(0..20, |n| n).for_each(|_| seen += 1);
                seen + pool.map(0..20, |n| n).collect::<Vec<_>>().len()
            });
            holds.recv().unwrap();
            gates.into_iter().for_each(|open| open.send(()).unwrap());
            until(|| other.stats().completed == cap);
            go.send(()).unwrap();
            assert_eq!(holder.join().unwrap(), 40);
            returning.into_iter().for_each(|task| task.join().unwrap());
        }
    });
}

#[test]
fn while_the_cap_is_lowered() {
    watched(|| {
        let pool = forever(Pool::new(2));
        let (lock, both) = (Arc::new(Mutex::new(())), Arc::new(Barrier::new(2)));
        let (go, goes) = mpsc::channel::<()>();
        let (held, met) = (Arc::clone(&lock), Arc::clone(&both));
        let holder = pool.submit(move || {
            let _held = held.lock().unwrap();
            met.wait();
            goes.recv().unwrap();
            let mut seen = 0;
            pool.map(0..20, |n| n).for_each(|_| seen += 1);
            seen
        });
        let blocked = pool.submit(move || {
            both.wait();
            drop(lock.lock().unwrap());
        });
        until(|| pool.stats().running == 2);
        // From now on one permit is one too many, and the other call blocks on the lock with its own.
        pool.set_max_workers(1);
        go.send(()).unwrap();
        assert_eq!(holder.join().unwrap(), 20);
        blocked.join().unwrap();
    });
}

#[test]
fn while_new_calls_block_on_it() {
    watched(|| {
        for cap in [1, 2, 4] {
            let pool = forever(Pool::new(cap));
            let lock = Arc::new(Mutex::new(0));
            for round in 0..200 {
                let held = Arc::clone(&lock);
                let holder = pool.submit(move || {
                    let mut held = held.lock().unwrap();
                    pool.map(0..6, |n| n).buffer(1 + round % 3).for_each(|_| *held += 1);
                });
                let blocked: Vec<_> = (0..2 * cap)
                    .map(|_| {
                        let lock = Arc::clone(&lock);
                        pool.submit(move || drop(lock.lock().unwrap()))
                    })
                    .collect();
                holder.join().unwrap();
                blocked.into_iter().for_each(|task| task.join().unwrap());
            }
            assert_eq!(*lock.lock().unwrap(), 1200);
        }
    });
}

#[test]
fn while_its_batch_is_stopped() {
    watched(|| {
        let pool = forever(Pool::new(2));
        let lock = Arc::new(Mutex::new(()));
        for _ in 0..200 {
            let held = Arc::clone(&lock);
            let (sent, handles) = mpsc::channel();
            let holder = pool.submit(move || {
                let _held = held.lock().unwrap();
                let batch = pool.map(0.., |n| n);
                sent.send(batch.stop_handle()).unwrap();
                batch.for_each(drop);
            });
            let blocked = [0; 3].map(|_| {
                let lock = Arc::clone(&lock);
                pool.submit(move || drop(lock.lock().unwrap()))
            });
            let stop = handles.recv_timeout(Duration::from_secs(60)).unwrap();
            stop.stop();
            holder.join().unwrap();
            blocked.into_iter().for_each(|task| task.join().unwrap());
        }
    });
}

#[test]
fn while_its_closure_is_dropped_slowly_and_another_call_returns() {
    /// Says that it is being dropped, and waits.
    struct Slow(mpsc::Sender<()>, Gate);
    impl Drop for Slow {
        fn drop(&mut self) {
            self.0.send(()).unwrap();
            self.1.wait();
        }
    }
    watched(|| {
        let (pool, other) = (forever(Pool::new(2)), forever(Pool::new(1)));
        let lock = Arc::new(Mutex::new(()));
        let (open, gate) = mpsc::channel();
        let back = returning(pool, other, &lock, gate);
        until(|| other.stats().running == 1);
        let ((begun, dropping), goes) = (mpsc::channel(), Gate::default());
        let (slow, held) = (Slow(begun, goes.clone()), Arc::clone(&lock));
        let holder = pool.submit(move || {
            let _held = held.lock().unwrap();
            let batch = pool.map([0, 1], move |n| {
                let _slow = &slow;
                n
            });
            batch.max_workers(1).scope(|results| {
                assert_eq!(results.next(), Some(0));
                let _ = results.next_timeout(Duration::from_millis(1));
                results.for_each(drop);
            });
        });
        dropping.recv().unwrap();
        // The holder waits for the end, the thread that drops the closure has a permit, and this call gets the other.
        until(|| pool.stats().running == 0);
        let held = Arc::clone(&lock);
        let blocked = pool.submit(move || drop(held.lock().unwrap()));
        until(|| pool.stats().running == 1);
        open.send(()).unwrap();
        until(|| other.stats().completed == 1);
        support::linger();
        goes.open();
        holder.join().unwrap();
        blocked.join().unwrap();
        back.join().unwrap();
    });
}
