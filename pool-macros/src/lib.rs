//! The attribute `#[concurrent]` of the crate `pool-core`, which re-exports it: depend on that one.

#![forbid(unsafe_code)]

mod args;
mod attributes;
mod conditional;
mod errors;
mod expand;
mod function;
mod output;
mod parameter;
mod place;
mod types;

use proc_macro::TokenStream;

/// Puts a companion beside a blocking function that runs it over many inputs at once, on threads of its own.
///
/// The function stays as it was written, less `#[shared]` and `#[worker]`: a plain call runs it here and now. Beside it
/// stands a companion, a type of the same name and visibility, so that one `use` brings both:
///
/// | | |
/// | --- | --- |
/// | `download::map(shared…, inputs) -> Map` | the results in the order of the inputs |
/// | `download::as_completed(shared…, inputs) -> AsCompleted` | one `Completion` for each input, as they finish |
/// | `download::submit(shared…, input) -> Task` | one call in the background; everything `'static` |
/// | `download::pool() -> &'static Pool` | the pool behind it |
///
/// ```
/// use pool_core::concurrent;
///
/// #[concurrent(max_workers = 16)]
/// fn length(#[shared] prefix: &str, name: &str) -> Result<usize, String> {
///     if name.is_empty() { Err(String::from("no name")) } else { Ok(prefix.len() + name.len()) }
/// }
///
/// let names = [String::from("one"), String::from("three")];
/// let lengths: Vec<usize> = length::map("a ", &names).collect::<Result<_, _>>()?;
/// assert_eq!(lengths, [5, 7]);
///
/// let (mut good, mut bad) = (0, 0);
/// length::as_completed("a ", ["one", ""]).for_each(|done| match done.result {
///     Ok(_) => good += 1,
///     Err(_) => bad += 1,
/// });
/// assert_eq!((good, bad), (1, 1));
///
/// assert_eq!(length::submit("a ", "one").join().unwrap()?, 5);
/// assert_eq!(length("a ", "one")?, 5);
/// # Ok::<(), String>(())
/// ```
///
/// It goes on free functions, in a module or in another function's body, and on methods of an inherent `impl` that take
/// `&self`, `self: Arc<Self>` or `self: &Arc<Self>`. Methods have siblings in place of the type: `client.fetch_map(…)`,
/// `client.fetch_as_completed(…)`, `client.fetch_submit(…)` and `Client::fetch_pool()`. With an `Arc` a batch owns a
/// share of the client, so that it can be kept, and a task can be submitted; with `&self` only a `&'static` client can
/// submit.
///
/// ```
/// use pool_core::concurrent;
/// use std::sync::Arc;
///
/// struct Client { base: String }
///
/// impl Client {
///     #[concurrent]
///     fn url(&self, path: &str) -> String {
///         format!("{}/{path}", self.base)
///     }
///
///     #[concurrent]
///     fn shared_url(self: &Arc<Self>, path: &str) -> String {
///         self.url(path)
///     }
/// }
///
/// let client = Arc::new(Client { base: String::from("http://example.com") });
/// let urls: Vec<String> = client.url_map(["a", "b"]).collect();
/// assert_eq!(urls, ["http://example.com/a", "http://example.com/b"]);
///
/// let batch = client.shared_url_map(["a"]);
/// drop(client);
/// for url in batch {
///     assert_eq!(url, "http://example.com/a");
/// }
/// ```
///
/// # Parameters
///
/// | written | meaning | one input is |
/// | --- | --- | --- |
/// | `x: T` | moved into the call | a `T` |
/// | `x: &T`, lifetime elided | lent: the batch owns the input and lends it to the call | any `I: Lend<T>`; a `T` where that is a type parameter of the function |
/// | `x: &'a T`, lifetime named | moved, as the reference that it is | a `&'a T` |
/// | `#[shared] x: &T` | one value for all calls, lent to each | given before the inputs: any `S: Lend<T> + Send + Sync`; a `&T` where that is a type parameter of the function |
/// | `#[shared] x: T` | one value for all calls, cloned for each | given before the inputs: a `T` |
/// | `#[worker] x: &mut T` | a state that a call has to itself: a connection, a client, a buffer | given before the inputs: a closure that makes one |
/// | several without `#[shared]` | | a tuple of them, in their order |
///
/// What lends what is listed at `pool_core::Lend`: a `&str` is lent by a
/// `String`, a `&String`, a `Cow<str>` and so on. A `&dyn Trait` is lent by what is one already:
/// `&(|x| x + 1) as &(dyn Fn(u32) -> u32 + Sync)`. `as_completed` hands every input back. Lent inputs are the caller's
/// own values; moved ones are cloned before the call.
///
/// The closure behind `#[worker]` returns a `Result<T, E>` where the function returns a `Result<_, E>`, and a `T` where
/// it does not. The states belong to the batch: a call takes a free one or makes one, and puts it back. So there are
/// never more of them than calls of the batch run at once. They may borrow, they need not be `Sync`, and they are
/// dropped before `collect`, `for_each` and `scope` return. A state that cannot be made fails the input that it was
/// for, and the next input tries again. A call that panics drops its state; one that returns an error keeps it, and
/// replaces it with `*db = reopen()?`. What borrows from another part of the state is no state: a prepared statement of
/// rusqlite borrows from its connection, so write `db.prepare_cached(…)`.
///
/// ```
/// use pool_core::concurrent;
/// use std::fs::File;
/// use std::io::{self, Read, Seek, SeekFrom};
///
/// /// Reads from a file that each worker opens for itself.
/// #[concurrent(max_workers = 4)]
/// fn read(#[worker] file: &mut File, at: u64) -> io::Result<[u8; 4]> {
///     let mut bytes = [0; 4];
///     file.seek(SeekFrom::Start(at))?;
///     file.read_exact(&mut bytes)?;
///     Ok(bytes)
/// }
///
/// let words = read::map(|| File::open("Cargo.toml"), [1, 0, 1]).try_collect::<Vec<_>>()?;
/// assert_eq!(words, [*b"pack", *b"[pac", *b"pack"]);
/// # io::Result::Ok(())
/// ```
///
/// A `thread_local!` would be wrong there: threads outlive a batch, so a batch on another file would read the first
/// one.
///
/// A crate that makes concurrency optional writes `#[cfg_attr(feature = "…", concurrent)]` on the function and
/// `#[cfg_attr(feature = "…", shared)]` or `worker` on the parameter. Parameters under a `#[cfg]` are refused.
///
/// A result may borrow from `&self` and from what has a lifetime with a name, not from what is lent. Lifetimes that a
/// type hides have to be shown: `Cow<'_, str>`, not `Cow<str>`.
///
/// ```edition2021
/// use pool_core::concurrent;
///
/// #[concurrent]
/// fn first<'a>(text: &'a str, #[shared] separator: char, default: &str) -> Option<&'a str> {
///     text.split(separator).next().filter(|first| *first != default)
/// }
///
/// let text = String::from("one,two");
/// let firsts: Vec<_> = first::map(',', [(text.as_str(), "none"), ("none", "none")]).collect();
/// assert_eq!(firsts, [Some("one"), None]);
/// ```
///
/// A turbofish names the function's own type parameters, and for `as_completed` after them the type of each input that
/// is lent, for which `_` can be written.
///
/// ```
/// use pool_core::concurrent;
///
/// #[concurrent]
/// fn parse<T: std::str::FromStr>(text: &str) -> Result<T, T::Err> {
///     text.parse()
/// }
///
/// assert_eq!(parse::map::<u8>(["1", "2"]).collect::<Result<Vec<_>, _>>(), Ok(vec![1, 2]));
/// parse::as_completed::<u8, _>(["1"]).for_each(|done| assert_eq!(done.result.unwrap(), 1));
/// ```
///
/// # Results
///
/// `as_completed` tells errors from values if the last word of the return type is `Result`, which may be an alias whose
/// parameters are those of the standard library's `Result` or fewer. Any other type is a value, and a `Result` under
/// another name does not compile.
///
/// # Lints and docs
///
/// A level that the function sets for lints (`#[allow]`, `#[expect]`, `#[warn]`, `#[deny]`, `#[forbid]`) holds for the
/// companion too, and what the function expects is allowed there. A function is unused if nothing uses it or its
/// companion. The companion is hidden in the docs, so that a link to the function's name means the function. The page
/// of a documented function says what stands beside it.
///
/// # Options
///
/// ## `max_workers = 16`
///
/// The most calls that run at any instant: a constant expression of type `usize`, at least 1, which is checked while
/// compiling. By default `min(32, available_parallelism + 4)`, read when the pool is first used. Which number is right
/// depends on what the calls wait for: `pool_core::Measure` (feature `measure`) finds it.
///
/// ```
/// # use pool_core::concurrent;
/// const POLITE: usize = 4;
///
/// #[concurrent(max_workers = POLITE * 2)]
/// fn fetch(id: u32) -> u32 { id }
///
/// assert_eq!(fetch::pool().max_workers(), 8);
/// ```
///
/// ```compile_fail,E0080
/// # use pool_core::concurrent;
/// const NONE: usize = 0;
///
/// #[concurrent(max_workers = NONE)]
/// fn fetch(id: u32) -> u32 { id }
/// ```
///
/// ## `pool = &API`
///
/// Several functions share one pool, and so one cap: an expression of type `&'static Pool`, most often a reference to a
/// `static`. Not together with the options that set up a pool of the function's own: `max_workers`, `name`,
/// `keep_alive` and `stack_size`.
///
/// ```
/// # use pool_core::{Pool, concurrent};
/// static API: Pool = Pool::new(8);
///
/// #[concurrent(pool = &API)]
/// fn fetch(id: u32) -> u32 { id }
///
/// #[concurrent(pool = &API)]
/// fn store(id: u32) -> u32 { id }
///
/// assert!(std::ptr::eq(fetch::pool(), store::pool()));
/// ```
///
/// ## `name = "fetcher"`
///
/// What the threads' names begin with: a string literal without NUL. By default the function's name.
///
/// ```
/// # use pool_core::concurrent;
/// #[concurrent(name = "fetcher")]
/// fn thread(_: u32) -> Option<String> {
///     std::thread::current().name().map(String::from)
/// }
///
/// assert!(thread::submit(1).join().unwrap().unwrap().starts_with("fetcher-"));
/// ```
///
/// ## `keep_alive = Duration::from_secs(60)`
///
/// How long an idle thread waits for work before it ends: a constant expression of type `Duration`. By default ten
/// seconds.
///
/// ```
/// # use pool_core::concurrent;
/// use std::time::Duration;
///
/// #[concurrent(keep_alive = Duration::from_secs(60))]
/// fn fetch(id: u32) -> u32 { id }
///
/// assert_eq!(fetch::map([1]).collect::<Vec<_>>(), [1]);
/// ```
///
/// ## `stack_size = 64 << 20`
///
/// The stack of each thread in bytes: a constant expression of type `usize`. By default the standard library's choice.
///
/// ```
/// # use pool_core::concurrent;
/// #[concurrent(stack_size = 64 << 20)]
/// fn deep(x: u32) -> u8 {
///     let frame = std::hint::black_box([1_u8; 8 << 20]);
///     frame[x as usize]
/// }
///
/// assert_eq!(deep::submit(1).join().unwrap(), 1);
/// ```
///
/// ## `timeout = Duration::from_secs(30)`
///
/// How long each call may run before it sees that it is cancelled, from its start: a constant expression of type
/// `Duration`, above zero. By default there is no limit. It is the function's own, so it may stand beside `pool`.
///
/// It asks, and cannot kill: `pool_core::is_cancelled` is true after it, and `sleep`, `back_off` and `retry` end. A
/// call that blocks in a client gives it the time that is left, from `pool_core::deadline`. A batch can be given
/// another limit with `.timeout(…)`.
///
/// ```
/// # use pool_core::concurrent;
/// use std::time::Duration;
///
/// #[concurrent(timeout = Duration::from_millis(50))]
/// fn patient(seconds: u64) -> bool {
///     pool_core::sleep(Duration::from_secs(seconds))
/// }
///
/// assert_eq!(patient::map([0, 3600]).collect::<Vec<_>>(), [true, false]);
/// ```
///
/// ```compile_fail,E0080
/// # use pool_core::concurrent;
/// #[concurrent(timeout = std::time::Duration::ZERO)]
/// fn fetch(id: u32) -> u32 { id }
/// ```
///
/// ## `companion = parses`
///
/// Another name for the type beside a free function, for when a module or an import already has the function's name, or
/// when it would hide a primitive type or a crate, as that of `fn str` would.
///
/// ```
/// # use pool_core::concurrent;
/// mod parse {
///     pub const RADIX: u32 = 16;
/// }
///
/// #[concurrent(companion = parses)]
/// fn parse(text: &str) -> Option<u32> {
///     u32::from_str_radix(text, parse::RADIX).ok()
/// }
///
/// assert_eq!(parses::map(["a", "b"]).collect::<Option<Vec<_>>>(), Some(vec![10, 11]));
/// ```
///
/// ## `associated`
///
/// The function is an associated function without `self`: the attribute cannot see the `impl` around it. Where the
/// option is missing, the compiler says "enum is not supported in `trait`s or `impl`s".
///
/// ```
/// # use pool_core::concurrent;
/// struct Page(usize);
///
/// impl Page {
///     #[concurrent(associated)]
///     fn load(url: &str) -> Self {
///         Self(url.len())
///     }
/// }
///
/// let pages: Vec<Page> = Page::load_map(["a", "bc"]).collect();
/// assert_eq!(pages[1].0, 2);
/// ```
///
/// ## `fleet`, `fleet = "download"`
///
/// The calls can run in other processes too, where a crash costs one call: `download::on(&fleet)` has a `map` and an
/// `as_completed`, which take the same inputs and give the same batches. The error is a `RemoteError`, which tells the
/// function's own errors from those of the fleet. `download::service()` is what the other processes serve. It takes a
/// closure that makes a state where the function has a `#[worker]` parameter.
///
/// The value is what callers and workers call the function, by default its path. Needs the feature `fleet` of
/// `pool_core`. Inputs and results have to travel: they are `Serialize` and `DeserializeOwned`, or lent as `str`,
/// `Path` or a slice. What is `#[shared]` does not travel, and neither does `self`; generic functions have no workers.
///
/// ```
/// # #[cfg(unix)]
/// # mod on_unix {
/// use pool_core::{Fleet, FleetError, concurrent};
///
/// #[concurrent(fleet)]
/// fn length(text: &str) -> usize { text.len() }
///
/// # pub
/// fn main() -> Result<(), FleetError> {
///     // A worker is this program, started again, and does not come further.
///     Fleet::from_env()?.serve([length::service()]).run()?;
///
///     let fleet = Fleet::processes(2)?;
///     let lengths = length::on(&fleet).map(["one", "three"]).try_collect::<Vec<_>>();
///     assert_eq!(lengths, Ok(vec![3, 5]));
///     Ok(())
/// }
/// # }
/// # fn main() { #[cfg(unix)] on_unix::main().unwrap() }
/// ```
///
/// ## `crate = ::engine::pool_core`
///
/// The absolute path to `pool_core`, by default `::pool_core`: for crates that re-export it, for macros of their own,
/// and where the dependency has another name. With `pc = { package = "pool-core", … }` in the manifest write
/// `#[concurrent(crate = ::pc)]`.
///
/// ```
/// mod engine {
///     pub use pool_core;
/// }
///
/// #[pool_core::concurrent(crate = crate::engine::pool_core)]
/// fn fetch(id: u32) -> u32 { id }
///
/// # fn main() {
/// assert_eq!(fetch::map([1]).collect::<Vec<_>>(), [1]);
/// # }
/// ```
///
/// # What the compiler says
///
/// Most mistakes are told in words of this crate. Some are found where only the compiler can speak:
///
/// | it says | since | write |
/// | --- | --- | --- |
/// | "enum is not supported in `trait`s or `impl`s", "consider moving the enum out to a nearby module scope" | the function stands in an `impl` and has no `self` | `#[concurrent(associated)]` |
/// | "cannot find type `Self` in this scope", "`Self` is only available in impls, traits, or type definitions" | `associated` stands on a free function | the attribute without it |
/// | "method `fetch_map` is not a member of trait `Fetch`", four times | siblings cannot stand in the `impl` of a trait | the attribute on an inherent method, which that of the trait calls |
/// | "cannot find `pool_core` in the crate root", "could not find `pool_core` in the list of imported crates", "use of unresolved module or unlinked crate `pool_core`" | the dependency has another name, or another crate re-exports it | `crate = ::name` |
/// | "this function takes 1 argument but 2 arguments were supplied", "remove the extra argument" | a parameter that is the same for all calls is not marked | `#[shared]` before it |
/// | "missing lifetime specifier", "anonymous lifetimes in `impl Trait` are unstable" | a type hides a lifetime | `Page<'_>` |
/// | "does not live long enough", "argument requires that … is borrowed for `'static`" | a `for` loop owns its batch, and this one borrows | `for_each`, `collect` or `scope`, or inputs that are owned |
///
/// # What it expands to
///
/// For example `#[concurrent(max_workers = 16)]` on
///
/// ```ignore
#[doc = include_str!("expansion/annotated.rs")]
/// ```
///
/// becomes this, but for the paths, which are absolute:
///
/// ```
/// # pub struct Agent;
/// # pub struct Error;
/// # impl Agent { fn get(&self, url: &str) -> Result<String, Error> { Ok(url.to_owned()) } }
/// # use pool_core::__private::{AsCompleted, Failed, Inputs, IntoInputs, Lend, Map, Ordered, Pool, PoolBuilder};
/// # use pool_core::__private::{Returned, Task};
/// # use pool_core::__private::{as_completed, in_an_impl_write_concurrent_associated, map_lent, submit};
/// # use std::marker;
#[doc = include_str!("expansion/expanded.rs")]
/// # let pages: Vec<_> = download::map(Agent, ["a"]).collect::<Result<_, _>>().ok().unwrap();
/// # assert_eq!(pages, ["a"]);
/// ```
#[proc_macro_attribute]
pub fn concurrent(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::concurrent(options.into(), item.into()).into()
}
