//! What the standard library has no word for: which file a descriptor is, another file as standard input, and an end
//! without a farewell. The only unsafe line declares two functions of the system's C library, which the standard
//! library links.

use std::ffi::c_int;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd as _};
use std::os::unix::fs::MetadataExt as _;

// SAFETY: These are the signatures of POSIX. Both take numbers and touch no memory. What `dup2` closes is the caller's
// business, and so is what `_exit` leaves undone.
#[expect(unsafe_code, reason = "two functions of the C library")]
unsafe extern "C" {
    safe fn dup2(from: c_int, to: c_int) -> c_int;
    safe fn _exit(status: c_int) -> !;
}

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

/// Ends the process at once. No thread of it does anything more, and no destructor and no exit handler runs.
pub(super) fn end() -> ! {
    _exit(0)
}
