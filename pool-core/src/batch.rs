//! Decides when a batch runs what, and when what it borrows may go; the only file with `unsafe`.
//!
//! A batch is one allocation, shared by its consumer, by the hints in queues, and by the threads that follow these. It owns the
//! iterator, the call, and the results that nobody has taken: everything in it that may borrow from the consumer's frame, for `'env`.
//!
//! # Borrowing
//!
//! Hints are `'static` and outlive the batch that they lead to. What makes that sound:
//!
//! 1. A thread **enters** under the lock, while the batch is open: it counts itself in `inside` and takes its own handle to the call.
//!    It **leaves** under the lock, after it has dropped that handle and every input, iterator and result that it held.
//! 2. **Closing** sets the phase to closed under the lock, and takes out the iterator and the results. Nobody enters any more.
//! 3. The call goes when the last one has left: whoever finds the batch closed and nobody else inside takes it out and drops it, and
//!    only then counts himself out.
//! 4. A batch that borrows is closed by its consumer, who waits until nobody is inside. After that the allocation holds no value
//!    of a type that mentions `'env`, only the empty places for them, and the last hint frees those whenever it goes.
//!
//! A thread that enters late is either ahead of the closing section, then it is counted and waited for; or behind it, then it sees
//! that the batch is closed and touches nothing.
//!
//! The wait stands in a guard in the frame of [`Shared::lend`], which hands out nothing: what is given to code of the
//! user may be leaked, but the guard may not. A [`Handle`] that is dropped closes its batch; one that is leaked keeps the allocation,
//! and what it holds, for ever.
//!
//! # Waiting for a result
//!
//! The consumer registers its waker in the section in which it finds nothing; whoever files a result, ends the batch, leaves it last or
//! cannot start a thread takes the waker out in his section and wakes it after. Either the filing comes first, then the consumer sees
//! the result; or the registration does, then the one who files sees the waker.

use crate::account::{Account, Limits, Phase, Post};
use crate::cancel::Token;
use crate::config::Settings;
use crate::nesting::{self, Away, Inside};
use crate::outbox::{Order, Outbox};
use crate::pace::{self, Calls, Nap, PATIENCE};
use crate::room::Room;
use crate::source::{Ask, Lot, Outcome, Polled, Source};
use crate::span::Site;
use crate::sync::{self, Mutex, MutexGuard, Unparker};
use crate::unwind::{self, Panics, Payload};
use crate::waiter::{Register, Waiter};
use crate::worker::{Crew, Hint, Job};
use std::sync::{Arc, OnceLock, Weak};

/// A batch as its handle sees it.
trait Borrowing<T>: Source<T> {
    /// Opens the batch and sees to it that workers come. A consumer that `watches` asks for results at once, and hears whether it
    /// stands by until then.
    ///
    /// # Safety
    ///
    /// The caller sees to it that [`Source::close`] with `wait` returns before anything ends that the batch borrows.
    unsafe fn start(&self, crew: &Arc<Crew>, settings: Settings, watches: bool) -> bool;

    fn source<'a>(&'a self) -> &'a (dyn Source<T> + 'a);
}

struct Batch<It, C, T> {
    /// The allocation that this is, for the hints that lead to it.
    me: Weak<Self>,
    token: Arc<Token>,
    /// Set when the batch is started.
    home: OnceLock<Home>,
    room: Room,
    state: Mutex<State<It, C, T>>,
}

/// Where a batch runs.
struct Home {
    crew: Arc<Crew>,
    /// A call of the same crew started it: its hints go to the deques of the workers that push them.
    nested: bool,
}

struct State<It, C, T> {
    account: Account<It>,
    results: Outbox<Outcome<T>>,
    /// Here until the batch is closed and the last one has left.
    call: Option<Arc<(Site, C)>>,
    /// Threads that have entered and not left.
    inside: usize,
    /// The consumer, while it waits.
    waiter: Option<Waiter>,
    /// The workers that stand by, while they nap.
    posts: [Option<Unparker>; 3],
    /// Whether calls were fast when somebody last looked.
    fast: bool,
    /// It looks by itself in a moment, unless workers are held back for it.
    patient: bool,
    /// The panic of `next`, raised after the last result.
    last: Option<Payload>,
    /// The first panic of a `Drop`.
    dropped: Option<Payload>,
    /// The consumer has closed the batch and waits to hear of that panic.
    awaited: bool,
    /// A thread could not be started, and none has come since.
    unserved: bool,
    /// Nobody will ask for results.
    detached: bool,
    /// The crew counts this batch among those with something left to run.
    live: bool,
}

