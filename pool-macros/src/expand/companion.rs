//! The names in generated code: items, locals, types, and the path to the library.

use super::tokens::{at, ends, local};
use crate::args::{Args, Given};
use crate::function::Function;
use crate::parameter::{Parameter, Passing, Role, is};
use crate::place::{Keeping, Place};
use crate::types::{arguments, last_segment, name_elided, peel};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote};
use syn::ext::IdentExt as _;
use syn::{Attribute, Lifetime, Type, parse_quote};

/// What stands beside a function.
pub(super) struct Companion<'a> {
    pub(super) args: &'a Args,
    pub(super) function: &'a Function,
    pub(super) arguments: Vec<Argument<'a>>,
    /// The path to what generated code may use of the library.
    pub(super) private: TokenStream,
    /// The path to `core`, which the user's crate may call something else.
    pub(super) core: TokenStream,
}

/// A parameter and what generated code calls its value.
pub(super) struct Argument<'a> {
    pub(super) parameter: &'a Parameter,
    pub(super) position: Literal,
    pub(super) local: Ident,
    /// The type of the input, where it has to have a name.
    pub(super) ty: Ident,
}

/// What can be done with a function.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Form {
    Map,
    AsCompleted,
    Submit,
}

impl Form {
    pub(super) const ALL: [Self; 3] = [Self::Map, Self::AsCompleted, Self::Submit];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Map => "map",
            Self::AsCompleted => "as_completed",
            Self::Submit => "submit",
        }
    }

    pub(super) fn doc(self, function: &str) -> String {
        match self {
            Self::Map => format!(
                " Calls {function} for each of the inputs and gives the results in their order."
            ),
            Self::AsCompleted => format!(
                " Calls {function} for each of the inputs and gives the outcomes as they finish."
            ),
            Self::Submit => format!(" Calls {function} for one input in the background."),
        }
    }

    /// How long it may last, and so what it may borrow. No `impl` around a method should use the name.
    pub(super) fn lifetime(self) -> Lifetime {
        let name = if self == Self::Submit { "'static" } else { "'__env" };
        Lifetime::new(name, Span::call_site())
    }
}

impl<'a> Companion<'a> {
    pub(super) fn new(args: &'a Args, function: &'a Function) -> Self {
        let krate = krate(args);
        let private = quote!(#krate::__private);
        let core = quote!(#private::core);
        let single =
            function.parameters.iter().filter(|parameter| parameter.role == Role::Input).count()
                == 1;
        let argument = |(index, parameter): (usize, &'a Parameter)| {
            let is_input = parameter.role == Role::Input;
            let number = if single { String::new() } else { index.to_string() };
            let local = match &parameter.name {
                // One of the function's name would hide the function.
                Some(name) if !is_input && *name != function.sig.ident => name.clone(),
                _ if !is_input => local(&format!("shared{index}")),
                _ => local(&format!("input{number}")),
            };
            let position = Literal::usize_unsuffixed(index);
            Argument { parameter, position, local, ty: format_ident!("__I{number}") }
        };
        let arguments = function.parameters.iter().enumerate().map(argument).collect();
        Self { args, function, arguments, private, core }
    }

    pub(super) fn inputs(&self) -> impl Iterator<Item = &Argument<'a>> {
        self.arguments.iter().filter(|argument| argument.parameter.role == Role::Input)
    }

    /// What is given before the inputs: what is shared, and what makes states.
    pub(super) fn given_first(&self) -> impl Iterator<Item = &Argument<'a>> {
        self.arguments.iter().filter(|argument| argument.parameter.role != Role::Input)
    }

    /// The type of the state that a call has to itself, and the name of what makes it.
    pub(super) fn state(&self, form: Form) -> Option<(Type, &Ident)> {
        self.arguments.iter().find_map(|argument| match &argument.parameter.passing {
            Passing::State(ty) => Some((named(ty, form), &argument.local)),
            _ => None,
        })
    }

