//! The parameters of a function, and how each gets its value.

use crate::errors::{Errors, wrong_type};
use crate::types::{borrowed, impl_trait, is_elided, peel};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Error, Ident, Lifetime, Meta, Pat, PatType, Token, Type, TypeParamBound,
    TypeReference, TypeTraitObject,
};

/// One parameter other than `self`.
pub(crate) struct Parameter {
    /// What the pattern calls it, where it is a plain name.
    pub(crate) name: Option<Ident>,
    pub(crate) role: Role,
    pub(crate) passing: Passing,
}

/// Whose value it is.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Role {
    /// Each call's own.
    Input,
    /// `#[shared]`: one for all calls.
    Shared,
    /// `#[worker]`: one for each call that runs, made by a closure and used again.
    Worker,
}

/// What becomes of a value, by the type that is written.
pub(crate) enum Passing {
    /// `T`: moved into the call, or cloned for it if it is shared.
    Owned(Type),
    /// `&T`: kept outside the call and lent to it, through `Lend<T>`.
    Lent(Type),
    /// `&T` where `T` is a type parameter of the function, which nothing could infer through `Lend<T>`.
    LentParameter(Ident),
    /// `&mut T`: the state that the call has to itself.
    State(Type),
}

impl Parameter {
    /// Reads a parameter that comes after those `before` it, and takes `#[shared]` and `#[worker]` off it.
    /// `type_parameters` are the function's own. What is shared cannot be sent to the workers of a fleet.
    pub(crate) fn take(
        written: &mut PatType,
        before: &[Self],
        type_parameters: &[Ident],
        on_a_fleet: bool,
        errors: &mut Errors,
    ) -> Self {
        let shared = take_mark(&mut written.attrs, "shared", errors);
        let worker = take_mark(&mut written.attrs, "worker", errors);
        if let (Some(_), Some(worker)) = (&shared, &worker) {
            let message = "`#[worker]` and `#[shared]`: a state is no other call's meanwhile; remove one of the two";
            errors.at(worker, message);
        }
        if let Some(worker) = &worker {
            if before.iter().any(|other| other.role == Role::Worker) {
                errors.at(
                    worker,
                    "a second `#[worker]`; make one state of both: a struct or a tuple",
                );
            }
        }
        if let Some(shared) = shared.as_ref().filter(|_| on_a_fleet) {
            let message = "a `#[shared]` value stays in its process, and `fleet` runs calls in others; let each worker \
                           make its own, with `#[worker]` and `&mut`, or make it an input";
            errors.at(shared, message);
        }
        let role = match (shared, worker) {
            (_, Some(_)) => Role::Worker,
            (Some(_), None) => Role::Shared,
            (None, None) => Role::Input,
        };
        not_configured(&written.attrs, "a parameter", errors);
        let name = match &*written.pat {
            Pat::Ident(name) => Some(name.ident.clone()),
            _ => None,
        };
        let passing = Passing::of(&written.ty, role, type_parameters);
        let passing = passing.and_then(|passing| match on_a_fleet && role == Role::Input {
            true => passing.arrives(),
            false => Ok(passing),
        });
        let passing = passing.unwrap_or_else(|error| {
            let stand_in = wrong_type(&error);
            errors.push(error);
            Passing::Owned(stand_in)
        });
        Self { name, role, passing }
    }
}

