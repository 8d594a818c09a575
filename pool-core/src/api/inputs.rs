//! [`IntoInputs`]: what `as_completed` takes as inputs.

use crate::batch::Inputs;
use crate::batch::feed;

/// The inputs of a batch: anything to iterate over whose iterator can be sent to a worker, or those of a
/// [`Feed`](crate::Feed).
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not give the inputs of a batch; inputs are something to iterate over, on any thread",
    label = "not a list of inputs, nor an iterator that is `Send`",
    note = "is it one value for all calls? mark the function's parameter `#[shared]`, and give the value before the \
            inputs",
    note = "does the iterator stay on its thread, though its items need not? collect it first: \
            `env::args().collect::<Vec<_>>()`; for the lines of the standard input write \
            `BufReader::new(stdin()).lines()`"
)]
pub trait IntoInputs {
    /// One input.
    type Item;
    /// Where the batch takes them from.
    type Inputs: Inputs<Item = Self::Item>;

    /// Turns this into what a batch takes its inputs from.
    fn into_inputs(self) -> Self::Inputs;
}

#[diagnostic::do_not_recommend]
impl<In: IntoIterator<IntoIter: Send>> IntoInputs for In {
    type Item = In::Item;
    type Inputs = In::IntoIter;

    #[inline]
    fn into_inputs(self) -> In::IntoIter {
        self.into_iter()
    }
}

#[diagnostic::do_not_recommend]
impl<I: Send> IntoInputs for feed::Inputs<I> {
    type Item = I;
    type Inputs = Self;

    fn into_inputs(self) -> Self {
        self
    }
}
