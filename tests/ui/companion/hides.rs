//! A type of the function's name would hide what everybody means by it.

use pool_core::concurrent;

#[concurrent]
fn str(x: u32) -> String {
    x.to_string()
}

#[concurrent]
fn std(x: u32) -> u32 {
    x
}

#[concurrent]
fn pool_core(x: u32) -> u32 {
    x
}

#[concurrent(companion = u8)]
fn byte(x: u32) -> u8 {
    x as u8
}

#[concurrent(companion = strings)]
fn char(x: u32) -> Option<char> {
    char::from_u32(x)
}

struct Client;

impl Client {
    #[concurrent]
    fn core(&self, x: u32) -> core::result::Result<u32, ()> {
        Ok(x)
    }
}

fn main() {
    let _: Vec<std::string::String> = str_calls::map([1]).collect();
    let _ = (strings::map([1]), Client.core_map([1]));
}