impl<It, C, T> Batch<It, C, T>
where
    It: Iterator + Send,
    C: Fn(usize, It::Item) -> (Outcome<T>, bool) + Send + Sync,
    T: Send,
{
    fn new(account: Account<It>, call: C, order: Order) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            token: Arc::default(),
            home: OnceLock::new(),
            room: Room::new(),
            state: Mutex::new(State {
                account,
                results: Outbox::new(order),
                call: Some(Arc::new((Site::here(), call))),
                inside: 0,
                waiter: None,
                posts: [None, None, None],
                fast: false,
                patient: false,
                last: None,
                dropped: None,
                awaited: false,
                unserved: false,
                detached: false,
                live: false,
            }),
        })
    }

    fn home(&self) -> &Home {
        self.home.get().expect("a batch is started before anybody enters it")
    }

    fn crew(&self) -> &Arc<Crew> {
        &self.home().crew
    }

    fn limits(&self) -> Limits<'_> {
        Limits { cap: self.crew().cap(), room: &self.room }
    }

    /// A handle to this batch for queues, which know nothing of what it borrows.
    fn hint(&self) -> Hint {
        let job: Arc<dyn Job + '_> =
            self.me.upgrade().expect("whoever calls a method holds a handle");
        // SAFETY: Only the lifetime bound of the trait object changes. `Job`'s methods touch what the batch borrows only between
        // entering and leaving (`run`), and the contract of `Borrowing::start` ends the borrow after the batch is closed and all have left.
        // The drop glue of the last handle finds no value that borrows: `close` and `leave` have taken them out (steps 2 and 3
        // above), or the batch was never closed because its `Handle` was leaked, and then that is a handle which never goes.
        unsafe { std::mem::transmute::<Arc<dyn Job + '_>, Hint>(job) }
    }

    /// Ends a section: pushes the hint that is owed, if one is, after unlocking.
    #[inline]
    fn settle(&self, mut state: MutexGuard<'_, State<It, C, T>>) {
        let owed = state.account.settle(self.limits());
        drop(state);
        if owed {
            self.push();
        }
    }

    /// Ends the section of a consumer that does not look again in a moment, and has found whether room was wanted.
    fn end_watch(&self, mut state: MutexGuard<'_, State<It, C, T>>, wanted: bool) {
        let stands_by = sync::seeded("consumer-stands-by-for-ever") && state.account.is_watched();
        let watched = !stands_by && state.account.stand_down(Post::Consumer);
        let fast = state.fast;
        if wanted {
            self.room.unwant();
        }
        if (wanted || watched) && !sync::seeded("no-settle-after-result") {
            self.settle(state);
        } else {
            drop(state);
        }
        if watched && !fast {
            self.ramp();
        }
    }

    /// Pushes a hint for each worker that could begin now.
    fn ramp(&self) {
        for _ in 0..self.crew().cap() {
            if !self.state.lock().account.ramp(self.limits()) {
                break;
            }
            self.push();
        }
    }

    #[cold]
    fn push(&self) {
        let Home { crew, nested } = self.home();
        crew.push(self.hint(), *nested);
    }

    /// Takes inputs and runs them until there is nothing to take, or the worker is wanted elsewhere, or `one` has been run. Says whether
    /// the crew knows that its worker searches again.
    fn run<'a>(&'a self, mut state: MutexGuard<'a, State<It, C, T>>, one: bool) -> bool {
        let crew = self.crew();
        for look in 0..PATIENCE {
            if !state.account.pulling() {
                break;
            }
            // Most iterators are back in a moment; this one is worth no more than that.
            drop(state);
            pace::pause(look);
            state = self.state.lock();
        }
        // Not before: whoever brings the iterator back is to see that somebody comes.
        if !one && !sync::seeded("found-hint-still-counted") {
            state.account.found_hint();
        }
        let Some(inputs) = state.account.begin(self.limits()) else {
            // Whoever brings the iterator back sees that this worker is about to look, and starts no thread in its stead.
            if !one {
                crew.search();
            }
            self.settle(state);
            return !one;
        };
        state.inside += 1;
        let call =
            Arc::clone(state.call.as_ref().expect("the call is there until the last one has left"));
        drop(state);
        let inside = Inside::enter(crew, &self.token);
        let mut calls = Calls::default();
        let mut next = Some(inputs);
        while let Some(inputs) = next {
            let Some((index, input)) = self.take(inputs) else { break };
            let one_call = || call.0.call(crew.name(), index, || call.1(index, input));
            let outcome = inside.call(|| calls.run(one_call));
            next = self.file(index, outcome, one, &calls);
        }
        crew.remember(calls.fast);
        if !sync::seeded("leave-with-the-call-in-hand") {
            drop(call);
        }
        // Inside still: what `leave` drops is the user's, and may wait for a batch of its own.
        self.leave();
        drop(inside);
        false
    }

    /// Takes one input; `None` ends the worker's turn.
    fn take(&self, mut inputs: Box<It>) -> Option<(usize, It::Item)> {
        let taken = unwind::catch(|| inputs.next());
        let mut panics = Panics::default();
        let limits = self.limits();
        let mut state = self.state.lock();
        match taken {
            Ok(Some(input)) => match state.account.took(inputs) {
                Ok(index) => {
                    if !sync::seeded("no-settle-after-input") {
                        self.settle(state);
                    }
                    return Some((index, input));
                }
                Err(inputs) => {
                    drop(state);
                    panics.drop(input);
                    panics.drop(inputs);
                }
            },
            Ok(None) => {
                state.account.ran_out();
                let waiter = state.waiter_with_news(limits);
                drop(state);
                if !sync::seeded("end-of-inputs-wakes-nobody") {
                    wake(waiter);
                }
                panics.drop(inputs);
            }
            Err(payload) => {
                // Of a batch that was stopped or closed nobody asks what comes after its last result.
                let surplus = match state.account.phase() {
                    Phase::Open => state.last.replace(payload),
                    _ => Some(payload),
                };
                state.account.ran_out();
                let waiter = state.waiter_with_news(limits);
                drop(state);
                wake(waiter);
                panics.drop(inputs);
                panics.drop(surplus);
            }
        }
        self.keep(panics);
        None
    }

    /// Whether a worker is to leave before the next input: for a call that wants its place back, or for another batch.
    fn pressed(&self, state: &State<It, C, T>) -> bool {
        let crew = self.crew();
        crew.place_is_wanted()
            || !state.account.is_young(crew.cap())
                && crew.is_wanted_elsewhere(state.account.hints())
    }

    /// Files what became of one input, and takes the right to another, if there is one and this worker is to go on.
    fn file(&self, index: usize, outcome: Outcome<T>, one: bool, calls: &Calls) -> Option<Box<It>> {
        let limits = self.limits();
        let mut state = self.state.lock();
        state.account.filed();
        state.fast = calls.fast;
        let unwanted = match state.account.phase() {
            Phase::Closed => Some(outcome),
            _ => {
                state.results.put(index, outcome);
                None
            }
        };
        // Before any new input: a call that is called back comes first.
        let late = sync::seeded("call-back-after-begin");
        if let Some(waiter) = if late { None } else { state.waiter_with_news(limits) } {
            drop(state);
            waiter.wake();
            state = self.state.lock();
        }
        state.account.decides();
        let mut next = None;
        if !one && !self.pressed(&state) {
            // Two are too many for inputs this fast.
            let crowded = calls.fast && (state.account.busy() || state.account.is_stalled());
            let post = if crowded { Post::Crowded } else { Post::Stalled };
            if !crowded {
                next = state.account.begin(limits);
            }
            if next.is_none() && calls.fast && state.account.stand_by(post) {
                drop(state);
                state = self.watch(post);
                if !self.pressed(&state) {
                    next = state.account.begin(limits);
                }
            }
        }
        if next.is_some() || sync::seeded("no-settle-after-call") {
            drop(state);
        } else {
            self.rouse(&mut state);
            self.settle(state);
        }
        if unwanted.is_some() {
            let mut panics = Panics::default();
            panics.drop(unwanted);
            self.keep(panics);
        }
        next
    }

    /// Stands by while another worker runs inputs faster than two could, or while the consumer catches up, and looks again in a moment.
    fn watch(&self, post: Post) -> MutexGuard<'_, State<It, C, T>> {
        let limits = self.limits();
        let mut state = self.state.lock();
        if post == Post::Stalled {
            for look in 0..PATIENCE {
                if state.account.called_for(limits).is_some() {
                    break;
                }
                drop(state);
                pace::pause(look);
                state = self.state.lock();
            }
        }
        let mut nap = Nap::default();
        while state.account.called_for(limits) != Some(post) {
            let before = state.account.taken();
            state.posts[post as usize] = Some(Unparker::current());
            drop(state);
            sync::nap(nap.length(), None);
            state = self.state.lock();
            state.posts[post as usize] = None;
            if post == Post::Stalled
                || !(nap.shows_fast(state.account.taken() - before) || state.account.is_stalled())
                || state.account.phase() != Phase::Open
                || self.pressed(&state)
            {
                break;
            }
            nap.lengthen();
        }
        if !sync::seeded("standby-for-ever") {
            state.account.stand_down(post);
        }
        state
    }

    /// Ends the nap of a worker that stands by, if there is something to run and nobody to run it.
    fn rouse(&self, state: &mut State<It, C, T>) {
        let called = state.account.called_for(self.limits());
        if let Some(worker) = called.and_then(|post| state.posts[post as usize].take()) {
            worker.unpark();
        }
    }

    /// Step 4 of the essay.
    fn wait_until_left(&self) -> Option<Payload> {
        let crew = self.crew();
        let mut away: Option<Away> = None;
        loop {
            let mut state = self.state.lock();
            // In a child after `fork` the threads that were inside do not exist.
            if state.inside == 0 || !crew.is_here() || sync::seeded("close-without-waiting") {
                return state.dropped.take();
            }
            state.waiter = Some(away.as_ref().map_or_else(Waiter::current, Away::waiter));
            drop(state);
            match &away {
                None => {
                    away = Away::begin();
                    if away.is_some() {
                        continue;
                    }
                }
                Some(away) => away.give_up(),
            }
            sync::park(None);
        }
    }

    /// Ends a section after which nothing may be left to run. The crew hears of that before anybody else can see it.
    fn end_if_done(&self, mut state: MutexGuard<'_, State<It, C, T>>) {
        let done = state.done();
        let late = sync::seeded("end-told-after-the-lock");
        if done && !late {
            self.crew().end();
        }
        drop(state);
        if done && late {
            self.crew().end();
        }
    }

    /// Keeps the first panic of a `Drop` for the consumer.
    fn keep(&self, panics: Panics) {
        if let Some(payload) = panics.first() {
            let surplus = self.state.lock().keep(payload);
            unwind::discard(surplus);
        }
    }

    /// Step 3 of the essay. The caller has dropped all that it held of the batch.
    fn leave(&self) {
        let mut panics = Panics::default();
        let mut state = self.state.lock();
        if state.inside == 1 && state.detached && state.account.over() {
            let (inputs, results) = (state.account.close(), state.results.clear());
            drop(state);
            panics.drop(inputs);
            results.into_iter().for_each(|result| panics.drop(result));
            state = self.state.lock();
        }
        if state.inside == 1 && state.account.phase() == Phase::Closed {
            let call = state.call.take();
            drop(state);
            panics.drop(call);
            state = self.state.lock();
        }
        let surplus = panics.first().and_then(|payload| state.keep(payload));
        state.inside -= 1;
        let unheard = state.account.phase() == Phase::Closed && state.inside == 0 && !state.awaited;
        let swallowed = if unheard { state.dropped.take() } else { None };
        let waiter = state.waiter_with_news(self.limits());
        self.end_if_done(state);
        wake(waiter);
        unwind::discard(surplus);
        unwind::discard(swallowed);
    }
}

