//! What generated code uses of fleets.

pub use crate::fleet::function::{Function, Plain, Returns};
pub use crate::fleet::inputs::{Lent, Moved, Parameters};
pub use crate::fleet::{Fleet, On, Service, Travels};

use super::send::Outcome;
use super::state::Init;
use crate::fleet::function::Failure;

/// The service of a function without a state.
pub fn service<F: Function<State = ()>>() -> Service {
    Service::new::<F>(|| Ok(()))
}

/// The service of a function with a state. `M` is what the closure makes.
pub fn service_init<F, M>(init: impl Init<M> + Send + Sync + 'static) -> Service
where
    F: Function,
    M: Outcome<F::State, Failure<F>>,
{
    Service::new::<F>(move || init().into_result())
}
