//! A method has siblings in place of a type, and a batch keeps `self` as the method takes it.

use pool_core::{Map, concurrent};
use std::fmt::Display;
use std::sync::Arc;

struct Client {
    base: String,
}

impl Client {
    #[concurrent(max_workers = 3)]
    fn fetch(&self, path: &str) -> Result<String, String> {
        if path.is_empty() {
            Err(String::from("empty"))
        } else {
            Ok(format!("{}/{path}", self.base))
        }
    }

    #[concurrent]
    fn base(&self, from: usize) -> &str {
        &self.base[from..]
    }

    #[concurrent]
    fn base_of_named<'a>(&'a self, from: usize) -> &'a str {
        &self.base[from..]
    }

    #[concurrent]
    fn owned(self: Arc<Self>, path: &str) -> String {
        format!("{}/{path}", self.base)
    }

    #[concurrent]
    fn borrowed(self: &Arc<Self>, #[shared] sep: char, path: &str) -> String {
        format!("{}{sep}{path}", self.base)
    }

    #[concurrent(associated, max_workers = 2)]
    fn parse(text: &str) -> Self {
        Self { base: text.to_owned() }
    }

    #[concurrent]
    fn r#move(&self, other: &Self) -> usize {
        self.base.len() + other.base.len()
    }
}

#[test]
fn a_method_by_reference_lends_self() {
    let client = Client { base: String::from("b") };
    assert_eq!(client.fetch("x").unwrap(), "b/x");
    assert_eq!(
        client.fetch_map(["x", "y"]).collect::<Result<Vec<_>, _>>().unwrap(),
        ["b/x", "b/y"]
    );
    let mut failed = 0;
    client
        .fetch_as_completed(["x", ""])
        .for_each(|done| failed += usize::from(done.result.is_err()));
    assert_eq!(failed, 1);
    assert_eq!(Client::fetch_pool().max_workers(), 3);
    assert_eq!(client.move_map([&client]).collect::<Vec<_>>(), [2]);
}

#[test]
fn a_result_may_borrow_from_self() {
    let client = Client { base: String::from("abc") };
    assert_eq!(client.base_map([0, 1]).collect::<Vec<_>>(), ["abc", "bc"]);
    assert_eq!(client.base_of_named_map([0, 1]).collect::<Vec<_>>(), ["abc", "bc"]);
}

#[test]
fn a_batch_of_an_arc_can_be_kept() {
    let client = Arc::new(Client { base: String::from("b") });
    let kept: Map<'static, String> = Arc::clone(&client).owned_map(vec![String::from("x")]);
    assert_eq!(kept.map(|url| url + "!").collect::<Vec<_>>(), ["b/x!"]);
    let kept: Map<'static, String> = client.borrowed_map('-', vec![String::from("x")]);
    assert_eq!(client.borrowed_submit('-', "y").join().unwrap(), "b-y");
    drop(client);
    assert_eq!(kept.map(|url| url + "!").collect::<Vec<_>>(), ["b-x!"]);
}

#[test]
fn an_associated_function_has_siblings_too() {
    let clients: Vec<Client> = Client::parse_map(["a", "b"]).collect();
    assert_eq!(clients[1].base, "b");
    assert_eq!(Client::parse_submit("c").join().unwrap().base, "c");
    assert_eq!(Client::parse_pool().max_workers(), 2);
}

struct Cache<'c, T, const N: usize> {
    entries: &'c [T; N],
}

impl<'c, T: Display + Sync, const N: usize> Cache<'c, T, N> {
    #[concurrent(max_workers = 5)]
    fn show(&self, index: usize) -> String {
        self.entries[index].to_string()
    }

    #[concurrent]
    fn get(&self, index: usize) -> &'c T {
        &self.entries[index]
    }

    #[concurrent]
    fn same(&self, other: &T) -> bool
    where
        T: PartialEq,
    {
        self.entries.contains(other)
    }
}

#[test]
fn generic_impls_have_one_pool() {
    let (numbers, texts) = (Cache { entries: &[1, 2] }, Cache { entries: &["a"] });
    assert_eq!(numbers.show_map([0, 1]).collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(texts.show_map([0]).collect::<Vec<_>>(), ["a"]);
    assert_eq!(numbers.get_map([1, 0]).collect::<Vec<_>>(), [&2, &1]);
    assert_eq!(numbers.same_map([1, 3]).collect::<Vec<_>>(), [true, false]);
    assert!(std::ptr::eq(Cache::<i32, 2>::show_pool(), Cache::<&str, 1>::show_pool()));
}