impl<It: Iterator, C, T> State<It, C, T> {
    /// The consumer's waker, if there is something to wake it for.
    fn waiter_with_news(&mut self, limits: Limits<'_>) -> Option<Waiter> {
        let news = match self.account.phase() {
            _ if self.waiter.is_none() => return None,
            Phase::Closed => self.inside == 0,
            _ if self.account.over() => true,
            _ => self.results.ready() && (!self.patient || !self.account.has_room(limits)),
        };
        if news { self.waiter.take() } else { None }
    }

    /// Keeps the first panic of a `Drop`, and gives back one that comes later.
    fn keep(&mut self, payload: Payload) -> Option<Payload> {
        match self.dropped {
            None => {
                self.dropped = Some(payload);
                None
            }
            Some(_) => Some(payload),
        }
    }

    /// Whether this is the moment in which nothing is left to run.
    fn done(&mut self) -> bool {
        let done = self.live && self.account.phase() >= Phase::Over && self.inside == 0;
        self.live &= !done;
        done
    }
}

/// Wakes a consumer, outside every lock: a waker is code of the user.
fn wake(waiter: Option<Waiter>) {
    if let Some(waiter) = waiter {
        waiter.wake();
    }
}

impl<It, C, T> Job for Batch<It, C, T>
where
    It: Iterator + Send,
    C: Fn(usize, It::Item) -> (Outcome<T>, bool) + Send + Sync,
    T: Send,
{
    fn work(&self) -> bool {
        let mut state = self.state.lock();
        // Here is a thread.
        state.unserved = false;
        self.run(state, false)
    }

    fn unserved(&self) {
        let mut state = self.state.lock();
        state.unserved = true;
        let waiter = state.waiter.take();
        drop(state);
        if let Some(waiter) = waiter {
            waiter.nudge();
        }
    }

    fn stop(&self) {
        let mut state = self.state.lock();
        state.account.end();
        let cap = self.home.get().map_or(usize::MAX, |home| home.crew.cap());
        let limits = Limits { cap, room: &self.room };
        let waiter = state.waiter_with_news(limits);
        self.end_if_done(state);
        self.token.cancel();
        if !sync::seeded("stop-wakes-nobody") {
            wake(waiter);
        }
    }
}

