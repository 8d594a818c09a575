//! `#[cfg]` would give the companion two lists of generic parameters.

use pool_core::concurrent;

#[concurrent]
fn configured<#[cfg(unix)] T: Copy, #[cfg_attr(unix, cfg(unix))] const N: usize>(x: [T; N]) -> T {
    x[0]
}

fn main() {}
