//! What is `#[shared]` comes before the inputs, once for all calls: lent to each if it is a reference, cloned if not.

use pool_core::concurrent;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

struct Config {
    factor: u32,
}

#[concurrent]
fn scale(#[shared] config: &Config, x: u32) -> u32 {
    config.factor * x
}

#[test]
fn a_shared_reference_is_lent_by_whatever_owns_it() {
    let config = Config { factor: 3 };
    assert_eq!(scale(&config, 1), 3);
    assert_eq!(scale::map(&config, [1, 2]).collect::<Vec<_>>(), [3, 6]);
    scale::as_completed(&config, [1]).for_each(|done| assert_eq!(done.result.unwrap(), 3));
    let config = Arc::new(config);
    assert_eq!(scale::map(&config, [1, 2]).collect::<Vec<_>>(), [3, 6]);
    assert_eq!(scale::submit(Arc::clone(&config), 2).join().unwrap(), 6);
    let kept: Vec<u32> = scale::map(config, [1, 2]).map(|x| x + 1).collect();
    assert_eq!(kept, [4, 7]);
}

static CLONES: AtomicUsize = AtomicUsize::new(0);

struct Counted;

impl Clone for Counted {
    fn clone(&self) -> Self {
        CLONES.fetch_add(1, Ordering::Relaxed);
        Self
    }
}

#[concurrent]
fn with(#[shared] _counted: Counted, x: u32) -> u32 {
    x
}

#[test]
fn a_shared_value_is_cloned_for_each_call() {
    assert_eq!(with::map(Counted, [1, 2, 3]).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(CLONES.load(Ordering::Relaxed), 3);
}

#[concurrent]
fn mixed(prefix: &str, #[shared] between: &str, #[shared] count: usize, suffix: String) -> String {
    format!("{prefix}{}{suffix}", between.repeat(count))
}

#[test]
fn shared_parameters_may_stand_anywhere() {
    assert_eq!(mixed::map("-", 2, [("a", String::from("b"))]).collect::<Vec<_>>(), ["a--b"]);
    assert_eq!(
        mixed::submit(String::from("-"), 1, ("a", String::from("b"))).join().unwrap(),
        "a-b"
    );
}

#[concurrent]
fn find<'t>(#[shared] table: &'t [String], index: usize) -> &'t str {
    &table[index]
}

#[test]
fn a_shared_reference_with_a_name_can_be_returned() {
    let table = [String::from("a"), String::from("b")];
    assert_eq!(find::map(&table, [1, 0]).collect::<Vec<_>>(), ["b", "a"]);
}

#[concurrent]
fn apply<T: Sync, F: Fn(&T) -> u32 + Sync + ?Sized>(
    #[shared] value: &T,
    #[shared] call: &F,
    more: u32,
) -> u32 {
    call(value) + more
}

#[test]
fn a_shared_reference_to_a_type_parameter_is_that_reference() {
    let text = String::from("abc");
    let length: &(dyn Fn(&String) -> u32 + Sync) = &|text| text.len() as u32;
    assert_eq!(apply::map(&text, length, [1, 2]).collect::<Vec<_>>(), [4, 5]);
}

#[concurrent]
fn report(#[shared] log: &(dyn Fn(u32) + Sync), x: u32) {
    log(x);
}

#[test]
fn a_shared_trait_object_may_borrow() {
    let sum = AtomicUsize::new(0);
    let log: &(dyn Fn(u32) + Sync) = &|x| {
        sum.fetch_add(x as usize, Ordering::Relaxed);
    };
    report::map(log, [1, 2]).for_each(drop);
    report::as_completed(log, [3]).for_each(drop);
    assert_eq!(sum.load(Ordering::Relaxed), 6);
    let kept: Box<dyn Fn(u32) + Send + Sync> = Box::new(|_| ());
    let kept: Box<dyn Fn(u32) + Sync> = kept;
    report::map(&*kept, [1]).for_each(drop);
}

#[concurrent]
fn pattern(
    #[shared] (left, right): (u32, u32),
    #[shared] _: &str,
    #[shared] mut count: u32,
    x: u32,
) -> u32 {
    count += 1;
    left + right + count + x
}

#[test]
fn a_shared_parameter_may_be_a_pattern() {
    assert_eq!(pattern::map((1, 2), "", 0, [1]).collect::<Vec<_>>(), [5]);
}

#[concurrent]
fn inputs(
    #[shared] inputs: &str,
    #[shared] input: u32,
    #[shared] map: u32,
    #[shared] pool: u32,
    this: u32,
) -> u32 {
    inputs.len() as u32 + input + map + pool + this
}

#[concurrent]
fn named(#[shared] named: u32, x: u32) -> u32 {
    named + x
}

#[test]
fn a_shared_parameter_may_have_any_name() {
    assert_eq!(inputs::map("abc", 1, 1, 1, [1]).collect::<Vec<_>>(), [7]);
    assert_eq!(named::map(1, [1]).collect::<Vec<_>>(), [2]);
}
