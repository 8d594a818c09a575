//! Shared parameters come first, then one list of inputs; several inputs are a tuple.

use pool_core::concurrent;

#[concurrent]
fn copy(#[shared] base: &str, from: &str, times: usize) -> String {
    base.to_owned() + &from.repeat(times)
}

fn main() {
    copy::map([("a", 1)]).for_each(drop);
    copy::map("base", ["a"], [1]).for_each(drop);
    copy::map("base", ["a"]).for_each(drop);
    copy::map("base", [("a", 1, 2)]).for_each(drop);
    copy::as_completed("base", ("a", 1)).for_each(drop);
    drop(copy::submit("base", "a", 1));
}
