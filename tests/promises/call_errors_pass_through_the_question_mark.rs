//! `CallError` goes through `?` into the error types that people have, with whatever error the call gives: its own
//! message stays, and nothing is lost.

use pool_core::{CallError, Completion, Panic, Pool};
use std::error::Error;
use std::fmt::Debug;
use std::io;
use std::panic::catch_unwind;

/// Runs one call that gives this error.
fn failing<E: Send + 'static>(error: fn() -> E) -> Result<(), CallError<E>> {
    Pool::new(1).as_completed([()], move |()| Err(error())).next().unwrap().result
}

fn panicking<E: Send + 'static>() -> Result<(), CallError<E>> {
    Pool::new(1)
        .as_completed([()], |()| -> Result<(), E> { panic!("out of paper") })
        .next()
        .unwrap()
        .result
}

#[derive(Debug, thiserror::Error)]
enum PrintError {
    #[error("no paper in tray {0}")]
    Paper(u8),
    #[error("cannot print")]
    Call(#[from] CallError<io::Error>),
}

fn not_found() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "no such printer")
}

#[test]
fn into_anyhow() {
    fn print() -> anyhow::Result<()> {
        Ok(failing(not_found)?)
    }
    let error = print().unwrap_err();
    assert_eq!(error.to_string(), "no such printer");
    let inside: CallError<io::Error> = error.downcast().unwrap();
    assert_eq!(inside.into_failed().unwrap().kind(), io::ErrorKind::NotFound);

    fn panic() -> anyhow::Result<()> {
        Ok(panicking::<io::Error>()?)
    }
    assert_eq!(panic().unwrap_err().to_string(), "out of paper");
}

#[test]
fn into_boxes() {
    fn print<E: Debug + std::fmt::Display + Send + Sync + 'static>(
        error: fn() -> E,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(failing(error)?)
    }
    assert_eq!(print(not_found).unwrap_err().to_string(), "no such printer");
    assert_eq!(print(|| String::from("a text")).unwrap_err().to_string(), "a text");
    assert_eq!(print(|| PrintError::Paper(2)).unwrap_err().to_string(), "no paper in tray 2");

    fn plain() -> Result<(), Box<dyn Error>> {
        Ok(failing(|| "a literal")?)
    }
    assert_eq!(plain().unwrap_err().to_string(), "a literal");
}

#[test]
fn into_a_type_made_with_thiserror() {
    fn print() -> Result<(), PrintError> {
        Ok(failing(not_found)?)
    }
    let error = print().unwrap_err();
    assert_eq!(error.to_string(), "cannot print");
    assert_eq!(error.source().unwrap().to_string(), "no such printer");
    assert!(
        matches!(error, PrintError::Call(CallError::Failed(error)) if error.kind() == io::ErrorKind::NotFound)
    );
}

#[test]
fn with_errors_that_are_no_errors() {
    // Neither `String` nor these two implement `Error`.
    fn print<E: Debug + std::fmt::Display + Send + Sync + 'static>(
        error: fn() -> E,
    ) -> anyhow::Result<()> {
        Ok(failing(error)?)
    }
    assert_eq!(print(|| String::from("a text")).unwrap_err().to_string(), "a text");
    assert_eq!(
        print(|| anyhow::anyhow!("outer").context("inner")).unwrap_err().to_string(),
        "inner"
    );
    let boxed: fn() -> Box<dyn Error + Send + Sync> = || not_found().into();
    assert_eq!(print(boxed).unwrap_err().to_string(), "no such printer");
}

#[test]
fn into_a_text() {
    fn print() -> Result<(), String> {
        failing(not_found).map_err(|error| error.to_string())
    }
    assert_eq!(print(), Err("no such printer".into()));
}

#[test]
fn with_the_flags_of_the_format() {
    let error = failing(|| 7).unwrap_err();
    assert_eq!(format!("{error:>3}|{error:03}|{error:+}"), "  7|007|+7");
    let panic = panicking::<u8>().unwrap_err();
    assert_eq!(format!("{panic:>14}|{panic:.3}"), "  out of paper|out");
    let chain = failing(|| anyhow::anyhow!("inside").context("outside")).unwrap_err();
    assert_eq!(format!("{chain:#}"), "outside: inside");
}

#[test]
fn taken_apart() {
    let failed = failing(not_found).unwrap_err();
    assert_eq!(failed.failed().map(io::Error::kind), Some(io::ErrorKind::NotFound));
    let panicked = panicking::<io::Error>().unwrap_err();
    assert!(panicked.failed().is_none());
    let panic: Panic = panicked.into_failed().unwrap_err();
    assert_eq!(panic.message(), "out of paper");
}

/// One input whose call gives this error.
fn completion<E: Send + 'static>(error: fn() -> E) -> Completion<&'static str, u8, E> {
    Pool::new(1).as_completed(["A4"], move |_| Err(error())).next().unwrap()
}

fn in_a_chain() -> anyhow::Error {
    anyhow::Error::from(not_found()).context("cannot print")
}

#[test]
fn with_its_chain_where_it_is_taken_out_first() {
    fn print() -> anyhow::Result<u8> {
        let copies = completion(in_a_chain).into_result()?;
        unreachable!("{copies} copies")
    }
    fn print_with_the_input() -> anyhow::Result<u8> {
        let done = completion(in_a_chain);
        let copies = done.result.map_err(CallError::into_error)?;
        unreachable!("{copies} copies of {}", done.input)
    }
    fn print_as_it_is() -> anyhow::Result<u8> {
        Ok(completion(in_a_chain).result?)
    }
    for error in [print().unwrap_err(), print_with_the_input().unwrap_err()] {
        assert_eq!(format!("{error:#}"), "cannot print: no such printer");
        assert_eq!(
            error.root_cause().downcast_ref().map(io::Error::kind),
            Some(io::ErrorKind::NotFound)
        );
    }
    // What the page of `CallError` warns of.
    assert_eq!(print_as_it_is().unwrap_err().chain().count(), 1);
}

#[test]
fn a_value_is_taken_out() {
    let done = Pool::new(1).as_completed(["7"], |text| text.parse::<u8>()).next().unwrap();
    assert_eq!(done.into_result(), Ok(7));
}

#[test]
fn a_panic_goes_on_with_its_payload() {
    let done = || {
        let call = |_: &_| -> Result<u8, String> { std::panic::panic_any(404) };
        Pool::new(1).as_completed([()], call).next().unwrap()
    };
    let taken = [
        catch_unwind(|| drop(done().into_result())),
        catch_unwind(|| drop(done().result.map_err(CallError::into_error))),
    ];
    for payload in taken {
        assert_eq!(payload.unwrap_err().downcast_ref(), Some(&404));
    }
}

#[test]
fn from_a_task() {
    fn both() -> anyhow::Result<u8> {
        Ok(Pool::new(1).submit(|| "7".parse::<u8>()).join()??)
    }
    assert_eq!(both().unwrap(), 7);
    fn panic() -> Result<u8, Box<dyn Error + Send + Sync>> {
        Ok(Pool::new(1).submit(|| -> u8 { panic!("out of paper") }).join()?)
    }
    assert_eq!(panic().unwrap_err().to_string(), "out of paper");
}
