//! What the library promises in whatever way it is used, seen from outside.

mod a_lock_may_be_held_across_a_batch;
mod a_panic_keeps_its_payload;
mod a_panic_loses_no_other_result;
mod auto_traits_are_those_of_the_contents;
mod batches_share_fairly;
mod call_errors_pass_through_the_question_mark;
mod calls_that_return_and_new_ones_take_turns;
mod completions_tell_of_their_call;
mod debug_never_blocks;
mod dropping_never_blocks;
mod fast_calls_hold_nobody_back;
mod inputs_are_taken_in_order;
mod nesting_never_deadlocks;
mod no_thread_still_a_result;
mod nothing_is_lost;
mod results_are_seen_when_they_are_there;
mod settings_are_checked;
mod stats_add_up;
mod stolen_work_is_done_once;
mod stopping_ends_a_batch;
mod tasks_run_whoever_waits;
mod the_cap_is_hard;
mod threads_come_and_go;
mod users_get_few_packages;
mod waiting_for_idle_is_exact;
mod what_a_batch_was_given_is_gone_at_its_end;
