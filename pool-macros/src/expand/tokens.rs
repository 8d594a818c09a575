//! How generated tokens are named, and where messages show them.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

/// A name that no name of the user's can clash with.
pub(super) fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// One of them as it is, several as a tuple.
pub(super) fn tuple(elements: impl Iterator<Item = impl ToTokens>) -> TokenStream {
    let elements: Vec<_> = elements.collect();
    match &elements[..] {
        [only] => only.to_token_stream(),
        _ => quote!((#(#elements),*)),
    }
}

/// Generated tokens that messages show over the whole of what the user wrote.
pub(super) fn over(written: impl ToTokens, tokens: TokenStream) -> TokenStream {
    let (start, end) = ends(written);
    let mut tokens = tokens.into_iter();
    let first = tokens.next().into_iter().collect();
    at(start, first).into_iter().chain(at(end, tokens.collect())).collect()
}

/// Generated tokens that messages show at the place of one that the user wrote.
pub(super) fn at(place: Span, tokens: TokenStream) -> TokenStream {
    let locate = |mut token: TokenTree| {
        token.set_span(token.span().located_at(place));
        token
    };
    tokens.into_iter().map(locate).collect()
}

/// A call that messages show over something that the user wrote.
pub(super) fn call_at(
    written: impl ToTokens,
    function: TokenStream,
    arguments: TokenStream,
) -> TokenStream {
    let (start, end) = ends(written);
    let mut arguments = Group::new(Delimiter::Parenthesis, arguments);
    arguments.set_span(arguments.span().located_at(end));
    at(start, function).into_iter().chain([TokenTree::Group(arguments)]).collect()
}

/// Where something that the user wrote begins and ends.
pub(super) fn ends(written: impl ToTokens) -> (Span, Span) {
    let mut spans = written.into_token_stream().into_iter().map(|token| token.span());
    let start = spans.next().unwrap_or_else(Span::call_site);
    (start, spans.last().unwrap_or(start))
}
