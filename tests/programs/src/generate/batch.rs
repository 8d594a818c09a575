//! Makes one batch.

use super::{At, Freedom, Maker};
use crate::dice::Dice;
use crate::plan::{
    Act, Batch, Consume, Habit, Hands, Hint, Inputs, Leave, Mood, Place, Pushes, States, Stop,
};
use std::sync::Arc;
use std::time::Duration;

impl Maker {
    pub(super) fn batch(&mut self, at: At, room: usize, depth: usize) -> Batch {
        let root = at.call.is_none();
        let (place, pool, mut inside) = self.place(at);
        let consume = self.consume(root);
        let gathers = consume.gathers();
        // A worker inside the channel keeps its place until this loop has pushed, for which a call needs a place of its
        // own pool.
        let may_crawl = match pool.habit {
            Habit::Locks => false,
            Habit::Crawls => root || at.freedom == Freedom::All && matches!(place, Place::Own),
            Habit::Plain => root,
        };
        let crawls = may_crawl && !gathers && self.dice.percent(40);
        let feeds = !crawls && self.dice.percent(15);
        let leaks = self.leaks && !consume.lends() && self.dice.percent(30);
        let mut leave = match self.dice.below(10) {
            _ if gathers => Leave::AtEnd,
            _ if leaks => Leave::Forgets(self.dice.below(6)),
            0..=1 => Leave::After(self.dice.below(8)),
            2 if !crawls => Leave::Panics(self.dice.within(1..=8)),
            _ => Leave::AtEnd,
        };
        let mut stop = self.dice.maybe(if crawls { 0 } else { 15 }, |dice| match dice.below(8) {
            0 => Stop::Before,
            1..=2 => Stop::Call(dice.below(8)),
            3..=5 => Stop::Consumer(dice.below(8)),
            _ => Stop::Thread(Duration::from_micros(dice.below(2_000) as u64)),
        });
        if gathers {
            stop = stop.filter(|stop| !matches!(stop, Stop::Consumer(_)));
        }
        let endless = !crawls && !feeds && !gathers && self.dice.percent(6);
        if endless && !matches!(leave, Leave::After(_)) {
            leave = Leave::After(self.dice.within(1..=20));
        }
        let most = room.min(self.dice.one_of(&[2, 4, 10, 40]));
        let count = if self.dice.percent(5) { 0 } else { self.dice.within(1..=most) };
        inside.freedom = match at.freedom {
            _ if crawls || endless => Freedom::Leaf,
            Freedom::All => inside.freedom,
            _ if self.dice.percent(30) => Freedom::Own,
            _ => Freedom::Leaf,
        };
        let each = room / count.max(1);
        let mut calls: Vec<_> =
            (0..self.dice.within(1..=4)).map(|_| self.call(inside, each, depth + 1)).collect();
        if matches!(stop, Some(Stop::Thread(_))) && self.dice.percent(50) {
            // Only the stop ends that.
            calls[0].acts.push(Act::Rest(Duration::from_secs(3_600)));
        }
        let aside = (at.freedom == Freedom::All && !crawls).then_some(At { ..at });
        let ahead = self
            .dice
            .percent(30)
            .then(|| aside.map_or(Vec::new(), |at| self.few(at, room / 4, depth)));
        let hands = match self.dice.below(20) {
            0 if root && !crawls => Hands::Thread,
            // A call that blocks on a stream keeps its permit.
            1..=2 if root && !crawls && !matches!(consume, Consume::Stream(_)) => {
                Hands::Call(self.dice.below(self.pools.len()))
            }
            _ => Hands::Maker,
        };
        let aside = aside.filter(|_| hands == Hands::Maker);
        let between = match aside {
            Some(at) if !gathers && self.dice.percent(20) => {
                Some((self.dice.within(1..=5), self.few(at, each / 2, depth + 1)))
            }
            _ => None,
        };
        let ordered = self.dice.percent(50) && !feeds;
        let in_order = self.dice.percent(15);
        let lends = ahead.is_none() && hands == Hands::Maker && consume.lends();
        // A call that waits for such a batch waits for its place in the line.
        let may_abandon = (root || !crawls) && at.freedom == Freedom::All && !lends && !ordered;
        let streams = matches!(consume, Consume::Stream(_));
        let abandon_after = self
            .limit(if may_abandon { 30 } else { 0 })
            // The clock of a stream may live that long.
            .filter(|limit| !streams || *limit < Duration::from_secs(1));
        let hint = self.dice.one_of(
            &[
                &[Hint::Exact; 6][..],
                &[Hint::Unknown, Hint::Zero, Hint::Low, Hint::High, Hint::Huge],
            ]
            .concat(),
        );
        // A consumer that goes on without calls may ask the inputs for their end: that must not wait for the consumer.
        let hint = if crawls && abandon_after.is_some() { Hint::Exact } else { hint };
        let timeout = self.limit(15);
        let soonest = timeout.into_iter().chain(abandon_after).min();
        if soonest.is_some_and(|limit| limit < Duration::from_secs(1)) && self.dice.percent(30) {
            let rest = self.endless_rest(inside);
            calls[0].acts.push(rest);
        }
        Batch {
            place,
            timeout,
            abandon_after,
            watched: self.dice.percent(30),
            made_by: self.dice.maybe(10, |dice| dice.below(3)),
            ordered,
            max_workers: self.dice.maybe(20, |dice| dice.within(1..=5)),
            buffer: self.dice.maybe(30, |dice| dice.one_of(&[1, 1, 2, 3, 8])),
            ahead,
            inputs: Inputs {
                count: (!endless).then_some(count),
                hint,
                mood: match crawls {
                    true => Mood::Crawl(self.dice.within(1..=3) as u32),
                    false if feeds => self.feed(gathers, in_order || abandon_after.is_some(), room),
                    false => self.mood(at, inside, each, depth),
                },
            },
            calls,
            hands,
            states: self
                .dice
                .maybe(15, |dice| States { faults: dice.maybe(30, |dice| dice.within(2..=5)) }),
            in_order,
            // The standard library leaks the failure if a value that it drops for that panics.
            bombs: self
                .dice
                .maybe(10, |dice| dice.within(1..=4))
                .filter(|_| !matches!(consume, Consume::TryCollect)),
            consume,
            leave,
            between,
            stop,
            raises: false,
            noisy: self.noise && self.dice.percent(60),
        }
    }

