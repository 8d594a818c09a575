//! Decides who may enter a batch, and when what it borrows may go; the only file with `unsafe`. What a worker does inside stands in `turn.rs`.
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
//! # The lane
//!
//! A worker whose calls are so fast that the lock costs as much as they do goes on **without the lock**, in the [`Lane`], for as long as
//! nobody looks. In a section in which nobody has to hear of its next results it **opens** the lane and gets the only [`Pass`]; then for each
//! input it *puts back* the iterator, runs the call, leaves the result in the tray, and *claims* the iterator again. **Every section closes the
//! lane first** ([`Batch::lock`]), and files what is in the tray. So all that is said of sections elsewhere holds as if the lane did not
//! exist, and the worker's next step fails and leads it back to the lock.
//!
//! One word says whether the lane is open, whether the iterator is out, and how many claims there were; each step is one
//! exchange of it:
//!
//! - Either putting back comes before the closing: then the section finds the iterator here. Or it comes after: then it fails, the section
//!   knows that the iterator is out, and its holder brings it back under the lock and sees to what became possible.
//! - Either a claim comes before the closing: then the section sees all results up to it. Or it comes after: then it fails, and the
//!   worker files its last result under the lock, and so sees whoever waits for that.
//!
//! Whoever opened a lane keeps its pass until he gives it back ([`Batch::lock_with`]), though the lane be closed, and nobody else gets one
//! before: so one thread at a time writes the tray, and the places of claimed results, which the closing section reads, are behind it.
//!
//! While a lane is open its owner is inside, the batch is not closed, and whoever is registered as waiting is patient (`supply.rs`).

use crate::account::{Account, Limits, Post};
use crate::cancel::Token;
use crate::config::Settings;
use crate::nesting;
use crate::outbox::{Order, Outbox};
use crate::room::Room;
use crate::source::{Outcome, Source};
use crate::state::{Hold, State};
use crate::sync::{self, AtomicUsize, Mutex, MutexGuard, Ordering, RawCell};
use crate::unwind::{self, Payload};
use crate::waiter::wake;
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

pub(crate) struct Batch<It, C, T> {
    /// The allocation that this is, for the hints that lead to it.
    me: Weak<Self>,
    pub(crate) token: Arc<Token>,
    /// Set when the batch is started.
    home: OnceLock<Home>,
    pub(crate) room: Room,
    state: Mutex<State<It, C, T>>,
    lane: Lane<It, Outcome<T>>,
}

