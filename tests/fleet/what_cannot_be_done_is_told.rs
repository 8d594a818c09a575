//! What goes wrong between a caller and its workers is told as an error of the fleet, for the input that it is about.

use crate::fleet;
use crate::functions::{Strange, deeper, describe, newer, square, strange, takes_strange};
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
    let told =
        "4 bytes too many; the worker expects (u64), the caller gives (u64, &str)".to_owned();
    assert_eq!(error, FleetError::Decoding(told));
}

#[test]
fn a_result_of_another_type() {
    let fleet = fleet(1);
    let error = lost(newer::measured::on(&fleet).map([1]).next().unwrap());
    let FleetError::Decoding(told) = &error else { panic!("{error:?}") };
    assert!(told.ends_with("; the caller expects alloc::string::String as the result"), "{told}");
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
    let without_input = "what_cannot_be_done_is_told::closes_its_input_first";
    // Those that fail where they should not end with another status.
    for (test, status) in [("--no-such-option", 101), (without_serving, 0), (without_input, 0)] {
        let arguments = [test, "--exact", "--ignored", "--nocapture"];
        let fleet = Fleet::processes(1).unwrap().args(arguments);
        for result in square::on(&fleet).map([1, 2]) {
            let error = lost(result);
            let told = format!(
                "no worker can be started: exit status: {status}, before it served; {}",
                FleetError::NotServing
            );
            assert_eq!(error.to_string(), told);
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

#[test]
#[ignore = "a worker that does not serve runs it"]
fn closes_its_input_first() {
    let null = std::fs::File::open("/dev/null").unwrap();
    // SAFETY: Both descriptors are open.
    assert_eq!(unsafe { libc::dup2(std::os::fd::AsRawFd::as_raw_fd(&null), 0) }, 0);
    Fleet::from_env().unwrap().serve(crate::functions::services()).run().unwrap();
    assert_eq!(Fleet::processes(1).unwrap_err(), FleetError::NotServing);
    std::process::exit(0);
}

#[test]
fn fleets_within_fleets_without_an_end() {
    let fleet = fleet(1);
    let depths = deeper::on(&fleet).map([2, 1000]).collect::<Vec<_>>();
    assert_eq!(depths[0], Ok(2));
    let told = depths[1].as_ref().unwrap_err().to_string();
    assert_eq!(
        told,
        "no worker can be started: this process is within 4 workers, each started by the one around it"
    );
}

#[test]
fn a_worker_that_has_no_thread() {
    support::watched(|| {
        let fleet = Fleet::processes(1).unwrap().args(crate::arguments("tiny_worker"));
        let error = lost(square::on(&fleet).map([1]).next().unwrap()).to_string();
        assert!(error.starts_with("no worker can be started: exit status: 3, before"), "{error}");
    });
}

#[test]
fn a_name_for_two_functions() {
    let twice = || Fleet::from_env()?.serve([square::service(), square::service()]).run();
    let error = twice().unwrap_err();
    assert_eq!(error, FleetError::ServedTwice("fleet::functions::square".into()));
    assert_eq!(
        error.to_string(),
        "two services are called `fleet::functions::square`; give one of them a name: `fleet = \"…\"`"
    );
}

#[test]
fn arguments_that_come_too_late() {
    let fleet = fleet(1);
    let _on = square::on(&fleet);
    let late = support::caught(|| fleet.args(["worker"]));
    assert_eq!(
        late.unwrap_err(),
        "`args` comes too late; set it before a function is on the fleet"
    );
}
