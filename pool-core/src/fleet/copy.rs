//! [`serve`]: a copy of the program that runs calls for its caller, one after the other.
//!
//! One thread, the **runner**, reads an order, runs the call, and writes the answer. So a call costs no hand-over
//! between threads.
//!
//! While a call runs, the caller may cancel it, or end. The first thread of the process, the **watcher**, sees to that:
//! it reads the orders for the runner. It begins to do so with the first [`TICK`] that it finds a call running, since
//! most calls are over sooner. It reads one of three things:
//!
//! - A cancel: it cancels the call that runs.
//! - The end of the line: it ends the process.
//! - The next order, since the call has ended meanwhile: it leaves that for the runner, which waits for its turn.
//!
//! The watcher looks at each tick while there are calls, and sleeps while there are none.

use crate::api::error::Panic;
use crate::api::pool::Pool;
use crate::api::served::Served;
use crate::fleet::error::FleetError;
use crate::fleet::frame::{Answer, Incoming, Order, Report};
use crate::fleet::service::Service;
use crate::fleet::system;
use std::collections::BTreeMap;
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{process, thread};

/// How long a call may run before the watcher reads the orders.
const TICK: Duration = Duration::from_millis(10);

/// How long a worker may take to drop its states once the caller has no use for it.
const FAREWELL: Duration = Duration::from_secs(5);

/// What the two threads share.
struct Serving {
    line: UnixStream,
    /// Locked by the thread that reads.
    orders: Mutex<Orders>,
    work: Mutex<Work>,
    /// The watcher sleeps, and there is a call, or the end.
    begun: Condvar,
}

struct Orders {
    incoming: Incoming<UnixStream>,
    /// What the watcher has read for the runner.
    next: Option<io::Result<Order>>,
}

#[derive(Default)]
struct Work {
    /// The call that runs.
    call: Option<Served>,
    /// The watcher sleeps until the next call.
    asleep: bool,
    /// The runner takes no further order.
    over: bool,
}

/// Runs one call after the other, until the caller ends the line. Then the process ends.
///
/// Returns if there is no thread to run them.
pub(super) fn serve(
    line: UnixStream,
    services: BTreeMap<String, Service>,
) -> Result<(), FleetError> {
    let not_started = |why: &str| FleetError::NotStarted(why.to_owned());
    let incoming = line.try_clone().map_err(|error| not_started(&error.to_string()))?;
    let copy = Arc::new(Serving {
        line,
        orders: Mutex::new(Orders { incoming: Incoming::new(incoming), next: None }),
        work: Mutex::default(),
        begun: Condvar::new(),
    });
    // The calls are within a call of this pool, so that they may wait for batches of their own.
    let pool = Pool::builder().max_workers(1).name("fleet").build();
    let runner = pool.submit({
        let copy = Arc::clone(&copy);
        move || copy.run(services)
    });
    if pool.stats().threads == 0 {
        drop(runner.cancel());
        return Err(not_started("no thread can be started in the new process"));
    }
    copy.watch();
    // With a limit: code of the user drops the states.
    match runner.join_timeout(FAREWELL) {
        Ok(_) => process::exit(0),
        Err(_) => system::end(),
    }
}

impl Serving {
    /// The life of the runner.
    fn run(&self, services: BTreeMap<String, Service>) {
        // An error is that of a caller that is gone, which the next read tells.
        let _ = Report::Ready.frame().write_to(&self.line);
        loop {
            let order = lock(&self.orders).next();
            match order {
                Ok(Order::Call { limit, name, inputs }) => {
                    let call = Served::default();
                    self.begin(call.clone());
                    let answer = call.run(limit, || {
                        let service = services.get(&name);
                        service.map_or(Answer::NotServed, |service| service.answer(&inputs))
                    });
                    let answer = answer.unwrap_or_else(|payload| {
                        Answer::Panicked(Panic::new(payload).message().to_owned())
                    });
                    // Before the answer: what the caller sends after it is for the next call.
                    lock(&self.work).call = None;
                    let _ = Report::Done(answer).frame().write_to(&self.line);
                }
                // Of a call that has ended.
                Ok(Order::Cancel) => {}
                Err(_) => break,
            }
        }
        let mut work = lock(&self.work);
        work.over = true;
        drop(work);
        self.begun.notify_one();
        drop(services);
    }

    fn begin(&self, call: Served) {
        let mut work = lock(&self.work);
        work.call = Some(call);
        let asleep = std::mem::take(&mut work.asleep);
        drop(work);
        if asleep {
            self.begun.notify_one();
        }
    }

    /// The life of the watcher.
    fn watch(&self) {
        while self.is_begun() {
            thread::sleep(TICK);
            // The runner has it while no call runs.
            if let Ok(mut orders) = self.orders.try_lock() {
                orders.next = self.read_beside_the_call(&mut orders.incoming);
            }
        }
    }

    /// Sleeps while there is no call. False at the end.
    fn is_begun(&self) -> bool {
        let mut work = lock(&self.work);
        work.asleep = work.call.is_none();
        while work.asleep && !work.over {
            work = self.begun.wait(work).unwrap_or_else(PoisonError::into_inner);
        }
        !work.over
    }

    /// Reads orders until there is one for the runner.
    fn read_beside_the_call(
        &self,
        incoming: &mut Incoming<UnixStream>,
    ) -> Option<io::Result<Order>> {
        while self.is_calling() {
            match incoming.next().and_then(Order::parse) {
                Ok(Order::Cancel) => {
                    let call = lock(&self.work).call.clone();
                    call.inspect(Served::cancel);
                }
                Ok(order) => return Some(Ok(order)),
                // Nothing waits for the result any more.
                Err(_) if self.is_calling() => system::end(),
                Err(error) => return Some(Err(error)),
            }
        }
        None
    }

    fn is_calling(&self) -> bool {
        lock(&self.work).call.is_some()
    }
}

impl Orders {
    fn next(&mut self) -> io::Result<Order> {
        self.next.take().unwrap_or_else(|| self.incoming.next().and_then(Order::parse))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
