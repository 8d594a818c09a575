//! What `fleet` adds beside a free function: how its calls run in other processes, and what these serve.

use super::companion::{Companion, Form, named};
use super::tokens::{at, local, over};
use crate::attributes;
use crate::function::Function;
use crate::parameter::{Parameter, Passing, Role};
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens as _, quote};
use syn::Type;
use syn::ext::IdentExt as _;

/// `on` and `service`, and what they tell the library of the function; without that part unless it is `sound`.
pub(super) fn beside(
    companion: &Companion<'_>,
    lints: &TokenStream,
    sound: bool,
) -> Option<TokenStream> {
    let fleet = companion.args.fleet.as_ref()?;
    let Companion { private, core, function, .. } = companion;
    let Function { attrs, vis, sig, companion: name, .. } = function;
    let deprecated = attributes::deprecated(attrs);
    let (on_doc, service_doc) = (
        format!(" Runs calls of {} on the workers of a fleet.", companion.link()),
        format!(" Returns {} as workers serve it.", companion.link()),
    );
    let (fleet_name, init_name) = (local("fleet"), local("init"));
    let (init, service) = match companion.made(Form::Submit) {
        Some(made) => (
            Some(quote! {
                #init_name: impl #private::Init<#made> + #core::marker::Send + #core::marker::Sync + 'static
            }),
            quote!(#private::fleet::service_init::<Self, #made>(#init_name)),
        ),
        None => (None, quote!(#private::fleet::service::<Self>())),
    };
    let (on, service) = match sound {
        true => (quote!(#private::fleet::On::new(#fleet_name)), service),
        false => (quote!(#core::unreachable!()), quote!(#core::unreachable!())),
    };
    let described = sound.then(|| {
        let path = match &fleet.value {
            Some(name) => name.to_token_stream(),
            None => {
                let name = sig.ident.unraw().to_string();
                quote!(#core::concat!(#core::module_path!(), "::", #name))
            }
        };
        let described = describe(companion, &path);
        quote!(#lints #described)
    });
    let asked = if sound { of_types(companion) } else { Vec::new() };
    let unused = (!sound).then(|| quote!(#[allow(unused_variables)]));
    let items = quote! {
        #lints
        impl #name {
            #[doc = #on_doc] #(#deprecated)* #unused
            #vis fn on(#fleet_name: &#private::fleet::Fleet) -> #private::fleet::On<Self> { #on }

            #[doc = #service_doc] #(#deprecated)* #unused
            #vis fn service(#init) -> #private::fleet::Service where #(#asked,)* { #service }
        }
        #described
    };
    // All at the option: there the compiler reports that the feature is missing.
    let place = fleet.key.span();
    let with_the_feature = at(place, quote!(#private::with_the_feature_fleet!));
    let mut items = Group::new(Delimiter::Brace, items);
    items.set_span(items.span().located_at(place));
    Some(quote!(#with_the_feature #items))
}

/// The function as the library sees it: its name, its types, and a call.
fn describe(companion: &Companion<'_>, path: &TokenStream) -> TokenStream {
    let Companion { private, core, function, .. } = companion;
    let Function { sig, companion: name, output, .. } = function;
    let form = Form::Submit;
    let travel = companion.inputs().map(|argument| match &argument.parameter.passing {
        Passing::Owned(ty) => travelling(companion, "Moved", &named(ty, form)),
        Passing::Lent(ty) => travelling(companion, "Lent", &named(ty, form)),
        Passing::LentParameter(_) | Passing::State(_) => unreachable!("refused, or no input"),
    });
    let state = companion.state(form).map_or_else(|| quote!(()), |(ty, _)| ty.into_token_stream());
    let inputs = companion.inputs().map(|argument| &argument.local);
    let state_name = local("state");
    let arguments = companion.arguments.iter().map(|argument| {
        let (Parameter { role, passing, .. }, local) = (argument.parameter, &argument.local);
        match passing {
            _ if *role == Role::Worker => state_name.to_token_stream(),
            Passing::Lent(ty) => {
                let lend = companion.lend(ty, form);
                quote!(<_ as #lend>::lend(&#local))
            }
            _ => local.to_token_stream(),
        }
    });
    let call = &sig.ident;
    let call = quote!(#call(#(#arguments),*));
    let result = companion.result(form);
    let (result, call) = match output.is_result {
        true => (result.to_token_stream(), call),
        false => (travelling(companion, "Plain", &result), quote!(#private::fleet::Plain(#call))),
    };
    let asked = of_types(companion);
    let timeout = companion.timeout().map(|timeout| {
        quote! {
            fn timeout() -> #core::option::Option<#core::time::Duration> {
                #core::option::Option::Some(Self::#timeout())
            }
        }
    });
    quote! {
        impl #private::fleet::Function for #name
        where
            // Higher-ranked, so that it is asked where the function is served, and told once.
            #(for<'__any> #asked,)*
        {
            const NAME: &'static #core::primitive::str = #path;
            type Parameters = (#(#travel,)*);
            type State = #state;
            type Output = #result;

            fn pool() -> &'static #private::Pool {
                Self::pool()
            }

            #timeout

            fn call(
                #state_name: &mut Self::State,
                (#(#inputs,)*): <Self::Parameters as #private::fleet::Parameters>::Owned,
            ) -> Self::Output {
                #call
            }
        }
    }
}

/// What is asked of the types that travel, told at the user's own tokens.
fn of_types(companion: &Companion<'_>) -> Vec<TokenStream> {
    let (private, form) = (&companion.private, Form::Submit);
    let inputs = companion.inputs().map(|argument| match &argument.parameter.passing {
        Passing::Owned(written) | Passing::Lent(written) => {
            (named(written, form), written.to_token_stream())
        }
        Passing::LentParameter(_) | Passing::State(_) => unreachable!("refused, or no input"),
    });
    let types = inputs.chain(companion.results(form));
    let asked = types.map(|(ty, written)| {
        let travels = over(written, quote!(#private::fleet::Travels));
        quote!(#ty: #travels)
    });
    asked.collect()
}

/// A type of the user's as it travels: under the name of what the library does with it.
fn travelling(companion: &Companion<'_>, how: &str, ty: &Type) -> TokenStream {
    let (private, how) = (&companion.private, Ident::new(how, Span::call_site()));
    quote!(#private::fleet::#how<#ty>)
}
