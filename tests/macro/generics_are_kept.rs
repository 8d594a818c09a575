//! Generic functions keep their parameters, bounds and where-clauses, and a turbofish names the parameters alone.

use pool_core::concurrent;
use std::fmt::{Debug, Display};
use std::path::Path;
use std::str::FromStr;

#[concurrent]
fn parse<T: FromStr>(text: &str) -> Result<T, T::Err> {
    text.parse()
}

#[test]
fn a_turbofish_names_the_functions_own_parameters() {
    assert_eq!(parse::map::<u32>(["1", "2"]).collect::<Result<Vec<_>, _>>(), Ok(vec![1, 2]));
    let mut numbers = 0;
    parse::as_completed::<u32, _>(["1", "x"])
        .for_each(|done| numbers += usize::from(done.result.is_ok()));
    assert_eq!(numbers, 1);
    assert_eq!(parse::submit::<u8>("7").join().unwrap(), Ok(7));
}

#[concurrent]
fn show<T>(value: &T) -> String
where
    T: Display + ?Sized,
{
    value.to_string()
}

#[concurrent]
fn shown<T: Display + ?Sized>(value: &T, _again: u8) -> String {
    value.to_string()
}

#[test]
fn an_input_is_a_value_of_the_type_parameter_that_is_lent() {
    assert_eq!(show("unsized"), "unsized");
    assert_eq!(show::map([1, 2]).collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(shown::map([(1, 1)]).collect::<Vec<_>>(), ["1"]);
    show::as_completed(["a"]).for_each(|done| assert_eq!(done.input, "a"));
    assert_eq!(show::submit(3).join().unwrap(), "3");
}

#[concurrent]
fn owned<T, U>(value: T, #[shared] more: U) -> Vec<T>
where
    T: From<U>,
    U: Clone + Send + Sync,
{
    vec![value, T::from(more)]
}

#[test]
fn moved_and_shared_parameters_may_be_generic() {
    assert_eq!(owned::map(1_u8, [2_u32]).collect::<Vec<_>>(), [[2, 1]]);
    owned::as_completed(1_u8, [2_u32]).for_each(|done| assert_eq!(done.result.unwrap(), [2, 1]));
}

#[concurrent]
fn first<const N: usize, T: Copy>(values: [T; N]) -> Option<T> {
    values.first().copied()
}

#[test]
fn const_parameters_are_kept() {
    assert_eq!(first::map([[1, 2], [3, 4]]).collect::<Vec<_>>(), [Some(1), Some(3)]);
    assert_eq!(first::map::<2, i32>([[1, 2]]).collect::<Vec<_>>(), [Some(1)]);
}

#[concurrent]
fn longer<'a, 'b: 'a, T>(one: &'a [T], other: &'b [T]) -> &'a [T]
where
    T: Debug + Sync,
{
    if one.len() > other.len() { one } else { other }
}

#[test]
fn lifetime_parameters_are_kept() {
    let (one, other) = (vec![1], vec![2, 3]);
    assert_eq!(longer::map([(&one[..], &other[..])]).collect::<Vec<_>>(), [&[2, 3]]);
}

#[concurrent]
fn read<P: AsRef<Path>>(path: P) -> usize {
    path.as_ref().as_os_str().len()
}

#[concurrent]
fn slices<T: Copy + Into<u64>>(values: &[T]) -> u64 {
    values.iter().map(|&value| value.into()).sum()
}

#[test]
fn what_is_generic_infers() {
    assert_eq!(read::map(["abc"]).collect::<Vec<_>>(), [3]);
    assert_eq!(slices::map([vec![1_u8], vec![2, 3]]).collect::<Vec<_>>(), [1, 5]);
}

#[test]
fn all_instantiations_share_one_pool() {
    assert!(std::ptr::eq(parse::pool(), parse::pool()));
}

trait Decode {
    type Output;
    fn decode(&self) -> Self::Output;
}

impl Decode for u8 {
    type Output = u32;
    fn decode(&self) -> u32 {
        u32::from(*self)
    }
}

#[concurrent]
fn decode<D: Decode>(value: D) -> D::Output {
    value.decode()
}

#[test]
fn a_result_may_be_an_associated_type() {
    assert_eq!(decode::map([1_u8]).collect::<Vec<_>>(), [1]);
    decode::as_completed([1_u8]).for_each(|done| assert_eq!(done.result.unwrap(), 1));
}
