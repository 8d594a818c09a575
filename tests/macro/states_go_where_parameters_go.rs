//! A `#[worker]` parameter may stand wherever another may: in methods, in generic functions, as a pattern, under a
//! condition.

use pool_core::{Map, concurrent};
use std::io::{self, Write};
use std::sync::Arc;

struct Table {
    name: String,
}

impl Table {
    #[concurrent(max_workers = 1)]
    fn insert(&self, #[worker] log: &mut Vec<String>, row: &str) -> Result<usize, String> {
        log.push(format!("{}: {row}", self.name));
        Ok(log.len())
    }

    #[concurrent(max_workers = 1)]
    fn count(
        self: &Arc<Self>,
        #[shared] by: usize,
        #[worker] rows: &mut usize,
        _row: String,
    ) -> usize {
        *rows += by * self.name.len();
        *rows
    }

    #[concurrent(associated, max_workers = 1)]
    fn merge(#[worker] all: &mut Self, other: &Self) -> usize {
        all.name.push_str(&other.name);
        all.name.len()
    }
}

#[test]
fn methods_take_an_init_too() {
    let table = Table { name: String::from("t") };
    let mut log = Vec::new();
    assert_eq!(table.insert(&mut log, "a"), Ok(1));
    assert_eq!(log, ["t: a"]);
    let counts = table.insert_map(|| Ok(Vec::new()), ["a", "b"]).try_collect::<Vec<_>>();
    assert_eq!(counts, Ok(vec![1, 2]));
    let refused = || Err(String::from("refused"));
    table
        .insert_as_completed(refused, ["a"])
        .for_each(|done| assert_eq!(done.result.unwrap_err().to_string(), "refused"));
    let table = Arc::new(table);
    let kept: Map<'static, usize> = table.count_map(2, || 0, vec![String::new(), String::new()]);
    assert_eq!(table.count_submit(3, || 1, String::new()).join().unwrap(), 4);
    drop(table);
    assert_eq!(kept.collect::<Vec<_>>(), [2, 4]);
    let empty = || Table { name: String::new() };
    assert_eq!(
        Table::merge_map(empty, [empty(), Table { name: "a".into() }]).collect::<Vec<_>>(),
        [0, 1]
    );
}

#[concurrent(max_workers = 1)]
fn write<W>(#[worker] out: &mut W, text: &str) -> io::Result<()>
where
    W: Write + Send + ?Sized,
{
    out.write_all(text.as_bytes())
}

#[concurrent(max_workers = 1)]
fn flush<W: Write + Send + ?Sized>(#[worker] out: &mut W, _: u32) -> io::Result<()> {
    out.flush()
}

#[concurrent(max_workers = 1)]
fn swap<T: Send>(#[worker] last: &mut Option<T>, x: T) -> Option<T> {
    last.replace(x)
}

#[test]
fn a_state_may_be_generic() {
    let mut out = Vec::new();
    write(&mut out as &mut (dyn Write + Send), "a").unwrap();
    assert_eq!(out, b"a");
    write::map(|| Ok(Vec::new()), ["a", "b"]).try_collect::<Vec<_>>().unwrap();
    write::as_completed(|| Ok(io::sink()), ["a"]).for_each(|done| done.result.unwrap());
    write::submit(|| Ok(io::sink()), "a").join().unwrap().unwrap();
    flush::map(|| Ok(io::sink()), [1]).try_collect::<()>().unwrap();
    assert_eq!(swap::map(|| None, ["a", "b"]).collect::<Vec<_>>(), [None, Some("a")]);
    assert_eq!(swap::map::<String>(|| None, [String::new()]).collect::<Vec<_>>(), [None]);
}

#[concurrent(max_workers = 1)]
fn named<'a>(#[worker] seen: &mut Vec<&'a str>, text: &'a str) -> Option<&'a str> {
    let last = seen.last().copied();
    seen.push(text);
    last
}

#[test]
fn a_state_may_keep_inputs_whose_lifetime_has_a_name() {
    let text = String::from("a b");
    let mut seen = Vec::new();
    assert_eq!(named(&mut seen, "a"), None);
    assert_eq!(named::map(Vec::new, text.split(' ')).collect::<Vec<_>>(), [None, Some("a")]);
    named::as_completed(Vec::new, text.split(' ')).for_each(drop);
}

#[concurrent(max_workers = 1)]
fn pattern(#[worker] (sum, count): &mut (u32, u32), x: u32) -> u32 {
    (*sum, *count) = (*sum + x, *count + 1);
    *sum / *count
}

#[concurrent]
fn init(#[worker] state: &mut u32, #[shared] init: u32, inputs: u32) -> u32 {
    *state + init + inputs
}

#[test]
fn a_state_may_have_any_name_or_none() {
    assert_eq!(pattern::map(|| (0, 0), [1, 3]).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(init::map(|| 1, 2, [3]).collect::<Vec<_>>(), [6]);
    assert_eq!(init::submit(|| 1, 2, 3).join().unwrap(), 6);
}

#[cfg_attr(all(), concurrent)]
fn conditional(
    #[cfg_attr(all(), worker)] state: &mut u32,
    #[cfg_attr(all(), shared)] x: u32,
    y: u32,
) -> u32 {
    *state + x + y
}

#[concurrent]
fn without(#[cfg_attr(any(), worker)] x: u32, y: u32) -> u32 {
    x + y
}

#[test]
fn a_state_may_depend_on_a_condition() {
    assert_eq!(conditional::map(|| 1, 2, [3]).collect::<Vec<_>>(), [6]);
    assert_eq!(without::map([(1, 2)]).collect::<Vec<_>>(), [3]);
}

macro_rules! returning {
    ($name:ident, $state:ty, $result:ty) => {
        #[concurrent]
        fn $name(#[worker] state: $state, x: u32) -> $result {
            *state += x;
            Ok(*state)
        }
    };
}

returning!(from_a_macro, &mut u32, Result<u32, String>);

#[test]
fn a_state_may_come_from_a_macro() {
    assert_eq!(from_a_macro::map(|| Ok(1), [2]).collect::<Vec<_>>(), [Ok(3)]);
}
