//! What differs in lifetimes alone compiles, wherever it stands in a signature.
//!
//! The test writes the types of a table into the places of a signature, in every pair of two places, and the compiler
//! judges each function by its errors. Functions that do not compile without `#[concurrent]` are left out. Each of the
//! rest has to compile with it, and with a call of `map`, `as_completed` and `submit`, or to be refused in our words.

use crate::another_crate::AnotherCrate;
use std::collections::{BTreeMap, BTreeSet};

/// A type with a hole for a lifetime: the elided one, one with a name, `'static`.
const TYPES: [(&str, &str); 6] = [
    ("Cow", "Cow<@, str>"),
    ("Option", "Option<&@ str>"),
    ("Row", "Row<@>"),
    ("slice", "&@ mut [u8]"),
    ("Box", "Box<dyn Fn() + Send + @>"),
    ("Vec", "Vec<&@ str>"),
];
const LIFETIMES: [&str; 3] = ["'_", "'a", "'static"];

/// What each function stands among.
const HEAD: &str = "
    #![allow(dead_code, unused, clippy::all)]
    fn main() {}
    use pool_core::concurrent;
    use std::borrow::Cow;
    #[derive(Clone)] pub struct Row<'x>(&'x str);
    pub struct Client<'c>(&'c str);
    pub static CLIENT: Client<'static> = Client(\"\");
";

/// The errors of ours that a function of the table may get.
const OURS: [&str; 4] = [
    "the result borrows from what is lent to the call alone;",
    "an input is lent to its call, so it cannot be `&mut`;",
    "a `#[shared]` parameter is lent to several calls at once, so it cannot be `&mut`;",
    "is `#[shared]`, so each call gets a clone of it, on any thread;",
];

/// One type of the table: which, and with which lifetime.
#[derive(Clone, Copy)]
struct Cell {
    of: usize,
    lifetime: usize,
}

impl Cell {
    const COUNT: usize = TYPES.len() * LIFETIMES.len();

    fn new(number: usize) -> Self {
        let number = number % Self::COUNT;
        Self { of: number / LIFETIMES.len(), lifetime: number % LIFETIMES.len() }
    }

    fn written(self) -> String {
        TYPES[self.of].1.replace('@', LIFETIMES[self.lifetime])
    }

    /// Whether `as_completed` can hand it back, and `#[shared]` clone it.
    fn is_clone(self) -> bool {
        !["slice", "Box"].contains(&TYPES[self.of].0)
    }
}

/// One function: what is moved, what is shared, the value, the error.
#[derive(Clone, Copy)]
struct Case {
    moved: Cell,
    shared: Option<Cell>,
    value: Cell,
    error: Option<Cell>,
    is_method: bool,
}

impl Case {
    fn written(self, number: usize, annotated: bool) -> String {
        let (receiver, open, close) =
            if self.is_method { ("&self, ", "impl<'c> Client<'c> { ", " }") } else { ("", "", "") };
        let attribute = if annotated { "#[concurrent] " } else { "" };
        let mark = if annotated { "#[shared] " } else { "" };
        let shared = self
            .shared
            .map(|shared| format!("{mark}s: {}, ", shared.written()))
            .unwrap_or_default();
        let result = match self.error {
            Some(error) => format!("Result<{}, {}>", self.value.written(), error.written()),
            None => self.value.written(),
        };
        let moved = self.moved.written();
        format!(
            "{open}{attribute}pub fn case{number}<'a>({receiver}{shared}x: {moved}) -> {result} {{ todo!() }}{close}\n"
        )
    }

    /// A call of each form, with values that are never made.
    fn used(self, number: usize) -> String {
        let (path, sep) = match self.is_method {
            true => (format!("Client::case{number}"), "_"),
            false => (format!("case{number}"), "::"),
        };
        let given = if self.is_method { "&Client(\"\"), " } else { "" };
        let shared = if self.shared.is_some() { "todo!(), " } else { "" };
        let empty = "std::iter::empty()";
        let as_completed = match self.moved.is_clone() {
            true => format!("let _ = {path}{sep}as_completed({given}{shared}{empty});"),
            false => String::new(),
        };
        let submit = match self.is_method {
            // A task of a method that takes `&self` needs a client that lives for ever.
            true => format!("let _ = {path}{sep}submit(&CLIENT, {shared}todo!());"),
            false => format!("let _ = {path}{sep}submit({shared}todo!());"),
        };
        format!(
            "fn use{number}() {{ let _ = {path}{sep}map({given}{shared}{empty}); {as_completed} {submit} }}\n"
        )
    }
}

