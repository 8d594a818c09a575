//! How the inputs of a call travel: one value for each parameter, one after the other.

use crate::api::lend::Lend;
use crate::fleet::codec;
use crate::fleet::travels::Travels;
use std::any::type_name;
use std::marker::PhantomData;

/// A parameter `&T`, lent from what the caller gives and, at the worker, from what arrives.
pub struct Lent<T: ?Sized>(PhantomData<fn() -> Box<T>>);

/// A parameter `T`.
pub struct Moved<T>(PhantomData<fn() -> T>);

/// One parameter of a function: [`Lent`] or [`Moved`].
pub trait Parameter {
    /// What arrives at the worker.
    type Owned;

    /// Takes the value off the front of `bytes`.
    fn decode(bytes: &mut &[u8]) -> Result<Self::Owned, String>;

    /// Its type, for a message.
    fn type_name() -> String;
}

impl<T: Travels + ?Sized> Parameter for Lent<T> {
    type Owned = T::Owned;

    fn type_name() -> String {
        format!("&{}", type_name::<T>())
    }

    fn decode(bytes: &mut &[u8]) -> Result<T::Owned, String> {
        T::decode(bytes)
    }
}

impl<T: Travels> Parameter for Moved<T> {
    type Owned = T;

    fn type_name() -> String {
        type_name::<T>().to_owned()
    }

    fn decode(bytes: &mut &[u8]) -> Result<T, String> {
        T::decode(bytes).map(T::whole)
    }
}

/// What a caller can give for one parameter.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not what this parameter of the function takes",
    label = "another type",
    note = "a `&T` takes what lends a `T`, a `T` takes a `T`"
)]
pub trait Given<P> {
    /// Appends the value to `bytes`.
    fn encode(&self, bytes: &mut Vec<u8>) -> Result<(), String>;
}

impl<T: Travels + ?Sized, I: Lend<T>> Given<Lent<T>> for I {
    fn encode(&self, bytes: &mut Vec<u8>) -> Result<(), String> {
        Travels::encode(self.lend(), bytes)
    }
}

impl<T: Travels> Given<Moved<T>> for T {
    fn encode(&self, bytes: &mut Vec<u8>) -> Result<(), String> {
        Travels::encode(self, bytes)
    }
}

/// All parameters of a function, as a tuple.
#[diagnostic::on_unimplemented(
    message = "a function on a fleet takes at most eight inputs; put some of them into a struct",
    label = "too many inputs"
)]
pub trait Parameters {
    /// What arrives at the worker, as a tuple.
    type Owned;

    /// Reads the inputs of one call.
    fn decode(bytes: &[u8]) -> Result<Self::Owned, String>;

    /// Their types, for a message.
    fn type_names() -> String;
}

/// One input of a batch: what is given for the one parameter, or a tuple for several.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an input of this function",
    label = "not an input",
    note = "one input is what lends a `T` for a parameter `&T`, a `T` for a `T`, and a tuple of these for several"
)]
pub trait Input<P> {
    /// Writes the inputs of one call.
    fn encode(&self) -> Result<Vec<u8>, String>;
}

impl<P, I: Given<P>> Input<(P,)> for I {
    fn encode(&self) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        Given::encode(self, &mut bytes)?;
        Ok(bytes)
    }
}

macro_rules! tuples {
    ($(($($P:ident $I:ident $n:tt),+))*) => { $(
        tuples!(@parameters $($P),+);
        #[diagnostic::do_not_recommend]
        impl<$($P, $I: Given<$P>),+> Input<($($P,)+)> for ($($I,)+) {
            fn encode(&self) -> Result<Vec<u8>, String> {
                let mut bytes = Vec::new();
                $(Given::encode(&self.$n, &mut bytes)?;)+
                Ok(bytes)
            }
        }
    )* };
    (@parameters $($P:ident),+) => {
        #[diagnostic::do_not_recommend]
        impl<$($P: Parameter),+> Parameters for ($($P,)+) {
            type Owned = ($($P::Owned,)+);

            fn decode(mut bytes: &[u8]) -> Result<Self::Owned, String> {
                let inputs = ($($P::decode(&mut bytes)?,)+);
                codec::end(bytes)?;
                Ok(inputs)
            }

            fn type_names() -> String {
                format!("({})", [$($P::type_name()),+].join(", "))
            }
        }
    };
}

tuples!(@parameters P);
tuples! {
    (P I 0, Q J 1)
    (P I 0, Q J 1, R K 2)
    (P I 0, Q J 1, R K 2, S L 3)
    (P I 0, Q J 1, R K 2, S L 3, T M 4)
    (P I 0, Q J 1, R K 2, S L 3, T M 4, U N 5)
    (P I 0, Q J 1, R K 2, S L 3, T M 4, U N 5, V O 6)
    (P I 0, Q J 1, R K 2, S L 3, T M 4, U N 5, V O 6, W X 7)
}
