use pool_core::concurrent;
use std::borrow::Cow;
use std::error::Error;

#[concurrent(fleet)]
fn trimmed(text: &str) -> &str {
    text.trim()
}

#[concurrent(fleet)]
fn constant(id: u32) -> &'static str {
    if id == 0 { "zero" } else { "more" }
}

#[concurrent(fleet)]
fn perhaps(text: Option<&str>) -> usize {
    text.map_or(0, str::len)
}

#[concurrent(fleet)]
fn either(text: Cow<'static, str>) -> usize {
    text.len()
}

#[concurrent(fleet)]
fn boxed(id: u32) -> Result<u32, Box<dyn Error + Send + Sync>> {
    Ok(id)
}

#[concurrent(fleet)]
fn any(text: impl AsRef<str>) -> usize {
    text.as_ref().len()
}

#[concurrent(fleet)]
fn filled(buffer: &mut Vec<u8>) -> usize {
    buffer.len()
}

#[concurrent(fleet)]
async fn later(id: u32) -> u32 {
    id
}

#[concurrent(fleet)]
fn nine(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8, i: u8) -> u8 {
    a + b + c + d + e + f + g + h + i
}

#[concurrent(fleet)]
fn forever(text: &'static str, of: &[&str]) -> usize {
    text.len() + of.len()
}

fn main() {}
