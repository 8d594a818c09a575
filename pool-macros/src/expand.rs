//! The code beside the function. Only this module and those below it quote.

mod body;
mod bounds;
mod companion;
mod fleet;
mod signature;
mod tokens;

use self::companion::{Companion, Form, krate};
use self::tokens::call_at;
use crate::args::{Args, Given};
use crate::attributes;
use crate::conditional::Conditional;
use crate::errors::Errors;
use crate::function::{Function, Written};
use crate::place::Place;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote};
use syn::Expr;
use syn::ext::IdentExt as _;

/// The whole way, from the tokens in the attribute and under it to those that stand in their place.
pub(crate) fn concurrent(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let args = Args::parse(options.clone(), &mut errors);
    match syn::parse2::<Written>(item.clone()) {
        Ok(written) => match Conditional::of(&written) {
            Some(conditional) => twice(&args, &options, conditional),
            None => {
                let function = Function::read(written, &args, &mut errors);
                expand(&args, &function, errors)
            }
        },
        Err(error) => {
            errors.push(error);
            item.into_iter().chain(errors.into_compile_errors()).collect()
        }
    }
}

/// One function for each side of a condition, each annotated again: the compiler keeps one.
fn twice(args: &Args, options: &TokenStream, conditional: Conditional) -> TokenStream {
    let krate = krate(args);
    let Conditional { condition, with, without } = conditional;
    let annotated = |function: Written| {
        let Written { attrs, vis, sig, body } = function;
        quote!(#[#krate::concurrent(#options)] #(#attrs)* #vis #sig #body)
    };
    let (with, without) = (annotated(with), annotated(without));
    quote!(#[cfg(#condition)] #with #[cfg(not(#condition))] #without)
}

/// The function as it was written, its companion, and whatever mistakes there are: names resolve even then.
fn expand(args: &Args, function: &Function, errors: Errors) -> TokenStream {
    let companion = Companion::new(args, function);
    let doc = companion.doc();
    let companion = beside(&companion, errors.is_empty());
    let errors = errors.into_compile_errors();
    let Function { attrs, vis, sig, body, .. } = function;
    // A reference is moved rather than lent if its lifetime has a name, however needless that is for the function.
    let named = sig.generics.lifetimes().next().map(|_| {
        quote!(#[allow(
            single_use_lifetimes, clippy::elidable_lifetime_names, clippy::needless_lifetimes
        )])
    });
    quote! { #(#attrs)* #doc #named #vis #sig #body #companion #errors }
}

/// A type for a free function, siblings for a method; without bodies that call it unless it is `sound`.
fn beside(companion: &Companion<'_>, sound: bool) -> TokenStream {
    let Function { attrs, vis, sig, place, .. } = companion.function;
    let (cfg, hidden) = (attributes::cfg(attrs), attributes::hidden(attrs));
    let lints = attributes::lints(attrs);
    // Whatever these say of the function, they say it there.
    let named = sig.generics.lifetimes().next();
    let named = named.map(|_| quote!(, redundant_lifetimes, single_use_lifetimes));
    let lints = quote! {
        #(#lints)*
        #[allow(
            deprecated, non_camel_case_types, clippy::impl_trait_in_params,
            clippy::multiple_bound_locations, clippy::too_many_arguments, clippy::type_complexity
            #named
        )]
    };
    let methods = Form::ALL.into_iter().map(|form| method(companion, form, sound));
    let items = methods.chain([pool(companion)]).chain(timeout(companion));
    match place {
        Place::Free => {
            let name = &companion.function.companion;
            let (private, doc) =
                (&companion.private, format!(" Runs {} concurrently.", companion.link()));
            let fleet = fleet::beside(companion, &quote!(#(#cfg)* #lints), sound);
            // Hidden, so that a link in the docs to the function's name means the function.
            quote! {
                #private::in_an_impl_write_concurrent_associated! {
                    #(#cfg)* #[doc = #doc] #[doc(hidden)] #lints
                    #vis enum #name {}
                    #(#cfg)* #lints
                    impl #name { #(#items)* }
                }
                #fleet
            }
        }
        Place::Impl(_) => {
            // The compiler reports all unused methods of one lint level together, and reports none of them if some are
            // generated. With a level of their own, the siblings do not hide the user's methods from the report, and
            // are not reported themselves.
            let unused =
                (!attributes::allows_dead_code(attrs)).then(|| quote!(#[forbid(dead_code)]));
            items.map(|item| quote!(#(#cfg)* #(#hidden)* #lints #unused #item)).collect()
        }
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
    // Inlined, so that it is compiled only where it is called.
    quote! {
        #[doc = #doc] #(#deprecated)* #lint #[inline]
        #vis fn #name<#(#generics),*>(#(#parameters),*) -> #output where #(#predicates),* { #body }
    }
}

fn pool(companion: &Companion<'_>) -> TokenStream {
    let Companion { args, function: Function { attrs, vis, sig, .. }, private, .. } = companion;
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
        let options = [
            ("max_workers", &args.max_workers),
            ("keep_alive", &args.keep_alive),
            ("stack_size", &args.stack_size),
        ];
        // At the value, since the compiler runs it, and may find there that zero workers are none.
        let set = |builder, (option, given): (&str, &Option<Given<Expr>>)| match given {
            Some(Given { value, .. }) => {
                let option = Ident::new(option, Span::call_site());
                call_at(value, quote!(#private::PoolBuilder::#option), quote!(#builder, #value))
            }
            None => builder,
        };
        let builder = quote!(#private::Pool::builder().name(#threads));
        let builder = options.into_iter().fold(builder, set);
        let new = quote!(#builder.build());
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

/// The time limit of each call, in one place, so that the compiler tells once what is wrong with it.
fn timeout(companion: &Companion<'_>) -> Option<TokenStream> {
    let Companion { private, core, .. } = companion;
    let (name, Given { value, .. }) = (companion.timeout()?, companion.args.timeout.as_ref()?);
    let checked = call_at(value, quote!(#private::time_limit), value.to_token_stream());
    Some(quote! {
        #[doc(hidden)]
        fn #name() -> #core::time::Duration {
            const __TIMEOUT: #core::time::Duration = #checked;
            __TIMEOUT
        }
    })
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
