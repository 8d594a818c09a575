//! The options in `#[concurrent(…)]`, and which of them contradict one another.

use crate::errors::Errors;
use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::token::Paren;
use syn::{Error, Expr, ExprLit, Ident, Lit, LitStr, Path, Result, Token};

/// The options, without those in which there was a mistake.
#[derive(Default)]
pub(crate) struct Args {
    pub(crate) max_workers: Option<Given<Expr>>,
    pub(crate) pool: Option<Given<Expr>>,
    pub(crate) name: Option<Given<LitStr>>,
    pub(crate) keep_alive: Option<Given<Expr>>,
    pub(crate) stack_size: Option<Given<Expr>>,
    pub(crate) timeout: Option<Given<Expr>>,
    pub(crate) companion: Option<Given<Ident>>,
    pub(crate) associated: Option<Given<()>>,
    /// Without a value the function's path is its name.
    pub(crate) fleet: Option<Given<Option<LitStr>>>,
    pub(crate) krate: Option<Given<Path>>,
}

/// One option as it was written.
pub(crate) struct Given<T> {
    pub(crate) key: Ident,
    pub(crate) value: T,
}

const OPTIONS: &str = "`max_workers`, `pool`, `name`, `keep_alive`, `stack_size`, `timeout`, `companion`, \
    `associated`, `fleet` and `crate`";

impl Args {
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut args = Self::default();
        let list = |input: ParseStream<'_>| {
            while !input.is_empty() {
                if let Err(error) = args.option(input) {
                    errors.push(error);
                    until_comma(input)?;
                }
                if !input.is_empty() && input.parse::<Token![,]>().is_err() {
                    errors.at_span(
                        input.span(),
                        "two options without a comma; write `,` between them",
                    );
                }
            }
            Ok(())
        };
        if let Err(error) = list.parse2(tokens) {
            errors.push(error);
        }
        args.contradictions(errors);
        args
    }

    /// Whether a name is that of a crate which generated code or most users' code may name.
    pub(crate) fn is_a_crate(&self, name: &str) -> bool {
        let given = self.krate.as_ref().and_then(|given| given.value.segments.first());
        given.is_some_and(|first| first.ident == name)
            || ["std", "core", "alloc", "pool_core"].contains(&name)
    }

    fn option(&mut self, input: ParseStream<'_>) -> Result<()> {
        let key = input.call(Ident::parse_any).map_err(|_| {
            Error::new(
                input.span(),
                format!("an option starts with its name; the options are {OPTIONS}"),
            )
        })?;
        match key.to_string().as_str() {
            "max_workers" => set(&mut self.max_workers, key, input, &MAX_WORKERS),
            "pool" => set(&mut self.pool, key, input, &POOL),
            "name" => set(&mut self.name, key, input, &NAME),
            "keep_alive" => set(&mut self.keep_alive, key, input, &KEEP_ALIVE),
            "stack_size" => set(&mut self.stack_size, key, input, &STACK_SIZE),
            "timeout" => set(&mut self.timeout, key, input, &TIMEOUT),
            "companion" => set(&mut self.companion, key, input, &COMPANION),
            "crate" => set(&mut self.krate, key, input, &CRATE),
            "associated" => {
                store(&mut self.associated, key, ())?;
                if input.peek(Token![=]) || input.peek(Paren) {
                    return Err(Error::new(
                        input.span(),
                        "`associated` takes no value; write `associated` alone",
                    ));
                }
                Ok(())
            }
            "fleet" if input.peek(Token![=]) => {
                let mut name = None;
                set(&mut name, key, input, &FLEET)?;
                name.map_or(Ok(()), |Given { key, value }| store(&mut self.fleet, key, Some(value)))
            }
            "fleet" => store(&mut self.fleet, key, None),
            _ => Err(Error::new(
                key.span(),
                format!("unknown option `{key}`; the options are {OPTIONS}"),
            )),
        }
    }

    /// Drops what cannot stand beside another option.
    fn contradictions(&mut self, errors: &mut Errors) {
        if self.pool.is_some() {
            let mut own = |key: Option<Ident>| {
                if let Some(key) = key {
                    let message = format!(
                        "`{key}` is for a pool of the function's own; remove it, or remove `pool`"
                    );
                    errors.at(key, message);
                }
            };
            own(self.max_workers.take().map(|given| given.key));
            own(self.name.take().map(|given| given.key));
            own(self.keep_alive.take().map(|given| given.key));
            own(self.stack_size.take().map(|given| given.key));
        }
        if let (Some(_), Some(companion)) = (&self.associated, &self.companion) {
            errors.at(&companion.key, NO_COMPANION);
        }
    }
}

/// What is wrong with `companion` on anything that stands in an `impl`.
pub(crate) const NO_COMPANION: &str =
    "`companion` names the type beside a free function, and methods have none; remove `companion`";

/// What an option takes.
struct Takes<T> {
    kind: &'static str,
    example: &'static str,
    accepts: fn(&T) -> bool,
}

