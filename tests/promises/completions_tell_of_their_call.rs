//! A completion tells which input it is of, hands that back, and says how long its call ran.

use pool_core::{CallError, Completion, Pool, concurrent};
use std::convert::Infallible;
use std::thread;
use std::time::{Duration, Instant};
use support::{pools, raise, watched};

#[test]
fn the_index_is_the_position_of_the_input() {
    watched(|| {
        for pool in pools() {
            let words = ["zero", "one", "two", "three", "four"];
            let mut seen = [false; 5];
            pool.as_completed(&words, |word| match word.len() {
                3 => Ok(()),
                4 => Err("four letters"),
                _ => raise("other"),
            })
            .for_each(|done| {
                // The input itself, whatever became of its call.
                assert!(std::ptr::eq(done.input, &words[done.index]));
                assert!(!std::mem::replace(&mut seen[done.index], true));
                match done.result {
                    Ok(()) => assert_eq!(done.input.len(), 3),
                    Err(CallError::Failed(_)) => assert_eq!(done.input.len(), 4),
                    Err(error) => assert_eq!((error.to_string(), done.index), ("other".into(), 3)),
                }
            });
            assert_eq!(seen, [true; 5]);
        }
    });
}

#[test]
fn the_time_is_that_of_the_call_alone() {
    watched(|| {
        for pool in pools() {
            let own = |_: &u32| {
                let begun = Instant::now();
                thread::sleep(Duration::from_millis(3));
                Ok::<_, Infallible>(begun.elapsed())
            };
            // Neither the wait for the input nor that for the reader belongs to it.
            let (slow, pause) = (Duration::from_millis(40), Duration::from_millis(40));
            let inputs = (0..2).inspect(|_| thread::sleep(slow));
            let begun = Instant::now();
            pool.as_completed(inputs, own).scope(|results| {
                thread::sleep(pause);
                results.for_each(|done| {
                    let Completion { elapsed, result, .. } = done;
                    assert!(elapsed >= result.unwrap());
                    assert!(elapsed + slow <= begun.elapsed());
                });
            });
        }
    });
}

#[test]
fn the_time_of_a_call_that_panics_is_known_too() {
    watched(|| {
        let panics = |_: &u8| -> Result<(), ()> {
            thread::sleep(Duration::from_millis(3));
            raise("late")
        };
        let done = Pool::new(1).as_completed([0], panics).next().unwrap();
        assert!(done.elapsed >= Duration::from_millis(3));
        assert!(done.result.is_err());
    });
}

#[test]
fn a_function_without_result_cannot_fail() {
    #[concurrent]
    fn double(n: u32) -> u32 {
        2 * n
    }
    let done: Completion<u32, u32, Infallible> = double::as_completed([21]).next().unwrap();
    assert_eq!((done.index, done.input, done.result.unwrap()), (0, 21, 42));
}

#[test]
fn what_is_moved_is_cloned_and_what_is_lent_is_the_callers_own() {
    #[concurrent]
    fn consume(mut text: String) -> Result<usize, String> {
        text.push('!');
        Err(text)
    }
    #[concurrent]
    fn look(text: &str) -> usize {
        text.as_ptr().addr()
    }
    let done = consume::as_completed([String::from("a")]).next().unwrap();
    assert_eq!((done.input.as_str(), done.result.unwrap_err().to_string().as_str()), ("a", "a!"));
    let done = look::as_completed([String::from("b")]).next().unwrap();
    assert_eq!(done.input.as_ptr().addr(), done.result.unwrap());
}
