//! A function is unused if neither it nor its companion is used, and that is told at its name.

#![deny(dead_code)]

use pool_core::concurrent;

#[concurrent]
fn unused(x: u32) -> u32 {
    x
}

#[concurrent]
fn called(x: u32) -> u32 {
    x
}

#[concurrent]
fn mapped(#[shared] base: &u32, x: u32) -> u32 {
    base + x
}

#[concurrent]
#[allow(dead_code)]
fn allowed(x: u32) -> u32 {
    helper(x)
}

fn helper(x: u32) -> u32 {
    x
}

#[concurrent]
#[expect(dead_code)]
fn expected(x: u32) -> u32 {
    x
}

struct Client;

impl Client {
    #[concurrent]
    fn unused(&self, x: u32) -> u32 {
        x
    }

    #[concurrent]
    fn called(&self, x: u32) -> u32 {
        x
    }

    #[concurrent]
    fn mapped(&self, x: u32) -> u32 {
        x
    }

    #[concurrent(associated)]
    #[expect(dead_code)]
    fn expected(x: u32) -> u32 {
        x
    }

    #[concurrent]
    #[cfg_attr(all(), allow(dead_code))]
    fn allowed(&self, x: u32) -> u32 {
        x
    }
}

macro_rules! annotated {
    ($name:ident) => {
        #[concurrent]
        fn $name(x: u32) -> u32 {
            x
        }
    };
}

annotated!(generated);

fn main() {
    called(Client.called(1));
    mapped::map(1, [1]).for_each(drop);
    Client.mapped_map([1]).for_each(drop);
}
