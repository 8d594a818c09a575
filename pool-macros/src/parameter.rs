//! The parameters of a function, and how each gets its value.

use crate::errors::{Errors, wrong_type};
use crate::types::{impl_trait, is_elided, peel};
use syn::{
    Attribute, Error, Ident, Lifetime, Pat, PatType, Type, TypeParamBound, TypeReference,
    TypeTraitObject,
};

/// One parameter other than `self`.
pub(crate) struct Parameter {
    /// What the pattern calls it, where it is a plain name.
    pub(crate) name: Option<Ident>,
    /// One value for all calls, rather than one for each.
    pub(crate) shared: bool,
    pub(crate) passing: Passing,
}

/// What becomes of a value, by the type that is written.
pub(crate) enum Passing {
    /// `T`: moved into the call, or cloned for it if it is shared.
    Owned(Type),
    /// `&T`: kept outside the call and lent to it, through `Lend<T>`.
    Lent(Type),
    /// `&T` where `T` is a type parameter of the function, which nothing could infer through `Lend<T>`.
    LentParameter(Ident),
}

impl Parameter {
    /// Reads a parameter, and takes `#[shared]` off it. `type_parameters` are the function's own.
    pub(crate) fn take(
        written: &mut PatType,
        type_parameters: &[Ident],
        errors: &mut Errors,
    ) -> Self {
        let shared = take_shared(&mut written.attrs, errors);
        not_configured(&written.attrs, "a parameter", errors);
        let name = match &*written.pat {
            Pat::Ident(name) => Some(name.ident.clone()),
            _ => None,
        };
        let passing = Passing::of(&written.ty, shared, type_parameters).unwrap_or_else(|error| {
            let stand_in = wrong_type(&error);
            errors.push(error);
            Passing::Owned(stand_in)
        });
        Self { name, shared, passing }
    }
}

impl Passing {
    fn of(ty: &Type, shared: bool, type_parameters: &[Ident]) -> Result<Self, Error> {
        if let Some(found) = impl_trait(ty) {
            let message = "`impl` in a parameter; name the type instead: `fn f<T: Trait>(x: T)`";
            return Err(Error::new(found.span, message));
        }
        let Type::Reference(reference) = peel(ty) else { return Ok(Self::Owned(ty.clone())) };
        if reference.lifetime.as_ref().is_some_and(|lifetime| !is_elided(lifetime)) {
            return Ok(Self::Owned(ty.clone()));
        }
        if reference.mutability.is_some() {
            return Err(lent_mutably(reference, shared));
        }
        let referent = peel(&reference.elem);
        Ok(match referent {
            Type::Path(path) => match path.path.get_ident() {
                Some(name) if type_parameters.contains(name) => Self::LentParameter(name.clone()),
                _ => Self::Lent(referent.clone()),
            },
            Type::TraitObject(object) => Self::Lent(elided_like_the_reference(object, reference)),
            _ => Self::Lent(referent.clone()),
        })
    }
}

/// `dyn Trait + '_`, which is what `dyn Trait` means behind a `&` and nowhere else.
fn elided_like_the_reference(object: &TypeTraitObject, reference: &TypeReference) -> Type {
    let mut object = object.clone();
    if !object.bounds.iter().any(|bound| matches!(bound, TypeParamBound::Lifetime(_))) {
        let elided = Lifetime::new("'_", reference.and_token.span);
        object.bounds.push(TypeParamBound::Lifetime(elided));
    }
    Type::TraitObject(object)
}

fn lent_mutably(reference: &TypeReference, shared: bool) -> Error {
    let message = if shared {
        "a `#[shared]` parameter is lent to several calls at once, so it cannot be `&mut`; write `&` and a `Mutex` within"
    } else {
        "an input is lent to its call, so it cannot be `&mut`; take it by value and return it, or name the lifetime: `&'a mut`"
    };
    Error::new_spanned(reference.mutability, message)
}

/// Refuses what would give the companion several signatures. A `#[cfg_attr(…, shared)]` was resolved before.
pub(crate) fn not_configured(attributes: &[Attribute], what: &str, errors: &mut Errors) {
    for attribute in attributes.iter().filter(|attr| is(attr, "cfg") || is(attr, "cfg_attr")) {
        let message =
            format!("`#[cfg]` on {what}; write one function for each configuration instead");
        errors.at(attribute, message);
    }
}

/// Whether an attribute is `#[name]`, as rustc's own attributes are written.
pub(crate) fn is(attribute: &Attribute, name: &str) -> bool {
    attribute.path().is_ident(name)
}

/// Whether there was a `#[shared]`, which is taken off, since no other macro knows it.
pub(crate) fn take_shared(attributes: &mut Vec<Attribute>, errors: &mut Errors) -> bool {
    let mut shared = false;
    attributes.retain(|attribute| {
        if !is(attribute, "shared") {
            return true;
        }
        if shared {
            errors.at(attribute, "`#[shared]` is given twice; remove one");
        } else if attribute.meta.require_path_only().is_err() {
            errors.at(&attribute.meta, "`#[shared]` takes no options; write `#[shared]` alone");
        }
        shared = true;
        false
    });
    shared
}
