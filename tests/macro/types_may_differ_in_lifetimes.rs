//! Types that differ in their lifetimes alone stand beside one another in a signature, as parameters and in the result.

use pool_core::concurrent;
use std::borrow::Cow;
use std::fmt::Debug;

#[concurrent]
fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

#[derive(Debug, PartialEq)]
struct Missing {
    name: Cow<'static, str>,
}

#[concurrent]
fn find(name: Cow<'_, str>) -> Result<Cow<'static, str>, Missing> {
    match &*name {
        "one" => Ok("1".into()),
        _ => Err(Missing { name: name.into_owned().into() }),
    }
}

#[concurrent]
fn known(text: Option<&str>) -> Option<&'static str> {
    text.map(|_| "known")
}

#[derive(Clone, Debug, PartialEq)]
struct Row<'a>(&'a str);

#[concurrent]
fn longer<'a>(one: Row<'a>, other: Row<'_>) -> Result<Row<'a>, Row<'static>> {
    if one.0.len() > other.0.len() { Ok(one) } else { Err(Row("shorter")) }
}

#[concurrent]
fn joined(
    #[shared] end: Cow<'static, str>,
    #[shared] more: Cow<'_, str>,
    text: Cow<'_, str>,
) -> String {
    format!("{text}{more}{end}")
}

#[concurrent]
fn copied<'a, 'b>(to: &'a mut [u8], from: &'b mut [u8]) -> &'a mut [u8] {
    to.copy_from_slice(from);
    to
}

type Boxed<'a> = Box<dyn Fn() -> usize + Send + 'a>;

#[concurrent]
fn called(one: Boxed<'_>, other: Boxed<'static>) -> Boxed<'static> {
    let sum = one() + other();
    Box::new(move || sum)
}

#[concurrent]
fn generic<'a, T: Clone + Debug + Sync>(
    one: Cow<'a, [T]>,
    #[shared] other: Cow<'_, [T]>,
) -> Result<Cow<'a, [T]>, Cow<'static, [T]>>
where
    Vec<T>: Send,
{
    if other.is_empty() { Ok(one) } else { Err(Cow::Owned(other.into_owned())) }
}

struct Client<'c>(Row<'c>);

impl<'c> Client<'c> {
    #[concurrent]
    fn fetch(
        &self,
        #[shared] one: Row<'static>,
        other: Row<'_>,
    ) -> Result<Row<'c>, Option<Row<'static>>> {
        if one == other { Ok(self.0.clone()) } else { Err(None) }
    }
}

#[test]
fn a_result_may_outlive_an_input_of_its_type() {
    let text = String::from("one");
    assert_eq!(owned::map([Cow::Borrowed(&*text)]).collect::<Vec<_>>(), ["one"]);
    assert_eq!(
        find::map([Cow::Borrowed(&*text)]).collect::<Result<Vec<_>, _>>(),
        Ok(vec!["1".into()])
    );
    find::as_completed([Cow::Borrowed(&*text), Cow::Borrowed("two")]).for_each(|done| {
        assert_eq!(done.result.is_ok(), done.input == "one");
    });
    assert_eq!(find::submit("two".into()).join().unwrap(), Err(Missing { name: "two".into() }));
    assert_eq!(known::map([Some(&*text), None]).collect::<Vec<_>>(), [Some("known"), None]);
}

#[test]
fn parameters_may_have_lifetimes_of_their_own() {
    let text = String::from("long");
    let rows = longer::map([(Row(&text), Row("a")), (Row("a"), Row(&text))]).collect::<Vec<_>>();
    assert_eq!(rows, [Ok(Row("long")), Err(Row("shorter"))]);
    longer::as_completed([(Row(&text), Row("a"))])
        .for_each(|done| assert_eq!(done.input.0, Row("long")));

    let joins =
        joined::map("!".into(), Cow::Borrowed(&*text), [Cow::Borrowed(&*text)]).collect::<Vec<_>>();
    assert_eq!(joins, ["longlong!"]);

    let (mut to, mut from) = ([0, 0], [1, 2]);
    copied::map([(&mut to[..], &mut from[..])]).for_each(|to| assert_eq!(to, [1, 2]));

    let length = || text.len();
    let sums =
        called::map([(Box::new(length) as Boxed<'_>, Box::new(|| 1_usize) as Boxed<'static>)]);
    assert_eq!(sums.collect::<Vec<_>>()[0](), 5);
}

#[test]
fn generic_functions_and_methods_may_too() {
    let numbers = [1, 2];
    let one = || [Cow::Borrowed(&numbers[..])];
    assert_eq!(
        generic::map(Cow::Borrowed(&[][..]), one()).collect::<Vec<_>>(),
        [Ok(Cow::Borrowed(&[1, 2][..]))]
    );
    generic::as_completed(Cow::Borrowed(&numbers[1..]), one()).for_each(|done| {
        assert_eq!(done.result.unwrap_err().into_failed().unwrap()[..], [2]);
    });

    let text = String::from("row");
    let client = Client(Row(&text));
    assert_eq!(client.fetch_map(Row("row"), [Row(&text)]).collect::<Vec<_>>(), [Ok(Row("row"))]);
    client
        .fetch_as_completed(Row("row"), [Row("a")])
        .for_each(|done| assert!(done.result.is_err()));
}
