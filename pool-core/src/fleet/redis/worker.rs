//! A worker of a fleet over Redis: it takes calls, runs them, and reports what became of them.
//!
//! Each function has a **taker**, a thread that asks the server for as many calls as have a place: never more, so that
//! no call waits here while another worker is free. The calls run on the function's own pool. One thread, the
//! **reporter**, sends the answers, several at once where several are there. Another, the **heart**, renews the leases
//! of all calls that have been taken and not yet reported, and cancels those that are no longer wanted.

use super::checks;
use super::desk::Desk;
use super::link::{Failed, Link};
use super::{calls_of, forget, unique};
use crate::fleet::error::FleetError;
use crate::fleet::service::Service;
use crate::fleet::system;
use redis::{Client, Connection};
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Condvar, Mutex, RwLock, mpsc};
use std::thread;
use std::time::Duration;

/// Serves until the process is told to end, and until what it has taken is reported.
pub(crate) fn serve(
    client: Client,
    lease: Duration,
    services: Vec<Service>,
) -> Result<(), FleetError> {
    system::heed_the_end();
    let desk = Arc::new(Desk {
        client,
        name: unique(),
        lease,
        served: services.iter().map(|service| calls_of(service.name())).collect(),
        taken: Mutex::default(),
        freed: Condvar::new(),
        waiting: AtomicUsize::new(0),
        over: AtomicBool::new(false),
        beside: RwLock::new(()),
    });
    for warning in checked(&desk)? {
        eprintln!("pool-core: {warning}");
    }
    let (done, ended) = mpsc::channel();
    let services: Vec<_> = services.into_iter().map(Arc::new).collect();
    let result = thread::scope(|scope| {
        let reporter = scope.spawn({
            let desk = &desk;
            move || desk.watched(|desk| desk.report(&ended))
        });
        let heart = scope.spawn(|| desk.watched(|desk| desk.beat()));
        let takers: Vec<_> = services
            .iter()
            .map(|service| {
                let (service, done) = (Arc::clone(service), done.clone());
                scope.spawn(|| desk.watched(|desk| desk.take(service, done)))
            })
            .collect();
        drop(done);
        let takers = takers.into_iter().map(|taker| taker.join().unwrap_or(Ok(())));
        let ends: Vec<_> = takers.collect();
        let ends = ends
            .into_iter()
            .chain([reporter.join().unwrap_or(Ok(())), heart.join().unwrap_or(Ok(()))]);
        ends.fold(Ok(()), Result::and)
    });
    for calls in &desk.served {
        let forget = |connection: &mut Connection| forget(connection, calls, &desk.name);
        let _ = Link::new(desk.client.clone()).run_once(forget);
    }
    match result {
        Err(Failed::Refused(why)) => Err(FleetError::Server(why)),
        Ok(()) | Err(Failed::GivenUp) => Ok(()),
    }
}

/// What may cost calls at the server, once it is there.
fn checked(desk: &Desk) -> Result<Vec<String>, FleetError> {
    match Link::new(desk.client.clone()).run(|| !desk.is_ending(), checks::warnings) {
        Ok(warnings) => Ok(warnings),
        Err(Failed::GivenUp) => Ok(Vec::new()),
        Err(Failed::Refused(why)) => Err(FleetError::Server(why)),
    }
}
