//! The whole list of what lends what, and that each is found without a type being written.

use pool_core::{Lend, concurrent};
use std::borrow::Cow;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn is_lent<T: ?Sized + PartialEq + std::fmt::Debug, const N: usize>(
    by: [&dyn Lend<T>; N],
    expected: &T,
) {
    for owner in by {
        assert_eq!(owner.lend(), expected);
    }
}

#[test]
fn any_type() {
    let (x, mut y) = (7_u32, 7_u32);
    let (arc, boxed, cow) = (Arc::new(x), Box::new(x), Cow::Borrowed(&x));
    is_lent([&x, &&x, &&&x, &&mut y, &arc, &&arc, &boxed, &&boxed, &cow, &&cow], &7);
}

#[test]
fn unsized_types() {
    let (arc, boxed, cow): (Arc<str>, Box<str>, _) =
        (Arc::from("a"), Box::from("a"), Cow::Borrowed("a"));
    is_lent::<str, 6>([&arc, &&arc, &boxed, &&boxed, &cow, &&cow], "a");
    let show: Box<dyn Fn() -> u32> = Box::new(|| 7);
    let lent: &dyn Fn() -> u32 = show.lend();
    assert_eq!(lent(), 7);
}

#[test]
fn slices() {
    let (vec, array) = (vec![1, 2], [1, 2]);
    let arc = Arc::new(vec.clone());
    is_lent::<[i32], 5>([&vec, &&vec, &arc, &array, &&array], &[1, 2]);
    let (text, string) = ("ab", String::from("ab"));
    is_lent::<[u8], 3>([&text, &string, &&string], b"ab");
    assert_eq!(Lend::<[u8]>::lend("ab"), b"ab");
}

#[test]
fn strings() {
    let string = String::from("a");
    let arc = Arc::new(string.clone());
    is_lent::<str, 4>([&string, &&string, &&&string, &arc], "a");
}

#[test]
fn paths() {
    let path = Path::new("a");
    let (buf, text, string) = (PathBuf::from("a"), "a", String::from("a"));
    let (arc, os, os_string) = (Arc::new(buf.clone()), OsStr::new("a"), OsString::from("a"));
    let cow = Cow::Borrowed(os);
    is_lent([&buf, &&buf, &&&buf, &arc], path);
    is_lent([&text, &&text, &string, &&string, &os, &os_string, &&os_string, &cow], path);
    assert_eq!(Lend::<Path>::lend("a"), path);
    assert_eq!(Lend::<Path>::lend(os), path);
}

#[test]
fn os_strings() {
    let os = OsStr::new("a");
    let (os_string, text, string) = (OsString::from("a"), "a", String::from("a"));
    let (path, buf) = (Path::new("a"), PathBuf::from("a"));
    is_lent([&os_string, &&os_string, &text, &&text, &string, &&string, &path, &buf, &&buf], os);
    assert_eq!(Lend::<OsStr>::lend("a"), os);
    assert_eq!(Lend::<OsStr>::lend(path), os);
}

#[test]
fn c_strings() {
    let c_string = CString::from(c"a");
    is_lent([&c_string, &&c_string], c"a");
}

#[concurrent]
fn text(text: &str) -> usize {
    text.len()
}

#[concurrent]
fn path(path: &Path) -> usize {
    path.as_os_str().len()
}

#[concurrent]
fn numbers(numbers: &[u64]) -> u64 {
    numbers.iter().sum()
}

#[concurrent]
fn c_str(text: &CStr) -> usize {
    text.count_bytes()
}

#[concurrent]
fn number(number: &u64) -> u64 {
    *number
}

#[expect(
    clippy::needless_borrows_for_generic_args,
    reason = "a reference to the array is what is lent"
)]
#[test]
fn everything_infers() {
    let strings = [String::from("a")];
    let words = ["a", "b"];
    assert_eq!(text::map(words.iter()).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(text::map(&strings).collect::<Vec<_>>(), [1]);
    assert_eq!(text::map(strings.iter().filter(|text| !text.is_empty())).collect::<Vec<_>>(), [1]);
    assert_eq!(text::map([&strings].into_iter().flatten()).collect::<Vec<_>>(), [1]);
    assert_eq!(text::map([Box::<str>::from("a")]).collect::<Vec<_>>(), [1]);
    assert_eq!(path::map(["a"]).collect::<Vec<_>>(), [1]);
    assert_eq!(path::map(&strings).collect::<Vec<_>>(), [1]);
    assert_eq!(path::map([Path::new("a")]).collect::<Vec<_>>(), [1]);
    assert_eq!(path::map(vec![PathBuf::from("a")]).collect::<Vec<_>>(), [1]);
    assert_eq!(numbers::map([vec![1, 2]]).collect::<Vec<_>>(), [3]);
    assert_eq!(numbers::map([[1, 2]]).collect::<Vec<_>>(), [3]);
    assert_eq!(numbers::map([&[1, 2][..]]).collect::<Vec<_>>(), [3]);
    assert_eq!(numbers::map([&[1, 2]]).collect::<Vec<_>>(), [3]);
    assert_eq!(c_str::map([c"a"]).collect::<Vec<_>>(), [1]);
    assert_eq!(number::map([1, 2]).collect::<Vec<_>>(), [1, 2]);
    let both = [1, 2];
    assert_eq!(number::map(&both).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(number::map((0..4).filter(|n| n % 2 == 0)).collect::<Vec<_>>(), [0, 2]);
}
