//! Decides what stands beside the function; what is quoted is quoted here and in the files below.

mod body;
mod bounds;
mod companion;
mod signature;
mod tokens;

use self::companion::{Companion, Form};
use self::tokens::over;
use crate::args::{Args, Given};
use crate::attributes;
use crate::errors::Errors;
use crate::function::{Function, Place};
use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::ext::IdentExt as _;

/// The whole way, from the tokens in the attribute and under it to those that stand in their place.
pub(crate) fn concurrent(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let args = Args::parse(options, &mut errors);
    match Function::parse(item.clone(), &args, &mut errors) {
        Some(function) => expand(&args, &function, errors),
        None => item.into_iter().chain(errors.into_compile_errors()).collect(),
    }
}

/// The function as it was written, its companion, and whatever mistakes there are: names resolve even then.
fn expand(args: &Args, function: &Function, errors: Errors) -> TokenStream {
    let companion = beside(&Companion::new(args, function), errors.is_empty());
    let errors = errors.into_compile_errors();
    let Function { attrs, vis, sig, body, .. } = function;
    // A reference is moved rather than lent if its lifetime has a name, however needless that is for the function.
    let named = sig.generics.lifetimes().next().map(|_| {
        quote!(#[allow(
            single_use_lifetimes, clippy::elidable_lifetime_names, clippy::needless_lifetimes
        )])
    });
    quote! { #(#attrs)* #named #vis #sig #body #companion #errors }
}

/// A type for a free function, siblings for a method; without bodies that call it unless it is `sound`.
fn beside(companion: &Companion<'_>, sound: bool) -> TokenStream {
    let Function { attrs, vis, sig, place, .. } = companion.function;
    let (cfg, hidden) = (attributes::cfg(attrs), attributes::hidden(attrs));
    // Whatever these say of the function, they say it there.
    let named = sig.generics.lifetimes().next();
    let named = named.map(|_| quote!(, redundant_lifetimes, single_use_lifetimes));
    let allow = quote!(#[allow(
        dead_code, deprecated, non_camel_case_types,
        clippy::impl_trait_in_params, clippy::multiple_bound_locations #named
    )]);
    let methods = Form::ALL.into_iter().map(|form| method(companion, form, sound));
    let items = methods.chain([pool(companion)]);
    match place {
        Place::Free => {
            let name = companion.type_name();
            let doc = format!(" Runs {} concurrently.", companion.link());
            quote! {
                #(#cfg)* #(#hidden)* #[doc = #doc] #allow
                #vis enum #name {}
                #(#cfg)* #allow
                impl #name { #(#items)* }
            }
        }
        Place::Impl(_) => items.map(|item| quote!(#(#cfg)* #(#hidden)* #allow #item)).collect(),
    }
}

fn method(companion: &Companion<'_>, form: Form, sound: bool) -> TokenStream {
    let Companion { core, function: Function { attrs, vis, .. }, .. } = companion;
    let deprecated = attributes::deprecated(attrs);
    let (name, doc) = (companion.item_name(form.name()), form.doc(&companion.link()));
    let generics = signature::generics(companion, form);
    let parameters = signature::parameters(companion, form);
    let output = signature::output(companion, form);
    let predicates = bounds::predicates(companion, form);
    let (lint, body) = if sound {
        (None, body::body(companion, form))
    } else {
        (Some(quote!(#[allow(unused_variables)])), quote!(#core::unreachable!()))
    };
    // Inlined, so that it is compiled where it is called: nobody waits for code that nobody calls.
    quote! {
        #[doc = #doc] #(#deprecated)* #lint #[inline]
        #vis fn #name<#(#generics),*>(#(#parameters),*) -> #output where #(#predicates),* { #body }
    }
}

fn pool(companion: &Companion<'_>) -> TokenStream {
    let Companion { args, function: Function { attrs, vis, sig, .. }, private, core, .. } =
        companion;
    let deprecated = attributes::deprecated(attrs);
    let (name, doc) =
        (companion.item_name("pool"), format!(" Returns the pool behind {}.", companion.link()));
    let body = if let Some(pool) = &args.pool {
        pool.value.to_token_stream()
    } else {
        let threads = match &args.name {
            Some(Given { value, .. }) => value.to_token_stream(),
            None => sig.ident.unraw().to_string().to_token_stream(),
        };
        let options =
            [&args.max_workers, &args.keep_alive, &args.stack_size].map(|option| match option {
                Some(Given { value, .. }) => quote!(#core::option::Option::Some(#value)),
                None => quote!(#core::option::Option::None),
            });
        // The compiler runs it, and finds there that zero workers are none.
        let place = args.max_workers.as_ref().map(|given| &given.value);
        let new = over(place, quote!(#private::pool(#threads, #(#options),*)));
        quote! {
            static __POOL: #private::Pool = #new;
            &__POOL
        }
    };
    quote! {
        #[doc = #doc] #(#deprecated)*
        #vis fn #name() -> &'static #private::Pool { #body }
    }
}

#[cfg(test)]
mod tests {
    use super::concurrent;
    use proc_macro2::TokenStream;

    /// What the docs leave out of every path.
    const PATHS: [&str; 2] = ["::pool_core::__private::core::", "::pool_core::__private::"];

    #[test]
    fn the_documented_expansion_is_the_real_one() {
        let options = "max_workers = 16".parse().unwrap();
        let annotated = include_str!("expansion/annotated.rs").parse().unwrap();
        let documented: TokenStream = include_str!("expansion/expanded.rs").parse().unwrap();
        assert_eq!(bare(concurrent(options, annotated)), bare(documented));
    }

    /// Tokens without spaces, paths, and what rustfmt adds or leaves out, in pieces that can be compared.
    fn bare(tokens: TokenStream) -> Vec<String> {
        let text = tokens.to_string().replace(' ', "");
        let text = PATHS.iter().fold(text, |text, path| text.replace(path, ""));
        let text = text.replace(",)", ")").replace(",{", "{").replace("<>", "");
        text.split_inclusive(['{', '}', ';']).map(String::from).collect()
    }
}
