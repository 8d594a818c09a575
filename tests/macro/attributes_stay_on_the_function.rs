//! The function keeps its attributes, and the companion heeds those that concern it.

#![deny(warnings)]

use pool_core::concurrent;

#[concurrent]
#[cfg(any())]
fn absent(_: u32) -> Missing {}

#[concurrent]
#[cfg_attr(not(windows), cfg(any()))]
fn absent_too(_: u32) -> Missing {}

#[concurrent]
#[cfg(not(any()))]
fn present(x: u32) -> u32 {
    x
}

/// Would not compile if the companion of `absent` or `absent_too` were there.
mod taken {
    pub(crate) struct Absent;
}
use taken::{Absent as absent, Absent as absent_too};

struct Methods;

impl Methods {
    #[concurrent]
    #[cfg(any())]
    fn absent(&self, _: u32) -> Missing {}

    fn absent_map(&self) {}

    #[concurrent]
    #[deprecated]
    #[must_use]
    #[inline]
    #[doc(hidden)]
    fn old(&self, x: u32) -> u32 {
        x
    }
}

#[concurrent]
fn unread(#[cfg_attr(all(), allow(unused_variables))] x: u32, y: u32) -> u32 {
    y
}

#[test]
fn a_parameter_may_be_configured_in_what_is_no_cfg() {
    assert_eq!(unread::map([(1, 2)]).collect::<Vec<_>>(), [2]);
}

#[test]
fn cfg_guards_the_companion_too() {
    let _: [absent_too; 1] = [absent];
    Methods.absent_map();
    assert_eq!(present::map([1]).collect::<Vec<_>>(), [1]);
}

/// Is kept.
#[concurrent]
#[deprecated(note = "use `present`")]
#[must_use = "it is kept"]
#[inline(always)]
#[track_caller]
#[doc(hidden)]
#[expect(clippy::needless_pass_by_value)]
pub fn old(#[allow(unused_variables)] x: String) -> u32 {
    0
}

#[test]
#[allow(deprecated)]
fn a_deprecated_function_warns_where_it_is_used() {
    assert_eq!(old::map([String::new()]).collect::<Vec<_>>(), [0]);
    assert_eq!(Methods.old_map([1]).collect::<Vec<_>>(), [1]);
}

/// Stands for an attribute macro before and after ours.
mod instrumented {
    use pool_core::concurrent;

    #[tracing::instrument]
    #[concurrent]
    pub(crate) fn before(#[shared] base: &u32, x: u32) -> u32 {
        base + x
    }

    #[concurrent]
    #[tracing::instrument(skip(x), fields(base))]
    pub(crate) fn after(#[shared] base: &u32, x: u32) -> u32 {
        base + x
    }
}

#[test]
fn other_attribute_macros_may_stand_on_either_side() {
    assert_eq!(instrumented::before::map(1, [1]).collect::<Vec<_>>(), [2]);
    assert_eq!(instrumented::after::map(1, [1]).collect::<Vec<_>>(), [2]);
}

#[concurrent]
fn inner(x: u32) -> u32 {
    #![allow(unused_variables)]
    let unused = x;
    x
}

#[concurrent]
#[allow(non_snake_case)]
fn CamelCase(x: u32) -> u32 {
    x
}

#[test]
fn lints_are_allowed_on_the_function_alone() {
    assert_eq!(inner::map([1]).collect::<Vec<_>>(), [1]);
    assert_eq!(CamelCase::map([1]).collect::<Vec<_>>(), [1]);
}
