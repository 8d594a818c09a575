//! Calls in spans: feature `tracing`.

mod a_subscriber_that_panics_hangs_nothing;
mod spans_are_children_of_where_the_batch_was_built;
mod spans_go_to_the_subscriber_of_the_batch;
mod spans_wrap_each_call;
