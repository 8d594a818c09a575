/// Downloads one page.
pub fn download(agent: &Agent, url: &str) -> Result<String, Error> {
    agent.get(url)
}

/// Runs [`download`](fn@download) concurrently.
#[allow(
    dead_code,
    deprecated,
    non_camel_case_types,
    clippy::impl_trait_in_params,
    clippy::multiple_bound_locations
)]
pub enum download {}

#[allow(
    dead_code,
    deprecated,
    non_camel_case_types,
    clippy::impl_trait_in_params,
    clippy::multiple_bound_locations
)]
impl download {
    /// Calls [`download`](fn@download) for each of the inputs and gives the results in their order.
    #[inline]
    pub fn map<'__env>(
        agent: impl Lend<Agent> + marker::Send + marker::Sync + '__env,
        inputs: impl iter::IntoIterator<Item = impl Lend<str>, IntoIter: marker::Send + '__env>,
    ) -> Map<'__env, Result<String, Error>>
    where
        String: '__env + Returned,
        Error: '__env + Returned,
    {
        map_lent(Self::pool(), inputs, move |input| {
            download(<_ as Lend<Agent>>::lend(&agent), <_ as Lend<str>>::lend(input))
        })
    }

    /// Calls [`download`](fn@download) for each of the inputs and gives the outcomes as they finish.
    #[inline]
    pub fn as_completed<'__env, __I: Lend<str> + marker::Send + '__env>(
        agent: impl Lend<Agent> + marker::Send + marker::Sync + '__env,
        inputs: impl iter::IntoIterator<Item = __I, IntoIter: marker::Send + '__env>,
    ) -> AsCompleted<'__env, __I, String, Error>
    where
        String: '__env + Returned,
        Error: '__env + Returned,
    {
        as_completed(Self::pool(), inputs, move |input| {
            download(<_ as Lend<Agent>>::lend(&agent), <_ as Lend<str>>::lend(input))
        })
    }

    /// Calls [`download`](fn@download) for one input in the background.
    #[inline]
    pub fn submit(
        agent: impl Lend<Agent> + marker::Send + marker::Sync + 'static,
        input: impl Lend<str> + marker::Send + 'static,
    ) -> Task<Result<String, Error>>
    where
        String: 'static + Returned,
        Error: 'static + Returned,
    {
        submit(Self::pool(), move || {
            download(<_ as Lend<Agent>>::lend(&agent), <_ as Lend<str>>::lend(&input))
        })
    }

    /// Returns the pool behind [`download`](fn@download).
    pub fn pool() -> &'static Pool {
        static __POOL: Pool = pool(
            "download",
            option::Option::Some(16),
            option::Option::None,
            option::Option::None,
        );
        &__POOL
    }
}
