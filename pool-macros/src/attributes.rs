//! Which of the function's attributes hold for its companion too.

use proc_macro2::{Ident, Span};
use quote::ToTokens as _;
use std::iter;
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, MetaList, Path, Token};

/// `#[cfg(…)]`: where the function is not, there is no companion.
pub(crate) fn cfg(attributes: &[Attribute]) -> Vec<Attribute> {
    kept(attributes, |meta| meta.path().is_ident("cfg").then(|| meta.clone()))
}

/// `#[deprecated]`, for what calls the function in the user's name.
pub(crate) fn deprecated(attributes: &[Attribute]) -> Vec<Attribute> {
    kept(attributes, |meta| meta.path().is_ident("deprecated").then(|| meta.clone()))
}

/// `#[doc(hidden)]`.
pub(crate) fn hidden(attributes: &[Attribute]) -> Vec<Attribute> {
    kept(attributes, |meta| match meta {
        Meta::List(list) if list.path.is_ident("doc") && names(list, &["hidden"]) => {
            let hidden = Ident::new("hidden", Span::call_site()).into_token_stream();
            Some(Meta::List(MetaList { tokens: hidden, ..list.clone() }))
        }
        _ => None,
    })
}

/// The levels of the function's lints. They hold for the companion, since it has the same arguments and types.
///
/// What the function expects is allowed in the companion, since it happens in the function alone. What it forbids is
/// denied, since the companion allows some lints by name.
pub(crate) fn lints(attributes: &[Attribute]) -> Vec<Attribute> {
    kept(attributes, |meta| {
        let Meta::List(list) = meta else { return None };
        let mut path = list.path.clone();
        if path.is_ident("expect") {
            // An allowed function would count as used, and with it what it calls.
            if names_dead_code(list) {
                return None;
            }
            rename(&mut path, "allow");
        } else if path.is_ident("forbid") {
            rename(&mut path, "deny");
        } else if !["allow", "warn", "deny"].iter().any(|level| path.is_ident(level)) {
            return None;
        }
        Some(Meta::List(MetaList { path, ..list.clone() }))
    })
}

/// Whether the function may be unused, whatever the crate says.
pub(crate) fn allows_dead_code(attributes: &[Attribute]) -> bool {
    let allows = |meta: &Meta| match meta {
        Meta::List(list) if list.path.is_ident("allow") && names_dead_code(list) => {
            Some(meta.clone())
        }
        _ => None,
    };
    !kept(attributes, allows).is_empty()
}

/// Whether a list of lints contains the one of unused functions.
fn names_dead_code(list: &MetaList) -> bool {
    names(list, &["dead_code", "unused", "warnings"])
}

/// Whether a list contains one of these words.
fn names(list: &MetaList, words: &[&str]) -> bool {
    let metas = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
    metas.is_ok_and(|metas| {
        metas.iter().any(|meta| words.iter().any(|word| meta.path().is_ident(word)))
    })
}

fn rename(path: &mut Path, name: &str) {
    *path = Ident::new(name, Span::call_site()).into();
}

/// The attributes that `wanted` makes of those that are there, also of those that a `cfg_attr` adds under its
/// condition.
fn kept(attributes: &[Attribute], wanted: impl Fn(&Meta) -> Option<Meta>) -> Vec<Attribute> {
    let keep = |attribute: &Attribute| {
        if let Some(meta) = wanted(&attribute.meta) {
            return Some(Attribute { meta, ..attribute.clone() });
        }
        let Meta::List(list) = &attribute.meta else { return None };
        if !list.path.is_ident("cfg_attr") {
            return None;
        }
        let mut metas =
            list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()?.into_iter();
        let condition = metas.next()?;
        let added: Vec<Meta> = metas.filter_map(|meta| wanted(&meta)).collect();
        if added.is_empty() {
            return None;
        }
        let metas: Punctuated<Meta, Token![,]> = iter::once(condition).chain(added).collect();
        let meta = Meta::List(MetaList { tokens: metas.into_token_stream(), ..list.clone() });
        Some(Attribute { meta, ..attribute.clone() })
    };
    attributes.iter().filter_map(keep).collect()
}
