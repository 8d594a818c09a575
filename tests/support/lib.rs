//! What tests share: pools to try, values that count their drops, gates, a bound for what must not hang, and processes
//! of a test's own. For batches as streams there is an [`executor`], for spans a [`recorder`], and for the examples a
//! [`program`] that runs.

mod child;
pub mod executor;
mod gate;
mod ledger;
mod limit;
mod meter;
mod panics;
mod pools;
pub mod program;
pub mod recorder;

pub use child::{assert_success, in_child, in_child_of, is_child};
pub use gate::Gate;
pub use ledger::{Entry, Ledger};
pub use limit::{LIMIT, until, watched};
pub use meter::{Meter, linger};
pub use panics::{caught, raise};
pub use pools::{busy, pools, pools_and_lengths, threadless, threads};
use std::sync::Mutex;

/// Makes something live as long as the process, so that what refers to it is `'static`.
pub fn forever<T>(value: T) -> &'static T {
    /// Where a leak sanitizer finds them: these are none.
    static KEPT: Mutex<Vec<usize>> = Mutex::new(Vec::new());
    let kept: &'static T = Box::leak(Box::new(value));
    KEPT.lock().unwrap().push(std::ptr::from_ref(kept) as usize);
    kept
}
