//! [`DeadLetter`]: a call that was given up.

use super::link::Link;
use super::{Entry, NOBODY, bytes, calls_of, dead_of};
use crate::fleet::error::FleetError;
use redis::Client;
use std::fmt;
use std::time::{Duration, SystemTime};

/// A call that five workers had and did not report, kept at the server.
///
/// Made by [`Fleet::dead_letters`](crate::Fleet::dead_letters). About 10,000 of each function are kept.
///
/// # Examples
///
/// ```no_run
/// use pool_core::Fleet;
///
/// let fleet = Fleet::redis("redis://10.0.0.5/")?;
/// for letter in fleet.dead_letters()? {
///     println!("{}: {} bytes of inputs, {:?}", letter.function(), letter.inputs().len(), letter.given_up().elapsed());
///     letter.send_again()?;
/// }
/// # Ok::<(), pool_core::FleetError>(())
/// ```
pub struct DeadLetter {
    client: Client,
    function: String,
    entry: Entry,
}

impl DeadLetter {
    /// Returns what callers and workers call the function.
    ///
    /// # Examples
    ///
    /// As for [`DeadLetter`].
    pub fn function(&self) -> &str {
        &self.function
    }

    /// Returns the inputs as they travel: each parameter in MessagePack, one after the other.
    ///
    /// # Examples
    ///
    /// As for [`DeadLetter`].
    pub fn inputs(&self) -> &[u8] {
        bytes(&self.entry, "p")
    }

    /// Returns when the call was given up, by the server's clock.
    ///
    /// # Examples
    ///
    /// As for [`DeadLetter`].
    pub fn given_up(&self) -> SystemTime {
        let time = self.entry.0.split('-').next().and_then(|time| time.parse().ok());
        SystemTime::UNIX_EPOCH + Duration::from_millis(time.unwrap_or(0))
    }

    /// Hands the call out again, for what it does: its result goes nowhere, since its caller has got an error already.
    ///
    /// # Errors
    ///
    /// Returns [`FleetError::Server`] if the server cannot be reached, or refuses.
    ///
    /// # Examples
    ///
    /// As for [`DeadLetter`].
    pub fn send_again(self) -> Result<(), FleetError> {
        let sent = Link::new(self.client).run_once(|connection| {
            let mut pipe = redis::pipe();
            pipe.atomic().cmd("XADD").arg(calls_of(&self.function)).arg("*");
            pipe.arg("c").arg(NOBODY).arg("i").arg(0).arg("t").arg(0);
            pipe.arg("p").arg(bytes(&self.entry, "p")).ignore();
            pipe.cmd("XDEL").arg(dead_of(&self.function)).arg(&self.entry.0).ignore();
            pipe.query::<()>(connection)
        });
        sent.map_err(FleetError::Server)
    }
}

impl fmt::Debug for DeadLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetter")
            .field("function", &self.function)
            .field("given_up", &self.given_up())
            .finish_non_exhaustive()
    }
}

/// All dead letters at a server.
pub(crate) fn all(client: &Client) -> Result<Vec<DeadLetter>, FleetError> {
    let letters = Link::new(client.clone()).run_once(|connection| {
        let mut functions = Vec::new();
        let mut cursor = 0_u64;
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(dead_of("*")).arg("COUNT").arg(1000);
            let (next, keys): (u64, Vec<String>) = scan.query(connection)?;
            let name = |key: String| {
                Some(key.strip_prefix(&calls_of(""))?.strip_suffix(":dead")?.to_owned())
            };
            functions.extend(keys.into_iter().filter_map(name));
            cursor = next;
            if cursor == 0 {
                break;
            }
        }
        functions.sort();
        // A key may come twice in a scan.
        functions.dedup();
        let mut letters = Vec::new();
        for function in functions {
            let range =
                redis::cmd("XRANGE").arg(dead_of(&function)).arg("-").arg("+").query(connection)?;
            letters.extend(Vec::<Entry>::into_iter(range).map(|entry| (function.clone(), entry)));
        }
        Ok(letters)
    });
    let letters = letters.map_err(FleetError::Server)?.into_iter();
    Ok(letters
        .map(|(function, entry)| DeadLetter { client: client.clone(), function, entry })
        .collect())
}
