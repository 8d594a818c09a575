//! [`Desk`]: what the threads of a worker know together.

use super::Entry;
use super::link::Failed;
use crate::api::task::Task;
use crate::fleet::frame::Report;
use crate::fleet::service::Service;
use crate::fleet::system;
use redis::Client;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

pub(super) struct Desk {
    pub(super) client: Client,
    pub(super) name: String,
    pub(super) lease: Duration,
    /// The keys of the calls that are served.
    pub(super) served: Vec<String>,
    /// What has been taken and not yet reported.
    pub(super) taken: Mutex<AllTaken>,
    /// A place is free.
    pub(super) freed: Condvar,
    /// How many takers wait for that. It is changed and read while `taken` is locked.
    pub(super) waiting: AtomicUsize,
    /// A part of the worker has given up, so that there is no use in going on.
    pub(super) over: AtomicBool,
    /// Held by calls while they run, and alone by one that may end the process.
    pub(super) beside: RwLock<()>,
}

/// By the key of the calls and by the entry.
pub(super) type AllTaken = HashMap<(String, String), Taken>;

pub(super) struct Taken {
    pub(super) entry: Entry,
    /// `None` where no call runs, and once it has ended.
    pub(super) call: Option<Task<()>>,
    pub(super) runs: bool,
    /// Nothing else runs here meanwhile.
    pub(super) alone: bool,
}

/// A call that has ended.
pub(super) struct Done {
    pub(super) function: Arc<Service>,
    pub(super) entry: Entry,
    pub(super) report: Report,
    /// How long it ran.
    pub(super) elapsed: Duration,
}

impl Desk {
    pub(super) fn is_ending(&self) -> bool {
        system::is_ending() || self.over.load(Ordering::Relaxed)
    }

    /// Runs a part of the worker. If it gives up, the other parts end too.
    pub(super) fn watched(
        self: &Arc<Self>,
        part: impl FnOnce(&Arc<Self>) -> Result<(), Failed>,
    ) -> Result<(), Failed> {
        let end = part(self);
        if end.is_err() {
            self.over.store(true, Ordering::Relaxed);
        }
        end
    }

    pub(super) fn taken(&self) -> MutexGuard<'_, AllTaken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
