//! Decides what an annotated function is, and refuses what cannot run as a call of a batch.

use crate::args::{Args, NO_COMPANION};
use crate::errors::{Errors, wrong_type};
use crate::parameter::{Parameter, Passing, is, not_configured, take_shared};
use crate::types::{
    arguments, impl_trait, is_elided, last_segment, lifetimes, mention_of_self, name_elided, peel,
};
use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens as _, format_ident};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::token::Paren;
use syn::{
    Attribute, Error, FnArg, GenericParam, Ident, Lifetime, ReceiverKind, Result, ReturnType,
    Safety, Signature, Token, Type, TypeReference, TypeTuple, Visibility,
};

/// An annotated function: as it was written, less `#[shared]`, and what was read out of it.
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

/// Where the function stands.
pub(crate) enum Place {
    /// Free: a type stands beside it.
    Free,
    /// In an `impl`: siblings stand beside it. The receiver is absent for `associated`.
    Impl(Option<Receiver>),
}

/// `self` and how a batch keeps it.
pub(crate) struct Receiver {
    pub(crate) token: Token![self],
    pub(crate) keeping: Keeping,
}

pub(crate) enum Keeping {
    /// `&self` is lent for as long as the batch is, or for the lifetime that it names.
    Reference(Option<Lifetime>),
    /// `self: Arc<Self>` is owned by the batch and cloned for each call.
    Arc,
    /// `self: &Arc<Self>` is cloned once, and the clone is lent to each call.
    ArcReference,
    /// Refused.
    Refused,
}

