//! [`Travels`]: what can be sent to another process.

use crate::api::lend::Lend;
use crate::fleet::codec;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};

/// A type whose values can be sent to the workers of a fleet, and back.
///
/// These are all types that are serde's `Serialize` and `DeserializeOwned`, and behind a reference also `str`, `Path`
/// and `[T]`, which arrive as what owns them. They travel as MessagePack with the names of fields, so that a worker of
/// an older version understands a struct with a new field that has a `#[serde(default)]`.
///
/// An error that implements neither, such as `std::io::Error`, travels as its text, or within a type of yours that
/// derives both. A `Path` that is not UTF-8 cannot travel: it is
/// [`FleetError::Encoding`](crate::FleetError::Encoding).
///
/// # Examples
///
/// ```
/// use pool_core::fleet::Travels;
/// use serde::{Deserialize, Serialize};
/// use std::path::Path;
///
/// #[derive(Serialize, Deserialize)]
/// struct Page { title: String, bytes: Vec<u8> }
///
/// fn check<T: Travels + ?Sized>() {}
/// check::<Page>();
/// check::<Path>();
/// check::<[Page]>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot travel to a fleet's workers; derive serde's `Serialize` and `Deserialize` for it",
    label = "not `Serialize + DeserializeOwned`",
    note = "an error that is not yours travels as its text: `.map_err(|error| error.to_string())`",
    note = "a reference with a named lifetime borrows from this process: take `&T` without a name, or a `T`",
    note = "a handle, such as a connection, is opened by each worker for itself: mark the parameter `#[worker]`"
)]
pub trait Travels {
    /// What arrives: the type itself, or what owns a `str`, a `Path`, a slice.
    type Owned: Lend<Self>;

    /// Appends the value to `bytes`.
    #[doc(hidden)]
    fn encode(&self, bytes: &mut Vec<u8>) -> Result<(), String>;

    /// Takes a value off the front of `bytes`.
    #[doc(hidden)]
    fn decode(bytes: &mut &[u8]) -> Result<Self::Owned, String>;

    /// What has arrived, for a type that arrives as itself. A bound `Travels<Owned = Self>` would say the same, and be
    /// ambiguous in generated code that names one type in two ways.
    #[doc(hidden)]
    fn whole(_: Self::Owned) -> Self
    where
        Self: Sized,
    {
        unreachable!("all types with a size arrive as themselves")
    }
}

macro_rules! travels {
    ([$($generics:tt)*] $borrowed:ty, $owned:ty $(, $whole:item)?) => {
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> Travels for $borrowed {
            type Owned = $owned;

            fn encode(&self, bytes: &mut Vec<u8>) -> Result<(), String> {
                codec::encode(self, bytes)
            }

            fn decode(bytes: &mut &[u8]) -> Result<$owned, String> {
                codec::decode(bytes)
            }

            $($whole)?
        }
    };
}

travels!([T: Serialize + DeserializeOwned] T, T, fn whole(owned: T) -> T { owned });
travels!([T: Serialize + DeserializeOwned] [T], Vec<T>);
travels!([] str, String);
travels!([] Path, PathBuf);
