//! Measures what a job asks the allocator for: how often, and how much at once.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The system's allocator, with a count that is off unless someone asks for it: while times are taken, all that it
/// costs is to read a flag that nobody writes.
struct Counted;

#[global_allocator]
static COUNTED: Counted = Counted;
static COUNTING: AtomicBool = AtomicBool::new(false);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
/// Bytes that are allocated, less those at the beginning: wraps below 0.
static LIVE: AtomicU64 = AtomicU64::new(0);
static PEAK: AtomicU64 = AtomicU64::new(0);

/// What a job asked the allocator for.
pub(crate) struct Allocated {
    pub(crate) allocations: u64,
    /// The most bytes at any time, above those at the beginning.
    pub(crate) peak: u64,
}

/// Runs `job` and counts, in all threads.
pub(crate) fn allocated(job: impl FnOnce()) -> Allocated {
    for counter in [&ALLOCATIONS, &LIVE, &PEAK] {
        counter.store(0, Ordering::SeqCst);
    }
    COUNTING.store(true, Ordering::SeqCst);
    job();
    COUNTING.store(false, Ordering::SeqCst);
    Allocated { allocations: ALLOCATIONS.load(Ordering::SeqCst), peak: PEAK.load(Ordering::SeqCst) }
}

fn grown(bytes: usize) {
    ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
    let bytes = bytes as u64;
    let live = LIVE.fetch_add(bytes, Ordering::Relaxed).wrapping_add(bytes);
    // What was there before may go meanwhile: then less is live than at the beginning.
    if live < u64::MAX / 2 {
        PEAK.fetch_max(live, Ordering::Relaxed);
    }
}

// SAFETY: all is passed on to `System` as it came; the counters do not allocate.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if COUNTING.load(Ordering::Relaxed) {
            grown(layout.size());
        }
        // SAFETY: the caller's own promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if COUNTING.load(Ordering::Relaxed) {
            LIVE.fetch_sub(layout.size() as u64, Ordering::Relaxed);
        }
        // SAFETY: the caller's own promise.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if COUNTING.load(Ordering::Relaxed) {
            LIVE.fetch_sub(layout.size() as u64, Ordering::Relaxed);
            grown(size);
        }
        // SAFETY: the caller's own promise.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
