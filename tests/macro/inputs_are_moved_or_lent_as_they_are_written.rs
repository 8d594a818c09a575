//! `x: T` is moved into the call, `x: &T` is lent to it, `x: &'a T` is moved as the reference that it is.

use pool_core::{Lend, concurrent};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[concurrent]
fn moved(text: String) -> usize {
    text.len()
}

#[test]
fn a_type_without_reference_is_moved() {
    assert_eq!(moved::map(vec![String::from("abc")]).collect::<Vec<_>>(), [3]);
    assert_eq!(moved::submit(String::from("abc")).join().unwrap(), 3);
    moved::as_completed(vec![String::from("abc")]).for_each(|done| assert_eq!(done.input, "abc"));
}

struct Once(u32);

#[concurrent]
fn consume(once: Once) -> u32 {
    once.0
}

#[test]
fn clone_is_not_asked_of_what_is_only_mapped() {
    assert_eq!(consume::map([Once(1)]).collect::<Vec<_>>(), [1]);
    assert_eq!(consume::submit(Once(2)).join().unwrap(), 2);
}

#[concurrent]
fn lent(text: &str) -> usize {
    text.len()
}

#[test]
fn an_elided_reference_is_lent_by_whatever_owns_it() {
    let owned = vec![String::from("abc"), String::from("de")];
    assert_eq!(lent::map(&owned).collect::<Vec<_>>(), [3, 2]);
    assert_eq!(lent::map(owned.iter().map(String::as_str)).collect::<Vec<_>>(), [3, 2]);
    assert_eq!(lent::map(["abc", "de"]).collect::<Vec<_>>(), [3, 2]);
    assert_eq!(lent::map(&["abc", "de"]).collect::<Vec<_>>(), [3, 2]);
    assert_eq!(lent::map("abc de".split(' ')).collect::<Vec<_>>(), [3, 2]);
    assert_eq!(
        lent::map([Cow::Borrowed("abc"), Cow::Owned(String::from("de"))]).collect::<Vec<_>>(),
        [3, 2]
    );
    assert_eq!(lent::submit(String::from("abc")).join().unwrap(), 3);
    assert_eq!(lent::map(owned).collect::<Vec<_>>(), [3, 2]);
}

#[test]
fn what_was_lent_is_handed_back() {
    let mut urls = BTreeSet::new();
    lent::as_completed(vec![String::from("abc")]).for_each(|done| {
        let url: String = done.input;
        urls.insert(url);
    });
    assert_eq!(urls.len(), 1);
}

struct Job {
    path: PathBuf,
}

impl Lend<Path> for Job {
    fn lend(&self) -> &Path {
        &self.path
    }
}

#[concurrent]
fn extension(path: &Path) -> Option<String> {
    Some(path.extension()?.to_str()?.to_owned())
}

#[test]
fn a_users_type_lends() {
    let jobs = [Job { path: "a.rs".into() }];
    assert_eq!(extension::map(&jobs).collect::<Option<Vec<_>>>().unwrap(), ["rs"]);
    assert_eq!(extension::map(["a.rs"]).collect::<Option<Vec<_>>>().unwrap(), ["rs"]);
}

impl Lend<Path> for &Job {
    fn lend(&self) -> &Path {
        &self.path
    }
}

#[concurrent]
fn sum(numbers: &[u32]) -> u32 {
    numbers.iter().sum()
}

#[test]
fn slices_are_lent_by_vectors_and_arrays() {
    assert_eq!(sum::map([vec![1, 2], vec![3]]).collect::<Vec<_>>(), [3, 3]);
    assert_eq!(sum::map([[1, 2], [3, 4]]).collect::<Vec<_>>(), [3, 7]);
    assert_eq!(sum::map([1, 2, 3].chunks(2)).collect::<Vec<_>>(), [3, 3]);
}

#[concurrent]
fn first<'a>(text: &'a str) -> &'a str {
    text.split(' ').next().unwrap_or(text)
}

#[concurrent]
#[allow(mismatched_lifetime_syntaxes)]
fn first_by_elision<'a>(text: &'a str) -> &str {
    text.split(' ').next().unwrap_or(text)
}

#[test]
fn a_named_reference_is_moved_and_the_result_may_borrow_from_it() {
    let text = String::from("one two");
    assert_eq!(first::map([text.as_str()]).collect::<Vec<_>>(), ["one"]);
    assert_eq!(first_by_elision::map([text.as_str()]).collect::<Vec<&str>>(), ["one"]);
    first::as_completed([text.as_str()])
        .for_each(|done| assert!(done.result.unwrap() < done.input));
    assert_eq!(first::submit("one two").join().unwrap(), "one");
}

#[concurrent]
fn increment<'a>(number: &'a mut u32) {
    *number += 1;
}

#[test]
fn a_named_mutable_reference_is_moved() {
    let mut numbers = [1, 2];
    increment::map(&mut numbers).for_each(|()| ());
    assert_eq!(numbers, [2, 3]);
}

