//! Batches as streams, and tasks as futures: feature `stream`.

mod a_dropped_stream_stops_its_batch;
mod a_task_is_a_future;
mod streams_abandon_calls_too;
mod streams_are_polled_only_for_results;
mod streams_know_their_length_and_their_end;
mod streams_miss_no_result;
mod streams_of_a_feed_end_by_themselves;
mod streams_raise_panics;
mod streams_run_under_any_executor;
mod streams_start_at_the_first_poll;
mod streams_wake_the_last_waker;
mod streams_yield_the_error_where_no_thread_can_be_started;
