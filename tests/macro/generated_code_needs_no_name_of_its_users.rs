//! Generated code compiles without a prelude, beside any names, under strict lints, and out of other macros.

#![no_implicit_prelude]
#![forbid(unsafe_code)]
#![deny(
    warnings,
    missing_docs,
    unreachable_pub,
    unused,
    missing_copy_implementations,
    missing_debug_implementations,
    single_use_lifetimes,
    redundant_lifetimes,
    unused_lifetimes,
    unused_qualifications,
    unused_results,
    trivial_casts,
    let_underscore_drop,
    rust_2018_idioms,
    clippy::all,
    clippy::pedantic
)]
#![allow(
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    reason = "said of the functions below, not of what stands beside them"
)]

use ::pool_core::concurrent;
use ::std::vec::Vec;
use ::std::{assert, assert_eq, matches};

/// Shadows everything that generated code could mean.
mod shadowed {
    #![allow(dead_code, non_camel_case_types)]

    use ::pool_core::concurrent;

    type Result = u8;
    struct Option;
    struct Some;
    struct None;
    struct Vec;
    struct Box;
    struct Arc;
    trait Send {}
    trait Sync {}
    trait Clone {}
    trait Sized {}
    trait Fn {}
    trait IntoIterator {}
    trait Lend {}
    struct Map;
    struct AsCompleted;
    struct Task;
    struct Pool;
    struct Infallible;
    enum str {}
    enum usize {}
    mod core {}
    mod std {}
    mod pool_core {}

    const POOL: ::core::primitive::usize = 3;

    #[concurrent(max_workers = POOL)]
    pub(super) fn shadow(
        #[shared] base: &u32,
        #[shared] more: u32,
        x: &u32,
        y: u32,
    ) -> ::std::result::Result<u32, u32> {
        ::std::result::Result::Ok(base + more + x + y)
    }

    #[concurrent]
    pub(super) fn counted(
        #[worker] state: &mut u32,
        #[shared] init: u32,
        x: u32,
    ) -> ::std::result::Result<u32, u32> {
        ::std::result::Result::Ok(*state + init + x)
    }

    #[concurrent(keep_alive = ::std::time::Duration::ZERO, stack_size = 1 << 20)]
    pub(super) fn inferred(x: u32) -> u32 {
        x
    }
}

/// As a library would.
pub mod library {
    use ::pool_core::concurrent;
    use ::std::borrow::Cow;
    use ::std::string::String;

    /// Shouts.
    #[concurrent]
    #[must_use]
    pub fn shout(#[shared] end: &str, text: &str) -> String {
        text.to_uppercase() + end
    }

    /// Trims. The lifetime has a name so that the text is moved.
    #[concurrent]
    #[must_use]
    pub fn trim<'a>(text: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(text.trim())
    }

    /// Measures.
    #[concurrent]
    #[must_use]
    pub fn measure<'a>(text: &'a str) -> usize {
        text.len()
    }

    /// Joins. Each worker keeps what it has joined.
    #[concurrent]
    pub fn join(#[worker] all: &mut String, text: &str) -> usize {
        all.push_str(text);
        all.len()
    }

    /// A client.
    #[derive(Clone, Copy, Debug)]
    pub struct Client;

    impl Client {
        /// Fetches.
        #[concurrent]
        #[must_use]
        pub fn fetch(&self, path: &str) -> u32 {
            let Self = self;
            match path {
                "" => 1,
                _ => 0,
            }
        }
    }
}

#[concurrent]
#[expect(dead_code)]
fn unused(_: u32) {}

macro_rules! annotated {
    ($name:ident, $lent:ty, $out:ty, $workers:expr, $visibility:vis, $parameter:ident, $body:block) => {
        #[concurrent(max_workers = $workers)]
        $visibility fn $name(#[shared] _shared: $lent, $parameter: $lent, _moved: u32) -> $out $body

        #[concurrent(max_workers = 4)]
        fn hygienic(#[shared] shared: u32, x: $lent) -> ::core::result::Result<u32, $out> {
            ::core::result::Result::Ok(*x + shared)
        }
    };
}

annotated!(generated, &u32, u32, 2, pub(crate), x, { *x });

macro_rules! method {
    ($name:ident) => {
        #[concurrent]
        fn stateful(&self, #[worker] state: &mut u32, #[shared] init: u32, x: u32) -> u32 {
            self.0 + *state + init + x
        }

        #[concurrent]
        fn $name(&self, #[shared] shared: u32, x: &u32) -> u32 {
            self.0 + shared + x
        }
    };
}

struct One(u32);

impl One {
    method!(add);
}

#[test]
fn names_are_absolute() {
    assert_eq!(
        shadowed::shadow::map(1_u32, 1, [(1_u32, 1)]).collect::<Vec<_>>(),
        [::core::result::Result::Ok(4)]
    );
    assert_eq!(shadowed::shadow::pool().max_workers(), 3);
    let counts = shadowed::counted::map(|| ::core::result::Result::Ok(1), 2, [3]);
    assert_eq!(counts.collect::<Vec<_>>(), [::core::result::Result::Ok(6)]);
    assert_eq!(library::join::map(::std::string::String::new, ["a"]).collect::<Vec<_>>(), [1]);
    assert_eq!(shadowed::inferred::map([1]).collect::<Vec<_>>(), [1]);
}

#[test]
fn macros_may_write_annotated_functions() {
    assert_eq!(generated::map(1, [(1, 1)]).collect::<Vec<_>>(), [1]);
    assert_eq!(generated::pool().max_workers(), 2);
    assert!(matches!(
        hygienic::map(1, [1]).collect::<Vec<_>>()[..],
        [::core::result::Result::Ok(2)]
    ));
    assert_eq!(One(1).stateful_map(|| 1, 1, [1]).collect::<Vec<_>>(), [4]);
    assert_eq!(One(1).add_map(1, [1]).collect::<Vec<_>>(), [3]);
}