/// Where a batch runs.
struct Home {
    crew: Arc<Crew>,
    /// A call of the same crew started it: its hints go to the deques of the workers that push them.
    nested: bool,
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
            state: Mutex::new(State::new(account, call, order)),
            lane: Lane::new(),
        })
    }

    /// Begins a section.
    #[inline(always)]
    pub(crate) fn lock(&self) -> MutexGuard<'_, State<It, C, T>> {
        let mut state = self.state.lock();
        if state.hold == Hold::Open && !sync::seeded("lane-not-closed") {
            self.close_lane(&mut state);
        }
        state
    }

    #[cold]
    fn close_lane(&self, state: &mut State<It, C, T>) {
        state.hold = Hold::Shut;
        let (claims, inputs) = self.lane.close(state.account.taken(), &mut state.results);
        state.account.went_on(claims, inputs);
    }

    /// Has the worker that holds the iterator go on without the lock, while there is room.
    pub(crate) fn open_lane<'a>(
        &'a self,
        state: &mut MutexGuard<'a, State<It, C, T>>,
    ) -> Option<Pass<'a, It, Outcome<T>>> {
        let free = state.hold == Hold::Free || sync::seeded("lane-of-two");
        (free && fits_the_tray::<Outcome<T>>()).then(|| {
            state.hold = Hold::Open;
            self.lane.open(&state.account, self.limits())
        })
    }

    /// Begins a section of a worker that has a pass, and gives that back.
    pub(crate) fn lock_with<'a>(
        &'a self,
        pass: &mut Option<Pass<'a, It, Outcome<T>>>,
    ) -> MutexGuard<'a, State<It, C, T>> {
        let mut state = self.lock();
        if pass.take().is_some() {
            state.hold = Hold::Free;
        }
        state
    }

    fn home(&self) -> &Home {
        self.home.get().expect("a batch is started before anybody enters it")
    }

    /// Forgets the hints that are left, if this was the last batch of a pool that is gone.
    pub(crate) fn sweep(&self) {
        if let Some(home) = self.home.get() {
            home.crew.sweep();
        }
    }

    pub(crate) fn crew(&self) -> &Arc<Crew> {
        &self.home().crew
    }

    pub(crate) fn limits(&self) -> Limits<'_> {
        Limits { cap: self.crew().cap(), room: &self.room }
    }

    /// A handle to this batch for queues, which know nothing of what it borrows.
    pub(crate) fn hint(&self) -> Hint {
        let job: Arc<dyn Job + '_> =
            self.me.upgrade().expect("whoever calls a method holds a handle");
        // SAFETY: Only the lifetime bound of the trait object changes. `Job`'s methods touch what the batch borrows only between
        // entering and leaving (`run`), or in a section that finds the lane open: then its owner is inside. The contract of
        // `Borrowing::start` ends the borrow after the batch is closed and all have left.
        // The drop glue of the last handle finds no value that borrows: `close` and `leave` have taken them out (steps 2 and 3
        // above), of the lane too, since they close it first, and its owner takes back what it has left there before it leaves; or the
        // batch was never closed because its `Handle` was leaked, and then that is a handle which never goes.
        unsafe { std::mem::transmute::<Arc<dyn Job + '_>, Hint>(job) }
    }

    /// Ends a section: pushes the hint that is owed, if one is, after unlocking.
    #[inline]
    pub(crate) fn settle(&self, mut state: MutexGuard<'_, State<It, C, T>>) {
        let owed = state.account.settle(self.limits());
        drop(state);
        if owed {
            self.push();
        }
    }

    /// Pushes a hint for each worker that could begin now.
    pub(crate) fn ramp(&self) {
        for _ in 0..self.crew().cap() {
            if !self.lock().account.ramp(self.limits()) {
                break;
            }
            self.push();
        }
        if self.lock().account.ramped(self.limits()) && !sync::seeded("ramp-owes-a-hint") {
            self.push();
        }
    }

    #[cold]
    pub(crate) fn push(&self) {
        let Home { crew, nested } = self.home();
        crew.push(self.hint(), *nested);
    }

    /// Ends a section after which nothing may be left to run. The crew hears of that before anybody else can see it.
    pub(crate) fn end_if_done(&self, mut state: MutexGuard<'_, State<It, C, T>>) {
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
}

impl<It, C, T> Job for Batch<It, C, T>
where
    It: Iterator + Send,
    C: Fn(usize, It::Item) -> (Outcome<T>, bool) + Send + Sync,
    T: Send,
{
    fn work(&self) -> bool {
        let mut state = self.lock();
        // Here is a thread.
        state.unserved = false;
        self.run(self.wait_a_moment(state), false)
    }

    fn unserved(&self) {
        let mut state = self.lock();
        state.unserved = true;
        let waiter = state.waiter.take();
        drop(state);
        if let Some(waiter) = waiter {
            waiter.nudge();
        }
    }

    fn stop(&self) {
        let mut state = self.lock();
        state.account.end();
        state.relieve();
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
            let mut state = self.lock();
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
        if self.lock().account.claims_to_be_empty() {
            crew.as_guest(|| self.help(true));
        }
        let watched = watches && crew.was_fast() && !nesting::is_in_a_call();
        if !watched {
            self.ramp();
            return false;
        }
        let mut state = self.lock();
        state.fast = true;
        let owed = state.account.ramp(self.limits());
        state.account.ramped(self.limits());
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

/// Where one worker goes on without the lock.
struct Lane<It, R> {
    /// [`OPEN`], [`OUT`], and how often the iterator has been claimed since the lane was opened; 0 while it is closed.
    word: AtomicUsize,
    /// The iterator, while the lane is open and it is not out.
    inputs: RawCell<Option<Box<It>>>,
    /// The results of the inputs before each claim, in the order of the inputs. Made when it is first needed.
    tray: OnceLock<Box<[RawCell<Option<R>>]>>,
}

const OPEN: usize = 1;
const OUT: usize = 2;
const CLAIM: usize = 4;

/// How many results the tray holds.
const TRAY: usize = if cfg!(any(pool_loom, pool_shuttle)) { 2 } else { 64 };

/// Large results are moved as seldom as can be, and one move costs more than the lock.
pub(crate) const fn fits_the_tray<R>() -> bool {
    size_of::<R>() <= 1024
}

// SAFETY: The cells hold values that may go to another thread, and `Lane` says which thread may touch which cell.
unsafe impl<It: Send, R: Send> Sync for Lane<It, R> {}

impl<It, R> Lane<It, R> {
    fn new() -> Self {
        Self { word: AtomicUsize::new(0), inputs: RawCell::new(None), tray: OnceLock::new() }
    }

    /// Opens the lane, which is free, under the lock.
    fn open(&self, account: &Account<It>, limits: Limits<'_>) -> Pass<'_, It, R>
    where
        It: Iterator,
    {
        let tray = self.tray.get_or_init(|| (0..TRAY).map(|_| RawCell::new(None)).collect());
        self.word.store(OPEN | OUT, Ordering::Relaxed);
        Pass {
            lane: self,
            tray,
            first: account.taken(),
            claims: 0,
            most: account.room(limits).min(TRAY),
            hints: account.hints(),
            cap: limits.cap,
        }
    }

    /// Closes the lane under the lock, and files the results, the first of which is that of input `first`. Says how many claims there were,
    /// and gives the iterator unless it is out.
    fn close(&self, first: usize, results: &mut Outbox<R>) -> (usize, Option<Box<It>>) {
        // Acquire: the results and the iterator that the owner has left here.
        let word = match sync::seeded("lane-closed-by-a-look") {
            false => self.word.swap(0, Ordering::Acquire),
            true => self.word.load(Ordering::Acquire),
        };
        let claims = word / CLAIM;
        let tray = self.tray.get().map_or(&[][..], |tray| &tray[..claims]);
        // SAFETY: The owner wrote these places before its claims, which the swap has seen, and touches them no more.
        let take = |cell: &RawCell<Option<R>>| cell.with_mut(|result| unsafe { (*result).take() });
        results.put_all(first, tray.iter().map(|cell| take(cell).expect(HERE)));
        if word & OUT != 0 {
            return (claims, None);
        }
        // SAFETY: The owner put the iterator back before the swap, and to touch the cell again it has to claim it, which fails from now on.
        (claims, self.inputs.with_mut(|inputs| unsafe { (*inputs).take() }))
    }
}

/// The right to go on in a lane; there is one at a time.
pub(crate) struct Pass<'a, It, R> {
    lane: &'a Lane<It, R>,
    tray: &'a [RawCell<Option<R>>],
    /// The index of the input that the owner was about to take when it opened the lane.
    first: usize,
    claims: usize,
    /// How many claims there may be.
    most: usize,
    /// The batch's own hints, which only a section changes.
    pub(crate) hints: usize,
    /// The cap, on which the room depends.
    pub(crate) cap: usize,
}

impl<It, R> Pass<'_, It, R> {
    /// The index of the input that has been taken last, or is about to be.
    #[inline]
    pub(crate) fn index(&self) -> usize {
        self.first + self.claims
    }

    /// Puts the iterator back. If the lane has been closed it comes back, and whoever waits for it is to hear of that.
    #[inline]
    pub(crate) fn put_back(&self, inputs: Box<It>) -> Result<(), Box<It>> {
        let cell = &self.lane.inputs;
        // SAFETY: The iterator is out, and as long as it is the cell is this thread's.
        cell.with_mut(|place| unsafe { *place = Some(inputs) });
        let here = (self.claims * CLAIM) | OPEN;
        match self.step(here | OUT, here) {
            true => Ok(()),
            // SAFETY: The lane was closed while the iterator was out, so nobody has looked into the cell.
            false => Err(cell.with_mut(|place| unsafe { (*place).take() }).expect(HERE)),
        }
    }

    /// Leaves a result in the tray and takes the iterator. The result comes back if the lane has been closed, or it is time for a section.
    #[inline]
    pub(crate) fn claim(&mut self, result: R) -> Result<Box<It>, R> {
        if self.claims == self.most {
            return Err(result);
        }
        let cell = &self.tray[self.claims];
        // SAFETY: Whoever closes the lane reads the places before this one only, until the claim that comes next.
        cell.with_mut(|place| unsafe { *place = Some(result) });
        let here = (self.claims * CLAIM) | OPEN;
        if !self.step(here, (here + CLAIM) | OUT) {
            // SAFETY: There was no claim, so nobody has looked at this place.
            return Err(cell.with_mut(|place| unsafe { (*place).take() }).expect(HERE));
        }
        self.claims += 1;
        // SAFETY: The iterator is out by this claim, and the cell this thread's. It put the iterator here itself, and the lane has not been
        // closed since, or the claim would have failed.
        Ok(self.lane.inputs.with_mut(|inputs| unsafe { (*inputs).take() }).expect(HERE))
    }

    /// Release: what the owner has left in the cells is seen by whoever closes the lane.
    #[inline]
    fn step(&self, from: usize, to: usize) -> bool {
        let relaxed = sync::seeded("lane-relaxed");
        let order = if relaxed { Ordering::Relaxed } else { Ordering::Release };
        self.lane.word.compare_exchange(from, to, order, Ordering::Relaxed).is_ok()
    }
}

/// What a cell is not when its owner takes back what he has left there.
const HERE: &str = "what its owner has left in the lane is there";