impl Passing {
    fn of(ty: &Type, role: Role, type_parameters: &[Ident]) -> Result<Self, Error> {
        if let Some(found) = impl_trait(ty) {
            let message = "`impl` in a parameter; name the type instead: `fn f<T: Trait>(x: T)`";
            return Err(Error::new(found.span, message));
        }
        if role == Role::Worker {
            return state(ty).map(Self::State);
        }
        let Type::Reference(reference) = peel(ty) else { return Ok(Self::Owned(ty.clone())) };
        if reference.lifetime.as_ref().is_some_and(|lifetime| !is_elided(lifetime)) {
            return Ok(Self::Owned(ty.clone()));
        }
        if reference.mutability.is_some() {
            return Err(lent_mutably(reference, role));
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

impl Passing {
    /// Refuses what borrows within the parameter, since nothing that it could borrow from arrives with it.
    fn arrives(self) -> Result<Self, Error> {
        let (Self::Owned(ty) | Self::Lent(ty)) = &self else { return Ok(self) };
        match borrowed(ty) {
            None => Ok(self),
            Some(reference) => {
                let message = "what arrives in another process borrows from nothing there; a parameter is a `&` without \
                               a lifetime or no reference, and what is within it is owned: `String`, not `&str`";
                Err(Error::new_spanned(reference, message))
            }
        }
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

/// What a `#[worker]` parameter refers to.
fn state(ty: &Type) -> Result<Type, Error> {
    let Type::Reference(reference @ TypeReference { mutability: Some(_), .. }) = peel(ty) else {
        let message = "a `#[worker]` parameter is a state that is lent to one call at a time; \
                       write `&mut` before its type";
        return Err(Error::new_spanned(ty, message));
    };
    if let Some(lifetime) = reference.lifetime.as_ref().filter(|lifetime| !is_elided(lifetime)) {
        let message =
            "a state is lent for one call, so nothing can name how long; remove the lifetime";
        return Err(Error::new_spanned(lifetime, message));
    }
    let referent = peel(&reference.elem);
    let instead = match referent {
        Type::Slice(_) => "`Vec`",
        Type::TraitObject(_) => "`Box<dyn Trait + Send>`",
        Type::Path(path) if path.path.is_ident("str") => "`String`",
        _ => return Ok(referent.clone()),
    };
    let message = format!(
        "a state is kept between calls, so its type has a size; write `&mut` and a {instead}"
    );
    Err(Error::new_spanned(referent, message))
}

fn lent_mutably(reference: &TypeReference, role: Role) -> Error {
    let message = if role == Role::Shared {
        "a `#[shared]` parameter is lent to several calls at once, so it cannot be `&mut`; write `&` and a `Mutex` \
            within"
    } else {
        "an input is lent to its call, so it cannot be `&mut`; take it by value and return it, or name the lifetime: `&'a mut`; \
         a state that calls use one after the other is marked `#[worker]`"
    };
    Error::new_spanned(reference.mutability, message)
}

/// Refuses what would give the companion several signatures. A `#[cfg_attr(…, shared)]` was resolved before.
pub(crate) fn not_configured(attributes: &[Attribute], what: &str, errors: &mut Errors) {
    for attribute in attributes.iter().filter(|attr| is(attr, "cfg") || adds_cfg(attr)) {
        let message =
            format!("`#[cfg]` on {what}; write one function for each configuration instead");
        errors.at(attribute, message);
    }
}

/// Whether an attribute may add a `#[cfg]` under its condition.
fn adds_cfg(attribute: &Attribute) -> bool {
    let metas = || attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok();
    let configures =
        |meta: &Meta| ["cfg", "cfg_attr"].iter().any(|name| meta.path().is_ident(name));
    is(attribute, "cfg_attr") && metas().is_none_or(|metas| metas.iter().skip(1).any(configures))
}

/// Whether an attribute is `#[name]`, as rustc's own attributes are written.
pub(crate) fn is(attribute: &Attribute, name: &str) -> bool {
    attribute.path().is_ident(name)
}

/// Takes a mark such as `#[shared]` off, since no other macro knows it, and gives it back if there was one.
pub(crate) fn take_mark(
    attributes: &mut Vec<Attribute>,
    mark: &str,
    errors: &mut Errors,
) -> Option<Attribute> {
    let mut marked = None;
    attributes.retain(|attribute| {
        if !is(attribute, mark) {
            return true;
        }
        if marked.is_some() {
            errors.at(attribute, format!("`#[{mark}]` is given twice; remove one"));
        } else if attribute.meta.require_path_only().is_err() {
            let message = format!("`#[{mark}]` takes no options; write `#[{mark}]` alone");
            errors.at(&attribute.meta, message);
        }
        marked.get_or_insert_with(|| attribute.clone());
        false
    });
    marked
}