impl<It, C, T> Source<T> for Batch<It, C, T>
where
    It: Iterator + Send,
    C: Fn(usize, It::Item) -> (Outcome<T>, bool) + Send + Sync,
    T: Send,
{
    fn poll(&self, ask: Ask, lot: &mut Lot<T>, register: &mut Register<'_>) -> Polled {
        let mut state = self.state.lock();
        let limits = self.limits();
        // Who stands by and only gathers results is not to leave for the first ones.
        let stays = ask.patient && ask.eager && state.account.is_watched();
        if state.results.ready() && (!stays || state.account.over()) {
            let buffer = state.account.buffer(limits.cap);
            let taken = lot.refill(buffer, |lot| state.results.take_into(lot));
            let wanted = self.room.release(taken);
            self.end_watch(state, wanted);
            return Polled::Fetched;
        }
        if state.account.phase() == Phase::Closed {
            return Polled::Ended(None);
        }
        if state.account.over() {
            return Polled::Ended(state.last.take().or_else(|| state.dropped.take()));
        }
        if state.account.can(limits) && (ask.eager || !state.account.busy()) {
            if ask.may_help {
                return Polled::Help;
            }
            if std::mem::take(&mut state.unserved) {
                return Polled::Unserved;
            }
        }
        if sync::seeded("register-in-a-later-section") {
            drop(state);
            state = self.state.lock();
        }
        state.patient = ask.patient;
        let before = register(&mut state.waiter);
        let fast = state.fast;
        self.rouse(&mut state);
        if ask.patient {
            self.settle(state);
        } else {
            self.end_watch(state, false);
        }
        drop(before);
        Polled::Pending { fast }
    }

    fn yielded(&self) {
        if self.room.release(1) {
            self.end_watch(self.state.lock(), true);
        }
    }

    fn help(&self) {
        self.run(self.state.lock(), true);
    }

    fn unbound(&self) {
        self.state.lock().account.unbound();
        for _ in 0..self.crew().cap() {
            let owed = self.state.lock().account.settle(self.limits());
            if !owed {
                break;
            }
            self.push();
        }
    }

    fn close(&self, wait: bool) -> Option<Payload> {
        let mut state = self.state.lock();
        let cut = state.account.unfinished();
        state.awaited |= wait;
        let call = if state.inside == 0 { state.call.take() } else { None };
        let (inputs, results) = (state.account.close(), state.results.clear());
        let (last, dropped) = (state.last.take(), state.dropped.take());
        let waiter = state.waiter.take();
        self.end_if_done(state);
        if cut && !sync::seeded("early-end-cancels-nobody") {
            self.token.cancel();
        }
        let mut panics = Panics::default();
        if let Some(payload) = dropped {
            panics.keep(payload);
        }
        panics.drop(waiter);
        panics.drop(inputs);
        results.into_iter().for_each(|result| panics.drop(result));
        panics.drop(last);
        panics.drop(call);
        if wait {
            if let Some(payload) = self.wait_until_left() {
                panics.keep(payload);
            }
        }
        if let Some(home) = self.home.get() {
            home.crew.sweep();
        }
        panics.first()
    }

    fn detach(&self) {
        let mut state = self.state.lock();
        state.detached = true;
        let waiter = state.waiter.take();
        if state.account.over() && state.inside == 0 {
            drop(state);
            unwind::discard(self.close(false));
        } else {
            drop(state);
        }
        unwind::discard(waiter);
    }

    fn cancel_untouched(&self) -> bool {
        let mut state = self.state.lock();
        let untouched = state.account.untouched();
        if untouched {
            state.account.end();
        }
        untouched
    }

    fn size_hint(&self, told: usize) -> (usize, Option<usize>) {
        self.state.lock().account.size_hint(told, &self.room)
    }

    fn is_ready(&self) -> bool {
        let state = self.state.lock();
        state.results.ready() || state.account.over()
    }

    fn stopper(&self) -> Hint {
        self.hint()
    }
}

