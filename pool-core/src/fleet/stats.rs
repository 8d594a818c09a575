//! [`Stats`] of a fleet.

/// What a fleet does, made by [`Fleet::stats`](crate::Fleet::stats).
///
/// # Examples
///
/// ```
/// let fleet = pool_core::Fleet::processes(1)?;
/// let pool_core::fleet::Stats { queued, running, dead, .. } = fleet.stats();
/// assert_eq!((queued, running, dead), (0, 0, 0));
/// # Ok::<(), pool_core::FleetError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// The calls that wait for a worker. Inputs that no call has taken are not counted.
    pub queued: usize,
    /// The calls that run.
    pub running: usize,
    /// The workers that run a call or wait for one.
    pub workers: usize,
    /// The calls that were lost with their worker. Over Redis, the dead letters that the server keeps, those of other
    /// callers too.
    pub dead: usize,
}
