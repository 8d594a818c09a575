//! The where-clauses: what is asked of the user's types, so that an error is told at them and not inside generated
//! code.

use super::companion::{Argument, Companion, Form, named};
use super::signature::{input, is_not_maybe};
use super::tokens::{at, over};
use crate::function::Function;
use crate::parameter::{Parameter, Passing, Role};
use crate::place::{Keeping, Place, Receiver};
use crate::types::{lifetimes, references};
use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use std::mem;
use syn::{Type, WherePredicate};

/// The function's own where-clause, and after it what a batch or a task asks.
pub(super) fn predicates(companion: &Companion<'_>, form: Form) -> Vec<TokenStream> {
    let Function { sig, place, .. } = companion.function;
    let own = sig.generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    let own = own.map(|predicate| of_inputs_with_size(companion, predicate).into_token_stream());
    let of_self = match place {
        Place::Impl(Some(receiver)) => of_self(companion, receiver, form),
        Place::Impl(None) | Place::Free => None,
    };
    let of_parameters =
        companion.arguments.iter().flat_map(|argument| of_parameter(companion, argument, form));
    own.chain(of_self)
        .chain(of_parameters)
        .chain(of_input(companion, form))
        .chain(of_results(companion, form))
        .collect()
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

fn of_parameter(
    companion: &Companion<'_>,
    argument: &Argument<'_>,
    form: Form,
) -> Vec<TokenStream> {
    let Companion { private, core, .. } = companion;
    let (env, Argument { parameter: Parameter { role, passing, .. }, position, .. }) =
        (form.lifetime(), argument);
    let shared = *role == Role::Shared;
    let ty = match passing {
        Passing::Owned(ty) => named(ty, form),
        Passing::Lent(referent) => return implied_by(companion, &named(referent, form)),
        Passing::LentParameter(name) if shared => return vec![quote!(#name: #core::marker::Sync)],
        Passing::LentParameter(_) if form == Form::Map => return Vec::new(),
        Passing::LentParameter(name) => return vec![quote!(#name: #core::marker::Send + #env)],
        Passing::State(ty) => {
            let ty = named(ty, form);
            let state = (form != Form::Submit).then(|| over(&ty, quote!(#private::State)));
            let asked = state.map(|state| quote!(#ty: #env + #state));
            return implied_by(companion, &ty).into_iter().chain(asked).collect();
        }
    };
    let asked = match (shared, form) {
        (true, _) => {
            let shared = over(&ty, quote!(#private::Shared<#position>));
            Some(quote!(#ty: #env + #shared))
        }
        (false, Form::Map) => None,
        // Higher-ranked, so that it is asked where the companion is used, not where the function is annotated.
        (false, Form::AsCompleted) => {
            Some(quote!(for<'__any> #ty: #env + #private::HandedBack<#position>))
        }
        (false, Form::Submit) => Some(quote!(for<'__any> #ty: #env + #private::Sent<#position>)),
    };
    implied_by(companion, &ty).into_iter().chain(asked).collect()
}

/// What `as_completed` asks of a whole input, unless its parts say it by themselves.
fn of_input(companion: &Companion<'_>, form: Form) -> Option<TokenStream> {
    let moves = |argument: &Argument<'_>| matches!(argument.parameter.passing, Passing::Owned(_));
    let asked = form == Form::AsCompleted && companion.inputs().any(moves);
    let (private, input) = (&companion.private, input(companion, form));
    asked.then(|| quote!(for<'__any> #input: #private::Input))
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
    let (private, env) = (&companion.private, form.lifetime());
    let asked = |((ty, place), asked): ((Type, TokenStream), TokenStream)| {
        let asked = over(place, quote!(#private::#asked));
        quote!(#ty: #env + #asked)
    };
    let traits = [quote!(Returned), quote!(Failed)];
    companion.results(form).into_iter().zip(traits).map(asked).collect()
}
