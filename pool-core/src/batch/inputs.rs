//! [`Inputs`]: where a batch takes its inputs from. Most are iterators.

use crate::threads::crew::Hint;

/// Where a batch takes its inputs from: an iterator, or a [`Feed`](crate::Feed), which may be dry for a while.
///
/// Public only as a bound; no path outside of this crate leads here.
pub trait Inputs: Send {
    /// One input.
    type Item;

    /// Whether they are pushed while the batch runs. If not, they are never dry. If so, [`next`](Self::next) never
    /// blocks.
    const GROW: bool = false;

    /// Takes the next input. `None` is the end. An iterator's is code of the user.
    fn next(&mut self) -> Option<Self::Item>;

    /// As [`Iterator::size_hint`].
    fn size_hint(&self) -> (usize, Option<usize>);

    /// The batch has started, and is told by the hint of inputs that come later.
    fn connect(&self, _hint: impl FnOnce() -> Listener) {}

    /// Whether there is nothing to take now, and no end. Asked under the batch's lock, so it runs no code of the user.
    fn is_dry(&self) -> bool {
        false
    }
}

/// A batch that can be told of inputs. Opaque, since [`Inputs`] is public.
#[derive(Clone)]
pub struct Listener(pub(super) Hint);

impl<It: Iterator + Send> Inputs for It {
    type Item = It::Item;

    #[inline]
    fn next(&mut self) -> Option<It::Item> {
        Iterator::next(self)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        Iterator::size_hint(self)
    }
}
