//! Decides which of the function's attributes hold for its companion too.

use quote::ToTokens as _;
use std::iter;
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, MetaList, Token};

/// `#[cfg(…)]`: where the function is not, there is no companion.
pub(crate) fn cfg(attributes: &[Attribute]) -> Vec<Attribute> {
    kept(attributes, |meta| meta.path().is_ident("cfg"))
}

/// `#[deprecated]`, for what calls the function in the user's name.
pub(crate) fn deprecated(attributes: &[Attribute]) -> Vec<Attribute> {
    kept(attributes, |meta| meta.path().is_ident("deprecated"))
}

/// `#[doc(hidden)]`.
pub(crate) fn hidden(attributes: &[Attribute]) -> Vec<Attribute> {
    kept(attributes, |meta| match meta {
        Meta::List(list) => list.path.is_ident("doc") && list.tokens.to_string() == "hidden",
        _ => false,
    })
}

/// The attributes that `wanted` names, also those that a `cfg_attr` adds under its condition.
fn kept(attributes: &[Attribute], wanted: fn(&Meta) -> bool) -> Vec<Attribute> {
    let keep = |attribute: &Attribute| {
        if wanted(&attribute.meta) {
            return Some(attribute.clone());
        }
        let Meta::List(list) = &attribute.meta else { return None };
        if !list.path.is_ident("cfg_attr") {
            return None;
        }
        let mut metas =
            list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()?.into_iter();
        let condition = metas.next()?;
        let added: Vec<Meta> = metas.filter(wanted).collect();
        if added.is_empty() {
            return None;
        }
        let metas: Punctuated<Meta, Token![,]> = iter::once(condition).chain(added).collect();
        let meta = Meta::List(MetaList { tokens: metas.into_token_stream(), ..list.clone() });
        Some(Attribute { meta, ..attribute.clone() })
    };
    attributes.iter().filter_map(keep).collect()
}
