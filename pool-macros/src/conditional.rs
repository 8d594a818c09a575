//! A `#[shared]` or `#[worker]` under a condition, which only the compiler can decide.

use crate::function::Written;
use crate::parameter::is;
use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::punctuated::Punctuated;
use syn::{Attribute, FnArg, Meta, Token};

/// A function as it is where a condition holds, and where it does not.
pub(crate) struct Conditional {
    pub(crate) condition: TokenStream,
    pub(crate) with: Written,
    pub(crate) without: Written,
}

impl Conditional {
    /// Takes the first `#[cfg_attr(…, shared)]` or `#[cfg_attr(…, worker)]` apart.
    pub(crate) fn of(function: &Written) -> Option<Self> {
        let attributes = function.sig.inputs.iter().map(attributes_of);
        let (parameter, position, (condition, added)) =
            attributes.enumerate().find_map(|(parameter, attributes)| {
                let found = |(position, attribute)| Some((parameter, position, mark(attribute)?));
                attributes.iter().enumerate().find_map(found)
            })?;
        let (mut with, mut without) = (function.clone(), function.clone());
        attributes_of_mut(&mut with.sig.inputs[parameter]).splice(position..=position, added);
        attributes_of_mut(&mut without.sig.inputs[parameter]).remove(position);
        Some(Self { condition, with, without })
    }
}

/// The condition of a `cfg_attr` that adds a mark, and all that it adds.
fn mark(attribute: &Attribute) -> Option<(TokenStream, Vec<Attribute>)> {
    if !is(attribute, "cfg_attr") {
        return None;
    }
    let metas = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()?;
    let mut metas = metas.into_iter();
    let condition = metas.next()?.into_token_stream();
    let added: Vec<_> = metas.map(|meta| Attribute { meta, ..attribute.clone() }).collect();
    added
        .iter()
        .any(|added| is(added, "shared") || is(added, "worker"))
        .then_some((condition, added))
}

fn attributes_of(parameter: &FnArg) -> &[Attribute] {
    match parameter {
        FnArg::Receiver(receiver) => &receiver.attrs,
        FnArg::Typed(typed) => &typed.attrs,
    }
}

fn attributes_of_mut(parameter: &mut FnArg) -> &mut Vec<Attribute> {
    match parameter {
        FnArg::Receiver(receiver) => &mut receiver.attrs,
        FnArg::Typed(typed) => &mut typed.attrs,
    }
}
