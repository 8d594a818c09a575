//! A type of the function's name, with the function's visibility, stands beside it: wherever the function can stand.

#![allow(unreachable_pub, reason = "a test has no users, and `pub` is under test")]

use pool_core::concurrent;

mod jobs {
    use pool_core::concurrent;

    /// Doubles.
    #[concurrent]
    pub fn double(x: u32) -> u32 {
        2 * x
    }

    #[concurrent]
    pub(crate) fn in_crate(x: u32) -> u32 {
        x
    }

    #[concurrent]
    pub(super) fn in_super(x: u32) -> u32 {
        x
    }

    #[concurrent]
    pub(in crate::a_companion_stands_beside_the_function::jobs) fn in_path(x: u32) -> u32 {
        x
    }

    pub mod inner {
        pub fn everything() -> Vec<u32> {
            super::in_path::map([1, 2]).collect()
        }
    }
}

#[test]
fn one_import_brings_both() {
    use jobs::double;
    assert_eq!(double(1), 2);
    assert_eq!(double::map([1, 2]).collect::<Vec<_>>(), [2, 4]);
    assert_eq!(double::submit(3).join().unwrap(), 6);
    let mut doubled: Vec<_> =
        double::as_completed([1, 2]).map(|done| (done.input, done.result.unwrap())).collect();
    doubled.sort_unstable();
    assert_eq!(doubled, [(1, 2), (2, 4)]);
}

#[test]
fn an_import_renames_both() {
    use jobs::double as twice;
    assert_eq!(twice(1), 2);
    assert_eq!(twice::map([1]).collect::<Vec<_>>(), [2]);
}

#[test]
fn a_glob_brings_both() {
    use jobs::*;
    assert_eq!(double::map([double(1)]).collect::<Vec<_>>(), [4]);
    assert_eq!(in_crate::map([1]).collect::<Vec<_>>(), [1]);
    assert_eq!(in_super::map([1]).collect::<Vec<_>>(), [1]);
    assert_eq!(inner::everything(), [1, 2]);
}

mod facade {
    pub use super::jobs::double;
}

#[test]
fn a_re_export_carries_both() {
    assert_eq!(facade::double::map([facade::double(1)]).collect::<Vec<_>>(), [4]);
}

#[test]
fn a_function_in_a_body_works_on_types_of_that_body() {
    struct Local(u32);
    const BASE: u32 = 10;

    #[concurrent]
    fn unwrap(local: &Local) -> u32 {
        BASE + local.0
    }

    let locals = [Local(1), Local(2)];
    assert_eq!(unwrap::map(&locals).collect::<Vec<_>>(), [11, 12]);
}

mod parse {
    pub fn help() -> u32 {
        1
    }
}

#[concurrent(companion = parses)]
fn parse(text: &str) -> u32 {
    text.parse().unwrap_or_else(|_| parse::help())
}

#[test]
fn companion_gives_the_type_another_name() {
    assert_eq!(parse("7"), 7);
    assert_eq!(parses::map(["7", "x"]).collect::<Vec<_>>(), [7, 1]);
}

#[concurrent]
fn r#match(r#type: u32) -> u32 {
    r#type
}

#[concurrent]
fn r#loop(#[shared] r#in: u32, r#fn: u32) -> u32 {
    r#in + r#fn
}

#[test]
fn names_may_be_raw() {
    assert_eq!(r#match::map([1]).collect::<Vec<_>>(), [1]);
    assert_eq!(r#loop::map(1, [1]).collect::<Vec<_>>(), [2]);
}

#[concurrent]
fn nothing(_: u32) {}

#[concurrent]
const fn constant(x: u32) -> u32 {
    x
}

#[test]
fn a_function_may_give_nothing_or_be_const() {
    const ONE: u32 = constant(1);
    assert_eq!(nothing::map([1, 2]).collect::<Vec<()>>(), [(), ()]);
    assert_eq!(constant::map([ONE]).collect::<Vec<_>>(), [1]);
}

#[concurrent]
fn forever(_: u32) -> ! {
    panic!("over")
}

#[test]
fn a_function_may_never_return() {
    let panicked =
        |done: pool_core::Completion<u32, std::convert::Infallible, std::convert::Infallible>| {
            assert!(done.result.is_err());
        };
    forever::as_completed([1]).for_each(panicked);
}
