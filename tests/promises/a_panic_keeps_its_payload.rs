//! A panic arrives with what it was raised with: a literal, a text or a value of any other type, on each way out of the
//! pool.

use pool_core::{CallError, Panic, Pool};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::Arc;

#[derive(Debug, PartialEq)]
struct Code(i32);

/// What the panic was raised with, by all three ways.
fn raised(raise: fn()) -> [Box<dyn Any + Send>; 3] {
    let pool = Pool::new(1);
    let ordered =
        catch_unwind(AssertUnwindSafe(|| pool.map([()], move |()| raise()).collect::<()>()));
    let done = pool
        .as_completed([()], move |()| {
            raise();
            Ok::<_, ()>(())
        })
        .next()
        .unwrap();
    let Err(CallError::Panicked(panic)) = done.result else { panic!("it has panicked") };
    [
        ordered.unwrap_err(),
        panic.into_payload(),
        pool.submit(raise).join().unwrap_err().into_payload(),
    ]
}

fn panic_of(raise: fn()) -> Panic {
    Pool::new(1).submit(raise).join().unwrap_err()
}

#[test]
fn a_literal() {
    for payload in raised(|| panic!("a literal")) {
        assert_eq!(*payload.downcast::<&str>().unwrap(), "a literal");
    }
    assert_eq!(panic_of(|| panic!("a literal")).message(), "a literal");
}

#[test]
fn a_text() {
    for payload in raised(|| panic!("a text with {}", 1 + 1)) {
        assert_eq!(*payload.downcast::<String>().unwrap(), "a text with 2");
    }
    assert_eq!(panic_of(|| panic!("a text with {}", 1 + 1)).to_string(), "a text with 2");
}

#[test]
fn any_other_type() {
    for payload in raised(|| panic_any(Code(7))) {
        assert_eq!(*payload.downcast::<Code>().unwrap(), Code(7));
    }
    let panic = panic_of(|| panic_any(Code(7)));
    assert_eq!(panic.message(), "the call panicked with a payload that is not text");
    assert_eq!(
        format!("{panic:?}"),
        "Panic(\"the call panicked with a payload that is not text\")"
    );
}

#[test]
fn resumed_it_is_the_same_value() {
    let value = Arc::new(());
    let given = Arc::clone(&value);
    let panic = Pool::new(1).submit(move || panic_any(given)).join().unwrap_err();
    let resumed = catch_unwind(AssertUnwindSafe(|| panic.resume())).unwrap_err();
    assert!(Arc::ptr_eq(&resumed.downcast::<Arc<()>>().unwrap(), &value));
}

#[test]
fn it_can_be_shared_whatever_is_inside() {
    fn is_shareable<E: std::error::Error + Send + Sync + 'static>(error: E) -> E {
        error
    }
    let cell = || panic_any(std::cell::Cell::new(1));
    assert_eq!(
        is_shareable(panic_of(cell))
            .into_payload()
            .downcast::<std::cell::Cell<i32>>()
            .unwrap()
            .get(),
        1
    );
}
