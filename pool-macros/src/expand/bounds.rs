//! Decides what is asked of the user's types, so that an error is told at them and not inside generated code.

use super::companion::{Companion, Form, named};
use super::signature::is_not_maybe;
use super::tokens::{at, over};
use crate::function::{Function, Keeping, Place, Receiver};
use crate::parameter::{Parameter, Passing};
use crate::types::{lifetimes, peel, references};
use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use std::mem;
use syn::{Type, TypeReference, WherePredicate};

/// The function's own where-clause, and after it what a batch or a task asks.
pub(super) fn predicates(companion: &Companion<'_>, form: Form) -> Vec<TokenStream> {
    let Function { sig, place, parameters, .. } = companion.function;
    let own = sig.generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    let own = own.map(|predicate| of_inputs_with_size(companion, predicate).into_token_stream());
    let of_self = match place {
        Place::Impl(Some(receiver)) => of_self(companion, receiver, form),
        Place::Impl(None) | Place::Free => None,
    };
    let of_parameters =
        parameters.iter().flat_map(|parameter| of_parameter(companion, parameter, form));
    own.chain(of_self).chain(of_parameters).chain(of_results(companion, form)).collect()
}

/// A predicate without `?Sized` if it is one of a type parameter that is lent, since inputs have a size.
fn of_inputs_with_size(companion: &Companion<'_>, predicate: &WherePredicate) -> WherePredicate {
    let mut predicate = predicate.clone();
    if let WherePredicate::Type(of) = &mut predicate {
        let name = match &of.bounded_ty {
            Type::Path(path) => path.path.get_ident(),
            _ => None,
        };
        if name.is_some_and(|name| companion.is_input(name)) {
            of.bounds = mem::take(&mut of.bounds).into_iter().filter(is_not_maybe).collect();
        }
    }
    predicate
}

fn of_self(companion: &Companion<'_>, receiver: &Receiver, form: Form) -> Option<TokenStream> {
    let (env, core) = (form.lifetime(), &companion.core);
    let asked = match &receiver.keeping {
        Keeping::Reference(None) => quote!(Self: #core::marker::Sync),
        Keeping::Reference(Some(lifetime)) => quote!(Self: #core::marker::Sync, #lifetime: #env),
        Keeping::Arc | Keeping::ArcReference => {
            quote!(Self: #core::marker::Send + #core::marker::Sync + #env)
        }
        Keeping::Refused => return None,
    };
    Some(at(receiver.token.span, asked))
}

fn of_parameter(companion: &Companion<'_>, parameter: &Parameter, form: Form) -> Vec<TokenStream> {
    let Companion { private, core, .. } = companion;
    let (env, shared) = (form.lifetime(), parameter.shared);
    let ty = match &parameter.passing {
        Passing::Owned(ty) => named(ty, form),
        Passing::Lent(referent) => return implied_by(companion, &named(referent, form)),
        Passing::LentParameter(name) if shared => return vec![quote!(#name: #core::marker::Sync)],
        Passing::LentParameter(_) if form == Form::Map => return Vec::new(),
        Passing::LentParameter(name) => return vec![quote!(#name: #core::marker::Send + #env)],
    };
    let asked = match (shared, form, peel(&ty)) {
        (false, Form::Map, _) => None,
        // Said of the referent, since equal bounds of references that differ in their lifetimes confuse the compiler.
        (.., Type::Reference(TypeReference { mutability: None, elem, .. })) => {
            let sync = over(&ty, quote!(#core::marker::Sync));
            Some(quote!(#ty: #env, #elem: #sync))
        }
        (true, ..) => {
            let shared = over(&ty, quote!(#private::Shared));
            Some(quote!(#ty: #env + #shared))
        }
        // Higher-ranked, so that it is asked where the companion is used, not where the function is annotated.
        (_, Form::AsCompleted, _) => Some(quote!(for<'__any> #ty: #env + #private::HandedBack)),
        (_, Form::Submit, _) => Some(quote!(for<'__any> #ty: #env + #core::marker::Send)),
    };
    implied_by(companion, &ty).into_iter().chain(asked).collect()
}

/// What a signature implies by a reference in it, and inputs that an iterator gives have to say.
fn implied_by(companion: &Companion<'_>, ty: &Type) -> Vec<TokenStream> {
    let Function { sig, place, .. } = companion.function;
    let is_generic = matches!(place, Place::Impl(_)) || sig.generics.type_params().next().is_some();
    let says_something = |referent: &Type| is_generic || !lifetimes(referent).is_empty();
    let references = references(ty).into_iter().filter(|(referent, _)| says_something(referent));
    references.map(|(referent, lifetime)| quote!(#referent: #lifetime)).collect()
}

fn of_results(companion: &Companion<'_>, form: Form) -> Vec<TokenStream> {
    let Companion { private, core, .. } = companion;
    let env = form.lifetime();
    let asked = |(ty, place)| match peel(&ty) {
        // As for parameters.
        Type::Reference(TypeReference { mutability: None, elem, .. }) => {
            let sync = over(place, quote!(#core::marker::Sync));
            quote!(#elem: #sync, #ty: #env)
        }
        _ => {
            let returned = over(place, quote!(#private::Returned));
            quote!(#ty: #env + #returned)
        }
    };
    companion.results(form).into_iter().map(asked).collect()
}
