//! Panics that are expected.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Panics with `text`, without a word from the panic hook.
pub fn raise(text: &'static str) -> ! {
    resume_unwind(Box::new(text))
}

/// What `code` panicked with, or what it returned.
pub fn caught<R>(code: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(code)).map_err(|payload| {
        match payload.downcast::<&'static str>() {
            Ok(text) => (*text).to_owned(),
            Err(payload) => {
                payload.downcast::<String>().map_or_else(|_| "no text".to_owned(), |text| *text)
            }
        }
    })
}
