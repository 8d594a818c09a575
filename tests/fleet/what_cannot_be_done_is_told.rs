//! What goes wrong between a caller and its workers is told as an error of the fleet, for the input that it is about.

use crate::fleet;
use crate::functions::{Strange, describe, newer, square, strange, takes_strange};
use pool_core::{Fleet, FleetError, RemoteError};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

fn lost<T: std::fmt::Debug, E: std::fmt::Debug>(result: Result<T, RemoteError<E>>) -> FleetError {
    match result {
        Err(RemoteError::Lost(error)) => error,
        other => panic!("not lost: {other:?}"),
    }
}

#[test]
fn a_function_that_no_worker_serves() {
    let fleet = fleet(1);
    let error = lost(takes_nothing::on(&fleet).map([1]).next().unwrap());
    assert_eq!(
        error,
        FleetError::NotServed("fleet::what_cannot_be_done_is_told::takes_nothing".into())
    );
    assert_eq!(
        error.to_string(),
        "no worker serves `fleet::what_cannot_be_done_is_told::takes_nothing`; add its service to `serve([…])`"
    );
    assert_eq!(square::on(&fleet).map([2]).next(), Some(Ok(4)));
}

#[pool_core::concurrent(fleet)]
fn takes_nothing(_: u8) {}

#[test]
fn inputs_of_another_type() {
    let fleet = fleet(1);
    let error = lost(newer::changed::on(&fleet).map([(1, "one")]).next().unwrap());
    assert_eq!(error, FleetError::Decoding("4 bytes too many".into()));
}

#[test]
fn values_that_cannot_be_written() {
    let fleet = fleet(1);
    let error = lost(takes_strange::on(&fleet).map([Strange]).next().unwrap());
    assert_eq!(error, FleetError::Encoding("strange".into()));
    let error = lost(strange::on(&fleet).map([1]).next().unwrap());
    assert_eq!(error, FleetError::Encoding("strange".into()));

    let path = Path::new(OsStr::from_bytes(b"/\xff"));
    let input = ("", path, &[][..], None, crate::functions::NoRoot { of: 0.0 });
    let error = lost(describe::on(&fleet).map([input]).scope(|results| results.next().unwrap()));
    assert!(matches!(error, FleetError::Encoding(_)), "{error:?}");
}

#[test]
fn a_program_that_does_not_serve() {
    let without_serving = "what_cannot_be_done_is_told::starts_workers_without_serving";
    for test in ["--no-such-option", without_serving] {
        let arguments = [test, "--exact", "--ignored", "--nocapture"];
        let fleet = Fleet::processes(1).unwrap().args(arguments);
        for result in square::on(&fleet).map([1, 2]) {
            let error = lost(result);
            assert!(
                matches!(&error, FleetError::NotStarted(why) if why.contains(", before it served; ")),
                "{error:?}"
            );
        }
        assert_eq!((fleet.stats().workers, fleet.stats().dead), (0, 0));
    }
}

#[test]
#[ignore = "a worker that does not serve runs it"]
fn starts_workers_without_serving() {
    assert_eq!(Fleet::processes(1).unwrap_err(), FleetError::NotServing);
    // Neither does it serve without `run`.
    drop(Fleet::from_env().unwrap());
    assert_eq!(Fleet::processes(1).unwrap_err(), FleetError::NotServing);
    // Without a word of the harness.
    std::process::exit(0);
}
