//! [`Function`]: what generated code tells of a function, and [`Returns`], how its result travels.

use crate::api::pool::Pool;
use crate::fleet::codec;
use crate::fleet::error::{FleetError, RemoteError};
use crate::fleet::frame::{self, Answer};
use crate::fleet::inputs::Parameters;
use crate::fleet::travels::Travels;
use std::any::type_name;
use std::convert::Infallible;
use std::time::Duration;

/// A function that can run in another process. `#[concurrent(fleet)]` implements it for the type beside the function.
pub trait Function: 'static {
    /// What callers and workers call it.
    const NAME: &'static str;
    /// Its parameters, without that of the state.
    type Parameters: Parameters;
    /// Its `#[worker]` parameter, or `()`.
    type State: Send + 'static;
    /// What it returns.
    type Output: Returns;

    /// The pool that its calls run on.
    fn pool() -> &'static Pool;

    /// How long a call may take, unless its batch says otherwise.
    fn timeout() -> Option<Duration> {
        None
    }

    /// Runs it, in the worker.
    fn call(
        state: &mut Self::State,
        inputs: <Self::Parameters as Parameters>::Owned,
    ) -> Self::Output;
}

/// The value of a function's result.
pub(crate) type Value<F> = <<F as Function>::Output as Returns>::Value;

/// The error of a function's result.
pub(crate) type Failure<F> = <<F as Function>::Output as Returns>::Error;

/// What a function returns: a `Result`, or [`Plain`].
pub trait Returns: Sized {
    /// What `Ok` holds.
    type Value: Send + 'static;
    /// What `Err` holds.
    type Error: Send + 'static;

    /// Takes the result apart.
    fn into_result(self) -> Result<Self::Value, Self::Error>;

    /// Writes a value, or says why that cannot be done.
    fn encode_value(value: &Self::Value, bytes: &mut Vec<u8>) -> Result<(), String>;

    /// Writes an error, or says why that cannot be done.
    fn encode_error(error: &Self::Error, bytes: &mut Vec<u8>) -> Result<(), String>;

    /// Reads a value.
    fn decode_value(bytes: &mut &[u8]) -> Result<Self::Value, String>;

    /// Reads an error.
    fn decode_error(bytes: &mut &[u8]) -> Result<Self::Error, String>;
}

impl<T, E> Returns for Result<T, E>
where
    T: Travels + Send + 'static,
    E: Travels + Send + 'static,
{
    type Value = T;
    type Error = E;

    fn into_result(self) -> Self {
        self
    }

    fn encode_value(value: &T, bytes: &mut Vec<u8>) -> Result<(), String> {
        value.encode(bytes)
    }

    fn encode_error(error: &E, bytes: &mut Vec<u8>) -> Result<(), String> {
        error.encode(bytes)
    }

    fn decode_value(bytes: &mut &[u8]) -> Result<T, String> {
        T::decode(bytes).map(T::whole)
    }

    fn decode_error(bytes: &mut &[u8]) -> Result<E, String> {
        E::decode(bytes).map(E::whole)
    }
}

/// What a function returns that cannot fail.
pub struct Plain<T>(pub T);

impl<T: Travels + Send + 'static> Returns for Plain<T> {
    type Value = T;
    type Error = Infallible;

    fn into_result(self) -> Result<T, Infallible> {
        Ok(self.0)
    }

    fn encode_value(value: &T, bytes: &mut Vec<u8>) -> Result<(), String> {
        value.encode(bytes)
    }

    fn encode_error(error: &Infallible, _: &mut Vec<u8>) -> Result<(), String> {
        match *error {}
    }

    fn decode_value(bytes: &mut &[u8]) -> Result<T, String> {
        T::decode(bytes).map(T::whole)
    }

    fn decode_error(_: &mut &[u8]) -> Result<Infallible, String> {
        Err("an error of a function that has none".into())
    }
}

/// At the worker: what a function returned becomes an answer.
pub(super) fn answer<R: Returns>(result: Result<R::Value, R::Error>) -> Answer {
    let mut bytes = Vec::new();
    let written = match &result {
        Ok(value) => R::encode_value(value, &mut bytes),
        Err(error) => R::encode_error(error, &mut bytes),
    };
    match (written, result) {
        (Err(why), _) => Answer::Unencodable(why),
        (Ok(()), _) if bytes.len() > frame::LIMIT => Answer::Unencodable(TOO_LONG.into()),
        (Ok(()), Ok(_)) => Answer::Value(bytes),
        (Ok(()), Err(_)) => Answer::Failed(bytes),
    }
}

/// At the caller: an answer becomes what the function returned.
///
/// # Panics
///
/// Goes on with a panic of the function, as its message.
pub(super) fn result<F: Function>(answer: Answer) -> Result<Value<F>, RemoteError<Failure<F>>> {
    let lost = |error| Err(RemoteError::Lost(error));
    match answer {
        Answer::Value(bytes) => read(&bytes, F::Output::decode_value).map_err(RemoteError::Lost),
        Answer::Failed(bytes) => match read(&bytes, F::Output::decode_error) {
            Ok(error) => Err(RemoteError::Failed(error)),
            Err(error) => lost(error),
        },
        // The hook has told of it at the worker.
        Answer::Panicked(message) => std::panic::resume_unwind(Box::new(message)),
        Answer::Cancelled => lost(FleetError::Cancelled),
        #[cfg(feature = "redis")]
        Answer::Dead => lost(FleetError::Dead),
        Answer::NotServed => lost(FleetError::NotServed(F::NAME.to_owned())),
        Answer::Undecodable(what) => {
            let given = F::Parameters::type_names();
            lost(FleetError::Decoding(format!("{what}, the caller gives {given}")))
        }
        Answer::Unencodable(what) => lost(FleetError::Encoding(what)),
    }
}

/// Why a value beyond [`frame::LIMIT`] does not travel.
pub(super) const TOO_LONG: &str = "it takes more than 4 GiB";

fn read<T>(
    mut bytes: &[u8],
    decode: impl FnOnce(&mut &[u8]) -> Result<T, String>,
) -> Result<T, FleetError> {
    let value = decode(&mut bytes).and_then(|value| codec::end(bytes).map(|()| value));
    value.map_err(|what| {
        FleetError::Decoding(format!(
            "{what}; the caller expects {} as the result",
            type_name::<T>()
        ))
    })
}
