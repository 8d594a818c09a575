//! The reorder buffer: holds results until they leave the batch, in the order of the inputs or of completion.

use crate::base::sync::seeded;
use std::collections::VecDeque;

pub(super) struct Outbox<T> {
    /// The results come in the order of the inputs, and not as the calls end.
    in_order: bool,
    /// The index of the input whose result is in the first place, if the order is that of the inputs.
    first: usize,
    /// A result for each place; `None` while its call runs.
    places: VecDeque<Option<T>>,
    /// The places whose calls run.
    missing: usize,
}

impl<T> Outbox<T> {
    pub(super) fn new() -> Self {
        Self { in_order: false, first: 0, places: VecDeque::new(), missing: 0 }
    }

    /// Sets the order, before the first result.
    pub(super) fn keep_order(&mut self, in_order: bool) {
        self.in_order = in_order;
    }

    #[inline]
    pub(super) fn put(&mut self, index: usize, result: T) {
        seeded!("result-overwritten" => if self.in_order {
            self.places.clear();
            self.places.push_back(Some(result));
            return
        });
        let place = if self.in_order { index - self.first } else { self.places.len() };
        if self.places.len() == place {
            return self.places.push_back(Some(result));
        }
        self.put_out_of_order(place, result);
    }

    #[cold]
    #[inline(never)]
    fn put_out_of_order(&mut self, place: usize, result: T) {
        if let Some(gap) = (place + 1).checked_sub(self.places.len()) {
            self.places.resize_with(place + 1, || None);
            self.missing += gap;
        }
        self.places[place] = Some(result);
        self.missing -= 1;
    }

    /// The result that was put last, which is that of the input at `index`.
    pub(super) fn get(&self, index: usize) -> Option<&T> {
        let place = if self.in_order { index - self.first } else { self.places.len() - 1 };
        self.places.get(place)?.as_ref()
    }

    /// Whether the next result in order is there.
    pub(super) fn ready(&self) -> bool {
        matches!(self.places.front(), Some(Some(_)))
    }

    /// Moves what is ready to `lot`, which is empty.
    pub(super) fn take_into(&mut self, lot: &mut VecDeque<Option<T>>) {
        if self.missing == 0 {
            self.first += self.places.len();
            return std::mem::swap(&mut self.places, lot);
        }
        while self.ready() {
            lot.push_back(self.places.pop_front().flatten());
            self.first += 1;
        }
    }

    /// Takes all that is there, ready or not, so that it can be dropped.
    pub(super) fn clear(&mut self) -> VecDeque<Option<T>> {
        self.missing = 0;
        std::mem::take(&mut self.places)
    }
}
