//! What `#[concurrent]` makes of a function.
//!
//! The three modules that are `pub` are about lints that look at what other crates can see.

// Lints that only a whole crate can be held to, for `generated_code_needs_no_name_of_its_users`.
#![deny(rust_2021_compatibility, rust_2024_compatibility)]

mod a_companion_stands_beside_the_function;
mod a_result_by_name_is_taken_apart;
mod another_crate;
pub mod attributes_stay_on_the_function;
mod docs_link_to_the_function;
mod every_owner_lends;
pub mod fleets_serve_functions_of_all_shapes;
pub mod generated_code_needs_no_name_of_its_users;
mod generics_are_kept;
mod inputs_are_moved_or_lent_as_they_are_written;
mod lifetimes_that_differ_compile;
mod lints_of_the_function_hold_for_its_companion;
mod methods_have_siblings;
mod options_configure_the_pool;
mod shared_may_depend_on_a_condition;
mod shared_parameters_are_given_once;
mod states_go_where_parameters_go;
mod the_dependency_may_have_another_name;
mod types_may_differ_in_lifetimes;
mod workers_have_states_of_their_own;