/// What a call gives.
pub(crate) struct Output {
    /// The return type; elided lifetimes in it are the batch's.
    pub(crate) ty: Type,
    /// Whether it is a `Result` by name, so that `as_completed` takes it apart.
    pub(crate) is_result: bool,
}

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
        let type_parameters: Vec<Ident> =
            sig.generics.type_params().map(|parameter| parameter.ident.clone()).collect();
        let mut parameters = Vec::new();
        for input in &mut sig.inputs {
            if let FnArg::Typed(written) = input {
                parameters.push(Parameter::take(written, &type_parameters, errors));
            }
        }
        if parameters.iter().all(|parameter| parameter.shared) {
            let message = format!(
                "`{}` has no input that differs from call to call; add a parameter without `#[shared]`",
                sig.ident
            );
            errors.at_span(sig.paren_token.span.close(), message);
        }
        let output = Output::of(&sig, &place, &parameters).unwrap_or_else(|error| {
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

/// The name of the type beside a free function, refused if it hides what everybody means by it.
fn companion(sig: &Signature, place: &Place, args: &Args, errors: &mut Errors) -> Ident {
    let name = args.companion.as_ref().map_or(&sig.ident, |given| &given.value);
    let written = name.unraw().to_string();
    let hidden = match place {
        Place::Free if PRIMITIVES.contains(&written.as_str()) => "primitive type",
        Place::Free if args.is_a_crate(&written) => "crate",
        Place::Free | Place::Impl(_) => return name.clone(),
    };
    let other = format_ident!("{written}_calls");
    let message = format!(
        "a companion called `{written}` would hide the {hidden} `{written}` from the code around it; write `companion = {other}`"
    );
    errors.at(name, message);
    other
}

const PRIMITIVES: [&str; 19] = [
    "bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64",
    "i128", "isize", "f16", "f32", "f64", "f128",
];

impl Place {
    fn of(sig: &mut Signature, args: &Args, errors: &mut Errors) -> Self {
        let Some(FnArg::Receiver(receiver)) = sig.inputs.first_mut() else {
            let mention = mention_of_self(sig.to_token_stream());
            return match (&args.associated, mention) {
                (None, None) => Self::Free,
                (None, Some(mention)) => {
                    errors.at(
                        mention,
                        "`Self` in a function without `self`; write `#[concurrent(associated)]`",
                    );
                    Self::Impl(None)
                }
                (Some(_), _) => Self::Impl(None),
            };
        };
        if let Some(associated) = &args.associated {
            errors.at(
                &associated.key,
                "`associated` is for functions without `self`; remove `associated`",
            );
        } else if let Some(companion) = &args.companion {
            errors.at(&companion.key, NO_COMPANION);
        }
        if take_shared(&mut receiver.attrs, errors) {
            errors.at(
                receiver.self_token,
                "`self` is shared by all calls anyway; remove `#[shared]`",
            );
        }
        let keeping = match &receiver.kind {
            ReceiverKind::Reference(_, lifetime, None) => {
                Some(Keeping::Reference(lifetime.clone().filter(|lifetime| !is_elided(lifetime))))
            }
            ReceiverKind::Typed(_, ty) => match peel(ty) {
                Type::Reference(TypeReference {
                    lifetime: None, mutability: None, elem, ..
                }) if is_arc_of_self(elem) => Some(Keeping::ArcReference),
                ty if is_arc_of_self(ty) => Some(Keeping::Arc),
                _ => None,
            },
            _ => None,
        };
        if keeping.is_none() {
            let message = "calls share `self`, so it cannot be taken like this; write `&self`, `self: Arc<Self>` or `self: &Arc<Self>`";
            errors.at(&*receiver, message);
        }
        Self::Impl(Some(Receiver {
            token: receiver.self_token,
            keeping: keeping.unwrap_or(Keeping::Refused),
        }))
    }

    fn receiver(&self) -> Option<&Receiver> {
        match self {
            Self::Impl(receiver) => receiver.as_ref(),
            Self::Free => None,
        }
    }
}

fn is_arc_of_self(ty: &Type) -> bool {
    last_segment(ty).is_some_and(|last| {
        last.ident == "Arc"
            && matches!(arguments(last)[..], [of] if last_segment(of).is_some_and(|of| of.ident == "Self"))
    })
}

impl Output {
    fn of(sig: &Signature, place: &Place, parameters: &[Parameter]) -> Result<Self> {
        if let Some(asyncness) = sig.asyncness {
            let message = "`async fn` does not block, so a thread for each call is wasted; remove `async`, or join the futures";
            return Err(Error::new(asyncness.span, message));
        }
        let ReturnType::Type(_, ty) = &sig.output else {
            return Ok(Self { ty: unit(), is_result: false });
        };
        if let Some(found) = impl_trait(ty) {
            let message = "`impl` in the result; name the type, or box it: `Box<dyn Trait + Send>`";
            return Err(Error::new(found.span, message));
        }
        let ty = match lifetimes(ty).into_iter().find(is_elided) {
            None => Type::clone(ty),
            Some(elided) => match Source::of(sig, place, parameters) {
                Source::Batch => Type::clone(ty),
                Source::Named(lifetime) => name_elided(ty, &lifetime),
                Source::Call => {
                    let message = "the result borrows from what is lent to the call alone; return an owned value, or name the lifetime here and at the parameter: `&'a`";
                    return Err(Error::new(elided.span(), message));
                }
            },
        };
        let is_result = last_segment(&ty).is_some_and(|last| last.ident == "Result");
        Ok(Self { ty, is_result })
    }
}

fn unit() -> Type {
    Type::Tuple(TypeTuple {
        attrs: Vec::new(),
        paren_token: Paren::default(),
        elems: Punctuated::new(),
    })
}

/// What a result with an elided lifetime borrows from, by the rules of elision.
enum Source {
    /// Something that lives as long as the batch.
    Batch,
    /// Something whose lifetime has a name.
    Named(Lifetime),
    /// Something that lives as long as the call.
    Call,
}

impl Source {
    fn of(sig: &Signature, place: &Place, parameters: &[Parameter]) -> Self {
        match place.receiver().map(|receiver| &receiver.keeping) {
            Some(Keeping::Reference(None)) => return Self::Batch,
            Some(Keeping::Reference(Some(lifetime))) => return Self::Named(lifetime.clone()),
            Some(Keeping::ArcReference) => return Self::Call,
            Some(Keeping::Arc | Keeping::Refused) | None => {}
        }
        let types = sig.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(written) => Some(&*written.ty),
            FnArg::Receiver(_) => None,
        });
        let mut sources: Vec<_> = types
            .zip(parameters)
            .flat_map(|(ty, parameter)| {
                lifetimes(ty).into_iter().map(|lifetime| (lifetime, &parameter.passing))
            })
            .collect();
        sources.dedup_by(|(one, _), (other, _)| one == other && !is_elided(one));
        match sources.pop() {
            // The compiler refuses a function whose elided result has no source or several.
            Some(_) if !sources.is_empty() => Self::Batch,
            None => Self::Batch,
            Some((lifetime, _)) if !is_elided(&lifetime) => Self::Named(lifetime),
            Some((_, Passing::Owned(_))) => Self::Batch,
            Some((_, Passing::Lent(_) | Passing::LentParameter(_))) => Self::Call,
        }
    }
}