#[concurrent]
fn shout(text: Cow<'_, str>) -> String {
    text.to_uppercase()
}

#[concurrent]
fn same(text: Cow<'_, str>) -> Cow<'_, str> {
    text
}

#[test]
fn an_elided_lifetime_in_a_moved_type_is_the_batchs() {
    let text = String::from("abc");
    assert_eq!(shout::map([Cow::Borrowed(text.as_str())]).collect::<Vec<_>>(), ["ABC"]);
    assert_eq!(same::map([Cow::Borrowed(text.as_str())]).collect::<Vec<_>>(), ["abc"]);
    same::as_completed([Cow::Borrowed(text.as_str())])
        .for_each(|done| assert_eq!(done.input, done.result.unwrap()));
}

#[concurrent]
fn several(count: usize, text: &str, (left, right): (u32, u32)) -> String {
    format!("{}{left}{right}", text.repeat(count))
}

#[test]
fn several_inputs_are_a_tuple() {
    assert_eq!(several::map([(2, "a", (0, 1))]).collect::<Vec<_>>(), ["aa01"]);
    several::as_completed(vec![(2, String::from("a"), (0, 1))]).for_each(|done| {
        let (count, text, pair): (usize, String, (u32, u32)) = done.input;
        assert_eq!((count, text.as_str(), pair), (2, "a", (0, 1)));
        assert_eq!(done.result.unwrap(), "aa01");
    });
    assert_eq!(several::submit((1, "b", (2, 3))).join().unwrap(), "b23");
}

#[concurrent]
fn copy(from: &Path, to: &Path) -> String {
    format!("{} {}", from.display(), to.display())
}

#[test]
fn each_of_several_lent_inputs_has_its_own_type() {
    let pairs = [(String::from("a"), PathBuf::from("b"))];
    assert_eq!(copy::map(pairs.clone()).collect::<Vec<_>>(), ["a b"]);
    copy::as_completed(pairs).for_each(|done| {
        let (from, to): (String, PathBuf) = done.input;
        assert_eq!(done.result.unwrap(), format!("{from} {}", to.display()));
    });
}

#[concurrent]
fn trait_object(number: &(dyn Fn(&u32) -> u32 + Send)) -> u32 {
    number(&1)
}

#[concurrent]
#[allow(clippy::ptr_arg, reason = "a lifetime in the lent type")]
fn nested(words: &[&str], more: &Cow<'_, str>) -> usize {
    words.len() + more.len()
}

#[test]
fn elided_lifetimes_within_the_lent_type_are_the_batchs() {
    let word = String::from("word");
    let call: Box<dyn Fn(&u32) -> u32 + Send> = Box::new(|x| x + 1);
    assert_eq!(trait_object::map([call]).collect::<Vec<_>>(), [2]);
    assert_eq!(
        nested::map([(vec![word.as_str()], Cow::Borrowed(word.as_str()))]).collect::<Vec<_>>(),
        [5]
    );
}

#[concurrent]
fn callback(call: fn(&str) -> &str, boxed: Box<dyn Fn(&str) -> usize + Send>) -> usize {
    boxed(call("abc"))
}

#[test]
fn lifetimes_of_function_types_are_their_own() {
    let boxed: Box<dyn Fn(&str) -> usize + Send> = Box::new(str::len);
    assert_eq!(callback::map([(str::trim as fn(&str) -> &str, boxed)]).collect::<Vec<_>>(), [3]);
}

trait Handle<A> {
    type Output;
    fn handle(&self, argument: A) -> Self::Output;
}

struct Length;

impl Handle<&String> for Length {
    type Output = usize;
    fn handle(&self, text: &String) -> usize {
        text.len()
    }
}

type Boxed<T> = Box<dyn for<'x> Handle<&'x T, Output = usize> + Send>;

#[concurrent]
fn higher_ranked<'a, T: Sync>(
    handle: Box<dyn for<'x> Handle<&'x T, Output = usize> + Send>,
    value: &'a T,
) -> (usize, &'a T) {
    (handle.handle(value), value)
}

#[test]
fn lifetimes_of_for_are_their_own() {
    let text = String::from("abc");
    let handle: Boxed<String> = Box::new(Length);
    assert_eq!(higher_ranked::map([(handle, &text)]).collect::<Vec<_>>(), [(3, &text)]);
}

#[test]
fn a_lent_trait_object_may_borrow() {
    let number = 7;
    let call: Box<dyn Fn(&u32) -> u32 + Send + '_> = Box::new(|x| x + number);
    assert_eq!(trait_object::map([call]).collect::<Vec<_>>(), [8]);
}

#[test]
fn arcs_lend() {
    let text: Arc<str> = Arc::from("abc");
    assert_eq!(lent::map([Arc::clone(&text), text]).collect::<Vec<_>>(), [3, 3]);
}
