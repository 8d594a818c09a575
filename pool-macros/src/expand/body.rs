//! The bodies: a call of the engine, and within it the calls of the function.

use super::companion::{Argument, Companion, Form, named};
use super::signature::inputs_name;
use super::tokens::{at, ends, local, tuple};
use crate::parameter::{Parameter, Passing, Role};
use crate::place::{Keeping, Place};
use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote};
use syn::GenericParam;

/// One call of the engine, and nothing that could be wrong at run time.
pub(super) fn body(companion: &Companion<'_>, form: Form) -> TokenStream {
    let private = &companion.private;
    let (pool, inputs) = (companion.item_name("pool"), inputs_name(form));
    let pattern = tuple(companion.inputs().map(|argument| &argument.local));
    let is_lent =
        |argument: &Argument<'_>| !matches!(argument.parameter.passing, Passing::Owned(_));
    let (engine, by_reference) = match form {
        Form::Map if companion.inputs().all(is_lent) => (format_ident!("map_lent"), true),
        Form::Map => (format_ident!("map"), false),
        Form::AsCompleted => (format_ident!("as_completed"), true),
        Form::Submit => (format_ident!("submit"), false),
    };
    let types = types(companion, form);
    let state_name = local("state");
    let state =
        companion.state(form).zip(companion.made(form)).map(|((ty, init), made)| (ty, made, init));
    let call = call(companion, form, by_reference);
    let limit = companion.timeout().map(|timeout| quote!(Self::#timeout()));
    let run = match form {
        Form::Submit => {
            let call = match &state {
                Some((ty, made, init)) => quote! {
                    #private::with_state::<#ty, #types, #made, _>(#init, move |#state_name| { #call })
                },
                None => call,
            };
            match &limit {
                Some(limit) => quote! {
                    #private::submit_within::<#types, _>(Self::#pool(), #limit, move || { #call })
                },
                None => quote!(#private::#engine::<#types, _>(Self::#pool(), move || { #call })),
            }
        }
        Form::Map | Form::AsCompleted => match &state {
            Some((ty, made, init)) => {
                let engine = format_ident!("{}_init", engine);
                quote! {
                    #private::#engine::<#ty, #types, #made, _, _, _>(
                        Self::#pool(), #init, #inputs, move |#state_name, #pattern| { #call }
                    )
                }
            }
            None => quote! {
                #private::#engine::<#types, _, _>(Self::#pool(), #inputs, move |#pattern| { #call })
            },
        },
    };
    let run = match (&limit, form) {
        (Some(limit), Form::Map) => quote!(#private::Map::timeout(#run, #limit)),
        (Some(limit), Form::AsCompleted) => quote!(#private::AsCompleted::timeout(#run, #limit)),
        _ => run,
    };
    let unpack = (form == Form::Submit && companion.inputs().count() > 1)
        .then(|| quote!(let #pattern = #inputs;));
    let is_result = companion.function.output.is_result;
    // What makes a state has to know whether it may fail.
    let asks = form == Form::AsCompleted || state.is_some();
    let check = (asks && !is_result).then(|| not_an_alias(companion, form));
    let this = own_the_arc(companion);
    let sent = companion.arguments.iter().filter_map(|argument| sent(companion, argument, form));
    quote! { #check #this #unpack #(#sent)* #run }
}

/// A value, an error, and what the call returns.
fn types(companion: &Companion<'_>, form: Form) -> TokenStream {
    let core = &companion.core;
    let mut results = companion.results(form).into_iter().map(|(ty, _)| ty.into_token_stream());
    let value = results.next();
    let error = results.next().unwrap_or_else(|| quote!(#core::convert::Infallible));
    let result = companion.result(form);
    quote!(#value, #error, #result)
}

/// A value that goes to other threads becomes something that gives it there.
fn sent(companion: &Companion<'_>, argument: &Argument<'_>, form: Form) -> Option<TokenStream> {
    let Argument { parameter: Parameter { role, passing, .. }, position, local, .. } = argument;
    let shared = *role == Role::Shared;
    let Passing::Owned(ty) = passing else { return None };
    let (private, ty) = (&companion.private, named(ty, form));
    match (shared, form) {
        (true, _) => {
            Some(quote!(let #local = <#ty as #private::Shared<#position>>::shared(#local);))
        }
        (false, Form::Submit) => {
            Some(quote!(let #local = <#ty as #private::Sent<#position>>::sent(#local);))
        }
        (false, Form::Map | Form::AsCompleted) => None,
    }
}

/// The call with the values of one input: references to them if the engine keeps the input.
fn call(companion: &Companion<'_>, form: Form, by_reference: bool) -> TokenStream {
    let Companion { private, core, .. } = companion;
    let clone = quote!(#core::clone::Clone::clone);
    let state = local("state");
    let argument = |argument: &Argument<'_>| {
        let Argument { parameter: Parameter { role, passing, .. }, position, local, .. } = argument;
        let shared = *role == Role::Shared;
        let is_reference =
            if shared { matches!(passing, Passing::LentParameter(_)) } else { by_reference };
        let borrowed = if is_reference { quote!(#local) } else { quote!(&#local) };
        match passing {
            Passing::Owned(_) if shared || form == Form::Submit => quote!(#local()),
            Passing::Owned(ty) if by_reference => {
                let ty = named(ty, form);
                quote!(<#ty as #private::HandedBack<#position>>::again(#local))
            }
            Passing::Owned(_) => quote!(#local),
            Passing::Lent(referent) => {
                let lend = companion.lend(referent, form);
                quote!(<_ as #lend>::lend(#borrowed))
            }
            Passing::LentParameter(_) => borrowed,
            Passing::State(_) => state.to_token_stream(),
        }
    };
    let sig = &companion.function.sig;
    let token = sig.receiver().map(|receiver| receiver.self_token);
    let this = companion.keeping().map(|keeping| match keeping {
        Keeping::Arc => quote!(#clone(&#token)),
        Keeping::ArcReference => {
            let this = local("this");
            quote!(&#this)
        }
        Keeping::Reference(_) | Keeping::Refused => quote!(#token),
    });
    let arguments = this.into_iter().chain(companion.arguments.iter().map(argument));
    let names = sig.generics.params.iter().filter_map(|parameter| match parameter {
        GenericParam::Type(parameter) => Some(&parameter.ident),
        GenericParam::Const(parameter) => Some(&parameter.ident),
        GenericParam::Lifetime(_) => None,
    });
    let names: Vec<_> = names.collect();
    let turbofish = (!names.is_empty()).then(|| quote!(::<#(#names),*>));
    let (path, name) =
        (matches!(companion.function.place, Place::Impl(_)).then(|| quote!(Self::)), &sig.ident);
    quote!(#path #name #turbofish(#(#arguments),*))
}

/// A batch owns the `Arc` of which the method takes a reference.
fn own_the_arc(companion: &Companion<'_>) -> Option<TokenStream> {
    let Some(Keeping::ArcReference) = companion.keeping() else { return None };
    let (this, core) = (local("this"), &companion.core);
    let token = companion.function.sig.receiver()?.self_token;
    Some(quote!(let #this = #core::clone::Clone::clone(#token);))
}

/// Does not compile if the result is a `Result` in spite of its name.
fn not_an_alias(companion: &Companion<'_>, form: Form) -> TokenStream {
    let (private, result) = (&companion.private, companion.result(form));
    let (start, end) = ends(&result);
    let (open, close) = (at(start, quote!(#private::Named::<)), at(end, quote!(>::check())));
    quote! { use #private::Anything as _; #open #result #close; }
}