impl<It, C, T> Borrowing<T> for Batch<It, C, T>
where
    It: Iterator + Send,
    C: Fn(usize, It::Item) -> (Outcome<T>, bool) + Send + Sync,
    T: Send,
{
    unsafe fn start(&self, crew: &Arc<Crew>, settings: Settings, watches: bool) -> bool {
        let nested = nesting::is_inside(crew);
        let crew = &self.home.get_or_init(|| Home { crew: Arc::clone(crew), nested }).crew;
        crew.begin();
        {
            let mut state = self.state.lock();
            if !state.account.is_single() {
                self.token.adopt(nesting::current_token());
            }
            state.live = true;
            state.account.open(settings);
            if state.done() {
                crew.end();
                return false;
            }
        }
        // No thread is started to find nothing.
        if self.state.lock().account.claims_to_be_empty() {
            crew.as_guest(|| self.help());
        }
        let watched = watches && crew.was_fast() && !nesting::is_in_a_call();
        if !watched {
            self.ramp();
            return false;
        }
        let mut state = self.state.lock();
        state.fast = true;
        let owed = state.account.ramp(self.limits());
        state.account.stand_by(Post::Consumer);
        drop(state);
        if owed {
            self.push();
        }
        true
    }

    fn source<'a>(&'a self) -> &'a (dyn Source<T> + 'a) {
        self
    }
}

