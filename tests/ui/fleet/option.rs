use pool_core::concurrent;

#[concurrent(fleet = 7)]
fn number(id: u32) -> u32 {
    id
}

#[concurrent(fleet = "")]
fn empty(id: u32) -> u32 {
    id
}

#[concurrent(fleet =)]
fn missing(id: u32) -> u32 {
    id
}

#[concurrent(fleet, fleet = "twice")]
fn twice(id: u32) -> u32 {
    id
}

#[concurrent(fleet("name"))]
fn parentheses(id: u32) -> u32 {
    id
}

fn main() {}
