//! [`Remote`]: the calls of one batch, as they go to the server and come back.

use super::caller::Caller;
use super::table::{Answers, Back, Open};
use crate::api::sent::{Carrier, Depart, Listening, Outcome, catch, current_call};
use crate::deadline;
use crate::fleet::error::{FleetError, RemoteError};
use crate::fleet::function::{self, Failure, Function, Value};
use crate::fleet::inputs::Input;
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// How many bytes the inputs of a call may have.
const LIMIT: usize = 1 << 20;

pub(crate) struct Remote<F> {
    caller: Arc<Caller>,
    answers: Arc<Answers>,
    /// Tells the writer when the batch is cancelled.
    listening: OnceLock<Arc<Listening>>,
    function: PhantomData<fn() -> F>,
}

impl<F> Remote<F> {
    pub(crate) fn new(caller: Arc<Caller>) -> Self {
        let (answers, listening) = (Arc::default(), OnceLock::new());
        Self { caller, answers, listening, function: PhantomData }
    }
}

/// What a call gives its caller.
type Received<F> = Result<Value<F>, RemoteError<Failure<F>>>;

impl<F, I> Carrier<I, Received<F>> for Remote<F>
where
    F: Function,
    I: Input<F::Parameters>,
{
    fn send(&self, index: usize, input: &I) -> Option<Depart> {
        let inputs = match input.encode() {
            Ok(inputs) if inputs.len() <= LIMIT => inputs,
            encoded => {
                let why = encoded.err().unwrap_or_else(|| "it takes more than 1 MiB".into());
                self.answers.put(index, Err(FleetError::Encoding(why)));
                return None;
            }
        };
        let shared = self.caller.shared();
        let listening = self.listening.get_or_init(|| {
            let call = current_call().expect("calls are sent inside their batch");
            let writer = Arc::downgrade(&shared);
            Arc::new(call.listen(move || writer.upgrade().iter().for_each(|writer| writer.ring())))
        });
        let (listening, answers) = (Arc::clone(listening), Arc::clone(&self.answers));
        let deadline = deadline();
        Some(Box::new(move |batch| {
            let back = Back { batch, index, answers };
            shared.send(Open {
                function: F::NAME,
                inputs,
                deadline,
                batch: listening,
                entry: None,
                cancelled: false,
                back,
            });
        }))
    }

    fn receive(&self, index: usize) -> (Outcome<Received<F>>, Option<Duration>) {
        match self.answers.take(index) {
            Ok((answer, elapsed)) => (catch(|| function::result::<F>(answer)), Some(elapsed)),
            Err(error) => (Ok(Err(error.into())), None),
        }
    }
}
