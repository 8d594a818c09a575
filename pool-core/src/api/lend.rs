//! `Lend`: what can be given where an annotated function takes a reference.

use std::borrow::Cow;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Lends a `T`, for as long as one call of an annotated function runs.
///
/// Where the function takes a `&T`, a batch takes inputs of any type that implements `Lend<T>`, owned or borrowed: it
/// keeps the input and lends it to the call. It is a trait of its own, rather than [`AsRef`] or
/// [`Borrow`](std::borrow::Borrow), because its list of implementations lets literals, arrays and nested references
/// infer.
///
/// | what | is lent by |
/// | --- | --- |
/// | any `T` | `T`, `&T`, `&&T`, `&mut T`, [`Arc<T>`], `&Arc<T>`, [`Box<T>`], `&Box<T>`, [`Cow<T>`], `&Cow<T>` |
/// | `[T]` | [`Vec<T>`], `&Vec<T>`, `Arc<Vec<T>>`, `[T; N]`, `&[T; N]` |
/// | `str` | [`String`], `&String`, `&&String`, `Arc<String>` |
/// | [`Path`] | [`PathBuf`], `&PathBuf`, `&&PathBuf`, `Arc<PathBuf>`, `str`, `&str`, `&&str`, [`String`], `&String`, [`OsStr`], `&OsStr`, [`OsString`], `&OsString`, `Cow<OsStr>` |
/// | [`OsStr`] | [`OsString`], `&OsString`, `str`, `&str`, `&&str`, [`String`], `&String`, [`Path`], `&Path`, [`PathBuf`], `&PathBuf` |
/// | [`CStr`] | [`CString`], `&CString` |
/// | `[u8]` | `str`, `&str`, [`String`], `&String` |
///
/// A `&dyn Trait` is lent by what is one already: a cast makes it one, `&value as &dyn Trait`, since nothing else
/// says which trait is meant.
///
/// # Examples
///
/// ```
/// use pool_core::Lend;
/// use std::path::{Path, PathBuf};
/// use std::sync::Arc;
///
/// fn length(text: impl Lend<str>) -> usize {
///     text.lend().len()
/// }
/// assert_eq!(length("four"), 4);
/// assert_eq!(length(&"four"), 4);
/// assert_eq!(length(String::from("four")), 4);
/// assert_eq!(length(Arc::new(String::from("four"))), 4);
///
/// fn is_rust(path: impl Lend<Path>) -> bool {
///     path.lend().extension().is_some_and(|extension| extension == "rs")
/// }
/// assert!(is_rust("lib.rs"));
/// assert!(is_rust(PathBuf::from("lib.rs")));
/// ```
///
/// A type of your own lends what it holds:
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use pool_core::{Lend, concurrent};
///
/// struct Job {
///     url: String,
///     attempt: u32,
/// }
///
/// impl Lend<str> for Job {
///     fn lend(&self) -> &str {
///         &self.url
///     }
/// }
///
/// #[concurrent]
/// fn length(url: &str) -> usize {
///     url.len()
/// }
///
/// let jobs = [Job { url: "/a".into(), attempt: 1 }, Job { url: "/bcd".into(), attempt: 2 }];
/// let mut attempts = Vec::new();
/// length::as_completed(jobs).for_each(|done| attempts.push((done.input.attempt, done.result.unwrap())));
/// attempts.sort();
/// assert_eq!(attempts, [(1, 2), (2, 4)]);
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be lent as `&{T}`",
    label = "does not lend a `{T}`",
    note = "a `&str` is lent by `String`, `&str`, `Box<str>`, `Arc<str>`, `Cow<str>`; a `&[T]` by `Vec<T>`, `[T; N]`, `&[T]`; a \
            `&Path` by `PathBuf`, `&Path`, `String`, `&str`; any `&T` by `T`, `&T`, `Box<T>`, `Arc<T>`, `Cow<T>`; and by types \
            of your own that implement `Lend`",
    note = "a `&dyn Trait` is lent by what is one already: write `&value as &dyn Trait`, and for a closure \
            `&(|x| …) as &(dyn Fn(X) -> Y + Sync)`"
)]
pub trait Lend<T: ?Sized> {
    /// Gives the reference that a call gets.
    ///
    /// It may be called more than once, on any thread, and should be cheap and always give the same.
    ///
    /// # Examples
    ///
    /// ```
    /// use pool_core::Lend;
    ///
    /// let owned = String::from("text");
    /// let lent: &str = owned.lend();
    /// assert_eq!(lent, "text");
    /// ```
    fn lend(&self) -> &T;
}

// The compiler would list a few of many implementations, of other types too; the note above lists those of the type in
// question.
#[diagnostic::do_not_recommend]
impl<T: ?Sized> Lend<T> for T {
    fn lend(&self) -> &T {
        self
    }
}

/// Implements `Lend` of one type for each of its owners, whose references become the lent one by themselves (`deref`)
/// or through `AsRef` (`as_ref`).
macro_rules! lend {
    (@deref [$($generics:tt)*] $referent:ty, $owner:ty) => {
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> Lend<$referent> for $owner {
            fn lend(&self) -> &$referent {
                self
            }
        }
    };
    (@as_ref [$($generics:tt)*] $referent:ty, $owner:ty) => {
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> Lend<$referent> for $owner {
            fn lend(&self) -> &$referent {
                self.as_ref()
            }
        }
    };
    ($generics:tt $referent:ty, $how:ident: $($owner:ty),*) => {
        $(lend!(@$how $generics $referent, $owner);)*
    };
}

lend!([T: ?Sized] T, deref: &T, &&T, &mut T, Arc<T>, &Arc<T>, Box<T>, &Box<T>);
lend!([T: ?Sized + ToOwned] T, deref: Cow<'_, T>, &Cow<'_, T>);
lend!([T] [T], deref: Vec<T>, &Vec<T>, Arc<Vec<T>>);
lend!([T, const N: usize] [T], as_ref: [T; N], &[T; N]);
lend!([] str, deref: String, &String, &&String, Arc<String>);
lend!([] Path, deref: PathBuf, &PathBuf, &&PathBuf, Arc<PathBuf>);
lend!([] Path, as_ref: str, &str, &&str, String, &String, OsStr, &OsStr, OsString, &OsString, Cow<'_, OsStr>);
lend!([] OsStr, deref: OsString, &OsString);
lend!([] OsStr, as_ref: str, &str, &&str, String, &String, Path, &Path, PathBuf, &PathBuf);
lend!([] CStr, deref: CString, &CString);
lend!([] [u8], as_ref: str, &str, String, &String);