    fn consume(&mut self, root: bool) -> Consume {
        match self.dice.below(20) {
            0 => Consume::Unused,
            1..=3 => Consume::Collect,
            4..=5 => Consume::CollectUntilFailure,
            6 => Consume::CollectAndLeak,
            7 => Consume::ForEach,
            8 => Consume::TryForEach,
            9 => Consume::TryCollect,
            10..=11 => Consume::Scope,
            12 => Consume::ScopeTimeouts(self.waits()),
            13..=14 => Consume::Timeouts(self.waits()),
            15..=16 if root => Consume::Stream(self.dice.within(1..=4)),
            _ => Consume::Loop,
        }
    }

    pub(super) fn waits(&mut self) -> Vec<Duration> {
        let one = |dice: &mut Dice| {
            dice.one_of(&[
                Duration::ZERO,
                Duration::from_micros(10),
                Duration::from_micros(200),
                Duration::from_millis(50),
            ])
        };
        (0..self.dice.within(1..=3)).map(|_| one(&mut self.dice)).collect()
    }

    fn feed(&mut self, gathers: bool, numbered: bool, room: usize) -> Mood {
        let most = match room {
            0..5 => 1,
            5..16 => 2,
            _ => 3,
        };
        Mood::Feed {
            weight: self.dice.within(0..=most) as u32,
            // Who gathers pushes only when it is too late.
            pushes: match gathers {
                true => Pushes::Call,
                false => self.dice.one_of(&[Pushes::Call, Pushes::Consumer, Pushes::Both]),
            },
            numbered: numbered || self.dice.percent(50),
            beside: self.dice.maybe(20, |dice| {
                let micros = dice.one_of(&[0, 20, 200, 1_000]);
                (dice.within(1..=4), Duration::from_micros(micros as u64))
            }),
        }
    }

    fn mood(&mut self, at: At, inside: At, room: usize, depth: usize) -> Mood {
        match self.dice.below(20) {
            0..=1 => Mood::Slow(
                self.dice.within(1..=4),
                Duration::from_micros(self.dice.one_of(&[10, 200, 2_000])),
            ),
            2 => Mood::PanicsAt(self.dice.below(10)),
            3 if at.freedom == Freedom::All && inside.freedom == Freedom::All && room >= 2 => {
                let every = self.dice.within(1..=4);
                let mut batch = self.batch(At { freedom: Freedom::All, ..inside }, 2, depth + 4);
                batch.calls.truncate(1);
                batch.calls[0].acts.clear();
                (batch.ahead, batch.between, batch.abandon_after) = (None, None, None);
                Mood::Nested(every, Arc::new(batch))
            }
            _ => Mood::Plain,
        }
    }
}
