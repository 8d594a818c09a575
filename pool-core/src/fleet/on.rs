//! [`On`]: a function whose calls run on a fleet's workers.

use crate::api::as_completed::AsCompleted;
use crate::api::inputs::IntoInputs;
use crate::api::map::Map;
use crate::fleet::engine::Engine;
use crate::fleet::error::{FleetError, RemoteError};
use crate::fleet::frame;
use crate::fleet::function::{self, Failure, Function, TOO_LONG, Value};
use crate::fleet::handle::Fleet;
use crate::fleet::inputs::Input;
use crate::fleet::processes::Processes;
#[cfg(feature = "redis")]
use crate::fleet::redis::{caller::WINDOW, carrier::Remote};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// A function whose calls run on the workers of a fleet.
///
/// Made by `on` beside a function with `#[concurrent(fleet)]`. It is kept and used as often as needed; its batches keep
/// what they need of the fleet.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use pool_core::{Fleet, FleetError, concurrent};
///
/// #[concurrent(fleet)]
/// fn length(prefix: &str, word: &str) -> usize { prefix.len() + word.len() }
///
/// fn main() -> Result<(), FleetError> {
///     Fleet::from_env()?.serve([length::service()]).run()?;
///
///     let fleet = Fleet::processes(2)?;
///     let remote = length::on(&fleet);
///     let lengths = remote.map([("a", "word"), ("", "two")]).try_collect::<Vec<_>>();
///     assert_eq!(lengths, Ok(vec![5, 3]));
///     Ok(())
/// }
/// # main().unwrap();
/// # }
/// ```
pub struct On<F> {
    engine: Engine,
    function: PhantomData<fn() -> F>,
}

impl<F> On<F> {
    /// The function on a fleet. Generated code calls this.
    #[doc(hidden)]
    pub fn new(fleet: &Fleet) -> Self {
        Self { engine: fleet.0.clone(), function: PhantomData }
    }
}

impl<F: Function> On<F> {
    /// Runs the function for each of the inputs on the fleet's workers, and gives the results in their order.
    ///
    /// One input is what `map` beside the function takes: what lends a `&T` or is a `T`, and a tuple where there are
    /// several. It may borrow. The batch starts, waits and ends like any other [`Map`]; `try_collect` ends at the first
    /// error.
    ///
    /// # Examples
    ///
    /// As for [`On`].
    pub fn map<'env, In>(&self, inputs: In) -> Map<'env, Result<Value<F>, RemoteError<Failure<F>>>>
    where
        In: IntoIterator<Item: Input<F::Parameters>>,
        In::IntoIter: Send + 'env,
    {
        let batch = match &self.engine {
            Engine::Processes(processes) => {
                let workers = Arc::clone(processes);
                processes.pool.map(inputs, move |input| run::<F>(&workers, &input))
            }
            #[cfg(feature = "redis")]
            Engine::Redis(caller) => {
                let remote = Remote::<F>::new(Arc::clone(caller));
                Map::sent(caller.pool.crew(), inputs.into_iter(), remote).buffer(WINDOW)
            }
        };
        match F::timeout() {
            Some(limit) => batch.timeout(limit),
            None => batch,
        }
    }

    /// Runs the function for each of the inputs on the fleet's workers, and gives the outcomes as they finish.
    ///
    /// The inputs are handed back. They need not be `Clone`, since only what they hold travels.
    /// [`elapsed`](crate::Completion::elapsed) is how long the call ran at its worker, in a fleet over Redis. In a
    /// fleet of processes it is that with the way there and back, and with the start of a process where one was needed.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// use pool_core::{CallError, Fleet, FleetError, RemoteError, concurrent};
    ///
    /// #[concurrent(fleet)]
    /// fn root(of: f64) -> Result<f64, String> {
    ///     match of {
    ///         0.0.. => Ok(of.sqrt()),
    ///         -1.0 => std::process::abort(),
    ///         _ => Err(format!("{of} has no root")),
    ///     }
    /// }
    ///
    /// fn main() -> Result<(), FleetError> {
    ///     Fleet::from_env()?.serve([root::service()]).run()?;
    ///
    ///     let fleet = Fleet::processes(2)?;
    ///     root::on(&fleet).as_completed([4.0, -1.0, -4.0]).for_each(|done| match (done.input, done.result) {
    ///         (4.0, Ok(root)) => assert_eq!(root, 2.0),
    ///         (-4.0, Err(CallError::Failed(RemoteError::Failed(why)))) => assert_eq!(why, "-4 has no root"),
    ///         // What would have ended this program has ended a worker.
    ///         (-1.0, Err(CallError::Failed(RemoteError::Lost(FleetError::Crashed(_))))) => {}
    ///         other => panic!("{other:?}"),
    ///     });
    ///     Ok(())
    /// }
    /// # main().unwrap();
    /// # }
    /// ```
    pub fn as_completed<'env, In>(
        &self,
        inputs: In,
    ) -> AsCompleted<'env, In::Item, Value<F>, RemoteError<Failure<F>>>
    where
        In: IntoInputs<Item: Input<F::Parameters> + Send + 'env, Inputs: 'env>,
    {
        let batch = match &self.engine {
            Engine::Processes(processes) => {
                let workers = Arc::clone(processes);
                let call = move |input: &In::Item| run::<F>(&workers, input);
                processes.pool.as_completed(inputs, call)
            }
            #[cfg(feature = "redis")]
            Engine::Redis(caller) => {
                let remote = Remote::<F>::new(Arc::clone(caller));
                AsCompleted::sent(caller.pool.crew(), inputs.into_inputs(), remote).buffer(WINDOW)
            }
        };
        match F::timeout() {
            Some(limit) => batch.timeout(limit),
            None => batch,
        }
    }
}

/// The way of one input: written, run in another process, and its answer read.
fn run<F: Function>(
    processes: &Processes,
    input: &impl Input<F::Parameters>,
) -> Result<Value<F>, RemoteError<Failure<F>>> {
    let inputs = input.encode().map_err(FleetError::Encoding)?;
    if inputs.len() > frame::LIMIT {
        return Err(FleetError::Encoding(TOO_LONG.into()).into());
    }
    function::result::<F>(processes.call(F::NAME, &inputs)?)
}

impl<F> Clone for On<F> {
    fn clone(&self) -> Self {
        Self { engine: self.engine.clone(), function: PhantomData }
    }
}

impl<F: Function> fmt::Debug for On<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("On").field("function", &F::NAME).finish_non_exhaustive()
    }
}
