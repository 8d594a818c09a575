//! An annotated function, and what cannot run as a call of a batch.

use crate::args::Args;
use crate::errors::{Errors, wrong_type};
use crate::output::Output;
use crate::parameter::{Parameter, Role, is, not_configured};
use crate::place::{Place, companion};
use crate::types::borrowed;
use proc_macro2::{TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::{
    Attribute, Error, FnArg, GenericParam, Ident, Result, ReturnType, Safety, Signature, Visibility,
};

/// An annotated function: as it was written, less `#[shared]` and `#[worker]`, and what was read out of it.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    /// Passed through as it came.
    pub(crate) body: TokenStream,

    pub(crate) place: Place,
    /// What the type beside a free function is called.
    pub(crate) companion: Ident,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) output: Output,
}

/// As many inputs travel as a tuple.
const FLEET_INPUTS: usize = 8;

impl Function {
    /// Reads a function and collects its mistakes.
    pub(crate) fn read(
        Written { mut attrs, vis, mut sig, body }: Written,
        args: &Args,
        errors: &mut Errors,
    ) -> Self {
        qualifiers(&mut sig, errors);
        attributes(&mut attrs, errors);
        if let Some(TokenTree::Punct(_)) = body.clone().into_iter().next() {
            errors.at(
                &sig.ident,
                format!("`{}` has no body to run; annotate a function that has one", sig.ident),
            );
        }
        for parameter in &sig.generics.params {
            not_configured(attributes_of(parameter), "a generic parameter", errors);
        }
        let place = Place::of(&mut sig, args, errors);
        let companion = companion(&sig, &place, args, errors);
        if let Some(fleet) = &args.fleet {
            other_processes(&fleet.key, &sig, &place, errors);
        }
        let type_parameters: Vec<Ident> =
            sig.generics.type_params().map(|parameter| parameter.ident.clone()).collect();
        let mut parameters = Vec::new();
        let on_a_fleet = args.fleet.is_some();
        for input in &mut sig.inputs {
            if let FnArg::Typed(written) = input {
                let parameter =
                    Parameter::take(written, &parameters, &type_parameters, on_a_fleet, errors);
                let inputs = || parameters.iter().filter(|other| other.role == Role::Input).count();
                if on_a_fleet && parameter.role == Role::Input && inputs() == FLEET_INPUTS {
                    let message = "a function on a fleet takes at most eight inputs; put some of them into a struct";
                    errors.at(&written.pat, message);
                }
                parameters.push(parameter);
            }
        }
        if !parameters.iter().any(|parameter| parameter.role == Role::Input) {
            let message = format!(
                "`{}` has no input that differs from call to call; add a parameter without `#[shared]` or `#[worker]`",
                sig.ident
            );
            errors.at_span(sig.paren_token.span.close(), message);
        }
        let output = if on_a_fleet { from_another_process(&sig) } else { Ok(()) };
        let output = output.and_then(|()| Output::of(&sig, &place, &parameters));
        let output = output.unwrap_or_else(|error| {
            let ty = wrong_type(&error);
            errors.push(error);
            Output { ty, is_result: false }
        });
        Self { attrs, vis, sig, body, place, companion, parameters, output }
    }
}

/// The tokens of a function, before anything is decided.
#[derive(Clone)]
pub(crate) struct Written {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) body: TokenStream,
}

impl Parse for Written {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let keyword = input.span();
        let sig = input.parse().map_err(|_| {
            Error::new(keyword, "`#[concurrent]` on something that is not a function; annotate a function or a method")
        })?;
        Ok(Self { attrs, vis, sig, body: input.parse()? })
    }
}

/// Refuses what stands before `fn`; `async` is refused with the output, which it changes.
fn qualifiers(sig: &mut Signature, errors: &mut Errors) {
    if let Safety::Unsafe(unsafety) = sig.safety {
        errors.at(
            unsafety,
            "`unsafe fn` with safe callers beside it; make it safe, with an `unsafe` block inside",
        );
    }
    if let Some(abi) = &sig.abi {
        errors.at(abi, "`extern` function; remove `extern`, or call it from a function without");
    }
    // Taken off because the compiler refuses it too.
    if let Some(variadic) = sig.variadic.take() {
        errors.at(variadic.dots, "variadic function; take a slice instead");
    }
}

/// Refuses what has no meaning for a call in another process.
fn other_processes(fleet: &Ident, sig: &Signature, place: &Place, errors: &mut Errors) {
    if let Place::Impl(receiver) = place {
        let message = match receiver {
            Some(_) => {
                "`self` stays in its process, and `fleet` runs calls in others; annotate a free function"
            }
            None => "`fleet` is for free functions; write one that calls this function",
        };
        errors.at(fleet, message);
    }
    for parameter in &sig.generics.params {
        let message = match parameter {
            GenericParam::Lifetime(_) => {
                "what arrives in another process borrows from nothing there; remove the lifetime, or remove `fleet`"
            }
            GenericParam::Type(_) | GenericParam::Const(_) => {
                "a worker of a fleet serves one function, of known types; write one without generics that calls this \
                    one"
            }
        };
        errors.at(parameter, message);
    }
}

/// Refuses a result that borrows.
fn from_another_process(sig: &Signature) -> Result<()> {
    let ReturnType::Type(_, ty) = &sig.output else { return Ok(()) };
    match borrowed(ty) {
        None => Ok(()),
        Some(reference) => {
            let message = "what comes from another process borrows from nothing here; return an owned value: \
                `String`, not `&str`";
            Err(Error::new_spanned(reference, message))
        }
    }
}

fn attributes(attrs: &mut Vec<Attribute>, errors: &mut Errors) {
    for attribute in attrs.iter().filter(|attribute| is(attribute, "target_feature")) {
        let message = "`#[target_feature]` makes calls unsafe; call such a function from an annotated one instead";
        errors.at(attribute.path(), message);
    }
    // Taken off because it would expand to a second companion of the same name.
    attrs.retain(|attribute| {
        let again = attribute.path().segments.last().is_some_and(|last| last.ident == "concurrent");
        if again {
            errors.at(attribute.path(), "`#[concurrent]` is given twice; put all options into one");
        }
        !again
    });
}

fn attributes_of(parameter: &GenericParam) -> &[Attribute] {
    match parameter {
        GenericParam::Lifetime(parameter) => &parameter.attrs,
        GenericParam::Type(parameter) => &parameter.attrs,
        GenericParam::Const(parameter) => &parameter.attrs,
    }
}
