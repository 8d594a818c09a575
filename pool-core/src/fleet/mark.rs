//! [`Mark`]: how a process knows that it was started as a worker.

use crate::fleet::system;
use std::os::fd::AsFd;
use std::os::unix::process::parent_id;
use std::{env, io, process};

/// The variable that marks a worker. Programs that a worker starts have it, too.
pub(super) const VARIABLE: &str = "POOL_CORE_FLEET";

/// What the variable says.
pub(super) struct Mark {
    /// Which file the line is.
    line: String,
    /// The process that has started the worker.
    caller: u32,
    /// How many workers are around: one that a worker has started is in two.
    depth: u32,
}

impl Mark {
    pub(super) fn of_this_process() -> Option<Self> {
        let value = env::var(VARIABLE).ok()?;
        let mut words = value.split(' ');
        Some(Self {
            line: words.next()?.to_owned(),
            caller: words.next()?.parse().ok()?,
            depth: words.next()?.parse().ok()?,
        })
    }

    /// What the variable says in a worker that this process starts with such a line.
    pub(super) fn of_a_worker(line: impl AsFd) -> io::Result<String> {
        let depth = Self::of_this_process().map_or(0, |mark| mark.depth) + 1;
        Ok(format!("{} {} {depth}", system::identity(line)?, process::id()))
    }

    /// Whether the standard input is the line. It is not in a program that a worker has started.
    pub(super) fn has_its_line(&self) -> bool {
        system::identity(io::stdin()).is_ok_and(|input| input == self.line)
    }

    /// Whether the caller has started this very process, though it has no line any more.
    pub(super) fn is_of_the_caller(&self) -> bool {
        self.caller == parent_id()
    }

    pub(super) fn depth(&self) -> u32 {
        self.depth
    }
}
