//! All mistakes at once, each at its own token.

use pool_core::concurrent;

#[concurrent(workers = 3, max_workers = 0)]
unsafe fn download(
    #[shared] agent: &mut u32,
    #[cfg(unix)] path: &str,
    out: &mut Vec<u8>,
    read: impl Fn(),
) -> impl Send {
}

fn main() {
    let _ = download::map(&mut 1, [("", vec![0], || ())]);
}
