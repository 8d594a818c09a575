//! A panic in a worker is the panic of that call, with its message, and takes no process down.

use crate::fleet;
use crate::functions::{count, panics, unready};
use pool_core::CallError;
use support::caught;

#[test]
fn with_its_message_and_its_input() {
    let fleet = fleet(1);
    let mut done = panics::on(&fleet).as_completed(["", "paper", "payload", "bomb", ""]).in_order();
    let mut message = || match done.next().unwrap().result {
        Err(CallError::Panicked(panic)) => Err(panic.message().to_owned()),
        Ok(process) => Ok(process),
        Err(other) => panic!("{other}"),
    };
    let process = message();
    assert_eq!(message(), Err("no paper".into()));
    assert_eq!(message(), Err("the call panicked with a payload that is not text".into()));
    assert_eq!(message(), Err("the call panicked with a payload that is not text".into()));
    assert_eq!(message(), process);
    assert_eq!(fleet.stats().dead, 0);
}

#[test]
fn map_goes_on_with_it() {
    let fleet = fleet(2);
    let ended = caught(|| panics::on(&fleet).map(["", "ink", ""]).for_each(drop));
    assert_eq!(ended, Err("no ink".into()));
}

#[test]
fn and_drops_the_state() {
    let fleet = fleet(1);
    let calls = count::on(&fleet).as_completed([1, 2, 3, 0, 4, 1]).in_order();
    let calls: Vec<_> = calls.map(|done| done.result.map_err(|error| error.to_string())).collect();
    let error = |text: &str| Err(text.to_owned());
    assert_eq!(calls, [error("not yet"), Ok(2), Ok(5), error("a count of nothing"), Ok(4), Ok(5)]);
}

#[test]
fn the_init_of_a_state_may_panic_and_is_tried_again() {
    let fleet = fleet(1);
    let calls = unready::on(&fleet).as_completed([1, 2, 3]).in_order();
    let calls: Vec<_> = calls.map(|done| done.result.map_err(|error| error.to_string())).collect();
    assert_eq!(calls[1..], [Ok(2), Ok(3)]);
    assert!(calls[0].as_ref().is_err_and(|message| message.contains("no state yet")), "{calls:?}");
    assert_eq!(fleet.stats().dead, 0);
}
