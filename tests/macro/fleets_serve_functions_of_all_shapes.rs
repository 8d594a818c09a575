//! With `fleet` there is a service for each function, whatever it is called and takes, and generated code stays quiet.

#![cfg(unix)]
#![no_implicit_prelude]
#![deny(
    warnings,
    missing_docs,
    unreachable_pub,
    unused,
    missing_debug_implementations,
    unused_qualifications,
    unused_results,
    clippy::all,
    clippy::pedantic
)]
#![allow(
    clippy::must_use_candidate,
    clippy::needless_pass_by_value,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    reason = "said of the functions below, not of what stands beside them"
)]

use ::pool_core::{Service, concurrent};
use ::std::borrow::Cow;
use ::std::collections::HashMap;
use ::std::convert::Into as _;
use ::std::result::Result::{self, Ok};
use ::std::string::String;
use ::std::vec::Vec;
use ::std::{assert_eq, io, module_path};

/// By its path.
#[concurrent(fleet)]
pub fn by_path(_: u32) {}

/// By a name of its own.
#[concurrent(max_workers = 2, fleet = "other", name = "threads")]
pub fn by_name(text: &str) -> usize {
    text.len()
}

#[concurrent(fleet)]
fn r#match(r#type: u8) -> u8 {
    r#type
}

#[concurrent(fleet, companion = u8_calls)]
fn u8(n: ::core::primitive::u8) -> ::core::primitive::u8 {
    n
}

/// Its name, and those of its parameters, are those of the generated code.
#[concurrent(fleet)]
fn state(#[worker] init: &mut u32, state: u32, fleet: &u32) -> u32 {
    *init += state + fleet;
    *init
}

#[concurrent(fleet)]
fn states(
    first: Cow<'_, str>,
    #[worker] state: &mut Vec<u32>,
    last: (u8, bool),
) -> Result<String, String> {
    state.push(last.0.into());
    Ok(first.into_owned())
}

type Alias<T> = Result<T, String>;

mod alias {
    pub(super) type Result<T> = super::Alias<T>;
}

#[concurrent(fleet)]
fn aliased(n: u32) -> alias::Result<u32> {
    Ok(n)
}

#[concurrent(fleet)]
fn never(_: u32) -> Result<HashMap<String, Vec<u8>>, String> {
    ::std::process::exit(1)
}

#[concurrent(fleet)]
#[cfg(any())]
fn absent(_: u32) -> Missing {}

/// For what was there before.
#[concurrent(fleet)]
#[deprecated]
pub fn old(_: u32) {}

#[concurrent(fleet)]
#[expect(unused_variables)]
fn linted(n: u32) -> u32 {
    7
}

#[cfg_attr(not(any()), concurrent(fleet))]
fn under_a_condition(#[cfg_attr(not(any()), worker)] count: &mut u32, by: u32) -> u32 {
    *count += by;
    *count
}

macro_rules! made_by_a_macro {
    ($name:ident, $path:literal, $input:ty) => {
        #[concurrent(fleet = $path)]
        fn $name(input: $input) -> $input {
            input
        }
    };
}

made_by_a_macro!(made, "of a macro", u32);

#[test]
fn by_the_names_that_callers_use() {
    #[concurrent(fleet)]
    fn inside(_: u32) {}

    #[expect(deprecated, reason = "it has a service, too")]
    let services: [(Service, &str); 12] = [
        (by_path::service(), "by_path"),
        (by_name::service(), "other"),
        (r#match::service(), "match"),
        (u8_calls::service(), "u8"),
        (state::service(|| 0), "state"),
        (states::service(|| Ok(Vec::new())), "states"),
        (aliased::service(), "aliased"),
        (never::service(), "never"),
        (old::service(), "old"),
        (under_a_condition::service(|| 0), "under_a_condition"),
        (made::service(), "of a macro"),
        (inside::service(), "inside"),
    ];
    for (service, name) in services {
        let path =
            service.name().strip_prefix(module_path!()).and_then(|rest| rest.strip_prefix("::"));
        // A name that is given stands alone.
        assert_eq!(path.unwrap_or(service.name()), name);
    }
    assert_eq!(linted(1), 7);
    assert_eq!(io::Result::Ok(state(&mut 1, 2, &3)).ok(), ::std::option::Option::Some(6));
}
