//! `as_completed` takes apart what is called `Result`, whatever alias that is, and hands over anything else as it is.

use pool_core::{CallError, concurrent};
use std::convert::Infallible;
use std::fmt;
use std::io;

#[concurrent]
fn two(x: u32) -> Result<u32, String> {
    if x == 0 { Err(String::from("zero")) } else { Ok(x) }
}

#[concurrent]
fn by_path(x: u32) -> std::result::Result<u32, String> {
    two(x)
}

#[concurrent]
fn io_result(x: u32) -> io::Result<u32> {
    Ok(x)
}

#[concurrent]
fn fmt_result(_: u32) -> fmt::Result {
    Err(fmt::Error)
}

type Parts<T> = (u32, Result<T, CallError<String>>);

#[test]
fn results_are_flattened() {
    let done: Vec<Parts<u32>> =
        two::as_completed([1]).map(|done| (done.input, done.result)).collect();
    assert!(matches!(done[..], [(1, Ok(1))]));
    let done: Vec<Parts<u32>> =
        by_path::as_completed([0]).map(|done| (done.input, done.result)).collect();
    assert!(matches!(&done[..], [(0, Err(CallError::Failed(zero)))] if zero == "zero"));
    io_result::as_completed([1]).for_each(|done| {
        let result: Result<u32, CallError<io::Error>> = done.result;
        assert_eq!(result.unwrap(), 1);
    });
    fmt_result::as_completed([1]).for_each(|done| {
        let result: Result<(), CallError<fmt::Error>> = done.result;
        assert!(matches!(result, Err(CallError::Failed(fmt::Error))));
    });
}

#[derive(Debug, PartialEq)]
struct QueryResult(u32);

#[derive(Debug, PartialEq)]
struct ResultSet;

#[concurrent]
fn query(x: u32) -> QueryResult {
    QueryResult(x)
}

#[concurrent]
fn all(_: u32) -> Option<Result<ResultSet, String>> {
    Some(Ok(ResultSet))
}

#[test]
fn other_types_are_values() {
    query::as_completed([1]).for_each(|done| {
        let result: Result<QueryResult, CallError<Infallible>> = done.result;
        assert_eq!(result.unwrap(), QueryResult(1));
    });
    all::as_completed([1]).for_each(|done| {
        let result: Result<Option<Result<ResultSet, String>>, CallError<Infallible>> = done.result;
        assert_eq!(result.unwrap(), Some(Ok(ResultSet)));
    });
}

mod crate_wide {
    pub(crate) type Result<T, E = super::QueryResult> = std::result::Result<T, E>;
}

#[concurrent]
fn aliased(x: u32) -> crate_wide::Result<u32> {
    Err(QueryResult(x))
}

#[test]
fn an_alias_called_result_is_one() {
    aliased::as_completed([1]).for_each(|done| {
        assert!(matches!(done.result, Err(CallError::Failed(QueryResult(1)))));
    });
    assert_eq!(aliased::map([1]).collect::<Result<Vec<_>, _>>(), Err(QueryResult(1)));
}

macro_rules! returning {
    ($name:ident, $result:ty) => {
        #[concurrent]
        fn $name(x: u32) -> $result {
            Ok(x)
        }
    };
}

returning!(from_a_macro, Result<u32, String>);

#[test]
fn a_result_from_a_macro_is_one() {
    from_a_macro::as_completed([1]).for_each(|done| assert_eq!(done.result.unwrap(), 1));
}
