//! The companion causes no lint that the function alone would not cause, and heeds what the function says of lints.

#![deny(warnings, clippy::all)]

use pool_core::concurrent;

#[concurrent]
#[allow(clippy::too_many_arguments)]
fn allowed(
    #[shared] a: u8,
    #[shared] b: u8,
    #[shared] c: u8,
    #[shared] d: u8,
    #[shared] e: u8,
    #[shared] f: u8,
    #[shared] g: u8,
    h: u8,
) -> u8 {
    a + b + c + d + e + f + g + h
}

#[concurrent]
#[expect(clippy::too_many_arguments, reason = "there are many")]
fn expected(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8) -> u8 {
    a + b + c + d + e + f + g + h
}

#[concurrent]
#[cfg_attr(all(), expect(clippy::type_complexity))]
fn complex(x: Vec<Option<Result<u8, Box<dyn Fn(u8) -> Result<u8, String> + Send>>>>) -> usize {
    x.len()
}

// The pair of inputs is more complex than each of them.
#[concurrent]
fn paired(
    x: Vec<Option<Result<u8, Vec<String>>>>,
    y: Vec<Option<Result<u8, Vec<String>>>>,
) -> Result<Vec<Option<u8>>, String> {
    drop((x, y));
    Ok(vec![])
}

#[concurrent]
#[expect(clippy::ptr_arg)]
fn lent(x: &Vec<u8>) -> usize {
    x.len()
}

#[concurrent]
#[expect(non_snake_case)]
fn Unit(x: u8) -> Result<u8, String> {
    Ok(x)
}

struct Client;

impl Client {
    #[concurrent(associated)]
    #[expect(clippy::new_ret_no_self)]
    fn new(x: u8) -> u8 {
        x
    }

    #[concurrent]
    #[forbid(unused_variables, clippy::all)]
    #[deny(dead_code)]
    fn forbids(&self, x: u8) -> u8 {
        x
    }

    #[concurrent]
    #[expect(dead_code)]
    fn unused(&self, x: u8) -> u8 {
        called_by_unused(x)
    }

    #[concurrent]
    #[allow(unused)]
    fn may_be_unused(&self, x: u8, y: u8) -> u8 {
        x
    }
}

fn called_by_unused(x: u8) -> u8 {
    x
}

#[concurrent]
#[expect(unused)]
fn unused_too(x: u8) -> u8 {
    1
}

#[test]
fn lints_of_the_function_hold_for_its_companion() {
    assert_eq!(allowed::map(1, 1, 1, 1, 1, 1, 1, [1]).collect::<Vec<_>>(), [8]);
    assert_eq!(expected::map([(1, 1, 1, 1, 1, 1, 1, 1)]).collect::<Vec<_>>(), [8]);
    assert_eq!(complex::map([vec![]]).collect::<Vec<_>>(), [0]);
    assert_eq!(paired::map([(vec![], vec![])]).collect::<Vec<_>>(), [Ok(vec![])]);
    assert_eq!(lent::map(&[vec![1]]).collect::<Vec<_>>(), [1]);
    assert_eq!(Unit::map([1]).collect::<Vec<_>>(), [Ok(1)]);
    assert_eq!(Client::new_map([1]).collect::<Vec<_>>(), [1]);
    assert_eq!(Client.forbids_map([1]).collect::<Vec<_>>(), [1]);
}

#[concurrent]
fn length(text: &str) -> usize {
    text.len()
}

#[test]
fn a_reference_to_an_array_of_inputs_is_not_needless() {
    assert_eq!(length::map(&["a", "bc"]).collect::<Vec<_>>(), [1, 2]);
    length::as_completed(&["a"]).for_each(|done| assert_eq!(done.result.unwrap(), 1));
}