    /// What makes a state returns: the state, or a `Result` with the error of the function.
    pub(super) fn made(&self, form: Form) -> Option<TokenStream> {
        let (core, (state, _)) = (&self.core, self.state(form)?);
        let mut results = self.results(form).into_iter().map(|(ty, _)| ty);
        Some(match (results.next(), results.next()) {
            (_, Some(error)) => quote!(#core::result::Result<#state, #error>),
            _ => state.into_token_stream(),
        })
    }

    /// Whether an input or a state is a value of this type parameter, which therefore has a size.
    pub(super) fn has_size(&self, name: &Ident) -> bool {
        self.arguments.iter().any(|argument| match &argument.parameter.passing {
            Passing::LentParameter(of) => argument.parameter.role == Role::Input && of == name,
            Passing::State(Type::Path(path)) => path.path.is_ident(name),
            _ => false,
        })
    }

    pub(super) fn keeping(&self) -> Option<&Keeping> {
        match &self.function.place {
            Place::Impl(Some(receiver)) => Some(&receiver.keeping),
            Place::Impl(None) | Place::Free => None,
        }
    }

    /// The name of a function in that type, or of a sibling.
    pub(super) fn item_name(&self, what: &str) -> Ident {
        match self.function.place {
            Place::Free => Ident::new(what, Span::call_site()),
            Place::Impl(_) => {
                format_ident!("{}_{what}", self.function.sig.ident, span = Span::call_site())
            }
        }
    }

    /// The name of what returns the time limit, if there is one.
    pub(super) fn timeout(&self) -> Option<Ident> {
        let name = match self.function.place {
            Place::Free => format_ident!("__timeout"),
            Place::Impl(_) => format_ident!("__{}_timeout", self.function.sig.ident.unraw()),
        };
        self.args.timeout.is_some().then_some(name)
    }

    /// A link in the docs to the function, and not to the type of the same name.
    pub(super) fn link(&self) -> String {
        let name = self.function.sig.ident.unraw();
        match self.function.place {
            Place::Free => format!("[`{name}`](fn@{name})"),
            Place::Impl(_) => format!("[`{name}`](Self::{name})"),
        }
    }

    /// The text about the companion on the page of a free function, since the companion has no page. A function without
    /// docs gets no text, since it would hide the function from the lint `missing_docs`.
    pub(super) fn doc(&self) -> Option<TokenStream> {
        let Function { attrs, place: Place::Free, companion, .. } = self.function else {
            return None;
        };
        let is_documented =
            |attr: &Attribute| is(attr, "doc") && attr.meta.require_name_value().is_ok();
        if !attrs.iter().any(is_documented) {
            return None;
        }
        let name = companion.unraw();
        let call = |what: &str, last: &str| {
            let first = self.given_first().map(|argument| argument.local.unraw().to_string());
            let arguments: Vec<_> = first.chain([last.to_owned()]).collect();
            format!("`{name}::{what}({})`", arguments.join(", "))
        };
        let doc = format!(
            " {} runs it concurrently and gives the results in the order of the inputs, {} the outcomes as they finish. {} runs \
             one call in the background. `{name}::pool()` is the pool behind them.",
            call("map", "inputs"),
            call("as_completed", "inputs"),
            call("submit", "input"),
        );
        Some(quote!(#[doc = ""] #[doc = #doc]))
    }

    /// The trait of what lends a type.
    pub(super) fn lend(&self, referent: &Type, form: Form) -> TokenStream {
        let (private, referent) = (&self.private, named(referent, form));
        quote!(#private::Lend<#referent>)
    }

    /// What a call gives.
    pub(super) fn result(&self, form: Form) -> Type {
        let core = &self.core;
        match peel(&self.function.output.ty) {
            // `!` is no type yet where it is not the return type itself.
            Type::Never(_) => parse_quote!(#core::convert::Infallible),
            written => named(written, form),
        }
    }

    /// The types of what is handed over for each call, and the tokens at which they stand: those within a `Result`, or
    /// the result itself.
    pub(super) fn results(&self, form: Form) -> Vec<(Type, TokenStream)> {
        let (private, result) = (&self.private, self.result(form));
        let place = result.to_token_stream();
        if !self.function.output.is_result {
            return vec![(result, place)];
        }
        if let [value, error] = last_segment(&result).map(arguments).unwrap_or_default()[..] {
            return [value, error].map(|ty| (Type::clone(ty), ty.to_token_stream())).into();
        }
        // An alias: what it leaves out is not to be seen here.
        let (start, end) = ends(&place);
        let open = at(start, quote!(<));
        let within = |name: TokenStream| {
            let close = at(end, quote!(as #private::Fallible>::#name));
            (parse_quote!(#open #result #close), place.clone())
        };
        [within(quote!(Value)), within(quote!(Error))].into()
    }
}

/// The path to the library.
pub(super) fn krate(args: &Args) -> TokenStream {
    match &args.krate {
        Some(Given { value, .. }) => value.to_token_stream(),
        None => quote!(::pool_core),
    }
}

/// A type as it is while a form lasts.
///
/// What stands for a mistake becomes a type that the compiler takes for any other, so that nothing more is told about
/// it: an associated type of something erroneous.
pub(super) fn named(ty: &Type, form: Form) -> Type {
    match ty {
        Type::Verbatim(mistake) => {
            parse_quote!(<[(); { #mistake }] as ::core::iter::IntoIterator>::Item)
        }
        ty => name_elided(ty, &form.lifetime()),
    }
}
