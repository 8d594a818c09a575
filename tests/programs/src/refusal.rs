//! Threads that are refused now and then: this program's own `pthread_create`, which the standard library finds before
//! the system's.

use std::mem::transmute;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Of the threads with a stack of this size some are refused.
pub(crate) const STACK: usize = 1_234 * 4_096;

type Main = extern "C" fn(*mut libc::c_void) -> *mut libc::c_void;
type Create = unsafe extern "C" fn(
    *mut libc::pthread_t,
    *const libc::pthread_attr_t,
    Main,
    *mut libc::c_void,
) -> libc::c_int;

static REQUESTS: AtomicUsize = AtomicUsize::new(0);

/// Starts a thread as the system does, or says that there is no room for it.
///
/// # Safety
///
/// As for the system's.
// SAFETY: No other item has this name, and it does what the system's does.
#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_create(
    thread: *mut libc::pthread_t,
    attributes: *const libc::pthread_attr_t,
    main: Main,
    argument: *mut libc::c_void,
) -> libc::c_int {
    static SYSTEM: OnceLock<usize> = OnceLock::new();
    // SAFETY: The name ends with a NUL.
    let system =
        *SYSTEM.get_or_init(
            || unsafe { libc::dlsym(libc::RTLD_NEXT, c"pthread_create".as_ptr()) } as usize
        );
    assert_ne!(system, 0, "the system has no `pthread_create`");
    let mut size = 0;
    if !attributes.is_null() {
        // SAFETY: The caller's attributes have been initialized, and `size` is ours.
        unsafe { libc::pthread_attr_getstacksize(attributes, &raw mut size) };
    }
    // Two of five: one after another, and then some time none.
    if size == STACK && REQUESTS.fetch_add(1, Relaxed) % 5 < 2 {
        return libc::EAGAIN;
    }
    // SAFETY: This is the system's function of that name, which has this type.
    let create = unsafe { transmute::<usize, Create>(system) };
    // SAFETY: The caller keeps the contract of the system's function.
    unsafe { create(thread, attributes, main, argument) }
}
