//! What concerns a whole process: its memory, its signals, its threads and its end. Tests that would disturb others run
//! themselves again as a child.

mod a_busy_core_is_shared;
mod memory_is_bounded;
mod refused_threads_lose_nothing;
mod signals_lose_nothing;
mod the_process_ends_when_main_does;
mod what_cannot_go_on_ends;
mod who_gathers_sleeps_through_brisk_results;
