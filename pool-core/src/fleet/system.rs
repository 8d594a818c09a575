//! What the standard library has no word for: which file a descriptor is, another file as standard input, and the end
//! of a group of processes.
//!
//! The unsafe lines declare functions of the system's C library, which the standard library links, and nothing else:
//! each takes numbers, so that calls of it are safe. A crate for that would bring three others along.

use std::ffi::c_int;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd as _};
use std::os::unix::fs::MetadataExt as _;
use std::process::{Child, abort};

// SAFETY: These are the signatures of POSIX. Both take numbers and touch no memory.
#[expect(unsafe_code, reason = "two functions of the C library")]
unsafe extern "C" {
    safe fn dup2(from: c_int, to: c_int) -> c_int;
    safe fn kill(process: c_int, signal: c_int) -> c_int;
}

const SIGKILL: c_int = 9;

#[cfg(feature = "redis")]
mod end {
    use std::ffi::c_int;
    use std::sync::atomic::{AtomicBool, Ordering};

    // SAFETY: This is the signature of POSIX, with the handler, or one of its small numbers, as a number.
    #[expect(unsafe_code, reason = "a function of the C library")]
    unsafe extern "C" {
        safe fn signal(signal: c_int, handler: usize) -> usize;
    }

    const SIGTERM: c_int = 15;
    const DEFAULT: usize = 0;

    static ENDING: AtomicBool = AtomicBool::new(false);

    /// Lets SIGTERM end what this process serves, and a second one the process.
    pub(in crate::fleet) fn heed_the_end() {
        extern "C" fn end(_: c_int) {
            ENDING.store(true, Ordering::Relaxed);
            signal(SIGTERM, DEFAULT);
        }
        signal(SIGTERM, end as extern "C" fn(c_int) as usize);
    }

    /// Whether the process was told to end.
    pub(in crate::fleet) fn is_ending() -> bool {
        ENDING.load(Ordering::Relaxed)
    }
}

#[cfg(feature = "redis")]
pub(super) use self::end::{heed_the_end, is_ending};

/// Which file an open descriptor is, in words that no other file has while this one is open.
pub(super) fn identity(file: impl AsFd) -> io::Result<String> {
    let data = File::from(file.as_fd().try_clone_to_owned()?).metadata()?;
    Ok(format!("{}:{}", data.dev(), data.ino()))
}

/// Makes the null device the standard input of this process, and of those that it starts.
pub(super) fn without_input() -> io::Result<()> {
    let null = File::open("/dev/null")?;
    match dup2(null.as_raw_fd(), io::stdin().as_raw_fd()) {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Ends a process that is the first of its group, and what it has started in that group. One that has ended stays as it
/// was. Its number is not another's yet: either nothing has waited for it, or that was a moment ago, and the system
/// gives out all other numbers first.
pub(super) fn end_group_of(process: &Child) {
    if let Ok(group) = c_int::try_from(process.id()) {
        kill(-group, SIGKILL);
    }
}

/// Ends this process and what it has started in its group, at once: no destructor and no exit handler runs.
pub(super) fn end() -> ! {
    kill(0, SIGKILL);
    abort()
}
