//! `#[cfg_attr(…, shared)]`: a crate can make concurrency optional without a second copy of a function.

#![deny(warnings)]

use pool_core::concurrent;

/// As where a crate's feature is on.
#[cfg_attr(all(), concurrent(max_workers = 2))]
fn with(
    #[cfg_attr(all(), shared)] base: &str,
    #[cfg_attr(all(), shared)] end: char,
    x: &str,
) -> String {
    format!("{base}{x}{end}")
}

/// As where it is off.
#[cfg_attr(any(), concurrent(max_workers = 2))]
fn without(#[cfg_attr(any(), shared)] base: &str, x: &str) -> String {
    format!("{base}{x}")
}

/// Where the conditions differ.
#[concurrent]
fn mixed(
    #[cfg_attr(any(), shared)] x: u32,
    #[cfg_attr(not(any()), shared, allow(unused))] y: u32,
) -> u32 {
    x
}

struct Client;

impl Client {
    #[cfg_attr(all(), concurrent)]
    fn fetch(&self, #[cfg_attr(all(), shared)] base: u32, x: u32) -> u32 {
        base + x
    }
}

#[test]
fn a_condition_that_holds_shares() {
    assert_eq!(with::map("a", 'c', ["b"]).collect::<Vec<_>>(), ["abc"]);
    assert_eq!(with::pool().max_workers(), 2);
    assert_eq!(mixed::map(2, [1]).collect::<Vec<_>>(), [1]);
    assert_eq!(Client.fetch_map(1, [1]).collect::<Vec<_>>(), [2]);

    #[concurrent]
    fn local(#[cfg_attr(all(), shared)] base: u32, x: u32) -> u32 {
        base + x
    }
    assert_eq!(local::map(1, [1]).collect::<Vec<_>>(), [2]);
}

#[test]
fn a_plain_call_is_the_same_on_both_sides() {
    assert_eq!(with("a", 'c', "b"), "abc");
    assert_eq!(without("a", "b"), "ab");
}
