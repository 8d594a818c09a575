//! `in_order`: the same completions, errors and panics among them, in the order of the inputs.

use pool_core::{CallError, Pool};
use support::{Gate, Ledger, caught, linger, pools, pools_and_lengths, raise, watched};

#[test]
fn none_is_lost_and_none_ends_the_batch() {
    watched(|| {
        for (pool, length) in pools_and_lengths() {
            let ledger = Ledger::default();
            let call = |n: &usize| {
                linger();
                match n % 3 {
                    0 => Ok(ledger.entry()),
                    1 => Err(*n),
                    _ => raise("call"),
                }
            };
            let mut seen = 0;
            pool.as_completed(0..length, call).in_order().for_each(|done| {
                assert_eq!((done.index, done.input), (seen, seen));
                match done.result {
                    Ok(_) => assert_eq!(seen % 3, 0),
                    Err(CallError::Failed(n)) => assert_eq!((seen % 3, n), (1, seen)),
                    Err(_) => assert_eq!(seen % 3, 2),
                }
                seen += 1;
            });
            assert_eq!((seen, ledger.alive()), (length, 0));
        }
    });
}

#[test]
fn a_slow_head_holds_the_others_back_as_far_as_the_buffer_goes() {
    watched(|| {
        let (pool, gate, ledger) = (Pool::new(4), Gate::default(), Ledger::default());
        let inputs = (0..100).map(|n| (n, ledger.entry()));
        let batch = pool.as_completed(inputs, |(n, _)| {
            if *n == 0 {
                gate.wait();
            }
            Ok::<_, ()>(*n)
        });
        batch.in_order().buffer(6).scope(|done| {
            assert!(done.next_timeout(std::time::Duration::from_millis(20)).is_err());
            assert!(ledger.made() <= 7, "{} inputs were taken", ledger.made());
            gate.open();
            assert!(done.map(|done| done.result.unwrap()).eq(0..100));
        });
    });
}

#[test]
fn it_is_set_before_the_start() {
    for pool in pools() {
        let batch = pool.as_completed([1], |_| Ok::<_, ()>(())).start();
        let late = caught(|| drop(batch.in_order())).unwrap_err();
        assert!(late.contains("`in_order` comes too late"), "{late}");
    }
}
