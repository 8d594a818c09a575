/// Downloads one page.
///
/// `download::map(agent, inputs)` runs it concurrently and gives the results in the order of the inputs, `download::as_completed(agent, inputs)` the outcomes as they finish. `download::submit(agent, input)` runs one call in the background. `download::pool()` is the pool behind them.
pub fn download(agent: &Agent, url: &str) -> Result<String, Error> {
    agent.get(url)
}

in_an_impl_write_concurrent_associated! {
    /// Runs [`download`](fn@download) concurrently.
    #[doc(hidden)]
    #[allow(
        deprecated,
        non_camel_case_types,
        clippy::impl_trait_in_params,
        clippy::multiple_bound_locations,
        clippy::too_many_arguments,
        clippy::type_complexity
    )]
    pub enum download {}

    #[allow(
        deprecated,
        non_camel_case_types,
        clippy::impl_trait_in_params,
        clippy::multiple_bound_locations,
        clippy::too_many_arguments,
        clippy::type_complexity
    )]
    impl download {
        /// Calls [`download`](fn@download) for each of the inputs and gives the results in their order.
        #[inline]
        pub fn map<'__env>(
            agent: impl Lend<Agent> + marker::Send + marker::Sync + '__env,
            inputs: impl IntoInputs<Item = impl Lend<str>, Inputs: Ordered + '__env>,
        ) -> Map<'__env, Result<String, Error>>
        where
            String: '__env + Returned,
            Error: '__env + Failed,
        {
            map_lent::<String, Error, Result<String, Error>, _, _>(Self::pool(), inputs, move |input| {
                download(<_ as Lend<Agent>>::lend(&agent), <_ as Lend<str>>::lend(input))
            })
        }

        /// Calls [`download`](fn@download) for each of the inputs and gives the outcomes as they finish.
        #[inline]
        pub fn as_completed<'__env, __I: Lend<str> + marker::Send + '__env>(
            agent: impl Lend<Agent> + marker::Send + marker::Sync + '__env,
            inputs: impl IntoInputs<Item = __I, Inputs: Inputs + '__env>,
        ) -> AsCompleted<'__env, __I, String, Error>
        where
            String: '__env + Returned,
            Error: '__env + Failed,
        {
            as_completed::<String, Error, Result<String, Error>, _, _>(Self::pool(), inputs, move |input| {
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
            Error: 'static + Failed,
        {
            submit::<String, Error, Result<String, Error>, _>(Self::pool(), move || {
                download(<_ as Lend<Agent>>::lend(&agent), <_ as Lend<str>>::lend(&input))
            })
        }

        /// Returns the pool behind [`download`](fn@download).
        pub fn pool() -> &'static Pool {
            static __POOL: Pool =
                PoolBuilder::max_workers(Pool::builder().name("download"), 16).build();
            &__POOL
        }
    }
}
