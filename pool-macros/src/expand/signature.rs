//! What the functions beside the function take and give.

use super::companion::{Argument, Companion, Form, named};
use super::tokens::{local, tuple};
use crate::parameter::Passing;
use crate::place::Keeping;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens as _, quote};
use syn::{GenericParam, TypeParamBound};

/// The batch's lifetime, the function's own parameters, and after them the inputs that `as_completed` gives back.
pub(super) fn generics(companion: &Companion<'_>, form: Form) -> Vec<TokenStream> {
    let (env, core) = (form.lifetime(), &companion.core);
    let batch = (form != Form::Submit).then(|| env.to_token_stream());
    let own = companion.function.sig.generics.params.iter().map(|parameter| match parameter {
        GenericParam::Type(parameter) if companion.is_input(&parameter.ident) => {
            let mut sized = parameter.clone();
            sized.bounds = sized.bounds.into_iter().filter(is_not_maybe).collect();
            sized.into_token_stream()
        }
        other => other.to_token_stream(),
    });
    let lent =
        companion.inputs().filter_map(|Argument { parameter, ty, .. }| match &parameter.passing {
            Passing::Lent(referent) if form == Form::AsCompleted => {
                let lend = companion.lend(referent, form);
                Some(quote!(#ty: #lend + #core::marker::Send + #env))
            }
            _ => None,
        });
    batch.into_iter().chain(own).chain(lent).collect()
}

/// Whether a bound is another than `?Sized`, which no input can have.
pub(super) fn is_not_maybe(bound: &TypeParamBound) -> bool {
    !matches!(bound, TypeParamBound::Trait(bound) if bound.maybe.is_some())
}

/// `self`, what is given first, and the inputs.
pub(super) fn parameters(companion: &Companion<'_>, form: Form) -> Vec<TokenStream> {
    let (env, Companion { private, core, .. }) = (form.lifetime(), companion);
    let first =
        companion.given_first().map(|Argument { parameter, local, .. }| match &parameter.passing {
            Passing::Owned(ty) => {
                let ty = named(ty, form);
                quote!(#local: #ty)
            }
            Passing::Lent(referent) => {
                let lend = companion.lend(referent, form);
                quote!(#local: impl #lend + #core::marker::Send + #core::marker::Sync + #env)
            }
            Passing::LentParameter(referent) => quote!(#local: &#env #referent),
            Passing::State(_) => {
                let made = companion.made(form);
                match form {
                    Form::Submit => quote! {
                        #local: impl #private::InitOnce<#made> + #core::marker::Send + #env
                    },
                    Form::Map | Form::AsCompleted => quote! {
                        #local: impl #private::Init<#made> + #core::marker::Send + #core::marker::Sync + #env
                    },
                }
            }
        });
    let (inputs, input) = (inputs_name(form), input(companion, form));
    let inputs = match form {
        Form::Submit => quote!(#inputs: #input),
        Form::Map => quote! {
            #inputs: impl #private::IntoInputs<Item = #input, Inputs: #private::Ordered + #env>
        },
        Form::AsCompleted => quote! {
            #inputs: impl #private::IntoInputs<Item = #input, Inputs: #private::Inputs + #env>
        },
    };
    receiver(companion, form).into_iter().chain(first).chain([inputs]).collect()
}

/// What the last parameter is called.
pub(super) fn inputs_name(form: Form) -> Ident {
    local(if form == Form::Submit { "input" } else { "inputs" })
}

fn receiver(companion: &Companion<'_>, form: Form) -> Option<TokenStream> {
    let mut written = companion.function.sig.receiver()?.clone();
    if let Some(Keeping::Reference(lifetime)) = companion.keeping() {
        let (env, token) = (form.lifetime(), written.self_token);
        let lifetime = lifetime.as_ref().unwrap_or(&env);
        return Some(quote!(&#lifetime #token));
    }
    written.mutability = None;
    Some(written.into_token_stream())
}

/// The type of one input.
pub(super) fn input(companion: &Companion<'_>, form: Form) -> TokenStream {
    let (env, core) = (form.lifetime(), &companion.core);
    let types =
        companion.inputs().map(|Argument { parameter, ty, .. }| match (&parameter.passing, form) {
            (Passing::Owned(ty), _) => named(ty, form).into_token_stream(),
            (Passing::LentParameter(referent), _) => referent.to_token_stream(),
            (Passing::State(_), _) => unreachable!("a state is no input"),
            (Passing::Lent(_), Form::AsCompleted) => ty.to_token_stream(),
            (Passing::Lent(referent), Form::Map) => {
                let lend = companion.lend(referent, form);
                quote!(impl #lend)
            }
            (Passing::Lent(referent), Form::Submit) => {
                let lend = companion.lend(referent, form);
                quote!(impl #lend + #core::marker::Send + #env)
            }
        });
    tuple(types)
}

/// The batch or task.
pub(super) fn output(companion: &Companion<'_>, form: Form) -> TokenStream {
    let Companion { private, core, .. } = companion;
    let (env, result) = (form.lifetime(), companion.result(form));
    match form {
        Form::Map => quote!(#private::Map<#env, #result>),
        Form::Submit => quote!(#private::Task<#result>),
        Form::AsCompleted => {
            let input = input(companion, form);
            let mut results =
                companion.results(form).into_iter().map(|(ty, _)| ty.into_token_stream());
            let value = results.next();
            let error = results.next().unwrap_or_else(|| quote!(#core::convert::Infallible));
            quote!(#private::AsCompleted<#env, #input, #value, #error>)
        }
    }
}