/// A batch without the types of its iterator and its call.
pub(crate) struct Shared<'env, T>(Arc<dyn Borrowing<T> + 'env>);

impl<'env, T: Send + 'env> Shared<'env, T> {
    pub(crate) fn new<It, C>(inputs: It, call: C, order: Order) -> Self
    where
        It: Iterator + Send + 'env,
        C: Fn(usize, It::Item) -> (Outcome<T>, bool) + Send + Sync + 'env,
    {
        Self(Batch::new(Account::new(inputs), call, order))
    }

    /// The batch behind a task.
    pub(crate) fn single<F>(call: F) -> Self
    where
        F: FnOnce() -> (Outcome<T>, bool) + Send + 'env,
    {
        let account = Account::single(std::iter::once(call));
        Self(Batch::new(account, |_, call: F| call(), Order::Completion))
    }
}

impl<T> Shared<'_, T> {
    pub(crate) fn source(&self) -> &(dyn Source<T> + '_) {
        self.0.source()
    }

    /// Starts the batch, if `start` says where, and runs `consume`, which hears whether it stands by; returns when nothing of the batch is alive any more that could
    /// borrow, with the first panic of a `Drop`.
    pub(crate) fn lend<B>(
        &self,
        start: Option<(&Arc<Crew>, Settings)>,
        watches: bool,
        consume: impl FnOnce(bool) -> B,
    ) -> (B, Option<Payload>) {
        /// Stands in this frame, where nobody can leak it.
        struct Closing<'a, T>(&'a (dyn Source<T> + 'a));
        impl<T> Closing<'_, T> {
            fn close(&self) -> Option<Payload> {
                unwind::abort_on_panic(|| self.0.close(true))
            }
        }
        impl<T> Drop for Closing<'_, T> {
            fn drop(&mut self) {
                unwind::discard(self.close());
            }
        }

        let closing = Closing(self.source());
        let watched = start.is_some_and(|(crew, settings)| {
            // SAFETY: `closing` closes the batch and waits before this function returns or unwinds, and so before `'env` ends.
            unsafe { self.0.start(crew, settings, watches) }
        });
        let result = consume(watched);
        let payload = closing.close();
        (result, payload)
    }
}

impl<T> Shared<'static, T> {
    pub(crate) fn start(&self, crew: &Arc<Crew>, settings: Settings) {
        // SAFETY: A batch that borrows for `'static` borrows nothing that ends.
        unsafe { self.0.start(crew, settings, false) };
    }
}
