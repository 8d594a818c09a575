//! However many inputs there are, no more of them are in memory than the buffer has room for.

use pool_core::Pool;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::{Gate, Ledger, assert_success, in_child, pools, watched};

#[test]
fn a_million_lazy_inputs() {
    watched(|| {
        let (pool, ledger) = (Pool::new(2), Ledger::default());
        let mut read = 0;
        pool.map((0..1_000_000).map(|_| ledger.entry()), |input| input).for_each(|_| read += 1);
        assert_eq!((read, ledger.made(), ledger.alive()), (1_000_000, 1_000_000, 0));
        // The default buffer is 16 for each worker; the reader may hold one beside it.
        assert!(ledger.most() <= 2 * 16 + 1, "{} were alive at once", ledger.most());
    });
}

#[test]
fn no_more_than_the_buffer_and_the_one_that_is_read() {
    watched(|| {
        for pool in pools() {
            for buffer in [1, 3, 20] {
                let ledger = Ledger::default();
                let batch = pool
                    .as_completed((0..2000).map(|_| ledger.entry()), |_| Ok::<_, ()>(()))
                    .buffer(buffer);
                batch.for_each(|done| done.input.touch());
                assert_eq!(ledger.alive(), 0);
                assert!(ledger.most() <= buffer + 1, "{} with a buffer of {buffer}", ledger.most());
            }
        }
    });
}

#[test]
fn a_slow_head_holds_no_more_than_the_buffer() {
    watched(|| {
        let (pool, ledger) = (Pool::new(2), Ledger::default());
        let (gate, full) = (Gate::default(), AtomicUsize::new(0));
        let call = |n: usize| {
            if n == 0 {
                gate.wait();
            } else if full.fetch_add(1, Ordering::SeqCst) + 1 == 999 {
                // Nothing more can run: the head and what is behind it fill the buffer.
                gate.open();
            }
            ledger.entry()
        };
        let mut read = 0;
        pool.map(0..1_000_000, call).buffer(1000).for_each(|_| read += 1);
        assert_eq!((read, ledger.alive()), (1_000_000, 0));
        assert!(ledger.most() <= 1001, "{} were alive at once", ledger.most());
    });
}

/// Bytes of this process that are in memory.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[test]
fn what_is_cancelled_while_all_workers_are_busy_leaves_nothing_behind() {
    assert_success(in_child(|| {
        let (pool, gate) = (Pool::new(1), Gate::default());
        let pass = gate.clone();
        let busy = pool.submit(move || pass.wait());
        support::until(|| pool.stats().running == 1);
        let waits = pool.submit(|| 1);
        let before = resident();
        for n in 0..200_000 {
            match n % 2 {
                0 => assert!(pool.submit(|| ()).cancel().is_ok()),
                _ => drop(pool.map(0..3, |n| n).start()),
            }
        }
        let grown = resident().saturating_sub(before);
        // Some 100 MB if all of them were kept.
        assert!(grown < 4 << 20, "{grown} bytes more after 200,000 that were cancelled");
        // The one that was there before them is there still.
        gate.open();
        busy.join().unwrap();
        assert_eq!(waits.join().unwrap(), 1);
    }));
}

#[test]
fn nested_batches_that_a_call_runs_itself_leave_no_hints_behind() {
    assert_success(in_child(|| {
        let (pool, gate) = (support::forever(Pool::new(2)), Gate::default());
        let pass = gate.clone();
        let busy = pool.submit(move || pass.wait());
        support::until(|| pool.stats().running == 1);
        // No other thread can come to them.
        let grown = pool.submit(|| {
            let round = |batches: usize| {
                for _ in 0..batches {
                    assert_eq!(pool.map(0..3, |n| n).collect::<Vec<_>>(), [0, 1, 2]);
                }
            };
            round(2_000);
            let before = resident();
            round(100_000);
            resident().saturating_sub(before)
        });
        let grown = grown.join().unwrap();
        assert!(grown < 4 << 20, "{grown} bytes more after 100,000 nested batches");
        gate.open();
        busy.join().unwrap();
    }));
}

#[test]
fn a_million_batches_leave_nothing_behind() {
    assert_success(in_child(|| {
        let (pool, ledger) = (Pool::new(2), Ledger::default());
        let round = |batches: usize| {
            for n in 0..batches {
                let own = ledger.entry();
                match n % 4 {
                    0 => pool.map(0..3, |_| own.touch()).for_each(drop),
                    1 => drop(pool.map(0..3, move |_| own.touch()).start()),
                    2 => pool.submit(move || own.touch()).join().unwrap(),
                    _ => drop(pool.submit(move || own.touch()).cancel()),
                }
            }
            assert!(pool.wait_idle(support::LIMIT));
            assert_eq!(ledger.alive(), 0);
        };
        round(4_000);
        let before = resident();
        round(40_000);
        let grown = resident().saturating_sub(before);
        // A batch is a few hundred bytes: all that were made would be more than this.
        assert!(grown < 4 << 20, "{grown} bytes more after 40,000 batches");
    }));
}

#[test]
fn results_of_any_size_and_none() {
    #[derive(Clone, Copy, PartialEq, Debug)]
    #[repr(align(64))]
    struct Aligned(u8);
    watched(|| {
        for pool in pools() {
            let both = Barrier::new(1);
            assert_eq!(pool.map(0..500, |_| _ = both.wait()).collect::<Vec<()>>().len(), 500);
            let large: Vec<[u64; 512]> = pool.map(0..100, |n| [n; 512]).collect();
            assert!(large.iter().enumerate().all(|(n, result)| *result == [n as u64; 512]));
            let aligned: Vec<Aligned> = pool.map(0..100, Aligned).collect();
            assert!(aligned.iter().enumerate().all(|(n, result)| *result == Aligned(n as u8)));
        }
    });
}