const MAX_WORKERS: Takes<Expr> = Takes {
    kind: "a number of at least 1",
    example: "16",
    accepts: |value| is_number(value) && !is_zero(value),
};
const POOL: Takes<Expr> = Takes {
    kind: "a `&'static Pool`",
    example: "&POOL` with `static POOL: Pool = Pool::new(8);",
    accepts: |value| literal(value).is_none() && !makes_a_pool(value),
};
const NAME: Takes<LitStr> = Takes {
    kind: "a string literal without NUL",
    example: "\"download\"",
    accepts: |value| !value.value().contains('\0'),
};
const KEEP_ALIVE: Takes<Expr> = Takes {
    kind: "a `Duration`",
    example: "Duration::from_secs(10)",
    accepts: |value| literal(value).is_none(),
};
const STACK_SIZE: Takes<Expr> =
    Takes { kind: "a number of bytes", example: "1 << 20", accepts: is_number };
const TIMEOUT: Takes<Expr> = Takes {
    kind: "a `Duration`",
    example: "Duration::from_secs(30)",
    accepts: |value| literal(value).is_none(),
};
const COMPANION: Takes<Ident> =
    Takes { kind: "an identifier", example: "downloads", accepts: |_| true };
const FLEET: Takes<LitStr> = Takes {
    kind: "a name: a string literal that is not empty",
    example: "\"download\"",
    accepts: |value| !value.value().is_empty(),
};
const CRATE: Takes<Path> = Takes {
    kind: "an absolute path",
    example: "::pool_core",
    accepts: |path| {
        let first = path.segments.first().map(|segment| segment.ident.to_string());
        path.leading_colon.is_some() || matches!(first.as_deref(), Some("crate" | "$crate"))
    },
};

/// Only what a literal shows is judged here; the compiler judges the types of all other expressions.
fn is_number(value: &Expr) -> bool {
    matches!(literal(value), None | Some(Lit::Int(_)))
}

fn is_zero(value: &Expr) -> bool {
    matches!(literal(value), Some(Lit::Int(number)) if number.base10_digits() == "0")
}

/// Whether an expression makes a pool of its own, by the names that are called: `Pool::new(4)`,
/// `&Pool::builder().build()`.
fn makes_a_pool(value: &Expr) -> bool {
    match value {
        Expr::Group(group) => makes_a_pool(&group.expr),
        Expr::Paren(paren) => makes_a_pool(&paren.expr),
        Expr::Reference(reference) => makes_a_pool(&reference.expr),
        Expr::MethodCall(call) => makes_a_pool(&call.receiver),
        Expr::Call(call) => matches!(&*call.func, Expr::Path(function)
            if function.path.segments.iter().rev().nth(1).is_some_and(|of| of.ident == "Pool")),
        _ => false,
    }
}

/// The literal that an expression is, also within the invisible group that a macro's fragment comes in.
fn literal(value: &Expr) -> Option<&Lit> {
    match value {
        Expr::Lit(ExprLit { lit, .. }) => Some(lit),
        Expr::Group(group) => literal(&group.expr),
        _ => None,
    }
}

/// Parses `= value` and keeps it under `key`: the way of every option that takes a value.
fn set<T: Parse>(
    slot: &mut Option<Given<T>>,
    key: Ident,
    input: ParseStream<'_>,
    takes: &Takes<T>,
) -> Result<()> {
    let Takes { kind, example, accepts } = takes;
    let missing = format!("`{key}` needs a value; write `{key} = {example}`");
    if input.parse::<Token![=]>().is_err() || input.is_empty() || input.peek(Token![,]) {
        return Err(Error::new(key.span(), missing));
    }
    let written = until_comma(&input.fork())?;
    match input.parse() {
        Ok(value) if accepts(&value) && at_an_end(input) => store(slot, key, value),
        _ => {
            let shown = written.to_string().replace(" :: ", "::").replace("& ", "&");
            let message = format!("`{shown}` is not {kind}; write `{key} = {example}`");
            Err(Error::new_spanned(written, message))
        }
    }
}

/// Whether an option ends here: at the list's end, a comma, or another option before which the comma is missing.
fn at_an_end(input: ParseStream<'_>) -> bool {
    input.is_empty()
        || input.peek(Token![,])
        || (input.peek(Ident::peek_any) && input.peek2(Token![=]))
}

/// Keeps the first value that was given under a name.
fn store<T>(slot: &mut Option<Given<T>>, key: Ident, value: T) -> Result<()> {
    if slot.is_some() {
        return Err(Error::new(key.span(), format!("`{key}` is given twice; remove one")));
    }
    *slot = Some(Given { key, value });
    Ok(())
}

fn until_comma(input: ParseStream<'_>) -> Result<TokenStream> {
    let mut skipped = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        skipped.extend([input.parse::<TokenTree>()?]);
    }
    Ok(skipped)
}
