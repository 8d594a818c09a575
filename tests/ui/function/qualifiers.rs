//! One error for each of what cannot run as a call of a batch; the function and its companion resolve all the same.

use pool_core::concurrent;

#[concurrent]
async fn asynchronous(x: u32) -> u32 {
    x
}

#[concurrent]
unsafe fn dangerous(x: u32) -> u32 {
    x
}

#[concurrent]
extern "C" fn foreign(x: u32) -> u32 {
    x
}

#[concurrent]
#[target_feature(enable = "sse2")]
fn special(x: u32) -> u32 {
    x
}

#[concurrent]
async unsafe extern "C" fn all(x: u32) {}

fn main() {
    for x in asynchronous::map([1]) {
        println!("{}", x + 1);
    }
    let dangerous: Vec<u32> = dangerous::map([1]).collect();
    let foreign: Vec<u32> = foreign::map([1]).collect();
    let special: Vec<u32> = special::map([1]).collect();
    let _ = (dangerous, foreign, special, all::map([1]));
}
