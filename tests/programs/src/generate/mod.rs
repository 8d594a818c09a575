//! From a seed to a program. What is made here is well-formed: no call waits through a channel for what needs its
//! place, none takes a lock that a call holds which waits for it, and nothing unending is collected.

mod batch;
mod rest;

use crate::dice::Dice;
use crate::plan::{Act, Call, End, Habit, Place, PoolPlan, Program, Tasks, Threads, Wait};
use std::sync::Arc;
use std::time::Duration;

pub(crate) fn program(seed: u64) -> Program {
    let mut dice = Dice::new(seed);
    let leaks = dice.percent(10);
    let noise = dice.maybe(12, |dice| dice.one_of(&[2, 5, 20, 100]));
    let pools = (0..dice.within(1..=3)).map(|_| pool(&mut dice, leaks)).collect::<Vec<_>>();
    let mut maker = Maker { dice, pools, leaks, noise: noise.is_some(), mortal: true };
    let threads = maker.dice.one_of(&[1, 1, 2, 2, 3]);
    let room = maker.dice.one_of(&[20, 60, 120, 250]) / threads;
    let roots = (0..threads).map(|_| maker.acts(At::ROOT, room, 0)).collect();
    Program { pools: maker.pools, roots, noise, leaks }
}

/// What a client of the soak does next with pools that outlive it.
pub(crate) fn acts(dice: &mut Dice, pools: &[PoolPlan]) -> Vec<Act> {
    let dice = Dice::new(dice.throw());
    let mut maker =
        Maker { dice, pools: pools.to_vec(), leaks: false, noise: false, mortal: false };
    maker.acts(At::ROOT, 80, 0)
}

pub(crate) fn pool(dice: &mut Dice, leaks: bool) -> PoolPlan {
    let cap = dice.one_of(&[1, 1, 1, 2, 2, 4, 16]);
    // A leaked batch keeps its pool: its threads end only for want of work.
    let long = if leaks { 20 } else { 10_000 };
    PoolPlan {
        cap,
        highest: cap,
        keep_alive: Duration::from_millis(dice.one_of(&[0, 1, 10, long, long, long]) as u64),
        threads: dice.one_of(
            &[&[Threads::All; 10][..], &[Threads::Some, Threads::Fragile, Threads::None]].concat(),
        ),
        habit: dice.one_of(&[Habit::Locks, Habit::Crawls, Habit::Plain]),
    }
}

/// Who acts, and what he may do.
#[derive(Clone, Copy)]
struct At {
    /// The pool whose call acts: its number, if it is shared, and its habit.
    call: Option<(Option<usize>, Habit)>,
    freedom: Freedom,
}

impl At {
    const ROOT: Self = Self { call: None, freedom: Freedom::All };
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Freedom {
    All,
    /// Waits for its own pool only, and takes no lock.
    Own,
    /// Waits for nothing.
    Leaf,
}

struct Maker {
    dice: Dice,
    pools: Vec<PoolPlan>,
    leaks: bool,
    noise: bool,
    /// Pools may be dropped while others use them.
    mortal: bool,
}

impl Maker {
    /// Some acts that make at most about `room` calls.
    fn acts(&mut self, at: At, room: usize, depth: usize) -> Vec<Act> {
        let number = if at.call.is_none() {
            self.dice.within(1..=4)
        } else {
            self.dice.one_of(&[0, 1, 1, 1, 2, 3])
        };
        (0..number).map(|_| self.act(at, room / number, depth)).collect()
    }