/// Every pair of two places with every pair of two cells at least once, and every choice of lifetimes where all places
/// have the same type.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |numbers: [usize; 4], is_plain: bool, is_method: bool| {
        let [moved, value, error, shared] = numbers.map(Cell::new);
        let (error, shared) = ((!is_plain).then_some(error), (!is_plain).then_some(shared));
        cases.push(Case { moved, value, error, shared, is_method });
    };
    // A prime above the number of cells: any two of the four places determine the other two.
    const PRIME: usize = 19;
    for one in 0..PRIME {
        for other in 0..PRIME {
            let numbers = [one, other, one + other, one + 2 * other].map(|n| n % PRIME);
            add(numbers, false, false);
            add(numbers, false, true);
        }
    }
    for of in 0..TYPES.len() {
        for lifetimes in 0..81 {
            let cell = |power: usize| LIFETIMES.len() * of + lifetimes / power % 3;
            let numbers = [cell(1), cell(3), cell(9), cell(27)];
            add(numbers, false, lifetimes % 2 == 0);
            if lifetimes < 9 {
                add(numbers, true, lifetimes % 2 == 0);
            }
        }
    }
    cases
}

#[test]
fn each_function_compiles_or_is_refused_in_our_words() {
    let cases = cases();

    let mut left: BTreeSet<usize> = (0..cases.len()).collect();
    let theirs = rounds(&mut left, |number| cases[number].written(number, false));
    let ours = rounds(&mut left, |number| {
        let case = cases[number];
        case.written(number, true).replace('\n', " ") + &case.used(number)
    });
    for (number, errors) in &ours {
        let is_ours = |error: &String| OURS.iter().any(|ours| error.contains(ours));
        let case = cases[*number].written(*number, true);
        assert!(errors.iter().all(is_ours), "{case}{errors:#?}");
    }

    let (theirs, ours, compile) = (theirs.len(), ours.len(), left.len());
    println!(
        "{} signatures: {theirs} do not compile without the macro, {ours} are refused by it, {compile} compile",
        cases.len()
    );
    assert_eq!(theirs + ours + compile, cases.len());
    assert!(compile > cases.len() / 3, "the table has become too strange to show anything");
}

/// Checks what is left, one function on a line, until there is no error; takes out the functions with errors, and gives
/// them back. There are rounds since the compiler looks for some errors only once there are no others.
fn rounds(
    left: &mut BTreeSet<usize>,
    line: impl Fn(usize) -> String,
) -> BTreeMap<usize, BTreeSet<String>> {
    let mut refused = BTreeMap::new();
    loop {
        let numbers: Vec<usize> = left.iter().copied().collect();
        let errors = errors(numbers.chunks(PROGRAM).map(|some| {
            [HEAD.replace('\n', " ") + "\n"]
                .into_iter()
                .chain(some.iter().map(|n| line(*n)))
                .collect()
        }));
        if errors.is_empty() {
            return refused;
        }
        for ((program, line), errors) in errors {
            let number = line.checked_sub(2).and_then(|line| numbers.get(program * PROGRAM + line));
            let number = *number.unwrap_or_else(|| panic!("{errors:#?}"));
            left.remove(&number);
            refused.insert(number, errors);
        }
    }
}

/// How many functions stand in one program. There are several programs, so that all cores compile.
const PROGRAM: usize = 200;

/// The errors in each program, on each line.
fn errors(sources: impl Iterator<Item = String>) -> BTreeMap<(usize, usize), BTreeSet<String>> {
    let programs = AnotherCrate::new("lifetimes");
    for (number, source) in sources.enumerate() {
        programs.write(&format!("src/bin/{number}.rs"), &source);
    }
    let output = programs.cargo(&["check", "--keep-going", "--message-format=short"]);
    let told = String::from_utf8(output.stderr).unwrap();
    let mut errors: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for told in told.lines().filter_map(|line| line.strip_prefix("src/bin/")) {
        let [program, line, _, level_and_message] = told.splitn(4, ':').collect::<Vec<_>>()[..]
        else {
            panic!("no line and column: {told}");
        };
        if let Some(error) = level_and_message.strip_prefix(" error") {
            let program = program.strip_suffix(".rs").unwrap().parse().unwrap();
            let place = (program, line.parse().unwrap());
            errors.entry(place).or_default().insert(error.to_owned());
        }
    }
    assert_eq!(output.status.success(), errors.is_empty(), "{told}");
    errors
}
