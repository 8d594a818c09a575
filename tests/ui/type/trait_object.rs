//! A closure is no trait object yet where its type is left open.

use pool_core::concurrent;

#[concurrent]
fn apply(#[shared] change: &(dyn Fn(u32) -> u32 + Sync), x: u32) -> u32 {
    change(x)
}

fn main() {
    apply::map(&|x| x + 1, [1]).for_each(drop);
    apply::map(&(|x| x + 1) as &(dyn Fn(u32) -> u32 + Sync), [1]).for_each(drop);
}