    fn act(&mut self, at: At, room: usize, depth: usize) -> Act {
        let (root, free) = (at.call.is_none(), at.freedom == Freedom::All);
        let nests = at.freedom != Freedom::Leaf && room >= 2 && depth < 5;
        if nests && self.dice.percent(if root { 80 } else { 60 }) {
            return match self.dice.percent(75) {
                true => Act::Batch(Arc::new(self.batch(at, room, depth))),
                false => Act::Tasks(Arc::new(self.tasks(at, room, depth))),
            };
        }
        if self.dice.percent(15) {
            if let Some(act) = self.rest(at) {
                return act;
            }
        }
        if let (Some((_, Habit::Locks)), true) = (at.call, free) {
            if nests && self.dice.percent(50) {
                let own = At { freedom: Freedom::Own, ..at };
                return Act::Hold(
                    (0..self.dice.within(1..=2)).map(|_| self.act(own, room, depth + 1)).collect(),
                );
            }
            if self.dice.percent(40) {
                return Act::Lock;
            }
        }
        let pool = self.dice.below(self.pools.len());
        let micros = self.dice.one_of(&[1, 20, 100, 100, 500, 500, 2_000, 5_000]);
        match self.dice.below(14) {
            0 if free && self.pools[pool].habit != Habit::Crawls => {
                let cap = self.dice.one_of(&[1, 2, 3, 4, 16]);
                self.pools[pool].highest = self.pools[pool].highest.max(cap);
                Act::SetCap(pool, cap)
            }
            1 if root && self.mortal => Act::DropPool(pool),
            2 if free => Act::WaitIdle(pool, Duration::from_micros(micros as u64)),
            3..=4 => Act::Look(pool),
            5..=7 => Act::Sleep(Duration::from_micros(micros as u64)),
            8 => Act::Rest(Duration::from_micros(micros as u64)),
            9 => Act::Yield,
            _ => Act::Spin(self.dice.one_of(&[0, 0, 100, 10_000])),
        }
    }

    /// A place for what `at` starts, and what the calls there are to others.
    fn place(&mut self, at: At) -> (Place, PoolPlan, At) {
        let own = at.call.is_some() && (at.freedom == Freedom::Own || self.dice.percent(40));
        if let (true, Some((number, habit))) = (own, at.call) {
            // Of a pool that is made on the spot nothing else is known here.
            let unknown = PoolPlan {
                cap: 1,
                highest: 1,
                keep_alive: Duration::ZERO,
                threads: Threads::Some,
                habit,
            };
            let pool = number.map_or(unknown, |number| self.pools[number].clone());
            return (Place::Own, pool, at);
        }
        if self.dice.percent(6) {
            let pool = pool(&mut self.dice, self.leaks);
            let at = At { call: Some((None, pool.habit)), freedom: Freedom::All };
            return (
                Place::New { pool: pool.clone(), dropped_early: self.dice.percent(50) },
                pool,
                at,
            );
        }
        let number = self.dice.below(self.pools.len());
        let pool = self.pools[number].clone();
        let at = At { call: Some((Some(number), pool.habit)), freedom: Freedom::All };
        (Place::Shared(number), pool, at)
    }

    fn call(&mut self, at: At, room: usize, depth: usize) -> Call {
        let mut acts = self.acts(at, room, depth);
        for act in &mut acts {
            if let Act::Batch(batch) = act {
                let raises = self.dice.percent(20);
                Arc::get_mut(batch).expect("it has just been made").raises = raises;
            }
        }
        Call {
            acts,
            end: self.dice.one_of(&[&[End::Returns; 12][..], &[End::Fails, End::Panics]].concat()),
        }
    }

    /// Acts beside a batch.
    fn few(&mut self, at: At, room: usize, depth: usize) -> Vec<Act> {
        (0..self.dice.within(1..=2)).map(|_| self.act(at, room, depth + 1)).collect()
    }

    fn tasks(&mut self, at: At, room: usize, depth: usize) -> Tasks {
        let (place, pool, mut inside) = self.place(at);
        if at.freedom == Freedom::Own {
            inside.freedom = Freedom::Leaf;
        }
        let count = self.dice.within(1..=room.min(6));
        let waits = self.waits();
        Tasks {
            count,
            call: self.call(inside, room / count, depth + 1),
            ahead: if at.freedom == Freedom::All && self.dice.percent(30) {
                self.few(at, room / 4, depth)
            } else {
                Vec::new()
            },
            wait: match self.dice.below(16) {
                // Where no thread comes, a task that nobody waits for is never run.
                0..=1 if pool.threads == Threads::All => Wait::Drop,
                2 => Wait::CancelOrJoin,
                3..=4 => Wait::Timeouts(waits),
                5 => Wait::Asks,
                6 if at.call.is_none() => Wait::Future,
                12 => Wait::Stops,
                13 => Wait::Guard(waits[0]),
                14 | 15 if at.call.is_none() => Wait::DropFuture(waits[0]),
                7 if at.call.is_none() => Wait::GuardFuture,
                _ => Wait::Join,
            },
            place,
        }
    }
}
